"""Bytes from outside, random and mutated: nothing raises, nothing waits, nothing but zeros follows from them."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_nav.flight.mavlink_controller import MavlinkController
from liquid_nav.flight.mavlink_link import BROKEN_PER_PIECE, Framer, MavlinkLink, mavlink
from liquid_nav.flight.state_machine import FlightState
from liquid_nav.flight.transport import open_transport
from tests.fake_px4 import FakePx4
from tests.flight.bench import Bench

KINDS = sorted(mavlink.mavlink_map)
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _codec() -> mavlink.MAVLink:
    return mavlink.MAVLink(None, srcSystem=1, srcComponent=1)


def _frame(kind: int, payload: bytes) -> bytes:
    """A frame with a right checksum around any payload."""
    head = bytes([0xFD, len(payload), 0, 0, 0, 1, 1]) + kind.to_bytes(3, "little")
    crc = mavlink.x25crc(head[1:] + payload + bytes([mavlink.mavlink_map[kind].crc_extra]))
    return head + payload + crc.crc.to_bytes(2, "little")


FRAMES = st.builds(_frame, st.sampled_from(KINDS), st.binary(max_size=255))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A few frames with bytes changed, dropped and put in."""
    data = bytearray(b"".join(draw(st.lists(FRAMES, min_size=1, max_size=4))))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(data) - 1))
        what = draw(st.integers(0, 2))
        if what == 0:
            data[place] = draw(st.integers(0, 255))
        elif what == 1 and len(data) > 1:
            del data[place]
        else:
            data[place:place] = draw(st.binary(max_size=8))
    return bytes(data)


ANYTHING = st.one_of(st.binary(max_size=2000), mutated(), FRAMES)


@given(st.lists(ANYTHING, max_size=6), st.booleans())
@FEW
def test_the_framer_takes_anything_and_still_hears_what_follows(pieces: list[bytes], alone: bool) -> None:
    framer = Framer(_codec())
    for piece in pieces:
        list(framer.feed(piece, alone=alone))
    beat = bytes(mavlink.MAVLink_heartbeat_message(2, 12, 129, 0, 4, 3).pack(_codec()))
    # On a stream, a length that lies may wait for as much as a longest frame.
    heard = [message for _ in range(1 if alone else 20) for message in framer.feed(beat, alone=alone)]
    assert any(message.get_type() == "HEARTBEAT" for message in heard)


@given(st.lists(ANYTHING, max_size=6))
@FEW
def test_nothing_unsigned_passes_a_key(pieces: list[bytes]) -> None:
    codec = _codec()
    key = bytes(32)
    codec.signing.secret_key = key
    framer = Framer(codec, key)
    assert [message for piece in pieces for message in framer.feed(piece, alone=True)] == []


@pytest.mark.parametrize("mark", [0xFD, 0xFE])
def test_a_flood_of_beginnings_costs_little(mark: int) -> None:
    framer = Framer(_codec(), bytes(32))
    began = time.process_time()
    for _ in range(64):
        list(framer.feed(bytes([mark, 20, 0]) * 20000, alone=True))
    assert framer.broken <= 64 * (BROKEN_PER_PIECE + 1)
    assert time.process_time() - began < 2.0


@pytest.fixture(scope="module")
def line() -> Iterator[tuple[socket.socket, MavlinkController]]:
    far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    far.bind(("127.0.0.1", 0))
    far.setblocking(False)
    controller = MavlinkController(
        MavlinkLink(open_transport(f"udpout:127.0.0.1:{far.getsockname()[1]}"), 1, 191)
    )
    yield far, controller
    controller.close()
    far.close()


def _feed(far: socket.socket, controller: MavlinkController, pieces: list[bytes], now_s: float) -> float:
    """Give the controller a vehicle's heartbeat, then anything."""
    beat = bytes(mavlink.MAVLink_heartbeat_message(2, 12, 1, 4 << 16, 4, 3).pack(_codec()))
    controller.step(now_s)
    address = None
    while True:
        try:
            _, address = far.recvfrom(2000)
        except BlockingIOError:
            break
    for piece in [beat, *pieces]:
        if address is not None:
            far.sendto(piece[:60000], address)
        now_s += 0.02
        controller.step(now_s)
    return now_s


CLOCK = [100.0]


@given(st.lists(ANYTHING, max_size=6))
@FEW
def test_the_controller_takes_anything(line: tuple[socket.socket, MavlinkController], pieces: list[bytes]) -> None:
    far, controller = line
    CLOCK[0] = _feed(far, controller, pieces, CLOCK[0] + 1.1)
    assert controller.state in (
        FlightState.DISCONNECTED, FlightState.PREFLIGHT, FlightState.READY, FlightState.EXTERNAL, FlightState.DISARMED,
    )  # fmt: skip
    controller.health(CLOCK[0])
    controller.notices()
    odometry = controller.telemetry.odometry
    if odometry is not None:
        assert np.isfinite(odometry.position_enu_m).all() and np.isfinite(odometry.attitude_xyzw).all()
        assert math.isfinite(odometry.stamp_s)


@given(st.lists(st.one_of(mutated(), st.binary(max_size=600)), min_size=1, max_size=12))
@settings(max_examples=15, deadline=None)
def test_an_engaged_vehicle_in_a_storm_of_bytes_gets_finite_set_points_within_the_wish(pieces: list[bytes]) -> None:
    bench = Bench(FakePx4.safe())
    bench.fly_to_engaged()
    far = bench.fake
    for piece in pieces:
        far._frames += 1
        far._socket.sendto(piece, far._peer)
        bench.run(0.05)
    for _, message in far.setpoints:
        sent = [message.vx, message.vy, message.vz, message.yaw_rate]
        assert np.isfinite(sent).all() and max(map(abs, sent)) <= 2.0
    bench.close()
