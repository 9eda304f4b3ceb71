"""The fakes are held to what was measured on PX4 SITL and ArduPilot SITL; nothing else makes them worth flying."""

from __future__ import annotations

import math

import numpy as np
import pytest

from liquid_nav.flight.mavlink_link import MavlinkLink, mavlink
from liquid_nav.flight.transport import open_transport
from tests.fake_ardupilot import FakeArduPilot
from tests.fake_autopilot import INT32, REAL32, STEP_S, FakeAutopilot
from tests.fake_px4 import FakePx4

HZ = 20.0


class Station:
    """A bare MAVLink station that sends set-points while ``forward_m_s`` is not None."""

    def __init__(self, fake: FakeAutopilot) -> None:
        self.fake, self.now_s, self.forward_m_s = fake, 0.0, None
        self.link = MavlinkLink(open_transport(f"udpout:127.0.0.1:{fake.port}"), 1, 191)
        self.heard: list = []
        self.frame = 8

    def send(self, message) -> None:
        self.link.send(message, self.now_s)

    def command(self, number: int, *parameters: float) -> int:
        """Send a command and return its result."""
        filled = (*parameters, *(0.0,) * (7 - len(parameters)))
        self.send(mavlink.MAVLink_command_long_message(1, 1, number, 0, *filled))
        self.heard.clear()
        for _ in range(20):
            self.run(STEP_S)
            for message in self.heard:
                if message.get_type() == "COMMAND_ACK" and message.command == number:
                    return message.result
        raise AssertionError("no answer")

    def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / STEP_S)):
            self.now_s += STEP_S
            if self.forward_m_s is not None and round(self.now_s / STEP_S) % round(1.0 / HZ / STEP_S) == 0:
                self.send(
                    mavlink.MAVLink_set_position_target_local_ned_message(
                        0, 1, 1, self.frame, 1479, 0, 0, 0, self.forward_m_s, 0, 0, 0, 0, 0, 0, 0
                    )
                )
            self.fake.step(self.now_s)
            self.heard += [received.message for received in self.link.receive(self.now_s)]

    def speed(self) -> float:
        return float(np.linalg.norm(self.fake.velocity_ned_m_s[:2]))

    def lift(self, height_m: float = 5.0) -> None:
        """Put a flying vehicle somewhere in the air, as take-off is not what is looked at."""
        self.fake.position_ned_m = np.array([0.0, 0.0, -height_m])
        self.fake.velocity_ned_m_s = np.zeros(3)

    def lose_stream(self) -> tuple[float, float, float]:
        """Return, from the last set-point on: until it slows, until it stands, and how far it went."""
        self.forward_m_s = None
        start_s, start_m, speed = self.fake.setpoint_s, self.fake.position_ned_m.copy(), self.speed()
        slows_s = math.nan
        for _ in range(1000):
            self.run(STEP_S)
            if math.isnan(slows_s) and self.speed() < 0.95 * speed:
                slows_s = self.now_s - start_s
            if self.speed() < 0.15:
                break
        way = float(np.linalg.norm((self.fake.position_ned_m - start_m)[:2]))
        return slows_s, self.now_s - start_s, way


@pytest.fixture
def px4():
    fake = FakePx4(ready_s=0.0)
    tester = Station(fake)
    tester.send(mavlink.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3))
    tester.run(0.1)
    yield tester
    fake.close()
    tester.link.close()


@pytest.fixture
def ardupilot():
    fake = FakeArduPilot(ready_s=0.0)
    tester = Station(fake)
    tester.frame = 9
    tester.send(mavlink.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3))
    tester.run(0.1)
    yield tester
    fake.close()
    tester.link.close()


def _offboard(tester: Station, forward_m_s: float) -> None:
    tester.forward_m_s = 0.0
    tester.run(1.5)
    assert tester.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 6) == mavlink.MAV_RESULT_ACCEPTED
    assert tester.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1) == mavlink.MAV_RESULT_ACCEPTED
    tester.run(0.5)
    assert tester.fake.mode == "OFFBOARD"
    tester.lift()
    tester.forward_m_s = forward_m_s
    tester.run(6.0)


def _guided(tester: Station, forward_m_s: float) -> None:
    assert tester.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 4) == mavlink.MAV_RESULT_ACCEPTED
    assert tester.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1) == mavlink.MAV_RESULT_ACCEPTED
    tester.lift()
    tester.forward_m_s = forward_m_s
    tester.run(6.0)


def test_px4_by_default_stops_late_and_sinks_to_the_ground_in_posctl(px4: Station) -> None:
    _offboard(px4, 2.0)
    assert px4.speed() == pytest.approx(0.8 * 2.0, rel=0.05)
    slows_s, stands_s, way_m = px4.lose_stream()
    assert (slows_s, stands_s, way_m) == pytest.approx((1.4, 3.6, 3.7), rel=0.15)
    assert px4.fake.mode == "POSCTL"
    assert px4.fake.velocity_ned_m_s[2] == pytest.approx(0.7, abs=0.1)
    px4.run(10.0)
    assert px4.fake.on_ground


