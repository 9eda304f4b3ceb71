"""Augmentation that leaves only the target causal.

Everything but the backpack is recoloured by random matrices, covered by random shapes or taken from another image, so
that no colour or texture of the woods can predict where to fly. Shapes and positions of trunks survive the
recolouring, so that they can still be avoided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.perception.preprocess import denoise
from sim_worlds.camera_sensor import saturation_matrix

WASHED_OUT, NEGATIVE = 0.15, 0.15  # shares of the colour matrices
HARSH_SHARE, SATURATED_SHARE, NOISY_SHARE = 0.15, 0.15, 0.08  # of all looks
HARSH_LIGHT, HARSH_CONTRAST = 0.42, (0.7, 2.4)
SATURATIONS = (0.3, 3.3)
USUAL_NOISE, MOST_NOISE = 8.0, 60.0

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Shape:
    """A blob thrown over an image: centre and size relative to the image (or to the target), colour, drift.

    Kinds are an ellipse, a box, a bar, and a panel of specks in colours of their own, as goods in a window.
    """

    kind: int
    centre: tuple[float, float]
    size: tuple[float, float]
    angle_deg: float
    colour: tuple[int, int, int]
    drift: tuple[float, float]
    on_target: bool


@dataclass(frozen=True)
class Look:
    """One drawn appearance, kept through a sequence.

    Attributes:
        flip: mirror left and right.
        matrix: (3, 4) colour matrix of the surroundings, None to leave them.
        tables: (256, 3) brightness tables of the whole image.
        saturation: of the whole image, 1 to leave it.
        shapes: thrown over the surroundings.
        blur_px: 0 for none.
        noise: standard deviation in grey values; what is more than usual is smoothed as in flight.
    """

    flip: bool
    matrix: NDArray[np.float32] | None
    tables: NDArray[np.uint8]
    saturation: float
    shapes: tuple[Shape, ...]
    blur_px: int
    noise: float


def draw_look(rng: np.random.Generator, recolour: float, patches: int) -> Look:
    """Draw an appearance; ``recolour`` is the share with a colour matrix, ``patches`` the most shapes."""
    matrix = _colour_matrix(rng) if rng.random() < recolour else None
    shapes = tuple(_shape(rng) for _ in range(int(rng.integers(0, patches + 1))))
    return Look(
        flip=bool(rng.random() < 0.5),
        matrix=matrix,
        tables=_tables(rng),
        saturation=float(rng.uniform(*SATURATIONS)) if rng.random() < SATURATED_SHARE else 1.0,
        shapes=shapes,
        blur_px=int(rng.choice([0, 0, 0, 3])),
        noise=float(rng.uniform(0.0, MOST_NOISE if rng.random() < NOISY_SHARE else USUAL_NOISE)),
    )


def plain_look() -> Look:
    """Return the appearance that changes nothing."""
    identity = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    return Look(False, None, identity, 1.0, (), 0, 0.0)


def keep_surroundings(look: Look) -> Look:
    """Return the appearance without what would change the target too where nobody knows its mask."""
    return replace(look, matrix=None, shapes=())


def apply_look(
    look: Look, image: Image, mask: Mask, rng: np.random.Generator, *, step: int = 0, background: Image | None = None
) -> tuple[Image, Mask]:
    """Return the changed image (height, width, 3) and the mask that goes with it.

    Args:
        look: the appearance.
        image, mask: what the camera saw and where the target is.
        rng: for the noise.
        step: number of the image in its sequence; shapes drift with it.
        background: surroundings from another image, None to keep them.
    """
    target = mask.astype(np.uint8)
    surroundings = image if background is None else background
    changed = surroundings.copy() if look.matrix is None else _bytes(cv2.transform(surroundings, look.matrix))
    box = _box(mask)
    for shape in look.shapes:
        _draw(shape, changed, box, step)
    result = cv2.copyTo(image, target, changed)
    if look.blur_px:
        result = cv2.blur(result, (look.blur_px, look.blur_px))
    if look.saturation != 1.0:
        result = cv2.transform(result, saturation_matrix(look.saturation))
    result = cv2.LUT(result, look.tables.reshape(1, 256, 3))
    if look.noise > 0.5:
        grain = _GRAIN[int(rng.integers(len(_GRAIN)))]
        height, width = result.shape[:2]
        y, x = int(rng.integers(320 - height)), int(rng.integers(512 - width))
        scaled = cv2.multiply(grain[y : y + height, x : x + width], np.array(look.noise / 16.0), dtype=cv2.CV_16S)
        result = cv2.add(result, scaled, dtype=cv2.CV_8U)
    seen = _bytes(result)
    if look.noise > USUAL_NOISE:  # what is usual is never smoothed: no need to measure it
        seen = denoise(seen)
    if look.flip:
        return np.ascontiguousarray(seen[:, ::-1]), np.ascontiguousarray(mask[:, ::-1])
    return seen, mask


def _bytes(picture: NDArray[Any]) -> Image:
    return np.asarray(picture, dtype=np.uint8)


def is_whole(mask: Mask) -> bool:
    """True when there is a target and the image's edge cuts nothing off."""
    edges = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    return bool(mask.any()) and not any(edge.any() for edge in edges)


