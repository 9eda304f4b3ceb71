"""What stands in halls, on building sites and in snowfields."""

from __future__ import annotations

import cv2
import numpy as np

from sim_worlds.materials.painting import SIZE_PX, Painter, Texture, canvas, colour_blend, noise


def _shade(picture: Texture, amount: Texture) -> Texture:
    """Multiply the colours of a picture (128, 128, 4) by a factor (128, 128), in place."""
    picture[..., :3] *= np.asarray(amount, dtype=np.float32)[..., None]
    return picture


def _snow(rng: np.random.Generator) -> Texture:
    """Wind-packed snow: soft blue hollows and a fine sparkle; covers 6 m x 6 m."""
    drift = 0.55 * noise(rng, 9.0, (1.0, 2.5)) + 0.35 * noise(rng, 24.0) + 0.10 * noise(rng, 1.2)
    return colour_blend(np.clip(1.6 * drift - 0.25, 0.0, 1.0), (0.74, 0.79, 0.87), (0.93, 0.94, 0.96))


def _snow_groomed(rng: np.random.Generator) -> Texture:
    """A piste pressed into ribs that run along v; covers 1.2 m x 1.2 m."""
    ribs = 0.5 + 0.5 * np.cos(np.arange(SIZE_PX) * 2.0 * np.pi / 16.0)[None, :]
    values = 0.45 * ribs + 0.55 * noise(rng, 5.0, (1.0, 0.4))
    return colour_blend(np.asarray(values, dtype=np.float32), (0.64, 0.70, 0.80), (0.92, 0.94, 0.97))


def _alpine(rng: np.random.Generator) -> Texture:
    """A mountainside from afar: snow with streaks of dark rock."""
    streaks = 0.6 * noise(rng, 4.0, (2.4, 0.8)) + 0.4 * noise(rng, 12.0, (2.0, 1.0))
    picture = colour_blend(noise(rng, 10.0), (0.78, 0.83, 0.90), (0.95, 0.96, 0.98))
    bare = np.clip((streaks - 0.52) * 9.0, 0.0, 1.0)[..., None]
    picture[..., :3] = picture[..., :3] * (1.0 - bare) + bare * np.array([0.36, 0.37, 0.41], dtype=np.float32)
    return picture


def _fir_snow(rng: np.random.Generator) -> Texture:
    """Boughs of a fir under snow: needles below, white cushions above; v runs from the stem down to the tips."""
    needles = 0.6 * noise(rng, 1.4) + 0.4 * noise(rng, 5.0, (2.0, 0.7))
    picture = colour_blend(needles, (0.07, 0.14, 0.10), (0.24, 0.36, 0.24))
    rows = np.linspace(0.0, 1.0, SIZE_PX, dtype=np.float32)[:, None]
    cover = np.clip((noise(rng, 7.0, (1.0, 0.6)) - 0.30 - 0.42 * rows) * 8.0, 0.0, 1.0)[..., None]
    picture[..., :3] = picture[..., :3] * (1.0 - cover) + cover * np.array([0.90, 0.92, 0.96], dtype=np.float32)
    return picture


def _forested(rng: np.random.Generator) -> Texture:
    """A wooded slope in winter from afar."""
    dots = np.clip((noise(rng, 1.6, (1.3, 0.7)) - 0.42) * 6.0, 0.0, 1.0)
    return colour_blend(dots, (0.80, 0.84, 0.90), (0.17, 0.23, 0.22))


def _planks(rng: np.random.Generator) -> Texture:
    """Eight weathered boards that run along u; covers 1.2 m x 1.2 m."""
    picture = colour_blend(noise(rng, 4.0, (0.3, 3.0)), (0.36, 0.25, 0.16), (0.62, 0.46, 0.30))
    for row in range(8):
        picture[row * 16 : row * 16 + 16, :, :3] *= rng.uniform(0.8, 1.1)
    picture[::16, :, :3] *= 0.45
    return picture


