"""Matrices of a pinhole camera and the test which spheres it can see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim_worlds.scene import CameraView

NEAR_M = 0.05
FAR_M = 260.0

Matrix = NDArray[np.float64]


def to_the_right(view: CameraView) -> tuple[float, float, float]:
    """Return the unit vector (3,) to the right of the image."""
    (x, y, z), (a, b, c) = view.forward.tolist(), view.up.tolist()
    return y * c - z * b, z * a - x * c, x * b - y * a


def view_matrix(view: CameraView) -> Matrix:
    """World to camera (x right, y up, looking along -z), (4, 4)."""
    matrix = np.eye(4)
    matrix[0, :3], matrix[1, :3], matrix[2, :3] = to_the_right(view), view.up, -view.forward
    turn = matrix[:3, :3].copy()
    matrix[:3, 3] = -turn @ view.position_enu_m
    return matrix


def projection_matrix(view: CameraView) -> Matrix:
    """Camera to clip space (4, 4), OpenGL convention."""
    focal_x = 1.0 / np.tan(0.5 * view.horizontal_fov_rad)
    focal_y = focal_x * view.width_px / view.height_px
    depth = NEAR_M - FAR_M
    return np.array(
        [
            [focal_x, 0.0, 0.0, 0.0],
            [0.0, focal_y, 0.0, 0.0],
            [0.0, 0.0, (FAR_M + NEAR_M) / depth, 2.0 * FAR_M * NEAR_M / depth],
            [0.0, 0.0, -1.0, 0.0],
        ]
    )


def depth_from_buffer(buffer: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return distances along the viewing axis in metres from a depth buffer in 0..1; infinite at the far plane."""
    ndc = 2.0 * np.asarray(buffer, dtype=np.float64) - 1.0
    depth = 2.0 * FAR_M * NEAR_M / (FAR_M + NEAR_M - ndc * (FAR_M - NEAR_M))
    return np.where(ndc >= 1.0, np.inf, depth).astype(np.float32)


def orthographic_matrix(half_width: float, near: float, far: float) -> Matrix:
    """A square orthographic projection (4, 4)."""
    return np.array(
        [
            [1.0 / half_width, 0.0, 0.0, 0.0],
            [0.0, 1.0 / half_width, 0.0, 0.0],
            [0.0, 0.0, -2.0 / (far - near), -(far + near) / (far - near)],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


def spheres_in_view(
    clip_from_world: Matrix, centres: NDArray[np.floating], radii: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Return bool (spheres,), False only where a sphere lies wholly outside the view."""
    rows = clip_from_world
    planes = np.stack([rows[3] + rows[0], rows[3] - rows[0], rows[3] + rows[1], rows[3] - rows[1], rows[3] + rows[2]])
    planes /= np.linalg.norm(planes[:, :3], axis=1, keepdims=True)
    distances = planes[:, :3] @ centres.T + planes[:, 3:]
    return np.asarray((distances > -radii).all(axis=0))


def view_from_pose(
    position_enu_m: NDArray[np.float64],
    body_to_world: Matrix,
    *,
    width_px: int,
    height_px: int,
    horizontal_fov_rad: float,
    offset_flu_m: NDArray[np.float64],
    time_s: float = 0.0,
) -> CameraView:
    """Return the view of a camera fixed to a body (FLU), looking along its x axis."""
    return CameraView(
        position_enu_m=position_enu_m + body_to_world @ offset_flu_m,
        forward=body_to_world[:, 0],
        up=body_to_world[:, 2],
        width_px=width_px,
        height_px=height_px,
        horizontal_fov_rad=horizontal_fov_rad,
        time_s=time_s,
    )


def look_at(
    eye_enu_m: NDArray[np.float64],
    towards_enu_m: NDArray[np.float64],
    *,
    width_px: int,
    height_px: int,
    horizontal_fov_rad: float = 1.2,
) -> CameraView:
    """Return a level view from a point towards another."""
    forward = towards_enu_m - eye_enu_m
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right) + 1e-12
    up = np.cross(right, forward)
    return CameraView(eye_enu_m, forward, up, width_px, height_px, horizontal_fov_rad)
