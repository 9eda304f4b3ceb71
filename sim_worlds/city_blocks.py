"""What fills the land between the pavements: houses, a park, a square."""

from __future__ import annotations

from itertools import product

import numpy as np

from sim_worlds.city_builder import CLOTHS, PAINTS, CityBuilder
from sim_worlds.city_people import SITTING, STANDING, add_bystander
from sim_worlds.city_plan import BLOCK_CENTRES_M, LAND_M, ROADS_M, inner_blocks
from sim_worlds.models.house import SIDE_M, House, draw_house
from sim_worlds.models.kit import Kit
from sim_worlds.scene import Collider, Float3

PROTOTYPES = 9
BACKDROP_M = 84.0
WASHES: tuple[Float3, ...] = ((1.0, 1.0, 1.0), (0.94, 0.96, 1.0), (1.0, 0.95, 0.90), (0.90, 0.90, 0.90))
GRASS: dict[str, Float3] = {
    "summer": (1.0, 1.0, 1.0),
    "spring": (1.05, 1.15, 0.9),
    "autumn": (1.2, 1.0, 0.75),
    "winter": (1.0, 1.0, 1.0),
}
PATH_M = 2.4
Block = tuple[float, float]


def add_blocks(city: CityBuilder) -> dict[str, Block]:
    """Fill all blocks; return where park and square are.

    One inner block is a square in seven of ten cities, another one a park in eight of ten.
    """
    rng = city.rng
    order = [inner_blocks()[int(index)] for index in rng.permutation(4)]
    named: dict[str, Block] = {}
    if rng.random() < 0.7:
        named["square"] = order[0]
    if rng.random() < 0.8:
        named["park"] = order[1]
    houses = [draw_house(rng, city.season) for _ in range(PROTOTYPES)]
    for index, house in enumerate(houses):
        city.meshes[f"house_{index}"] = house.mesh
    for x, y in product(BLOCK_CENTRES_M, BLOCK_CENTRES_M):
        if (x, y) not in named.values():
            _houses(city, houses, x, y)
    for road, end, flip in product(ROADS_M, (-BACKDROP_M, BACKDROP_M), (False, True)):
        for side in (-0.5 * SIDE_M, 0.5 * SIDE_M):
            spot = (end, road + side) if flip else (road + side, end)
            inward = (-np.sign(end), np.sign(side)) if flip else (np.sign(side), -np.sign(end))
            _house(city, houses, *spot, float(inward[0]), float(inward[1]))
    if "square" in named:
        _square(city, *named["square"])
    if "park" in named:
        _park(city, *named["park"])
    return named


def _houses(city: CityBuilder, houses: list[House], x: float, y: float) -> None:
    """Four corner houses, their façades to the streets."""
    for sx, sy in product((-1.0, 1.0), (-1.0, 1.0)):
        _house(city, houses, x + 0.5 * SIDE_M * sx, y + 0.5 * SIDE_M * sy, sx, sy)


def _house(city: CityBuilder, houses: list[House], x: float, y: float, sx: float, sy: float) -> None:
    """One house whose façades face the directions (sx, 0) and (0, sy)."""
    index = int(city.rng.integers(len(houses)))
    house = houses[index]
    wash = WASHES[int(city.rng.integers(len(WASHES)))]
    yaw = {(1.0, 1.0): 0.0, (-1.0, 1.0): 0.5, (-1.0, -1.0): 1.0, (1.0, -1.0): 1.5}[sx, sy] * np.pi
    city.put(f"house_{index}", x, y, yaw, tint=wash, category="building")
    half = (0.5 * SIDE_M, 0.5 * SIDE_M, 0.5 * house.height_m)
    city.solid(x, y, 0.5 * house.height_m, half, 0.0, "house")
    cos, sin = np.cos(yaw), np.sin(yaw)
    for ax, ay, turn in house.awnings:
        tint, category = city.paint(CLOTHS, "building")
        city.put("awning", x + cos * ax - sin * ay, y + sin * ax + cos * ay, yaw + turn, tint=tint, category=category)
        out = 0.55
        cx = x + cos * ax - sin * ay + out * float(np.cos(yaw + turn))
        cy = y + sin * ax + cos * ay + out * float(np.sin(yaw + turn))
        city.solid(float(cx), float(cy), 2.65, (0.55, 1.7, 0.4), float(yaw + turn), "awning")


def _lawn(city: CityBuilder, name: str, material: str, tint: Float3, x: float, y: float, tiles: float) -> None:
    half, z = 0.5 * LAND_M, 0.035
    kit = Kit()
    kit.panel([(-half, -half, z), (half, -half, z), (half, half, z), (-half, half, z)], material, tint, uv=(tiles,) * 2)
    city.meshes[name] = kit.mesh()
    city.put(name, x, y, category="ground")


