import math
import time

import numpy as np
import pytest

from liquid_nav.safety import STRICTNESS, SafetyConfig, SafetyFilter
from liquid_nav.types import Odometry, SafetyAction, VelocityCommand
from tests.fakes import level_attitude


def odometry(stamp_s, position=(0.0, 0.0, 3.0), yaw=0.0, velocity=(0.0, 0.0, 0.0)):
    return Odometry(stamp_s, np.array(position), np.array(velocity), level_attitude(yaw))


def fly(safety, command, start_s=0.0, duration_s=3.0, step_s=0.05, where=odometry):
    """Renew command and estimate for a while; return the last verdict."""
    verdict = None
    for index in range(round(duration_s / step_s) + 1):
        now = start_s + index * step_s
        safety.update_odometry(where(now), now)
        safety.update_command(command, now, now)
        verdict = safety.evaluate(now)
    return verdict


def test_waits_for_the_first_command():
    verdict = SafetyFilter().evaluate(5.0)
    assert (verdict.action, verdict.rule, verdict.command) == (SafetyAction.HOVER, "waiting", VelocityCommand())


def test_a_steady_command_within_limits_passes_unchanged():
    wanted = VelocityCommand(1.5, -0.4, 0.3, 0.5)
    verdict = fly(SafetyFilter(), wanted)
    assert (verdict.action, verdict.rule, verdict.command) == (SafetyAction.PASS, "none", wanted)


def test_full_speed_is_reached_exactly_and_without_overshoot():
    safety = SafetyFilter()
    speeds = [fly(safety, VelocityCommand(2.5), k * 0.05, 0.0).command.forward_m_s for k in range(60)]
    assert max(speeds) <= 2.5 + 1e-8
    assert speeds[-1] == pytest.approx(2.5, abs=1e-8)
    assert speeds.index(next(s for s in speeds if s > 2.4)) * 0.05 < 1.1


def test_too_fast_is_limited_in_the_same_direction_and_says_so():
    verdict = fly(SafetyFilter(), VelocityCommand(30.0, 40.0, 5.0, 9.0))
    assert verdict.rule == "speed_limit"
    assert "50.00 m/s" in verdict.reason
    assert verdict.command.as_array() == pytest.approx([1.5, 2.0, 1.0, 1.5], abs=1e-6)


def test_a_jump_is_held_by_jerk_or_acceleration():
    safety = SafetyFilter()
    fly(safety, VelocityCommand(), duration_s=0.2)
    first = fly(safety, VelocityCommand(2.0), start_s=0.25, duration_s=0.0)
    assert first.rule in {"jerk_limit", "acceleration_limit"}
    assert first.command.forward_m_s == pytest.approx(20.0 * 0.05**2, abs=1e-9)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_command_that_is_not_finite_stops_the_vehicle(bad):
    safety = SafetyFilter()
    fly(safety, VelocityCommand(2.0), duration_s=2.0)
    verdict = fly(safety, VelocityCommand(1.0, bad), start_s=2.05, duration_s=1.5)
    assert (verdict.action, verdict.rule) == (SafetyAction.HOVER, "command_invalid")
    assert verdict.command == VelocityCommand()
    assert fly(safety, VelocityCommand(0.2), start_s=3.6).rule == "none"


def test_a_silent_policy_is_followed_by_hover_hold_and_landing():
    safety = SafetyFilter(SafetyConfig(hold_after_s=2.0, land_after_s=5.0))
    fly(safety, VelocityCommand(1.0), duration_s=2.0)
    seen = []
    for index in range(1, 200):
        now = 2.0 + index * 0.05
        safety.update_odometry(odometry(now), now)
        verdict = safety.evaluate(now)
        if not seen or seen[-1][0] is not verdict.action:
            seen.append((verdict.action, round(now - 2.0, 2), verdict.rule))
    assert [action for action, _, _ in seen] == [
        SafetyAction.PASS, SafetyAction.HOVER, SafetyAction.HOLD, SafetyAction.LAND,
    ]
    assert [at for _, at, _ in seen[1:]] == pytest.approx([0.55, 2.5, 5.5], abs=0.06)
    assert {rule for _, _, rule in seen[1:]} == {"command_stale"}
    assert verdict.command == VelocityCommand(up_m_s=-0.4)


def test_a_stale_command_is_recognised_by_its_stamp_however_late_it_comes():
    safety = SafetyFilter()
    safety.update_odometry(odometry(10.0), 10.0)
    safety.update_command(VelocityCommand(1.0), 9.0, 10.0)
    assert safety.evaluate(10.0).rule == "command_stale"


def test_a_stamp_from_the_future_goes_stale_like_any_other():
    safety = SafetyFilter()
    safety.update_command(VelocityCommand(1.0), 1e6, 0.0)
    safety.update_odometry(odometry(1e6), 0.0)
    assert safety.evaluate(0.1).rule in {"none", "jerk_limit", "acceleration_limit"}
    safety.update_odometry(odometry(0.8), 0.8)
    assert safety.evaluate(0.8).rule == "command_stale"


def test_a_lost_estimate_is_followed_by_hover_and_landing_though_commands_come():
    safety = SafetyFilter()
    fly(safety, VelocityCommand(1.0), duration_s=1.0)
    rules = {}
    for index in range(1, 100):
        now = 1.0 + index * 0.05
        safety.update_odometry(odometry(now, (math.nan, 0.0, 3.0)), now)
        safety.update_command(VelocityCommand(1.0), now, now)
        verdict = safety.evaluate(now)
        rules.setdefault((verdict.rule, verdict.action), now - 1.0)
    assert rules[("estimate_stale", SafetyAction.HOVER)] == pytest.approx(0.55, abs=0.06)
    assert rules[("estimate_stale", SafetyAction.LAND)] == pytest.approx(2.5, abs=0.06)
    assert verdict.command.up_m_s == pytest.approx(-0.4)


