"""What a camera is like: size, lens, sensor, exposure, link; and named cameras to choose from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from sim_worlds.config import is_number, is_whole

LIMITS: dict[str, tuple[float, float, str]] = {
    "horizontal_fov_rad": (0.2, 2.6, "rad"),
    "k1": (-1.0, 1.0, ""),
    "k2": (-1.0, 1.0, ""),
    "k3": (-1.0, 1.0, ""),
    "p1": (-0.1, 0.1, ""),
    "p2": (-0.1, 0.1, ""),
    "vignetting": (0.0, 1.0, "of the light in the corners"),
    "exposure_time_s": (0.0, 0.1, "s"),
    "readout_s": (0.0, 0.1, "s"),
    "exposure_drift_stops": (0.0, 2.0, "stops"),
    "white_balance_drift": (0.0, 0.5, ""),
    "drift_time_s": (0.1, 1000.0, "s"),
    "auto_exposure_lag_s": (0.0, 10.0, "s"),
    "read_noise": (0.0, 120.0, "grey values"),
    "shot_noise": (0.0, 120.0, "grey values"),
    "brightness": (-0.9, 0.9, "of white"),
    "contrast": (0.0, 4.0, ""),
    "saturation": (0.0, 4.0, ""),
    "drop_probability": (0.0, 0.95, ""),
    "latency_s": (0.0, 2.0, "s"),
    "latency_jitter_s": (0.0, 1.0, "s"),
}
NAMED_CAMERA_SIZE_PX = (256, 144)


@dataclass(frozen=True)
class CameraConfig:
    """A camera; every imperfection is off by default and every value is checked.

    Attributes:
        width_px, height_px: size of the image.
        horizontal_fov_rad: full angle across the width of the lens without its distortion.
        k1, k2, p1, p2, k3: Brown-Conrady distortion as OpenCV defines it; negative ``k1`` is a barrel.
        vignetting: share of the light that the corners lose.
        exposure_time_s: how long each row gathers light; turning blurs the image.
        readout_s: time between the first and the last row; turning skews the image.
        exposure_drift_stops: standard deviation of the slow wander of the exposure.
        white_balance_drift: standard deviation of the slow wander of the gains of red and blue.
        drift_time_s: correlation time of both.
        auto_exposure_lag_s: time constant with which the exposure follows the light; 0 leaves the exposure alone.
        read_noise: standard deviation of Gaussian noise in grey values.
        shot_noise: standard deviation at white of noise whose variance grows with the light, in grey values.
        brightness: added to the image, as a share of white.
        contrast: 1 leaves it; about the image's mean grey.
        saturation: 1 leaves it, 0 is grey.
        jpeg_quality: 1 to 100; None leaves the image uncompressed.
        drop_probability: of losing a frame on its way.
        latency_s: mean time from a frame's capture to its arrival.
        latency_jitter_s: standard deviation of that time.

    Raises:
        WorldError: naming the value that is out of range.
    """

    width_px: int = 256
    height_px: int = 144
    horizontal_fov_rad: float = 1.396
    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    vignetting: float = 0.0
    exposure_time_s: float = 0.0
    readout_s: float = 0.0
    exposure_drift_stops: float = 0.0
    white_balance_drift: float = 0.0
    drift_time_s: float = 5.0
    auto_exposure_lag_s: float = 0.0
    read_noise: float = 0.0
    shot_noise: float = 0.0
    brightness: float = 0.0
    contrast: float = 1.0
    saturation: float = 1.0
    jpeg_quality: int | None = None
    drop_probability: float = 0.0
    latency_s: float = 0.0
    latency_jitter_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("width_px", "height_px"):
            value = getattr(self, name)
            if not is_whole(value) or not 16 <= value <= 4096:
                raise WorldError(f"{name} is {value!r}: use 16 to 4096 whole pixels")
        for name, (low, high, unit) in LIMITS.items():
            value = getattr(self, name)
            if not is_number(value) or not low <= value <= high:
                raise WorldError(f"{name} is {value!r}: use {low:g} to {high:g} {unit}".rstrip())
        if self.jpeg_quality is not None and not (is_whole(self.jpeg_quality) and 1 <= self.jpeg_quality <= 100):
            raise WorldError(f"jpeg_quality is {self.jpeg_quality!r}: use 1 to 100, or None for no compression")

    @property
    def focal_px(self) -> float:
        """Focal length in pixels, the same for both axes."""
        return 0.5 * self.width_px / math.tan(0.5 * self.horizontal_fov_rad)

    @property
    def camera_matrix(self) -> NDArray[np.float64]:
        """(3, 3) as OpenCV uses it: whole numbers are the centres of pixels, so the axis meets (width - 1) / 2."""
        focal = self.focal_px
        across, down = 0.5 * (self.width_px - 1), 0.5 * (self.height_px - 1)
        return np.array([[focal, 0.0, across], [0.0, focal, down], [0.0, 0.0, 1.0]])

    @property
    def distortion(self) -> NDArray[np.float64]:
        """(5,) k1, k2, p1, p2, k3: OpenCV's order."""
        return np.array([self.k1, self.k2, self.p1, self.p2, self.k3])


