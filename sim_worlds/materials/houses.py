"""Façades, ground floors, doors and roofs. A façade covers 7 m x 7 m: two windows on each of two floors."""

from __future__ import annotations

import cv2
import numpy as np

from sim_worlds.materials.painting import SIZE_PX, Painter, Texture, colour_blend, noise

Colour = tuple[float, float, float]
Box = tuple[int, int, int, int]
CELL_PX = 64
GLASS = np.array([0.34, 0.43, 0.52], dtype=np.float32)


def _wall_of(rng: np.random.Generator, low: Colour, high: Colour) -> Texture:
    return colour_blend(0.4 * noise(rng, 2.0) + 0.6 * noise(rng, 20.0), low, high)


def _bricks(rng: np.random.Generator, low: Colour, high: Colour) -> Texture:
    shade = np.repeat(np.repeat(rng.uniform(0.0, 1.0, (16, 8)), 8, axis=0), 16, axis=1).astype(np.float32)
    picture = colour_blend(0.7 * shade + 0.3 * noise(rng, 2.0), low, high)
    picture[::8, :, :3] *= 0.75
    return picture


def _windows(
    picture: Texture, rng: np.random.Generator, box: Box, frame: Colour, *, bars: int = 1, sill: float = 0.85
) -> None:
    """Paint four windows (2 x 2), each ``box`` = (left, top, right, bottom) within its cell, with vertical bars."""
    left, top, right, bottom = box
    height = bottom - top
    for row in (0, CELL_PX):
        for column in (0, CELL_PX):
            cell = picture[row : row + CELL_PX, column : column + CELL_PX]
            cell[max(top - 3, 0) : bottom + 3, max(left - 3, 0) : right + 3, :3] = frame
            sky = np.linspace(1.0, 0.55, height, dtype=np.float32)[:, None, None] * float(rng.uniform(0.5, 1.0))
            cell[top:bottom, left:right, :3] = sky * GLASS
            if rng.random() < 0.45:
                curtain = top + int(height * rng.uniform(0.25, 0.7))
                cell[top:curtain, left:right, :3] = np.array([0.75, 0.72, 0.66]) * rng.uniform(0.6, 1.0)
            for bar in range(1, bars + 1):
                middle = left + (right - left) * bar // (bars + 1)
                cell[top:bottom, middle - 1 : middle + 1, :3] = frame
            cell[bottom + 3 : bottom + 6, max(left - 5, 0) : right + 5, :3] = sill
            cell[bottom + 6 : bottom + 8, max(left - 5, 0) : right + 5, :3] *= 0.7


def _facade_brick(rng: np.random.Generator) -> Texture:
    picture = _bricks(rng, (0.62, 0.52, 0.46), (0.86, 0.76, 0.68))
    _windows(picture, rng, (18, 12, 46, 50), (0.88, 0.87, 0.84))
    return picture


def _facade_clinker(rng: np.random.Generator) -> Texture:
    picture = _bricks(rng, (0.44, 0.31, 0.27), (0.60, 0.44, 0.37))
    for row in (4, 68):
        picture[row : row + 6, :, :3] = np.array([0.78, 0.74, 0.68])
    _windows(picture, rng, (22, 16, 42, 54), (0.93, 0.92, 0.88), sill=0.8)
    return picture


def _facade_plaster(rng: np.random.Generator) -> Texture:
    picture = _wall_of(rng, (0.78, 0.77, 0.74), (0.95, 0.94, 0.91))
    picture[60:64, :, :3] *= 0.82
    picture[124:, :, :3] *= 0.82
    _windows(picture, rng, (20, 14, 44, 52), (0.60, 0.57, 0.53))
    return picture


def _facade_shutters(rng: np.random.Generator) -> Texture:
    picture = _wall_of(rng, (0.82, 0.78, 0.70), (0.96, 0.93, 0.86))
    _windows(picture, rng, (23, 14, 41, 54), (0.92, 0.90, 0.86))
    shutter = np.array([(0.30, 0.42, 0.36), (0.34, 0.42, 0.52), (0.47, 0.36, 0.27)][int(rng.integers(3))])
    for row in (0, CELL_PX):
        for column in (0, CELL_PX):
            for left in (10, 44):
                cell = picture[row + 12 : row + 57, column + left : column + left + 10]
                cell[..., :3] = shutter
                cell[::4, :, :3] = 0.72 * shutter
    return picture


