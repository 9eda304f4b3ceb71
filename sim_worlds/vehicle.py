"""The quadrotor: its constants and the velocity controller that turns a command into rotor speeds."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import ConfigError
from liquid_nav.types import Odometry, VelocityCommand

GRAVITY_M_S2 = 9.81
DEFAULT_FILE = Path(__file__).parent / "quadrotor.toml"


@dataclass(frozen=True)
class ControllerGains:
    """Gains of :class:`VelocityController`; see ``quadrotor.toml``."""

    velocity_gain_per_s: float
    velocity_integral_per_s2: float
    max_tilt_rad: float
    attitude_gain_per_s: float
    rate_gain_per_s: float
    yaw_rate_gain_per_s: float
    max_acceleration_m_s2: float


@dataclass(frozen=True)
class Quadrotor:
    """Constants of a quadrotor in X configuration; see ``quadrotor.toml`` for units and sources."""

    name: str
    mass_kg: float
    arm_m: float
    thrust_coefficient: float
    torque_coefficient: float
    inertia_kg_m2: tuple[float, float, float]
    thrust_to_weight: float
    ground_effect_coefficient: float
    propeller_radius_m: float
    drag_coefficient: tuple[float, float, float]
    motor_time_constant_s: float
    collision_radius_m: float
    collision_half_height_m: float
    camera_offset_flu_m: tuple[float, float, float]
    controller: ControllerGains

    @property
    def hover_speed_rpm(self) -> float:
        """Rotor speed that carries the weight."""
        return math.sqrt(self.mass_kg * GRAVITY_M_S2 / (4.0 * self.thrust_coefficient))

    @property
    def max_speed_rpm(self) -> float:
        """Rotor speed at full thrust."""
        return self.hover_speed_rpm * math.sqrt(self.thrust_to_weight)


def load_quadrotor(path: Path = DEFAULT_FILE) -> Quadrotor:
    """Read a quadrotor's constants.

    Raises:
        ConfigError: when a key is missing or unknown.
    """
    with path.open("rb") as file:
        values: dict[str, Any] = tomllib.load(file)
    try:
        gains = ControllerGains(**values.pop("controller"))
        lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
        return Quadrotor(**{**values, **lists, "controller": gains})
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{path}: {error}; compare with the shipped quadrotor.toml") from error


class VelocityController:
    """Velocity -> acceleration -> attitude -> body rates -> rotor speeds, called at the physics rate.

    Rotors: 0 front right, 1 back right, 2 back left, 3 front left (body FLU); 0 and 2 turn so that they
    push the body counter-clockwise.
    """

    def __init__(self, quadrotor: Quadrotor) -> None:
        self.quadrotor = quadrotor
        self._integral = [0.0, 0.0, 0.0]
        self._yaw_rad: float | None = None

    def rotor_speeds_rpm(
        self, command: VelocityCommand, odometry: Odometry, duration_s: float
    ) -> tuple[float, float, float, float]:
        """Return the rotor speeds for the next ``duration_s``."""
        yaw = odometry.yaw_rad
        if self._yaw_rad is None:
            self._yaw_rad = yaw
        error = (self._yaw_rad + command.yaw_rate_rad_s * duration_s - yaw + math.pi) % (2 * math.pi) - math.pi
        self._yaw_rad = yaw + max(-0.3, min(0.3, error))
        acceleration = self._acceleration(command, odometry, yaw, duration_s)
        x, y, z, w = (float(value) for value in odometry.attitude_xyzw)
        up_axis = (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y))
        lift = (acceleration[0], acceleration[1], acceleration[2] + GRAVITY_M_S2)
        thrust_n = self.quadrotor.mass_kg * max(0.0, sum(a * b for a, b in zip(lift, up_axis, strict=True)))
        rates = self._wanted_rates(lift, (x, y, z, w), command, error)
        torque = self._torque(rates, odometry.angular_velocity_flu_rad_s)
        return self._mix(thrust_n, torque)

    def _acceleration(
        self, command: VelocityCommand, odometry: Odometry, yaw: float, duration_s: float
    ) -> tuple[float, float, float]:
        gains = self.quadrotor.controller
        cos, sin = math.cos(yaw), math.sin(yaw)
        wanted = (
            cos * command.forward_m_s - sin * command.left_m_s,
            sin * command.forward_m_s + cos * command.left_m_s,
            command.up_m_s,
        )
        result = []
        for axis in range(3):
            error = wanted[axis] - float(odometry.velocity_enu_m_s[axis])
            total = self._integral[axis] + gains.velocity_integral_per_s2 * error * duration_s
            self._integral[axis] = max(-1.0, min(1.0, total))
            result.append(gains.velocity_gain_per_s * error + self._integral[axis])
        size = math.hypot(result[0], result[1])
        shrink = min(1.0, gains.max_acceleration_m_s2 / max(size, 1e-9))
        limit = gains.max_acceleration_m_s2
        return result[0] * shrink, result[1] * shrink, max(-limit, min(limit, result[2]))

    def _wanted_rates(
        self,
        lift: tuple[float, float, float],
        attitude_xyzw: tuple[float, float, float, float],
        command: VelocityCommand,
        yaw_error: float,
    ) -> tuple[float, float, float]:
        """Body rates that turn the thrust axis towards ``lift`` and follow the heading."""
        gains = self.quadrotor.controller
        flat = math.hypot(lift[0], lift[1])
        tilt = min(1.0, math.tan(gains.max_tilt_rad) * max(lift[2], 1.0) / max(flat, 1e-9))
        wanted = (lift[0] * tilt, lift[1] * tilt, max(lift[2], 1.0))
        size = math.sqrt(sum(value * value for value in wanted))
        body = _rotate_inverse(attitude_xyzw, (wanted[0] / size, wanted[1] / size, wanted[2] / size))
        # The cross product of the body's z axis with the wanted axis, both in the body frame.
        roll_error, pitch_error = -body[1], body[0]
        return (
            gains.attitude_gain_per_s * roll_error,
            gains.attitude_gain_per_s * pitch_error,
            command.yaw_rate_rad_s + 2.0 * yaw_error,
        )

    def _torque(
        self, wanted_rates: tuple[float, float, float], rates: NDArray[np.float64]
    ) -> tuple[float, float, float]:
        gains = self.quadrotor.controller
        ix, iy, iz = self.quadrotor.inertia_kg_m2
        p, q, r = (float(value) for value in rates)
        return (
            ix * gains.rate_gain_per_s * (wanted_rates[0] - p),
            iy * gains.rate_gain_per_s * (wanted_rates[1] - q),
            iz * gains.yaw_rate_gain_per_s * (wanted_rates[2] - r),
        )

    def _mix(self, thrust_n: float, torque: tuple[float, float, float]) -> tuple[float, float, float, float]:
        quad = self.quadrotor
        lever = quad.arm_m / math.sqrt(2.0)
        ratio = quad.torque_coefficient / quad.thrust_coefficient
        collective = 0.25 * thrust_n
        roll, pitch, yaw = 0.25 * torque[0] / lever, 0.25 * torque[1] / lever, 0.25 * torque[2] / ratio
        forces = (
            collective - roll - pitch + yaw,
            collective - roll + pitch - yaw,
            collective + roll + pitch + yaw,
            collective + roll - pitch - yaw,
        )
        limit = quad.max_speed_rpm
        speeds = [min(limit, math.sqrt(max(0.0, force) / quad.thrust_coefficient)) for force in forces]
        return speeds[0], speeds[1], speeds[2], speeds[3]


def _rotate_inverse(
    q: tuple[float, float, float, float], v: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Rotate a world vector into the body frame of the quaternion ``q`` (xyzw)."""
    x, y, z, w = -q[0], -q[1], -q[2], q[3]
    tx, ty, tz = 2 * (y * v[2] - z * v[1]), 2 * (z * v[0] - x * v[2]), 2 * (x * v[1] - y * v[0])
    return (
        v[0] + w * tx + y * tz - z * ty,
        v[1] + w * ty + z * tx - x * tz,
        v[2] + w * tz + x * ty - y * tx,
    )
