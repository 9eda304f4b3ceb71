"""A warehouse hall from a seed: racks in rows, aisles, docks, forklifts, pillars, people under lamps and rooflights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim_worlds.mesh_tools import WHITE, merge, quad
from sim_worlds.models import crew, warehouse
from sim_worlds.models.thing import Thing, block
from sim_worlds.placement import (
    Yard,
    check_distance,
    draw_sight_line,
    draw_still_distance,
    draw_tint,
    grid_walk,
    hang_backpack,
)
from sim_worlds.scene import Atmosphere, Collider, Float3, Mesh, Setting, Start
from sim_worlds.sites import Backpack, common_meshes, keep_view_clear, land, send_walking, site_options, site_scene
from sim_worlds.weather import check_weather

HALF_X_M, HALF_Y_M = 24.0, 17.0
WALL_M = 0.4
BAYS = 4
BLOCKS_M = (-18.2, -2.8)  # where the two blocks of every rack row begin
CROSS_AISLES_M = (-21.1, -4.9, 10.6, 18.4)
ROWS = 5
WALK_LENGTH_M = 125.0
BEAM_ROOM_M = 1.1
OVER_FLOOR_M = 0.012
MARKING: Float3 = (0.95, 0.78, 0.15)
RED: Float3 = (0.86, 0.09, 0.09)
TRUCK_TINTS: tuple[Float3, ...] = ((0.98, 0.76, 0.12), (0.98, 0.60, 0.14), (0.30, 0.52, 0.34), (0.88, 0.88, 0.86))
DRUM_TINTS: tuple[Float3, ...] = ((0.18, 0.36, 0.66), (0.22, 0.46, 0.34), (0.75, 0.76, 0.78))
TONES: tuple[Float3, ...] = ((0.92, 0.94, 0.95), (0.80, 0.88, 0.94), (0.92, 0.90, 0.82))


def make_warehouse(
    seed: int,
    *,
    season: str = "summer",
    still: bool = True,
    distance_m: float | None = None,
    decoys: bool = False,
) -> Setting:
    """Build a warehouse.

    Args:
        seed: the same seed builds the same hall.
        season: noted in the scene's options; it makes no difference indoors.
        still: the backpack hangs on the post of an aisle sign; otherwise somebody walks with it.
        distance_m: from the start to a hanging backpack, drawn from 5..20 m when None.
        decoys: red drums, trucks, crates and vests stand about.

    Raises:
        WorldError: for an unknown season or numbers outside their ranges.
    """
    check_weather(season, None, None)
    check_distance(distance_m, still)
    rng = np.random.default_rng([seed, 0x3A])
    distance = draw_still_distance(rng, distance_m)
    hall = _draw_hall(rng)
    yard = Yard()
    _add_kinds(yard, rng, hall)
    _add_shell(rng, yard, hall)
    _add_racks(rng, yard, hall)
    target, start = _hang(rng, yard, distance) if still else _walk(rng, yard, hall)
    _furnish(rng, yard, hall)
    if decoys:
        _add_decoys(np.random.default_rng([seed, 0xDE]), yard)
    yard.meshes |= {"floor": _floor(), "markings": _markings(hall)}
    scene = site_scene(
        "warehouse",
        seed,
        yard,
        [land("floor"), land("markings")],
        _hall_light(rng),
        site_options(season, distance, still=still, decoys=decoys),
        half_size_m=HALF_X_M + WALL_M,
        ceiling_m=hall.height_m - BEAM_ROOM_M,
    )
    return Setting(scene, target, start)


@dataclass(frozen=True)
class _Hall:
    """How a hall is laid out: x along the racks, y across them.

    Attributes:
        height_m: of the walls.
        side: 1.0 for docks in the east, -1.0 in the west.
        spacing_m: between the middles of two rows of racks.
    """

    height_m: float
    side: float
    spacing_m: float

    @property
    def rows_m(self) -> list[float]:
        """Middles of the rows of racks, by y."""
        return [(row - 0.5 * (ROWS - 1)) * self.spacing_m for row in range(ROWS)]

    @property
    def aisles_m(self) -> list[float]:
        """Middles of the aisles between and beside the rows, by y."""
        outer = 0.5 * (0.5 * (ROWS - 1) * self.spacing_m + 0.5 * warehouse.RACK_DEPTH_M + HALF_Y_M)
        between = [(row - 0.5 * (ROWS - 2)) * self.spacing_m for row in range(ROWS - 1)]
        return [-outer, *between, outer]

    @property
    def cross_aisles_m(self) -> list[float]:
        """Middles of the ways across the racks, by x."""
        return sorted(self.side * x for x in CROSS_AISLES_M)


def _draw_hall(rng: np.random.Generator) -> _Hall:
    height, side = float(rng.uniform(8.0, 10.0)), float(rng.choice([-1.0, 1.0]))
    return _Hall(height, side, spacing_m=float(rng.uniform(5.4, 6.0)))


def _add_kinds(yard: Yard, rng: np.random.Generator, hall: _Hall) -> None:
    """Make known what stands about."""
    yard.meshes |= common_meshes()
    for index in range(3):
        yard.add_kind(f"load_{index}", warehouse.pallet_load(rng))
        yard.add_kind(f"worker_{index}", crew.worker(rng, helmet=False))
    yard.add_kind("stack", warehouse.pallet_stack(rng))
    yard.add_kind("pillar", warehouse.pillar(hall.height_m))
    for make in (warehouse.drums, warehouse.cage, warehouse.forklift, warehouse.pallet_jack, warehouse.aisle_sign):
        yard.add_kind(make.__name__, make())
    for make in (warehouse.guard_rail, warehouse.conveyor, warehouse.extinguisher):
        yard.add_kind(make.__name__, make())


def _add_shell(rng: np.random.Generator, yard: Yard, hall: _Hall) -> None:
    """Put up walls and roof; the walls are solid."""
    tone = TONES[int(rng.integers(len(TONES)))]
    mesh = warehouse.hall(HALF_X_M, HALF_Y_M, hall.height_m, hall.side * HALF_X_M, tone)
    walls: list[Collider] = []
    for sign in (-1.0, 1.0):
        x, y = sign * (HALF_X_M + 0.5 * WALL_M), sign * (HALF_Y_M + 0.5 * WALL_M)
        walls.append(block((WALL_M, 2.0 * (HALF_Y_M + WALL_M), hall.height_m), "wall", (x, 0.0)))
        walls.append(block((2.0 * (HALF_X_M + WALL_M), WALL_M, hall.height_m), "wall", (0.0, y)))
    yard.add_kind("hall", Thing(mesh, "building", tuple(walls)))
    yard.put("hall", 0.0, 0.0)


def _add_racks(rng: np.random.Generator, yard: Yard, hall: _Hall) -> None:
    """Put up rows of racks in two blocks; a block is one solid."""
    levels = int(rng.integers(2, 4))
    beam = (warehouse.ORANGE, warehouse.YELLOW, (0.70, 0.72, 0.74))[int(rng.integers(3))]
    kinds = 5
    for index in range(kinds):
        yard.add_kind(f"bay_{index}", Thing(warehouse.rack_bay(rng, levels, beam), "furniture"))
    yard.add_kind("rack_frame", Thing(warehouse.rack_frame(levels), "furniture"))
    length = BAYS * warehouse.BAY_M
    size = (length + 0.1, warehouse.RACK_DEPTH_M, levels * warehouse.LEVEL_M + 1.2)
    yard.add_kind("rack", Thing(yard.meshes["nothing"], "furniture", (block(size, "rack"),)))
    for y in hall.rows_m:
        for begin in BLOCKS_M:
            yard.put("rack", hall.side * (begin + 0.5 * length), y)
            for frame in range(BAYS + 1):
                yard.put("rack_frame", hall.side * (begin + frame * warehouse.BAY_M), y)
            for bay in range(BAYS):
                x = hall.side * (begin + (bay + 0.5) * warehouse.BAY_M)
                yard.put(f"bay_{int(rng.integers(kinds))}", x, y, float(rng.integers(2)) * np.pi)


def _hang(rng: np.random.Generator, yard: Yard, distance: float) -> tuple[Backpack, Start]:
    """Hang the backpack on the post of an aisle sign."""
    half = (HALF_X_M - 1.6, HALF_Y_M - 1.6)
    start_at, spot = draw_sight_line(rng, distance, half, yard.colliders)
    target, start, foot, facing = hang_backpack(rng, start_at, spot, 0.22, draw_tint(rng))
    yard.put("aisle_sign", float(foot[0]), float(foot[1]), facing)
    keep_view_clear(yard, start_at, spot, start_clearance_m=1.4)
    return target, start


def _walk(rng: np.random.Generator, yard: Yard, hall: _Hall) -> tuple[Backpack, Start]:
    """Let a worker walk along the aisles with the backpack."""
    path = grid_walk(rng, hall.cross_aisles_m, hall.aisles_m, WALK_LENGTH_M)
    return send_walking(rng, yard, path)


def _furnish(rng: np.random.Generator, yard: Yard, hall: _Hall) -> None:
    """Put pillars, guards and signs at the racks' ends, and goods, trucks and people on the open floor."""
    side, spacing = hall.side, hall.spacing_m
    for x in (9.6, 20.8):
        for y in (-1.5 * spacing, -0.5 * spacing, 0.5 * spacing, 1.5 * spacing):
            spot = (side * x, y + 0.5 * spacing - 0.4)
            if yard.fits("pillar", *spot, apart_m=0.1):
                yard.put("pillar", *spot)
                if yard.fits("extinguisher", spot[0] + 0.6, spot[1], apart_m=0.0) and rng.random() < 0.5:
                    yard.put("extinguisher", spot[0] + 0.6, spot[1])
    for y in hall.rows_m:
        for begin in BLOCKS_M:
            x = side * (begin + BAYS * warehouse.BAY_M + 0.35)
            if yard.fits("guard_rail", x, y, 0.5 * np.pi, apart_m=-1.0):
                yard.put("guard_rail", x, y, 0.5 * np.pi)
    _scatter_on_floor(rng, yard, ["conveyor"], int(rng.integers(0, 3)), side)
    for _ in range(int(rng.integers(2, 5))):
        _put_tinted(rng, yard, "forklift", TRUCK_TINTS, side)
    for _ in range(int(rng.integers(2, 5))):
        _put_tinted(rng, yard, "drums", DRUM_TINTS, side)
        _put_tinted(rng, yard, "cage", DRUM_TINTS, side)
    goods = ["load_0", "load_1", "load_2", "stack", "pallet_jack", "aisle_sign"]
    _scatter_on_floor(rng, yard, goods, int(rng.integers(14, 30)), side)
    workers = [f"worker_{index}" for index in range(3)]
    _scatter_on_floor(rng, yard, workers, int(rng.integers(2, 5)), side)
    yard.scatter(rng, [*workers, "pallet_jack", "load_0"], 10, (HALF_X_M - 1.5, HALF_Y_M - 1.5), tries=8)


