"""Procedural textures: one tileable 128 x 128 RGBA picture per material, made from a seed.

Noise is white noise shaped in the frequency domain, so that every texture repeats without a seam.
Colours are display-referred (the renderer squares them into linear light).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE_PX = 128
LAYERS = (
    "white",
    "bark_pine",
    "bark_birch",
    "bark_oak",
    "leaves",
    "needles",
    "grass",
    "forest_floor",
    "dirt",
    "rock",
    "cloth",
    "asphalt",
    "pavement",
    "facade_brick",
    "facade_plaster",
    "facade_glass",
    "shop_front",
    "roof",
    "grass_park",
    "metal",
    "skin",
    "sign",
)

Texture = NDArray[np.float32]


def layer(name: str) -> int:
    """Return the index of a material in the texture array."""
    return LAYERS.index(name)


def build_texture_array(seed: int) -> NDArray[np.uint8]:
    """Return all textures, uint8 (layers, 128, 128, 4)."""
    rng = np.random.default_rng(seed)
    pictures = [_PAINTERS[name](rng) for name in LAYERS]
    return (np.clip(np.stack(pictures), 0.0, 1.0) * 255.0).astype(np.uint8)


def _noise(rng: np.random.Generator, scale_px: float, stretch: tuple[float, float] = (1.0, 1.0)) -> Texture:
    """Tileable smooth noise (128, 128) in 0..1; features about ``scale_px`` wide, stretched (x, y)."""
    white = np.fft.fft2(rng.standard_normal((SIZE_PX, SIZE_PX)))
    ky = np.fft.fftfreq(SIZE_PX)[:, None] * stretch[1]
    kx = np.fft.fftfreq(SIZE_PX)[None, :] * stretch[0]
    falloff = np.exp(-0.5 * (np.hypot(kx, ky) * scale_px * 2.0) ** 2)
    picture = np.fft.ifft2(white * falloff).real
    picture = (picture - picture.mean()) / (picture.std() + 1e-9)
    return np.clip(0.5 + 0.22 * picture, 0.0, 1.0).astype(np.float32)


def _colour(values: Texture, low: tuple[float, float, float], high: tuple[float, float, float]) -> Texture:
    """Blend two colours by ``values`` (128, 128); returns opaque RGBA (128, 128, 4)."""
    blend = values[..., None]
    rgb = np.array(low, dtype=np.float32) * (1.0 - blend) + np.array(high, dtype=np.float32) * blend
    return np.concatenate([rgb, np.ones_like(blend)], axis=2).astype(np.float32)


def _canvas() -> NDArray[np.float32]:
    return np.zeros((SIZE_PX, SIZE_PX, 4), dtype=np.float32)


def _white(rng: np.random.Generator) -> Texture:
    return np.ones((SIZE_PX, SIZE_PX, 4), dtype=np.float32)


def _bark(rng: np.random.Generator, low: tuple[float, float, float], high: tuple[float, float, float]) -> Texture:
    furrows = _noise(rng, 3.0, (1.0, 6.0))
    cracks = np.abs(_noise(rng, 5.0, (1.0, 4.0)) - 0.5) * 5.0
    return _colour(np.clip(0.65 * furrows + 0.35 * np.minimum(cracks, 1.0), 0.0, 1.0), low, high)


def _bark_pine(rng: np.random.Generator) -> Texture:
    return _bark(rng, (0.24, 0.16, 0.11), (0.62, 0.43, 0.31))


def _bark_oak(rng: np.random.Generator) -> Texture:
    return _bark(rng, (0.20, 0.17, 0.13), (0.55, 0.50, 0.42))


def _bark_birch(rng: np.random.Generator) -> Texture:
    picture = _colour(_noise(rng, 6.0, (3.0, 1.0)), (0.78, 0.77, 0.73), (0.95, 0.94, 0.91))
    marks = (_noise(rng, 4.0, (5.0, 1.0)) > 0.74) | (_noise(rng, 10.0, (2.0, 1.0)) > 0.84)
    picture[marks, :3] *= 0.22
    return picture


def _leaves(rng: np.random.Generator) -> Texture:
    picture = _canvas()
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
    picture = _canvas()
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
    picture = _canvas()
    picture[..., :3] = (0.34, 0.43, 0.18)
    for _ in range(70):
        x = int(rng.integers(14, 114))
        shade = float(rng.uniform(0.6, 1.3))
        tip = (int(np.clip(x + rng.uniform(-26, 26), 2, 125)), int(rng.uniform(4, 70)))
        cv2.line(picture, (x, 127), tip, (0.38 * shade, 0.49 * shade, 0.20 * shade, 1.0), 2)
    return picture


def _forest_floor(rng: np.random.Generator) -> Texture:
    base = _colour(0.6 * _noise(rng, 3.0) + 0.4 * _noise(rng, 14.0), (0.25, 0.21, 0.13), (0.52, 0.44, 0.30))
    moss = np.clip((_noise(rng, 12.0) - 0.52) * 5.0, 0.0, 1.0)[..., None]
    base[..., :3] = base[..., :3] * (1 - 0.7 * moss) + 0.7 * moss * np.array([0.31, 0.38, 0.17], dtype=np.float32)
    for _ in range(160):
        x, y = rng.integers(0, SIZE_PX, 2)
        shade = float(rng.uniform(0.7, 1.2))
        colour = (0.50 * shade, 0.37 * shade, 0.22 * shade, 1.0)
        axes = (int(rng.integers(2, 5)), int(rng.integers(1, 3)))
        cv2.ellipse(base, (int(x), int(y)), axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
    return base


def _dirt(rng: np.random.Generator) -> Texture:
    return _colour(0.5 * _noise(rng, 2.0) + 0.5 * _noise(rng, 10.0), (0.34, 0.27, 0.19), (0.60, 0.51, 0.39))


def _rock(rng: np.random.Generator) -> Texture:
    ridges = 1.0 - np.minimum(np.abs(_noise(rng, 9.0) - 0.5) * 5.0, 1.0)
    return _colour(0.6 * _noise(rng, 3.0) + 0.4 * (1.0 - ridges), (0.32, 0.31, 0.30), (0.68, 0.66, 0.63))


def _cloth(rng: np.random.Generator) -> Texture:
    weave = np.indices((SIZE_PX, SIZE_PX)).sum(axis=0) % 4 < 2
    shade = 0.80 + 0.12 * _noise(rng, 12.0) + 0.06 * weave
    return _colour(np.asarray(shade, dtype=np.float32), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def _asphalt(rng: np.random.Generator) -> Texture:
    grain = rng.uniform(0.0, 1.0, (SIZE_PX, SIZE_PX)).astype(np.float32)
    return _colour(0.35 * grain + 0.65 * _noise(rng, 10.0), (0.24, 0.24, 0.25), (0.46, 0.46, 0.46))


def _pavement(rng: np.random.Generator) -> Texture:
    picture = _colour(0.5 * _noise(rng, 2.0) + 0.5 * _noise(rng, 16.0), (0.52, 0.51, 0.49), (0.72, 0.71, 0.68))
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
    picture = _colour(0.7 * shade + 0.3 * _noise(rng, 2.0), (0.62, 0.52, 0.46), (0.86, 0.76, 0.68))
    picture[::8, :, :3] *= 0.75
    _windows(picture, rng, (18, 12, 46, 50), (0.88, 0.87, 0.84))
    return picture


def _facade_plaster(rng: np.random.Generator) -> Texture:
    picture = _colour(0.4 * _noise(rng, 2.0) + 0.6 * _noise(rng, 20.0), (0.78, 0.77, 0.74), (0.95, 0.94, 0.91))
    picture[60:64, :, :3] *= 0.82
    picture[124:, :, :3] *= 0.82
    _windows(picture, rng, (20, 14, 44, 52), (0.60, 0.57, 0.53))
    return picture


def _facade_glass(rng: np.random.Generator) -> Texture:
    picture = _colour(_noise(rng, 24.0, (1.0, 0.5)), (0.28, 0.38, 0.46), (0.62, 0.73, 0.80))
    for row in range(4):
        for column in range(4):
            picture[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32, :3] *= rng.uniform(0.75, 1.1)
    picture[::32, :, :3] = picture[1::32, :, :3] = 0.42
    picture[:, ::32, :3] = 0.42
    return picture


def _shop_front(rng: np.random.Generator) -> Texture:
    picture = _colour(_noise(rng, 8.0), (0.30, 0.29, 0.28), (0.42, 0.41, 0.39))
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
    return _colour(0.5 * _noise(rng, 2.0) + 0.5 * _noise(rng, 16.0), (0.40, 0.37, 0.36), (0.58, 0.54, 0.51))


def _grass_park(rng: np.random.Generator) -> Texture:
    return _colour(0.6 * _noise(rng, 1.5) + 0.4 * _noise(rng, 18.0), (0.25, 0.34, 0.14), (0.48, 0.58, 0.28))


def _metal(rng: np.random.Generator) -> Texture:
    return _colour(_noise(rng, 8.0, (1.0, 4.0)), (0.62, 0.63, 0.65), (0.86, 0.87, 0.88))


def _skin(rng: np.random.Generator) -> Texture:
    return _colour(_noise(rng, 10.0), (0.84, 0.84, 0.84), (1.0, 1.0, 1.0))


def _sign(rng: np.random.Generator) -> Texture:
    picture = _white(rng)
    picture[:, :, :3] = (0.16, 0.34, 0.62)
    picture[6:-6, 6:10, :3] = picture[6:-6, -10:-6, :3] = 0.95
    picture[6:10, 6:-6, :3] = picture[-10:-6, 6:-6, :3] = 0.95
    picture[40:88, 56:72, :3] = 0.95
    return picture


_PAINTERS: dict[str, Callable[[np.random.Generator], Texture]] = {
    "white": _white,
    "bark_pine": _bark_pine,
    "bark_birch": _bark_birch,
    "bark_oak": _bark_oak,
    "leaves": _leaves,
    "needles": _needles,
    "grass": _grass,
    "forest_floor": _forest_floor,
    "dirt": _dirt,
    "rock": _rock,
    "cloth": _cloth,
    "asphalt": _asphalt,
    "pavement": _pavement,
    "facade_brick": _facade_brick,
    "facade_plaster": _facade_plaster,
    "facade_glass": _facade_glass,
    "shop_front": _shop_front,
    "roof": _roof,
    "grass_park": _grass_park,
    "metal": _metal,
    "skin": _skin,
    "sign": _sign,
}
