"""Streets of a city: ground, markings, kerbs, what stands along them and parked cars."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from sim_worlds.city_builder import PAINTS, CityBuilder
from sim_worlds.city_plan import (
    BLOCK_CENTRES_M,
    BLOCK_M,
    HALF_ROAD_M,
    KERB_LINE_M,
    PARKING_M,
    ROADS_M,
    SPACING_M,
    ZEBRA_M,
    junctions,
)
from sim_worlds.models.car import COLOURS, car_size_m
from sim_worlds.models.kit import Kit
from sim_worlds.scene import Float3, Mesh

PAINT: Float3 = (0.86, 0.86, 0.84)
KERB_STONE: Float3 = (0.84, 0.83, 0.80)
PAVEMENT_Z_M, MARK_Z_M = 0.025, 0.012
PAVEMENTS = ("pavement", "paving", "cobbles")
PARKED_SHARES = {"sedan": 0.30, "hatchback": 0.28, "estate": 0.2, "van": 0.16, "truck": 0.06}
Vector = NDArray[np.float64]


def add_ground(city: CityBuilder) -> None:
    """Asphalt everywhere; on it markings, crossings and the pavements around every block."""
    reach = city.half_size_m + 65.0
    winter = city.season == "winter"
    ground = Kit()
    corners: list[Float3] = [(-reach, -reach, 0.0), (reach, -reach, 0.0), (reach, reach, 0.0), (-reach, reach, 0.0)]
    shade = 0.85 if winter else 1.0
    ground.panel(corners, "asphalt", (shade, shade, shade), uv=(reach / 2.0, reach / 2.0))
    city.meshes |= {"road": ground.mesh(), "block": _block(city), "lane": _lane(), "zebra": _zebra()}
    city.put("road", 0.0, 0.0, category="ground")
    for x, y in product(BLOCK_CENTRES_M, BLOCK_CENTRES_M):
        city.put("block", x, y, category="ground")
    for road, middle in product(ROADS_M, BLOCK_CENTRES_M):
        city.put("lane", middle, road, category="ground")
        city.put("lane", road, middle, 0.5 * np.pi, category="ground")
    for x, y in junctions():
        for quarter in range(4):
            city.put("zebra", x, y, 0.5 * np.pi * quarter, category="ground")


def _block(city: CityBuilder) -> Mesh:
    """The pavement of a block with its kerbs and gutters."""
    kit = Kit()
    drawn = PAVEMENTS[int(city.rng.choice(3, p=[0.6, 0.2, 0.2]))]
    material = "snow_ground" if city.season == "winter" else drawn
    half, z = 0.5 * BLOCK_M, PAVEMENT_Z_M
    tiles = BLOCK_M / (4.0 if material == "paving" else 2.0)
    kit.panel([(-half, -half, z), (half, -half, z), (half, half, z), (-half, half, z)], material, uv=(tiles, tiles))
    for k in range(4):
        turn = _quarter(k)
        for low, high, height, name, colour in (
            (half - 0.22, half, z + 0.004, "wall", KERB_STONE),
            (half, half + 0.3, 0.006, "cobbles", (0.75, 0.75, 0.75)),
        ):
            strip = np.array([(-high, -high, height), (high, -high, height), (low, -low, height), (-low, -low, height)])
            rows = [(float(p[0]), float(p[1]), float(p[2])) for p in strip @ turn.T]
            kit.panel(rows, name, colour, uv=(BLOCK_M, 0.5))
    return kit.mesh()


def _lane() -> Mesh:
    """Markings of a street between two crossings, along x: dashes, stop lines, parking bays."""
    kit = Kit()
    length = 0.5 * SPACING_M - ZEBRA_M[1] - 1.2
    for x in np.arange(-length + 0.5, length - 2.0, 4.6):
        _mark(kit, float(x), float(x) + 2.6, -0.07, 0.07)
    for sign in (-1.0, 1.0):  # traffic keeps to the right: eastbound on the south side
        low, high = sorted((sign * length, sign * (length + 0.4)))
        across = (-2.95, -0.15) if sign > 0 else (0.15, 2.95)
        _mark(kit, low, high, *across)
        for x in np.arange(-9.0, 9.1, 6.0):
            y = sorted((sign * 3.0, sign * 4.9))
            _mark(kit, float(x) - 0.05, float(x) + 0.05, *y)
    return kit.mesh()


def _zebra() -> Mesh:
    """One crossing of a junction at the origin: stripes across the road that leaves towards +x."""
    kit = Kit()
    for y in np.arange(-HALF_ROAD_M + 0.45, HALF_ROAD_M - 0.3, 1.0):
        _mark(kit, ZEBRA_M[0], ZEBRA_M[1], float(y), float(y) + 0.5)
    return kit.mesh()


def _mark(kit: Kit, x0: float, x1: float, y0: float, y1: float) -> None:
    z = MARK_Z_M
    kit.panel([(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)], "white", PAINT)


def _quarter(k: int) -> NDArray[np.float64]:
    cos, sin = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[k]
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def add_street_furniture(city: CityBuilder) -> None:
    """Things along all kerbs, traffic lights and name plates at the corners, parked cars."""
    for x, y in product(BLOCK_CENTRES_M, BLOCK_CENTRES_M):
        for k in range(4):
            outward = np.array([np.cos(0.5 * np.pi * k), np.sin(0.5 * np.pi * k)])
            along = np.array([-outward[1], outward[0]])
            kerb = np.array([x, y]) + (0.5 * SPACING_M - KERB_LINE_M) * outward
            if np.abs(kerb).max() > city.half_size_m - 1.0:
                continue
            _kerb(city, kerb, along, outward)
            _corner(city, np.array([x, y]), k)
            parking = np.array([x, y]) + (0.5 * SPACING_M - PARKING_M) * outward
            _parking(city, parking, along, outward)


def _kerb(city: CityBuilder, middle: Vector, along: Vector, outward: Vector) -> None:
    """Five places along one side of a block; a bus stop sometimes takes the middle three."""
    rng = city.rng
    to_road = float(np.arctan2(outward[1], outward[0]))
    stop = bool(rng.random() < 0.16)
    if stop:
        spot = middle - 0.55 * outward
        if city.is_clear(float(spot[0]), float(spot[1]), 0.0):
            city.put("bus_stop", float(spot[0]), float(spot[1]), to_road)
            back = spot - 0.6 * outward
            city.solid(float(back[0]), float(back[1]), 1.2, (0.1, 1.85, 1.2), to_road, "bus stop")
            city.solid(float(spot[0]), float(spot[1]), 2.45, (0.75, 1.95, 0.1), to_road, "bus stop")
            for end in (-1.75, 1.75):
                wall = spot + end * along
                city.solid(float(wall[0]), float(wall[1]), 1.2, (0.6, 0.08, 1.2), to_road, "bus stop")
    for index, place in enumerate((-9.5, -5.0, 0.0, 5.0, 9.5)):
        spot = middle + (place + float(rng.uniform(-0.6, 0.6))) * along
        draw, turn = float(rng.random()), float(rng.uniform(0.0, 6.28))
        if city.is_clear(float(spot[0]), float(spot[1])) and not (stop and index in (1, 2, 3)):
            _thing(city, draw, turn, float(spot[0]), float(spot[1]), to_road)


def _thing(city: CityBuilder, draw: float, turn: float, x: float, y: float, to_road: float) -> None:
    """Place what ``draw`` (0..1) stands for."""
    if draw < 0.24:
        city.place("lamp", x, y, to_road, "lamp", 0.08, 2.5)
    elif draw < 0.48:
        city.put("tree_grate", x, y, to_road, category="ground")
        city.tree(x, y)
    elif draw < 0.56:
        city.place("bin", x, y, turn, "bin", 0.27, 0.47, palette=PAINTS)
    elif draw < 0.63:
        city.place("parking_sign", x, y, to_road + np.pi / 2, "sign", 0.25, 1.2)
    elif draw < 0.68:
        city.place("planter", x, y, to_road, "planter", 0.55, 0.6, palette=PAINTS)
    elif draw < 0.75:
        city.put("bike_stand", x, y, to_road)
        for offset in (-0.8, 0.8):
            bx, by = x - offset * float(np.sin(to_road)), y + offset * float(np.cos(to_road))
            tint, category = city.paint(PAINTS, "furniture")
            city.put("bicycle", bx, by, to_road, tint=tint, category=category)
        city.solid(x, y, 0.5, (0.85, 0.95, 0.5), to_road, "bicycles")
    elif draw < 0.80:
        city.place("hydrant", x, y, turn, "hydrant", 0.17, 0.37, palette=PAINTS)
    elif draw < 0.84:
        city.place("post_box", x, y, to_road + np.pi, "post box", 0.3, 0.72, palette=PAINTS)
    elif draw < 0.89:
        city.place("bench", x, y, to_road + np.pi, "bench", 0.8, 0.45)
    elif draw < 0.93:
        for offset in (-1.2, 0.0, 1.2):
            bx, by = x - offset * float(np.sin(to_road)), y + offset * float(np.cos(to_road))
            city.place("bollard", bx, by, 0.0, "bollard", 0.1, 0.46)


def _corner(city: CityBuilder, block: Vector, k: int) -> None:
    """A traffic light before a crossing, a name plate, or nothing, near the corner of a block."""
    out = np.array([np.cos(0.5 * np.pi * k), np.sin(0.5 * np.pi * k)])
    side = np.array([-out[1], out[0]])
    spot = block + (0.5 * SPACING_M - 5.3) * out + (0.5 * SPACING_M - ZEBRA_M[1] - 0.5) * side
    draw = float(city.rng.random())
    x, y = float(spot[0]), float(spot[1])
    if not city.is_clear(x, y):
        return
    facing = float(np.arctan2(-side[1], -side[0]))
    if draw < 0.45:
        city.place("traffic_light", x, y, facing, "traffic light", 0.2, 1.6)
    elif draw < 0.6:
        city.place("street_sign", x, y, facing, "sign", 0.3, 1.4)
    elif draw < 0.7:
        city.place("crossing_sign", x, y, facing, "sign", 0.3, 1.25)


def _parking(city: CityBuilder, middle: Vector, along: Vector, outward: Vector) -> None:
    """Cars in some of the bays along one side of a block; they face the way of the traffic."""
    yaw = float(np.arctan2(along[1], along[0]))  # the block lies to the right of its lane
    rng = city.rng
    for place in (-6.0, 0.0, 6.0):
        free, draw = bool(rng.random() < 0.45), float(rng.random())
        nudge = rng.uniform(-0.25, 0.25, 2)
        if free:
            continue
        kind = str(rng.choice(list(PARKED_SHARES), p=list(PARKED_SHARES.values())))
        spot = middle + (place + nudge[0]) * along + 0.3 * nudge[1] * outward
        half = 0.5 * car_size_m(kind)[0]
        ends = [spot + reach * along for reach in (-half, 0.0, half)]
        if all(city.is_clear(float(end[0]), float(end[1]), 0.7) for end in ends):
            turned = yaw + (0.03 * (draw - 0.5))
            city.parked_car(kind, float(spot[0]), float(spot[1]), turned + np.pi, COLOURS)
