"""Woods from a seed: mixed trees on rolling ground with undergrowth, and a red backpack in one place of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from liquid_nav.errors import WorldError
from sim_worlds.forest_barriers import Barriers, Frames
from sim_worlds.forest_clutter import Clutter
from sim_worlds.forest_decoys import Decoys
from sim_worlds.forest_extras import Extras
from sim_worlds.forest_ground import draw_trail, ground_mesh, roll_ground, trail_mesh, treeline, treeline_mesh
from sim_worlds.forest_planting import Planter, plant
from sim_worlds.forest_site import Site
from sim_worlds.forest_target import BORDER_M, Hung, place_target, plan_flight
from sim_worlds.forest_undergrowth import add_undergrowth
from sim_worlds.models.backpack import backpack_mesh, hook_mesh
from sim_worlds.models.nature import forest_meshes
from sim_worlds.models.vehicle import vehicle_meshes
from sim_worlds.scene import Atmosphere, Collider, Instance, Mesh, Options, Scene, Setting
from sim_worlds.weather import check_weather, draw_atmosphere

DENSEST_PER_M2 = 0.12
DRAWN_DENSITIES_PER_M2 = (0.02, 0.06)
HALF_SIZES_M = (20.0, 60.0)
DISTANCES_M = (5.0, 40.0)
DRAWN_DISTANCES_M = (5.0, 20.0)
TARGETS = ("hanging", "lying")
LYING_SHARE = 0.15
TRAIL_SHARE = 0.4
CEILING_M = 15.0


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
    frames: bool = False,
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
        frames: open frames that timber dries in stand so; one can see through them.
        clutter: crates, posts, covered heaps, trailers and tractors stand close to the straight way.
        still: True alone, as targets in forests do not walk.

    Raises:
        WorldError: for unknown names, numbers outside their ranges or a wood too dense for the distance.
    """
    check_weather(season, hour, sky)
    _check(density_per_m2, half_size_m, distance_m, target, still)
    rng = np.random.default_rng([seed, 0xF0])
    drawn_density, drawn_distance = rng.uniform(*DRAWN_DENSITIES_PER_M2), rng.uniform(*DRAWN_DISTANCES_M)
    drawn_target = "lying" if rng.random() < LYING_SHARE else "hanging"
    density = float(drawn_density) if density_per_m2 is None else density_per_m2
    distance = float(drawn_distance) if distance_m is None else distance_m
    kind = target or drawn_target
    site, hung = _lay_out(rng, half_size_m, density, distance, lying=kind == "lying")
    wood = _Wood(rng, half_size_m, season, site, hung)
    air = draw_atmosphere(rng, season, hour=hour, sky=sky)
    extra: Options = {"decoys": decoys, "barriers": barriers, "frames": frames, "clutter": clutter}
    for extras in _extras(seed, season, site, extra):
        wood.add(extras)
    options: Options = {
        "season": season,
        "density_per_m2": density,
        "distance_m": distance,
        "target": kind,
        **extra,
        "still": still,
        "trees": len(site.stand.spots_m) + (site.plan.tree is not None),
        "trail": site.trail is not None,
    }
    if hour is not None:
        options["hour"] = hour
    return Setting(wood.scene(seed, air, options), hung.target, hung.start)


def _lay_out(
    rng: np.random.Generator, half_size_m: float, density_per_m2: float, distance_m: float, *, lying: bool
) -> tuple[Site, Hung]:
    """Draw what everything else keeps clear of: trail, trees, start, target and ground, in this order."""
    trail = draw_trail(rng, half_size_m) if rng.random() < TRAIL_SHARE else None
    stand = plant(rng, density_per_m2, half_size_m, trail)
    plan, stand = plan_flight(rng, stand, distance_m, half_size_m, lying, trail)
    ground = roll_ground(rng, half_size_m, plan.start_m)
    hung = place_target(rng, plan, ground)
    return Site(plan, stand, ground, trail), hung


class _Wood:
    """Everything that is drawn and touched in a wood.

    Args:
        rng: draws what is not laid out yet.
        half_size_m: the wood covers [-half_size, half_size]^2.
        season: of leaves and ground.
        site, hung: what was laid out first.
    """

    def __init__(self, rng: np.random.Generator, half_size_m: float, season: str, site: Site, hung: Hung) -> None:
        self._half_size_m = half_size_m
        self._ground = site.ground
        planter = Planter(rng, site.ground, half_size_m)
        planter.add_trees(site.stand)
        add_undergrowth(rng, planter, site, hung, season)
        self.meshes: dict[str, Mesh] = {
            **forest_meshes(rng, season),
            **vehicle_meshes(),
            "backpack": backpack_mesh(),
            "hook": hook_mesh(),
            "ground": ground_mesh(rng, site.ground, season),
            "treeline": treeline_mesh(half_size_m, season),
        }
        lands = ["ground"]
        if site.trail is not None:
            self.meshes["trail"] = trail_mesh(site.trail, site.ground, season)
            lands.append("trail")
        self.instances = [*planter.instances, hung.support]
        self.instances += [Instance(name, (0.0, 0.0, 0.0), category="ground") for name in lands]
        self.instances += treeline(rng, half_size_m)
        self.colliders = [*planter.colliders, hung.collider]

    def add(self, extras: Extras) -> None:
        """Add what was put into the grown wood."""
        self.meshes.update(extras.meshes)
        self.instances += extras.instances
        self.colliders += extras.colliders

    def scene(self, seed: int, air: Atmosphere, options: Options) -> Scene:
        """Return the scene of all this."""
        return Scene(
            name="forest",
            seed=seed,
            half_size_m=self._half_size_m,
            ceiling_m=CEILING_M,
            meshes=self.meshes,
            instances=tuple(self.instances),
            colliders=tuple(self.colliders),
            atmosphere=air,
            options=options,
            ground=self._ground,
        )


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


def _extras(seed: int, season: str, site: Site, wanted: Options) -> Iterator[Extras]:
    """Put up walls and frames, leave things and strew decoys where wanted."""
    standing: list[Collider] = []
    if wanted["barriers"]:
        walls = Barriers(np.random.default_rng([seed, 0xBA]), season)
        walls.put_up(site)
        standing += walls.colliders
        yield walls
    if wanted["frames"]:
        frames = Frames(np.random.default_rng([seed, 0xF3]), season, standing)
        frames.put_up(site)
        standing += frames.colliders
        yield frames
    if wanted["clutter"]:
        things = Clutter(np.random.default_rng([seed, 0xC1]), season, standing)
        things.leave(site, reds=bool(wanted["decoys"]))
        standing += things.colliders
        yield things
    if wanted["decoys"]:
        strewn = Decoys(np.random.default_rng([seed, 0xDE]), season, standing)
        strewn.strew(site)
        yield strewn