CAMERAS: dict[str, CameraConfig] = {
    "clean": CameraConfig(),
    "webcam": CameraConfig(
        k1=-0.06,
        k2=0.01,
        vignetting=0.15,
        exposure_time_s=0.015,
        readout_s=0.015,
        auto_exposure_lag_s=0.5,
        read_noise=3.0,
        shot_noise=4.0,
        jpeg_quality=75,
        latency_s=0.05,
        latency_jitter_s=0.01,
    ),
    "cheap-drone": CameraConfig(
        k1=-0.14,
        k2=0.02,
        p1=0.001,
        p2=-0.001,
        vignetting=0.3,
        exposure_time_s=0.012,
        readout_s=0.025,
        exposure_drift_stops=0.3,
        white_balance_drift=0.06,
        auto_exposure_lag_s=0.6,
        read_noise=5.0,
        shot_noise=6.0,
        jpeg_quality=60,
        drop_probability=0.03,
        latency_s=0.08,
        latency_jitter_s=0.03,
    ),
    "wide": CameraConfig(horizontal_fov_rad=1.9, k1=-0.05, k2=0.004),
    "blurred": CameraConfig(exposure_time_s=0.04),
    "rolling": CameraConfig(readout_s=0.04),
    "compressed": CameraConfig(jpeg_quality=20),
    "lossy-link": CameraConfig(drop_probability=0.3),
    "late-link": CameraConfig(latency_s=0.15, latency_jitter_s=0.05),
    **{f"noise-{sigma}": CameraConfig(read_noise=float(sigma)) for sigma in (15, 30, 45, 60)},
    **{f"brighter-{tenths}0": CameraConfig(brightness=tenths / 10) for tenths in (1, 2, 3, 4)},
    **{f"darker-{tenths}0": CameraConfig(brightness=-tenths / 10) for tenths in (1, 2, 3, 4)},
    **{f"contrast-{value:g}": CameraConfig(contrast=value) for value in (0.75, 1.25, 1.75, 2.25)},
    **{f"saturation-{value:g}": CameraConfig(saturation=value) for value in (0.5, 1.5, 2.5, 3.25)},
}
"""Cameras by name, all 256 x 144; the last five rows are the levels of the stress tests."""


def named_camera(name: str, size_px: tuple[int, int] = NAMED_CAMERA_SIZE_PX) -> CameraConfig:
    """Return a camera of :data:`CAMERAS` in a size (width, height).

    Raises:
        WorldError: for an unknown name, listing the known ones, or a size out of range.
    """
    if name not in CAMERAS:
        raise WorldError(f"camera is {name!r}: use one of {', '.join(CAMERAS)}")
    return replace(CAMERAS[name], width_px=size_px[0], height_px=size_px[1])
