"""Stones, fallen logs, stumps and stacked wood. Metres, origin on the ground; sizes are those of the solids."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import cylinder, merge, pose, rotation, sphere, transformed
from sim_worlds.scene import Float3, Mesh

STONE_RADIUS_M = 0.42
LOG_LENGTH_M, LOG_RADIUS_M = 3.4, 0.2
STUMP_RADIUS_M, STUMP_HEIGHT_M = 0.28, 0.45
PILE_SIZE_M: Float3 = (2.2, 0.95, 0.85)
STACK_SIZE_M: Float3 = (4.2, 1.3, 2.1)
FACE_SIZE_M: Float3 = (3.6, 1.5, 2.6)
SNOW_ON_STONE: Float3 = (2.0, 2.05, 2.15)
SNOW_ON_BARK: Float3 = (2.5, 2.85, 3.3)
"""Tones that turn pictures into snow."""


def _lumpy(rng: np.random.Generator, radii: Float3, rings: int, sides: int) -> Mesh:
    mesh = sphere(radii, material="rock", rings=rings, sides=sides)
    way = rng.normal(0.0, 5.0, (3, 3))
    waves = np.sin(mesh.positions_m @ way + rng.uniform(0, 6.28, 3)).sum(axis=1)
    mesh.positions_m[:] *= (1.0 + 0.05 * waves[:, None]).astype(np.float32)
    mesh.colours[:] *= (0.9 + 0.1 * waves[:, None] / 3.0 + 0.25 * (mesh.normals[:, 2:] - 0.4)).astype(np.float32)
    return mesh


def _snowed(mesh: Mesh, season: str, tone: Float3) -> Mesh:
    if season == "winter":
        mesh.colours[mesh.normals[:, 2] > 0.5] = tone
    return mesh


def stone(rng: np.random.Generator, season: str) -> Mesh:
    """A boulder about a sphere of ``STONE_RADIUS_M`` in the origin, half sunk in the ground."""
    radius = STONE_RADIUS_M
    return _snowed(_lumpy(rng, (radius, 0.95 * radius, 0.9 * radius), 6, 9), season, SNOW_ON_STONE)


def block(rng: np.random.Generator, season: str) -> Mesh:
    """A rock with a flat top: 1 m high, within a cylinder of radius 0.6 m."""
    mesh = _lumpy(rng, (0.6, 0.6, 1.0), 7, 10)
    flat = mesh.positions_m / np.array([0.6, 0.6, 1.0], dtype=np.float32)
    wide = np.hypot(flat[:, 0], flat[:, 1])
    mesh.positions_m[:, :2] *= (np.minimum(1.0, 1.35 * wide) / (wide + 1e-6))[:, None]
    mesh.positions_m[:, 2] = np.clip(1.4 * mesh.positions_m[:, 2], -0.4, 1.0)
    return _snowed(mesh, season, SNOW_ON_STONE)


def log(rng: np.random.Generator, season: str) -> Mesh:
    """A fallen stem along x, its middle on the ground's height plus its radius."""
    bark = ("bark_oak", "bark_spruce", "bark_birch")[int(rng.integers(2 if season == "winter" else 3))]
    return _snowed(_lying(rng, LOG_LENGTH_M, LOG_RADIUS_M, bark, sides=8), season, SNOW_ON_BARK)


def _lying(rng: np.random.Generator, length: float, radius: float, bark: str, sides: int) -> Mesh:
    tone: Float3 = (0.85, 0.92, 0.78) if rng.random() < 0.6 else (1.0, 1.0, 1.0)
    turn = rotation(pitch_rad=0.5 * np.pi)
    side = cylinder(radius, length, top_radius_m=0.88 * radius, material=bark, colour=tone, sides=sides, capped=False)
    lid = cylinder(0.88 * radius, 0.01, material="cut_wood", sides=sides)
    lid.uvs[:] = 0.5 + 0.45 * lid.positions_m[:, :2] / radius
    return merge(
        [
            transformed(side, pose((-0.5 * length, 0.0, radius), turn)),
            transformed(lid, pose((0.5 * length, 0.0, radius), turn)),
            transformed(lid, pose((-0.5 * length, 0.0, radius), rotation(pitch_rad=-0.5 * np.pi))),
        ]
    )


