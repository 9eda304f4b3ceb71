"""The lens: Brown-Conrady distortion, and what turning does to an image that is not taken in one instant.

The renderer draws a pinhole image with the lens's focal length and as many pixels more as the lens sees beyond
it; one cached map per pixel bends it. To first order, turning moves every pixel by a fixed field per axis, so
that rows read later and moments of the exposure are the same map plus a multiple of that field.
Maps hold OpenCV's coordinates: whole numbers are the centres of pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from sim_worlds.camera_settings import CameraConfig
from sim_worlds.scene import RenderedImage

FASTEST_TURN_RAD_S = 2.0  # what the drawn margin covers; beyond it the image's border is repeated
LARGEST_MARGIN = 3.0  # drawn size over image size
MOST_MOMENTS = 9
MOMENT_STEP_PX = 1.75  # as far apart as moments may lie without showing
STILL_PX = 0.1
INVERSION_STEPS = 60
NO_MAP: Any = None  # OpenCV takes one map of both coordinates, its type stubs do not

Coordinates = NDArray[np.float64]


def distort(config: CameraConfig, x: Coordinates, y: Coordinates) -> tuple[Coordinates, Coordinates]:
    """Bend coordinates on the plane at distance one (x right, y down), as OpenCV's ``projectPoints`` does."""
    square = x * x + y * y
    radial = 1.0 + square * (config.k1 + square * (config.k2 + square * config.k3))
    bent_x = x * radial + 2.0 * config.p1 * x * y + config.p2 * (square + 2.0 * x * x)
    bent_y = y * radial + config.p1 * (square + 2.0 * y * y) + 2.0 * config.p2 * x * y
    return bent_x, bent_y


def undistort(config: CameraConfig, x: Coordinates, y: Coordinates) -> tuple[Coordinates, Coordinates]:
    """Return the coordinates that :func:`distort` bends to (x, y), by Newton's method.

    Raises:
        WorldError: when the lens folds the image over within its field of view.
    """
    free_x, free_y, step = x.copy(), y.copy(), 1e-6
    for _ in range(INVERSION_STEPS):
        bent_x, bent_y = distort(config, free_x, free_y)
        miss_x, miss_y = bent_x - x, bent_y - y
        along_x, along_y = distort(config, free_x + step, free_y), distort(config, free_x, free_y + step)
        right = (along_x[0] - bent_x) / step, (along_x[1] - bent_y) / step
        down = (along_y[0] - bent_x) / step, (along_y[1] - bent_y) / step
        determinant = right[0] * down[1] - right[1] * down[0]
        if not (determinant > 0.05).all():
            break
        free_x = free_x - (down[1] * miss_x - down[0] * miss_y) / determinant
        free_y = free_y - (right[0] * miss_y - right[1] * miss_x) / determinant
        if max(np.abs(miss_x).max(), np.abs(miss_y).max()) < 1e-9:
            return free_x, free_y
    raise WorldError(
        f"distortion is {config.distortion.tolist()} at horizontal_fov_rad {config.horizontal_fov_rad}: "
        "the lens folds the image over before its edge; use smaller coefficients or a smaller field of view"
    )