def move_target(image: Image, mask: Mask, scale: float, centre: tuple[float, float]) -> tuple[Image, Mask]:
    """Return an image (height, width, 3) of the target alone, scaled and moved, and its mask.

    Args:
        image, mask: what the camera saw and where the target is; it has to be somewhere.
        scale: of its size; half of it is twice as far away.
        centre: column and row of its middle, relative to the image, whose edges may cut it.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    cut = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    opaque = mask[cut].astype(np.float32)
    limits = mask.shape
    height, width = (max(1, min(most, round(scale * size))) for size, most in zip(opaque.shape, limits, strict=True))
    how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    share = cv2.resize(opaque, (width, height), interpolation=how)
    # What is around the target must not tinge its edges.
    dimmed = cv2.resize(image[cut] * opaque[..., None], (width, height), interpolation=how)
    colours = dimmed / np.maximum(share, 1e-3)[..., None]
    left, top = round(centre[0] * limits[1] - 0.5 * width), round(centre[1] * limits[0] - 0.5 * height)
    moved, there = np.zeros_like(image), np.zeros_like(mask)
    place = slice(max(0, top), top + height), slice(max(0, left), left + width)
    kept = slice(max(0, -top), limits[0] - top), slice(max(0, -left), limits[1] - left)
    moved[place] = np.clip(colours, 0, 255).astype(np.uint8)[kept]
    there[place] = (share >= min(0.5, float(share.max())))[kept]
    return moved, there


def _grain() -> list[NDArray[np.int16]]:
    rng = np.random.default_rng(7)
    return [(16.0 * rng.standard_normal((320, 512, 3))).astype(np.int16) for _ in range(2)]


_GRAIN = _grain()


def _colour_matrix(rng: np.random.Generator) -> NDArray[np.float32]:
    kind = rng.random()
    if kind < 0.25:  # shades of one colour
        grey = np.array([0.3, 0.59, 0.11])
        tint = rng.uniform(0.5, 1.4, 3)
        colours = tint[:, None] * grey[None, :]
    elif kind < 0.5:  # channels change places
        colours = np.eye(3)[rng.permutation(3)] * rng.uniform(0.6, 1.4, (3, 1))
    else:
        colours = 0.5 * np.eye(3) + rng.normal(0.0, 0.45, (3, 3))
        colours /= max(0.4, float(np.abs(colours.sum(axis=1)).mean()))
        colours *= rng.uniform(0.7, 1.2)
    lot = rng.random()
    if lot < WASHED_OUT:  # bright and almost without contrast, as snow, sand or concrete in the sun
        colours *= rng.uniform(0.05, 0.4)
        shift = rng.uniform(120, 230) + rng.uniform(-15, 15, 3)
    elif lot < WASHED_OUT + NEGATIVE:
        colours = -colours
        shift = rng.uniform(150, 255, 3)
    else:
        shift = rng.uniform(-40, 60, 3) * float(rng.random() < 0.7)
    return np.column_stack([colours, shift]).astype(np.float32)


def _tables(rng: np.random.Generator) -> NDArray[np.uint8]:
    values = np.linspace(0.0, 1.0, 256)[:, None] ** float(np.exp(rng.uniform(-0.4, 0.4)))
    if rng.random() < HARSH_SHARE:  # far too dark or bright, flat or hard
        middle = rng.uniform(0.25, 0.5)
        values = (values - middle) * rng.uniform(*HARSH_CONTRAST) + middle + rng.uniform(-HARSH_LIGHT, HARSH_LIGHT)
    gains = float(rng.uniform(0.7, 1.3)) * rng.uniform(0.9, 1.1, 3)[None, :]
    return np.clip(255.0 * (values * gains + rng.uniform(-0.08, 0.08)), 0, 255).astype(np.uint8)


def _shape(rng: np.random.Generator) -> Shape:
    on_target = bool(rng.random() < 0.45)
    spread = 1.6 if on_target else 0.5
    size = rng.uniform(0.3, 1.8, 2) if on_target else rng.uniform(0.02, 0.3, 2)
    red = rng.random() < 0.2
    colour = rng.integers(0, 256, 3) if not red else np.array([rng.integers(90, 230), *rng.integers(0, 70, 2)])
    centre = rng.uniform(-spread, spread, 2) + (0.0 if on_target else 0.5)
    return Shape(
        kind=int(rng.integers(4)),
        centre=(float(centre[0]), float(centre[1])),
        size=(float(size[0]), float(size[1])),
        angle_deg=float(rng.uniform(0, 180)) if rng.random() < 0.5 else 0.0,
        colour=(int(colour[0]), int(colour[1]), int(colour[2])),
        drift=(float(rng.normal(0.0, 0.01)), float(rng.normal(0.0, 0.003))),
        on_target=on_target,
    )


def _box(mask: Mask) -> tuple[float, float, float, float] | None:
    """Centre and size of the target in pixels, None when it is not in the image."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if len(columns) == 0:
        return None
    width, height = float(np.ptp(columns)) + 1.0, float(np.ptp(rows)) + 1.0
    return float(columns.mean()), float(rows.mean()), width, height


