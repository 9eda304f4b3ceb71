"""The line: sockets and serial ports that break and come back, signatures, strangers."""

from __future__ import annotations

import errno
import os
import socket
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from liquid_nav.errors import ConfigError
from liquid_nav.flight.mavlink_controller import MavlinkController
from liquid_nav.flight.mavlink_link import RETRY_S, MavlinkLink, mavlink, read_signing_key
from liquid_nav.flight.state_machine import FlightState
from liquid_nav.flight.transport import QUEUED_FRAMES, open_transport
from tests.fake_px4 import FakePx4
from tests.flight.bench import Bench

KEY, OTHER_KEY = bytes(range(32)), bytes(32)


def _beat(component: int = 1, key: bytes | None = None, timestamp: int = 1) -> bytes:
    codec = mavlink.MAVLink(None, srcSystem=1, srcComponent=component)
    if key is not None:
        codec.signing.secret_key, codec.signing.sign_outgoing, codec.signing.timestamp = key, True, timestamp
    return bytes(mavlink.MAVLink_heartbeat_message(2, 12, 129, 0, 4, 3).pack(codec))


class Far:
    """The other end: a plain UDP socket."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(2.0)
        self.port = self.socket.getsockname()[1]


@pytest.fixture
def far() -> Iterator[Far]:
    end = Far()
    yield end
    end.socket.close()


@pytest.fixture
def near(far: Far) -> Iterator[MavlinkLink]:
    link = MavlinkLink(open_transport(f"udpout:127.0.0.1:{far.port}"), 1, 191)
    yield link
    link.close()


def _wake(link: MavlinkLink, far: Far) -> tuple[str, int]:
    link.send(mavlink.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3), 0.0)
    return far.socket.recvfrom(300)[1]


def test_what_is_sent_is_mavlink_2_with_our_identity(near: MavlinkLink, far: Far) -> None:
    near.send(mavlink.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3), 0.0)
    frame = far.socket.recv(300)
    assert (frame[0], frame[5], frame[6]) == (0xFD, 1, 191)


def test_a_frame_in_two_halves_is_lost_by_udp_and_costs_no_other(near: MavlinkLink, far: Far) -> None:
    address = _wake(near, far)
    for piece in (_beat()[:9], _beat()[9:], _beat()):
        far.socket.sendto(piece, address)
    assert len(near.receive(0.0)) == 1


def test_several_frames_in_one_datagram_are_all_heard(near: MavlinkLink, far: Far) -> None:
    address = _wake(near, far)
    far.socket.sendto(b"noise\xfd\xff" + _beat() + b"\xfe\xfd\xfd" + _beat(2) + _beat(3)[:5], address)
    assert [received.component_id for received in near.receive(0.0)] == [1, 2]


def test_a_broken_checksum_is_counted_and_not_heard(near: MavlinkLink, far: Far) -> None:
    address = _wake(near, far)
    frame = bytearray(_beat())
    frame[12] ^= 1
    far.socket.sendto(bytes(frame), address)
    assert near.receive(0.0) == [] and near.broken == 1


def test_a_full_line_of_frames_is_bounded_in_one_step(near: MavlinkLink, far: Far) -> None:
    address = _wake(near, far)
    for _ in range(40):
        far.socket.sendto(_beat() * 40, address)
    assert 0 < len(near.receive(0.0)) <= 256


def test_a_listening_link_answers_whom_it_adopted_and_hears_no_stranger() -> None:
    first, second = Far(), Far()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    link = MavlinkLink(open_transport(f"udpin:127.0.0.1:{port}"), 1, 191)
    beat = mavlink.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3)
    link.receive(0.0)
    assert not link.send(beat, 0.0)  # nobody to answer yet
    first.socket.sendto(_beat(), ("127.0.0.1", port))
    link.adopt(link.receive(0.0)[0].address, 0.0)
    assert link.send(beat, 0.1)
    assert first.socket.recv(300)
    second.socket.sendto(_beat(), ("127.0.0.1", port))
    assert link.receive(1.0) == [] and link.strangers == 1
    second.socket.sendto(_beat(), ("127.0.0.1", port))
    assert len(link.receive(10.0)) == 1  # the first has been silent for long: it may have moved
    link.close()
    first.socket.close()
    second.socket.close()


def test_tcp_connects_in_the_background_and_again_after_a_break() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(2.0)
    link = MavlinkLink(open_transport(f"tcp:127.0.0.1:{server.getsockname()[1]}"), 1, 191)
    link.receive(0.0)
    accepted, _ = server.accept()
    accepted.sendall(_beat()[:7])
    assert link.receive(0.1) == []
    accepted.sendall(_beat()[7:] + _beat(2))
    assert [received.component_id for received in link.receive(0.2)] == [1, 2]
    link.send(mavlink.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3), 0.2)
    assert accepted.recv(300)[0] == 0xFD
    accepted.close()
    link.receive(0.3)
    assert "was closed by the other side" in link.trouble
    assert link.receive(0.4) == []
    link.receive(0.3 + RETRY_S)
    accepted, _ = server.accept()
    accepted.sendall(_beat())
    assert len(link.receive(2.0)) == 1 and link.trouble == ""
    link.close()
    accepted.close()
    server.close()


def test_tcp_to_nobody_says_so_and_does_not_wait() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    link = MavlinkLink(open_transport(f"tcp:127.0.0.1:{port}"), 1, 191)
    for step in range(5):
        link.receive(step * 0.1)
    assert "cannot be reached" in link.trouble
    link.close()


def test_the_controller_tells_of_a_line_that_cannot_be_opened() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    controller = MavlinkController(MavlinkLink(open_transport(f"tcp:127.0.0.1:{port}"), 1, 191))
    for step in range(300):
        controller.step(step * 0.01)
    texts = [notice.text for notice in controller.notices()]
    assert len(texts) == 1 and "cannot be reached" in texts[0]
    controller.close()


def _fill(link: MavlinkLink) -> None:
    """Send until a frame is lost, which must come, and not before the queue is full."""
    text = mavlink.MAVLink_statustext_message(6, b"x" * 50)
    count = 0
    while link.unsent == 0 and count < 400_000:
        link.send(text, 0.1)
        count += 1
    assert link.unsent == 1 and count > QUEUED_FRAMES


def test_a_tcp_peer_that_reads_nothing_loses_old_frames_and_blocks_nobody() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    link = MavlinkLink(open_transport(f"tcp:127.0.0.1:{server.getsockname()[1]}"), 1, 191)
    link.receive(0.0)
    accepted, _ = server.accept()
    _fill(link)
    link.close()
    accepted.close()
    server.close()


def test_a_serial_line_carries_frames_and_its_end_is_told() -> None:
    host, device = os.openpty()
    tty.setraw(host)
    link = MavlinkLink(open_transport(f"serial:{os.ttyname(device)}:115200"), 1, 191)
    link.receive(0.0)
    os.write(host, b"\x00garbage" + _beat())
    assert len(link.receive(0.1)) == 1
    assert link.send(mavlink.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3), 0.1)
    assert os.read(host, 300)[0] == 0xFD
    os.close(host)
    os.close(device)
    for step in range(3):
        link.receive(0.2 + 0.01 * step)
    assert "serial" in link.trouble
    link.receive(5.0)
    assert "cannot be opened" in link.trouble
    link.close()


@pytest.mark.parametrize(
    "url",
    ["", "udp:1:2", "udpin:host", "udpin:127.0.0.1:0", "udpout:127.0.0.1:70000", "tcp::5760", "serial:", "/dev/ttyX"],
)
def test_a_wrong_url_is_refused_with_examples(url: str) -> None:
    with pytest.raises(ConfigError, match=r"use udpin:0\.0\.0\.0:14540"):
        open_transport(url)


def test_a_host_without_an_address_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match="has no address"):
        open_transport("udpout:no-such-host.invalid:14540")


def test_a_port_that_is_taken_is_told_and_tried_again() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        link = MavlinkLink(open_transport(f"udpin:127.0.0.1:{port}"), 1, 191)
        link.receive(0.0)
        assert "cannot be opened" in link.trouble
    link.receive(RETRY_S)
    assert link.trouble == ""
    link.close()


@pytest.mark.parametrize("data", [KEY, KEY.hex().encode() + b"\n"])
def test_a_key_is_32_bytes_raw_or_in_hexadecimal(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(data)
    path.chmod(0o600)
    assert read_signing_key(path) == KEY


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o601])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_bytes(KEY)
    path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_signing_key(path)


@pytest.mark.parametrize("data", [b"", b"short", b"z" * 64, KEY + b"\n" * 9])
def test_a_key_of_another_size_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="use 32 bytes or 64"):
        read_signing_key(path)


def test_a_missing_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_signing_key(tmp_path / "none")


def test_with_a_key_only_what_it_signed_is_heard(far: Far) -> None:
    link = MavlinkLink(open_transport(f"udpout:127.0.0.1:{far.port}"), 1, 191, KEY)
    address = _wake(link, far)
    now = 10**15
    for frame in (_beat(), _beat(2, OTHER_KEY, now), _beat(3, KEY, now)):
        far.socket.sendto(frame, address)
    assert [received.component_id for received in link.receive(0.0)] == [3]
    assert link.broken >= 2
    link.close()


def test_a_repeated_signed_frame_is_heard_once(far: Far) -> None:
    link = MavlinkLink(open_transport(f"udpout:127.0.0.1:{far.port}"), 1, 191, KEY)
    address = _wake(link, far)
    frame = _beat(1, KEY, 10**15)
    far.socket.sendto(frame, address)
    far.socket.sendto(frame, address)
    assert len(link.receive(0.0)) == 1
    link.close()


def test_a_forged_signature_from_the_far_future_does_not_deafen_the_link(far: Far) -> None:
    link = MavlinkLink(open_transport(f"udpout:127.0.0.1:{far.port}"), 1, 191, KEY)
    address = _wake(link, far)
    far.socket.sendto(_beat(1, KEY, 10**14 * 2), address)
    far.socket.sendto(_beat(1, OTHER_KEY, 2**48 - 2), address)
    far.socket.sendto(_beat(1, KEY, 10**14 * 2 + 1), address)
    assert len(link.receive(0.0)) == 2
    link.close()


def test_a_signed_flight_and_one_with_the_wrong_key() -> None:
    bench = Bench(FakePx4.safe(key=KEY), key=KEY)
    bench.fly_to_engaged()
    bench.run(0.5)
    assert bench.state is FlightState.ENGAGED
    bench.close()
    bench = Bench(FakePx4.safe(key=OTHER_KEY), key=KEY)
    bench.run(3.0)
    assert bench.state is FlightState.DISCONNECTED
    bench.close()


def test_a_serial_peer_that_reads_nothing_loses_old_frames_and_blocks_nobody() -> None:
    host, device = os.openpty()
    tty.setraw(host)
    link = MavlinkLink(open_transport(f"serial:{os.ttyname(device)}:57600"), 1, 191)
    link.receive(0.0)
    _fill(link)
    os.set_blocking(host, False)
    assert os.read(host, 300)[0] == 0xFD
    link.close()
    os.close(host)
    os.close(device)


def test_a_serial_device_may_be_named_by_its_path_on_the_bus() -> None:
    name = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0"
    link = MavlinkLink(open_transport(f"serial:{name}:115200"), 1, 191)
    link.receive(0.0)
    assert f"serial {name} at 115200 baud cannot be opened" in link.trouble


def test_a_key_that_only_its_owner_may_even_read_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(KEY)
    path.chmod(0o400)
    assert read_signing_key(path) == KEY


def test_an_autopilot_whose_clock_is_behind_is_answered_so_that_it_learns_the_time(far: Far) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    link = MavlinkLink(open_transport(f"udpin:127.0.0.1:{port}"), 1, 191, KEY)
    beat = mavlink.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3)
    link.receive(0.0)
    far.socket.sendto(_beat(1, OTHER_KEY, 1), ("127.0.0.1", port))
    assert link.receive(0.1) == [] and not link.send(beat, 0.1)  # no friend
    far.socket.sendto(_beat(1, KEY, 1), ("127.0.0.1", port))
    assert link.receive(0.2) == [] and link.send(beat, 0.2)
    assert far.socket.recv(300)[0] == 0xFD
    link.close()


def test_a_network_that_is_gone_for_a_moment_does_not_close_the_socket(
    near: MavlinkLink, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wake(near, far)
    transport = near._transport
    whole = transport._socket

    class Unreachable:
        def sendto(self, frame: bytes, target: tuple[str, int]) -> int:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

        def close(self) -> None:
            raise AssertionError("it would take a second to open it again")

    beat = mavlink.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3)
    monkeypatch.setattr(transport, "_socket", Unreachable())
    assert not near.send(beat, 0.1)
    monkeypatch.setattr(transport, "_socket", whole)
    assert near.send(beat, 0.12) and near.trouble == ""
