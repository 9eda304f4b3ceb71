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
LONGEST_M = 15.0  # of a moving thing's shadow that is looked for in the image
EMPTY_M = 30.0  # what a map covers where nothing throws a shadow


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
    """

    count: int
    feet: NDArray[np.float32]
    axes: NDArray[np.float32]
    depths: NDArray[np.float32]


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
    if not casting:
        return Capsules(0, feet.astype(np.float32), axes.astype(np.float32), depths.astype(np.float32))
    sizes, spots = np.split(np.array(casting), [2], axis=1)
    reach = np.minimum(sizes[:, 1] / max(sun[2], 0.05), LONGEST_M)
    touched = spheres_in_view(clip_from_world, spots - 0.5 * reach[:, None] * sun, 0.5 * reach + sizes.max(axis=1))
    near = np.flatnonzero(touched)
    near = near[np.argsort(np.linalg.norm(spots[near] - eye_m, axis=1), kind="stable")][:MAX_CAPSULES]
    count = len(near)
    matrix = frame.texture_from_world
    low = spots[near] - 0.5 * sizes[near, 1:] * np.array([0.0, 0.0, 1.0])
    feet[:count, :3] = low @ matrix[:3, :3].T + matrix[:3, 3]
    feet[:count, 3] = 0.5 * sizes[near, 0] / (frame.pixel_m * SHADOW_PX)
    axes[:count, :3] = sizes[near, 1:] * matrix[:3, 2]
    axes[:count, 3] = 1.0 / ((axes[:count, :2] ** 2).sum(axis=1) + 1e-12)
    depths[:count] = 0.5 * sizes[near, 0] / frame.depth_m
    return Capsules(count, feet.astype(np.float32), axes.astype(np.float32), depths.astype(np.float32))
