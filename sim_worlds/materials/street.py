"""Streets, squares, clothes, metal and what is printed on signs."""

from __future__ import annotations

import cv2
import numpy as np

from sim_worlds.materials import houses
from sim_worlds.materials.painting import SIZE_PX, Painter, Texture, colour_blend, noise


def _white(rng: np.random.Generator) -> Texture:
    return np.ones((SIZE_PX, SIZE_PX, 4), dtype=np.float32)


def _cloth(rng: np.random.Generator) -> Texture:
    weave = np.indices((SIZE_PX, SIZE_PX)).sum(axis=0) % 4 < 2
    shade = 0.80 + 0.12 * noise(rng, 12.0) + 0.06 * weave
    return colour_blend(np.asarray(shade, dtype=np.float32), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def _asphalt(rng: np.random.Generator) -> Texture:
    grain = rng.uniform(0.0, 1.0, (SIZE_PX, SIZE_PX)).astype(np.float32)
    return colour_blend(0.45 * grain + 0.55 * noise(rng, 4.0), (0.27, 0.27, 0.28), (0.42, 0.42, 0.42))


def _pavement(rng: np.random.Generator) -> Texture:
    picture = colour_blend(0.5 * noise(rng, 2.0) + 0.5 * noise(rng, 16.0), (0.52, 0.51, 0.49), (0.72, 0.71, 0.68))
    for row in range(4):
        for column in range(4):
            picture[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32, :3] *= rng.uniform(0.9, 1.08)
    picture[::32, :, :3] *= 0.6
    picture[:, ::32, :3] *= 0.6
    return picture


def _cobbles(rng: np.random.Generator) -> Texture:
    """Setts in arcs of two tones; covers 2 m x 2 m."""
    picture = colour_blend(noise(rng, 3.0), (0.30, 0.29, 0.27), (0.36, 0.35, 0.33))
    for row in range(16):
        shift = 4 * (row % 2)
        for column in range(16):
            shade = float(rng.uniform(0.48, 0.70))
            x, y = (8 * column + shift) % SIZE_PX, 8 * row
            picture[y : y + 7, x : x + 7, :3] = np.array([shade, 0.97 * shade, 0.91 * shade])
    return picture


def _paving(rng: np.random.Generator) -> Texture:
    """Large slabs of pale stone with darker bands; covers 4 m x 4 m."""
    picture = colour_blend(0.5 * noise(rng, 2.0) + 0.5 * noise(rng, 20.0), (0.66, 0.62, 0.55), (0.82, 0.78, 0.71))
    for row in range(8):
        for column in range(8):
            picture[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16, :3] *= rng.uniform(0.92, 1.06)
    picture[:16, :, :3] *= 0.72
    picture[:, :16, :3] *= 0.72
    picture[::16, :, :3] *= 0.75
    picture[:, ::16, :3] *= 0.75
    return picture


def _gravel(rng: np.random.Generator) -> Texture:
    grain = rng.uniform(0.0, 1.0, (SIZE_PX, SIZE_PX)).astype(np.float32)
    return colour_blend(0.4 * grain + 0.6 * noise(rng, 12.0), (0.62, 0.54, 0.42), (0.80, 0.72, 0.58))


def _snow_ground(rng: np.random.Generator) -> Texture:
    """Trodden snow: white with grey footsteps."""
    picture = colour_blend(0.5 * noise(rng, 3.0) + 0.5 * noise(rng, 18.0), (0.78, 0.81, 0.86), (0.97, 0.98, 1.0))
    for _ in range(60):
        spot = (int(rng.integers(SIZE_PX)), int(rng.integers(SIZE_PX)))
        cv2.ellipse(picture, spot, (4, 2), float(rng.uniform(0, 180)), 0, 360, (0.66, 0.69, 0.74, 1.0), -1)
    return picture


def _metal(rng: np.random.Generator) -> Texture:
    return colour_blend(noise(rng, 8.0, (1.0, 4.0)), (0.62, 0.63, 0.65), (0.86, 0.87, 0.88))


def _paint(rng: np.random.Generator) -> Texture:
    """Enamel of cars and bins: almost even."""
    return colour_blend(noise(rng, 24.0), (0.90, 0.90, 0.90), (1.0, 1.0, 1.0))


def _car_glass(rng: np.random.Generator) -> Texture:
    """Dark glass that mirrors some sky above; v = 1 is 1 m lower."""
    fall = np.linspace(0.62, 0.16, SIZE_PX, dtype=np.float32)[:, None]
    shade = np.clip(fall + 0.10 * (noise(rng, 20.0) - 0.5), 0.0, 1.0)
    return colour_blend(np.asarray(shade, dtype=np.float32), (0.05, 0.06, 0.08), (0.62, 0.72, 0.82))


def _skin(rng: np.random.Generator) -> Texture:
    return colour_blend(noise(rng, 10.0), (0.84, 0.84, 0.84), (1.0, 1.0, 1.0))


def _stripes(rng: np.random.Generator) -> Texture:
    """Awning cloth: two stripes of the thing's colour, two of white."""
    picture = colour_blend(noise(rng, 10.0), (0.88, 0.88, 0.88), (1.0, 1.0, 1.0))
    for left in (32, 96):
        picture[:, left : left + 32, :3] *= 0.55
    return picture


def _sign(rng: np.random.Generator) -> Texture:
    picture = _white(rng)
    picture[:, :, :3] = (0.16, 0.34, 0.62)
    picture[6:-6, 6:10, :3] = picture[6:-6, -10:-6, :3] = 0.95
    picture[6:10, 6:-6, :3] = picture[-10:-6, 6:-6, :3] = 0.95
    picture[28:100, 44:58, :3] = 0.95
    cv2.circle(picture, (68, 48), 20, (0.95, 0.95, 0.95, 1.0), 12)
    return picture


def _lettering(rng: np.random.Generator) -> Texture:
    """A board with strokes that look like writing from afar; no words."""
    picture = _white(rng)
    picture[8:-8, 4:7, :3] = picture[8:-8, -7:-4, :3] = 0.25
    picture[8:12, 4:-4, :3] = picture[-12:-8, 4:-4, :3] = 0.25
    x = 16
    while x < 108:
        width = int(rng.integers(6, 12))
        cv2.rectangle(picture, (x, int(rng.integers(38, 50))), (x + width, 88), (0.18, 0.18, 0.2, 1.0), 4)
        x += width + 6
    return picture


def _poster(rng: np.random.Generator) -> Texture:
    """Four bills side by side: a picture with lines of print below; no red ones."""
    picture = colour_blend(noise(rng, 10.0), (0.80, 0.78, 0.72), (0.92, 0.90, 0.86))
    for index in range(4):
        row, column = 64 * (index // 2), 64 * (index % 2)
        ground = rng.uniform(0.25, 0.9, 3) * np.array([0.75, 1.0, 1.0])
        picture[row + 3 : row + 61, column + 3 : column + 61, :3] = ground
        blob = rng.uniform(0.2, 0.95, 3) * np.array([0.75, 1.0, 1.0])
        spot = (column + int(rng.integers(22, 42)), row + int(rng.integers(18, 30)))
        colour = (float(blob[0]), float(blob[1]), float(blob[2]), 1.0)
        cv2.ellipse(picture, spot, (int(rng.integers(8, 18)), int(rng.integers(6, 14))), 0, 0, 360, colour, -1)
        for line in range(row + 42, row + 58, 5):
            picture[line : line + 2, column + 8 : column + int(rng.integers(30, 56)), :3] = 0.95
    return picture


def _hedge(rng: np.random.Generator) -> Texture:
    base = colour_blend(0.6 * noise(rng, 1.5) + 0.4 * noise(rng, 8.0), (0.15, 0.24, 0.10), (0.40, 0.52, 0.24))
    for _ in range(220):
        shade = float(rng.uniform(0.7, 1.3))
        spot = (int(rng.integers(SIZE_PX)), int(rng.integers(SIZE_PX)))
        colour = (0.30 * shade, 0.43 * shade, 0.18 * shade, 1.0)
        cv2.ellipse(base, spot, (4, 2), float(rng.uniform(0, 180)), 0, 360, colour, -1)
    return base


def _ripples(rng: np.random.Generator) -> Texture:
    return colour_blend(noise(rng, 5.0, (0.6, 2.0)), (0.28, 0.42, 0.50), (0.66, 0.78, 0.84))


def _grate(rng: np.random.Generator) -> Texture:
    picture = colour_blend(noise(rng, 6.0), (0.20, 0.17, 0.13), (0.30, 0.26, 0.20))
    spot = np.hypot(*(np.indices((SIZE_PX, SIZE_PX)) - 63.5))
    picture[(spot % 12 < 6) & (spot > 18), :3] = 0.36
    picture[:8, :, :3] = picture[-8:, :, :3] = picture[:, :8, :3] = picture[:, -8:, :3] = 0.42
    return picture


PAINTERS: dict[str, Painter] = {
    **houses.PAINTERS,
    "white": _white,
    "cloth": _cloth,
    "asphalt": _asphalt,
    "pavement": _pavement,
    "cobbles": _cobbles,
    "paving": _paving,
    "gravel": _gravel,
    "snow_ground": _snow_ground,
    "metal": _metal,
    "paint": _paint,
    "car_glass": _car_glass,
    "skin": _skin,
    "stripes": _stripes,
    "sign": _sign,
    "lettering": _lettering,
    "poster": _poster,
    "hedge": _hedge,
    "ripples": _ripples,
    "grate": _grate,
}
