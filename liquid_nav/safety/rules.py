"""The rules of the filter, one small function each, on plain floats for speed.

A velocity is a list of four: forward, left, up (m/s, level body frame) and yaw rate (rad/s).
"""

from __future__ import annotations

import math

from liquid_nav.safety.config import SafetyConfig

Velocity = list[float]


def limit_speed(velocity: Velocity, config: SafetyConfig) -> str | None:
    """Shorten the horizontal velocity, cap climb, descent and yaw rate; say what was too fast."""
    speed = math.hypot(velocity[0], velocity[1])
    said = None
    if speed > config.max_horizontal_speed_m_s:
        shrink = config.max_horizontal_speed_m_s / speed
        velocity[0] *= shrink
        velocity[1] *= shrink
        said = f"horizontal speed {speed:.1f} m/s is over {config.max_horizontal_speed_m_s:.1f}"
    if not -config.max_down_m_s <= velocity[2] <= config.max_up_m_s:
        said = said or f"vertical speed {velocity[2]:.1f} m/s is over the limit"
        velocity[2] = min(max(velocity[2], -config.max_down_m_s), config.max_up_m_s)
    if abs(velocity[3]) > config.max_yaw_rate_rad_s:
        said = said or f"yaw rate {velocity[3]:.1f} rad/s is over {config.max_yaw_rate_rad_s:.1f}"
        velocity[3] = math.copysign(config.max_yaw_rate_rad_s, velocity[3])
    return said


def limit_to_fence(
    velocity: Velocity, east_m: float, north_m: float, yaw_rad: float, config: SafetyConfig
) -> str | None:
    """Slow the way out of the fence so that the vehicle can stop inside it."""
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    east = cos * velocity[0] - sin * velocity[1]
    north = sin * velocity[0] + cos * velocity[1]
    half = config.fence_half_size_m
    allowed_east = _between(
        east, half + east_m - config.fence_centre_east_m, half - east_m + config.fence_centre_east_m, config
    )
    allowed_north = _between(
        north, half + north_m - config.fence_centre_north_m, half - north_m + config.fence_centre_north_m, config
    )
    if allowed_east == east and allowed_north == north:
        return None
    velocity[0] = cos * allowed_east + sin * allowed_north
    velocity[1] = -sin * allowed_east + cos * allowed_north
    return f"the fence is near at east {east_m:.1f} m, north {north_m:.1f} m"


def limit_to_floor(velocity: Velocity, height_m: float, config: SafetyConfig) -> str | None:
    """Slow the way down to the floor; below it only climbing is left."""
    lowest = -stopping_speed(height_m - config.floor_m, config)
    if velocity[2] >= lowest:
        return None
    velocity[2] = lowest
    return f"{height_m:.1f} m is near the floor at {config.floor_m:.1f} m"


def limit_to_ceiling(velocity: Velocity, height_m: float, config: SafetyConfig) -> str | None:
    """Slow the way up to the ceiling; above it only descending is left."""
    highest = stopping_speed(config.ceiling_m - height_m, config)
    if velocity[2] <= highest:
        return None
    velocity[2] = highest
    return f"{height_m:.1f} m is near the ceiling at {config.ceiling_m:.1f} m"


def stopping_speed(distance_m: float, config: SafetyConfig) -> float:
    """Return the speed from which the vehicle stops within a distance, reaction time included; 0 beyond it."""
    if distance_m <= 0.0:
        return 0.0
    lost = config.braking_m_s2 * config.reaction_s
    return math.sqrt(lost * lost + 2.0 * config.braking_m_s2 * distance_m) - lost


def slew(wanted: float, value: float, rate: float, max_rate: float, max_jerk: float, dt: float) -> tuple[float, float]:
    """Move ``value`` towards ``wanted`` with bounded rate and change of rate; return both new values."""
    error = wanted - value
    if abs(error) <= max_jerk * dt * dt and abs(rate) <= max_jerk * dt:
        return wanted, 0.0
    # The rate from which one can still come to rest at the wanted value in steps of dt.
    change = max_jerk * dt
    resting = change * (math.sqrt(0.25 + 2.0 * abs(error) / (change * dt)) - 0.5)
    best = math.copysign(min(max_rate, resting), error)
    rate = min(max(best, rate - change), rate + change)
    return value + rate * dt, rate


def _between(velocity: float, room_below_m: float, room_above_m: float, config: SafetyConfig) -> float:
    return min(max(velocity, -stopping_speed(room_below_m, config)), stopping_speed(room_above_m, config))
