"""Advertising columns close inside the bends of a walk: they hide the person from whoever follows on the same way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim_worlds.city_builder import CityBuilder
from sim_worlds.route import Path
from sim_worlds.scene import Collider

RADIUS_M, HALF_HEIGHT_M = 0.52, 1.55
INSIDE_M = 1.15
"""Distance of a column's middle from both legs of a bend. People cut corners and still pass it a third of a metre
away; from 3 to 4 m behind them it stands in the line of sight while they come out of the bend."""
ROOM_M = 0.8
"""Free on both sides of a way round the outside of the bend."""
DETOURS_M = (0.3, 0.45, 0.6, 0.75, 0.9)
REACH_M = 3.0

Points = NDArray[np.float64]


def add_occluders(city: CityBuilder, path: Path) -> list[tuple[float, float]]:
    """Put a column inside every bend that can be flown round with ``ROOM_M`` to spare; return where they stand."""
    placed: list[tuple[float, float]] = []
    for before, bend, after in zip(path.points, path.points[1:], path.points[2:], strict=False):
        inward = np.sign(np.round(before - bend, 6)) + np.sign(np.round(after - bend, 6))
        if np.abs(inward).min() < 0.5:
            continue  # straight on
        x, y = (float(value) for value in bend + INSIDE_M * inward)
        column = Collider("cylinder", (x, y, HALF_HEIGHT_M), (RADIUS_M, RADIUS_M, HALF_HEIGHT_M), label="column")
        beside_all_legs = path.distance_to((x, y)) > INSIDE_M - 0.01
        if beside_all_legs and (x, y) not in placed and _has_way_round(before, bend, after, [*city.colliders, column]):
            city.place("column", x, y, 0.0, "column", RADIUS_M, HALF_HEIGHT_M)
            placed.append((x, y))
    return placed


def _has_way_round(before: Points, bend: Points, after: Points, solids: Sequence[Collider]) -> bool:
    near = [each for each in solids if np.hypot(*(np.array(each.centre_enu_m[:2]) - bend)) < 12.0]
    return any(clearance_m(way_round(before, bend, after, aside), near) >= ROOM_M for aside in DETOURS_M)


def way_round(before: Points, bend: Points, after: Points, aside_m: float) -> Points:
    """Return points (points, 2) of a way through a bend, up to ``REACH_M`` before and after, outside by ``aside_m``."""
    legs = []
    for end in (before, after):
        length = float(np.hypot(*(end - bend)))
        legs.append((end - bend) / length * min(REACH_M, length))
    first, last = legs
    outward = -aside_m * (np.sign(np.round(first, 6)) + np.sign(np.round(last, 6)))
    # Parallel to both legs: the corner moves outwards along both, the ends across their own legs alone.
    begin = bend + first + np.where(np.abs(first) > 1e-6, 0.0, outward)
    end = bend + last + np.where(np.abs(last) > 1e-6, 0.0, outward)
    corner = bend + outward
    share = np.linspace(0.0, 1.0, 40)[:, None]
    return np.concatenate([begin + share * (corner - begin), corner + share * (end - corner)])


def clearance_m(points: Points, solids: Sequence[Collider]) -> float:
    """Return the least distance between points (points, 2) and the outlines of solids; 0 where one is inside."""
    least = np.inf
    for solid in solids:
        offsets = points - np.array(solid.centre_enu_m[:2])
        if solid.shape == "box":
            cos, sin = np.cos(solid.yaw_rad), np.sin(solid.yaw_rad)
            local = np.abs(offsets @ np.array([[cos, -sin], [sin, cos]])) - np.array(solid.size_m[:2])
            away = np.hypot(*np.maximum(local, 0.0).T)
        else:
            away = np.maximum(np.hypot(*offsets.T) - solid.size_m[0], 0.0)
        least = min(least, float(away.min()))
    return least
