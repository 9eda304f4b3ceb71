"""The vehicle's camera: what lies between the light and the image that a policy is given.

Every imperfection is off by default and drawn from a seed, so that the same flight gives the same images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from liquid_nav.types import CameraFrame
from sim_worlds.render.projection import projection_matrix, view_from_pose, view_matrix
from sim_worlds.scene import CameraView, RenderedImage


@dataclass(frozen=True)
class CameraConfig:
    """A camera; every value is checked.

    Attributes:
        width_px, height_px: size of the image.
        horizontal_fov_rad: full angle across the width.
    """

    width_px: int = 256
    height_px: int = 144
    horizontal_fov_rad: float = 1.396

    def __post_init__(self) -> None:
        for name in ("width_px", "height_px"):
            if not 16 <= getattr(self, name) <= 4096:
                raise WorldError(f"{name} is {getattr(self, name)}: use 16 to 4096 pixels")
        if not 0.2 <= self.horizontal_fov_rad <= 2.6:
            raise WorldError(f"horizontal_fov_rad is {self.horizontal_fov_rad}: use 0.2 to 2.6 rad")


class Camera:
    """One camera in one flight.

    Args:
        config: what it is like.
        seed: of its imperfections.
    """

    def __init__(self, config: CameraConfig, seed: int = 0) -> None:
        self.config = config

    def view(
        self,
        position_enu_m: NDArray[np.float64],
        body_to_world: NDArray[np.float64],
        offset_flu_m: NDArray[np.float64],
        time_s: float,
    ) -> CameraView:
        """Return what the renderer has to draw for this camera, fixed to a body (FLU) and looking along its x axis."""
        return view_from_pose(
            position_enu_m,
            body_to_world,
            width_px=self.config.width_px,
            height_px=self.config.height_px,
            horizontal_fov_rad=self.config.horizontal_fov_rad,
            offset_flu_m=offset_flu_m,
            time_s=time_s,
        )

    def develop(
        self, drawn: RenderedImage, stamp_s: float, angular_velocity_flu_rad_s: NDArray[np.float64]
    ) -> RenderedImage:
        """Return the image as this camera delivers it, categories and depth bent in the same way."""
        return drawn

    def project(self, view: CameraView, point_enu_m: NDArray[np.float64]) -> tuple[float, float] | None:
        """Return where a point falls in the delivered image (column, row), None when behind the camera."""
        clip = projection_matrix(view) @ view_matrix(view) @ np.append(point_enu_m, 1.0)
        if clip[3] <= 0.05:
            return None
        x, y = clip[:2] / clip[3]
        return float(0.5 * (x + 1.0) * self.config.width_px), float(0.5 * (1.0 - y) * self.config.height_px)

    def send(self, frame: CameraFrame) -> None:
        """Put a frame on its way to the policy; it may be lost or come late."""
        self._arrived: CameraFrame | None = frame

    def receive(self, now_s: float) -> CameraFrame | None:
        """Return the newest frame that has arrived since the last call, None when there is none."""
        frame, self._arrived = self._arrived, None
        return frame