def test_px4_with_a_radio_hovers_in_posctl(px4: Station) -> None:
    px4.fake.radio = True
    _offboard(px4, 2.0)
    px4.lose_stream()
    px4.run(5.0)
    assert px4.fake.mode == "POSCTL" and px4.fake.height_m > 4.0


def test_px4_with_half_a_second_and_hold_loiters(px4: Station) -> None:
    px4.fake.parameters |= {"COM_OBL_RC_ACT": (5, INT32), "COM_OF_LOSS_T": (0.5, REAL32)}
    _offboard(px4, 2.0)
    slows_s, stands_s, way_m = px4.lose_stream()
    assert (slows_s, stands_s, way_m) == pytest.approx((1.05, 3.1, 2.7), rel=0.17)
    assert px4.fake.mode == "AUTO.LOITER"


def test_px4_with_half_a_second_and_land_lands(px4: Station) -> None:
    px4.fake.parameters |= {"COM_OBL_RC_ACT": (4, INT32), "COM_OF_LOSS_T": (0.5, REAL32)}
    _offboard(px4, 2.0)
    px4.forward_m_s = None
    px4.run(1.2)
    assert px4.fake.mode == "AUTO.LAND"


def test_px4_acknowledges_offboard_without_a_stream_and_stays_where_it_is(px4: Station) -> None:
    assert px4.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 6) == mavlink.MAV_RESULT_ACCEPTED
    px4.run(3.0)
    assert px4.fake.mode == "AUTO.LOITER"
    assert px4.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1) == mavlink.MAV_RESULT_TEMPORARILY_REJECTED


def test_px4_reports_offboard_again_after_landing(px4: Station) -> None:
    _offboard(px4, 0.0)
    assert px4.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 4, 6) == mavlink.MAV_RESULT_ACCEPTED
    px4.run(20.0)
    assert not px4.fake.armed and px4.fake.mode == "OFFBOARD"


def test_px4_takes_nan_for_ignored_and_stays_in_offboard(px4: Station) -> None:
    _offboard(px4, 2.0)
    px4.forward_m_s = math.nan
    px4.run(6.0)
    assert px4.fake.mode == "OFFBOARD" and px4.speed() < 0.1


@pytest.mark.parametrize(("name", "rise_s"), [("px4", 1.0), ("ardupilot", 0.9)])
def test_63_percent_of_the_speed_are_reached_in_the_measured_time(name: str, rise_s: float, request) -> None:
    tester = request.getfixturevalue(name)
    (_offboard if name == "px4" else _guided)(tester, 0.0)
    final = 2.0 * (0.8 if name == "px4" else 1.0)
    tester.forward_m_s = 2.0
    start_s = tester.now_s
    while tester.speed() < 0.63 * final:
        tester.run(STEP_S)
    assert tester.now_s - start_s == pytest.approx(rise_s, abs=0.1)


def test_ardupilot_flies_on_for_3_s_then_hovers_without_a_change_of_mode(ardupilot: Station) -> None:
    _guided(ardupilot, 2.0)
    assert ardupilot.speed() == pytest.approx(2.0, rel=0.02)
    slows_s, stands_s, way_m = ardupilot.lose_stream()
    assert (slows_s, stands_s, way_m) == pytest.approx((3.4, 4.2, 7.6), rel=0.1)
    ardupilot.run(5.0)
    assert ardupilot.fake.mode == "GUIDED" and ardupilot.fake.height_m == pytest.approx(5.0, abs=0.1)


def test_ardupilot_takes_no_nan_and_stops(ardupilot: Station) -> None:
    _guided(ardupilot, 2.0)
    ardupilot.forward_m_s = math.nan
    ardupilot.run(5.0)
    assert ardupilot.speed() < 0.1


def test_set_points_end_a_take_off_of_ardupilot(ardupilot: Station) -> None:
    ardupilot.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 4)
    ardupilot.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1)
    assert ardupilot.command(mavlink.MAV_CMD_NAV_TAKEOFF, 0, 0, 0, 0, 0, 0, 3.0) == mavlink.MAV_RESULT_ACCEPTED
    ardupilot.run(1.5)
    ardupilot.forward_m_s = 0.0
    ardupilot.run(5.0)
    assert ardupilot.fake.height_m < 2.8


@pytest.mark.parametrize(("kind", "ready_s"), [(FakePx4, 4.8), (FakeArduPilot, 41.0)])
def test_they_are_ready_after_the_measured_time(kind: type[FakeAutopilot], ready_s: float) -> None:
    fake = kind()
    fake.step(0.0)
    fake.step(ready_s - 0.1)
    assert not fake.is_ready
    fake.step(ready_s + 0.1)
    assert fake.is_ready
    fake.close()


def test_heartbeats_come_once_a_second(px4: Station) -> None:
    px4.heard.clear()
    px4.run(5.0)
    assert sum(message.get_type() == "HEARTBEAT" for message in px4.heard) == 5
