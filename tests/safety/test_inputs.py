"""Cameras that freeze, batteries that run down, limits that change in flight."""

import pytest

from liquid_nav.safety import SafetyConfig, SafetyFilter
from liquid_nav.types import SafetyAction, VelocityCommand
from tests.safety.test_filter import fly, odometry

CONFIG = SafetyConfig(frozen_after_s=0.2, frozen_motion_m=0.0, hold_after_s=0.3, land_after_s=2.0)


def watch(safety, digests, speed=1.0, start_s=0.0):
    """Fly with one image per 0.05 s; return the verdicts."""
    verdicts = []
    for index, digest in enumerate(digests):
        now = start_s + 0.05 * index
        safety.update_odometry(odometry(now, (speed * now, 0.0, 3.0), velocity=(speed, 0.0, 0.0)), now)
        safety.update_image(digest, now)
        safety.update_command(VelocityCommand(speed), now, now)
        verdicts.append(safety.evaluate(now))
    return verdicts


def test_a_camera_that_repeats_one_image_is_hovered_held_and_landed_from():
    safety = SafetyFilter(CONFIG)
    watch(safety, range(40))
    verdicts = watch(safety, [99] * 60, start_s=2.0)
    actions = [verdict.action for verdict in verdicts]
    assert {verdict.rule for verdict in verdicts[6:]} == {"camera_frozen"}
    first = actions.index(SafetyAction.HOVER)
    assert 0.05 * first == pytest.approx(0.25, abs=0.051)
    assert 0.05 * (actions.index(SafetyAction.HOLD) - first) == pytest.approx(0.3, abs=0.051)
    assert 0.05 * (actions.index(SafetyAction.LAND) - first) == pytest.approx(2.0, abs=0.051)
    assert "repeated one image" in verdicts[-1].reason


def test_an_image_that_changes_again_ends_it():
    safety = SafetyFilter(CONFIG)
    assert watch(safety, [1] * 20)[-1].rule == "camera_frozen"
    assert watch(safety, range(100, 160), start_s=1.0)[-1].rule == "none"


def test_a_clean_simulated_camera_may_repeat_itself_while_nothing_moves():
    config = SafetyConfig(frozen_after_s=0.2, frozen_motion_m=0.05)
    assert watch(SafetyFilter(config), [1] * 20, speed=0.0)[-1].rule == "none"
    assert watch(SafetyFilter(config), [1] * 20, speed=0.5)[-1].rule == "camera_frozen"


def test_an_image_that_comes_before_the_first_estimate_is_no_motion():
    safety = SafetyFilter(SafetyConfig(frozen_after_s=0.2, frozen_motion_m=0.05))
    safety.update_image(1, 0.0)
    assert watch(safety, [1] * 20, speed=0.0, start_s=0.05)[-1].rule == "none"


def test_the_search_for_frozen_images_can_be_left_out():
    assert watch(SafetyFilter(SafetyConfig(frozen_after_s=0.0)), [1] * 60)[-1].rule == "none"


def test_one_image_that_is_never_followed_by_another_is_the_policys_silence_not_a_frozen_camera():
    safety = SafetyFilter(CONFIG)
    safety.update_image(5, 0.0)
    assert fly(safety, VelocityCommand(1.0), duration_s=2.0).rule == "none"


def test_a_low_battery_holds_and_a_critical_one_lands():
    safety = SafetyFilter()
    safety.update_battery(80.0)
    assert fly(safety, VelocityCommand(1.0)).rule == "none"
    safety.update_battery(25.0)
    low = fly(safety, VelocityCommand(1.0), 3.05)
    assert (low.rule, low.action, low.command.forward_m_s) == ("battery", SafetyAction.HOLD, pytest.approx(0.0))
    safety.update_battery(15.0)
    critical = fly(safety, VelocityCommand(1.0), 6.1)
    assert critical.action is SafetyAction.LAND and critical.command.up_m_s == pytest.approx(-0.4)


def test_a_battery_that_recovers_without_its_load_stays_low_and_a_fresh_one_does_not():
    safety = SafetyFilter()
    for percent in (24.0, float("nan"), 29.0):
        safety.update_battery(percent)
    assert fly(safety, VelocityCommand(1.0)).rule == "battery"
    safety.update_battery(100.0)
    assert fly(safety, VelocityCommand(1.0), 3.05).rule == "none"


@pytest.mark.parametrize("percent", [-100.0, -1.0, 101.0, 5000.0, float("inf"), float("-inf")])
def test_a_charge_that_no_battery_has_is_not_believed_and_said_once(percent):
    safety = SafetyFilter()
    verdicts = []
    for index in range(60):
        safety.update_battery(percent)
        verdicts.append(fly(safety, VelocityCommand(), 0.05 * index, 0.0))
    told = [verdict for verdict in verdicts if verdict.rule != "none"]
    assert [(verdict.rule, verdict.action) for verdict in told] == [("battery", SafetyAction.PASS)]
    assert f"{percent:g}%" in told[0].reason and "0 to 100%" in told[0].reason


def test_an_impossible_charge_waits_with_its_remark_until_nothing_stricter_acts():
    safety = SafetyFilter()
    safety.update_battery(-100.0)
    assert safety.evaluate(0.0).rule == "waiting"
    assert fly(safety, VelocityCommand(), 0.05, 0.0).rule == "battery"
    safety.update_battery(90.0)
    assert fly(safety, VelocityCommand(), 0.1, 0.0).rule == "none"
    safety.update_battery(-100.0)
    assert fly(safety, VelocityCommand(), 0.15, 0.0).rule == "battery", "a reading that went wrong again is said again"


def test_an_impossible_charge_neither_hides_an_empty_battery_nor_lands_for_good():
    empty, full = SafetyFilter(), SafetyFilter()
    for percent in (10.0, 5000.0):
        empty.update_battery(percent)
    for percent in (-100.0, 90.0):
        full.update_battery(percent)
    assert fly(empty, VelocityCommand(1.0)).action is SafetyAction.LAND
    assert fly(full, VelocityCommand(1.0)).rule == "none"


def test_a_charge_a_rounding_error_beyond_empty_or_full_is_believed():
    empty, full = SafetyFilter(), SafetyFilter()
    empty.update_battery(-0.4)
    full.update_battery(100.4)
    assert fly(empty, VelocityCommand(1.0)).action is SafetyAction.LAND
    assert fly(full, VelocityCommand(), duration_s=0.0).rule == "none"


def test_a_command_refused_by_its_frame_stops_the_vehicle_and_says_why():
    safety = SafetyFilter()
    fly(safety, VelocityCommand(1.0))
    safety.refuse_command("the command is in frame 'map', not base_link", 3.0)
    safety.update_odometry(odometry(3.0), 3.0)
    verdict = safety.evaluate(3.0)
    assert verdict.rule == "command_invalid" and "'map'" in verdict.reason


def test_limits_that_change_in_flight_count_from_the_next_evaluation():
    safety = SafetyFilter()
    fly(safety, VelocityCommand(2.0))
    safety.reconfigure(SafetyConfig(max_forward_speed_m_s=0.5))
    assert fly(safety, VelocityCommand(2.0), 3.05, 0.05).command.forward_m_s <= 0.5 + 1e-6
