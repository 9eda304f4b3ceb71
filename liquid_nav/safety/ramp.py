"""Bounded change: a commanded velocity that approaches its target within acceleration and jerk limits.

Along each body axis the velocity of step k changes by ``a_k * dt`` with ``|a_k| <= A`` and
``|a_k - a_(k-1)| <= J * dt``. A change that is under way cannot stop at once: easing it off carries the velocity on to
``v + a |a| / (2 J)``. The ramp keeps that end within the speed limits too, so that easing off is always allowed and
no later step has to break one limit to keep another, however long the steps are. The axes do not share a budget: a wish
to swerve cannot use up what braking needs.
"""

from __future__ import annotations

import math

from liquid_nav.safety.config import SafetyConfig

Command = tuple[float, float, float, float]
"""Forward, left, up (m/s) in the level body frame and yaw rate (rad/s)."""

_SLACK = 1e-9
_SHORTEST_STEP_S = 1e-6


class Ramp:
    """The last commanded velocity and how it was changing."""

    def __init__(self, config: SafetyConfig) -> None:
        self._config = config
        self.command: Command = (0.0, 0.0, 0.0, 0.0)
        self._forward = _Axis(config)
        self._left = _Axis(config)
        self._up = _Axis(config)

    def reset(self, command: Command) -> None:
        """Go on from a command within the speed limits that does not change now."""
        self.command = command
        for axis, speed in zip((self._forward, self._left, self._up), command, strict=False):
            axis.reset(speed)

    def advance(self, target: Command, elapsed_s: float) -> str:
        """Move towards a target within the speed limits; return the rule that held back, or ``"none"``."""
        config = self._config
        step = min(elapsed_s, config.longest_step_s)
        if not step >= _SHORTEST_STEP_S:
            return "none" if self.command == target else "acceleration_limit"
        held = self._across(target[0], target[1], step)
        held |= self._up.advance(target[2], step, -config.max_down_m_s, config.max_up_m_s)
        reach = config.max_yaw_acceleration_rad_s2 * step
        turn = target[3] - self.command[3]
        yaw_rate = target[3]
        if abs(turn) > reach:
            yaw_rate = self.command[3] + math.copysign(reach, turn)
            held |= _BY_ACCELERATION
        self.command = (self._forward.speed, self._left.speed, self._up.speed, yaw_rate)
        return _RULES[held]

    def _across(self, forward: float, left: float, step: float) -> int:
        """Move both horizontal axes; what one may reach leaves the other its share of the speed limit.

        The axis that slows down goes first, and reckons with what the other one holds now.
        """
        config = self._config
        first, first_target, first_cap = self._forward, forward, config.max_forward_speed_m_s
        second, second_target, second_cap = self._left, left, config.max_horizontal_speed_m_s
        if abs(left) - abs(second.speed) < abs(forward) - abs(first.speed):
            first, first_target, first_cap, second, second_target, second_cap = (
                second, second_target, second_cap, first, first_target, first_cap
            )
        room = min(first_cap, _leg(config.max_horizontal_speed_m_s, second.extent))
        held = first.advance(first_target, step, -room, room)
        room = min(second_cap, _leg(config.max_horizontal_speed_m_s, first.extent))
        return held | second.advance(second_target, step, -room, room)


_BY_JERK, _BY_ACCELERATION = 1, 2
_RULES = ("none", "jerk_limit", "acceleration_limit", "acceleration_limit")


class _Axis:
    """One component of the velocity."""

    def __init__(self, config: SafetyConfig) -> None:
        self._limit = config.max_acceleration_m_s2
        self._jerk = config.max_jerk_m_s3
        self.reset(0.0)

    def reset(self, speed: float) -> None:
        self.speed = speed
        self.acceleration = 0.0

    @property
    def extent(self) -> float:
        """Greatest speed from now on if the acceleration is eased off."""
        end = self.speed + 0.5 * self.acceleration * abs(self.acceleration) / self._jerk
        return max(abs(self.speed), abs(end))

    def advance(self, target: float, step: float, low: float, high: float) -> int:
        """Move towards a target, easing off within ``low..high``; return the bits of what held back."""
        speed, jerk = self.speed, self._jerk
        aim = min(max(target, low), high)
        size = abs(aim - speed)
        # Easing off step by step covers a^2 / (2 J) + a dt / 2: solved for the largest a that stops at the aim.
        wanted = min(size / step, jerk * (math.sqrt(0.25 * step * step + 2.0 * size / jerk) - 0.5 * step))
        bound = _BY_ACCELERATION if wanted > self._limit else _BY_JERK
        acceleration = math.copysign(min(wanted, self._limit), aim - speed)
        # Steps to come may be shorter, and easing off then covers up to a dt + a^2 / (2 J): not beyond the limits.
        acceleration = min(acceleration, self._stoppable(high - speed, step))
        acceleration = max(acceleration, -self._stoppable(speed - low, step))
        reach = jerk * step
        acceleration = min(max(acceleration, self.acceleration - reach), self.acceleration + reach)
        self.acceleration = acceleration
        self.speed = speed + acceleration * step
        if abs(target - self.speed) <= _SLACK:
            self.speed = target
            return 0
        return bound

    def _stoppable(self, room: float, step: float) -> float:
        return self._jerk * (math.sqrt(step * step + 2.0 * max(room, 0.0) / self._jerk) - step)


def _leg(hypotenuse: float, other: float) -> float:
    """Return the other leg of a right triangle, 0 when there is none."""
    return math.sqrt(max(0.0, hypotenuse * hypotenuse - other * other))
