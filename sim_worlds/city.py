"""A city from a seed: streets, houses, a square, a park, people and traffic; somebody has a red backpack."""

from __future__ import annotations

import numpy as np

from liquid_nav.errors import WorldError
from sim_worlds.city_blocks import add_blocks
from sim_worlds.city_builder import PAINTS, CityBuilder
from sim_worlds.city_occluders import add_occluders
from sim_worlds.city_people import add_bystanders, draw_bystanders
from sim_worlds.city_plan import LANE_M, ROADS_M, WALKING_LINE_M
from sim_worlds.city_streets import add_ground, add_street_furniture
from sim_worlds.city_traffic import Loop, add_street_life, lanes, middle_of_a_street
from sim_worlds.models.buggy import buggy_meshes
from sim_worlds.models.person import draw_look, person_meshes
from sim_worlds.rider import RidingTarget
from sim_worlds.route import Path, Pavements, Tracks
from sim_worlds.scene import Atmosphere, Float3, Options, Scene, Setting, Start, Target
from sim_worlds.targets import HangingBackpack
from sim_worlds.walker import WalkingPerson
from sim_worlds.weather import check_weather, draw_atmosphere

ROUTE_LENGTH_M = 160.0
CUTS_M = (2.6, 4.2)
BEHIND_M = 5.0
SHORTEST_PAVEMENT_M = 20.0  # ways across a road are shorter
HALF_SIZES_M = (56.0, 120.0)  # the streets need the least of them
LARGEST_CROWD = 3.0
TARGETS = ("walking", "cyclist", "car", "still")
CEILING_M = 30.0


def make_city(
    seed: int,
    *,
    season: str = "summer",
    hour: float | None = None,
    sky: str | None = None,
    target: str | None = None,
    still: bool = False,
    crowd: float = 1.0,
    decoys: bool = False,
    occluders: bool = False,
    half_size_m: float = 60.0,
) -> Setting:
    """Build a city.

    Args:
        seed: the same seed builds the same city and the same walk.
        season, hour, sky: see :func:`sim_worlds.weather.draw_atmosphere`.
        target: who has the backpack: ``"walking"`` (a person on the pavements, the default), ``"cyclist"``,
            ``"car"`` (a slow open one) or ``"still"`` (it hangs on a lamp or lies on a bench).
        still: short for ``target="still"``.
        crowd: scales how many people and vehicles move about, 0 for none to 3.
        decoys: many other things are red too: jackets, cars, bins, planters, awnings, parasols, bags, balloons.
        occluders: advertising columns stand inside the bends of the walk and hide the person for 1 to 3 s from whoever
            follows 3 to 4 m behind on the same way; there is room to fly round them.
        half_size_m: the city covers [-half_size, half_size]^2; 56 to 120.

    Raises:
        WorldError: for unknown names and numbers out of range.
    """
    check_weather(season, hour, sky)
    kind = _check(target, still, crowd, half_size_m)
    rng = np.random.default_rng([seed, 0xC1])
    path = Path(Pavements(ROADS_M, WALKING_LINE_M).draw_route(rng, ROUTE_LENGTH_M))
    decoy_rng = np.random.default_rng([seed, 0xDE]) if decoys else None
    city = CityBuilder(rng, half_size_m, season, _corridor(path), decoy_rng)
    add_ground(city)
    backpack, start, lane = _draw_target(city, np.random.default_rng([seed, 0x3A]), kind, path)
    city.keep_clear(Path([start.position_enu_m[:2], _flat(backpack.position_enu_m)]))
    places = _build_up(city)
    columns = add_occluders(city, path) if occluders else []
    life_rng = np.random.default_rng([seed, 0xAC])
    life = add_street_life(city, life_rng, crowd, path, np.array(start.position_enu_m[:2]), columns, lane)
    options: Options = {
        "season": season,
        "target": kind,
        "still": kind == "still",
        "crowd": crowd,
        "decoys": decoys,
        "occluders": occluders,
        "square": "square" in places,
        "park": "park" in places,
        "passers_by": len(life.passers.positions),
        "vehicles": len(life.traffic.users),
    }
    air = draw_atmosphere(np.random.default_rng([seed, 0xA1]), season, hour=hour, sky=sky)
    return Setting(_scene(seed, city, air, options), backpack, start, (life,))


def _build_up(city: CityBuilder) -> set[str]:
    """Put up houses, furniture and people who stay where they are; return what there is besides houses."""
    draw_bystanders(city)
    places = set(add_blocks(city))
    add_street_furniture(city)
    add_bystanders(city)
    return places


def _scene(seed: int, city: CityBuilder, air: Atmosphere, options: Options) -> Scene:
    return Scene(
        name="city",
        seed=seed,
        half_size_m=city.half_size_m,
        ceiling_m=CEILING_M,
        meshes=city.meshes,
        instances=tuple(city.instances),
        colliders=(*city.colliders, *city.seated),
        atmosphere=air,
        options=options,
    )


