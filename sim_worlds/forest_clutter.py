"""What people left in the woods, close beside the way to the target: crates, posts, covered heaps, machines.

With red ones come a few as large as a car that stand further off, beside the target and behind it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim_worlds.forest_extras import Extras
from sim_worlds.forest_site import Gaps, Site, stood
from sim_worlds.models import forestry
from sim_worlds.scene import Mesh

FEWEST, MOST = 6, 12
TRIES = 30
NEAR_M, FAR_M = 0.4, 3.5
GAPS = Gaps(line_m=0.35, start_m=1.3, pack_m=0.9)  # the straight way is free, but too close to fly it
APART_M = 0.9
FEWEST_FAR, MOST_FAR = 1, 4
FAR_ASIDE_M = (2.0, 12.0)
FAR_BEYOND_M = 14.0
LARGE = ("covered heap", "trailer", "tractor")
Half = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
KINDS: dict[str, tuple[Callable[..., Mesh], Half]] = {
    "crates": (forestry.crates, ((0.35, 0.8), (0.35, 0.7), (0.5, 1.1))),
    "post": (forestry.post, ((0.06, 0.45), (0.06, 0.45), (1.0, 2.2))),
    "covered heap": (forestry.covered_heap, ((0.6, 1.5), (0.5, 1.1), (0.5, 1.2))),
    "trailer": (forestry.trailer, ((1.0, 2.2), (0.7, 1.1), (0.9, 1.3))),
    "tractor": (forestry.tractor, ((1.3, 2.0), (0.7, 1.0), (0.9, 1.35))),
}
"""Maker, and lowest and highest half sizes."""


class Clutter(Extras):
    """Things that were left."""

    name = "clutter"

    def leave(self, site: Site, *, reds: bool) -> None:
        """Leave up to a dozen things, half of them red with ``reds``, where neither trees nor the sight are touched."""
        for _ in range(int(self._rng.integers(FEWEST, MOST + 1))):
            kind = tuple(KINDS)[int(self._rng.integers(len(KINDS)))]
            self._leave(site, kind, (NEAR_M, FAR_M), site.length_m + 2.5, reds=reds)
        if reds:
            for _ in range(int(self._rng.integers(FEWEST_FAR, MOST_FAR + 1))):
                kind = LARGE[int(self._rng.integers(len(LARGE)))]
                self._leave(site, kind, FAR_ASIDE_M, site.length_m + FAR_BEYOND_M, reds=True)

    def _leave(
        self, site: Site, kind: str, aside_m: tuple[float, float], farthest_m: float, *, reds: bool
    ) -> None:
        """Leave one thing so far beside the way and at most so far along it; none where it does not fit."""
        make, bounds = KINDS[kind]
        x, y, z = (float(self._rng.uniform(*bound)) for bound in bounds)
        half = (x, x if kind == "post" else y, z)
        for _ in range(TRIES):
            aside = float(self._rng.choice([-1.0, 1.0]) * self._rng.uniform(*aside_m))
            aside += float(np.copysign(min(half[:2]), aside))
            spot = site.spot(float(self._rng.uniform(1.0, farthest_m)), aside)
            yaw = float(self._rng.uniform(-np.pi, np.pi))
            solid = stood(kind, spot, half, yaw, site.ground, shape="cylinder" if kind == "post" else "box")
            if site.fits(solid, GAPS) and self.stands_clear(solid, APART_M):
                self.put(make(self._rng, half, reds=reds), "furniture", solid)
                return
