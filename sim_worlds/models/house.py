"""Corner houses of one footprint: façades towards +x and +y, party walls behind. Metres, origin on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim_worlds.models.kit import Kit
from sim_worlds.scene import Float3, Mesh

SIDE_M = 10.5
GROUND_FLOOR_M = 3.6
FLOOR_M = 3.5
TILE_M = 7.0
FACADES = (
    "facade_brick",
    "facade_clinker",
    "facade_plaster",
    "facade_shutters",
    "facade_stone",
    "facade_panel",
    "facade_glass",
    "facade_timber",
)
FACADE_SHARES = (0.13, 0.13, 0.18, 0.16, 0.14, 0.09, 0.09, 0.08)
TINTS: tuple[Float3, ...] = (
    (1.0, 1.0, 1.0),
    (1.0, 0.93, 0.82),
    (0.88, 0.93, 1.0),
    (1.0, 0.86, 0.74),
    (0.80, 0.80, 0.84),
    (0.92, 1.0, 0.86),
    (1.0, 0.95, 0.72),
    (1.0, 0.82, 0.78),
)
ROOF_TILES: tuple[Float3, ...] = ((0.72, 0.42, 0.33), (0.60, 0.38, 0.32), (0.42, 0.42, 0.45), (0.50, 0.44, 0.40))
DOORS: tuple[Float3, ...] = ((0.42, 0.27, 0.18), (0.25, 0.36, 0.30), (0.22, 0.26, 0.38), (0.75, 0.73, 0.68))
STONE: Float3 = (0.86, 0.84, 0.80)
SNOW: Float3 = (0.95, 0.97, 1.0)


@dataclass(frozen=True)
class House:
    """A house and where its shops are.

    Attributes:
        mesh: the house about the origin.
        height_m: to the eaves.
        awnings: for every awning its x, y and yaw, for the mesh of :func:`awning_mesh`.
    """

    mesh: Mesh
    height_m: float
    awnings: tuple[Float3, ...]


def draw_house(rng: np.random.Generator, season: str) -> House:
    """Draw a house: façade, floors, ground floor, balconies, roof."""
    facade = str(rng.choice(FACADES, p=FACADE_SHARES))
    tint = TINTS[int(rng.integers(len(TINTS)))] if facade not in ("facade_clinker", "facade_timber") else TINTS[0]
    low = facade in ("facade_timber", "facade_shutters")
    floors = int(rng.integers(1, 4 if low else 6))
    height = GROUND_FLOOR_M + FLOOR_M * floors
    shops = bool(rng.random() < 0.6)
    snow = season == "winter"
    kit = Kit()
    ground = str(rng.choice(("shop_front", "shop_front_other"))) if shops else "ground_floor"
    _walls(kit, facade, tint, height, ground)
    _ledges(kit, height, tint, snow)
    if rng.random() < 0.5 and facade not in ("facade_glass", "facade_panel"):
        _balconies(kit, rng, floors, snow)
    if facade in ("facade_glass", "facade_panel") or rng.random() < 0.3:
        _flat_roof(kit, rng, height, snow)
    else:
        _hip_roof(kit, rng, height, snow)
    awnings: list[Float3] = []
    for front in range(2):
        if not shops or rng.random() < 0.4:
            _entrance(kit, rng, front)
        elif rng.random() < 0.75:
            along = float(rng.choice([-0.25 * SIDE_M, 0.25 * SIDE_M]))
            awnings.append((*_spot(front, along, 0.0), 0.5 * np.pi * front))
        if shops and rng.random() < 0.6:
            _hanging_sign(kit, rng, front)
    return House(kit.mesh(), height, tuple(awnings))


def awning_mesh() -> Mesh:
    """A striped awning of 3.4 m over a shop at +x, pale, to be tinted; the wall is at x = 0."""
    kit = Kit()
    half, wall, edge, top, bottom = 1.7, 0.02, 1.1, 3.0, 2.45
    slope = [(edge, -half, bottom), (edge, half, bottom), (wall, half, top), (wall, -half, top)]
    under = [(x, -y, z - 0.01) for x, y, z in slope]
    front = [(edge, -half, bottom - 0.25), (edge, half, bottom - 0.25), (edge, half, bottom), (edge, -half, bottom)]
    back = [front[1], front[0], front[3], front[2]]
    for corners, shade in ((slope, 0.9), (under, 0.6), (front, 0.85), (back, 0.6)):
        kit.panel(corners, "stripes", (shade, shade, shade), uv=(3.0, 1.0))
    return kit.mesh()


def _spot(front: int, along: float, out: float) -> tuple[float, float]:
    """A point ``along`` a façade and ``out`` from it."""
    reach = 0.5 * SIDE_M + out
    return (reach, along) if front == 0 else (-along, reach)


def _face(kit: Kit, front: int, low: float, high: float, material: str, tint: Float3, v: float) -> None:
    """Add one façade between two heights; its texture spans ``v`` tiles upwards."""
    ends = [(*_spot(front, -0.5 * SIDE_M, 0.0), low), (*_spot(front, 0.5 * SIDE_M, 0.0), low)]
    corners = [*ends, (*ends[1][:2], high), (*ends[0][:2], high)]
    kit.panel(corners, material, tint, uv=(SIDE_M / TILE_M, v))


def _walls(kit: Kit, facade: str, tint: Float3, height: float, ground: str) -> None:
    half = 0.5 * SIDE_M
    for front in range(2):
        _face(kit, front, GROUND_FLOOR_M, height, facade, tint, (height - GROUND_FLOOR_M) / TILE_M)
        _face(kit, front, 0.0, GROUND_FLOOR_M, ground, tint, 1.0)
    for corners in (
        [(-half, half, 0.0), (-half, -half, 0.0), (-half, -half, height), (-half, half, height)],
        [(-half, -half, 0.0), (half, -half, 0.0), (half, -half, height), (-half, -half, height)],
    ):
        kit.panel(corners, "wall", tint, uv=(2.0, height / 5.0))


def _ledges(kit: Kit, height: float, tint: Float3, snow: bool) -> None:
    """A string course over the ground floor and a cornice under the eaves, on both fronts."""
    stone = (STONE[0] * tint[0], STONE[1] * tint[1], STONE[2] * tint[2])
    for z, out, thick in ((GROUND_FLOOR_M, 0.12, 0.22), (height - 0.2, 0.35, 0.4)):
        for front in range(2):
            x, y = _spot(front, 0.0, 0.5 * out)
            size = (out, SIDE_M + out, thick) if front == 0 else (SIDE_M + out, out, thick)
            kit.box(size, (x, y, z), "wall", stone, uv_per_m=0.3)
            if snow:
                cover = (size[0], size[1], 0.07)
                kit.box(cover, (x, y, z + 0.5 * thick + 0.03), "white", SNOW)


def _balconies(kit: Kit, rng: np.random.Generator, floors: int, snow: bool) -> None:
    column = float(rng.choice([-1.0, 0.0, 1.0])) * 0.5 * FLOOR_M * 2.0
    both = bool(rng.random() < 0.5)
    for front in range(2) if both else (int(rng.integers(2)),):
        for floor in range(floors):
            z = GROUND_FLOOR_M + FLOOR_M * floor + 0.35
            x, y = _spot(front, column, 0.45)
            size: Float3 = (0.9, 2.0, 0.14) if front == 0 else (2.0, 0.9, 0.14)
            kit.box(size, (x, y, z), "wall", STONE)
            ox, oy = _spot(front, column, 0.88)
            rail: Float3 = (0.03, 2.0, 0.95) if front == 0 else (2.0, 0.03, 0.95)
            kit.box(rail, (ox, oy, z + 0.54), "railing")
            for side in (-1.0, 1.0):
                ex, ey = _spot(front, column + side, 0.45)
                end: Float3 = (0.9, 0.03, 0.95) if front == 0 else (0.03, 0.9, 0.95)
                kit.box(end, (ex, ey, z + 0.54), "railing")
            if snow:
                kit.box((size[0], size[1], 0.06), (x, y, z + 0.1), "white", SNOW)


def _flat_roof(kit: Kit, rng: np.random.Generator, height: float, snow: bool) -> None:
    half = 0.5 * SIDE_M
    material, colour = ("white", SNOW) if snow else ("roof", (1.0, 1.0, 1.0))
    top = [(-half, -half, height), (half, -half, height), (half, half, height), (-half, half, height)]
    kit.panel(top, material, colour, uv=(3.0, 3.0))
    for front in range(2):
        x, y = _spot(front, 0.0, -0.1)
        kit.box((0.25, SIDE_M, 0.8) if front == 0 else (SIDE_M, 0.25, 0.8), (x, y, height + 0.4), "wall", STONE)
    for _ in range(int(rng.integers(1, 4))):
        x, y = (float(value) for value in rng.uniform(-0.3 * SIDE_M, 0.3 * SIDE_M, 2))
        kit.box((1.4, 1.1, 1.3), (x, y, height + 0.65), "metal", (0.8, 0.8, 0.8))


def _hip_roof(kit: Kit, rng: np.random.Generator, height: float, snow: bool) -> None:
    """Four slopes up to a short ridge, chimneys and dormers."""
    drawn = ROOF_TILES[int(rng.integers(len(ROOF_TILES)))]
    material, colour = ("white", SNOW) if snow else ("tiles", drawn)
    half, rise, ridge = 0.5 * SIDE_M + 0.35, float(rng.uniform(2.2, 3.6)), 1.6
    top = height + rise
    a, b, c, d = ((half, -half), (half, half), (-half, half), (-half, -half))
    south, north = (0.0, -ridge, top), (0.0, ridge, top)
    slopes: list[list[Float3]] = [
        [(*a, height), (*b, height), north, south],
        [(*c, height), (*d, height), south, north],
        [(*b, height), (*c, height), north, north],
        [(*d, height), (*a, height), south, south],
    ]
    for corners in slopes:
        kit.panel(corners, material, colour, uv=(2.0 * half / 3.0, np.hypot(half, rise) / 3.0))
    kit.box((0.7, 0.9, 1.8), (-1.2, float(rng.uniform(-2, 2)), top - 0.2), "facade_clinker", uv_per_m=0.05)
    if rng.random() < 0.6:
        for along in (-2.2, 2.2):
            kit.box((1.6, 1.2, 1.3), (0.62 * half, along, height + 0.62 * rise - 0.3), "wall", STONE)
            kit.box((0.02, 0.8, 0.8), (0.62 * half + 0.81, along, height + 0.62 * rise - 0.25), "car_glass")


def _entrance(kit: Kit, rng: np.random.Generator, front: int) -> None:
    """A door with frame, step and lintel in the middle of a façade."""
    colour = DOORS[int(rng.integers(len(DOORS)))]
    along = float(rng.uniform(-0.6, 0.6))
    parts: tuple[tuple[float, float, float, float, str, Float3], ...] = (
        (0.10, 1.7, 2.75, 1.37, "wall", STONE),
        (0.16, 1.2, 2.35, 1.22, "door", colour),
        (0.30, 2.0, 0.14, 2.82, "wall", STONE),
        (0.35, 1.7, 0.12, 0.06, "pavement", STONE),
    )
    for deep, wide, high, z, material, paint in parts:
        x, y = _spot(front, along, 0.5 * deep)
        size: Float3 = (deep, wide, high) if front == 0 else (wide, deep, high)
        kit.box(size, (x, y, z), material, paint, uv_per_m=1.0 if material != "door" else 1.0 / 1.2)


def _hanging_sign(kit: Kit, rng: np.random.Generator, front: int) -> None:
    """A board on a bracket square to the wall."""
    x, y = _spot(front, float(rng.choice([-1.0, 1.0])) * 0.42 * SIDE_M, 0.45)
    paint = rng.uniform(0.35, 0.95, 3) * np.array([0.75, 1.0, 1.0])
    colour = (float(paint[0]), float(paint[1]), float(paint[2]))
    size: Float3 = (0.7, 0.07, 0.6) if front == 0 else (0.07, 0.7, 0.6)
    kit.box(size, (x, y, 3.0), "lettering", colour, uv_per_m=1.4)
    bar: Float3 = (0.9, 0.04, 0.04) if front == 0 else (0.04, 0.9, 0.04)
    kit.box(bar, (x, y, 3.34), "metal", (0.3, 0.3, 0.3))
