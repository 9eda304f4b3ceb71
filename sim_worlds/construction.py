"""A building site from a seed: a concrete skeleton with scaffolds, a crane, machines, heaps, stacks and barriers."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import WHITE, make_mesh
from sim_worlds.models import building_goods, construction, crew
from sim_worlds.models.thing import Thing, block
from sim_worlds.placement import (
    Yard,
    check_distance,
    draw_run_up,
    draw_sight_line,
    draw_still_distance,
    draw_tint,
    hang_backpack,
    meander,
)
from sim_worlds.scene import Collider, Float3, Instance, Mesh, Setting, Start
from sim_worlds.sites import Backpack, common_meshes, keep_view_clear, land, send_walking, site_options, site_scene
from sim_worlds.weather import check_weather, draw_atmosphere

HALF_SIZE_M = 38.5
CEILING_M = 20.0
REACH_M = 150.0
WALK_LENGTH_M = 125.0
GRID_M = 4.5
RED: Float3 = (0.86, 0.09, 0.09)
MACHINES: tuple[Float3, ...] = ((0.98, 0.72, 0.10), (0.98, 0.60, 0.14), (0.92, 0.90, 0.84))
CABINS: tuple[Float3, ...] = ((0.90, 0.92, 0.92), (0.30, 0.48, 0.70), (0.36, 0.56, 0.42), (0.85, 0.78, 0.62))
TOILETS: tuple[Float3, ...] = ((0.16, 0.40, 0.70), (0.22, 0.52, 0.40))
CABLES: tuple[Float3, ...] = ((0.16, 0.16, 0.17), (0.30, 0.42, 0.60), (0.85, 0.52, 0.15))
HOARDINGS: tuple[Float3, ...] = ((0.92, 0.93, 0.94), (0.45, 0.62, 0.50), (0.48, 0.58, 0.72))
EARTH_TINTS: dict[str, Float3] = {
    "summer": (1.08, 1.04, 0.98),
    "autumn": (0.86, 0.82, 0.80),
    "winter": (0.98, 1.0, 1.04),
    "spring": (0.96, 0.94, 0.90),
}
EARTH = {"summer": "mud", "autumn": "mud", "winter": "mud_snow", "spring": "mud"}
BEYOND = {"summer": "grass_park", "autumn": "grass_park", "winter": "snow", "spring": "grass_park"}


def make_construction(
    seed: int,
    *,
    season: str = "summer",
    hour: float | None = None,
    sky: str | None = None,
    still: bool = True,
    distance_m: float | None = None,
    decoys: bool = False,
) -> Setting:
    """Open a building site.

    Args:
        seed: the same seed opens the same site.
        season, hour, sky: see :func:`sim_worlds.weather.draw_atmosphere`.
        still: the backpack hangs on a scaffold pole or a sign; otherwise somebody walks with it.
        distance_m: from the start to a hanging backpack, drawn from 5..20 m when None.
        decoys: many more barriers, and red drums, cabins, barrows and vests.

    Raises:
        WorldError: for an unknown season or sky, or numbers outside their ranges.
    """
    check_weather(season, hour, sky)
    check_distance(distance_m, still)
    rng = np.random.default_rng([seed, 0xC0])
    distance = draw_still_distance(rng, distance_m)
    yard = Yard()
    _add_kinds(yard, rng)
    keep_off = _add_building(rng, yard)
    target, start = _hang(rng, yard, distance, keep_off) if still else _walk(rng, yard, keep_off)
    _furnish(rng, yard)
    if decoys:
        _add_decoys(np.random.default_rng([seed, 0xDE]), yard)
    _enclose(rng, yard)
    scene = site_scene(
        "construction",
        seed,
        yard,
        _lay_grounds(yard, season),
        draw_atmosphere(rng, season, hour=hour, sky=sky),
        site_options(season, distance, still=still, decoys=decoys),
        half_size_m=HALF_SIZE_M,
        ceiling_m=CEILING_M,
    )
    return Setting(scene, target, start)


def _add_kinds(yard: Yard, rng: np.random.Generator) -> None:
    """Make known what stands about."""
    yard.meshes |= common_meshes()
    for index in range(3):
        yard.add_kind(f"worker_{index}", crew.worker(rng, helmet=True))
    for material in ("sand", "gravel", "dirt"):
        yard.add_kind(f"heap_{material}", building_goods.heap(rng, material))
    for make in (construction.scaffold_pole, construction.site_sign, construction.excavator, construction.dumper):
        yard.add_kind(make.__name__, make())
    for make in (building_goods.brick_pack, building_goods.pipes, building_goods.reel, building_goods.rebars):
        yard.add_kind(make.__name__, make())
    for make in (building_goods.timber, building_goods.barrier, building_goods.cone, building_goods.cabin):
        yard.add_kind(make.__name__, make())
    for make in (building_goods.toilet, building_goods.mixer, building_goods.barrow, construction.crane):
        yard.add_kind(make.__name__, make())


def _add_building(rng: np.random.Generator, yard: Yard) -> list[Collider]:
    """Put up the skeleton, scaffolds along it and mostly a crane; return what walks and sight lines go round."""
    columns = (int(rng.integers(4, 6)), int(rng.integers(3, 5)))
    storeys = int(rng.integers(2, 4))
    turned = bool(rng.random() < 0.5)
    x, y = (float(value) for value in rng.uniform(-10.0, 10.0, 2))
    yaw = 0.5 * np.pi if turned else 0.0
    yard.add_kind("skeleton", construction.skeleton(rng, columns, storeys, GRID_M))
    yard.put("skeleton", x, y, yaw)
    half_x, half_y = (0.5 * GRID_M * (count - 1) + 0.6 for count in columns)
    netted = bool(rng.random() < 0.5)
    yard.add_kind("scaffold_bay", construction.scaffold_bay(storeys * 2 - 1, netted))
    for side in (-1.0, 1.0) if rng.random() < 0.5 else (float(rng.choice([-1.0, 1.0])),):
        for bay in range(int(2.0 * half_x / 2.5)):
            along, across = -half_x + 1.4 + 2.5 * bay, side * (half_y + 0.75)
            spot = (x + np.cos(yaw) * along - np.sin(yaw) * across, y + np.sin(yaw) * along + np.cos(yaw) * across)
            yard.put("scaffold_bay", float(spot[0]), float(spot[1]), yaw + (0.0 if side < 0 else np.pi))
    around = (2.0 * half_y + 3.0, 2.0 * half_x + 1.0) if turned else (2.0 * half_x + 1.0, 2.0 * half_y + 3.0)
    keep_off = [block((around[0], around[1], 3.0), "building", (x, y))]
    if rng.random() < 0.75:
        corner = (x + float(rng.choice([-1.0, 1.0])) * (0.5 * around[0] + 2.4), y + float(rng.uniform(-4.0, 4.0)))
        yard.put("crane", corner[0], corner[1], float(rng.uniform(0.0, 2.0 * np.pi)))
        keep_off.append(block((3.6, 3.6, 3.0), "crane", corner))
    return keep_off


def _hang(rng: np.random.Generator, yard: Yard, distance: float, keep_off: list[Collider]) -> tuple[Backpack, Start]:
    """Hang the backpack on a scaffold pole or a sign."""
    half = (0.8 * HALF_SIZE_M, 0.8 * HALF_SIZE_M)
    start_at, spot = draw_sight_line(rng, distance, half, keep_off, clearance_m=2.0)
    target, start, foot, facing = hang_backpack(rng, start_at, spot, 0.22, draw_tint(rng))
    post = ("scaffold_pole", "site_sign")[int(rng.integers(2))]
    yard.put(post, float(foot[0]), float(foot[1]), facing)
    keep_view_clear(yard, start_at, spot)
    return target, start


def _walk(rng: np.random.Generator, yard: Yard, keep_off: list[Collider]) -> tuple[Backpack, Start]:
    """Let somebody in a vest walk about with the backpack."""
    inner = (0.74 * HALF_SIZE_M, 0.74 * HALF_SIZE_M)
    path = meander(rng, draw_run_up(rng, inner, keep_off), WALK_LENGTH_M, inner, keep_off)
    return send_walking(rng, yard, path)


def _furnish(rng: np.random.Generator, yard: Yard) -> None:
    """Put down cabins, machines, heaps, stacks, barriers and people where they fit."""
    half = (HALF_SIZE_M - 3.0, HALF_SIZE_M - 3.0)
    _put_tinted(rng, yard, "cabin", CABINS, int(rng.integers(2, 5)), square=True)
    _put_tinted(rng, yard, "excavator", MACHINES, int(rng.integers(1, 3)))
    _put_tinted(rng, yard, "dumper", MACHINES, int(rng.integers(1, 3)))
    _put_tinted(rng, yard, "toilet", TOILETS, int(rng.integers(1, 3)), square=True)
    yard.scatter(rng, ["heap_sand", "heap_gravel", "heap_dirt"], int(rng.integers(4, 9)), half, sizes=(0.7, 1.3))
    yard.scatter(rng, ["brick_pack", "pipes", "rebars", "timber"], int(rng.integers(10, 18)), half, square=True)
    _put_tinted(rng, yard, "reel", CABLES, int(rng.integers(2, 5)))
    _put_tinted(rng, yard, "barrow", ((0.25, 0.45, 0.32), (0.62, 0.64, 0.66)), int(rng.integers(1, 4)))
    yard.scatter(rng, ["mixer", "scaffold_pole", "site_sign"], int(rng.integers(3, 6)), half)
    _add_barriers(rng, yard, int(rng.integers(1, 3)))
    yard.scatter(rng, ["cone"], int(rng.integers(5, 12)), half)
    yard.scatter(rng, [f"worker_{index}" for index in range(3)], int(rng.integers(4, 9)), half)


def _put_tinted(
    rng: np.random.Generator,
    yard: Yard,
    name: str,
    tints: tuple[Float3, ...],
    count: int,
    *,
    square: bool = False,
    category: str | None = None,
) -> None:
    """Put up to ``count`` things of one of some colours where they fit."""
    for _ in range(count):
        yaw = float(rng.integers(4)) * 0.5 * np.pi if square else float(rng.uniform(0.0, 2.0 * np.pi))
        tint = tints[int(rng.integers(len(tints)))]
        for x, y in rng.uniform(-1.0, 1.0, (12, 2)) * (HALF_SIZE_M - 4.0):
            if yard.fits(name, float(x), float(y), yaw, apart_m=0.6):
                yard.put(name, float(x), float(y), yaw, tint=tint, category=category)
                break


def _add_barriers(rng: np.random.Generator, yard: Yard, rows: int) -> None:
    """Put up rows of red-and-white barriers."""
    for _ in range(rows):
        spot = rng.uniform(-0.8, 0.8, 2) * HALF_SIZE_M
        turn = float(rng.uniform(0.0, 2.0 * np.pi))
        for _ in range(int(rng.integers(2, 6))):
            x, y = float(spot[0]), float(spot[1])
            if max(abs(x), abs(y)) < HALF_SIZE_M - 2.0 and yard.fits("barrier", x, y, turn, apart_m=0.0):
                yard.put("barrier", x, y, turn)
            spot = spot + 2.3 * np.array([np.cos(turn), np.sin(turn)])
            turn += float(rng.uniform(-0.5, 0.5))


def _add_decoys(rng: np.random.Generator, yard: Yard) -> None:
    """Put up more barriers, and what is red of the rest."""
    yard.add_kind("red_worker", crew.worker(rng, helmet=True, red=True))
    _add_barriers(rng, yard, 4)
    for name, tint, count in (("reel", RED, 3), ("barrow", RED, 3), ("cabin", RED, 1), ("red_worker", WHITE, 4)):
        _put_tinted(rng, yard, name, (tint,), count, category="decoy")
    _put_tinted(rng, yard, "toilet", (RED,), 2, square=True, category="decoy")


def _enclose(rng: np.random.Generator, yard: Yard) -> None:
    """Fence the site in with wire or boards on each side, and put houses beyond."""
    tint = HOARDINGS[int(rng.integers(len(HOARDINGS)))]
    panels = int(2.0 * HALF_SIZE_M / building_goods.PANEL_M)
    yard.add_kind("fence_panel", building_goods.fence_panel())
    yard.add_kind("hoarding_panel", building_goods.hoarding_panel())
    line = block((2.0 * HALF_SIZE_M, 0.2, 2.2), "fence")
    yard.add_kind("fence_line", Thing(yard.meshes["nothing"], "furniture", (line,)))
    for side in range(4):
        yaw = 0.5 * np.pi * side
        inward, along = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
        name = "hoarding_panel" if rng.random() < 0.4 else "fence_panel"
        foot = -(HALF_SIZE_M - 0.3) * inward
        yard.put("fence_line", float(foot[0]), float(foot[1]), yaw + 0.5 * np.pi)
        for index in range(panels):
            spot = foot + (index - 0.5 * (panels - 1)) * building_goods.PANEL_M * along
            yard.put(name, float(spot[0]), float(spot[1]), yaw + 0.5 * np.pi, tint=tint if name[0] == "h" else WHITE)
        for index in range(3):
            height = float(rng.choice([7.0, 10.5, 14.0, 17.5]))
            kind = f"house_{side}_{index}"
            yard.add_kind(kind, construction.house_box(rng, (float(rng.uniform(14.0, 26.0)), 12.0, height)))
            spot = -(HALF_SIZE_M + float(rng.uniform(18.0, 30.0))) * inward + (index - 1) * 32.0 * along
            yard.put(kind, float(spot[0]), float(spot[1]), yaw + 0.5 * np.pi)


def _lay_grounds(yard: Yard, season: str) -> list[Instance]:
    """Lay the site's earth and the land around it."""
    yard.meshes["earth"] = _square(0.0, HALF_SIZE_M + 1.0, EARTH[season], 8.0)
    yard.meshes["land"] = _square(HALF_SIZE_M + 1.0, REACH_M, BEYOND[season], 4.0)
    return [land("earth", EARTH_TINTS[season]), land("land")]


def _square(inner_m: float, outer_m: float, material: str, tile_m: float) -> Mesh:
    """Return level ground between two squares about the origin, in four pieces."""
    corners = np.array([(1, -1), (1, 1), (-1, 1), (-1, -1)], dtype=float)
    points = np.concatenate([corners * inner_m, corners * outer_m])
    first = np.arange(4)
    after = (first + 1) % 4
    triangles = np.concatenate(
        [np.column_stack([first, first + 4, after + 4]), np.column_stack([first, after + 4, after])]
    )
    normals = np.tile([0.0, 0.0, 1.0], (8, 1))
    return make_mesh(np.column_stack([points, np.zeros(8)]), normals, points / tile_m, triangles, material=material)
