"""What the autopilot tells arrives in ROS frames, on our clock, and only if it can be true."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_nav.flight.mavlink_link import Received, mavlink
from liquid_nav.flight.telemetry import BootClock, Telemetry
from liquid_nav.frames import attitude_ned_frd_to_enu_flu, flu_to_frd, ned_to_enu, quaternion_to_matrix

ANGLE = st.floats(-math.pi, math.pi)


def _take(telemetry: Telemetry, message, now_s: float) -> None:
    telemetry.take(Received(message, 1, 1, None), now_s)


def _attitude(wxyz=(1.0, 0.0, 0.0, 0.0), rates=(0.1, 0.2, 0.3)):
    return mavlink.MAVLink_attitude_quaternion_message(100_000, *wxyz, *rates)


def _position(values=(1.0, 2.0, -3.0, 0.1, 0.2, -0.3), boot_ms: int = 100_000):
    return mavlink.MAVLink_local_position_ned_message(boot_ms, *values)


@given(st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_an_attitude_turns_body_vectors_the_same_way_in_both_frames(wxyz: list[float]) -> None:
    w, x, y, z = np.array(wxyz) / np.linalg.norm(wxyz)
    body_flu = np.array([0.3, -0.7, 0.5])
    by_ned = ned_to_enu(quaternion_to_matrix([x, y, z, w]) @ flu_to_frd(body_flu))
    by_enu = quaternion_to_matrix(attitude_ned_frd_to_enu_flu([w, x, y, z])) @ body_flu
    assert by_enu == pytest.approx(by_ned, abs=1e-9)


def test_north_of_the_autopilot_is_a_quarter_turn_left_of_east() -> None:
    telemetry = Telemetry()
    _take(telemetry, _attitude(), 5.0)
    _take(telemetry, _position(), 5.0)
    assert telemetry.odometry is not None
    assert telemetry.odometry.yaw_rad == pytest.approx(math.pi / 2.0)
    assert telemetry.odometry.position_enu_m == pytest.approx([2.0, 1.0, 3.0])
    assert telemetry.odometry.velocity_enu_m_s == pytest.approx([0.2, 0.1, 0.3])
    assert telemetry.odometry.angular_velocity_flu_rad_s == pytest.approx([0.1, -0.2, -0.3])


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e9])
@pytest.mark.parametrize("place", range(6))
def test_an_impossible_position_is_not_taken(bad: float, place: int) -> None:
    telemetry = Telemetry()
    values = [1.0, 2.0, -3.0, 0.1, 0.2, -0.3]
    values[place] = bad
    _take(telemetry, _attitude(), 5.0)
    _take(telemetry, _position(values), 5.0)
    assert telemetry.odometry is None


@pytest.mark.parametrize("wxyz", [(0.0,) * 4, (math.nan, 0.0, 0.0, 0.0), (2.0, 0.0, 0.0, 0.0)])
def test_an_impossible_attitude_is_not_taken(wxyz: tuple[float, ...]) -> None:
    telemetry = Telemetry()
    _take(telemetry, _attitude(wxyz), 5.0)
    _take(telemetry, _position(), 5.0)
    assert telemetry.odometry is None


def test_a_position_with_an_old_attitude_is_not_taken() -> None:
    telemetry = Telemetry()
    _take(telemetry, _attitude(), 5.0)
    _take(telemetry, _position(), 5.5)
    assert telemetry.odometry is None


def test_unknown_values_of_a_battery_are_nan() -> None:
    telemetry = Telemetry()
    _take(telemetry, mavlink.MAVLink_sys_status_message(0, 0, 0, 0, 0xFFFF, -1, -1, 0, 0, 0, 0, 0, 0), 5.0)
    battery = telemetry.battery
    assert battery is not None
    assert math.isnan(battery.voltage_v) and math.isnan(battery.current_a) and math.isnan(battery.remaining_percent)
    cells = [3800, 3810, 3790, 3800] + [0xFFFF] * 6
    _take(telemetry, mavlink.MAVLink_battery_status_message(0, 0, 0, 0, cells, 1200, -1, -1, 63), 6.0)
    battery = telemetry.battery
    assert (battery.voltage_v, battery.current_a, battery.remaining_percent) == pytest.approx((15.2, 12.0, 63.0))


def test_a_text_of_control_characters_is_made_harmless() -> None:
    telemetry = Telemetry()
    _take(telemetry, mavlink.MAVLink_statustext_message(3, b"bad\n\x1b[31m\xff\xfe"), 5.0)
    assert telemetry.texts[-1].isprintable() and telemetry.texts[-1].startswith("bad?")


def test_the_radio_counts_only_when_present_enabled_and_healthy() -> None:
    telemetry = Telemetry()
    radio = mavlink.MAV_SYS_STATUS_SENSOR_RC_RECEIVER
    for present, enabled, healthy in ((radio, radio, 0), (radio, 0, radio), (0, radio, radio)):
        message = mavlink.MAVLink_sys_status_message(present, enabled, healthy, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        _take(telemetry, message, 5.0)
        assert not telemetry.radio
    _take(telemetry, mavlink.MAVLink_sys_status_message(radio, radio, radio, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 5.0)
    assert telemetry.radio


def test_without_answers_the_quickest_arrival_sets_the_clock() -> None:
    clock = BootClock()
    delays_s = {1.0: 0.3, 2.0: 0.1, 3.0: 0.4}
    ours = [clock.to_ours(boot_s, boot_s + 1000.0 + delay_s) for boot_s, delay_s in delays_s.items()]
    assert ours == pytest.approx([1001.3, 1002.1, 1003.1])


def test_answers_tell_the_delay_of_the_line() -> None:
    clock = BootClock()
    for second in range(5):
        sent_s = 1000.0 + second
        clock.take_round_trip(sent_s, second + 0.2, sent_s + 0.4)  # 0.2 s each way; it booted at 1000
    assert clock.to_ours(7.0, 1007.2) == pytest.approx(1007.0)
    assert not clock.jumped


@pytest.mark.parametrize("jump_s", [-60.0, -4.0, 2.0, 60.0])
def test_a_jump_of_the_clock_is_noticed_and_followed(jump_s: float) -> None:
    clock = BootClock()
    for step in range(20):
        clock.to_ours(step * 0.1, 1000.0 + step * 0.1)
    assert not clock.jumped
    stamps = [clock.to_ours(2.0 + jump_s + step * 0.1, 1002.0 + step * 0.1) for step in range(5)]
    assert clock.jumped
    assert stamps == pytest.approx([1002.0 + step * 0.1 for step in range(5)])


@given(st.lists(st.tuples(st.floats(0.0, 4e6), st.floats(0.0, 4e6)), max_size=20))
def test_no_stamp_is_ever_in_the_future(pairs: list[tuple[float, float]]) -> None:
    clock = BootClock()
    for boot_s, now_s in pairs:
        clock.take_round_trip(now_s - 0.01, boot_s, now_s)
        assert clock.to_ours(boot_s, now_s) <= now_s
