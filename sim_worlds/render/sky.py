"""Where the sun stands and what the clouds look like."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sim_worlds.scene import Atmosphere


def sun_direction(air: Atmosphere) -> NDArray[np.float64]:
    """Return the unit vector (3,) towards the sun."""
    flat = np.cos(air.sun_elevation_rad)
    return np.array(
        [
            flat * np.cos(air.sun_azimuth_rad),
            flat * np.sin(air.sun_azimuth_rad),
            np.sin(air.sun_elevation_rad),
        ]
    )


def any_up(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return some unit vector (3,) across a direction."""
    side = np.cross(direction, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side) + 1e-12
    up = np.cross(side, direction)
    return np.asarray(up / (np.linalg.norm(up) + 1e-12)) * -1.0


def cloud_picture(seed: int) -> NDArray[np.uint8]:
    """Return a tileable picture of clouds, uint8 (128, 128)."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((128, 128), dtype=np.float32)
    for cells, weight in ((4, 0.5), (8, 0.28), (16, 0.14), (32, 0.08)):
        grid = rng.random((cells, cells)).astype(np.float32)
        tiled = np.tile(grid, (3, 3))
        large = cv2.resize(tiled, (384, 384), interpolation=cv2.INTER_CUBIC)
        picture += weight * large[128:256, 128:256]
    picture = (picture - picture.min()) / (np.ptp(picture) + 1e-9)
    return np.ascontiguousarray(picture * 255).astype(np.uint8)
