"""Colours for pictures of categories and depths, for people to look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import RenderError
from sim_worlds.scene import CATEGORIES

CATEGORY_COLOURS: dict[str, tuple[int, int, int]] = {
    "sky": (150, 196, 232),
    "ground": (150, 126, 98),
    "tree": (34, 112, 60),
    "undergrowth": (148, 190, 72),
    "rock": (110, 114, 124),
    "building": (206, 178, 140),
    "car": (44, 92, 196),
    "person": (240, 150, 40),
    "furniture": (122, 84, 160),
    "decoy": (232, 96, 176),
    "target": (226, 24, 32),
    "vehicle": (20, 20, 24),
    "water": (36, 160, 176),
}
"""One colour, sRGB 0..255, for each of ``scene.CATEGORIES``."""

NEAREST_M, FARTHEST_M = 0.5, 60.0
# From near to far: a ramp that also reads in grey, as its lightness falls all the way.
DEPTH_STOPS = np.array([(255, 250, 205), (250, 180, 90), (205, 80, 95), (105, 45, 125), (18, 14, 50)], dtype=float)


def paint_categories(categories: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture, uint8 (height, width, 3), of an image of categories (height, width).

    Raises:
        RenderError: for a value that is no index into ``scene.CATEGORIES``.
    """
    highest = int(categories.max(initial=0))
    if highest >= len(CATEGORIES):
        raise RenderError(f"category is {highest}: use 0 to {len(CATEGORIES) - 1}, indices into scene.CATEGORIES")
    table = np.array([CATEGORY_COLOURS[name] for name in CATEGORIES], dtype=np.uint8)
    return np.asarray(table[categories])


def paint_depth(depth_m: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a picture, uint8 (height, width, 3), of distances (height, width): near is light, the sky is dark.

    Equal steps in colour are equal ratios of distance, from 0.5 to 60 m.
    """
    near = np.clip(depth_m.astype(float), NEAREST_M, FARTHEST_M)
    share = np.log(near / NEAREST_M) / np.log(FARTHEST_M / NEAREST_M)
    stops = np.linspace(0.0, 1.0, len(DEPTH_STOPS))
    channels = [np.interp(share, stops, DEPTH_STOPS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)
