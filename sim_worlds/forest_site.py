"""Where things can be put up in a forest that has grown: beside the way, on the ground, clear of trees and sight."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim_worlds.forest_ground import BEYOND_M as LAND_BEYOND_M
from sim_worlds.forest_ground import Trail, heights_at
from sim_worlds.forest_planting import Stand
from sim_worlds.forest_target import BORDER_M, Plan
from sim_worlds.placement import gaps_m, samples
from sim_worlds.scene import Collider, Float3, Ground

Array = NDArray[np.float64]
TREE_GAP_M = 0.35
TRAIL_GAP_M = 0.6
SUNK_M = 0.25


class Gaps(NamedTuple):
    """Room that something leaves to the straight way to the target and to its ends."""

    line_m: float
    start_m: float
    pack_m: float


class Site:
    """The way to the target and what grows beside it.

    Args:
        plan: start and target.
        stand: the trees.
        ground: their ground.
        trail: a path that stays free, where there is one.
    """

    def __init__(self, plan: Plan, stand: Stand, ground: Ground, trail: Trail | None) -> None:
        self.plan, self.stand, self.ground, self.trail = plan, stand, ground, trail
        way = plan.pack_m - plan.start_m
        self.length_m = float(np.hypot(*way))
        self.yaw_rad = float(np.arctan2(way[1], way[0]))
        self._ahead, self._left = way / self.length_m, np.array([-way[1], way[0]]) / self.length_m
        self._line = samples([(float(x), float(y)) for x, y in (plan.start_m, plan.pack_m)])

    def spot(self, along_m: float, aside_m: float) -> Array:
        """Return the point (2,) so far along the way from the start and to the left of it."""
        return np.asarray(self.plan.start_m + along_m * self._ahead + aside_m * self._left)

    def fits(self, solid: Collider, gaps: Gaps) -> bool:
        """True when a solid touches neither trees nor trail and keeps the gaps to the straight way and its ends."""
        reach = float(np.hypot(*solid.size_m[:2]))
        spot = np.array(solid.centre_enu_m[:2])
        if np.abs(spot).max() + reach > self.ground.half_size_m - LAND_BEYOND_M - BORDER_M:
            return False
        if self.trail is not None and self.trail.distance_m(spot[None])[0] < reach + TRAIL_GAP_M:
            return False
        to_start, to_pack = gaps_m(np.array([self.plan.start_m, self.plan.pack_m]), [solid])
        stand = self.stand
        near_trees = len(stand.spots_m) and (gaps_m(stand.spots_m, [solid]) - stand.radii_m).min() < TREE_GAP_M
        clear = gaps_m(self._line, [solid]).min() > gaps.line_m and to_start > gaps.start_m and to_pack > gaps.pack_m
        return bool(clear and not near_trees)


def stood(
    kind: str,
    spot: Array,
    half_size_m: Float3,
    yaw_rad: float,
    ground: Ground,
    *,
    shape: Literal["box", "cylinder"] = "box",
) -> Collider:
    """Return a solid at a point (2,), a little sunk in the lowest ground along it."""
    across = half_size_m[0] * np.array([[np.cos(yaw_rad), np.sin(yaw_rad)]])
    floor = float(heights_at(ground, np.concatenate([spot - across, spot[None], spot + across])).min())
    centre = (float(spot[0]), float(spot[1]), floor - SUNK_M + half_size_m[2])
    return Collider(shape, centre, half_size_m, yaw_rad, label=kind)
