"""Files, recordings and cameras that come and go."""

import threading
import time
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from mcap.writer import Writer

from liquid_nav.data import messages
from liquid_nav.errors import ConfigError
from liquid_nav.perception.live import LiveCamera, device_opener
from liquid_nav.perception.source import Shot, open_source, shots
from tests.fakes import ScriptedCamera

WAIT_S = 10.0


def wait_for(condition):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)


class FakeDevice:
    """A camera that takes an image every 5 ms, of brightness 1, 2, 3, ..., until it is unplugged."""

    def __init__(self, plug, told_ms=0.0):
        self.plug, self.told_ms, self.count, self.released = plug, told_ms, 0, False

    def isOpened(self):
        return self.plug.is_set()

    def grab(self):
        time.sleep(0.005)
        self.count += 1
        return self.plug.is_set()

    def retrieve(self):
        return True, np.full((90, 160, 3), min(self.count, 255), dtype=np.uint8)

    def get(self, prop):
        return self.told_ms

    def release(self):
        self.released = True


@pytest.fixture
def plug():
    plugged = threading.Event()
    plugged.set()
    return plugged


def test_a_camera_that_is_not_there_at_the_start_is_an_error_with_a_cure(plug):
    plug.clear()
    with pytest.raises(ConfigError, match="is it plugged in"):
        LiveCamera(lambda: FakeDevice(plug), "7")


def test_a_live_camera_gives_the_newest_image_once(plug):
    came = threading.Event()
    camera = LiveCamera(lambda: FakeDevice(plug), "7", came.set)
    assert came.wait(WAIT_S)
    wait_for(lambda: camera._newest is not None and camera._newest[0].mean() > 3)
    shot = camera.read(80)
    assert shot.rgb.shape == (45, 80, 3) and shot.rgb.mean() > 2
    assert 0.0 <= time.monotonic() - shot.taken_s < 1.0
    camera.close()
    camera.read(80)
    assert camera.read(80) is None


def test_a_camera_that_is_unplugged_is_waited_for_and_opened_again(plug):
    devices = []

    def opener():
        devices.append(FakeDevice(plug))
        return devices[-1]

    camera = LiveCamera(opener, "7", pause_s=0.01)
    wait_for(lambda: camera.read(160) is not None)
    plug.clear()
    wait_for(lambda: "is gone" in camera.status())
    assert devices[0].released
    wait_for(lambda: len(devices) >= 4)
    camera.read(160)
    assert camera.read(160) is None
    plug.set()
    wait_for(lambda: camera.read(160) is not None)
    assert "after 1 losses" in camera.status()
    assert all(device.released for device in devices[:-1])
    camera.close()
    assert devices[-1].released


@pytest.mark.parametrize(("late_s", "trusted"), [(0.03, True), (5.0, False), (-1.0, False)])
def test_the_drivers_time_of_capture_counts_where_it_can_be_true(plug, late_s, trusted):
    class Driver(FakeDevice):
        def get(self, prop):
            return 1e3 * (time.monotonic() - late_s)

    camera = LiveCamera(lambda: Driver(plug), "7")
    shots = []
    wait_for(lambda: shots.append(camera.read(160)) or shots[-1] is not None)
    age_s = time.monotonic() - shots[-1].taken_s
    assert (age_s >= late_s) if trusted else (0.0 <= age_s < 1.0)
    camera.close()


@pytest.mark.parametrize(("silent_reads", "seen"), [(0, [1.0, 2.0]), (1, [1.0, 2.0]), (4, [1.0])])
def test_a_live_camera_is_waited_for_until_it_has_been_silent_for_long(monkeypatch, silent_reads, seen):
    monkeypatch.setattr("liquid_nav.perception.source.POLL_S", 0.1)
    monkeypatch.setattr("liquid_nav.perception.source.SILENCE_S", 0.25)
    first, last = (Shot(np.zeros((9, 16, 3), dtype=np.uint8), stamp_s) for stamp_s in (1.0, 2.0))
    camera = ScriptedCamera([None, first, *[None] * silent_reads, last])
    assert [shot.taken_s for shot in shots(camera, 16)] == seen


def test_a_pipeline_without_gstreamer_is_refused_with_a_cure():
    if "GStreamer:                   YES" in cv2.getBuildInformation():
        pytest.skip("this OpenCV has GStreamer")
    with pytest.raises(ConfigError, match="no GStreamer"):
        device_opener("v4l2src ! videoconvert ! appsink")


def _video(path: Path, frames: int, rate_hz: float) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate_hz, (160, 96))
    for index in range(frames):
        writer.write(np.full((96, 160, 3), 10 * index, dtype=np.uint8))
    writer.release()


def test_a_video_plays_at_its_own_rate_and_begins_again_when_it_may(tmp_path):
    _video(tmp_path / "flight.avi", 5, 10.0)
    once = open_source(str(tmp_path / "flight.avi"))
    times = [shot.taken_s for shot in iter(lambda: once.read(320), None)]
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    again = open_source(str(tmp_path / "flight.avi"), loop=True)
    assert [again.read(320).taken_s for _ in range(8)] == pytest.approx([0.1 * k for k in range(8)])
    again.close()


