"""Streets, houses, clothes and metal."""

from __future__ import annotations

import numpy as np

from sim_worlds.materials.painting import SIZE_PX, Painter, Texture, colour_blend, noise


def _white(rng: np.random.Generator) -> Texture:
    return np.ones((SIZE_PX, SIZE_PX, 4), dtype=np.float32)


def _cloth(rng: np.random.Generator) -> Texture:
    weave = np.indices((SIZE_PX, SIZE_PX)).sum(axis=0) % 4 < 2
    shade = 0.80 + 0.12 * noise(rng, 12.0) + 0.06 * weave
    return colour_blend(np.asarray(shade, dtype=np.float32), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def _asphalt(rng: np.random.Generator) -> Texture:
    grain = rng.uniform(0.0, 1.0, (SIZE_PX, SIZE_PX)).astype(np.float32)
    return colour_blend(0.35 * grain + 0.65 * noise(rng, 10.0), (0.24, 0.24, 0.25), (0.46, 0.46, 0.46))


def _pavement(rng: np.random.Generator) -> Texture:
    picture = colour_blend(0.5 * noise(rng, 2.0) + 0.5 * noise(rng, 16.0), (0.52, 0.51, 0.49), (0.72, 0.71, 0.68))
    for row in range(4):
        for column in range(4):
            picture[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32, :3] *= rng.uniform(0.9, 1.08)
    picture[::32, :, :3] *= 0.6
    picture[:, ::32, :3] *= 0.6
    return picture


def _windows(
    picture: Texture, rng: np.random.Generator, box: tuple[int, int, int, int], frame: tuple[float, float, float]
) -> None:
    """Paint four windows (2 x 2), each ``box`` = (left, top, right, bottom) within a 64 px cell."""
    left, top, right, bottom = box
    for row in (0, 64):
        for column in (0, 64):
            cell = picture[row : row + 64, column : column + 64]
            cell[top - 3 : bottom + 3, left - 3 : right + 3, :3] = frame
            height = bottom - top
            sky = np.linspace(1.0, 0.55, height, dtype=np.float32)[:, None, None] * float(rng.uniform(0.5, 1.0))
            cell[top:bottom, left:right, :3] = sky * np.array([0.34, 0.43, 0.52], dtype=np.float32)
            if rng.random() < 0.4:
                curtain = top + int(height * rng.uniform(0.25, 0.6))
                cell[top:curtain, left:right, :3] = np.array([0.75, 0.72, 0.66]) * rng.uniform(0.6, 1.0)
            middle = (left + right) // 2
            cell[top:bottom, middle - 1 : middle + 1, :3] = frame


def _facade_brick(rng: np.random.Generator) -> Texture:
    shade = np.repeat(np.repeat(rng.uniform(0.0, 1.0, (16, 8)), 8, axis=0), 16, axis=1).astype(np.float32)
    picture = colour_blend(0.7 * shade + 0.3 * noise(rng, 2.0), (0.62, 0.52, 0.46), (0.86, 0.76, 0.68))
    picture[::8, :, :3] *= 0.75
    _windows(picture, rng, (18, 12, 46, 50), (0.88, 0.87, 0.84))
    return picture


def _facade_plaster(rng: np.random.Generator) -> Texture:
    picture = colour_blend(0.4 * noise(rng, 2.0) + 0.6 * noise(rng, 20.0), (0.78, 0.77, 0.74), (0.95, 0.94, 0.91))
    picture[60:64, :, :3] *= 0.82
    picture[124:, :, :3] *= 0.82
    _windows(picture, rng, (20, 14, 44, 52), (0.60, 0.57, 0.53))
    return picture


def _facade_glass(rng: np.random.Generator) -> Texture:
    picture = colour_blend(noise(rng, 24.0, (1.0, 0.5)), (0.28, 0.38, 0.46), (0.62, 0.73, 0.80))
    for row in range(4):
        for column in range(4):
            picture[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32, :3] *= rng.uniform(0.75, 1.1)
    picture[::32, :, :3] = picture[1::32, :, :3] = 0.42
    picture[:, ::32, :3] = 0.42
    return picture


def _shop_front(rng: np.random.Generator) -> Texture:
    picture = colour_blend(noise(rng, 8.0), (0.30, 0.29, 0.28), (0.42, 0.41, 0.39))
    for left in (0, 64):
        hue = rng.uniform(0.25, 0.8, 3) * np.array([0.7, 1.0, 1.0])
        picture[4:26, left + 3 : left + 61, :3] = hue
        for x in range(left + 10, left + 54, int(rng.integers(5, 8))):
            picture[11:20, x : x + 3, :3] = 0.9
        picture[32:112, left + 5 : left + 59, :3] = np.array([0.22, 0.26, 0.29])
        for _ in range(8):
            x, y = left + int(rng.integers(7, 50)), int(rng.integers(55, 104))
            picture[y : y + 8, x : x + int(rng.integers(3, 8)), :3] = rng.uniform(0.3, 0.8, 3)
        picture[28:32, left : left + 64, :3] = 0.6
    return picture


def _roof(rng: np.random.Generator) -> Texture:
    return colour_blend(0.5 * noise(rng, 2.0) + 0.5 * noise(rng, 16.0), (0.40, 0.37, 0.36), (0.58, 0.54, 0.51))


def _metal(rng: np.random.Generator) -> Texture:
    return colour_blend(noise(rng, 8.0, (1.0, 4.0)), (0.62, 0.63, 0.65), (0.86, 0.87, 0.88))


def _skin(rng: np.random.Generator) -> Texture:
    return colour_blend(noise(rng, 10.0), (0.84, 0.84, 0.84), (1.0, 1.0, 1.0))


def _sign(rng: np.random.Generator) -> Texture:
    picture = _white(rng)
    picture[:, :, :3] = (0.16, 0.34, 0.62)
    picture[6:-6, 6:10, :3] = picture[6:-6, -10:-6, :3] = 0.95
    picture[6:10, 6:-6, :3] = picture[-10:-6, 6:-6, :3] = 0.95
    picture[40:88, 56:72, :3] = 0.95
    return picture


PAINTERS: dict[str, Painter] = {
    "white": _white,
    "cloth": _cloth,
    "asphalt": _asphalt,
    "pavement": _pavement,
    "facade_brick": _facade_brick,
    "facade_plaster": _facade_plaster,
    "facade_glass": _facade_glass,
    "shop_front": _shop_front,
    "roof": _roof,
    "metal": _metal,
    "skin": _skin,
    "sign": _sign,
}
