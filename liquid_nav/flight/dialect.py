"""What differs between autopilots: modes, frames, parameters and what of them is safe."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

CUSTOM_MODE = float(mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED)
ModeRequest = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong before take-off.

    Attributes:
        refuses: the vehicle must not be armed; else it is a recommendation.
        text: what was seen and the cure.
    """

    refuses: bool
    text: str


class Dialect(ABC):
    """One autopilot's way to be commanded from outside.

    Attributes:
        name: of the autopilot.
        autopilot: its MAV_AUTOPILOT number, told in every heartbeat.
        command_mode: name of the mode that follows set-points.
        body_frame: MAV_FRAME in which it takes velocities that turn with its yaw.
        command_mode_request, land_request, exit_request: parameters 1 to 3 of MAV_CMD_DO_SET_MODE.
        stream_before_mode_s: set-points it wants to see before it enters the command mode.
        climbs_by_set_points: take-off is a commanded climb; else MAV_CMD_NAV_TAKEOFF, during which set-points would
            end the take-off.
        estimator_message: message id of the estimator's flags.
        parameters: names that :meth:`judge` looks at.
    """

    name: str
    autopilot: int
    command_mode: str
    body_frame: int
    command_mode_request: ModeRequest
    land_request: ModeRequest
    exit_request: ModeRequest
    stream_before_mode_s: float
    climbs_by_set_points: bool
    estimator_message: int
    parameters: tuple[str, ...]

    @abstractmethod
    def mode_name(self, custom_mode: int) -> str:
        """Return the name of a heartbeat's mode."""

    @abstractmethod
    def is_landing(self, custom_mode: int) -> bool:
        """Tell whether the autopilot lands by itself in this mode."""

    @abstractmethod
    def parameter_value(self, message: Any) -> float:
        """Return the value of a PARAM_VALUE message."""

    @abstractmethod
    def judge(self, values: Mapping[str, float | None], *, radio: bool, system_id: int) -> list[Finding]:
        """Judge the failsafe parameters.

        Args:
            values: None is a parameter that the autopilot does not have.
            radio: a pilot's radio is there.
            system_id: of this program.
        """

    def is_command(self, custom_mode: int) -> bool:
        """Tell whether the autopilot follows set-points in this mode."""
        return self.mode_name(custom_mode) == self.command_mode


def whole(value: float | None) -> int | None:
    """Return a parameter as a whole number, None when there is none."""
    return None if value is None or not math.isfinite(value) else round(value)
