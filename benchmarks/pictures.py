"""Made-up pictures as smooth as a camera's: the policy would smooth noise first, which takes time of its own."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def smooth_pictures(count: int, height_px: int, width_px: int) -> list[NDArray[np.uint8]]:
    """Return uint8 images (height, width, 3) of random colours that run into each other."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (count, 12, 16, 3), dtype=np.uint8)
    size = (width_px, height_px)
    return [np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8) for each in coarse]
