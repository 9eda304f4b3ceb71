"""What is near: each rule takes speed towards it from a command, and answers None when nothing is too near."""

from __future__ import annotations

import math
from collections.abc import Sequence

from liquid_nav.safety.config import SafetyConfig
from liquid_nav.safety.geofence import clip_outward, stopping_speed
from liquid_nav.safety.ramp import Command
from liquid_nav.safety.situation import CLOSE, Echo, Finding, Neighbour, Situation, Vector
from liquid_nav.types import SafetyAction

SECTORS = 72
"""Directions in which echoes are kept apart."""


def nearest_echoes(bearings_rad: Sequence[float], distances_m: Sequence[float]) -> tuple[Echo, ...]:
    """Return the nearest echo of each sector of 5 degrees.

    Args:
        bearings_rad: in the level body frame, left is positive.
        distances_m: an infinite one means nothing is there, NaN that nothing was measured; one that is not positive
            means nearer than the sensor can see (REP-117).
    """
    nearest: dict[int, Echo] = {}
    for bearing, distance in zip(bearings_rad, distances_m, strict=True):
        if math.isnan(distance) or distance == math.inf or not math.isfinite(bearing):
            continue
        sector = round(bearing * SECTORS / (2.0 * math.pi)) % SECTORS
        echo = Echo(bearing, max(distance, 0.0))
        if sector not in nearest or echo.distance_m < nearest[sector].distance_m:
            nearest[sector] = echo
    return tuple(nearest.values())


def obstacle(command: Command, at: Situation, config: SafetyConfig) -> Finding | None:
    """Fly slowly in the slow zone, and stop before the stop zone of what a range sensor sees."""
    if not at.echoes:
        return None
    forward, left, up, yaw_rate = command
    nearest = min(echo.distance_m for echo in at.echoes)
    speed = math.hypot(forward, left)
    if nearest < config.obstacle_slow_m and speed > config.obstacle_slow_speed_m_s:
        scale = config.obstacle_slow_speed_m_s / speed
        forward, left = scale * forward, scale * left
    acceleration, reaction = config.brake_acceleration_m_s2, config.brake_reaction_s
    sides = [
        (
            math.cos(echo.bearing_rad),
            math.sin(echo.bearing_rad),
            stopping_speed(echo.distance_m - config.obstacle_stop_m, acceleration, reaction),
        )
        for echo in at.echoes
    ]
    forward, left = clip_outward((forward, left), sides)
    lost = math.hypot(command[0] - forward, command[1] - left)
    if lost <= CLOSE:
        return None
    zone = "stop" if nearest <= config.obstacle_stop_m else "slow" if nearest < config.obstacle_slow_m else "braking"
    why = f"something is {nearest:.2f} m away, in the {zone} zone: {lost:.2f} m/s were taken off"
    return Finding("obstacle", SafetyAction.LIMIT, (forward, left, up, yaw_rate), why)


def separation(command: Command, at: Situation, config: SafetyConfig) -> Finding | None:
    """Keep a distance to other drones by a control barrier, each doing half of what is needed.

    With the room ``h = distance - separation_m`` two drones that brake at ``a`` may close in at the speed from which
    ``2 a`` stops them within ``h``. Half of it is this vehicle's, and less when the other uses more than its half;
    inside the margin it backs off. What is not heard any more may be nearer: its room shrinks by its age times the
    greatest speed.
    """
    if not at.neighbours:
        return None
    forward, left, up, yaw_rate = command
    cos, sin = math.cos(at.yaw_rad), math.sin(at.yaw_rad)
    wanted = (cos * forward - sin * left, sin * forward + cos * left, up)
    barriers = [(name, *_barrier(other, at, config)) for name, other in at.neighbours.items()]
    velocity = _keep(wanted, [(towards, allowed) for _, towards, allowed, _ in barriers], config)
    lost = math.dist(velocity, wanted)
    if lost <= CLOSE:
        return None
    name, _, _, distance = min(barriers, key=lambda barrier: barrier[3])
    east, north, up = velocity
    flown = (cos * east + sin * north, cos * north - sin * east, up, yaw_rate)
    why = f"{name} is {distance:.1f} m away, {config.separation_m:g} m are kept: {lost:.2f} m/s were changed"
    return Finding("separation", SafetyAction.LIMIT, flown, why)


def _barrier(other: Neighbour, at: Situation, config: SafetyConfig) -> tuple[Vector, float, float]:
    """Return the unit vector towards a neighbour, the speed allowed along it and the distance."""
    age_s = max(at.now_s - other.stamp_s, 0.0)
    known_s = min(age_s, config.estimate_timeout_s)
    place = [p + v * known_s for p, v in zip(other.position_enu_m, other.velocity_enu_m_s, strict=True)]
    away = [p - own for p, own in zip(place, at.position_enu_m, strict=True)]
    distance = math.hypot(*away)
    towards: Vector = (1.0, 0.0, 0.0) if distance < 1e-6 else (
        away[0] / distance, away[1] / distance, away[2] / distance
    )  # fmt: skip
    room = distance - config.separation_m - (age_s - known_s) * config.max_horizontal_speed_m_s
    closing = stopping_speed(room, 2.0 * config.brake_acceleration_m_s2, config.brake_reaction_s)
    comes = -sum(v * n for v, n in zip(other.velocity_enu_m_s, towards, strict=True))
    own = min(0.5 * closing, closing - comes)
    if age_s > config.estimate_timeout_s:
        own = max(own, 0.0)  # nobody knows where it flies now: not towards it, but no fleeing from it either
    elif room < 0.0:
        own = min(own, room)  # m/s: it leaves the margin within about a second
    return towards, own, distance


def _keep(velocity: Vector, barriers: list[tuple[Vector, float]], config: SafetyConfig) -> Vector:
    """Return the velocity nearest to the one wanted that respects all barriers, standing still where none does."""
    east, north, up = velocity
    for _ in range(4):
        worst = 0.0
        for (x, y, z), allowed in barriers:
            excess = x * east + y * north + z * up - allowed
            if excess > 1e-12:
                worst = max(worst, excess)
                east, north, up = east - excess * x, north - excess * y, up - excess * z
        if worst <= CLOSE:
            break
    else:
        if any(x * east + y * north + z * up > max(allowed, 0.0) + CLOSE for (x, y, z), allowed in barriers):
            return (0.0, 0.0, 0.0)
    across = math.hypot(east, north)
    scale = min(1.0, config.max_horizontal_speed_m_s / across) if across > 0.0 else 1.0
    return scale * east, scale * north, min(max(up, -config.max_down_m_s), config.max_up_m_s)
