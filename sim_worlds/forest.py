"""Woods from a seed: mixed trees on rolling ground with undergrowth, and a red backpack in one place of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from liquid_nav.errors import WorldError
from sim_worlds.forest_barriers import Barriers
from sim_worlds.forest_clutter import Clutter
from sim_worlds.forest_decoys import Decoys
from sim_worlds.forest_extras import Extras
from sim_worlds.forest_ground import (
    Trail,
    draw_trail,
    ground_mesh,
    heights_at,
    roll_ground,
    trail_mesh,
    treeline,
    treeline_mesh,
)
from sim_worlds.forest_planting import Array, Planter, Stand, off_trail, plant
from sim_worlds.forest_site import Site
from sim_worlds.forest_target import BORDER_M, Hung, Plan, line_distances, place_target, plan_flight
from sim_worlds.models.backpack import backpack_mesh, hook_mesh
from sim_worlds.models.nature import forest_meshes
from sim_worlds.models.vehicle import vehicle_meshes
from sim_worlds.scene import Collider, Ground, Instance, Mesh, Scene, Setting
from sim_worlds.weather import check_weather, draw_atmosphere

DENSEST_PER_M2 = 0.12
HALF_SIZES_M = (20.0, 60.0)
DISTANCES_M = (5.0, 40.0)
TARGETS = ("hanging", "lying")
LYING_SHARE = 0.15
TRAIL_SHARE = 0.4
START_FREE_M = 1.2
SIGHT_FREE_M = 0.7
# Undergrowth: kind, how many per square metre of a wood of average lushness, height, sizes.
SOFT = (
    ("fern", 0.10, 0.55, (0.5, 1.15)),
    ("grass", 0.16, 0.38, (0.6, 1.5)),
    ("bush", 0.018, 0.9, (0.6, 1.25)),
    ("sprig", 0.025, 0.7, (0.6, 1.3)),
    ("mushrooms", 0.006, 0.1, (0.8, 1.6)),
)
FLOWERS_PER_M2 = 0.08


def make_forest(
    seed: int,
    *,
    season: str = "summer",
    hour: float | None = None,
    sky: str | None = None,
    density_per_m2: float | None = None,
    half_size_m: float = 35.0,
    distance_m: float | None = None,
    target: str | None = None,
    decoys: bool = False,
    barriers: bool = False,
    clutter: bool = False,
    still: bool = True,
) -> Setting:
    """Grow a forest.

    Args:
        seed: the same seed grows the same forest.
        season, hour, sky: see :func:`sim_worlds.weather.draw_atmosphere`.
        density_per_m2: trees per square metre, 0 to 0.12; drawn from 0.02..0.06 when None.
        half_size_m: the wood covers [-half_size, half_size]^2; 20 to 60.
        distance_m: level distance from the start to the backpack, 5 to 40 m; drawn from 5..20 m when None.
        target: ``"hanging"`` on a tree or ``"lying"`` on a stump, rock or wood pile; drawn when None, mostly hanging.
        decoys: things that are no backpack, red ones among them, stand and hang about.
        barriers: stacks of timber and rock faces stand beside the way, some of them in two rows along it.
        clutter: crates, posts, covered heaps and trailers stand close to the straight way.
        still: True alone, as targets in forests do not walk.

    Raises:
        WorldError: for unknown names, numbers outside their ranges or a wood too dense for the distance.
    """
    check_weather(season, hour, sky)
    _check(density_per_m2, half_size_m, distance_m, target, still)
    rng = np.random.default_rng([seed, 0xF0])
    drawn_density, drawn_distance, lot = rng.uniform(0.02, 0.06), rng.uniform(5.0, 20.0), rng.random()
    density = float(drawn_density) if density_per_m2 is None else density_per_m2
    distance = float(drawn_distance) if distance_m is None else distance_m
    kind = target or ("lying" if lot < LYING_SHARE else "hanging")
    trail = draw_trail(rng, half_size_m) if rng.random() < TRAIL_SHARE else None
    stand = plant(rng, density, half_size_m, trail)
    plan, stand = plan_flight(rng, stand, distance, half_size_m, kind == "lying", trail)
    ground = roll_ground(rng, half_size_m, plan.start_m)
    hung = place_target(rng, plan, ground)
    planter = Planter(rng, ground, half_size_m)
    planter.add_trees(stand)
    _undergrowth(rng, planter, ground, season, plan, hung, stand, trail)
    planter.instances.append(hung.support)
    planter.colliders.append(hung.collider)
    meshes: dict[str, Mesh] = {
        **forest_meshes(rng, season),
        **vehicle_meshes(),
        "backpack": backpack_mesh(),
        "hook": hook_mesh(),
        **_land(rng, ground, trail, half_size_m, season),
    }
    planter.instances += [*_land_instances(trail), *treeline(rng, half_size_m)]
    air = draw_atmosphere(rng, season, hour=hour, sky=sky)
    site = Site(plan, stand, ground, trail)
    for extras in _extras(seed, season, site, barriers=barriers, clutter=clutter, decoys=decoys):
        meshes.update(extras.meshes)
        planter.instances += extras.instances
        planter.colliders += extras.colliders
    options: dict[str, str | float | int | bool] = {
        "season": season,
        "density_per_m2": density,
        "distance_m": distance,
        "target": kind,
        "decoys": decoys,
        "barriers": barriers,
        "clutter": clutter,
        "still": still,
        "trees": len(stand.spots_m) + (plan.tree is not None),
        "trail": trail is not None,
    }
    if hour is not None:
        options["hour"] = hour
    scene = Scene(
        name="forest",
        seed=seed,
        half_size_m=half_size_m,
        ceiling_m=15.0,
        meshes=meshes,
        instances=tuple(planter.instances),
        colliders=tuple(planter.colliders),
        atmosphere=air,
        options=options,
        ground=ground,
    )
    return Setting(scene, hung.target, hung.start)


def _check(
    density_per_m2: float | None, half_size_m: float, distance_m: float | None, target: str | None, still: bool
) -> None:
    if not still:
        raise WorldError("still is False: targets in forests hang still, use a city for one that walks")
    if density_per_m2 is not None and not 0.0 <= density_per_m2 <= DENSEST_PER_M2:
        raise WorldError(f"density_per_m2 is {density_per_m2}: use 0 to {DENSEST_PER_M2} trees per square metre")
    if not HALF_SIZES_M[0] <= half_size_m <= HALF_SIZES_M[1]:
        raise WorldError(f"half_size_m is {half_size_m}: use {HALF_SIZES_M[0]:.0f} to {HALF_SIZES_M[1]:.0f} m")
    longest = min(DISTANCES_M[1], 2.0 * (half_size_m - BORDER_M) - 2.0)
    if distance_m is not None and not DISTANCES_M[0] <= distance_m <= longest:
        raise WorldError(
            f"distance_m is {distance_m}: use {DISTANCES_M[0]:.0f} to {longest:.0f} m in a world of this half_size_m"
        )
    if target is not None and target not in TARGETS:
        raise WorldError(f"target is {target!r}: use one of {', '.join(TARGETS)}")


def _extras(
    seed: int, season: str, site: Site, *, barriers: bool, clutter: bool, decoys: bool
) -> Iterator[Extras]:
    """Put up walls, leave things and strew decoys where wanted."""
    standing: list[Collider] = []
    if barriers:
        walls = Barriers(np.random.default_rng([seed, 0xBA]), season)
        walls.put_up(site)
        standing += walls.colliders
        yield walls
    if clutter:
        things = Clutter(np.random.default_rng([seed, 0xC1]), season, standing)
        things.leave(site, reds=decoys)
        standing += things.colliders
        yield things
    if decoys:
        strewn = Decoys(np.random.default_rng([seed, 0xDE]), season, standing)
        strewn.strew(site.plan, site.stand, site.ground, site.trail)
        yield strewn


def _undergrowth(
    rng: np.random.Generator,
    planter: Planter,
    ground: Ground,
    season: str,
    plan: Plan,
    hung: Hung,
    stand: Stand,
    trail: Trail | None,
) -> None:
    """Strew what grows and lies below the trees, without hiding the target from the start."""

    def free(spots: Array, height_m: float, room_m: float) -> Array:
        spots = off_trail(spots, trail, 0.55 + room_m)
        aside, along = line_distances(plan.start_m, plan.pack_m, spots)
        start_z, pack_z = hung.start.position_enu_m[2], float(hung.target.position_enu_m[2])
        view_z = start_z + along * (pack_z - start_z) - 0.35
        hides = (aside < SIGHT_FREE_M + room_m) & (heights_at(ground, spots) + height_m > view_z)
        at_start = np.hypot(*(spots - plan.start_m).T) < START_FREE_M + room_m
        at_pack = np.hypot(*(spots - plan.support_m).T) < 0.7 + room_m
        return np.asarray(spots[~(hides | at_start | at_pack)])

    lush = float(rng.uniform(0.35, 1.5))
    for kind, per_m2, height, sizes in SOFT:
        share = 0.35 if season == "winter" and kind in ("fern", "grass", "mushrooms") else 1.0
        own = float(rng.uniform(0.5, 1.5))
        planter.scatter(kind, free(planter.spots(per_m2 * lush * own * share), height * sizes[1], 0.3), sizes)
    if season == "spring":
        spots = planter.spots(FLOWERS_PER_M2 * float(rng.uniform(0.2, 1.0)))
        planter.scatter("flowers", free(spots, 0.3, 0.1), (0.7, 1.3))
    planter.add_stones(free(planter.spots(0.008 * float(rng.uniform(0.2, 1.8))), 0.65, 0.9))
    for add, per_m2, room in ((planter.add_stumps, 0.004, 0.5), (planter.add_logs, 0.004, 2.4)):
        spots = free(planter.spots(per_m2), 0.6, room)
        if len(stand.spots_m):
            gaps = np.hypot(*(spots[:, None] - stand.spots_m[None]).transpose(2, 0, 1)).min(axis=1)
            spots = spots[gaps > 0.6]
        add(spots)


def _land(
    rng: np.random.Generator, ground: Ground, trail: Trail | None, half_size_m: float, season: str
) -> dict[str, Mesh]:
    meshes = {
        "ground": ground_mesh(rng, ground, season),
        "treeline": treeline_mesh(half_size_m, season),
    }
    if trail is not None:
        meshes["trail"] = trail_mesh(trail, ground, season)
    return meshes


def _land_instances(trail: Trail | None) -> list[Instance]:
    land = [Instance("ground", (0.0, 0.0, 0.0), category="ground")]
    return land if trail is None else [*land, Instance("trail", (0.0, 0.0, 0.0), category="ground")]
