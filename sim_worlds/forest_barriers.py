"""Walls of the woods: stacks of timber and rock faces beside the way to the target, never across the sight of it."""

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
FEWEST, MOST = 3, 6
TRIES = 40
LINE_GAP_M = 0.85
START_GAP_M = 1.8
PACK_GAP_M = 2.2
TREE_GAP_M = 0.35
TRAIL_GAP_M = 0.6
ASIDE_M = 7.0
BEYOND_M = 4.0
SUNK_M = 0.25


class Barriers(Extras):
    """Timber and rock that were put up."""

    def put_up(self, plan: Plan, stand: Stand, ground: Ground, trail: Trail | None) -> None:
        """Put up to six walls beside the way, half of them along it, where neither trees nor the sight are touched."""
        line = samples([(float(x), float(y)) for x, y in (plan.start_m, plan.pack_m)])
        way = plan.pack_m - plan.start_m
        length = float(np.hypot(*way))
        ahead, left = way / length, np.array([-way[1], way[0]]) / length
        for _ in range(int(self._rng.integers(FEWEST, MOST + 1))):
            kind = ("timber stack", "rock face")[int(self._rng.integers(2))]
            for _ in range(TRIES):
                along = float(self._rng.uniform(0.5, length + BEYOND_M))
                spot = plan.start_m + along * ahead + float(self._rng.uniform(-ASIDE_M, ASIDE_M)) * left
                turn = self._rng.uniform(-0.3, 0.3) if self._rng.random() < 0.5 else self._rng.uniform(0.3, 2.8)
                wall = self._wall(kind, spot, float(np.arctan2(way[1], way[0]) + turn), ground)
                if self._fits(wall, line, plan, stand, ground, trail):
                    self._add(kind, wall)
                    break

    def _wall(self, kind: str, spot: Array, yaw_rad: float, ground: Ground) -> Collider:
        length, depth, height = SIZES_M[kind]
        size = float(self._rng.uniform(0.8, 1.25))
        half = (0.5 * length * size, 0.5 * depth, 0.5 * height * float(self._rng.uniform(0.85, 1.15)))
        x, y = float(spot[0]), float(spot[1])
        across = half[0] * np.array([[np.cos(yaw_rad), np.sin(yaw_rad)]])
        floor = float(heights_at(ground, np.concatenate([spot - across, spot[None], spot + across])).min())
        return Collider("box", (x, y, floor - SUNK_M + half[2]), half, yaw_rad, label=kind)

    def _fits(
        self, wall: Collider, line: Array, plan: Plan, stand: Stand, ground: Ground, trail: Trail | None
    ) -> bool:
        spot = np.array(wall.centre_enu_m[:2])
        reach = float(np.hypot(*wall.size_m[:2]))
        if np.abs(spot).max() + reach > ground.half_size_m - LAND_BEYOND_M - BORDER_M:
            return False
        if trail is not None and trail.distance_m(spot[None])[0] < reach + TRAIL_GAP_M:
            return False
        ends = np.array([plan.start_m, plan.pack_m])
        to_start, to_pack = gaps_m(ends, [wall])
        near_trees = len(stand.spots_m) and (gaps_m(stand.spots_m, [wall]) - stand.radii_m).min() < TREE_GAP_M
        near_walls = any(
            np.hypot(*(np.array(other.centre_enu_m[:2]) - spot)) < reach + np.hypot(*other.size_m[:2]) + 0.5
            for other in self.colliders
        )
        clear = gaps_m(line, [wall]).min() > LINE_GAP_M and to_start > START_GAP_M and to_pack > PACK_GAP_M
        return bool(clear and not near_trees and not near_walls)

    def _add(self, kind: str, wall: Collider) -> None:
        name = f"barrier_{len(self.instances)}"
        maker = timber_stack if kind == "timber stack" else rock_face
        x, y, z = wall.centre_enu_m
        scale = (2.0 * wall.size_m[0] / SIZES_M[kind][0], 1.0, 2.0 * wall.size_m[2] / SIZES_M[kind][2])
        self.meshes[name] = maker(self._rng, self._season)
        place = Instance(name, (x, y, z - wall.size_m[2]), wall.yaw_rad, scale, category=CATEGORY_OF[kind])
        self.instances.append(place)
        self.colliders.append(wall)
