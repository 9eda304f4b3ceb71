"""The quadrotor: its constants and the velocity controller that turns a command into rotor speeds."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from liquid_nav.errors import ConfigError
from liquid_nav.types import Odometry, VelocityCommand
from sim_worlds.scene import Float3

RPM_TO_RAD_S = 2.0 * math.pi / 60.0
GRAVITY_M_S2 = 9.81
DEFAULT_FILE = Path(__file__).parent / "quadrotor.toml"


@dataclass(frozen=True)
class ControllerGains:
    """Gains of :class:`VelocityController`; see ``quadrotor.toml``."""

    velocity_gain_per_s: float
    velocity_integral_per_s2: float
    velocity_integral_limit_m_s2: tuple[float, float, float]
    max_tilt_rad: float
    attitude_gain_per_s: float
    rate_gain_per_s: float
    yaw_gain_per_s: float
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
        gains = ControllerGains(**_frozen(values.pop("controller")))
        return Quadrotor(**_frozen(values), controller=gains)
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{path}: {error}; compare with the shipped quadrotor.toml") from error


def _frozen(table: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


class VehicleState(NamedTuple):
    """True state in plain numbers, which are quicker than arrays of three; see :class:`Odometry`."""

    position_enu_m: Float3
    velocity_enu_m_s: Float3
    attitude_xyzw: tuple[float, float, float, float]
    rates_flu_rad_s: Float3

    def odometry(self, stamp_s: float) -> Odometry:
        """Return the state as it travels through the pipeline."""
        return Odometry(stamp_s, *(np.array(value) for value in self))


class VelocityController:
    """Velocity -> acceleration -> attitude -> body rates -> rotor speeds, called at the physics rate.

    Rotors: 0 front right, 1 back right, 2 back left, 3 front left (body FLU); 0 and 2 turn so that they
    push the body clockwise, as the Crazyflie's.

    Args:
        quadrotor: what the controller believes to fly.
        trim_up_m_s2: acceleration upwards that hovering takes beyond the belief, as an autopilot learns it while it
            takes off.
    """

    def __init__(self, quadrotor: Quadrotor, trim_up_m_s2: float = 0.0) -> None:
        self.quadrotor = quadrotor
        self._integral = [0.0, 0.0, 0.0]
        self._weight_m_s2 = GRAVITY_M_S2 + trim_up_m_s2
        self._yaw_rad: float | None = None
        self._max_speed_rpm = quadrotor.max_speed_rpm
        self._tan_tilt = math.tan(quadrotor.controller.max_tilt_rad)

    def rotor_speeds_rpm(
        self, command: VelocityCommand, state: VehicleState, duration_s: float
    ) -> tuple[float, float, float, float]:
        """Return the rotor speeds for the next ``duration_s``."""
        x, y, z, w = state.attitude_xyzw
        yaw = math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
        if self._yaw_rad is None:
            self._yaw_rad = yaw
        error = (self._yaw_rad + command.yaw_rate_rad_s * duration_s - yaw + math.pi) % (2 * math.pi) - math.pi
        self._yaw_rad = yaw + max(-0.3, min(0.3, error))
        ax, ay, az = self._acceleration(command, state.velocity_enu_m_s, yaw, duration_s)
        az += self._weight_m_s2
        up_x, up_y, up_z = 2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)
        thrust_n = self.quadrotor.mass_kg * max(0.0, ax * up_x + ay * up_y + az * up_z)
        rates = self._wanted_rates((ax, ay, az), state.attitude_xyzw, command, error)
        return self._mix(thrust_n, self._torque(rates, state.rates_flu_rad_s))

    def _acceleration(
        self, command: VelocityCommand, velocity_enu_m_s: Float3, yaw: float, duration_s: float
    ) -> Float3:
        gains = self.quadrotor.controller
        cos, sin = math.cos(yaw), math.sin(yaw)
        wanted = (
            cos * command.forward_m_s - sin * command.left_m_s,
            sin * command.forward_m_s + cos * command.left_m_s,
            command.up_m_s,
        )
        result = []
        for axis, bound in enumerate(gains.velocity_integral_limit_m_s2):
            error = wanted[axis] - velocity_enu_m_s[axis]
            total = self._integral[axis] + gains.velocity_integral_per_s2 * error * duration_s
            self._integral[axis] = max(-bound, min(bound, total))
            result.append(gains.velocity_gain_per_s * error + self._integral[axis])
        size = math.hypot(result[0], result[1])
        limit = gains.max_acceleration_m_s2
        shrink = min(1.0, limit / max(size, 1e-9))
        return result[0] * shrink, result[1] * shrink, max(-limit, min(limit, result[2]))

    def _wanted_rates(
        self,
        lift: Float3,
        attitude_xyzw: tuple[float, float, float, float],
        command: VelocityCommand,
        yaw_error: float,
    ) -> Float3:
        """Body rates that turn the thrust axis towards ``lift`` and follow the heading."""
        gains = self.quadrotor.controller
        upward = max(lift[2], 1.0)
        tilt = min(1.0, self._tan_tilt * upward / max(math.hypot(lift[0], lift[1]), 1e-9))
        x, y, z = lift[0] * tilt, lift[1] * tilt, upward
        size = math.sqrt(x * x + y * y + z * z)
        body = _rotate_inverse(attitude_xyzw, (x / size, y / size, z / size))
        # The cross product of the body's z axis with the wanted axis, both in the body frame.
        roll_error, pitch_error = -body[1], body[0]
        return (
            gains.attitude_gain_per_s * roll_error,
            gains.attitude_gain_per_s * pitch_error,
            command.yaw_rate_rad_s + gains.yaw_gain_per_s * yaw_error,
        )

    def _torque(self, wanted_rates: Float3, rates_flu_rad_s: Float3) -> Float3:
        gains = self.quadrotor.controller
        ix, iy, iz = self.quadrotor.inertia_kg_m2
        p, q, r = rates_flu_rad_s
        return (
            ix * gains.rate_gain_per_s * (wanted_rates[0] - p),
            iy * gains.rate_gain_per_s * (wanted_rates[1] - q),
            iz * gains.yaw_rate_gain_per_s * (wanted_rates[2] - r),
        )

    def _mix(self, thrust_n: float, torque: Float3) -> tuple[float, float, float, float]:
        quad = self.quadrotor
        lever = quad.arm_m / math.sqrt(2.0)
        ratio = quad.torque_coefficient / quad.thrust_coefficient
        collective = 0.25 * thrust_n
        roll, pitch, yaw = 0.25 * torque[0] / lever, 0.25 * torque[1] / lever, 0.25 * torque[2] / ratio
        front_right, back_right = collective - roll - pitch - yaw, collective - roll + pitch + yaw
        back_left, front_left = collective + roll + pitch - yaw, collective + roll - pitch + yaw
        return self._speed(front_right), self._speed(back_right), self._speed(back_left), self._speed(front_left)

    def _speed(self, force_n: float) -> float:
        return min(self._max_speed_rpm, math.sqrt(max(0.0, force_n) / self.quadrotor.thrust_coefficient))


def rotor_wrench(
    quad: Quadrotor,
    speeds_rpm: Sequence[float],
    height_m: float,
    airspeed_flu_m_s: Float3,
) -> tuple[Float3, Float3]:
    """Return force (N) and torque (N m) of the rotors on the body, FLU: thrust, ground effect, drag, reaction.

    Thrust and reaction grow with the square of the rotor speed, the ground adds (radius / 4 height)^2 to the thrust,
    the drag is proportional to rotor speed and velocity through the air (the model of gym-pybullet-drones).
    """
    lever = quad.arm_m / math.sqrt(2.0)
    cushion = 1.0 + quad.ground_effect_coefficient * (quad.propeller_radius_m / (4.0 * height_m)) ** 2
    s0, s1, s2, s3 = (speed * speed for speed in speeds_rpm)
    thrust = quad.thrust_coefficient * cushion
    turning = sum(speeds_rpm) * RPM_TO_RAD_S
    cx, cy, cz = quad.drag_coefficient
    vx, vy, vz = airspeed_flu_m_s
    force = (-cx * turning * vx, -cy * turning * vy, thrust * (s0 + s1 + s2 + s3) - cz * turning * vz)
    torque = (
        lever * thrust * (s2 + s3 - s0 - s1),
        lever * thrust * (s1 + s2 - s0 - s3),
        quad.torque_coefficient * (s1 + s3 - s0 - s2),
    )
    return force, torque


def _rotate_inverse(q: tuple[float, float, float, float], v: Float3) -> Float3:
    """Rotate a world vector into the body frame of the quaternion ``q`` (xyzw)."""
    x, y, z, w = -q[0], -q[1], -q[2], q[3]
    tx, ty, tz = 2 * (y * v[2] - z * v[1]), 2 * (z * v[0] - x * v[2]), 2 * (x * v[1] - y * v[0])
    return (
        v[0] + w * tx + y * tz - z * ty,
        v[1] + w * ty + z * tx - x * tz,
        v[2] + w * tz + x * ty - y * tx,
    )
