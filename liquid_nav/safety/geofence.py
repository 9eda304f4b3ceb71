"""The geometry of a fence of any shape and of stopping before it. Plain floats, world frame ENU.

A fence is a ring of corners. Seen from inside, every edge is an obstacle: the speed towards its nearest point is at
most one from which the vehicle stops in time, which holds for corners that point inwards too. A circle is a ring of
many corners that lies inside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from liquid_nav.errors import ConfigError

Corner = tuple[float, float]
"""East and north in metres."""

CIRCLE_CORNERS = 48
_SHORTEST_EDGE_M = 1e-3


class Side(NamedTuple):
    """One edge of a fence as the vehicle meets it.

    Attributes:
        towards: unit vector (east, north) along which the vehicle must not fly too fast.
        distance_m: to the nearest point of the edge; negative outside the fence.
    """

    towards: tuple[float, float]
    distance_m: float


def square_corners(centre_enu_m: Corner, half_size_m: float) -> tuple[Corner, ...]:
    """Return the corners of a square that stands east-north."""
    east, north = centre_enu_m
    return tuple((east + a * half_size_m, north + b * half_size_m) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)))


def circle_corners(centre_enu_m: Corner, radius_m: float) -> tuple[Corner, ...]:
    """Return corners on a circle; the fence between them lies at most 0.3% of the radius inside it."""
    angles = [2.0 * math.pi * index / CIRCLE_CORNERS for index in range(CIRCLE_CORNERS)]
    east, north = centre_enu_m
    return tuple((east + radius_m * math.cos(angle), north + radius_m * math.sin(angle)) for angle in angles)


def check_polygon(corners_enu_m: Sequence[Corner]) -> None:
    """Accept a simple polygon, convex or not, whose corners go round either way.

    Raises:
        ConfigError: for fewer than three corners, repeated corners or edges that cross.
    """
    count = len(corners_enu_m)
    if count < 3:
        raise ConfigError(f"geofence_polygon_enu_m has {count} corners: use three or more")
    edges = _edges(corners_enu_m)
    if min(math.dist(*edge) for edge in edges) < _SHORTEST_EDGE_M:
        raise ConfigError("geofence_polygon_enu_m repeats a corner: name each corner once, without closing the ring")
    for one in range(count):
        for two in range(one + 1, count):
            neighbours = two == one + 1 or (one == 0 and two == count - 1)
            crossed = _fold_back(edges[one], edges[two]) if neighbours else _cross(edges[one], edges[two])
            if crossed:
                raise ConfigError(
                    f"geofence_polygon_enu_m crosses itself between corners {one + 1} and {two + 1}: "
                    "list the corners in the order in which one walks round the area"
                )


def contains(corners_enu_m: Sequence[Corner], east: float, north: float) -> bool:
    """Return whether a place is inside the ring."""
    inside = False
    for (x1, y1), (x2, y2) in _edges(corners_enu_m):
        if (y1 > north) != (y2 > north) and east < x1 + (x2 - x1) * (north - y1) / (y2 - y1):
            inside = not inside
    return inside


def fence_sides(corners_enu_m: Sequence[Corner], east: float, north: float) -> list[Side]:
    """Return what the fence asks of a vehicle at a place.

    Inside, every edge limits the speed towards it. Outside, the nearest edge alone counts: away from it is forbidden.
    """
    nearest = [_nearest(edge, east, north) for edge in _edges(corners_enu_m)]
    if contains(corners_enu_m, east, north):
        return [_side(edge, near, east, north) for edge, near in zip(_edges(corners_enu_m), nearest, strict=True)]
    x, y = min(nearest, key=lambda point: math.hypot(point[0] - east, point[1] - north))
    distance = math.hypot(x - east, y - north)
    if distance == 0.0:
        return [Side((0.0, 0.0), 0.0)]
    return [Side(((east - x) / distance, (north - y) / distance), -distance)]


def stopping_speed(distance_m: float, acceleration_m_s2: float, reaction_s: float) -> float:
    """Return the speed from which the vehicle stops within a distance, 0 when there is none left.

    It covers ``v * reaction + v^2 / (2 * acceleration)``; without a reaction time this is ``sqrt(2 a d)``.
    """
    if not distance_m > 0.0:
        return 0.0
    lost = acceleration_m_s2 * reaction_s
    return math.sqrt(lost * lost + 2.0 * acceleration_m_s2 * distance_m) - lost


def clip_outward(
    velocity_m_s: tuple[float, float], sides: Sequence[tuple[float, float, float]]
) -> tuple[float, float]:
    """Take from a horizontal velocity what exceeds the speed allowed towards each side.

    Args:
        velocity_m_s: (2,) in any level frame.
        sides: unit vector in that frame and the speed allowed along it, 0 or more.
    """
    x, y = velocity_m_s
    for _ in range(3):
        changed = False
        for side_x, side_y, allowed in sides:
            excess = side_x * x + side_y * y - allowed
            if excess > 1e-12:
                x, y = x - excess * side_x, y - excess * side_y
                changed = True
        if not changed:
            return x, y
    # In an acute corner one side's clip can break the other's: shrinking towards zero respects all of them.
    scale = 1.0
    for side_x, side_y, allowed in sides:
        towards = side_x * x + side_y * y
        if towards > allowed:
            scale = min(scale, allowed / towards)
    return scale * x, scale * y


Edge = tuple[Corner, Corner]


def _edges(corners: Sequence[Corner]) -> list[Edge]:
    return list(zip(corners, [*corners[1:], corners[0]], strict=True))


def _nearest(edge: Edge, east: float, north: float) -> Corner:
    (x1, y1), (x2, y2) = edge
    dx, dy = x2 - x1, y2 - y1
    along = ((east - x1) * dx + (north - y1) * dy) / (dx * dx + dy * dy)
    share = min(max(along, 0.0), 1.0)
    return x1 + share * dx, y1 + share * dy


def _side(edge: Edge, nearest: Corner, east: float, north: float) -> Side:
    dx, dy = nearest[0] - east, nearest[1] - north
    distance = math.hypot(dx, dy)
    if distance > 1e-9:
        return Side((dx / distance, dy / distance), distance)
    (x1, y1), (x2, y2) = edge  # on the edge itself: whichever way, nothing across it
    length = math.hypot(x2 - x1, y2 - y1)
    return Side(((y2 - y1) / length, (x1 - x2) / length), 0.0)


def _turn(a: Corner, b: Corner, c: Corner) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(one: Edge, two: Edge) -> bool:
    """Return whether two edges that share no corner meet."""
    (a, b), (c, d) = one, two
    if _turn(a, b, c) * _turn(a, b, d) < 0.0 and _turn(c, d, a) * _turn(c, d, b) < 0.0:
        return True
    touching = ((one, c), (one, d), (two, a), (two, b))
    return any(math.dist(_nearest(edge, *point), point) < _SHORTEST_EDGE_M for edge, point in touching)


def _fold_back(one: Edge, two: Edge) -> bool:
    """Return whether two edges that share a corner lie on each other."""
    ends = set(one) ^ set(two)
    pairs = [(edge, end) for edge in (one, two) for end in ends - set(edge)]
    return any(math.dist(_nearest(edge, *end), end) < _SHORTEST_EDGE_M for edge, end in pairs)