def stump(rng: np.random.Generator, season: str) -> Mesh:
    """A sawn stump with a flared foot."""
    bark = ("bark_oak", "bark_spruce")[int(rng.integers(2))]
    foot, top, tone = 1.3 * STUMP_RADIUS_M, 0.92 * STUMP_RADIUS_M, (0.8, 0.85, 0.72)
    side = cylinder(foot, 0.6, top_radius_m=top, material=bark, colour=tone, capped=False)
    lid = cylinder(top, 0.6, material="forest_snow" if season == "winter" else "cut_wood")
    lid.uvs[:] = 0.5 + 0.45 * lid.positions_m[:, :2] / STUMP_RADIUS_M
    sunk = pose((0.0, 0.0, STUMP_HEIGHT_M - 0.6))
    return merge([transformed(side, sunk), transformed(lid, sunk)])


def wood_pile(rng: np.random.Generator, season: str) -> Mesh:
    """Stacked logs along x, within a box of ``PILE_SIZE_M``."""
    parts = []
    for row, count in enumerate((3, 3, 3)):
        for k in range(count):
            piece = _lying(rng, PILE_SIZE_M[0], 0.155, ("bark_spruce", "bark_oak")[(row + k) % 2], sides=7)
            y = 0.315 * (k - 0.5 * (count - 1)) + (0.02 if row % 2 else -0.02)
            parts.append(transformed(piece, pose((float(rng.uniform(-0.05, 0.05)), y, 0.275 * row - 0.02))))
    return _snowed(merge(parts), season, SNOW_ON_BARK)


def timber_stack(rng: np.random.Generator, season: str) -> Mesh:
    """Long stems stacked between posts as foresters do it, along x, within a box of ``STACK_SIZE_M``."""
    length, depth, height = STACK_SIZE_M
    radius = 0.165
    columns, rows = int(depth / (2.0 * radius)), int(height / (1.85 * radius))
    bark = ("bark_spruce", "bark_oak")[int(rng.integers(2))]
    kinds = [_lying(rng, length, radius, bark, sides=7) for _ in range(3)]
    parts = []
    for row in range(rows):
        for column in range(columns - row % 2):
            y = (column - 0.5 * (columns - 1 - row % 2)) * 2.0 * radius
            piece = kinds[int(rng.integers(len(kinds)))]
            parts.append(transformed(piece, pose((float(rng.uniform(-0.12, 0.12)), y, 1.85 * radius * row))))
    for x in (-0.35 * length, 0.35 * length):
        for y in (-0.5 * depth, 0.5 * depth):
            post = cylinder(0.06, height + 0.3, material="bark_birch", sides=6)
            parts.append(transformed(post, pose((x, y, 0.0))))
    return _snowed(merge(parts), season, SNOW_ON_BARK)


def rock_face(rng: np.random.Generator, season: str) -> Mesh:
    """A crag with steep sides on z = 0, within a box of ``FACE_SIZE_M``."""
    mesh = _lumpy(rng, (1.0, 1.0, 1.0), 14, 24)
    steep = mesh.positions_m / np.abs(mesh.positions_m).max(axis=1, keepdims=True)
    mesh.positions_m[:] = 0.35 * mesh.positions_m + 0.65 * steep
    mesh.positions_m[:] /= np.abs(mesh.positions_m).max(axis=0)
    mesh.positions_m[:] = (0.5 * mesh.positions_m + np.array([0.0, 0.0, 0.5])) * np.array(FACE_SIZE_M)
    mesh.uvs[:] *= 3.0
    return _snowed(mesh, season, SNOW_ON_STONE)
