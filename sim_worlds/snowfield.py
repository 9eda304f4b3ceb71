"""A snowfield from a seed: open rolling snow with a trail, poles, fences, rocks, firs, a hut, a lift and peaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from sim_worlds.mesh_tools import WHITE, make_mesh, merge, quad
from sim_worlds.models import alpine, crew
from sim_worlds.placement import (
    WALK_CLEARANCE_M,
    Yard,
    check_distance,
    draw_run_up,
    draw_sight_line,
    draw_still_distance,
    draw_tint,
    hang_backpack,
    meander,
    walk_with_backpack,
    with_run_up,
)
from sim_worlds.route import Path
from sim_worlds.scene import Float3, Ground, Mesh, Setting, Start
from sim_worlds.sites import Backpack, common_meshes, keep_view_clear, land, site_options, site_scene
from sim_worlds.weather import check_weather, draw_atmosphere

SEASON = "winter"
HALF_SIZE_M = 45.0
CEILING_M = 12.0
REACH_M = 230.0
WALK_LENGTH_M = 125.0
SWELL_M = 0.5
GRID_POINTS = 46
TRAIL_HALF_M = 1.3
OVER_SNOW_M = 0.03
INNER_M = (0.62 * HALF_SIZE_M, 0.62 * HALF_SIZE_M)
LANDS = ("field", "trail", "hills", "mountains")
RED: Float3 = (1.0, 0.10, 0.11)


def make_snowfield(
    seed: int,
    *,
    season: str = SEASON,
    hour: float | None = None,
    sky: str | None = None,
    still: bool = True,
    distance_m: float | None = None,
    decoys: bool = False,
) -> Setting:
    """Let it snow.

    Args:
        seed: the same seed makes the same snowfield.
        season: only winter.
        hour, sky: see :func:`sim_worlds.weather.draw_atmosphere`.
        still: the backpack hangs on a signpost, a marker pole or skis; otherwise somebody walks with it.
        distance_m: from the start to a hanging backpack, drawn from 5..20 m when None.
        decoys: red jackets and sledges stand about.

    Raises:
        WorldError: for another season or numbers outside their ranges.
    """
    if season != SEASON:
        raise WorldError(f"season is {season!r}: a snowfield knows only {SEASON}")
    check_weather(season, hour, sky)
    check_distance(distance_m, still)
    rng = np.random.default_rng([seed, 0x50])
    distance = draw_still_distance(rng, distance_m)
    yard = Yard()
    _add_kinds(yard, rng)
    target, start, path = _hang(rng, yard, distance) if still else _walk(rng)
    clear = with_run_up(path)
    ground = _roll(rng, clear)
    yard.keep_clear(clear, WALK_CLEARANCE_M)
    _furnish(rng, yard)
    if decoys:
        _add_decoys(np.random.default_rng([seed, 0xDE]), yard)
    yard.meshes |= _ground_meshes(rng, ground, path)
    if not still:
        yard.meshes |= crew.walker_meshes(rng, crew.PARKAS)
    yard.settle(ground)
    scene = site_scene(
        "snowfield",
        seed,
        yard,
        [land(name) for name in LANDS],
        draw_atmosphere(rng, season, hour=hour, sky=sky),
        site_options(season, distance, still=still, decoys=decoys),
        half_size_m=HALF_SIZE_M,
        ceiling_m=CEILING_M,
        ground=ground,
    )
    return Setting(scene, target, start)


def _add_kinds(yard: Yard, rng: np.random.Generator) -> None:
    """Make known what stands about."""
    yard.meshes |= common_meshes()
    for index in range(3):
        yard.add_kind(f"fir_{index}", alpine.fir(rng))
        yard.add_kind(f"rock_{index}", alpine.rock(rng))
        yard.add_kind(f"skier_{index}", crew.skier(rng))
    for make in (alpine.fence, alpine.marker, alpine.signpost, alpine.skis, alpine.hut, alpine.pylon, alpine.sledge):
        yard.add_kind(make.__name__, make())
    yard.add_kind("snowman", alpine.snowman())


def _hang(rng: np.random.Generator, yard: Yard, distance_m: float) -> tuple[Backpack, Start, Path]:
    """Hang the backpack on a post; the trail runs past it."""
    start_at, spot = draw_sight_line(rng, distance_m, INNER_M, ())
    path = meander(rng, [tuple(start_at), tuple(spot)], WALK_LENGTH_M, INNER_M)
    post = ("signpost", "marker", "skis")[int(rng.integers(3))]
    target, start, foot, facing = hang_backpack(rng, start_at, spot, 0.24, draw_tint(rng))
    yard.put(post, float(foot[0]), float(foot[1]), facing)
    keep_view_clear(yard, start_at, spot)
    return target, start, path


def _walk(rng: np.random.Generator) -> tuple[Backpack, Start, Path]:
    """Let somebody walk along the trail with the backpack."""
    path = meander(rng, draw_run_up(rng, INNER_M), WALK_LENGTH_M, INNER_M)
    target, start = walk_with_backpack(rng, path, draw_tint(rng))
    return target, start, path


def _roll(rng: np.random.Generator, trail: NDArray[np.float64]) -> Ground:
    """Return gentle swells that are level along the trail and at the border."""
    line = np.linspace(-HALF_SIZE_M, HALF_SIZE_M, GRID_POINTS)
    x, y = np.meshgrid(line, line, indexing="ij")
    heights = np.zeros_like(x)
    for wave_m, share in ((46.0, 0.5), (27.0, 0.35), (15.0, 0.15)):
        turn, shift = rng.uniform(0.0, 2.0 * np.pi, 2)
        heights += share * np.sin(2.0 * np.pi / wave_m * (x * np.cos(turn) + y * np.sin(turn)) + shift)
    spots = np.column_stack([x.ravel(), y.ravel()])
    away = np.sqrt(((spots[:, None] - trail[None, ::4]) ** 2).sum(axis=2)).min(axis=1).reshape(x.shape)
    border = HALF_SIZE_M - np.maximum(np.abs(x), np.abs(y))
    level = np.clip((away - 3.0) / 7.0, 0.0, 1.0) * np.clip(border / 8.0, 0.0, 1.0)
    swell = SWELL_M * heights * level * level * (3.0 - 2.0 * level)
    return Ground(HALF_SIZE_M, np.asarray(swell, dtype=np.float32))


def _furnish(rng: np.random.Generator, yard: Yard) -> None:
    """Put down the lift and the hut, then fences, poles, rocks, firs and people where they fit."""
    half = 0.93 * HALF_SIZE_M
    if rng.random() < 0.75:
        _add_lift(rng, yard)
    yard.scatter(rng, ["hut"], int(rng.integers(1, 3)), (0.7 * HALF_SIZE_M, 0.7 * HALF_SIZE_M), tries=30)
    for _ in range(int(rng.integers(2, 5))):
        _add_fence(rng, yard)
    groves = rng.uniform(-half, half, (int(rng.integers(3, 7)), 2))
    for grove in groves:
        for _ in range(int(rng.integers(3, 9))):
            x, y = (float(value) for value in grove + rng.normal(0.0, 4.5, 2))
            size = float(rng.uniform(0.6, 1.25))
            name = f"fir_{int(rng.integers(3))}"
            if max(abs(x), abs(y)) < half and yard.fits(name, x, y, size=size):
                yard.put(name, x, y, float(rng.uniform(0.0, 6.28)), size=size)
    rocks = [f"rock_{index}" for index in range(3)]
    yard.scatter(rng, rocks, int(rng.integers(12, 26)), (half, half), sizes=(0.5, 1.7))
    yard.scatter(rng, ["marker"], int(rng.integers(5, 11)), (half, half))
    yard.scatter(rng, ["skis", "sledge", "snowman", "signpost"], int(rng.integers(3, 7)), (0.6 * half, 0.6 * half))
    yard.scatter(rng, [f"skier_{index}" for index in range(3)], int(rng.integers(2, 6)), (0.7 * half, 0.7 * half))


def _add_lift(rng: np.random.Generator, yard: Yard) -> None:
    """Put pylons in a row across the field where they close no way; nothing without such a row."""
    spacing = float(rng.uniform(18.0, 24.0))
    yard.add_kind("lift_span", alpine.lift_span(spacing))
    for _ in range(20):
        turn, aside = float(rng.uniform(0.0, 2.0 * np.pi)), float(rng.uniform(-0.7, 0.7)) * HALF_SIZE_M
        along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        places = [aside * across + step * spacing * along for step in (-2.0, -1.0, 0.0, 1.0, 2.0)]
        if all(yard.fits("pylon", float(x), float(y), turn, apart_m=1.0) for x, y in places):
            for x, y in places:
                yard.put("pylon", float(x), float(y), turn)
            for x, y in places[:-1]:
                yard.put("lift_span", float(x), float(y), turn)
            return


def _add_fence(rng: np.random.Generator, yard: Yard) -> None:
    """Put up a fence of some sections that bends a little; sections that would close a way are left out."""
    spot = rng.uniform(-0.8, 0.8, 2) * HALF_SIZE_M
    turn = float(rng.uniform(0.0, 2.0 * np.pi))
    for _ in range(int(rng.integers(4, 10))):
        spot = spot + 1.5 * np.array([np.cos(turn), np.sin(turn)])
        inside = np.abs(spot).max() < 0.95 * HALF_SIZE_M
        if inside and yard.fits("fence", float(spot[0]), float(spot[1]), turn, apart_m=-0.8):
            yard.put("fence", float(spot[0]), float(spot[1]), turn)
        spot = spot + 1.5 * np.array([np.cos(turn), np.sin(turn)])
        turn += float(rng.uniform(-0.12, 0.12))


def _add_decoys(rng: np.random.Generator, yard: Yard) -> None:
    """Put down red jackets and red sledges."""
    yard.add_kind("red_skier", crew.skier(rng, red=True))
    for name, count, tint in (("red_skier", 4, WHITE), ("sledge", 4, RED)):
        for _ in range(count):
            for x, y in rng.uniform(-0.55, 0.55, (12, 2)) * HALF_SIZE_M:
                yaw = float(rng.uniform(0.0, 2.0 * np.pi))
                if yard.fits(name, float(x), float(y), yaw):
                    yard.put(name, float(x), float(y), yaw, tint=tint, category="decoy")
                    break


def _ground_meshes(rng: np.random.Generator, ground: Ground, path: Path) -> dict[str, Mesh]:
    """Return the snow, the trail on it, and the mountains around."""
    apron = []
    for index in range(4):
        turn = 0.5 * np.pi * index
        cos, sin = round(float(np.cos(turn))), round(float(np.sin(turn)))
        corners = [(HALF_SIZE_M, -HALF_SIZE_M), (REACH_M, -REACH_M), (REACH_M, REACH_M), (HALF_SIZE_M, HALF_SIZE_M)]
        turned: list[Float3] = [(cos * x - sin * y, sin * x + cos * y, 0.0) for x, y in corners]
        apron.append(quad(turned, material="snow", uv_size=(REACH_M / 6.0, REACH_M / 6.0)))
    return {
        "field": merge([_surface(ground), *apron]),
        "trail": _strip(path),
        "hills": alpine.skyline(rng, alpine.HILLS_M, (6.0, 20.0), "forested"),
        "mountains": alpine.skyline(rng, alpine.MOUNTAINS_M, (28.0, 80.0), "alpine"),
    }


def _surface(ground: Ground) -> Mesh:
    """Return the uneven ground as triangles."""
    count = len(ground.heights_m)
    line = np.linspace(-ground.half_size_m, ground.half_size_m, count)
    x, y = np.meshgrid(line, line, indexing="ij")
    across, along = np.gradient(ground.heights_m, ground.spacing_m)
    normals = np.stack([-across, -along, np.ones_like(across)], axis=-1).reshape(-1, 3)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    points = np.column_stack([x.ravel(), y.ravel(), ground.heights_m.ravel()])
    index = np.arange(count * count).reshape(count, count)
    a, b, c, d = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(), index[:-1, 1:].ravel()
    triangles = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    return make_mesh(points, normals, points[:, :2] / 6.0, triangles, material="snow")


def _strip(path: Path) -> Mesh:
    """Return the groomed trail, a band along the walk just over the level snow there."""
    along = np.linspace(0.0, path.length_m, int(path.length_m / 1.5) + 2)
    middle = np.array([path.at(s) for s in along])
    smooth = np.stack([np.convolve(np.pad(middle[:, k], 2, mode="edge"), np.full(5, 0.2), "valid") for k in (0, 1)], 1)
    way = np.gradient(smooth, axis=0)
    side = np.column_stack([-way[:, 1], way[:, 0]]) / np.hypot(way[:, 0], way[:, 1])[:, None]
    edges = np.concatenate([smooth - TRAIL_HALF_M * side, smooth + TRAIL_HALF_M * side])
    points = np.column_stack([edges, np.full(len(edges), OVER_SNOW_M)])
    uvs = np.column_stack([np.repeat([0.0, 2.0 * TRAIL_HALF_M / 1.2], len(along)), np.tile(along / 1.2, 2)])
    first = np.arange(len(along) - 1)
    count = len(along)
    triangles = np.concatenate(
        [
            np.column_stack([first, first + 1, first + count]),
            np.column_stack([first + 1, first + count + 1, first + count]),
        ]
    )
    return make_mesh(points, np.tile([0.0, 0.0, 1.0], (len(points), 1)), uvs, triangles, material="snow_groomed")
