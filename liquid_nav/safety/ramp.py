"""Bounded change: a commanded velocity that approaches its target within acceleration and jerk limits.

The velocity v of step k changes by ``a_k * dt`` with ``|a_k| <= A`` and ``|a_k - a_(k-1)| <= J * dt``. A change that is
under way cannot stop at once: it carries v on by ``a |a| / (2 J)``. The ramp keeps that end point within the speed
limits too, so that easing off is always allowed and no later limit has to be broken, whatever the steps are.
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
        self._acceleration = (0.0, 0.0, 0.0)

    def reset(self, command: Command) -> None:
        """Go on from a command within the speed limits that does not change now."""
        self.command = command
        self._acceleration = (0.0, 0.0, 0.0)

    def advance(self, target: Command, elapsed_s: float) -> str:
        """Move towards a target within the speed limits; return the rule that held back, or ``"none"``."""
        step = min(elapsed_s, self._config.longest_step_s)
        if not step >= _SHORTEST_STEP_S:
            return "none" if self.command == target else "acceleration_limit"
        forward, left, up, yaw_rate = self.command
        error = (target[0] - forward, target[1] - left, target[2] - up)
        wanted, rule = self._wanted(error, step)
        held = self._hold_back(wanted, step)
        self._acceleration = held
        moved = (forward + held[0] * step, left + held[1] * step, up + held[2] * step)
        if max(abs(target[0] - moved[0]), abs(target[1] - moved[1]), abs(target[2] - moved[2])) < _SLACK:
            moved, rule = (target[0], target[1], target[2]), "none"
        reach = self._config.max_yaw_acceleration_rad_s2 * step
        turn = target[3] - yaw_rate
        if abs(turn) > reach:
            turn = math.copysign(reach, turn)
            rule = "acceleration_limit" if rule == "none" else rule
            self.command = (*moved, yaw_rate + turn)
        else:
            self.command = (*moved, target[3])
        return rule

    def _wanted(self, error: tuple[float, float, float], step: float) -> tuple[tuple[float, float, float], str]:
        """Return the acceleration that reaches the target soonest without passing it, and what bounds it."""
        size = math.sqrt(error[0] * error[0] + error[1] * error[1] + error[2] * error[2])
        if size == 0.0:
            return (0.0, 0.0, 0.0), "jerk_limit"
        limit, jerk = self._config.max_acceleration_m_s2, self._config.max_jerk_m_s3
        # Easing off step by step covers a^2 / (2 J) + a dt / 2: solved for the largest a that stops in time.
        soonest = jerk * (math.sqrt(0.25 * step * step + 2.0 * size / jerk) - 0.5 * step)
        wanted = min(size / step, soonest)
        scale = min(wanted, limit) / size
        return (error[0] * scale, error[1] * scale, error[2] * scale), (
            "acceleration_limit" if wanted > limit else "jerk_limit"
        )

    def _hold_back(self, wanted: tuple[float, float, float], step: float) -> tuple[float, float, float]:
        """Return the acceleration closest to the wanted one that respects the jerk and can still be eased off."""
        ax, ay, az = self._acceleration
        reach = self._config.max_jerk_m_s3 * step
        dx, dy, dz = wanted[0] - ax, wanted[1] - ay, wanted[2] - az
        size = math.sqrt(dx * dx + dy * dy + dz * dz)
        scale = reach / size if size > reach else 1.0
        bold = (ax + dx * scale, ay + dy * scale, az + dz * scale)
        if self._ends_within(bold, step):
            return bold
        now = math.sqrt(ax * ax + ay * ay + az * az)
        keep = max(0.0, 1.0 - reach / now) if now > 0.0 else 0.0
        safe = (ax * keep, ay * keep, az * keep)
        low, high, best = 0.0, 1.0, safe
        for _ in range(10):
            share = 0.5 * (low + high)
            tried = (
                safe[0] + share * (bold[0] - safe[0]),
                safe[1] + share * (bold[1] - safe[1]),
                safe[2] + share * (bold[2] - safe[2]),
            )
            if self._ends_within(tried, step):
                low, best = share, tried
            else:
                high = share
        return best

    def _ends_within(self, acceleration: tuple[float, float, float], step: float) -> bool:
        """True when the velocity stays within the speed limits if the acceleration is eased off from now on."""
        ax, ay, az = acceleration
        config = self._config
        run_on = step + 0.5 * math.sqrt(ax * ax + ay * ay + az * az) / config.max_jerk_m_s3
        forward, left, up = self.command[0] + ax * run_on, self.command[1] + ay * run_on, self.command[2] + az * run_on
        return (
            -config.max_down_m_s - _SLACK <= up <= config.max_up_m_s + _SLACK
            and abs(forward) <= config.max_forward_speed_m_s + _SLACK
            and math.sqrt(forward * forward + left * left) <= config.max_horizontal_speed_m_s + _SLACK
        )
