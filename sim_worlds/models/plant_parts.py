"""What plants are made of, many at a time: tapered limbs, stems in rings and cut-out cards. Metres, z up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim_worlds.materials import layer
from sim_worlds.scene import Mesh

Array = NDArray[np.float64]
CARD_UVS = np.array([[0.02, 0.98], [0.98, 0.98], [0.98, 0.02], [0.02, 0.02]])
CARD_TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]])


def cards(
    feet: Array, rights: Array, ups: Array, *, material: str, colours: Array, normals: Array, shade_at_foot: float = 1.0
) -> Mesh:
    """Return cut-out pictures.

    Args:
        feet: (cards, 3) middles of the lower borders.
        rights: (cards, 3) from there to the right corner.
        ups: (cards, 3) from the lower to the upper border.
        material: of all of them.
        colours: (cards, 3).
        normals: (cards, 3), any length: the direction as facing which each is lit.
        shade_at_foot: factor of the colours at the lower border, for what is darker inside than outside.
    """
    count = len(feet)
    points = np.stack([feet - rights, feet + rights, feet + rights + ups, feet - rights + ups], axis=1)
    facing = normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9)
    tones = colours[:, None, :] * np.array([shade_at_foot, shade_at_foot, 1.0, 1.0])[None, :, None]
    triangles = CARD_TRIANGLES[None] + 4 * np.arange(count)[:, None, None]
    return Mesh(
        positions_m=points.reshape(-1, 3).astype(np.float32),
        normals=np.repeat(facing, 4, axis=0).astype(np.float32),
        uvs=np.tile(CARD_UVS, (count, 1)).astype(np.float32),
        colours=tones.reshape(-1, 3).astype(np.float32),
        layers=np.full(4 * count, layer(material), dtype=np.int32),
        triangles=triangles.reshape(-1, 3).astype(np.int32),
        double_sided=True,
    )


def stem(
    middles: Array, radii: Array, *, material: str, colours: Array, sides: int = 7, uv_per_m: float = 1.0
) -> Mesh:
    """Return a stem through rings about ``middles`` (rings, 3), open at both ends.

    Args:
        middles: from the foot upwards.
        radii: (rings,).
        material: wraps around a whole number of times.
        colours: (rings, 3).
        sides: of every ring.
        uv_per_m: repetitions of the picture per metre.
    """
    rings = len(middles)
    angles = np.linspace(0.0, 2.0 * np.pi, sides + 1)
    circle = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(sides + 1)])
    points = middles[:, None, :] + radii[:, None, None] * circle[None]
    repeats = max(1.0, round(2.0 * np.pi * float(radii.max()) * uv_per_m))
    u = np.tile(angles / (2.0 * np.pi) * repeats, (rings, 1))
    v = np.tile(-middles[:, 2:] * uv_per_m, (1, sides + 1))
    index = np.arange(rings * (sides + 1)).reshape(rings, sides + 1)
    a, b, c, d = (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1])
    triangles = np.concatenate([np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)]).reshape(-1, 3)
    count = rings * (sides + 1)
    return Mesh(
        positions_m=points.reshape(-1, 3).astype(np.float32),
        normals=np.tile(circle, (rings, 1)).astype(np.float32),
        uvs=np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float32),
        colours=np.repeat(colours, sides + 1, axis=0).astype(np.float32),
        layers=np.full(count, layer(material), dtype=np.int32),
        triangles=triangles.astype(np.int32),
    )


def limbs(feet: Array, tips: Array, foot_radii: Array, *, material: str, colours: Array, sides: int = 4) -> Mesh:
    """Return pointed branches from ``feet`` to ``tips`` (limbs, 3), as thick as ``foot_radii`` (limbs,) at the foot."""
    count = len(feet)
    axes = tips - feet
    lengths = np.linalg.norm(axes, axis=1, keepdims=True) + 1e-9
    axes = axes / lengths
    helper = np.where(np.abs(axes[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    first = np.cross(axes, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(axes, first)
    angles = np.linspace(0.0, 2.0 * np.pi, sides + 1)
    around = np.cos(angles)[None, :, None] * first[:, None] + np.sin(angles)[None, :, None] * second[:, None]
    low = feet[:, None] + foot_radii[:, None, None] * around
    high = tips[:, None] + 0.2 * foot_radii[:, None, None] * around
    points = np.concatenate([low, high], axis=1)
    u = np.tile(angles / (2.0 * np.pi), (count, 2))
    v = np.concatenate([np.zeros((count, sides + 1)), np.repeat(lengths, sides + 1, axis=1)], axis=1)
    k = np.arange(sides)
    ring = np.concatenate(
        [np.column_stack([k, k + 1, k + sides + 2]), np.column_stack([k, k + sides + 2, k + sides + 1])]
    )
    per = 2 * (sides + 1)
    return Mesh(
        positions_m=points.reshape(-1, 3).astype(np.float32),
        normals=np.concatenate([around, around], axis=1).reshape(-1, 3).astype(np.float32),
        uvs=np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float32),
        colours=np.repeat(colours, per, axis=0).astype(np.float32),
        layers=np.full(count * per, layer(material), dtype=np.int32),
        triangles=(ring[None] + per * np.arange(count)[:, None, None]).reshape(-1, 3).astype(np.int32),
    )


def directions(yaw_rad: Array, rise_rad: Array) -> Array:
    """Return unit vectors (n, 3) by bearing and angle above the horizon."""
    return np.column_stack([np.cos(yaw_rad) * np.cos(rise_rad), np.sin(yaw_rad) * np.cos(rise_rad), np.sin(rise_rad)])


def tones(rng: np.random.Generator, palette: Array, count: int, low: float = 0.8, high: float = 1.12) -> Array:
    """Return colours (count, 3) drawn from a palette (colours, 3), each a little lighter or darker."""
    chosen = palette[rng.integers(0, len(palette), count)]
    return np.asarray(chosen * rng.uniform(low, high, (count, 1)))
