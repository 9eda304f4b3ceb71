"""The values that travel through the pipeline: frames, commands, odometry and verdicts.

World frame ENU (x east, y north, z up), body frame FLU (x forward, y left, z up), metres,
seconds and radians throughout (REP-103).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CameraFrame:
    """One image and the moment it was taken.

    Attributes:
        rgb: uint8 image, (height, width, 3).
        stamp_s: capture time in seconds on the clock of the run.
    """

    rgb: NDArray[np.uint8]
    stamp_s: float


@dataclass(frozen=True, slots=True)
class VelocityCommand:
    """A velocity in the level body frame (FLU rotated by yaw only) and a yaw rate (left is positive)."""

    forward_m_s: float = 0.0
    left_m_s: float = 0.0
    up_m_s: float = 0.0
    yaw_rate_rad_s: float = 0.0

    def as_array(self) -> NDArray[np.float32]:
        """Return the command as float32 (4,): forward, left, up (m/s), yaw rate (rad/s)."""
        return np.array([self.forward_m_s, self.left_m_s, self.up_m_s, self.yaw_rate_rad_s], dtype=np.float32)

    @classmethod
    def from_array(cls, values: NDArray[np.floating] | list[float]) -> VelocityCommand:
        """Make a command from four numbers in the order of :meth:`as_array`."""
        forward, left, up, yaw_rate = (float(value) for value in values)
        return cls(forward, left, up, yaw_rate)

    @property
    def is_finite(self) -> bool:
        """True when no component is NaN or infinite."""
        return bool(np.isfinite(self.as_array()).all())


def _zeros() -> NDArray[np.float64]:
    return np.zeros(3)


@dataclass(frozen=True, slots=True)
class Odometry:
    """Where the vehicle is and how it moves.

    Attributes:
        stamp_s: time of the estimate in seconds.
        position_enu_m: (3,) position in the world frame.
        velocity_enu_m_s: (3,) velocity in the world frame.
        attitude_xyzw: (4,) quaternion that rotates body FLU into world ENU.
        angular_velocity_flu_rad_s: (3,) body rates.
    """

    stamp_s: float
    position_enu_m: NDArray[np.float64]
    velocity_enu_m_s: NDArray[np.float64] = field(default_factory=_zeros)
    attitude_xyzw: NDArray[np.float64] = field(default_factory=lambda: np.array([0.0, 0.0, 0.0, 1.0]))
    angular_velocity_flu_rad_s: NDArray[np.float64] = field(default_factory=_zeros)

    @property
    def yaw_rad(self) -> float:
        """Heading, counter-clockwise from east."""
        x, y, z, w = self.attitude_xyzw
        return float(np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z)))


class SafetyAction(Enum):
    """What the safety filter did with a command, from the mildest to the strongest."""

    PASS = "pass"
    LIMIT = "limit"
    HOVER = "hover"
    HOLD = "hold"
    LAND = "land"


@dataclass(frozen=True, slots=True)
class SafetyVerdict:
    """The command that may be flown, the rule that acted and a sentence why.

    Attributes:
        command: what may be flown.
        action: how strongly the filter acted.
        rule: name of the strictest rule that acted, ``"none"`` when the command passed unchanged.
        reason: one sentence for a person.
    """

    command: VelocityCommand
    action: SafetyAction = SafetyAction.PASS
    rule: str = "none"
    reason: str = "the command is within every limit"