def _draw(shape: Shape, image: Image, box: tuple[float, float, float, float] | None, step: int) -> None:
    height, width = image.shape[:2]
    if shape.on_target:
        if box is None:
            return
        x, y, unit_x, unit_y = box
        cx, cy = x + shape.centre[0] * unit_x, y + shape.centre[1] * unit_y
        half = (0.5 * shape.size[0] * unit_x, 0.5 * shape.size[1] * unit_y)
    else:
        cx = (shape.centre[0] + step * shape.drift[0]) * width
        cy = (shape.centre[1] + step * shape.drift[1]) * height
        half = (0.5 * shape.size[0] * width, 0.5 * shape.size[1] * height)
    centre = (round(cx), round(cy))
    axes = (max(1, round(half[0])), max(1, round(half[1])))
    if shape.kind == 0:
        cv2.ellipse(image, centre, axes, shape.angle_deg, 0, 360, shape.colour, -1)
    elif shape.kind == 1:
        low, high = (centre[0] - axes[0], centre[1] - axes[1]), (centre[0] + axes[0], centre[1] + axes[1])
        cv2.rectangle(image, low, high, shape.colour, -1)
    elif shape.kind == 3:
        _draw_specks(image, centre, axes, shape.colour)
    else:
        turn = np.deg2rad(shape.angle_deg)
        end = (round(cx + 2 * axes[0] * np.cos(turn)), round(cy + 2 * axes[1] * np.sin(turn)))
        cv2.line(image, centre, end, shape.colour, max(1, min(axes) // 2))


def _draw_specks(
    image: Image, centre: tuple[int, int], half: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    """Draw a panel with specks of many colours, the same ones for the same colour of the panel."""
    rng = np.random.default_rng(colour)
    low, size = np.array(centre) - half, 2 * np.array(half) + 1
    cv2.rectangle(image, low.tolist(), (low + size - 1).tolist(), [part // 3 for part in colour], -1)
    for _ in range(int(rng.integers(4, 15))):
        corner = low + rng.random(2) * size
        red = rng.random() < 0.4
        speck = [int(rng.integers(120, 240)), 30, 40] if red else [int(part) for part in rng.integers(0, 256, 3)]
        opposite = corner + rng.uniform(1.0, 6.0, 2)
        cv2.rectangle(image, corner.astype(np.int32).tolist(), opposite.astype(np.int32).tolist(), speck, -1)