def _facade_stone(rng: np.random.Generator) -> Texture:
    shade = np.repeat(np.repeat(rng.uniform(0.2, 1.0, (8, 4)), 16, axis=0), 32, axis=1).astype(np.float32)
    picture = colour_blend(0.5 * shade + 0.5 * noise(rng, 4.0), (0.62, 0.57, 0.49), (0.82, 0.77, 0.68))
    picture[::16, :, :3] *= 0.82
    _windows(picture, rng, (20, 8, 44, 58), (0.72, 0.68, 0.60), bars=2)
    for row in (0, CELL_PX):
        picture[row + 20 : row + 22, :, :3] *= 0.93
    return picture


def _facade_panel(rng: np.random.Generator) -> Texture:
    picture = _wall_of(rng, (0.62, 0.63, 0.63), (0.78, 0.78, 0.77))
    picture[:, ::CELL_PX, :3] = 0.5
    for row in (0, CELL_PX):
        picture[row + 44 : row + 46, :, :3] *= 0.7
    _windows(picture, rng, (4, 16, 60, 42), (0.42, 0.43, 0.45), bars=2, sill=0.6)
    return picture


def _facade_glass(rng: np.random.Generator) -> Texture:
    fall = np.tile(np.linspace(0.95, 0.45, 32, dtype=np.float32), 4)[:, None] + np.zeros((1, SIZE_PX), np.float32)
    picture = colour_blend(fall + 0.06 * noise(rng, 20.0), (0.16, 0.22, 0.28), (0.60, 0.72, 0.80))
    for row in range(4):
        for column in range(4):
            picture[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32, :3] *= rng.uniform(0.82, 1.08)
    picture[::32, :, :3] = picture[1::32, :, :3] = 0.42
    picture[:, ::32, :3] = 0.42
    return picture


def _facade_timber(rng: np.random.Generator) -> Texture:
    picture = _wall_of(rng, (0.84, 0.80, 0.70), (0.95, 0.92, 0.84))
    beam = (0.30, 0.21, 0.15, 1.0)
    for row in (0, CELL_PX):
        for column in (0, CELL_PX):
            cv2.line(picture, (column, row + 56), (column + 16, row + 6), beam, 4)
            cv2.line(picture, (column + 63, row + 56), (column + 47, row + 6), beam, 4)
    _windows(picture, rng, (21, 16, 43, 46), (0.36, 0.26, 0.18))
    for line in (2, 60, 66, 124):
        picture[line - 2 : line + 2, :, :3] = beam[:3]
        picture[:, (line + 30) % 128 : (line + 33) % 128, :3] = beam[:3]
    return picture


def _wall(rng: np.random.Generator) -> Texture:
    return _wall_of(rng, (0.66, 0.65, 0.62), (0.84, 0.83, 0.80))


def _shop_front(rng: np.random.Generator) -> Texture:
    """Two shops: sign board, door and a window with goods each; covers 7 m x 3.6 m."""
    picture = colour_blend(noise(rng, 8.0), (0.34, 0.33, 0.31), (0.46, 0.45, 0.42))
    for left in (0, CELL_PX):
        frame = float(rng.uniform(0.12, 0.4)) + rng.uniform(0.0, 0.18, 3) * np.array([0.6, 1.0, 1.0])
        picture[4:126, left + 2 : left + 62, :3] = frame
        board = float(rng.uniform(0.15, 0.55)) + rng.uniform(0.0, 0.3, 3) * np.array([0.5, 1.0, 1.0])
        picture[6:24, left + 3 : left + 61, :3] = board
        ink = 0.92 if board.mean() < 0.55 else 0.15
        x = left + 10
        while x < left + 50:
            width = int(rng.integers(2, 5))
            picture[11 : 11 + int(rng.integers(6, 9)), x : x + width, :3] = ink
            x += width + 2
        glass = np.linspace(0.85, 0.45, 80, dtype=np.float32)[:, None, None] * GLASS * float(rng.uniform(0.6, 0.9))
        picture[30:110, left + 5 : left + 40, :3] = glass
        picture[30:120, left + 44 : left + 59, :3] = glass[:90].mean() * np.array([0.9, 1.0, 1.05])
        picture[30:120, left + 50 : left + 52, :3] = frame
        picture[72:76, left + 46 : left + 48, :3] = 0.85
        for _ in range(9):
            x, y = left + int(rng.integers(7, 33)), int(rng.integers(70, 100))
            picture[y : min(y + int(rng.integers(5, 14)), 109), x : x + int(rng.integers(3, 6)), :3] = rng.uniform(
                0.2, 0.85, 3
            ) * np.array([0.8, 1.0, 1.0])
        for x in range(0, 34, 11):  # a slanting reflection
            cv2.line(picture, (left + 6 + x, 60), (left + 14 + x, 32), (0.62, 0.70, 0.76, 1.0), 2)
    return picture


