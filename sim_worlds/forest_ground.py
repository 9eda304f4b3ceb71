"""The ground of a forest: gently rolling heights, their mesh, a winding trail and more wood on the horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim_worlds.mesh_tools import make_mesh
from sim_worlds.models.plant_parts import cards
from sim_worlds.scene import Float3, Ground, Instance, Mesh

Array = NDArray[np.float64]
CELL_M = 2.5
BEYOND_M = 25.0
LOWEST_M, HIGHEST_M, STEEPEST = -0.58, 0.88, 0.13
WAVES = 6
TRAIL_HALF_WIDTH_M = 0.75
TRAIL_FREE_M = 1.6  # from the middle of the trail to the nearest stem
TRAIL_ABOVE_M = 0.045
TEXTURE_M = 3.0
TREELINE_PIECES = 26
MATERIALS = {"summer": "forest_floor", "autumn": "leaf_litter", "winter": "forest_snow", "spring": "forest_moss"}
TRAIL_TONES: dict[str, Float3] = {
    "summer": (1.0, 1.0, 1.0),
    "autumn": (0.95, 0.86, 0.72),
    "winter": (1.0, 1.0, 1.0),
    "spring": (0.92, 0.9, 0.84),
}
TREELINE_TONES: dict[str, Float3] = {
    "summer": (0.33, 0.40, 0.24),
    "autumn": (0.52, 0.40, 0.22),
    "winter": (0.66, 0.67, 0.70),
    "spring": (0.42, 0.50, 0.28),
}


def roll_ground(rng: np.random.Generator, half_size_m: float, level_at: Array) -> Ground:
    """Return rolling ground that is 0 at the point ``level_at`` (2,), within the bounds above and not steeper."""
    count = int(np.ceil(2.0 * (half_size_m + BEYOND_M) / CELL_M)) + 1
    axis = np.linspace(-half_size_m - BEYOND_M, half_size_m + BEYOND_M, count)
    lengths = rng.uniform(16.0, 46.0, WAVES)
    bearings = rng.uniform(0.0, 2.0 * np.pi, WAVES)
    phases = rng.uniform(0.0, 2.0 * np.pi, WAVES)
    ways = 2.0 * np.pi / lengths[:, None] * np.column_stack([np.cos(bearings), np.sin(bearings)])

    def raw(x: Array, y: Array) -> Array:
        angles = np.multiply.outer(x, ways[:, 0]) + np.multiply.outer(y, ways[:, 1]) + phases
        return np.asarray((np.sin(angles) * lengths / 46.0).sum(axis=-1))

    x, y = np.meshgrid(axis, axis, indexing="ij")
    heights = raw(x, y) - raw(np.array(level_at[0]), np.array(level_at[1]))
    spacing = float(axis[1] - axis[0])
    slope = max(float(np.abs(np.diff(heights, axis=k)).max()) for k in (0, 1)) / spacing * np.sqrt(2.0)
    wanted = float(rng.uniform(0.15, 0.6)) / (float(heights.std()) * 2.0 + 1e-9)
    factor = min(wanted, HIGHEST_M / max(float(heights.max()), 1e-6), LOWEST_M / min(float(heights.min()), -1e-6))
    factor = min(factor, STEEPEST / max(slope, 1e-6))
    ground = Ground(float(axis[-1]), (factor * heights).astype(np.float32))
    rest = ground.height_m(float(level_at[0]), float(level_at[1]))  # a bilinear cell is not quite the wave itself
    return Ground(ground.half_size_m, (ground.heights_m - np.float32(rest)).astype(np.float32))


def heights_at(ground: Ground, points: Array) -> Array:
    """Return the heights (points,) at points (points, 2), all at once; as :meth:`Ground.height_m`."""
    last = len(ground.heights_m) - 1
    half = ground.half_size_m
    scaled = (np.clip(points, -half, half) + half) / ground.spacing_m
    cell = np.minimum(scaled.astype(int), last - 1)
    (i, j), (u, v) = cell.T, (scaled - cell).T
    grid = ground.heights_m.astype(float)
    low = (1 - u) * grid[i, j] + u * grid[i + 1, j]
    high = (1 - u) * grid[i, j + 1] + u * grid[i + 1, j + 1]
    return np.asarray((1 - v) * low + v * high)


def ground_mesh(rng: np.random.Generator, ground: Ground, season: str) -> Mesh:
    """Return the drawn ground, with tones that differ from place to place; level beyond the grid's border."""
    grid = ground.heights_m.astype(float)
    count = len(grid)
    axis = np.linspace(-ground.half_size_m, ground.half_size_m, count)
    x, y = np.meshgrid(axis, axis, indexing="ij")
    slope_x, slope_y = np.gradient(grid, ground.spacing_m)
    normals = np.stack([-slope_x, -slope_y, np.ones_like(grid)], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    index = np.arange(count * count).reshape(count, count)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    triangles = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    points = np.stack([x, y, grid], axis=-1).reshape(-1, 3)
    mesh = make_mesh(points, normals.reshape(-1, 3), points[:, :2] / TEXTURE_M, triangles, material=MATERIALS[season])
    patches = rng.normal(size=(2, count, count))
    patches = (patches + np.roll(patches, 1, 1) + np.roll(patches, 1, 2) + np.roll(patches, (1, 1), (1, 2))) / 2.0
    strength = 0.03 if season == "winter" else 0.09
    shade = 1.0 + strength * patches[0].reshape(-1, 1)
    hue = strength * 0.8 * patches[1].reshape(-1, 1) * np.array([1.0, 0.0, 0.6])
    mesh.colours[:] = np.clip(shade + hue, 0.7, 1.3).astype(np.float32)
    return mesh


@dataclass(frozen=True)
class Trail:
    """A winding trail through the whole wood.

    Attributes:
        points_m: (points, 2) along its middle.
    """

    points_m: Array

    def distance_m(self, points: Array) -> Array:
        """Return how far points (n, 2) are from the middle of the trail."""
        return np.asarray(np.hypot(*(points[:, None] - self.points_m[None]).transpose(2, 0, 1)).min(axis=1))


def draw_trail(rng: np.random.Generator, half_size_m: float) -> Trail:
    """Return a trail from border to border that passes near the middle."""
    reach = half_size_m + BEYOND_M - 2.0
    along = np.arange(-reach, reach, 1.0)
    waves = rng.uniform(1.5, 4.0, 2)[:, None] * np.sin(
        2.0 * np.pi * along / rng.uniform(22.0, 60.0, 2)[:, None] + rng.uniform(0.0, 6.28, 2)[:, None]
    )
    aside = waves.sum(axis=0) + float(rng.uniform(-0.35, 0.35)) * half_size_m
    yaw = float(rng.uniform(0.0, 2.0 * np.pi))
    turn = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
    points = np.column_stack([along, aside]) @ turn.T
    return Trail(points[np.abs(points).max(axis=1) < half_size_m + BEYOND_M - 1.0])


def trail_mesh(trail: Trail, ground: Ground, season: str) -> Mesh:
    """Return the trail as a strip on the ground with edges that wander."""
    middle = trail.points_m
    way = np.gradient(middle, axis=0)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    left = np.column_stack([-way[:, 1], way[:, 0]])
    run = np.arange(len(middle), dtype=float)
    width = TRAIL_HALF_WIDTH_M * (1.0 + 0.25 * np.sin(1.7 * run) + 0.15 * np.sin(0.61 * run))
    other = TRAIL_HALF_WIDTH_M * (1.0 + 0.25 * np.cos(1.3 * run) + 0.15 * np.sin(0.47 * run))
    lines = np.stack([middle + width[:, None] * left, middle, middle - other[:, None] * left], axis=1)
    heights = heights_at(ground, lines.reshape(-1, 2)).reshape(-1, 3)
    heights[:, 1] += TRAIL_ABOVE_M
    heights[:, [0, 2]] += 0.6 * TRAIL_ABOVE_M
    points = np.concatenate([lines, heights[:, :, None]], axis=2).reshape(-1, 3)
    index = np.arange(len(points)).reshape(-1, 3)
    quads = []
    for k in (0, 1):
        a, b, c, d = index[:-1, k], index[:-1, k + 1], index[1:, k + 1], index[1:, k]
        quads += [np.column_stack([a, b, c]), np.column_stack([a, c, d])]
    material = "snow_ground" if season == "winter" else "dirt"
    normals = np.tile([0.0, 0.0, 1.0], (len(points), 1))
    triangles = np.concatenate(quads)
    tone = TRAIL_TONES[season]
    return make_mesh(points, normals, points[:, :2] / 2.0, triangles, material=material, colour=tone)


def treeline_mesh(half_size_m: float, season: str) -> Mesh:
    """Return a piece of the edge of more wood, facing -x; see :func:`treeline`."""
    half_width = (half_size_m + BEYOND_M) * np.tan(np.pi / TREELINE_PIECES) * 1.12
    return cards(
        np.array([[0.0, 0.0, -1.0]]),
        np.array([[0.0, -half_width, 0.0]]),
        np.array([[0.0, 0.0, 13.0]]),
        material="treeline",
        colours=np.array([TREELINE_TONES[season]]),
        normals=np.array([[-0.5, 0.0, 1.0]]),
        shade_at_foot=0.7,
    )


def treeline(rng: np.random.Generator, half_size_m: float) -> list[Instance]:
    """Return pieces all around, so that no bare horizon shows between the stems; one by one, to be drawn last."""
    found = []
    for yaw in 2.0 * np.pi * np.arange(TREELINE_PIECES) / TREELINE_PIECES:
        radius = (half_size_m + BEYOND_M - 4.0) * float(rng.uniform(0.94, 1.0))
        place = (radius * float(np.cos(yaw)), radius * float(np.sin(yaw)), 0.0)
        shade = float(rng.uniform(0.85, 1.1))
        scale = (1.0, 1.0, float(rng.uniform(0.85, 1.15)))
        found.append(Instance("treeline", place, float(yaw), scale, (shade,) * 3, "tree"))
    return found