class Lens:
    """The geometry of one camera: what to draw for it, and how to bend what was drawn.

    Args:
        config: of the camera.

    Raises:
        WorldError: for a distortion that folds the image over or sees too far to the side.
    """

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self.distorts = bool(config.distortion.any())
        self._moves = config.readout_s > 0.0 or config.exposure_time_s > 0.0
        self.is_ideal = not (self.distorts or self._moves)
        self.drawn_size_px = (config.width_px, config.height_px)
        self.drawn_fov_rad = config.horizontal_fov_rad
        if not self.is_ideal:
            self._prepare()

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where (x right, y down) at distance one falls in the image (column, row from its upper left edge)."""
        config = self._config
        if self.distorts:
            bent_x, bent_y = distort(config, np.array([x]), np.array([y]))
            # beyond its edge the polynomial may fold back into the image; what the drawn view lacks is outside
            if max(abs(x) / self._reach[0], abs(y) / self._reach[1]) <= 1.0:
                x, y = float(bent_x[0]), float(bent_y[0])
        return x * config.focal_px + 0.5 * config.width_px, y * config.focal_px + 0.5 * config.height_px

    def bend(self, drawn: RenderedImage, angular_velocity_flu_rad_s: NDArray[np.float64]) -> RenderedImage:
        """Return the image through the lens: colours between pixels, categories and depths of the nearest pixel."""
        if self.is_ideal:
            return drawn
        flow = self._flow_px_s(angular_velocity_flu_rad_s) if self._moves else None
        middle = self._map if flow is None else self._map + flow * self._row_times_s
        rgb = _between(drawn.rgb, middle)
        if flow is not None and self._config.exposure_time_s > 0.0:
            rgb = self._blurred(drawn.rgb, rgb, middle, flow * self._config.exposure_time_s)
        nearest = self._nearest_map if flow is None else (middle, NO_MAP)
        depth = drawn.depth_m
        return RenderedImage(
            rgb=rgb,
            categories=_nearest(drawn.categories, nearest),
            depth_m=None if depth is None else _nearest(depth, nearest),
        )

    def _prepare(self) -> None:
        config = self._config
        focal, width, height = config.focal_px, config.width_px, config.height_px
        columns, rows = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
        x, y = (columns - 0.5 * (width - 1)) / focal, (rows - 0.5 * (height - 1)) / focal
        if self.distorts:
            x, y = undistort(config, x, y)
        seconds = 0.5 * (config.readout_s + config.exposure_time_s)
        slack_px = 2.0 + seconds * FASTEST_TURN_RAD_S * focal * (1.0 + float((x * x + y * y).max()))
        drawn_width, drawn_height = (2 * math.ceil(float(np.abs(side).max()) * focal + slack_px) for side in (x, y))
        if drawn_width > LARGEST_MARGIN * width or drawn_height > LARGEST_MARGIN * height:
            raise WorldError(
                f"the lens needs a drawn view of {drawn_width} x {drawn_height} pixels for {width} x {height}: "
                "use weaker distortion, a smaller horizontal_fov_rad or shorter readout_s and exposure_time_s"
            )
        self.drawn_size_px = (drawn_width, drawn_height)
        self.drawn_fov_rad = 2.0 * math.atan(0.5 * drawn_width / focal)
        self._reach = (0.5 * drawn_width / focal, 0.5 * drawn_height / focal)
        map_x, map_y = x * focal + 0.5 * (drawn_width - 1), y * focal + 0.5 * (drawn_height - 1)
        self._map = np.stack([map_x, map_y], axis=-1).astype(np.float32)  # (height, width, 2)
        self._nearest_map = cv2.convertMaps(self._map, NO_MAP, cv2.CV_16SC2, nninterpolation=True)
        self._fields = self._turning_fields(x, y)
        times = (np.arange(height) / max(height - 1, 1) - 0.5) * config.readout_s
        self._row_times_s = times.astype(np.float32)[:, None, None]

    def _turning_fields(self, x: Coordinates, y: Coordinates) -> NDArray[np.float32]:
        """Return (3, height, width, 2): pixels per radian by which the camera's turn about each body axis (FLU)
        shifts the place to look up in an image drawn before that turn."""
        focal = self._config.focal_px
        about_forward = np.stack([-y, x], axis=-1)
        about_left = np.stack([x * y, 1.0 + y * y], axis=-1)
        about_up = np.stack([-(1.0 + x * x), -x * y], axis=-1)
        return (focal * np.stack([about_forward, about_left, about_up])).astype(np.float32)

    def _flow_px_s(self, angular_velocity_flu_rad_s: NDArray[np.float64]) -> NDArray[np.float32] | None:
        """Return (height, width, 2), or None when nothing moves by as much as one could see."""
        config = self._config
        turning = np.asarray(angular_velocity_flu_rad_s, dtype=np.float32)
        longest_s = max(config.readout_s, config.exposure_time_s)
        if float(np.linalg.norm(turning)) * longest_s * config.focal_px < STILL_PX:
            return None
        flow = self._fields[0] * turning[0]
        flow += self._fields[1] * turning[1]
        flow += self._fields[2] * turning[2]
        return np.asarray(flow, dtype=np.float32)

    def _blurred(
        self,
        drawn: NDArray[np.uint8],
        sharp: NDArray[np.uint8],
        middle: NDArray[np.float32],
        smear_px: NDArray[np.float32],
    ) -> NDArray[np.uint8]:
        """Return the mean of the image at a few moments of the exposure, the middle one being ``sharp``."""
        longest_px = float(np.abs(smear_px[:: max(1, len(smear_px) // 8), ::16]).max())
        pairs = min(MOST_MOMENTS // 2, math.ceil(0.5 * longest_px / MOMENT_STEP_PX))
        if longest_px < STILL_PX:
            return sharp
        total: Any = sharp.astype(np.uint16)
        for moment in range(1, pairs + 1):
            for side in (-0.5, 0.5):
                taken = _between(drawn, middle + smear_px * np.float32(side * moment / pairs))
                total = cv2.add(total, taken, dtype=cv2.CV_16U)
        return np.asarray(cv2.convertScaleAbs(total, alpha=1.0 / (2 * pairs + 1)), dtype=np.uint8)


def _between(rgb: NDArray[np.uint8], places: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the colours at places between the pixels."""
    taken = cv2.remap(rgb, places, NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(taken, dtype=np.uint8)


def _nearest(image: NDArray[Any], maps: Sequence[Any]) -> NDArray[Any]:
    """Return the values of the pixels nearest to the places of the maps."""
    return np.asarray(cv2.remap(image, maps[0], maps[1], cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE))
