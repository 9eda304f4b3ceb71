"""People of a city who stand or sit, and what they left on the pavement: boards, bags, umbrellas, balloons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim_worlds.city_builder import CLOTHS, PAINTS, REDS, CityBuilder
from sim_worlds.city_plan import BLOCK_CENTRES_M, SPACING_M, WALL_LINE_M
from sim_worlds.models.gait import sitting_poses, walking_poses
from sim_worlds.models.person import Look, any_colour, draw_look, posed_mesh
from sim_worlds.scene import Collider

STANDING, SITTING = 5, 2
PLACES = 46


def draw_bystanders(city: CityBuilder) -> None:
    """Add meshes of people who stand or sit, each as two: the jacket and the rest."""
    rng = city.rng
    for index in range(STANDING + SITTING):
        look = redressed(city, draw_look(rng), index)
        poses = sitting_poses() if index >= STANDING else walking_poses(float(rng.uniform(0, 6.28)), 0.15)
        jacket, rest = posed_mesh(look, poses)
        name = f"bystander_{index}"
        city.meshes |= {f"{name}_jacket": jacket, name: rest}


def redressed(city: CityBuilder, look: Look, index: int) -> Look:
    """Return the look as decoys want it: every other one in a red jacket, the others with a bright rucksack."""
    if city.decoy_rng is None:
        return look
    if wears_red(city, index):
        return replace(look, jacket=REDS[int(city.decoy_rng.integers(len(REDS)))])
    return replace(look, bag="rucksack", bag_colour=any_colour(city.decoy_rng, red=False))


def wears_red(city: CityBuilder, index: int) -> bool:
    """True for those who wear a red jacket where there are decoys."""
    return city.decoy_rng is not None and index % 2 == 0


def add_bystander(city: CityBuilder, index: int, x: float, y: float, yaw: float, *, sits: bool = False) -> None:
    """Put one of the drawn bystanders on the pavement or a seat."""
    red = wears_red(city, index)
    city.put(f"bystander_{index}_jacket", x, y, yaw, category="decoy" if red else "person")
    city.put(f"bystander_{index}", x, y, yaw, category="person")
    if sits:
        half_m = 0.5 * float(city.meshes[f"bystander_{index}"].positions_m[:, 2].max())
        city.seated.append(Collider("cylinder", (x, y, half_m), (0.25, 0.25, half_m), label="bystander"))
    else:
        city.colliders.append(Collider("cylinder", (x, y, 0.88), (0.28, 0.28, 0.88), label="bystander"))


def add_bystanders(city: CityBuilder) -> None:
    """People who look at shops and wait, and boards, bags, umbrellas and balloons, close to the walls."""
    rng = city.rng
    for _ in range(PLACES):
        block = rng.choice(BLOCK_CENTRES_M, 2)
        k, place, draw = int(rng.integers(4)), float(rng.uniform(-6.5, 6.5)), float(rng.random())
        index, turn = int(rng.integers(STANDING)), float(rng.uniform(-0.8, 0.8))
        out = np.array([np.cos(0.5 * np.pi * k), np.sin(0.5 * np.pi * k)])
        spot = block + (0.5 * SPACING_M - WALL_LINE_M) * out + place * np.array([-out[1], out[0]])
        x, y = float(spot[0]), float(spot[1])
        if max(abs(x), abs(y)) > city.half_size_m - 1.0 or not city.is_clear(x, y) or _crowded(city, x, y):
            continue
        outward = float(np.arctan2(out[1], out[0]))
        if draw < 0.62:
            add_bystander(city, index, x, y, outward + turn + (np.pi if draw < 0.3 else 0.0))
        elif draw < 0.78:
            city.place("board", x, y, outward, "board", 0.35, 0.5, palette=PAINTS)
        elif draw < 0.86:
            city.place("shopping_bags", x, y, turn, "bags", 0.3, 0.22, palette=CLOTHS)
        elif draw < 0.93:
            city.place("umbrella", x, y, turn, "umbrella", 0.5, 0.45, palette=CLOTHS)
        else:
            city.place("balloons", x, y, turn, "balloons", 0.38, 1.2, palette=CLOTHS)


def _crowded(city: CityBuilder, x: float, y: float) -> bool:
    """True when a small solid is within 1.2 m."""
    return any(
        abs(c.centre_enu_m[0] - x) < 1.2 and abs(c.centre_enu_m[1] - y) < 1.2
        for c in city.colliders
        if c.label != "house"
    )