def test_nothing_is_flown_before_the_first_estimate():
    safety = SafetyFilter()
    for index in range(10):
        safety.update_command(VelocityCommand(1.0), index * 0.05, index * 0.05)
        verdict = safety.evaluate(index * 0.05)
    assert (verdict.rule, verdict.command) == ("estimate_stale", VelocityCommand())


def test_fence_takes_off_only_what_points_outward_whatever_the_heading():
    config = SafetyConfig(geofence_half_size_m=20.0)
    for yaw in np.linspace(-3.0, 3.0, 7):
        safety = SafetyFilter(config)
        wanted_east, wanted_north = 1.5, 1.0
        wanted = VelocityCommand(
            wanted_east * math.cos(yaw) + wanted_north * math.sin(yaw),
            wanted_north * math.cos(yaw) - wanted_east * math.sin(yaw),
        )
        verdict = fly(safety, wanted, where=lambda now, yaw=yaw: odometry(now, (18.9, 0.0, 3.0), yaw))
        flown = verdict.command
        east = flown.forward_m_s * math.cos(yaw) - flown.left_m_s * math.sin(yaw)
        north = flown.forward_m_s * math.sin(yaw) + flown.left_m_s * math.cos(yaw)
        assert verdict.rule == "geofence"
        assert "1.1 m inside" in verdict.reason
        assert 0.0 <= east < 0.2
        assert north == pytest.approx(1.0, abs=1e-6)


def test_within_the_margin_it_stops_instead_of_sliding_along_the_fence():
    safety = SafetyFilter(SafetyConfig(geofence_half_size_m=20.0))
    verdict = fly(safety, VelocityCommand(1.5, 1.0), where=lambda now: odometry(now, (19.6, 0.0, 3.0)))
    assert verdict.rule == "geofence"
    assert (verdict.command.forward_m_s, verdict.command.left_m_s) == pytest.approx((0.0, 0.0), abs=1e-6)


@pytest.mark.parametrize(("forward", "flown"), [(1.0, 0.0), (-1.0, -1.0)])
def test_outside_the_fence_only_the_way_back_is_open(forward, flown):
    safety = SafetyFilter(SafetyConfig(geofence_half_size_m=20.0))
    verdict = fly(safety, VelocityCommand(forward), where=lambda now: odometry(now, (25.0, 0.0, 3.0)))
    assert verdict.command.forward_m_s == pytest.approx(flown, abs=1e-6)
    assert verdict.rule == ("geofence" if forward > 0 else "none")


@pytest.mark.parametrize(
    ("height", "up", "flown", "rule"),
    [
        (0.4, -0.5, 0.0, "floor"),
        (0.4, 0.5, 0.5, "none"),
        (12.5, 0.5, 0.0, "ceiling"),
        (12.5, -0.5, -0.5, "none"),
        (3.0, -0.5, -0.5, "none"),
    ],
)
def test_floor_and_ceiling_leave_the_way_back_open(height, up, flown, rule):
    verdict = fly(SafetyFilter(), VelocityCommand(up_m_s=up), where=lambda now: odometry(now, (0.0, 0.0, height)))
    assert verdict.command.up_m_s == pytest.approx(flown, abs=1e-6)
    assert verdict.rule == rule


def test_landing_goes_below_the_floor():
    safety = SafetyFilter()
    fly(safety, VelocityCommand(), duration_s=0.2)
    for index in range(1, 500):
        now = 0.2 + index * 0.05
        safety.update_odometry(odometry(now, (0.0, 0.0, 0.3)), now)
        verdict = safety.evaluate(now)
    assert verdict.action is SafetyAction.LAND
    assert verdict.command.up_m_s == pytest.approx(-0.4)


def test_a_clock_set_back_does_not_keep_an_old_command_alive():
    safety = SafetyFilter()
    fly(safety, VelocityCommand(1.0), start_s=100.0, duration_s=2.0)
    safety.evaluate(0.0)
    safety.update_odometry(odometry(1.0), 1.0)
    assert safety.evaluate(1.0).rule == "command_stale"


def test_reset_goes_on_from_what_is_flown_already():
    safety = SafetyFilter()
    safety.reset(VelocityCommand(1.0, 0.5))
    assert fly(safety, VelocityCommand(1.0, 0.5), duration_s=0.05).rule == "none"


def test_every_reported_rule_is_a_listed_one():
    assert len(set(STRICTNESS)) == len(STRICTNESS) == 16


def test_an_evaluation_takes_less_than_a_tenth_of_a_millisecond():
    safety = SafetyFilter(SafetyConfig(geofence_half_size_m=20.0))
    rng = np.random.default_rng(1)
    commands = [VelocityCommand.from_array(row) for row in rng.normal(0, 2, (500, 4))]
    spots = [odometry(k * 0.02, (18.0 + k * 0.001, 1.0, 3.0), 0.3) for k in range(500)]
    best = math.inf
    for _ in range(4):
        safety.reset()
        spent = 0.0
        for k in range(500):
            now = k * 0.02
            safety.update_odometry(spots[k], now)
            safety.update_command(commands[k], now, now)
            begin = time.perf_counter()
            safety.evaluate(now)
            spent += time.perf_counter() - begin
        best = min(best, spent / 500)
    assert best < 100e-6
