"""Conversions between the ROS side (ENU world, FLU body) and the MAVLink side (NED world, FRD body).

This is the only place where signs and axes are swapped. Also home of the yaw rotation that turns
the level body frame of a :class:`~liquid_nav.types.VelocityCommand` into the world frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def enu_to_ned(vector: ArrayLike) -> NDArray[np.float64]:
    """Turn a world vector (..., 3) from east-north-up into north-east-down."""
    east, north, up = np.moveaxis(np.asarray(vector, dtype=float), -1, 0)
    return np.stack([north, east, -up], axis=-1)


def ned_to_enu(vector: ArrayLike) -> NDArray[np.float64]:
    """Turn a world vector (..., 3) from north-east-down into east-north-up."""
    return enu_to_ned(vector)


def flu_to_frd(vector: ArrayLike) -> NDArray[np.float64]:
    """Turn a body vector (..., 3) from forward-left-up into forward-right-down."""
    return np.asarray(np.asarray(vector, dtype=float) * np.array([1.0, -1.0, -1.0]))


def frd_to_flu(vector: ArrayLike) -> NDArray[np.float64]:
    """Turn a body vector (..., 3) from forward-right-down into forward-left-up."""
    return flu_to_frd(vector)


def wrap_angle(angle_rad: float) -> float:
    """Return the same angle in [-pi, pi)."""
    return float((angle_rad + np.pi) % (2.0 * np.pi) - np.pi)


def level_flu_to_enu(vector: ArrayLike, yaw_rad: float) -> NDArray[np.float64]:
    """Rotate a level body vector (3,) into the world frame by yaw alone."""
    x, y, z = np.asarray(vector, dtype=float)
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.array([cos * x - sin * y, sin * x + cos * y, z])


def enu_to_level_flu(vector: ArrayLike, yaw_rad: float) -> NDArray[np.float64]:
    """Rotate a world vector (3,) into the level body frame by yaw alone."""
    return level_flu_to_enu(vector, -yaw_rad)


def quaternion_to_matrix(xyzw: ArrayLike) -> NDArray[np.float64]:
    """Return the rotation matrix (3, 3) of a unit quaternion (4,)."""
    x, y, z, w = (float(value) for value in np.asarray(xyzw, dtype=float))
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def attitude_ned_frd_to_enu_flu(wxyz: ArrayLike) -> NDArray[np.float64]:
    """Turn a MAVLink attitude (4,), w first, body FRD to world NED, into xyzw, body FLU to world ENU."""
    w, x, y, z = np.asarray(wxyz, dtype=float)
    return np.array([x + y, x - y, w - z, w + z], dtype=np.float64) / float(np.sqrt(2.0))
