"""What grows and lies below the trees: ferns, grass, bushes, flowers, stones, stumps and logs, clear of the sight."""

from __future__ import annotations

import numpy as np

from sim_worlds.forest_ground import heights_at
from sim_worlds.forest_planting import Array, Planter, off_trail
from sim_worlds.forest_site import Site
from sim_worlds.forest_target import Hung, line_distances

START_FREE_M = 1.2
PACK_FREE_M = 0.7
SIGHT_FREE_M = 0.7
TRAIL_FREE_M = 0.55
DEADWOOD_FREE_M = 0.6  # from stumps and logs to stems
# Kind, how many per square metre of a wood of average lushness, height, sizes.
SOFT = (
    ("fern", 0.10, 0.55, (0.5, 1.15)),
    ("grass", 0.16, 0.38, (0.6, 1.5)),
    ("bush", 0.018, 0.9, (0.6, 1.25)),
    ("sprig", 0.025, 0.7, (0.6, 1.3)),
    ("mushrooms", 0.006, 0.1, (0.8, 1.6)),
)
FLOWERS_PER_M2 = 0.08
WINTER_SHARE = 0.35  # of what dies back
DIES_BACK = ("fern", "grass", "mushrooms")


def add_undergrowth(rng: np.random.Generator, planter: Planter, site: Site, hung: Hung, season: str) -> None:
    """Strew what grows and lies below the trees, without hiding the target from the start."""

    def free(spots: Array, height_m: float, room_m: float) -> Array:
        return _free(site, hung, spots, height_m, room_m)

    lush = float(rng.uniform(0.35, 1.5))
    for kind, per_m2, height, sizes in SOFT:
        share = WINTER_SHARE if season == "winter" and kind in DIES_BACK else 1.0
        own = float(rng.uniform(0.5, 1.5))
        spots = planter.spots(per_m2 * lush * own * share)
        planter.scatter(kind, free(spots, height * sizes[1], 0.3), sizes)
    if season == "spring":
        spots = planter.spots(FLOWERS_PER_M2 * float(rng.uniform(0.2, 1.0)))
        planter.scatter("flowers", free(spots, 0.3, 0.1), (0.7, 1.3))
    planter.add_stones(free(planter.spots(0.008 * float(rng.uniform(0.2, 1.8))), 0.65, 0.9))
    planter.add_stumps(_off_stems(site, free(planter.spots(0.004), 0.6, 0.5)))
    planter.add_logs(_off_stems(site, free(planter.spots(0.004), 0.6, 2.4)))


def _free(site: Site, hung: Hung, spots: Array, height_m: float, room_m: float) -> Array:
    """Return those of the spots (n, 2) where a thing of this height and radius leaves trail, start and sight free."""
    plan = site.plan
    spots = off_trail(spots, site.trail, TRAIL_FREE_M + room_m)
    aside, along = line_distances(plan.start_m, plan.pack_m, spots)
    start_z, pack_z = hung.start.position_enu_m[2], float(hung.target.position_enu_m[2])
    view_z = start_z + along * (pack_z - start_z) - 0.35
    hides = (aside < SIGHT_FREE_M + room_m) & (heights_at(site.ground, spots) + height_m > view_z)
    at_start = np.hypot(*(spots - plan.start_m).T) < START_FREE_M + room_m
    at_pack = np.hypot(*(spots - plan.support_m).T) < PACK_FREE_M + room_m
    return np.asarray(spots[~(hides | at_start | at_pack)])


def _off_stems(site: Site, spots: Array) -> Array:
    """Return those of the spots (n, 2) that are not at the foot of a tree."""
    stems = site.stand.spots_m
    if not len(stems):
        return spots
    gaps = np.hypot(*(spots[:, None] - stems[None]).transpose(2, 0, 1)).min(axis=1)
    return np.asarray(spots[gaps > DEADWOOD_FREE_M])
