"""The vehicle's camera: what lies between the light and the image that a policy is given.

Every imperfection is off by default and drawn from a seed, so that the same flight gives the same images. Time is
that of the stamps it is given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from liquid_nav.types import CameraFrame
from sim_worlds.camera_lens import Lens
from sim_worlds.camera_link import Link
from sim_worlds.camera_sensor import Sensor
from sim_worlds.camera_settings import CAMERAS, CameraConfig, named_camera
from sim_worlds.render.projection import view_from_pose, view_matrix
from sim_worlds.scene import CameraView, RenderedImage

__all__ = ["CAMERAS", "Camera", "CameraConfig", "named_camera"]

NEAREST_M = 0.05


class Camera:
    """One camera in one flight.

    Args:
        config: what it is like.
        seed: of its imperfections.

    Raises:
        WorldError: for a lens that folds the image over.
    """

    def __init__(self, config: CameraConfig, seed: int = 0) -> None:
        self.config = config
        self._lens = Lens(config)
        self._sensor = Sensor(config, seed)
        self._link = Link(config, seed)

    def view(
        self,
        position_enu_m: NDArray[np.float64],
        body_to_world: NDArray[np.float64],
        offset_flu_m: NDArray[np.float64],
        time_s: float,
    ) -> CameraView:
        """Return what the renderer has to draw for this camera, fixed to a body (FLU) and looking along its x axis.

        A pinhole view, wider than the image where the lens needs more.
        """
        width_px, height_px = self._lens.drawn_size_px
        return view_from_pose(
            position_enu_m,
            body_to_world,
            width_px=width_px,
            height_px=height_px,
            horizontal_fov_rad=self._lens.drawn_fov_rad,
            offset_flu_m=offset_flu_m,
            time_s=time_s,
        )

    def develop(
        self, drawn: RenderedImage, stamp_s: float, angular_velocity_flu_rad_s: NDArray[np.float64]
    ) -> RenderedImage:
        """Return the image as this camera delivers it, categories and depth bent in the same way.

        Args:
            drawn: what the renderer made of :meth:`view`.
            stamp_s: when its middle row was in the middle of its exposure.
            angular_velocity_flu_rad_s: (3,) of the body, for blur and rolling rows.
        """
        bent = self._lens.bend(drawn, angular_velocity_flu_rad_s)
        if self._sensor.is_ideal:
            return bent
        return RenderedImage(self._sensor.develop(bent.rgb, stamp_s), bent.categories, bent.depth_m)

    def project(self, view: CameraView, point_enu_m: NDArray[np.float64]) -> tuple[float, float] | None:
        """Return where a point falls in the delivered image (column, row), None when behind the camera.

        Measured from the image's upper left edge, so the middle of the first pixel is (0.5, 0.5). Holds for the
        instant of the view: rows that are read earlier or later are not accounted for.
        """
        right, up, back = (view_matrix(view) @ np.append(point_enu_m, 1.0))[:3]
        if -back <= NEAREST_M:
            return None
        return self._lens.place(float(right / -back), float(up / back))

    def send(self, frame: CameraFrame) -> None:
        """Put a frame on its way to the policy; it may be lost or come late."""
        self._link.send(frame)

    def receive(self, now_s: float) -> CameraFrame | None:
        """Return the newest frame that has arrived since the last call, None when there is none."""
        return self._link.receive(now_s)
