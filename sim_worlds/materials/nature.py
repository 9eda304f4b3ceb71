"""Bark, soil, snow and stone. Foliage is painted in ``foliage``."""

from __future__ import annotations

import cv2
import numpy as np

from sim_worlds.materials import foliage
from sim_worlds.materials.painting import SIZE_PX, Painter, Texture, colour_blend, noise

Colour = tuple[float, float, float]


def _bark(rng: np.random.Generator, low: Colour, high: Colour) -> Texture:
    furrows = noise(rng, 2.5, (1.0, 6.0))
    cracks = np.abs(noise(rng, 5.0, (1.0, 4.0)) - 0.5) * 5.0
    return colour_blend(np.clip(0.65 * furrows + 0.35 * np.minimum(cracks, 1.0), 0.0, 1.0), low, high)


def _bark_pine(rng: np.random.Generator) -> Texture:
    return _bark(rng, (0.24, 0.18, 0.14), (0.60, 0.46, 0.36))


def _bark_spruce(rng: np.random.Generator) -> Texture:
    scales = colour_blend(noise(rng, 2.0, (1.0, 1.6)), (0.22, 0.19, 0.17), (0.50, 0.44, 0.39))
    lichen = np.clip((noise(rng, 9.0) - 0.58) * 6.0, 0.0, 0.6)[..., None]
    scales[..., :3] = scales[..., :3] * (1 - lichen) + lichen * np.array([0.52, 0.55, 0.47], dtype=np.float32)
    return scales


def _bark_oak(rng: np.random.Generator) -> Texture:
    return _bark(rng, (0.18, 0.16, 0.13), (0.52, 0.47, 0.40))


def _bark_beech(rng: np.random.Generator) -> Texture:
    picture = colour_blend(
        0.5 * noise(rng, 12.0) + 0.5 * noise(rng, 3.0, (4.0, 1.0)), (0.40, 0.40, 0.37), (0.62, 0.61, 0.57)
    )
    moss = np.clip((noise(rng, 10.0, (1.0, 2.0)) - 0.60) * 5.0, 0.0, 0.7)[..., None]
    picture[..., :3] = picture[..., :3] * (1 - moss) + moss * np.array([0.36, 0.42, 0.26], dtype=np.float32)
    return picture


def _bark_birch(rng: np.random.Generator) -> Texture:
    picture = colour_blend(noise(rng, 6.0, (3.0, 1.0)), (0.74, 0.73, 0.69), (0.93, 0.92, 0.89))
    marks = (noise(rng, 4.0, (5.0, 1.0)) > 0.76) | (noise(rng, 10.0, (2.0, 1.0)) > 0.86)
    picture[marks, :3] *= 0.24
    return picture


def _cut_wood(rng: np.random.Generator) -> Texture:
    """Sawn wood with its rings about the middle."""
    y, x = np.indices((SIZE_PX, SIZE_PX)) - 63.5
    rings = 0.5 + 0.5 * np.sin(np.hypot(x, y) * 0.8 + 3.0 * noise(rng, 16.0))
    return colour_blend(np.asarray(rings, dtype=np.float32), (0.58, 0.45, 0.30), (0.78, 0.65, 0.46))


def _scatter_leaves(rng: np.random.Generator, base: Texture, count: int, colours: tuple[Colour, ...]) -> None:
    """Paint fallen leaves over a ground, in place; they wrap around the border."""
    for _ in range(count):
        x, y = (int(v) for v in rng.integers(0, SIZE_PX, 2))
        shade = float(rng.uniform(0.65, 1.15))
        r, g, b = colours[int(rng.integers(len(colours)))]
        axes = (int(rng.integers(2, 5)), int(rng.integers(1, 3)))
        angle = float(rng.uniform(0, 180))
        for dx in (0, SIZE_PX if x < 8 else -SIZE_PX):
            cv2.ellipse(base, (x + dx, y), axes, angle, 0, 360, (r * shade, g * shade, b * shade, 1.0), -1)


