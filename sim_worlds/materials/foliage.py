"""Cut-out pictures of leaves, needles, twigs, ferns, grass and flowers; they grow upwards from the lower border.

Leaves are painted almost grey: what colour they have is up to the mesh, so that one picture serves all seasons.
"""

from __future__ import annotations

import cv2
import numpy as np

from sim_worlds.materials.painting import SIZE_PX, Painter, Texture, canvas

Colour = tuple[float, float, float]
Point = tuple[int, int]
TWIG: Colour = (0.50, 0.42, 0.34)


def _ink(colour: Colour, shade: float) -> tuple[float, float, float, float]:
    return colour[0] * shade, colour[1] * shade, colour[2] * shade, 1.0


def _clumps(rng: np.random.Generator, count: int, axes_px: tuple[int, int, int, int], clumps: int) -> Texture:
    """Leaves in clumps about the middle, lighter at the top of every clump, with gaps between them."""
    picture = canvas()
    picture[..., :3] = 0.55
    middles = 64 + rng.normal(0.0, 1.0, (clumps, 2)) * (23.0, 23.0)
    middles = 64 + (middles - 64) * np.minimum(1.0, 40.0 / (np.hypot(*(middles - 64).T) + 1e-6))[:, None]
    for end in middles[:: max(1, clumps // 5)]:
        cv2.line(picture, (64, 120), (int(end[0]), int(end[1])), _ink(TWIG, 0.8), 2)
    spread = 11.0
    for index in range(count):
        offset = rng.normal(0.0, spread, 2)
        x, y = middles[index % clumps] + offset
        shade = float(np.clip(0.86 - 0.012 * offset[1] + rng.uniform(-0.2, 0.2), 0.45, 1.15))
        hue = float(rng.uniform(-0.07, 0.07))
        ink = _ink((1.0 + hue, 1.0, 1.0 - 1.5 * abs(hue)), shade)
        axes = (int(rng.integers(axes_px[0], axes_px[1])), int(rng.integers(axes_px[2], axes_px[3])))
        if np.hypot(x - 64, y - 64) < 62 - axes[0]:
            cv2.ellipse(picture, (int(x), int(y)), axes, float(rng.uniform(0, 180)), 0, 360, ink, -1)
    return picture


def _leaves(rng: np.random.Generator) -> Texture:
    return _clumps(rng, 330, (4, 7, 2, 5), 11)


def _leaves_fine(rng: np.random.Generator) -> Texture:
    """Small leaves on hanging twigs."""
    picture = canvas()
    picture[..., :3] = 0.55
    for _ in range(17):
        x, y = float(rng.uniform(20, 108)), float(rng.uniform(6, 40))
        drift = float(rng.uniform(-0.35, 0.35))
        for _ in range(int(rng.integers(16, 30))):
            y += float(rng.uniform(2.0, 4.5))
            x += drift * 3.0
            if y > 122 or not 6 < x < 122:
                break
            shade = float(rng.uniform(0.55, 1.15))
            spot = (int(x + rng.uniform(-5, 5)), int(y))
            cv2.ellipse(picture, spot, (4, 2), float(rng.uniform(0, 180)), 0, 360, _ink((1.0, 1.0, 0.95), shade), -1)
    return picture


def _leaves_layered(rng: np.random.Generator) -> Texture:
    """Leaves in flat layers, as beeches hold them."""
    picture = canvas()
    picture[..., :3] = 0.55
    for row in range(14, 120, 17):
        left, right = 64 - rng.uniform(30, 56), 64 + rng.uniform(30, 56)
        for _ in range(38):
            x, y = float(rng.uniform(left, right)), row + float(rng.normal(0.0, 4.0))
            shade = float(np.clip(0.9 - 0.03 * (y - row) + rng.uniform(-0.2, 0.2), 0.45, 1.2))
            ink = _ink((0.98, 1.0, 0.94), shade)
            cv2.ellipse(picture, (int(x), int(y)), (5, 3), float(rng.uniform(-30, 30)), 0, 360, ink, -1)
    return picture


def _needles(rng: np.random.Generator) -> Texture:
    """A spruce bough seen from above: a stem with hanging side twigs; the tip at the upper border."""
    picture = canvas()
    picture[..., :3] = 0.5
    cv2.line(picture, (64, 127), (64, 6), _ink(TWIG, 0.7), 3)
    for y in range(10, 126, 6):
        reach = 9 + 50 * (y / 128.0) ** 0.8
        for side in (-1, 1):
            end_x, end_y = 64 + side * reach * rng.uniform(0.75, 1.0), y - 0.45 * reach + rng.uniform(-3, 3)
            steps = max(3, int(reach / 3))
            shade = float(rng.uniform(0.62, 1.05))
            for step in range(steps):
                t = step / steps
                x0, y0 = 64 + (end_x - 64) * t, y + (end_y - y) * t
                tip = (int(x0 + side * 5), int(y0 - 4 + rng.uniform(-2, 7)))
                cv2.line(picture, (int(x0), int(y0)), tip, _ink((1.0, 1.0, 1.0), shade * rng.uniform(0.8, 1.25)), 2)
    return picture


def _snowed(rng: np.random.Generator, picture: Texture, patches: int) -> Texture:
    """Paint needles dark green and lay snow on them where there are any, in place."""
    picture[..., :3] *= np.array([0.38, 0.45, 0.37], dtype=np.float32)
    ys, xs = np.nonzero(picture[..., 3])
    for index in rng.integers(0, len(xs), patches):
        shade = float(rng.uniform(0.82, 1.0))
        spot, axes = (int(xs[index]), int(ys[index])), (int(rng.integers(3, 8)), int(rng.integers(2, 4)))
        cv2.ellipse(picture, spot, axes, float(rng.uniform(-30, 30)), 0, 360, _ink((0.95, 0.97, 1.0), shade), -1)
    return picture


def _needles_snow(rng: np.random.Generator) -> Texture:
    return _snowed(rng, _needles(rng), 90)


def _tufts(rng: np.random.Generator) -> Texture:
    """Pine: rays of long needles about the ends of twigs."""
    picture = canvas()
    picture[..., :3] = 0.5
    for _ in range(24):
        x, y = 64 + rng.uniform(-46, 46), 62 + rng.uniform(-40, 40)
        cv2.line(picture, (64, 124), (int(x), int(y)), _ink(TWIG, 0.7), 1)
        shade = float(rng.uniform(0.55, 1.1))
        for angle in rng.uniform(-0.5, np.pi + 0.5, 15):
            tip = (int(x + 13 * np.cos(angle)), int(y - 12 * np.sin(angle)))
            ink = _ink((1.0, 1.0, 0.95), shade * float(rng.uniform(0.8, 1.2)))
            cv2.line(picture, (int(x), int(y)), tip, ink, 2)
    return picture


def _tufts_snow(rng: np.random.Generator) -> Texture:
    return _snowed(rng, _tufts(rng), 80)


def _branch(picture: Texture, rng: np.random.Generator, start: Point, angle: float, length: float, width: int) -> None:
    end = (int(start[0] + length * np.cos(angle)), int(start[1] - length * np.sin(angle)))
    cv2.line(picture, start, end, _ink((1.0, 1.0, 1.0), float(rng.uniform(0.75, 1.0))), width)
    if length < 11:
        return
    for side in (-1.0, 1.0):
        for share in (0.62, 1.0):
            if share < 1.0 and rng.random() < 0.5:
                continue
            fork = (int(start[0] + (end[0] - start[0]) * share), int(start[1] + (end[1] - start[1]) * share))
            turn = angle + side * float(rng.uniform(0.25, 0.6)) * (1.4 if share < 1 else 0.7)
            _branch(picture, rng, fork, turn, length * float(rng.uniform(0.5, 0.68)), max(1, width - 1))


def _twigs(rng: np.random.Generator) -> Texture:
    """Bare twigs that fork and fork again."""
    picture = canvas()
    picture[..., :3] = 0.8
    for angle in (1.2, 1.9):
        _branch(picture, rng, (64, 126), angle + float(rng.uniform(-0.1, 0.1)), 46.0, 2)
    return picture


def _blossom(rng: np.random.Generator) -> Texture:
    picture = _clumps(rng, 200, (4, 7, 2, 5), 11)
    picture[..., :3] *= np.array([0.50, 0.62, 0.36], dtype=np.float32)
    for _ in range(230):
        x, y = 64 + rng.normal(0.0, 25.0, 2)
        if np.hypot(x - 64, y - 64) < 58:
            shade = float(rng.uniform(0.85, 1.0))
            cv2.circle(picture, (int(x), int(y)), int(rng.integers(2, 4)), (shade, 0.95 * shade, 0.96 * shade, 1.0), -1)
    return picture


def _fern(rng: np.random.Generator) -> Texture:
    """One frond, its stalk at the lower border."""
    picture = canvas()
    picture[..., :3] = 0.6
    cv2.line(picture, (64, 127), (64, 4), _ink((0.8, 0.8, 0.6), 0.9), 3)
    for y in range(8, 112, 9):
        reach = 6 + 46 * np.sin(np.pi * np.clip(0.12 + 0.72 * y / 112.0, 0, 1)) * (y / 112.0) ** 0.45
        for side in (-1, 1):
            shade = float(rng.uniform(0.7, 1.15))
            tip = (int(64 + side * reach), int(y - 0.30 * reach))
            cv2.line(picture, (64, y), tip, _ink((1.0, 1.0, 0.9), shade), 3)
    return picture


def _grass(rng: np.random.Generator) -> Texture:
    picture = canvas()
    picture[..., :3] = 0.6
    for _ in range(64):
        x = float(rng.uniform(28, 100))
        bend = float(rng.normal(0.0, 22.0)) + 0.5 * (x - 64)
        top = float(rng.uniform(6, 80))
        t = np.linspace(0.0, 1.0, 6)
        points = np.column_stack([x + bend * t**2, 127 + (top - 127) * t]).clip(1, 126).astype(np.int32)
        shade = float(rng.uniform(0.55, 1.15))
        cv2.polylines(picture, [points.reshape(-1, 1, 2)], False, _ink((1.0, 1.0, 0.92), shade), 2)
    return picture


def _flowers(rng: np.random.Generator) -> Texture:
    """Stalks with green leaves below and white heads, which take the mesh's colour."""
    picture = canvas()
    picture[..., :3] = (0.4, 0.5, 0.25)
    for _ in range(26):
        x, top = float(rng.uniform(18, 110)), float(rng.uniform(14, 80))
        foot = (int(64 + 0.75 * (x - 64)), 127)
        cv2.line(picture, foot, (int(x), int(top)), _ink((0.36, 0.48, 0.20), float(rng.uniform(0.7, 1.1))), 2)
        leaf = (int(foot[0] + rng.uniform(-16, 16)), int(rng.uniform(70, 110)))
        cv2.line(picture, foot, leaf, _ink((0.36, 0.50, 0.20), float(rng.uniform(0.7, 1.1))), 4)
        cv2.circle(picture, (int(x), int(top)), int(rng.integers(4, 7)), _ink((1.0, 1.0, 1.0), 1.0), -1)
    return picture


def _treeline(rng: np.random.Generator) -> Texture:
    """The edge of more wood far behind: stems below, crowns above, ragged at the top."""
    picture = canvas()
    picture[..., :3] = 0.5
    for _ in range(44):
        x, top = int(rng.integers(0, SIZE_PX)), int(rng.integers(14, 50))
        shade = float(rng.uniform(0.6, 0.95))
        for dx in (-SIZE_PX, 0, SIZE_PX):
            cv2.line(picture, (x + dx, 127), (x + dx, top + 20), _ink((0.62, 0.60, 0.58), shade), 2)
    for _ in range(110):
        x, y = int(rng.integers(0, SIZE_PX)), int(rng.integers(22, 84))
        ink = _ink((1.0, 1.0, 0.96), float(rng.uniform(0.5, 1.0)) * (1.15 - 0.004 * y))
        for dx in (-SIZE_PX, 0, SIZE_PX):
            cv2.ellipse(picture, (x + dx, y), (9, 7), 0.0, 0, 360, ink, -1)
    picture[84:, :, 3] = 1.0
    for _ in range(90):
        x, y = int(rng.integers(0, SIZE_PX)), int(rng.integers(88, 128))
        ink = _ink((1.0, 1.0, 0.9), float(rng.uniform(0.4, 0.7)))
        for dx in (-SIZE_PX, 0, SIZE_PX):
            cv2.ellipse(picture, (x + dx, y), (8, 5), 0.0, 0, 360, ink, -1)
    return picture


PAINTERS: dict[str, Painter] = {
    "leaves": _leaves,
    "leaves_fine": _leaves_fine,
    "leaves_layered": _leaves_layered,
    "needles": _needles,
    "needles_snow": _needles_snow,
    "tufts": _tufts,
    "tufts_snow": _tufts_snow,
    "twigs": _twigs,
    "blossom": _blossom,
    "fern": _fern,
    "grass": _grass,
    "flowers": _flowers,
    "treeline": _treeline,
}
LEAFY = tuple(name for name in PAINTERS if name != "treeline")
"""Materials that move in the wind, let light through and may be thinned out far away."""
