"""The bridge's own last look at what it sends: finite, not absurd, not old. Limits are the safety filter's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_nav.flight.config import FlightConfig
from liquid_nav.flight.dialect import Dialect
from liquid_nav.frames import flu_to_frd
from liquid_nav.types import VelocityCommand

ABSURD = 20.0  # m/s and rad/s: beyond any limit the safety filter can be given
FUTURE_S = 0.2
BACKWARD_S = 0.05
VELOCITY_AND_YAW_RATE = (
    mavlink.POSITION_TARGET_TYPEMASK_X_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_Y_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_Z_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_AX_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_AY_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_AZ_IGNORE
    | mavlink.POSITION_TARGET_TYPEMASK_YAW_IGNORE
)


class CommandGate:
    """Keeps the latest command and fades it as it ages.

    Args:
        config: ages.
    """

    def __init__(self, config: FlightConfig) -> None:
        self._config = config
        self._command = VelocityCommand()
        self._made_s = float("-inf")

    def take(self, command: VelocityCommand, made_s: float, now_s: float) -> str:
        """Take a command; return why it is refused, or nothing."""
        values = (command.forward_m_s, command.left_m_s, command.up_m_s, command.yaw_rate_rad_s)
        if not all(map(math.isfinite, values)):
            return f"the command holds {next(value for value in values if not math.isfinite(value))}"
        if max(map(abs, values)) > ABSURD:
            return f"the command holds {max(values, key=abs):g}, more than anything may fly"
        if not made_s <= now_s + FUTURE_S:
            return f"the command is stamped {made_s - now_s:.2f} s in the future"
        if made_s < self._made_s - BACKWARD_S:
            return f"the command is stamped {self._made_s - made_s:.2f} s before the last one"
        self._command, self._made_s = command, min(made_s, now_s)
        return ""

    def age_s(self, now_s: float) -> float:
        """Return how long ago the latest command was made, infinity when none has come."""
        return now_s - self._made_s

    def wish(self, now_s: float) -> VelocityCommand:
        """Return what the latest command is still worth: all of it, less and less, nothing."""
        config = self._config
        age_s = self.age_s(now_s)
        if age_s <= config.ramp_after_s:
            return self._command
        if age_s >= config.hold_after_s:
            return VelocityCommand()
        share = (config.hold_after_s - age_s) / (config.hold_after_s - config.ramp_after_s)
        return VelocityCommand.from_array((share * self._command.as_array().astype(np.float64)).tolist())


def eased(command: VelocityCommand, since_s: float, ramp_s: float) -> VelocityCommand:
    """Return a command that grows smoothly to its whole size within ``ramp_s`` of engaging.

    The safety filter does not know when a bridge engages, and has long ramped up to a speed that nobody flew. With
    1.5 s, 2 m/s come at no more than 2 m/s2 and 5.4 m/s3.
    """
    if since_s >= ramp_s:
        return command
    part = since_s / ramp_s
    share = part * part * (3.0 - 2.0 * part)
    return VelocityCommand.from_array((share * command.as_array().astype(np.float64)).tolist())


def set_point(command: VelocityCommand, dialect: Dialect, target: tuple[int, int], time_s: float) -> Any:
    """Return a velocity and yaw rate as SET_POSITION_TARGET_LOCAL_NED in the autopilot's body frame (FRD).

    What is not finite becomes zero: nothing else may leave.
    """
    linear = flu_to_frd([command.forward_m_s, command.left_m_s, command.up_m_s])
    turn = flu_to_frd([0.0, 0.0, command.yaw_rate_rad_s])
    vx, vy, vz, yaw_rate = (float(value) if math.isfinite(value) else 0.0 for value in (*linear, turn[2]))
    return mavlink.MAVLink_set_position_target_local_ned_message(
        int(time_s * 1e3) & 0xFFFFFFFF, target[0], target[1], dialect.body_frame, VELOCITY_AND_YAW_RATE,
        0.0, 0.0, 0.0, vx, vy, vz, 0.0, 0.0, 0.0, 0.0, yaw_rate,
    )  # fmt: skip