def _mossy(rng: np.random.Generator, base: Texture, share: float, colour: Colour) -> None:
    moss = np.clip((noise(rng, 11.0) - 1.0 + share) * 5.0, 0.0, 1.0)[..., None]
    grain = (0.75 + 0.5 * noise(rng, 1.5))[..., None]
    base[..., :3] = base[..., :3] * (1 - 0.8 * moss) + 0.8 * moss * grain * np.array(colour, dtype=np.float32)


def _forest_floor(rng: np.random.Generator) -> Texture:
    base = colour_blend(0.6 * noise(rng, 2.5) + 0.4 * noise(rng, 14.0), (0.23, 0.19, 0.13), (0.48, 0.41, 0.30))
    _scatter_leaves(rng, base, 260, ((0.48, 0.37, 0.24), (0.40, 0.30, 0.20), (0.55, 0.46, 0.32)))
    _mossy(rng, base, 0.50, (0.35, 0.41, 0.20))
    return base


def _forest_moss(rng: np.random.Generator) -> Texture:
    base = colour_blend(0.6 * noise(rng, 2.0) + 0.4 * noise(rng, 12.0), (0.22, 0.27, 0.11), (0.47, 0.54, 0.27))
    _scatter_leaves(rng, base, 70, ((0.42, 0.34, 0.22), (0.50, 0.42, 0.28)))
    return base


def _leaf_litter(rng: np.random.Generator) -> Texture:
    base = colour_blend(noise(rng, 4.0), (0.24, 0.17, 0.10), (0.44, 0.32, 0.19))
    tones = ((0.62, 0.40, 0.16), (0.55, 0.30, 0.13), (0.70, 0.54, 0.22), (0.44, 0.28, 0.16), (0.60, 0.46, 0.28))
    _scatter_leaves(rng, base, 620, tones)
    return base


def _forest_snow(rng: np.random.Generator) -> Texture:
    base = colour_blend(0.4 * noise(rng, 2.0) + 0.6 * noise(rng, 16.0), (0.80, 0.83, 0.89), (0.95, 0.96, 0.99))
    _scatter_leaves(rng, base, 26, ((0.45, 0.38, 0.30), (0.62, 0.58, 0.52)))
    return base


def _dirt(rng: np.random.Generator) -> Texture:
    base = colour_blend(0.5 * noise(rng, 2.0) + 0.5 * noise(rng, 10.0), (0.36, 0.29, 0.21), (0.60, 0.51, 0.39))
    for _ in range(70):
        x, y = (int(v) for v in rng.integers(0, SIZE_PX, 2))
        shade = float(rng.uniform(0.45, 0.7))
        cv2.circle(base, (x, y), int(rng.integers(1, 3)), (shade, 0.95 * shade, 0.88 * shade, 1.0), -1)
    return base


def _rock(rng: np.random.Generator) -> Texture:
    ridges = 1.0 - np.minimum(np.abs(noise(rng, 9.0) - 0.5) * 5.0, 1.0)
    base = colour_blend(0.6 * noise(rng, 3.0) + 0.4 * (1.0 - ridges), (0.30, 0.30, 0.29), (0.64, 0.63, 0.60))
    _mossy(rng, base, 0.36, (0.34, 0.40, 0.20))
    return base


def _grass_park(rng: np.random.Generator) -> Texture:
    return colour_blend(0.6 * noise(rng, 1.5) + 0.4 * noise(rng, 18.0), (0.25, 0.34, 0.14), (0.48, 0.58, 0.28))


PAINTERS: dict[str, Painter] = {
    **foliage.PAINTERS,
    "bark_pine": _bark_pine,
    "bark_spruce": _bark_spruce,
    "bark_oak": _bark_oak,
    "bark_beech": _bark_beech,
    "bark_birch": _bark_birch,
    "cut_wood": _cut_wood,
    "forest_floor": _forest_floor,
    "forest_moss": _forest_moss,
    "leaf_litter": _leaf_litter,
    "forest_snow": _forest_snow,
    "dirt": _dirt,
    "rock": _rock,
    "grass_park": _grass_park,
}