def _scatter_on_floor(rng: np.random.Generator, yard: Yard, names: list[str], count: int, side: float) -> None:
    """Put things on the open floor before the docks, at right angles, where they fit."""
    for _ in range(count):
        name = names[int(rng.integers(len(names)))]
        for spot in _floor_spots(rng, side):
            yaw = float(rng.integers(4)) * 0.5 * np.pi + float(rng.uniform(-0.06, 0.06))
            if yard.fits(name, *spot, yaw, apart_m=0.25):
                yard.put(name, *spot, yaw)
                break


def _put_tinted(
    rng: np.random.Generator, yard: Yard, name: str, tints: tuple[Float3, ...], side: float, category: str | None = None
) -> None:
    for spot in _floor_spots(rng, side):
        yaw = float(rng.uniform(0.0, 2.0 * np.pi))
        if yard.fits(name, *spot, yaw):
            yard.put(name, *spot, yaw, tint=tints[int(rng.integers(len(tints)))], category=category)
            return


def _floor_spots(rng: np.random.Generator, side: float) -> list[tuple[float, float]]:
    xs, ys = rng.uniform(9.5, HALF_X_M - 1.2, 8), rng.uniform(-HALF_Y_M + 1.2, HALF_Y_M - 1.2, 8)
    return [(side * float(x), float(y)) for x, y in zip(xs, ys, strict=True)]