def test_a_single_image_that_begins_again_comes_at_the_rate_of_its_source(tmp_path):
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "0.png"), np.zeros((90, 160, 3), dtype=np.uint8))
    _video(tmp_path / "flight.avi", 1, 10.0)
    _recording(tmp_path / "flight.mcap", [100.0])
    for name, gap_s in (("pictures", 0.25), ("flight.avi", 0.1), ("flight.mcap", 0.25)):
        source = open_source(str(tmp_path / name), loop=True, rate_hz=4.0)
        assert [source.read(320).taken_s for _ in range(4)] == pytest.approx([gap_s * k for k in range(4)]), name
        source.close()


def _recording(path: Path, stamps: list[float], kind: str = "sensor_msgs/msg/CompressedImage") -> None:
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start(profile="ros2", library="test")
        text, _ = messages.STORE.generate_msgdef(kind, ros_version=2)
        schema = writer.register_schema(kind, "ros2msg", text.encode())
        channel = writer.register_channel("/uav1/camera/image/compressed", "cdr", schema)
        for index, stamp_s in enumerate(stamps):
            message = messages.image_message(np.full((48, 64, 3), 50 * index, dtype=np.uint8), stamp_s, "jpeg")
            data = bytes(messages.STORE.serialize_cdr(message, kind))
            writer.add_message(channel, int(stamp_s * 1e9), data, int(stamp_s * 1e9))
        writer.finish()


def test_a_recording_plays_its_images_with_the_gaps_that_the_camera_had(tmp_path):
    _recording(tmp_path / "flight.mcap", [100.0, 100.05, 100.25])
    source = open_source(str(tmp_path / "flight.mcap"))
    shots = list(iter(lambda: source.read(320), None))
    assert [shot.taken_s for shot in shots] == pytest.approx([0.0, 0.05, 0.25])
    assert [round(float(shot.rgb.mean()) / 50.0) for shot in shots] == [0, 1, 2]


def test_a_recording_without_images_or_that_is_none_is_refused(tmp_path):
    (tmp_path / "broken.mcap").write_bytes(b"no recording at all")
    with pytest.raises(ConfigError, match="cannot be read as a recording"):
        open_source(str(tmp_path / "broken.mcap"))


@pytest.mark.parametrize("picture", [None, np.zeros((90, 160), np.uint8), RuntimeError("the driver is confused")])
def test_a_camera_whose_driver_errs_is_opened_again(plug, picture):
    """Whether it raises or gives what is no image; the second device is well."""
    devices = []

    class Odd(FakeDevice):
        def retrieve(self):
            if isinstance(picture, Exception):
                raise picture
            return True, picture

    def opener():
        devices.append((FakeDevice if devices else Odd)(plug))
        return devices[-1]

    came = threading.Event()
    camera = LiveCamera(opener, "7", came.set, pause_s=0.005)
    assert came.wait(WAIT_S)
    assert camera.reconnects == 1 and devices[0].released
    assert camera.read(160).rgb.shape == (90, 160, 3)
    camera.close()


def test_a_camera_that_cannot_be_opened_again_at_once_is_tried_on(plug):
    tries = []

    def opener():
        tries.append(time.monotonic())
        if 1 < len(tries) < 4:
            raise RuntimeError("the bus is busy")
        return FakeDevice(plug)

    camera = LiveCamera(opener, "7", pause_s=0.005)
    wait_for(lambda: camera.read(160) is not None)
    plug.clear()
    wait_for(lambda: len(tries) >= 2)
    plug.set()
    wait_for(lambda: camera.reconnects == 1)
    camera.close()


def test_a_recording_with_damaged_bytes_is_one_clear_error(tmp_path):
    kind, path = "sensor_msgs/msg/CompressedImage", tmp_path / "damaged.mcap"
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=20_000)
        writer.start(profile="ros2", library="test")
        text, _ = messages.STORE.generate_msgdef(kind, ros_version=2)
        schema = writer.register_schema(kind, "ros2msg", text.encode())
        channel = writer.register_channel("/camera/image/compressed", "cdr", schema)
        for count in range(30):
            picture = rng.integers(0, 255, (48, 64, 3)).astype(np.uint8)
            message = messages.image_message(picture, 0.05 * count, "jpeg")
            stamp_ns = int(5e7 * count)
            writer.add_message(channel, stamp_ns, bytes(messages.STORE.serialize_cdr(message, kind)), stamp_ns)
        writer.finish()
    whole = path.read_bytes()
    for place in range(400, len(whole), len(whole) // 40):
        path.write_bytes(whole[:place] + bytes(60) + whole[place + 60 :])
        with suppress(ConfigError):
            source = open_source(str(path))
            while source.read(64) is not None:
                pass
