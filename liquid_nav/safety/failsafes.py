"""What is missing or wrong: each rule replaces the command, and answers None when it has nothing against flying on."""

from __future__ import annotations

import math
from collections.abc import Callable

from liquid_nav.safety.config import SafetyConfig
from liquid_nav.safety.ramp import Command
from liquid_nav.safety.situation import HOVER, Finding, Situation
from liquid_nav.types import SafetyAction

TURN_M_PER_RAD = 1.0


def waiting(at: Situation, config: SafetyConfig) -> Finding | None:
    """Hover until the first command comes."""
    if at.command is not None or at.invalid_since_s is not None:
        return None
    return Finding("waiting", SafetyAction.HOVER, HOVER, "no command has come yet: hovering")


def command_invalid(at: Situation, config: SafetyConfig) -> Finding | None:
    """Refuse NaN, infinite values and foreign frames."""
    if at.invalid_since_s is None:
        return None
    return _without_input("command_invalid", at.now_s - at.invalid_since_s, at.invalid_reason, config)


def command_stale(at: Situation, config: SafetyConfig) -> Finding | None:
    """Stop following a command that is no longer renewed."""
    if at.command is None:
        return None
    age_s = at.now_s - at.command_s
    if age_s <= config.command_timeout_s:
        return None
    why = f"the last command is {age_s:.2f} s old, more than {config.command_timeout_s:g} s"
    return _without_input("command_stale", age_s - config.command_timeout_s, why, config)


def camera_frozen(at: Situation, config: SafetyConfig) -> Finding | None:
    """Trust no camera that shows one image again and again while the vehicle moves."""
    picture = at.picture
    if picture is None or config.frozen_after_s == 0.0 or picture.repeats == 0:
        return None
    same_s = at.now_s - picture.since_s
    if same_s <= config.frozen_after_s:
        return None
    if config.frozen_motion_m > 0.0:
        turn = abs(math.remainder(at.yaw_rad - picture.yaw_rad, 2.0 * math.pi))
        if math.dist(at.position_enu_m, picture.position_enu_m) + TURN_M_PER_RAD * turn < config.frozen_motion_m:
            return None
    why = f"the camera has repeated one image for {same_s:.2f} s, more than {config.frozen_after_s:g} s"
    return _without_input("camera_frozen", same_s - config.frozen_after_s, why, config)


def range_stale(at: Situation, config: SafetyConfig) -> Finding | None:
    """Stop when a range sensor that has worked falls silent."""
    if at.echoes_s is None:
        return None
    age_s = at.now_s - at.echoes_s
    if age_s <= config.range_timeout_s:
        return None
    why = f"the last ranges are {age_s:.2f} s old, more than {config.range_timeout_s:g} s"
    return _without_input("range_stale", age_s - config.range_timeout_s, why, config)


def battery(at: Situation, config: SafetyConfig) -> Finding | None:
    """Hold with a low battery, land with a critical one."""
    charge = at.battery_percent
    if charge is None or charge > config.battery_low_percent:
        return None
    if charge <= config.battery_critical_percent:
        why = f"the battery is at {charge:.0f}%, critical is {config.battery_critical_percent:g}%: landing"
        return Finding("battery", SafetyAction.LAND, _land(config), why)
    why = f"the battery is at {charge:.0f}%, low is {config.battery_low_percent:g}%: holding the position"
    return Finding("battery", SafetyAction.HOLD, HOVER, why)


def estimate_stale(at: Situation, config: SafetyConfig) -> Finding | None:
    """Stop, then land, when it is not known where the vehicle is."""
    if at.estimate_s is None:
        return None
    age_s = at.now_s - at.estimate_s
    if at.estimated and age_s <= config.estimate_timeout_s:
        return None
    why = (
        f"the last estimate is {age_s:.2f} s old, more than {config.estimate_timeout_s:g} s"
        if at.estimated
        else f"no estimate has come for {age_s:.2f} s"
    )
    if age_s - config.estimate_timeout_s >= config.blind_land_after_s:
        return Finding("estimate_stale", SafetyAction.LAND, _land(config), f"{why}: landing")
    return Finding("estimate_stale", SafetyAction.HOVER, HOVER, f"{why}: hovering")


def _without_input(rule: str, lost_s: float, why: str, config: SafetyConfig) -> Finding:
    """Escalate with the time since an input was lost: hover, hold, land."""
    if lost_s >= config.land_after_s:
        return Finding(rule, SafetyAction.LAND, _land(config), f"{why}: landing")
    if lost_s >= config.hold_after_s:
        return Finding(rule, SafetyAction.HOLD, HOVER, f"{why}: holding the position")
    return Finding(rule, SafetyAction.HOVER, HOVER, f"{why}: hovering")


def _land(config: SafetyConfig) -> Command:
    return (0.0, 0.0, -config.land_speed_m_s, 0.0)


FAILSAFES: tuple[Callable[[Situation, SafetyConfig], Finding | None], ...] = (
    waiting,
    command_invalid,
    command_stale,
    camera_frozen,
    range_stale,
    battery,
    estimate_stale,
)