def _concrete(rng: np.random.Generator) -> Texture:
    """Fair-faced concrete with the joints of its formwork and tie holes; covers 2.5 m x 2.5 m."""
    picture = colour_blend(0.4 * noise(rng, 2.0) + 0.6 * noise(rng, 20.0), (0.50, 0.50, 0.49), (0.72, 0.71, 0.69))
    picture[::64, :, :3] *= 0.78
    picture[:, ::64, :3] *= 0.78
    for x in (16, 48, 80, 112):
        for y in (32, 96):
            cv2.circle(picture, (x, y), 2, (0.30, 0.30, 0.30, 1.0), -1)
    return picture


def _hall_floor(rng: np.random.Generator) -> Texture:
    """Polished concrete with joints, stains and tyre marks; covers 6 m x 6 m."""
    picture = colour_blend(0.35 * noise(rng, 2.0) + 0.65 * noise(rng, 22.0), (0.52, 0.53, 0.53), (0.68, 0.68, 0.67))
    for _ in range(5):
        start, end = (tuple(int(v) for v in rng.integers(0, SIZE_PX, 2)) for _ in range(2))
        cv2.line(picture, start, end, (0.46, 0.46, 0.46, 1.0), 1)
    picture[:1, :, :3] *= 0.7
    picture[:, :1, :3] *= 0.7
    return picture


def _corrugated(rng: np.random.Generator) -> Texture:
    """Ribbed sheet metal, pale, the ribs along v; covers 1 m x 1 m."""
    wave = np.arange(SIZE_PX) % 16
    profile = np.select([wave < 6, wave < 8, wave < 14], [1.0, 0.86, 0.92], 0.68).astype(np.float32)
    return _shade(colour_blend(noise(rng, 10.0, (1.0, 0.3)), (0.84, 0.85, 0.86), (0.96, 0.96, 0.97)), profile[None, :])


def _roller_door(rng: np.random.Generator) -> Texture:
    """Slats of a shutter along u in a dark frame."""
    slats = 1.0 - 0.28 * (np.arange(SIZE_PX) % 10 < 2).astype(np.float32)[:, None]
    picture = _shade(colour_blend(noise(rng, 14.0), (0.86, 0.87, 0.88), (0.95, 0.95, 0.96)), slats)
    picture[:5, :, :3] = picture[:, :5, :3] = picture[:, -5:, :3] = 0.22
    picture[52:62, 20:108, :3] = (0.24, 0.30, 0.36)
    return picture


def _cardboard(rng: np.random.Generator) -> Texture:
    """Cartons stacked three by three, each with tape and a label; covers one pallet's load."""
    picture = colour_blend(noise(rng, 8.0), (0.62, 0.46, 0.30), (0.74, 0.57, 0.39))
    for row in range(3):
        for column in range(3):
            y, x = row * 43, column * 43
            picture[y : y + 43, x : x + 43, :3] *= rng.uniform(0.86, 1.08)
            picture[y : y + 43, x + 19 : x + 24, :3] = (0.80, 0.71, 0.55)
            picture[y + 24 : y + 34, x + 27 : x + 39, :3] = 0.92
    picture[::43, :, :3] *= 0.5
    picture[:, ::43, :3] *= 0.5
    return picture


def _wrapped(rng: np.random.Generator) -> Texture:
    """Goods behind stretch film: grey blue with bright creases."""
    creases = np.clip(np.abs(noise(rng, 5.0, (0.5, 2.5)) - 0.5) * 6.0, 0.0, 1.0)
    picture = colour_blend(1.0 - creases, (0.50, 0.55, 0.60), (0.88, 0.91, 0.93))
    picture[::32, :, :3] *= 0.8
    return picture


def _pallet_wood(rng: np.random.Generator) -> Texture:
    """The side of a pallet: boards above and below, blocks and dark gaps between."""
    picture = colour_blend(noise(rng, 4.0, (0.4, 2.0)), (0.58, 0.45, 0.29), (0.78, 0.64, 0.44))
    picture[34:96, :, :3] *= 0.22
    for left in (0, 54, 108):
        picture[34:96, left : left + 20, :3] *= 4.0
    return picture


def _plywood(rng: np.random.Generator) -> Texture:
    return colour_blend(noise(rng, 6.0, (0.35, 2.0)), (0.66, 0.50, 0.30), (0.84, 0.68, 0.45))


