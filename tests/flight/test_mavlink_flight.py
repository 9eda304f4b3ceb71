"""Whole flights with both autopilots, over real UDP, on a clock that runs as fast as it can."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from liquid_nav.flight.config import FlightConfig
from liquid_nav.flight.state_machine import FlightError, FlightState
from liquid_nav.types import VelocityCommand
from tests.fake_ardupilot import FakeArduPilot
from tests.fake_px4 import FakePx4
from tests.flight.bench import FORWARD, Bench

S = FlightState
Make = Callable[..., Bench]


def test_from_the_ground_to_the_policy_and_back(bench: Bench) -> None:
    bench.fly_to_hold()
    assert bench.fake.height_m == pytest.approx(2.0, abs=0.3)
    bench.commands = lambda: FORWARD
    bench.run(0.2)
    bench.request("engage")
    start_m = bench.fake.position_ned_m.copy()
    bench.run(5.0)
    way_m = float(np.linalg.norm((bench.fake.position_ned_m - start_m)[:2]))
    assert way_m > 4.0
    bench.request("hold")
    bench.run(5.0)
    assert np.linalg.norm(bench.fake.velocity_ned_m_s) < 0.1
    bench.request("land")
    bench.reach(S.DISARMED)
    assert bench.fake.on_ground and not bench.fake.armed
    bench.reach(S.READY)
    bench.fly_to_hold()  # and again


def test_the_link_is_looked_at_seldom_at_rest_and_four_times_a_set_point_once_asked(bench: Bench) -> None:
    flying_s = 1.0 / (4.0 * bench.controller.config.setpoint_hz)
    assert bench.controller.period_s == 0.2
    bench.reach(S.READY)
    assert bench.controller.period_s == 0.05
    bench.request("arm")
    assert bench.controller.period_s == flying_s
    bench.reach(S.ARMED)
    bench.request("takeoff")
    bench.reach(S.HOLD)
    assert bench.controller.period_s == flying_s
    bench.request("land")
    assert bench.controller.period_s == flying_s
    bench.reach(S.DISARMED)
    assert bench.controller.period_s == 0.05


def test_commands_arrive_in_the_bodys_axes_of_the_autopilot(bench: Bench) -> None:
    bench.fly_to_engaged(VelocityCommand(1.0, 0.5, 0.25, 0.2))
    bench.run(2.0)
    message = bench.fake.setpoints[-1][1]
    assert (message.vx, message.vy, message.vz, message.yaw_rate) == pytest.approx((1.0, -0.5, -0.25, -0.2))
    assert message.coordinate_frame == (8 if isinstance(bench.fake, FakePx4) else 9)


def test_the_vehicle_flies_where_the_odometry_says(bench: Bench) -> None:
    bench.fly_to_engaged(VelocityCommand(1.0, 0.5, 0.1, 0.3))
    bench.run(3.0)
    odometry = bench.controller.telemetry.odometry
    assert odometry is not None
    north, east, down = bench.fake.position_ned_m
    assert odometry.position_enu_m == pytest.approx([east, north, -down], abs=0.1)
    north, east, down = bench.fake.velocity_ned_m_s
    assert odometry.velocity_enu_m_s == pytest.approx([east, north, -down], abs=0.1)
    assert math.remainder(odometry.yaw_rad - (math.pi / 2.0 - bench.fake.yaw_ned_rad), math.tau) == pytest.approx(
        0.0, abs=0.03
    )
    assert odometry.angular_velocity_flu_rad_s == pytest.approx([0.0, 0.0, 0.3])


@pytest.mark.parametrize("setpoint_hz", [20.0, 50.0])
@pytest.mark.parametrize("command_hz", [7.0, 100.0])
def test_set_points_are_steady_whatever_the_rate_of_the_commands(
    make_bench: Make, setpoint_hz: float, command_hz: float
) -> None:
    bench = make_bench(FakePx4.safe(), FlightConfig(setpoint_hz=setpoint_hz))
    bench.fly_to_engaged()
    bench.commands = lambda: None
    start_s = sent_s = bench.now_s
    while bench.now_s < start_s + 4.0:
        if bench.now_s - sent_s >= 1.0 / command_hz:
            sent_s = bench.now_s
            bench.controller.take_command(FORWARD, bench.now_s, bench.now_s)
        bench.tick()
    assert bench.state is S.ENGAGED
    assert bench.fake.rates_since(start_s) == pytest.approx(setpoint_hz, rel=0.03)
    gaps = np.diff([at for at, _ in bench.fake.setpoints if at > start_s])
    assert gaps.max() <= 1.0 / setpoint_hz + 0.011


def test_the_stream_outlives_the_policy_fades_to_zero_holds_and_lands(bench: Bench) -> None:
    bench.fly_to_engaged()
    bench.run(3.0)
    bench.commands = lambda: None
    last_s = bench.now_s
    bench.reach(S.HOLD)
    assert bench.now_s - last_s == pytest.approx(0.5, abs=0.07)
    fading = [(at - last_s, message.vx) for at, message in bench.fake.setpoints if at > last_s]
    assert all(vx == pytest.approx(2.0) for age, vx in fading if age < 0.15)
    assert all(0.0 < vx < 2.0 for age, vx in fading if 0.25 < age < 0.45)
    assert bench.said("the last command is 0.5")
    bench.run(1.0)
    held = [message for at, message in bench.fake.setpoints if at > last_s + 0.6]
    assert len(held) >= 15 and all(message.vx == 0.0 for message in held)
    bench.reach(S.LANDING)
    assert bench.now_s - last_s == pytest.approx(5.0, abs=0.1)
    bench.reach(S.DISARMED)


def test_returning_commands_do_not_engage_by_themselves_but_stop_the_landing(bench: Bench) -> None:
    bench.fly_to_engaged()
    bench.commands = lambda: None
    bench.reach(S.HOLD)
    bench.commands = lambda: FORWARD
    bench.run(8.0)
    assert bench.state is S.HOLD
    bench.request("engage")
    bench.run(1.0)
    assert bench.state is S.ENGAGED


def test_an_operator_who_holds_is_not_landed_when_the_policy_stops(bench: Bench) -> None:
    bench.fly_to_engaged()
    bench.request("hold")
    bench.commands = lambda: None
    bench.run(10.0)
    assert bench.state is S.HOLD


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 100.0])
@pytest.mark.parametrize("axis", range(4))
def test_what_nobody_may_fly_never_leaves(make_bench: Make, value: float, axis: int) -> None:
    bench = make_bench(FakePx4.safe())
    bench.fly_to_engaged()
    values = [0.5, 0.0, 0.0, 0.0]
    values[axis] = value
    bench.commands = lambda: VelocityCommand(*values)
    bench.run(0.2)
    assert bench.state is S.HOLD
    assert bench.said("the command holds")
    bench.run(1.0)
    for _, message in bench.fake.setpoints:
        sent = np.array([message.vx, message.vy, message.vz, message.yaw_rate])
        assert np.isfinite(sent).all() and np.abs(sent).max() <= 2.0


@pytest.mark.parametrize("shift_s", [1.0, -1.0])
def test_commands_from_the_future_or_out_of_order_are_not_flown(make_bench: Make, shift_s: float) -> None:
    bench = make_bench(FakePx4.safe())
    bench.fly_to_engaged()
    bench.commands = lambda: None
    bench.run(0.1)
    bench.controller.take_command(FORWARD, bench.now_s + shift_s, bench.now_s)
    assert bench.state is S.HOLD


def test_engage_needs_fresh_commands(bench: Bench) -> None:
    bench.fly_to_hold()
    with pytest.raises(FlightError, match="none has come"):
        bench.request("engage")
    bench.controller.take_command(FORWARD, bench.now_s - 3.0, bench.now_s)
    with pytest.raises(FlightError, match=r"the last is 3\.0 s old"):
        bench.request("engage")
    assert bench.state is S.HOLD


def test_a_vehicle_on_the_ground_is_not_engaged(bench: Bench) -> None:
    bench.reach(S.READY)
    bench.request("arm")
    bench.reach(S.ARMED)
    bench.commands = lambda: FORWARD
    bench.run(0.2)
    bench.request("takeoff")
    bench.request("hold")
    with pytest.raises(FlightError, match="stands on the ground"):
        bench.request("engage")
    bench.request("land")
    bench.reach(S.DISARMED)


def test_the_end_of_the_bridge_ends_the_stream_and_the_autopilots_failsafe_acts(bench: Bench) -> None:
    bench.fly_to_engaged()
    bench.run(3.0)
    bench.controller_lives = False
    bench.tick()  # what was on the line still arrives
    count = len(bench.fake.setpoints)
    bench.run(6.0)
    assert len(bench.fake.setpoints) == count
    assert np.linalg.norm(bench.fake.velocity_ned_m_s) < 0.1
    assert bench.fake.mode == ("AUTO.LOITER" if isinstance(bench.fake, FakePx4) else "GUIDED")


@pytest.mark.parametrize("state", [S.ARMED, S.TAKEOFF, S.HOLD, S.ENGAGED, S.LANDING])
def test_the_pilots_mode_ends_control_at_the_next_heartbeat_and_is_not_fought(bench: Bench, state: FlightState) -> None:
    pilots = "POSCTL" if isinstance(bench.fake, FakePx4) else "LOITER"
    bench.fake.radio = True
    bench.reach(S.READY)
    bench.request("arm")
    bench.reach(S.ARMED)
    if state is not S.ARMED:
        bench.request("takeoff")
        bench.run(1.0)
    if state not in (S.ARMED, S.TAKEOFF):
        bench.reach(S.HOLD)
        bench.commands = lambda: FORWARD
        bench.run(0.2)
    if state in (S.ENGAGED, S.LANDING):
        bench.request("engage")
    if state is S.LANDING:
        bench.request("land")
        bench.run(0.1)
    assert bench.state is state
    bench.fake.switch(pilots)
    assert bench.reach(S.EXTERNAL) <= 1.05
    assert bench.said(f"the vehicle went to {pilots}")
    count = len(bench.fake.setpoints)
    bench.run(5.0)
    assert bench.fake.mode == pilots and bench.state is S.EXTERNAL
    assert len(bench.fake.setpoints) == count
    with pytest.raises(FlightError, match="external"):
        bench.request("engage")


def test_a_command_is_not_repeated_over_a_pilot_whose_mode_no_heartbeat_has_told_yet(bench: Bench) -> None:
    bench.fake.radio = True
    bench.fly_to_hold()
    bench.fake.no_heartbeat = True
    bench.request("land")
    bench.run(0.5)
    pilots = "POSCTL" if isinstance(bench.fake, FakePx4) else "LOITER"
    bench.fake.switch(pilots)
    bench.run(1.5)
    assert bench.fake.mode == pilots
    bench.fake.no_heartbeat = False
    bench.reach(S.EXTERNAL, 0.1)
    assert bench.fake.mode == pilots


def test_no_set_point_disturbs_the_take_off_of_ardupilot(make_bench: Make) -> None:
    bench = make_bench(FakeArduPilot.safe())
    bench.fly_to_hold()
    assert not bench.fake.setpoints
    bench.run(1.0)
    assert len(bench.fake.setpoints) >= 19


def test_control_comes_back_only_by_the_operators_request(bench: Bench) -> None:
    bench.fake.radio = True
    bench.fly_to_engaged()
    bench.run(2.0)
    bench.fake.switch("POSCTL" if isinstance(bench.fake, FakePx4) else "LOITER")
    bench.reach(S.EXTERNAL)
    bench.run(5.0)
    assert bench.request("hold") == "the vehicle holds when its heartbeat confirms it"
    assert bench.state is S.EXTERNAL
    bench.reach(S.HOLD, 6.0)
    assert all(message.vx == 0.0 for at, message in bench.fake.setpoints if at > bench.now_s - 1.0)
    bench.request("engage")
    assert bench.state is S.ENGAGED


def test_an_operator_who_asks_again_and_again_gets_control_back_none_the_later(bench: Bench) -> None:
    bench.fly_to_engaged()
    bench.fake.switch(next(iter(mode for mode in bench.fake.modes if mode in ("AUTO.LOITER", "LOITER"))))
    bench.reach(S.EXTERNAL)
    for _ in range(20):
        if bench.state is S.EXTERNAL:
            bench.request("hold")
            bench.run(0.3)
    assert bench.state is S.HOLD


def test_a_pilot_who_moves_on_stops_the_attempt_to_take_back(make_bench: Make) -> None:
    bench = make_bench(FakePx4.safe())
    bench.fake.radio = True
    bench.fly_to_engaged()
    bench.fake.switch("POSCTL")
    bench.reach(S.EXTERNAL)
    bench.request("hold")
    bench.run(0.5)
    bench.fake.switch("AUTO.RTL")
    bench.until(lambda: bench.said("control is not taken back"))
    bench.run(4.0)
    assert bench.fake.mode == "AUTO.RTL" and bench.state is S.EXTERNAL


def test_a_landing_can_be_called_off(bench: Bench) -> None:
    bench.fly_to_engaged(VelocityCommand(up_m_s=0.5))
    bench.run(6.0)
    bench.request("land")
    bench.run(1.5)
    bench.request("hold")
    bench.reach(S.HOLD, 6.0)
    bench.run(3.0)
    assert bench.fake.height_m > 1.0 and np.linalg.norm(bench.fake.velocity_ned_m_s) < 0.1


def test_px4_is_led_out_of_offboard_after_landing(make_bench: Make) -> None:
    bench = make_bench(FakePx4.safe())
    bench.fly_to_hold()
    bench.request("land")
    bench.until(lambda: not bench.fake.armed)
    assert bench.fake.mode == "OFFBOARD"  # as PX4 does by itself
    bench.reach(S.READY)
    assert bench.fake.mode == "AUTO.LOITER"


def test_a_vehicle_that_stays_in_guided_on_the_ground_is_told_of_and_can_fly_again(make_bench: Make) -> None:
    bench = make_bench(FakeArduPilot.safe())
    bench.fly_to_hold()
    bench.fake.set_mode = lambda main, sub: 4
    bench.request("land")
    bench.reach(S.DISARMED)
    bench.reach(S.READY)
    assert bench.fake.mode == "GUIDED"
    assert bench.said("the vehicle stays in GUIDED: change its mode by hand")
    bench.fly_to_hold()


def test_a_vehicle_that_refuses_its_landing_mode_is_brought_down_by_set_points(make_bench: Make) -> None:
    bench = make_bench(FakePx4.safe())
    bench.fly_to_hold()
    take = bench.fake.set_mode
    bench.fake.set_mode = lambda main, sub: 2 if (main, sub) == (4, 6) else take(main, sub)
    bench.request("land")
    bench.reach(S.DISARMED)
    assert bench.fake.on_ground
    assert bench.said("MAV_CMD_DO_SET_MODE was answered by MAV_RESULT_DENIED")


def test_a_vehicle_that_is_armed_already_is_somebody_elses(make_bench: Make) -> None:
    fake = FakePx4.safe()
    fake.armed = True
    bench = make_bench(fake)
    bench.reach(S.EXTERNAL)
    bench.run(3.0)
    assert not fake.setpoints
    assert bench.said("armed in AUTO.LOITER by somebody else")


def test_rejected_arming_names_the_result_and_the_autopilots_reason(bench: Bench) -> None:
    bench.reach(S.READY)
    bench.fake.reject_arming = True
    bench.request("arm")
    bench.reach(S.PREFLIGHT)
    assert bench.said("MAV_CMD_COMPONENT_ARM_DISARM was answered by MAV_RESULT_TEMPORARILY_REJECTED")
    assert bench.said("Arming denied: check it")
    bench.fake.reject_arming = False
    bench.fly_to_hold()


def test_arming_on_a_deaf_line_ends_with_a_reason(make_bench: Make) -> None:
    fake = FakePx4.safe()
    bench = make_bench(fake)
    bench.reach(S.READY)
    fake._command = lambda message: None  # hears commands, does and answers nothing
    bench.request("arm")
    assert bench.reach(S.PREFLIGHT) == pytest.approx(10.0, abs=0.1)
    assert bench.said("has not armed within 10 s")


def test_arming_can_be_called_off(make_bench: Make) -> None:
    bench = make_bench(FakePx4.safe())
    bench.reach(S.READY)
    bench.request("arm")
    bench.run(0.3)
    bench.request("disarm")
    assert bench.state is S.PREFLIGHT
    bench.run(3.0)
    assert not bench.fake.armed


def test_disarming_in_the_air_is_left_to_the_autopilot_which_refuses(bench: Bench) -> None:
    bench.fly_to_hold()
    with pytest.raises(FlightError, match="disarm is refused in state hold"):
        bench.request("disarm")
    bench.request("land")
    bench.run(0.5)
    bench.request("disarm")
    bench.run(0.5)
    assert bench.fake.armed
    assert bench.said("MAV_CMD_COMPONENT_ARM_DISARM was answered by MAV_RESULT_DENIED")


def test_a_take_off_that_gets_nowhere_is_a_fault_and_can_be_disarmed(bench: Bench) -> None:
    bench.reach(S.READY)
    bench.request("arm")
    bench.reach(S.ARMED)
    bench.fake.respond = lambda target: np.zeros(3)
    bench.request("takeoff")
    bench.reach(S.FAULT)
    assert bench.said("only 0.0 m high")
    bench.request("disarm")
    bench.reach(S.DISARMED)


def test_a_refused_take_off_is_a_fault(make_bench: Make) -> None:
    bench = make_bench(FakeArduPilot.safe())
    bench.reach(S.READY)
    bench.request("arm")
    bench.reach(S.ARMED)
    bench.fake.other_command = lambda message: 4
    bench.request("takeoff")
    bench.reach(S.FAULT, 1.0)
    assert bench.said("MAV_CMD_NAV_TAKEOFF was answered by MAV_RESULT_FAILED")


def test_offboard_that_never_comes_is_a_fault_and_disarms(make_bench: Make) -> None:
    fake = FakePx4.safe()
    bench = make_bench(fake)
    bench.reach(S.READY)
    fake.decide = lambda: None
    bench.request("arm")
    bench.until(lambda: bench.said("armed, but in AUTO.LOITER after 10 s"))
    bench.until(lambda: not fake.armed)


def test_an_arming_vehicle_that_another_disarms_goes_back(make_bench: Make) -> None:
    bench = make_bench(FakePx4.safe())
    bench.reach(S.READY)
    bench.request("arm")
    bench.reach(S.ARMED)
    bench.fake.stop_motors()
    bench.reach(S.READY)
