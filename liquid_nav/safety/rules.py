"""The rules of the safety filter: one small function each, listed in the order they act.

A failsafe looks at what is missing and replaces the command; a limit looks at a command and returns a milder one.
Both answer with a :class:`Finding`, or with None when they have nothing against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from liquid_nav.safety.config import SafetyConfig
from liquid_nav.safety.geofence import clip_outward, stopping_speed
from liquid_nav.safety.ramp import Command
from liquid_nav.types import SafetyAction

STRICTNESS: tuple[str, ...] = (
    "none",
    "jerk_limit",
    "acceleration_limit",
    "speed_limit",
    "ceiling",
    "floor",
    "geofence",
    "waiting",
    "command_stale",
    "command_invalid",
    "estimate_stale",
)
"""Every rule name, the mildest first: of two that act equally strongly the later one is reported."""

HOVER: Command = (0.0, 0.0, 0.0, 0.0)
_CLOSE = 1e-9


@dataclass(slots=True)
class Situation:
    """What is known at the moment of an evaluation; times in seconds on the clock of the run.

    Attributes:
        now_s: the moment.
        command: the last valid command, None before the first.
        command_s: when that command was made.
        invalid_since_s: when the first of the latest run of invalid commands came, None after a valid one.
        invalid_value: what the invalid command held.
        estimate_s: when the last valid estimate was made; the first command's time when none came yet.
        estimated: an estimate has come.
        position_enu_m: (3,) where the vehicle should be now.
        yaw_rad: heading, counter-clockwise from east.
    """

    now_s: float = 0.0
    command: Command | None = None
    command_s: float = 0.0
    invalid_since_s: float | None = None
    invalid_value: str = ""
    estimate_s: float | None = None
    estimated: bool = False
    position_enu_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw_rad: float = 0.0


class Finding(NamedTuple):
    """What a rule answers: its name, how strongly it acts, the command it leaves and why."""

    rule: str
    action: SafetyAction
    command: Command
    reason: str


def waiting(at: Situation, config: SafetyConfig) -> Finding | None:
    """Hover until the first command comes."""
    if at.command is not None or at.invalid_since_s is not None:
        return None
    return Finding("waiting", SafetyAction.HOVER, HOVER, "no command has come yet: hovering")


def command_invalid(at: Situation, config: SafetyConfig) -> Finding | None:
    """Refuse NaN and infinite values."""
    if at.invalid_since_s is None:
        return None
    lost_s = at.now_s - at.invalid_since_s
    return _without_command("command_invalid", lost_s, f"the command holds {at.invalid_value}", config)


def command_stale(at: Situation, config: SafetyConfig) -> Finding | None:
    """Stop following a command that is no longer renewed."""
    if at.command is None:
        return None
    age_s = at.now_s - at.command_s
    if age_s <= config.command_timeout_s:
        return None
    why = f"the last command is {age_s:.2f} s old, more than {config.command_timeout_s:g} s"
    return _without_command("command_stale", age_s - config.command_timeout_s, why, config)


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


def speed_limit(command: Command, at: Situation, config: SafetyConfig) -> Finding | None:
    """Cap speeds; the horizontal direction is kept."""
    forward, left, up, yaw_rate = command
    speed = math.hypot(forward, left)
    scale = 1.0
    if speed > config.max_horizontal_speed_m_s:
        scale = config.max_horizontal_speed_m_s / speed
    if abs(forward) * scale > config.max_forward_speed_m_s:
        scale = config.max_forward_speed_m_s / abs(forward)
    capped_up = min(max(up, -config.max_down_m_s), config.max_up_m_s)
    capped_yaw = min(max(yaw_rate, -config.max_yaw_rate_rad_s), config.max_yaw_rate_rad_s)
    if scale == 1.0 and capped_up == up and capped_yaw == yaw_rate:
        return None
    why = (
        f"asked for {speed:.2f} m/s across, {up:+.2f} m/s up and {yaw_rate:+.2f} rad/s; allowed are "
        f"{config.max_horizontal_speed_m_s:g} m/s ({config.max_forward_speed_m_s:g} m/s forward), "
        f"{-config.max_down_m_s:g} to {config.max_up_m_s:+g} m/s and {config.max_yaw_rate_rad_s:g} rad/s"
    )
    return Finding("speed_limit", SafetyAction.LIMIT, (forward * scale, left * scale, capped_up, capped_yaw), why)


def geofence(command: Command, at: Situation, config: SafetyConfig) -> Finding | None:
    """Cap the speed towards each side of the fence so that the vehicle can stop inside it.

    It does not turn meanwhile: a velocity in the body frame turns with the body, and holding it against the turn would
    use up the acceleration that braking needs. Within the brake margin it does not slide along the fence either, but
    stops: two axes that change at their own pace would point outward on the way.
    """
    forward, left, up, _ = command
    cos, sin = math.cos(at.yaw_rad), math.sin(at.yaw_rad)
    east, north = cos * forward - sin * left, sin * forward + cos * left
    x, y, _ = at.position_enu_m
    sides, worst, nearest_m, in_margin = [], 0.0, math.inf, False
    for normal_east, normal_north, offset in config.fence_planes:
        distance = offset - normal_east * x - normal_north * y
        room = distance - config.brake_margin_m
        allowed = stopping_speed(room, config.brake_acceleration_m_s2, config.brake_reaction_s)
        sides.append((normal_east, normal_north, allowed))
        excess = normal_east * east + normal_north * north - allowed
        in_margin |= room <= 0.0 and excess > _CLOSE
        if excess > worst:
            worst, nearest_m = excess, distance
    if worst <= _CLOSE:
        return None
    new_east, new_north = (0.0, 0.0) if in_margin else clip_outward((east, north), sides)
    forward, left = cos * new_east + sin * new_north, cos * new_north - sin * new_east
    if abs(forward) > config.max_forward_speed_m_s:  # what is left may point more forward than what was asked
        forward, left = (part * config.max_forward_speed_m_s / abs(forward) for part in (forward, left))
    where = f"{nearest_m:.1f} m inside" if nearest_m >= 0.0 else f"{-nearest_m:.1f} m outside"
    why = f"the vehicle is {where} the fence: {worst:.2f} m/s of its speed outward were taken off"
    return Finding("geofence", SafetyAction.LIMIT, (forward, left, up, 0.0), why)


def floor(command: Command, at: Situation, config: SafetyConfig) -> Finding | None:
    """Cap the descent so that the vehicle stops at the floor; climbing is always allowed."""
    height = at.position_enu_m[2]
    allowed = stopping_speed(height - config.floor_m, config.brake_acceleration_m_s2, config.brake_reaction_s)
    if command[2] >= -allowed - _CLOSE:
        return None
    why = f"at {height:.2f} m over a floor of {config.floor_m:g} m: {-command[2]:.2f} m/s down became {allowed:.2f} m/s"
    return Finding("floor", SafetyAction.LIMIT, (command[0], command[1], -allowed, command[3]), why)


def ceiling(command: Command, at: Situation, config: SafetyConfig) -> Finding | None:
    """Cap the climb so that the vehicle stops at the ceiling; descending is always allowed."""
    height = at.position_enu_m[2]
    allowed = stopping_speed(config.ceiling_m - height, config.brake_acceleration_m_s2, config.brake_reaction_s)
    if command[2] <= allowed + _CLOSE:
        return None
    limit = f"at {height:.2f} m under a ceiling of {config.ceiling_m:g} m"
    why = f"{limit}: {command[2]:.2f} m/s up became {allowed:.2f} m/s"
    return Finding("ceiling", SafetyAction.LIMIT, (command[0], command[1], allowed, command[3]), why)


def _without_command(rule: str, lost_s: float, why: str, config: SafetyConfig) -> Finding:
    """Escalate with the time since the command was lost: hover, hold, land."""
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
    estimate_stale,
)
LIMITS: tuple[Callable[[Command, Situation, SafetyConfig], Finding | None], ...] = (
    speed_limit,
    geofence,
    floor,
    ceiling,
)