def _mud(rng: np.random.Generator) -> Texture:
    """Churned soil with wheel tracks and a few puddles; covers 8 m x 8 m."""
    soil = colour_blend(0.5 * noise(rng, 2.0) + 0.5 * noise(rng, 14.0), (0.40, 0.32, 0.23), (0.68, 0.58, 0.44))
    for x in (30, 52):
        tread = 0.72 + 0.16 * (np.arange(SIZE_PX) % 6 < 3).astype(np.float32)[:, None]
        soil[:, x : x + 7, :3] *= tread[..., None]
    wet = np.clip((noise(rng, 11.0) - 0.66) * 9.0, 0.0, 1.0)[..., None]
    soil[..., :3] = soil[..., :3] * (1.0 - 0.7 * wet) + 0.7 * wet * np.array([0.40, 0.41, 0.42], dtype=np.float32)
    return soil


def _mud_snow(rng: np.random.Generator) -> Texture:
    """Churned soil under snow that wheels have cut through; covers 8 m x 8 m."""
    soil = _mud(rng)
    cover = np.clip((0.6 * noise(rng, 6.0) + 0.4 * noise(rng, 20.0) - 0.42) * 8.0, 0.0, 1.0)[..., None]
    cover[:, 28:60] *= 0.45
    soil[..., :3] = soil[..., :3] * (1.0 - cover) + cover * np.array([0.88, 0.90, 0.94], dtype=np.float32)
    return soil


def _sand(rng: np.random.Generator) -> Texture:
    return colour_blend(0.5 * noise(rng, 1.5) + 0.5 * noise(rng, 9.0), (0.64, 0.52, 0.35), (0.86, 0.74, 0.54))


def _diagonals(first: tuple[float, float, float], second: tuple[float, float, float]) -> Painter:
    def paint(rng: np.random.Generator) -> Texture:
        rows, columns = np.indices((SIZE_PX, SIZE_PX))
        return colour_blend((((rows + columns) // 32) % 2).astype(np.float32), first, second)

    return paint


def _bricks(rng: np.random.Generator) -> Texture:
    """The stacked ends of brown bricks with straps round them; covers a pack."""
    picture = colour_blend(noise(rng, 3.0), (0.50, 0.36, 0.27), (0.60, 0.44, 0.33))
    for row in range(12):
        for column in range(8):
            y, x = row * 11, column * 16
            picture[y : y + 11, x : x + 16, :3] *= rng.uniform(0.80, 1.12)
    picture[::11, :, :3] *= 0.6
    picture[:, ::16, :3] *= 0.6
    picture[:, 38:41, :3] = picture[:, 86:89, :3] = 0.15
    return picture


def _mesh_fence(rng: np.random.Generator) -> Texture:
    """A panel of welded wire in a tube frame, cut out; covers the whole panel."""
    picture = canvas()
    picture[..., :3] = (0.62, 0.64, 0.66)
    picture[:, ::12, 3] = picture[::21, :, 3] = 1.0
    picture[:5, :, 3] = picture[-5:, :, 3] = picture[:, :4, 3] = picture[:, -4:, 3] = 1.0
    return picture


def _scaffold_net(rng: np.random.Generator) -> Texture:
    """The green debris net of a scaffold."""
    weave = 0.5 * noise(rng, 1.2) + 0.5 * noise(rng, 14.0, (2.0, 0.6))
    return colour_blend(weave, (0.16, 0.36, 0.28), (0.34, 0.58, 0.46))


PAINTERS: dict[str, Painter] = {
    "snow": _snow,
    "snow_groomed": _snow_groomed,
    "alpine": _alpine,
    "fir_snow": _fir_snow,
    "forested": _forested,
    "planks": _planks,
    "concrete": _concrete,
    "hall_floor": _hall_floor,
    "corrugated": _corrugated,
    "roller_door": _roller_door,
    "cardboard": _cardboard,
    "wrapped": _wrapped,
    "pallet_wood": _pallet_wood,
    "plywood": _plywood,
    "mud": _mud,
    "mud_snow": _mud_snow,
    "sand": _sand,
    "hazard_stripes": _diagonals((0.92, 0.76, 0.12), (0.12, 0.12, 0.12)),
    "barrier_stripes": _diagonals((0.80, 0.08, 0.09), (0.93, 0.93, 0.92)),
    "bricks": _bricks,
    "mesh_fence": _mesh_fence,
    "scaffold_net": _scaffold_net,
}
