"""Bark, leaves, soil and stone."""

from __future__ import annotations

import cv2
import numpy as np

from sim_worlds.materials.painting import SIZE_PX, Painter, Texture, canvas, colour_blend, noise


def _bark(rng: np.random.Generator, low: tuple[float, float, float], high: tuple[float, float, float]) -> Texture:
    furrows = noise(rng, 3.0, (1.0, 6.0))
    cracks = np.abs(noise(rng, 5.0, (1.0, 4.0)) - 0.5) * 5.0
    return colour_blend(np.clip(0.65 * furrows + 0.35 * np.minimum(cracks, 1.0), 0.0, 1.0), low, high)


def _bark_pine(rng: np.random.Generator) -> Texture:
    return _bark(rng, (0.24, 0.16, 0.11), (0.62, 0.43, 0.31))


def _bark_oak(rng: np.random.Generator) -> Texture:
    return _bark(rng, (0.20, 0.17, 0.13), (0.55, 0.50, 0.42))


def _bark_birch(rng: np.random.Generator) -> Texture:
    picture = colour_blend(noise(rng, 6.0, (3.0, 1.0)), (0.78, 0.77, 0.73), (0.95, 0.94, 0.91))
    marks = (noise(rng, 4.0, (5.0, 1.0)) > 0.74) | (noise(rng, 10.0, (2.0, 1.0)) > 0.84)
    picture[marks, :3] *= 0.22
    return picture


def _leaves(rng: np.random.Generator) -> Texture:
    picture = canvas()
    picture[..., :3] = (0.30, 0.42, 0.16)
    for _ in range(210):
        x, y = rng.integers(0, SIZE_PX, 2)
        shade = float(rng.uniform(0.65, 1.25))
        colour = (0.36 * shade, 0.52 * shade, 0.19 * shade, 1.0)
        axes = (int(rng.integers(6, 10)), int(rng.integers(3, 5)))
        if np.hypot(x - 64, y - 64) > 62 - axes[0]:
            continue
        cv2.ellipse(picture, (int(x), int(y)), axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
    return picture


def _needles(rng: np.random.Generator) -> Texture:
    picture = canvas()
    picture[..., :3] = (0.16, 0.27, 0.15)
    cv2.line(picture, (64, 127), (64, 6), (0.30, 0.22, 0.15, 1.0), 3)
    for y in range(8, 126, 3):
        reach = 10 + 50 * (y / 128.0) ** 0.8
        for side in (-1, 1):
            shade = float(rng.uniform(0.7, 1.3))
            tip = (int(64 + side * reach * rng.uniform(0.8, 1.05)), int(y - 0.35 * reach + rng.uniform(-3, 3)))
            cv2.line(picture, (64, y), tip, (0.19 * shade, 0.33 * shade, 0.18 * shade, 1.0), 3)
    return picture


def _grass(rng: np.random.Generator) -> Texture:
    picture = canvas()
    picture[..., :3] = (0.34, 0.43, 0.18)
    for _ in range(70):
        x = int(rng.integers(14, 114))
        shade = float(rng.uniform(0.6, 1.3))
        tip = (int(np.clip(x + rng.uniform(-26, 26), 2, 125)), int(rng.uniform(4, 70)))
        cv2.line(picture, (x, 127), tip, (0.38 * shade, 0.49 * shade, 0.20 * shade, 1.0), 2)
    return picture


def _forest_floor(rng: np.random.Generator) -> Texture:
    base = colour_blend(0.6 * noise(rng, 3.0) + 0.4 * noise(rng, 14.0), (0.25, 0.21, 0.13), (0.52, 0.44, 0.30))
    moss = np.clip((noise(rng, 12.0) - 0.52) * 5.0, 0.0, 1.0)[..., None]
    base[..., :3] = base[..., :3] * (1 - 0.7 * moss) + 0.7 * moss * np.array([0.31, 0.38, 0.17], dtype=np.float32)
    for _ in range(160):
        x, y = rng.integers(0, SIZE_PX, 2)
        shade = float(rng.uniform(0.7, 1.2))
        colour = (0.50 * shade, 0.37 * shade, 0.22 * shade, 1.0)
        axes = (int(rng.integers(2, 5)), int(rng.integers(1, 3)))
        cv2.ellipse(base, (int(x), int(y)), axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
    return base


def _dirt(rng: np.random.Generator) -> Texture:
    return colour_blend(0.5 * noise(rng, 2.0) + 0.5 * noise(rng, 10.0), (0.34, 0.27, 0.19), (0.60, 0.51, 0.39))


def _rock(rng: np.random.Generator) -> Texture:
    ridges = 1.0 - np.minimum(np.abs(noise(rng, 9.0) - 0.5) * 5.0, 1.0)
    return colour_blend(0.6 * noise(rng, 3.0) + 0.4 * (1.0 - ridges), (0.32, 0.31, 0.30), (0.68, 0.66, 0.63))


def _grass_park(rng: np.random.Generator) -> Texture:
    return colour_blend(0.6 * noise(rng, 1.5) + 0.4 * noise(rng, 18.0), (0.25, 0.34, 0.14), (0.48, 0.58, 0.28))


PAINTERS: dict[str, Painter] = {
    "bark_pine": _bark_pine,
    "bark_oak": _bark_oak,
    "bark_birch": _bark_birch,
    "leaves": _leaves,
    "needles": _needles,
    "grass": _grass,
    "forest_floor": _forest_floor,
    "dirt": _dirt,
    "rock": _rock,
    "grass_park": _grass_park,
}