def _ground_floor(rng: np.random.Generator) -> Texture:
    """Rusticated stone with two barred windows; covers 7 m x 3.6 m."""
    picture = colour_blend(0.5 * noise(rng, 3.0) + 0.5 * noise(rng, 18.0), (0.62, 0.60, 0.56), (0.80, 0.78, 0.73))
    picture[::20, :, :3] *= 0.72
    picture[104:, :, :3] *= 0.72
    for left in (0, CELL_PX):
        picture[22:88, left + 16 : left + 48, :3] = (0.86, 0.84, 0.80)
        glass = np.linspace(0.9, 0.5, 58, dtype=np.float32)[:, None, None] * GLASS * float(rng.uniform(0.6, 1.0))
        picture[26:84, left + 20 : left + 44, :3] = glass
        picture[26:84, left + 31 : left + 33, :3] = 0.86
        picture[46:48, left + 20 : left + 44, :3] = 0.86
        picture[88:92, left + 12 : left + 52, :3] = 0.88
    return picture


def _door(rng: np.random.Generator) -> Texture:
    picture = colour_blend(noise(rng, 6.0, (6.0, 1.0)), (0.80, 0.80, 0.80), (1.0, 1.0, 1.0))
    picture[:6, :, :3] = picture[:, :6, :3] = picture[:, -6:, :3] = 0.55
    for top, bottom in ((38, 72), (80, 118)):
        for left in (18, 70):
            picture[top:bottom, left : left + 40, :3] *= 0.72
            picture[top + 4 : bottom - 3, left + 3 : left + 37, :3] *= 1.2
    picture[12:32, 16:112, :3] = GLASS
    cv2.circle(picture, (106, 76), 4, (0.95, 0.85, 0.5, 1.0), -1)
    return picture


def _tiles(rng: np.random.Generator) -> Texture:
    """Roof tiles in rows; covers 3 m x 3 m."""
    shade = np.repeat(np.repeat(rng.uniform(0.0, 1.0, (16, 16)), 8, axis=0), 8, axis=1).astype(np.float32)
    picture = colour_blend(0.6 * shade + 0.4 * noise(rng, 16.0), (0.72, 0.70, 0.68), (1.0, 0.97, 0.94))
    picture[::8, :, :3] *= 0.62
    picture[:, ::8, :3] *= 0.86
    return picture


def _roof(rng: np.random.Generator) -> Texture:
    return colour_blend(0.5 * noise(rng, 2.0) + 0.5 * noise(rng, 16.0), (0.40, 0.37, 0.36), (0.58, 0.54, 0.51))


def _railing(rng: np.random.Generator) -> Texture:
    """Upright bars between two rails, cut out; covers 1 m x 1 m."""
    picture = np.zeros((SIZE_PX, SIZE_PX, 4), dtype=np.float32)
    picture[..., :3] = 0.24
    for x in range(0, SIZE_PX, 16):
        picture[:, x : x + 6, 3] = 1.0
    picture[:14, :, 3] = picture[-14:, :, 3] = 1.0
    return picture


PAINTERS: dict[str, Painter] = {
    "facade_brick": _facade_brick,
    "facade_clinker": _facade_clinker,
    "facade_plaster": _facade_plaster,
    "facade_shutters": _facade_shutters,
    "facade_stone": _facade_stone,
    "facade_panel": _facade_panel,
    "facade_glass": _facade_glass,
    "facade_timber": _facade_timber,
    "wall": _wall,
    "shop_front": _shop_front,
    "shop_front_other": _shop_front,
    "ground_floor": _ground_floor,
    "door": _door,
    "tiles": _tiles,
    "roof": _roof,
    "railing": _railing,
}
