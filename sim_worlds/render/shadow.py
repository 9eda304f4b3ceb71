"""Where shadows fall: the square that a static shadow map covers, and upright capsules for what moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim_worlds.render.projection import orthographic_matrix, spheres_in_view, view_matrix
from sim_worlds.render.sky import any_up
from sim_worlds.scene import CameraView, DynamicInstance

SHADOW_PX = 2048
MAX_CAPSULES = 8
MARGIN_M = 1.0
FARTHEST_M = 30.0  # shadows of what moves farther away are lower than a pixel
LONGEST_M = 15.0  # of a moving thing's shadow that is looked for in the image
NEAREST_M = 0.05  # what is nearer to the camera, or behind it, shows in no image
SLACK_M = 0.1
AROUND = np.array([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 0.0]])
EMPTY_M = 30.0  # what a map covers where nothing throws a shadow


Rectangle = tuple[int, int, int, int]
"""Part of an image: left, bottom, width and height in pixels."""


@dataclass(frozen=True)
class ShadowFrame:
    """The view of the sun on everything that throws shadows.

    Attributes:
        clip_from_world: (4, 4), for drawing the map.
        texture_from_world: (4, 4), for looking it up: 0..1 in all three.
        pixel_m: size of a pixel.
        depth_m: depth that the range 0..1 covers.
    """

    clip_from_world: NDArray[np.float64]
    texture_from_world: NDArray[np.float64]
    pixel_m: float
    depth_m: float


def fit(sun: NDArray[np.float64], centres_m: NDArray[np.floating], radii_m: NDArray[np.floating]) -> ShadowFrame:
    """Return the square view along ``sun`` (3,) that holds all given spheres."""
    if not len(centres_m):
        centres_m, radii_m = np.zeros((1, 3)), np.array([EMPTY_M])
    turn = view_matrix(CameraView(np.zeros(3), -sun, any_up(sun)))[:3, :3]
    seen = centres_m @ turn.T
    low = (seen - radii_m[:, None]).min(axis=0) - MARGIN_M
    high = (seen + radii_m[:, None]).max(axis=0) + MARGIN_M
    half = 0.5 * float(max(high[0] - low[0], high[1] - low[1]))
    middle = 0.5 * (low + high)
    eye = turn.T @ np.array([middle[0], middle[1], high[2]])
    # Some way beyond the last caster, so that the ground behind it is still compared rightly.
    depth = float(high[2] - low[2]) + 4.0 * half
    clip = orthographic_matrix(half, 0.0, depth) @ view_matrix(CameraView(eye, -sun, any_up(sun)))
    to_texture = np.diag([0.5, 0.5, 0.5, 1.0])
    to_texture[:3, 3] = 0.5
    return ShadowFrame(clip, to_texture @ clip, 2.0 * half / SHADOW_PX, depth)


@dataclass(frozen=True)
class Capsules:
    """Uniforms of the upright capsules that throw the shadows of what moves, float32 with ``MAX_CAPSULES`` rows.

    Attributes:
        count: how many of the rows are used.
        feet: (8, 4) foot in the map's frame and half the width there.
        axes: (8, 4) foot to head, and the inverse of its squared length across the light.
        depths: (8,) half the width along the light.
        ends_m: (casters, 2, 3) foot and head in the world, float64.
        sizes_m: (casters, 2) width and height.
    """

    count: int
    feet: NDArray[np.float32]
    axes: NDArray[np.float32]
    depths: NDArray[np.float32]
    ends_m: NDArray[np.float64]
    sizes_m: NDArray[np.float64]


def capsules(
    dynamic: Sequence[DynamicInstance],
    frame: ShadowFrame,
    sun: NDArray[np.float64],
    eye_m: NDArray[np.float64],
    clip_from_world: NDArray[np.float64],
) -> Capsules:
    """Return the nearest casters whose shadows may fall into the image."""
    casting = [(*item.shadow_size_m, *item.pose[:3, 3].tolist()) for item in dynamic if item.shadow_size_m is not None]
    feet, axes, depths = np.zeros((MAX_CAPSULES, 4)), np.zeros((MAX_CAPSULES, 4)), np.zeros(MAX_CAPSULES)
    sizes, spots = np.split(np.array(casting).reshape(-1, 5), [2], axis=1)
    reach = np.minimum(sizes[:, 1] / max(sun[2], 0.05), LONGEST_M)
    touched = spheres_in_view(clip_from_world, spots - 0.5 * reach[:, None] * sun, 0.5 * reach + sizes.max(axis=1))
    distances = np.linalg.norm(spots - eye_m, axis=1)
    near = np.flatnonzero(touched & (distances < FARTHEST_M))
    near = near[np.argsort(distances[near], kind="stable")][:MAX_CAPSULES]
    count = len(near)
    matrix = frame.texture_from_world
    up = 0.5 * sizes[near, 1:] * np.array([0.0, 0.0, 1.0])
    low = spots[near] - up
    feet[:count, :3] = low @ matrix[:3, :3].T + matrix[:3, 3]
    feet[:count, 3] = 0.5 * sizes[near, 0] / (frame.pixel_m * SHADOW_PX)
    axes[:count, :3] = sizes[near, 1:] * matrix[:3, 2]
    axes[:count, 3] = 1.0 / ((axes[:count, :2] ** 2).sum(axis=1) + 1e-12)
    depths[:count] = 0.5 * sizes[near, 0] / frame.depth_m
    ends = np.stack([low, spots[near] + up], axis=1)
    return Capsules(
        count, feet.astype(np.float32), axes.astype(np.float32), depths.astype(np.float32), ends, sizes[near]
    )


def shaded_part(
    casting: Capsules,
    sun: NDArray[np.float64],
    heights_m: tuple[float, float],
    clip_from_world: NDArray[np.float64],
    size_px: tuple[int, int],
) -> Rectangle | None:
    """Return the part of an image of ``size_px`` where shadows may fall on ground between two heights, None for none.

    The shadow of a caster lies in a body whose corners are those of its foot and head, moved along the light to the
    lowest and highest ground. What of it is in front of the camera is seen within the corners and where edges between
    them come to the camera.
    """
    levels = np.array(heights_m)
    falls = np.maximum(casting.ends_m[:, :, None, 2] - levels, 0.0) / max(sun[2], 0.05)  # (casters, ends, levels)
    fallen = casting.ends_m[:, :, None] - falls[..., None] * sun
    wide = (0.6 * casting.sizes_m[:, 0] + SLACK_M)[:, None, None, None, None]
    spots = (fallen[:, :, :, None] + wide * AROUND).reshape(casting.count, -1, 3)
    corners = spots @ clip_from_world[:, :3].T + clip_from_world[:, 3]  # (casters, corners, 4)
    first, second = np.triu_indices(corners.shape[1], 1)
    a, b = corners[:, first].reshape(-1, 4), corners[:, second].reshape(-1, 4)
    crossing = (a[:, 3] > NEAREST_M) != (b[:, 3] > NEAREST_M)
    a, b = a[crossing], b[crossing]
    share = (NEAREST_M - a[:, 3:]) / (b[:, 3:] - a[:, 3:])
    corners = corners.reshape(-1, 4)
    seen = np.concatenate([corners[corners[:, 3] > NEAREST_M], a + share * (b - a)])
    if not len(seen):
        return None
    pixels = (0.5 + 0.5 * seen[:, :2] / seen[:, 3:]) * size_px
    low = np.clip(np.floor(pixels.min(axis=0)) - 1, 0, size_px).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)) + 1, 0, size_px).astype(int)
    if (high <= low).any():
        return None
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])