def _add_decoys(rng: np.random.Generator, yard: Yard) -> None:
    """Put red drums, crates, a red truck and red vests wherever they fit."""
    yard.add_kind("red_worker", crew.worker(rng, helmet=False, red=True))
    for name, count, tint in (("drums", 4, RED), ("cage", 4, RED), ("forklift", 1, RED), ("red_worker", 3, WHITE)):
        for _ in range(count):
            for x, y in rng.uniform(-1.0, 1.0, (40, 2)) * (HALF_X_M - 1.5, HALF_Y_M - 1.5):
                yaw = float(rng.uniform(0.0, 2.0 * np.pi))
                if yard.fits(name, float(x), float(y), yaw, apart_m=0.2):
                    yard.put(name, float(x), float(y), yaw, tint=tint, category="decoy")
                    break


def _floor() -> Mesh:
    x, y = HALF_X_M + WALL_M, HALF_Y_M + WALL_M
    corners = [(-x, -y, 0.0), (x, -y, 0.0), (x, y, 0.0), (-x, y, 0.0)]
    return quad(corners, material="hall_floor", uv_size=(x / 3.0, y / 3.0))


def _markings(hall: _Hall) -> Mesh:
    """Return yellow lines along the aisles and white squares before the docks."""
    parts = []
    side, length = hall.side, BAYS * warehouse.BAY_M
    for y in hall.rows_m:
        for begin in BLOCKS_M:
            x = side * (begin + 0.5 * length)
            for edge in (-1.0, 1.0):
                parts.append(_stripe(x, y + edge * (0.5 * warehouse.RACK_DEPTH_M + 0.18), length, 0.1))
    for x in (8.9, 12.3):
        parts.append(_stripe(side * x, 0.0, 0.12, 2.0 * HALF_Y_M - 3.0))
    for y in np.arange(-HALF_Y_M + 5.0, HALF_Y_M - 3.0, 6.4):
        for edge in (-1.8, 1.8):
            parts.append(_stripe(side * (HALF_X_M - 3.2), float(y) + edge, 5.0, 0.12, (0.92, 0.92, 0.90)))
        parts.append(_stripe(side * (HALF_X_M - 5.7), float(y), 0.12, 3.6, (0.92, 0.92, 0.90)))
    return merge(parts)


