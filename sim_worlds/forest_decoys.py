"""Things in a forest that are no backpack, red ones among them: on the ground and on trunks, not before the target."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim_worlds.forest_extras import Extras
from sim_worlds.forest_ground import heights_at
from sim_worlds.forest_site import Site
from sim_worlds.forest_target import line_distances
from sim_worlds.models import decoys
from sim_worlds.models.backpack import backpack_mesh
from sim_worlds.models.undergrowth import bush
from sim_worlds.placement import gaps_m
from sim_worlds.scene import Collider, Float3, Instance, Mesh

Array = NDArray[np.float64]
HUNG = ("jacket", "marker", "bag", "other backpack")
STANDING = ("tent", "bucket", "umbrella", "berry bush", "put-down backpack")
HALF_HEIGHTS_M = {"jacket": 0.42, "bag": 0.25, "other backpack": 0.25}
OFF_TRUNK_M = {"jacket": 0.06, "marker": 0.0, "bag": 0.09, "other backpack": 0.14}
NEAR_LINE_M = 1.3
NEAR_PACK_M = 2.4
NEAR_START_M = 2.2
FAR_M = 11.0
BORDER_M = 28.0  # from the edge of the land, of which the outer 25 m are no part of the wood


class Decoys(Extras):
    """Decoys that were strewn."""

    def strew(self, site: Site) -> None:
        """Put up to five things on trunks and up to four on the ground beside the way to the target."""
        self._hang(site, int(self._rng.integers(2, 6)))
        self._stand(site, int(self._rng.integers(2, 5)))

    def _hang(self, site: Site, wanted: int) -> None:
        plan, stand = site.plan, site.stand
        aside, _ = line_distances(plan.start_m, plan.pack_m, stand.spots_m)
        from_pack = np.hypot(*(stand.spots_m - plan.pack_m).T)
        from_start = np.hypot(*(stand.spots_m - plan.start_m).T)
        fits = (aside > NEAR_LINE_M) & (aside < FAR_M) & (from_pack > NEAR_PACK_M) & (from_start > NEAR_START_M)
        trees = np.flatnonzero(fits & (stand.radii_m > 0.09))
        trees = self._rng.permutation(trees)[:wanted]
        heights = heights_at(site.ground, stand.spots_m[trees])
        for tree, floor in zip(trees, heights, strict=True):
            kind = HUNG[int(self._rng.integers(len(HUNG)))]
            x, y = stand.spots_m[tree]
            facing = float(np.arctan2(plan.start_m[1] - y, plan.start_m[0] - x) + self._rng.uniform(-0.7, 0.7))
            off = stand.radii_m[tree] + OFF_TRUNK_M[kind]
            height = float(floor + self._rng.uniform(1.0, 1.9))
            place: Float3 = (float(x + off * np.cos(facing)), float(y + off * np.sin(facing)), height)
            self._add(kind, place, facing)
            if kind in HALF_HEIGHTS_M:
                self.colliders.append(Collider("cylinder", place, (0.2, 0.2, HALF_HEIGHTS_M[kind]), label=kind))

    def _stand(self, site: Site, wanted: int) -> None:
        start = site.plan.start_m
        way = site.plan.pack_m - start
        length = float(np.hypot(*way))
        left = np.array([-way[1], way[0]]) / length
        kinds = self._rng.permutation(len(STANDING))[:wanted]
        for kind in (STANDING[int(k)] for k in kinds):
            room = 1.7 if kind == "tent" else 0.7
            for _ in range(12):
                side = float(self._rng.choice([-1.0, 1.0])) * float(self._rng.uniform(NEAR_LINE_M + room, 8.0))
                spot = start + float(self._rng.uniform(3.0, length + 4.0)) / length * way + side * left
                if self._is_free(spot, room, site):
                    self._put(kind, spot, site)
                    break

    def _is_free(self, spot: Array, room_m: float, site: Site) -> bool:
        """True when a thing of this radius at a point (2,) is off border, target, trail, stems and other solids."""
        border = site.ground.half_size_m - BORDER_M
        clear = np.abs(spot).max() < border and np.hypot(*(spot - site.plan.pack_m)) > NEAR_PACK_M
        if site.trail is not None and site.trail.distance_m(spot[None])[0] < room_m:
            return False
        gaps = np.hypot(*(site.stand.spots_m - spot).T) - site.stand.radii_m
        off_solids = gaps_m(spot[None], self._standing)[0] > room_m
        return bool(clear and off_solids and (not len(gaps) or gaps.min() > room_m))

    def _put(self, kind: str, spot: Array, site: Site) -> None:
        floor = float(heights_at(site.ground, spot[None])[0])
        x, y = float(spot[0]), float(spot[1])
        yaw = float(np.arctan2(*(site.plan.start_m - spot)[::-1]) + self._rng.uniform(-0.8, 0.8))
        lift = 0.23 if kind == "put-down backpack" else -0.03
        self._add(kind, (x, y, floor + lift), yaw)
        if kind == "tent":
            long, wide, tall = (0.5 * value for value in decoys.TENT_SIZE_M)
            self.colliders.append(Collider("box", (x, y, floor + tall), (long, 0.7 * wide, tall), yaw, label="tent"))
        elif kind == "umbrella":
            half, radius = 0.5 * decoys.UMBRELLA_HEIGHT_M, decoys.UMBRELLA_RADIUS_M
            self.colliders.append(Collider("cylinder", (x, y, floor + half), (radius, radius, half), label="umbrella"))

    def _add(self, kind: str, place: Float3, yaw: float) -> None:
        name = f"decoy_{len(self.instances)}"
        self.meshes[name] = self._mesh(kind)
        self.instances.append(Instance(name, place, yaw, category="decoy"))

    def _mesh(self, kind: str) -> Mesh:
        rng = self._rng
        reds = decoys.COLOURS[:3]
        palette = reds if rng.random() < 0.55 else decoys.OTHER_THAN_RED
        if kind in ("other backpack", "put-down backpack"):
            return backpack_mesh(decoys.OTHER_THAN_RED[int(rng.integers(1, len(decoys.OTHER_THAN_RED)))])
        if kind == "berry bush":
            return bush(rng, self._season, berries=True)
        colour = palette[int(rng.integers(len(palette)))]
        makers = {
            "jacket": decoys.jacket,
            "marker": decoys.trail_marker,
            "bag": decoys.plastic_bag,
            "tent": decoys.tent,
            "bucket": decoys.bucket,
            "umbrella": decoys.umbrella,
        }
        return makers[kind](colour)
