"""Where the sun stands, what it lights and what the clouds look like."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sim_worlds.scene import Atmosphere, Float3

LOW_SUN_RAD = 0.45  # below it the air glows around the sun
BOUNCE = (0.62, 0.56, 0.46)  # of the sky's light that comes back from the ground, and its hue
SUN_BOUNCE = (0.11, 0.095, 0.07)  # of the sun's light on level ground


@dataclass(frozen=True)
class Light:
    """What follows from an atmosphere; colours are linear RGB.

    Attributes:
        sun_direction: unit vector (3,) towards the sun.
        bounce_colour: light from the ground on what faces down.
        glow_colour: added to the air where one looks straight towards the sun.
        cloud_colour: of the clouds.
    """

    sun_direction: NDArray[np.float64]
    bounce_colour: Float3
    glow_colour: Float3
    cloud_colour: Float3


def light_of(air: Atmosphere) -> Light:
    """Work out what the shaders need beside the atmosphere itself."""
    sun, ambient, horizon = (np.array(c) for c in (air.sun_colour, air.ambient_colour, air.horizon_colour))
    towards = sun_direction(air)
    bounce = ambient * BOUNCE + sun * SUN_BOUNCE * max(towards[2], 0.0)
    low = float(np.clip(1.0 - air.sun_elevation_rad / LOW_SUN_RAD, 0.0, 1.0))
    glow = sun * (0.06 + 0.4 * low)
    cloud = 0.72 * horizon + 0.32 * ambient + 0.12 * sun
    return Light(towards, _triple(bounce), _triple(glow), _triple(cloud))


def _triple(values: NDArray[np.float64]) -> Float3:
    return float(values[0]), float(values[1]), float(values[2])


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