def _stripe(x: float, y: float, along_x: float, along_y: float, colour: Float3 = MARKING) -> Mesh:
    a, b = 0.5 * along_x, 0.5 * along_y
    corners: list[Float3] = [(x - a, y - b, OVER_FLOOR_M), (x + a, y - b, OVER_FLOOR_M)]
    return quad([*corners, (x + a, y + b, OVER_FLOOR_M), (x - a, y + b, OVER_FLOOR_M)], material="paint", colour=colour)


def _hall_light(rng: np.random.Generator) -> Atmosphere:
    """Return even lamp light with some sun through the rooflights, and air without haze."""
    lamps = float(rng.uniform(0.8, 1.2))
    warm = float(rng.uniform(0.92, 1.04))
    sun = float(rng.uniform(0.1, 0.5))
    sky = float(rng.uniform(0.7, 0.95))
    return Atmosphere(
        sun_azimuth_rad=float(rng.uniform(0.0, 2.0 * np.pi)),
        sun_elevation_rad=float(rng.uniform(1.2, 1.45)),
        sun_colour=(sun, sun, 0.95 * sun),
        ambient_colour=(lamps * warm, lamps, lamps * (2.0 - warm)),
        zenith_colour=(0.95 * sky, sky, sky),
        horizon_colour=(0.95 * sky, sky, sky),
        fog_density_per_m=0.0,
        cloudiness=0.0,
        wind_m_s=0.0,
    )
