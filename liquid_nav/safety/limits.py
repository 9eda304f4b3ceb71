"""How fast and where to: each rule looks at a command and returns a milder one, or None when nothing is against it."""

from __future__ import annotations

import math
from collections.abc import Callable

from liquid_nav.safety.config import SafetyConfig
from liquid_nav.safety.geofence import clip_outward, fence_sides, stopping_speed
from liquid_nav.safety.ramp import Command
from liquid_nav.safety.situation import CLOSE, Finding, Situation
from liquid_nav.safety.surroundings import obstacle, separation
from liquid_nav.types import SafetyAction


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
    if not config.fence_enu_m:
        return None
    forward, left, up, _ = command
    cos, sin = math.cos(at.yaw_rad), math.sin(at.yaw_rad)
    east, north = cos * forward - sin * left, sin * forward + cos * left
    x, y, _ = at.position_enu_m
    sides, worst, nearest_m, in_margin = [], 0.0, math.inf, False
    for (to_east, to_north), distance in fence_sides(config.fence_enu_m, x, y):
        room = distance - config.brake_margin_m
        allowed = stopping_speed(room, config.brake_acceleration_m_s2, config.brake_reaction_s)
        sides.append((to_east, to_north, allowed))
        excess = to_east * east + to_north * north - allowed
        in_margin |= room <= 0.0 and excess > CLOSE
        if excess > worst:
            worst, nearest_m = excess, distance
    if worst <= CLOSE:
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
    if command[2] >= -allowed - CLOSE:
        return None
    why = f"at {height:.2f} m over a floor of {config.floor_m:g} m: {-command[2]:.2f} m/s down became {allowed:.2f} m/s"
    return Finding("floor", SafetyAction.LIMIT, (command[0], command[1], -allowed, command[3]), why)


def ceiling(command: Command, at: Situation, config: SafetyConfig) -> Finding | None:
    """Cap the climb so that the vehicle stops at the ceiling; descending is always allowed."""
    height = at.position_enu_m[2]
    allowed = stopping_speed(config.ceiling_m - height, config.brake_acceleration_m_s2, config.brake_reaction_s)
    if command[2] <= allowed + CLOSE:
        return None
    limit = f"at {height:.2f} m under a ceiling of {config.ceiling_m:g} m"
    why = f"{limit}: {command[2]:.2f} m/s up became {allowed:.2f} m/s"
    return Finding("ceiling", SafetyAction.LIMIT, (command[0], command[1], allowed, command[3]), why)


LIMITS: tuple[Callable[[Command, Situation, SafetyConfig], Finding | None], ...] = (
    speed_limit,
    obstacle,
    separation,
    geofence,
    floor,
    ceiling,
)
"""In the order they act: the fence has the last word on the way across, floor and ceiling on height."""
