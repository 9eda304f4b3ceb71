"""A camera on the network: a real RTSP stream on loopback, where GStreamer's server is installed."""

import signal
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from liquid_nav.errors import ConfigError
from liquid_nav.perception.source import open_source

SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"
WAIT_S = 30.0
pytestmark = pytest.mark.timeout(120)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(port: int) -> subprocess.Popen:
    """Start the stream, or skip with the reason."""
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip(f"there is no {SYSTEM_PYTHON} that could run GStreamer's RTSP server")
    server = subprocess.Popen([SYSTEM_PYTHON, str(SERVER), str(port)], stdout=subprocess.PIPE, text=True)
    if server.stdout.readline().strip() != "ready":
        server.wait()
        pytest.skip("GStreamer's RTSP server is missing: gir1.2-gst-rtsp-server-1.0, python3-gi, plugins base and good")
    return server


def _next(camera) -> tuple[np.ndarray, float]:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        shot = camera.read(160)
        if shot is not None:
            return shot.rgb, shot.taken_s
        time.sleep(0.005)
    raise AssertionError("no image has come in time")


def test_a_stream_gives_fresh_images_and_is_opened_again_after_its_server_has_died():
    port = _free_port()
    server = _serve(port)
    camera = None
    try:
        camera = open_source(f"rtsp://127.0.0.1:{port}/main", loop=False, rate_hz=20.0, on_image=lambda: None)
        rgb, taken_s = _next(camera)
        assert rgb.shape == (120, 160, 3)
        assert rgb[..., 0].mean() > 200 and rgb[..., 1:].mean() < 40
        assert 0.0 <= time.monotonic() - taken_s < 1.0
        assert _next(camera)[1] > taken_s

        server.send_signal(signal.SIGKILL)
        server.wait()
        deadline = time.monotonic() + WAIT_S
        while "is gone" not in camera.status():
            assert time.monotonic() < deadline, camera.status()
            time.sleep(0.01)
        camera.read(160)
        server = _serve(port)
        assert _next(camera)[0].shape == (120, 160, 3)
        assert "after 1 losses" in camera.status()
    finally:
        if camera is not None:
            camera.close()
        server.kill()
        server.wait()


def test_a_stream_that_falls_silent_is_noticed_within_seconds():
    port = _free_port()
    server = _serve(port)
    camera = None
    try:
        camera = open_source(f"rtsp://127.0.0.1:{port}/main", loop=False, rate_hz=20.0, on_image=lambda: None)
        _next(camera)
        server.send_signal(signal.SIGSTOP)
        stopped_s = time.monotonic()
        while "is gone" not in camera.status():
            assert time.monotonic() - stopped_s < 20.0, "FFmpeg waits for ever"
            time.sleep(0.01)
    finally:
        server.kill()
        server.wait()
        if camera is not None:
            camera.close()


def test_a_stream_that_nobody_serves_is_an_error_with_a_cure():
    with pytest.raises(ConfigError, match="cannot be opened"):
        open_source(f"rtsp://127.0.0.1:{_free_port()}/main", loop=False, rate_hz=20.0, on_image=lambda: None)
