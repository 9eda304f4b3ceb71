"""What the line loses or delays, and whom it leaves in doubt: answers, requests, heartbeats, rates, parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_nav.errors import ConfigError
from liquid_nav.flight.config import FlightConfig
from liquid_nav.flight.state_machine import FlightState
from liquid_nav.types import VelocityCommand
from tests.fake_ardupilot import FakeArduPilot
from tests.fake_autopilot import FakeAutopilot
from tests.fake_px4 import FakePx4
from tests.flight.bench import FORWARD, Bench

S = FlightState
Make = Callable[..., Bench]
ARM = mavlink.MAV_CMD_COMPONENT_ARM_DISARM


def _lose_first_answer(fake: FakeAutopilot, command: int) -> None:
    send, lost = fake.send, []

    def lossy(message: Any) -> None:
        if message.get_type() == "COMMAND_ACK" and message.command == command and not lost:
            lost.append(message)
        else:
            send(message)

    fake.send = lossy


def _lose_first_request(fake: FakeAutopilot, command: int, value: float) -> None:
    take, lost = fake._command, []

    def lossy(message: Any) -> None:
        if (message.command, message.param1) == (command, value) and not lost:
            lost.append(message)
        else:
            take(message)

    fake._command = lossy


def _pilots(bench: Bench) -> str:
    return "POSCTL" if isinstance(bench.fake, FakePx4) else "LOITER"


def test_a_take_off_whose_answer_is_lost_goes_on(make_bench: Make) -> None:
    bench = make_bench(FakeArduPilot.safe())
    _lose_first_answer(bench.fake, mavlink.MAV_CMD_NAV_TAKEOFF)
    bench.fly_to_hold()
    assert bench.fake.height_m == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("trouble", [{"battery_percent": 10}, {"no_position": True}])
def test_a_fault_in_the_air_lands_when_it_must(bench: Bench, trouble: dict[str, object]) -> None:
    bench.reach(S.READY)
    bench.request("arm")
    bench.reach(S.ARMED)
    bench.request("takeoff")
    bench.until(lambda: bench.fake.height_m > 1.0)
    bench.fake.respond = lambda target: np.array([0.0, 0.0, max(target[2], 0.0)])  # it climbs no higher
    bench.reach(S.FAULT)
    for name, value in trouble.items():
        setattr(bench.fake, name, value)
    bench.reach(S.LANDING, 2.5)
    bench.until(lambda: not bench.fake.armed)


def test_one_command_amid_silence_does_not_keep_a_vehicle_in_the_air(bench: Bench) -> None:
    bench.fly_to_engaged()
    bench.commands = lambda: None
    bench.reach(S.HOLD)
    bench.run(1.0)
    bench.controller.take_command(FORWARD, bench.now_s, bench.now_s)
    assert bench.reach(S.LANDING, 6.0) == pytest.approx(5.0, abs=0.1)


def test_a_heartbeat_from_before_the_landing_confirms_no_hold(make_bench: Make) -> None:
    bench = make_bench(FakeArduPilot.safe())
    bench.fly_to_engaged(VelocityCommand(up_m_s=0.5))
    bench.run(6.0)
    heard_s = bench.controller._pilot.heartbeat_s
    bench.until(lambda: bench.controller._pilot.heartbeat_s > heard_s)
    bench.request("land")
    bench.run(0.1)
    assert bench.fake.mode == "LAND"
    bench.request("hold")
    bench.reach(S.HOLD, 6.0)
    bench.run(5.0)
    assert bench.state is S.HOLD and bench.fake.mode == "GUIDED" and bench.fake.height_m > 1.0


@pytest.mark.parametrize("interval_s", [0.25, 0.5])
def test_an_autopilot_that_streams_at_its_own_rate_is_asked_for_ours(bench: Bench, interval_s: float) -> None:
    ids = mavlink.MAVLINK_MSG_ID_LOCAL_POSITION_NED, mavlink.MAVLINK_MSG_ID_ATTITUDE_QUATERNION
    bench.fake.intervals |= dict.fromkeys(ids, interval_s)
    bench.until(lambda: all(bench.fake.intervals[each] == pytest.approx(1.0 / 30.0, abs=1e-6) for each in ids), 5.0)
    bench.reach(S.READY)
    bench.run(1.0)
    bench.fake.intervals |= dict.fromkeys(ids, interval_s)  # another ground station set its own
    bench.until(lambda: all(bench.fake.intervals[each] == pytest.approx(1.0 / 30.0, abs=1e-6) for each in ids), 7.0)


def test_rates_that_are_kept_are_not_asked_for_again(bench: Bench) -> None:
    bench.reach(S.READY)
    bench.run(4.0)
    asked: list[int] = []
    take = bench.fake._command
    bench.fake._command = lambda message: (asked.append(int(message.param1)), take(message))
    bench.run(10.0)
    assert mavlink.MAVLINK_MSG_ID_LOCAL_POSITION_NED not in asked


def test_a_pilot_who_takes_the_mode_before_arming_is_not_fought(bench: Bench) -> None:
    bench.fake.radio = bench.fake.reject_arming = True
    bench.reach(S.READY)
    bench.request("arm")
    bench.run(0.05)
    bench.fake.switch(_pilots(bench))
    bench.until(lambda: bench.state is S.PREFLIGHT or bench.state is S.READY, 2.5)
    bench.fake.reject_arming = False
    bench.run(5.0)
    assert bench.fake.mode == _pilots(bench) and not bench.fake.armed


def test_a_pilot_who_takes_the_mode_as_the_motors_start_is_not_fought(bench: Bench) -> None:
    bench.fake.radio = True
    bench.reach(S.READY)
    bench.request("arm")
    bench.until(lambda: bench.fake.armed)
    assert bench.state is S.ARMING
    bench.fake.switch(_pilots(bench))
    bench.reach(S.EXTERNAL, 1.1)
    bench.run(5.0)
    assert bench.fake.mode == _pilots(bench)


def test_a_disarming_that_is_lost_on_the_line_is_asked_for_again(bench: Bench) -> None:
    bench.reach(S.READY)
    bench.request("arm")
    bench.reach(S.ARMED)
    _lose_first_request(bench.fake, ARM, 0.0)
    assert "heartbeat" in bench.request("disarm")
    bench.reach(S.DISARMED, 4.0)


def test_a_disarming_that_nobody_hears_is_told(bench: Bench) -> None:
    bench.reach(S.READY)
    bench.request("arm")
    bench.reach(S.ARMED)
    bench.fake._command = lambda message: None
    bench.request("disarm")
    bench.until(lambda: bench.said("could not be stopped within 5 s"), 6.0)


def test_arming_that_is_called_off_too_late_ends_with_the_motors_off(bench: Bench) -> None:
    bench.reach(S.READY)
    bench.request("arm")
    bench.until(lambda: bench.fake.armed)
    assert bench.state is S.ARMING
    _lose_first_request(bench.fake, ARM, 0.0)
    bench.request("disarm")
    bench.until(lambda: bench.state in (S.PREFLIGHT, S.READY), 6.0)
    assert not bench.fake.armed


def test_engaging_keeps_to_the_limits_of_acceleration(bench: Bench) -> None:
    bench.fly_to_engaged()
    start_s = bench.now_s
    bench.run(3.0)
    speeds = np.array([message.vx for at, message in bench.fake.setpoints if at > start_s])
    assert speeds[0] < 0.05 and speeds[-1] == pytest.approx(2.0)
    assert np.diff(speeds).max() <= 2.0 * 0.05 + 0.02


def test_parameters_that_come_late_are_not_given_up(make_bench: Make) -> None:
    bench = make_bench(FakePx4.safe())
    answer = bench.fake._answer_parameter
    bench.fake._answer_parameter = lambda name: None
    bench.run(8.0)
    assert "could not be read" in str(bench.controller.health(bench.now_s)["refusals"])
    bench.fake._answer_parameter = answer
    bench.reach(S.READY, 10.0)


def test_no_take_off_goes_above_the_ceiling() -> None:
    with pytest.raises(ConfigError, match=r"takeoff_height_m is 12\.0: use a value below ceiling_m, 12\.0"):
        FlightConfig(takeoff_height_m=12.0)
