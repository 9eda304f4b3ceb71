"""The geometry of a convex fence and of stopping before it. Plain floats, world frame ENU."""

from __future__ import annotations

import math
from collections.abc import Sequence

from liquid_nav.errors import ConfigError

Plane = tuple[float, float, float]
"""One side of a fence: outward unit normal (east, north) and offset; inside where normal . position < offset."""


def box_planes(centre_enu_m: tuple[float, float], half_size_m: float) -> tuple[Plane, ...]:
    """Return the four sides of a square that stands east-north."""
    east, north = centre_enu_m
    return (
        (1.0, 0.0, half_size_m + east),
        (-1.0, 0.0, half_size_m - east),
        (0.0, 1.0, half_size_m + north),
        (0.0, -1.0, half_size_m - north),
    )


def polygon_planes(corners_enu_m: Sequence[tuple[float, float]]) -> tuple[Plane, ...]:
    """Return the sides of a convex polygon whose corners go round either way.

    Raises:
        ConfigError: for fewer than three corners, repeated corners or a polygon that is not convex.
    """
    count = len(corners_enu_m)
    if count < 3:
        raise ConfigError(f"geofence_polygon_enu_m has {count} corners: use three or more")
    edges = [
        (end[0] - start[0], end[1] - start[1])
        for start, end in zip(corners_enu_m, [*corners_enu_m[1:], corners_enu_m[0]], strict=True)
    ]
    lengths = [math.hypot(*edge) for edge in edges]
    if min(lengths) < 1e-3:
        raise ConfigError("geofence_polygon_enu_m repeats a corner: name each corner once, without closing the ring")
    turns = [
        math.atan2(one[0] * two[1] - one[1] * two[0], one[0] * two[0] + one[1] * two[1])
        for one, two in zip(edges, [*edges[1:], edges[0]], strict=True)
    ]
    sense = math.copysign(1.0, sum(turns))
    one_round = abs(abs(sum(turns)) - 2.0 * math.pi) < 1e-6
    if not one_round or min(sense * turn for turn in turns) < -1e-9 or max(map(abs, turns)) > math.pi - 1e-6:
        raise ConfigError(
            f"geofence_polygon_enu_m with {count} corners is not convex: list the corners of a convex area in order"
        )
    planes = []
    for (x, y), (dx, dy), length in zip(corners_enu_m, edges, lengths, strict=True):
        normal = (sense * dy / length, -sense * dx / length)
        planes.append((*normal, normal[0] * x + normal[1] * y))
    return tuple(planes)


def stopping_speed(distance_m: float, acceleration_m_s2: float, reaction_s: float) -> float:
    """Return the speed from which the vehicle stops within a distance, 0 when there is none left.

    It covers ``v * reaction + v^2 / (2 * acceleration)``; without a reaction time this is ``sqrt(2 a d)``.
    """
    if not distance_m > 0.0:
        return 0.0
    lost = acceleration_m_s2 * reaction_s
    return math.sqrt(lost * lost + 2.0 * acceleration_m_s2 * distance_m) - lost


def clip_outward(
    velocity_enu_m_s: tuple[float, float], sides: Sequence[tuple[float, float, float]]
) -> tuple[float, float]:
    """Take from a horizontal velocity what exceeds the outward speed allowed at each side.

    Args:
        velocity_enu_m_s: (2,) east and north.
        sides: outward unit normal (east, north) and the speed allowed along it, 0 or more.
    """
    east, north = velocity_enu_m_s
    for _ in range(3):
        changed = False
        for normal_east, normal_north, allowed in sides:
            excess = normal_east * east + normal_north * north - allowed
            if excess > 1e-12:
                east, north = east - excess * normal_east, north - excess * normal_north
                changed = True
        if not changed:
            return east, north
    # In an acute corner one side's clip can break the other's: shrinking towards zero respects all of them.
    scale = 1.0
    for normal_east, normal_north, allowed in sides:
        outward = normal_east * east + normal_north * north
        if outward > allowed:
            scale = min(scale, allowed / outward)
    return scale * east, scale * north
