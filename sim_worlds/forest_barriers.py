"""Walls of the woods: timber and rock faces beside the way to the target, or lanes of them, never across the sight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim_worlds.forest_extras import Extras
from sim_worlds.forest_ground import BEYOND_M as LAND_BEYOND_M
from sim_worlds.forest_ground import Trail, heights_at
from sim_worlds.forest_planting import Stand
from sim_worlds.forest_target import BORDER_M, Plan
from sim_worlds.models.deadwood import FACE_SIZE_M, STACK_SIZE_M, rock_face, timber_stack
from sim_worlds.placement import gaps_m, samples
from sim_worlds.scene import Collider, Float3, Ground, Instance

Array = NDArray[np.float64]
SIZES_M: dict[str, Float3] = {"timber stack": STACK_SIZE_M, "rock face": FACE_SIZE_M}
CATEGORY_OF = {"timber stack": "tree", "rock face": "rock"}
KINDS = tuple(SIZES_M)
FEWEST, MOST = 3, 6
LANE_SHARE, OPENING_SHARE = 0.45, 0.15
LANE_ROOM_M = (1.0, 1.9)  # from the straight way to the row on either side
LANE_BEGINS_M = (-1.5, 2.0)
LANE_LENGTHS = (0.4, 0.8)  # short pieces find room between trees
LANE_START_GAP_M = 0.95
LANE_BACK_M, LANE_TRIES = 0.5, 6  # a piece stands back where a tree is in its way
TRIES = 40
LINE_GAP_M = 0.85
START_GAP_M = 1.8
PACK_GAP_M = 2.2
TREE_GAP_M = 0.35
TRAIL_GAP_M = 0.6
ASIDE_M = 7.0
BEYOND_M = 4.0
SUNK_M = 0.25


class _Site:
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

    def fits(self, wall: Collider, start_gap_m: float) -> bool:
        """True when a wall touches neither trees, trail nor the sight of the target."""
        reach = float(np.hypot(*wall.size_m[:2]))
        spot = np.array(wall.centre_enu_m[:2])
        if np.abs(spot).max() + reach > self.ground.half_size_m - LAND_BEYOND_M - BORDER_M:
            return False
        if self.trail is not None and self.trail.distance_m(spot[None])[0] < reach + TRAIL_GAP_M:
            return False
        to_start, to_pack = gaps_m(np.array([self.plan.start_m, self.plan.pack_m]), [wall])
        stand = self.stand
        near_trees = len(stand.spots_m) and (gaps_m(stand.spots_m, [wall]) - stand.radii_m).min() < TREE_GAP_M
        clear = gaps_m(self._line, [wall]).min() > LINE_GAP_M and to_start > start_gap_m and to_pack > PACK_GAP_M
        return bool(clear and not near_trees)


def _stood(kind: str, spot: Array, half_size_m: Float3, yaw_rad: float, ground: Ground) -> Collider:
    """Return a wall at a point (2,), a little sunk in the lowest ground along it."""
    across = half_size_m[0] * np.array([[np.cos(yaw_rad), np.sin(yaw_rad)]])
    floor = float(heights_at(ground, np.concatenate([spot - across, spot[None], spot + across])).min())
    centre = (float(spot[0]), float(spot[1]), floor - SUNK_M + half_size_m[2])
    return Collider("box", centre, half_size_m, yaw_rad, label=kind)


class Barriers(Extras):
    """Timber and rock that were put up."""

    def put_up(self, plan: Plan, stand: Stand, ground: Ground, trail: Trail | None) -> None:
        """Put up walls where neither trees nor the sight are touched: a lane along the way, or up to six beside it."""
        site = _Site(plan, stand, ground, trail)
        if self._rng.random() < LANE_SHARE:
            self._put_up_lane(site)
        else:
            self._put_up_walls(site)

    def _put_up_walls(self, site: _Site) -> None:
        """Half of them along the way, half across what lies beside it."""
        for _ in range(int(self._rng.integers(FEWEST, MOST + 1))):
            kind = KINDS[int(self._rng.integers(len(KINDS)))]
            for _ in range(TRIES):
                along = float(self._rng.uniform(0.5, site.length_m + BEYOND_M))
                aside = float(self._rng.uniform(-ASIDE_M, ASIDE_M))
                turn = self._rng.uniform(-0.3, 0.3) if self._rng.random() < 0.5 else self._rng.uniform(0.3, 2.8)
                half, spot = self._half_size_m(kind), site.spot(along, aside)
                wall = _stood(kind, spot, half, site.yaw_rad + float(turn), site.ground)
                if self._apart(wall) and site.fits(wall, START_GAP_M):
                    self._add(kind, wall)
                    break

    def _put_up_lane(self, site: _Site) -> None:
        """Two rows end to end with a few openings, as racks make aisles."""
        kind = KINDS[int(self._rng.integers(len(KINDS)))]
        first, last = float(self._rng.uniform(*LANE_BEGINS_M)), site.length_m + float(self._rng.uniform(-2.0, 2.0))
        for side in (-1.0, 1.0):
            room, along = float(self._rng.uniform(*LANE_ROOM_M)), first
            while along < last:
                half = self._half_size_m(kind, LANE_LENGTHS)
                for _ in range(0 if self._rng.random() < OPENING_SHARE else LANE_TRIES):
                    back = float(self._rng.uniform(0.0, LANE_BACK_M))
                    spot = site.spot(along + half[0], side * (room + back + half[1]))
                    wall = _stood(kind, spot, half, site.yaw_rad + float(self._rng.uniform(-0.05, 0.05)), site.ground)
                    if site.fits(wall, LANE_START_GAP_M):
                        self._add(kind, wall)
                        break
                along += 2.0 * half[0] + float(self._rng.uniform(0.05, 0.4))

    def _apart(self, wall: Collider) -> bool:
        """True when a wall stands clear of those that were put up before."""
        spot, reach = np.array(wall.centre_enu_m[:2]), float(np.hypot(*wall.size_m[:2]))
        return all(
            np.hypot(*(np.array(other.centre_enu_m[:2]) - spot)) >= reach + np.hypot(*other.size_m[:2]) + 0.5
            for other in self.colliders
        )

    def _half_size_m(self, kind: str, lengths: tuple[float, float] = (0.8, 1.25)) -> Float3:
        length, depth, height = SIZES_M[kind]
        size = float(self._rng.uniform(*lengths))
        return (0.5 * length * size, 0.5 * depth, 0.5 * height * float(self._rng.uniform(0.85, 1.15)))

    def _add(self, kind: str, wall: Collider) -> None:
        name = f"barrier_{len(self.instances)}"
        maker = timber_stack if kind == "timber stack" else rock_face
        x, y, z = wall.centre_enu_m
        scale = (2.0 * wall.size_m[0] / SIZES_M[kind][0], 1.0, 2.0 * wall.size_m[2] / SIZES_M[kind][2])
        self.meshes[name] = maker(self._rng, self._season)
        place = Instance(name, (x, y, z - wall.size_m[2]), wall.yaw_rad, scale, category=CATEGORY_OF[kind])
        self.instances.append(place)
        self.colliders.append(wall)