def _check(target: str | None, still: bool, crowd: float, half_size_m: float) -> str:
    """Return the kind of target; refuse values out of range."""
    if not HALF_SIZES_M[0] <= half_size_m <= HALF_SIZES_M[1]:
        raise WorldError(f"half_size_m is {half_size_m}: use {HALF_SIZES_M[0]:.0f} to {HALF_SIZES_M[1]:.0f} m")
    if not 0.0 <= crowd <= LARGEST_CROWD:
        raise WorldError(f"crowd is {crowd}: use 0 (nobody) to {LARGEST_CROWD:.0f}")
    if target is not None and target not in TARGETS:
        raise WorldError(f"target is {target!r}: use one of {', '.join(TARGETS)}")
    if still and target not in (None, "still"):
        raise WorldError(f"still is True and target is {target!r}: leave one of them out")
    return "still" if still else target or "walking"


def _corridor(path: Path) -> tuple[Path, ...]:
    """Ways to keep clear: the walk with the way before its start, and as followers cut its corners."""
    first, second = path.points[0], path.points[1]
    way = (second - first) / np.hypot(*(second - first))
    points = [(float(x), float(y)) for x, y in [first - BEHIND_M * way, *path.points]]
    whole = Path(points)
    return whole, *(whole.cut(corner_m) for corner_m in CUTS_M)


def _flat(position_enu_m: np.ndarray) -> tuple[float, float]:
    return float(position_enu_m[0]), float(position_enu_m[1])


def _draw_target(
    city: CityBuilder, rng: np.random.Generator, kind: str, path: Path
) -> tuple[Target, Start, Loop | None]:
    """Return the target, a start behind it, and the lane it rides in, if any."""
    green = float(rng.uniform(0.8, 1.3))
    tint: Float3 = (float(rng.uniform(0.85, 1.1)), green, green)
    look = draw_look(rng, child=False, bag="")
    city.meshes |= person_meshes("walker", look)
    if kind == "still":
        return (*_still_target(rng, path, tint, city), None)
    if kind == "walking":
        person = WalkingPerson(path, rng, tint=tint)
        return person, _start_behind(rng, person.position_enu_m, person.heading_rad), None
    ways = lanes(LANE_M)
    lane = ways[int(rng.integers(len(ways)))]
    tracks = Tracks([lane.points])
    paint = PAINTS[int(rng.integers(len(PAINTS)))]
    if kind == "car":
        city.meshes |= buggy_meshes(look)
    along = middle_of_a_street(tracks, rng)
    rider = RidingTarget("car" if kind == "car" else "cyclist", tracks, along, rng, tint=tint, paint=paint)
    return rider, _start_behind(rng, rider.position_enu_m, rider.heading_rad), lane


def _start_behind(rng: np.random.Generator, position: np.ndarray, heading_rad: float) -> Start:
    """A start 2.5 to 4.5 m behind a backpack that moves."""
    behind = float(rng.uniform(2.5, 4.5))
    spot = position - behind * np.array([np.cos(heading_rad), np.sin(heading_rad), 0.0])
    height = float(rng.uniform(1.2, 2.0))
    return Start((float(spot[0]), float(spot[1]), height), heading_rad + float(rng.uniform(-0.3, 0.3)))


def _still_target(
    rng: np.random.Generator, path: Path, tint: Float3, city: CityBuilder
) -> tuple[HangingBackpack, Start]:
    """Hang the backpack on a lamp at the kerb of the path's first pavement, or lay it on a bench there."""
    lengths = np.hypot(*np.diff(path.points, axis=0).T)
    first = int((lengths > SHORTEST_PAVEMENT_M).argmax())
    begin, end, length = path.points[first], path.points[first + 1], float(lengths[first])
    way = (end - begin) / length
    distance = float(rng.uniform(6.0, max(6.5, min(16.0, length - 3.0))))
    start_at = begin - 0.5 * way
    left = np.array([-way[1], way[0]])
    across = begin[int(abs(way[0]) > 0.5)]
    to_road = float(np.sign((min(ROADS_M, key=lambda road: abs(road - across)) - across) * left.sum()))
    side = to_road * float(rng.uniform(0.9, 1.3))
    x, y = (float(value) for value in start_at + distance * way + side * left)
    lies = bool(rng.random() < 0.3)
    turn, height = float(rng.uniform(0.0, 6.28)), float(rng.uniform(1.0, 1.8))
    if lies:
        facing = float(np.arctan2(*(-np.sign(side) * left)[::-1]))
        city.place("bench", x, y, facing, "bench", 0.75, 0.22)
        pack_at, height = np.array([x, y]), 0.74
        turn = facing + float(rng.uniform(-0.5, 0.5))
    else:
        city.place("lamp", x, y, turn, "lamp", 0.08, 2.5)
        pack_at = np.array([x, y]) - way * 0.2
    backpack = HangingBackpack((float(pack_at[0]), float(pack_at[1]), height), turn, tint)
    towards = float(np.arctan2(*(pack_at - start_at)[::-1]))
    start_z = float(np.clip(height + rng.uniform(-0.4, 0.6), 1.0, 2.2))
    bearing = towards + float(rng.uniform(-0.5, 0.5))
    return backpack, Start((float(start_at[0]), float(start_at[1]), start_z), bearing)
