"""A city from a seed: streets with houses, shops, cars, lamps, trees and people; someone walks with a red backpack."""

from __future__ import annotations

import numpy as np

from liquid_nav.errors import WorldError
from sim_worlds.city_builder import ROADS_M, WALKING_LINE_M, CityBuilder
from sim_worlds.route import Path, Pavements
from sim_worlds.scene import Float3, Scene, Setting, Start
from sim_worlds.targets import HangingBackpack
from sim_worlds.walker import WalkingPerson
from sim_worlds.weather import check_weather, draw_atmosphere

ROUTE_LENGTH_M = 160.0


def make_city(
    seed: int,
    *,
    season: str = "summer",
    hour: float | None = None,
    sky: str | None = None,
    still: bool = False,
    decoys: bool = False,
    occluders: bool = False,
    half_size_m: float = 60.0,
) -> Setting:
    """Build a city.

    Args:
        seed: the same seed builds the same city and the same walk.
        season, hour, sky: see :func:`sim_worlds.weather.draw_atmosphere`.
        still: the backpack hangs on a lamp instead of walking.
        decoys: many other things are red too: jackets, cars, bins, planters.
        occluders: advertising columns stand inside the bends of the walk, so that the person is hidden for moments.
        half_size_m: the city covers [-half_size, half_size]^2.

    Raises:
        WorldError: when the size leaves no room for the streets.
    """
    if half_size_m < 52.0:
        raise WorldError(f"half_size_m is {half_size_m}: the streets need at least 52 m")
    check_weather(season, hour, sky)
    rng = np.random.default_rng([seed, 0xC1])
    builder = CityBuilder(rng, half_size_m, np.random.default_rng([seed, 0xDE]) if decoys else None)
    builder.add_ground()
    builder.add_blocks()
    pavements = Pavements(ROADS_M, WALKING_LINE_M)
    path = Path(pavements.draw_route(rng, ROUTE_LENGTH_M))
    builder.add_street_furniture(path)
    if occluders:
        builder.add_columns(path)
    tint_g = float(rng.uniform(0.8, 1.3))
    tint: Float3 = (float(rng.uniform(0.85, 1.1)), tint_g, tint_g)
    target: WalkingPerson | HangingBackpack
    if still:
        target, start = _still_target(rng, path, tint, builder)
    else:
        target, start = _walking_target(rng, path, tint)
    air = draw_atmosphere(rng, season, hour=hour, sky=sky)
    scene = Scene(
        name="city",
        seed=seed,
        half_size_m=half_size_m,
        ceiling_m=30.0,
        meshes=builder.meshes,
        instances=tuple(builder.instances),
        colliders=tuple(builder.colliders),
        atmosphere=air,
        options={"still": still, "decoys": decoys, "occluders": occluders},
    )
    return Setting(scene, target, start)


def _walking_target(rng: np.random.Generator, path: Path, tint: Float3) -> tuple[WalkingPerson, Start]:
    person = WalkingPerson(path, rng, tint=tint)
    behind = float(rng.uniform(2.5, 4.5))
    spot = person.position_enu_m - behind * np.array([np.cos(person.heading_rad), np.sin(person.heading_rad), 0.0])
    height = float(rng.uniform(1.2, 2.0))
    start = Start((float(spot[0]), float(spot[1]), height), person.heading_rad + float(rng.uniform(-0.3, 0.3)))
    return person, start


def _still_target(
    rng: np.random.Generator, path: Path, tint: Float3, builder: CityBuilder
) -> tuple[HangingBackpack, Start]:
    """Hang the backpack on a lamp beside the first straight of the path."""
    begin, end = path.points[0], path.points[1]
    way = (end - begin) / np.hypot(*(end - begin))
    length = float(np.hypot(*(end - begin)))
    distance = float(rng.uniform(6.0, max(6.5, min(16.0, length - 3.0))))
    start_at = begin - 0.5 * way
    left = np.array([-way[1], way[0]])
    side = float(rng.choice([-1.0, 1.0])) * float(rng.uniform(0.9, 1.3))
    lamp_at = start_at + distance * way + side * left
    builder.place("lamp", float(lamp_at[0]), float(lamp_at[1]), float(rng.uniform(0, 6.28)), "lamp", 0.08, 2.5)
    height = float(rng.uniform(1.0, 1.8))
    pack_at = lamp_at - way * 0.2
    target = HangingBackpack((float(pack_at[0]), float(pack_at[1]), height), float(rng.uniform(0, 6.28)), tint)
    towards = float(np.arctan2(*(pack_at - start_at)[::-1]))
    start_z = float(np.clip(height + rng.uniform(-0.4, 0.6), 1.0, 2.2))
    return target, Start(
        (float(start_at[0]), float(start_at[1]), start_z), towards + float(rng.uniform(-0.5, 0.5))
    )