def _park(city: CityBuilder, x: float, y: float) -> None:
    """Lawn with crossing paths and a round bed, hedges along its edge, trees, benches, lanterns."""
    winter = city.season == "winter"
    _lawn(city, "lawn", "snow_ground" if winter else "grass_park", GRASS[city.season], x, y, 7.0)
    kit, half, reach = Kit(), 0.5 * PATH_M, 0.5 * LAND_M
    tint: Float3 = (1.25, 1.3, 1.35) if winter else (1.0, 1.0, 1.0)
    for a, b in ((reach, half), (half, reach)):
        kit.panel([(-a, -b, 0.045), (a, -b, 0.045), (a, b, 0.045), (-a, b, 0.045)], "gravel", tint, uv=(a, b))
    kit.tube(3.2, 0.01, (0.0, 0.0, 0.045), "gravel", tint, sides=16)
    city.meshes["paths"] = kit.mesh()
    city.put("paths", x, y, category="ground")
    rng = city.rng
    hedges: Float3 = {"winter": (1.3, 1.3, 1.4), "autumn": (1.2, 0.95, 0.7)}.get(city.season, (1.0, 1.0, 1.0))
    for k in range(4):
        yaw = 0.5 * np.pi * k
        for place in (-8.4, -5.2, 5.2, 8.4):
            hx, hy = _turned(x, y, yaw, reach - 0.6, place)
            city.put("hedge", hx, hy, yaw + 0.5 * np.pi, tint=hedges, category="undergrowth")
            city.solid(hx, hy, 0.45, (1.5, 0.35, 0.45), yaw + 0.5 * np.pi, "hedge")
        bx, by = _turned(x, y, yaw, float(rng.uniform(4.6, 6.5)), 1.9)
        city.place("bench", bx, by, yaw - 0.5 * np.pi, "bench", 0.75, 0.45)
        if rng.random() < 0.5:
            seated = STANDING + int(rng.integers(SITTING))
            add_bystander(city, seated, bx, by, yaw - 0.5 * np.pi, sits=True)
        lx, ly = _turned(x, y, yaw, 4.2, -1.7)
        city.place("lantern", lx, ly, 0.0, "lantern", 0.1, 1.7)
        if k % 2:
            city.place("bin", *_turned(x, y, yaw, 4.0, 2.0), 0.0, "bin", 0.27, 0.47, palette=PAINTS)
        for _ in range(2):
            tx, ty = _turned(x, y, yaw, float(rng.uniform(3.2, 8.2)), float(rng.uniform(3.2, 8.2)))
            city.tree(tx, ty, size=float(rng.uniform(0.8, 1.1)))
    if rng.random() < 0.6:
        city.place("monument", x, y, 0.0, "monument", 1.4, 2.3)
    else:
        city.place("planter", x, y, 0.0, "planter", 0.55, 0.6, palette=PAINTS, size=1.8)


def _square(city: CityBuilder, x: float, y: float) -> None:
    """Paved square: fountain or monument, trees in grates, benches, a café, planters, bollards, bicycles."""
    rng = city.rng
    drawn = str(rng.choice(("paving", "cobbles")))
    material = "snow_ground" if city.season == "winter" else drawn
    _lawn(city, "square", material, (1.0, 0.97, 0.92), x, y, 5.25 if material == "paving" else 10.5)
    if rng.random() < 0.6:
        city.put("fountain", x, y)
        city.put("fountain_water", x, y, category="water")
        city.colliders += _round_solids(x, y)
    else:
        city.place("monument", x, y, float(rng.uniform(0, 6.28)), "monument", 1.4, 2.3)
    for k in range(4):
        yaw = 0.5 * np.pi * k
        for place in (-6.5, 6.5):
            tx, ty = _turned(x, y, yaw, 8.3, place)
            city.put("tree_grate", tx, ty, category="ground")
            city.tree(tx, ty, size=float(rng.uniform(0.6, 0.8)))
        bx, by = _turned(x, y, yaw, 4.4, float(rng.uniform(-0.8, 0.8)))
        city.place("bench", bx, by, yaw, "bench", 0.75, 0.45)
        if rng.random() < 0.6:
            add_bystander(city, STANDING + int(rng.integers(SITTING)), bx, by, yaw, sits=True)
        for place in (-1.8, 1.8):
            px, py = _turned(x, y, yaw, 9.2, place)
            city.place("planter", px, py, 0.0, "planter", 0.55, 0.6, palette=PAINTS)
    cafe = 0.5 * np.pi * int(rng.integers(4))
    for place, away in product((3.6, 5.9), (3.2, 5.8)):
        cx, cy = _turned(x, y, cafe, place, away)
        turn = float(rng.uniform(0, 3.14))
        city.place("cafe_table", cx, cy, turn, "café table", 0.9, 0.45)
        tint, category = city.paint(CLOTHS, "furniture")
        city.put("parasol", cx, cy, tint=tint, category=category)
        city.solid(cx, cy, 2.3, (1.1, 1.1, 0.35), 0.0, "parasol")
        if rng.random() < 0.6:
            sx, sy = cx + 0.68 * float(np.cos(turn)), cy + 0.68 * float(np.sin(turn))
            add_bystander(city, STANDING + int(rng.integers(SITTING)), sx, sy, turn + np.pi, sits=True)
    city.place("balloons", *_turned(x, y, cafe, -6.0, 3.0), 0.0, "balloons", 0.38, 1.2, palette=CLOTHS)
    city.place("bin", *_turned(x, y, cafe, -3.8, 3.8), 0.0, "bin", 0.27, 0.47, palette=PAINTS)


def _round_solids(x: float, y: float) -> list[Collider]:
    return [
        Collider("cylinder", (x, y, 0.29), (2.6, 2.6, 0.29), label="fountain"),
        Collider("cylinder", (x, y, 1.5), (1.1, 1.1, 1.5), label="fountain"),
    ]


def _turned(x: float, y: float, yaw: float, ahead: float, left: float) -> tuple[float, float]:
    """The point ``ahead`` and ``left`` of a place and a direction."""
    cos, sin = float(np.cos(yaw)), float(np.sin(yaw))
    return x + cos * ahead - sin * left, y + sin * ahead + cos * left
