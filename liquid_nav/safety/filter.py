"""The safety filter: commands and estimates go in at any time, a command that may be flown comes out."""

from __future__ import annotations

import math

from liquid_nav.safety import rules
from liquid_nav.safety.config import SafetyConfig
from liquid_nav.types import Odometry, SafetyAction, SafetyVerdict, VelocityCommand

LONGEST_STEP_S = 0.2


class SafetyFilter:
    """Checks every command against limits, fences and watchdogs, on the caller's clock.

    All times are seconds on one clock, which may be simulated. Rules, from the strictest: ``estimate_stale``,
    ``command_invalid``, ``command_stale``, ``waiting``, ``floor``, ``ceiling``, ``geofence``, ``speed_limit``,
    ``acceleration_limit``, ``jerk_limit``; ``none`` when the command passed unchanged.
    """

    def __init__(self, config: SafetyConfig | None = None) -> None:
        self.config = config or SafetyConfig()
        self._command: VelocityCommand | None = None
        self._command_s = -math.inf
        self._invalid: str | None = None
        self._odometry: Odometry | None = None
        self._odometry_s = -math.inf
        self._output = [0.0, 0.0, 0.0, 0.0]
        self._rates = [0.0, 0.0, 0.0, 0.0]
        self._last_s: float | None = None
        self._first_s: float | None = None

    def update_command(self, command: VelocityCommand, stamp_s: float, now_s: float) -> None:
        """Take a new command; its age counts from ``stamp_s``, the capture of the image it answers."""
        if not command.is_finite:
            self._invalid = f"the command {command.as_array().tolist()} is not finite"
            return
        self._invalid = None
        self._command = command
        self._command_s = min(stamp_s, now_s)

    def update_odometry(self, odometry: Odometry, now_s: float) -> None:
        """Take a new estimate of the state; one with values that are not finite is ignored and grows stale."""
        place = [*odometry.position_enu_m, *odometry.attitude_xyzw]
        if all(math.isfinite(float(value)) for value in place):
            self._odometry, self._odometry_s = odometry, now_s

    def evaluate(self, now_s: float) -> SafetyVerdict:
        """Return what may be flown now."""
        if self._first_s is None:
            self._first_s = now_s
        action, rule, reason, velocity = self._watch(now_s)
        if action is SafetyAction.PASS:
            action, rule, reason = self._limit(velocity)
        slewed = self._slew(velocity, now_s)
        if slewed is not None and action is SafetyAction.PASS:
            action, (rule, reason) = SafetyAction.LIMIT, slewed
        return SafetyVerdict(VelocityCommand(*self._output), action, rule, reason)

    def _watch(self, now_s: float) -> tuple[SafetyAction, str, str, rules.Velocity]:
        """Watchdogs: is there a fresh estimate and a fresh, finite command?"""
        config, still = self.config, [0.0, 0.0, 0.0, 0.0]
        assert self._first_s is not None
        age = now_s - max(self._odometry_s, self._first_s)
        if now_s - self._odometry_s > config.estimate_timeout_s:
            action = SafetyAction.LAND if age > config.land_after_s else SafetyAction.HOVER
            seen = "has never come" if self._odometry is None else f"is {age:.1f} s old"
            return action, "estimate_stale", f"the state estimate {seen}", self._descend(action, still)
        if self._invalid is not None:
            return SafetyAction.HOVER, "command_invalid", self._invalid, still
        if self._command is None:
            return SafetyAction.HOVER, "waiting", "no command has come yet", still
        age = now_s - self._command_s
        if age > config.command_timeout_s:
            action = SafetyAction.HOVER
            if age > config.land_after_s:
                action = SafetyAction.LAND
            elif age > config.hold_after_s:
                action = SafetyAction.HOLD
            return action, "command_stale", f"the last command is {age:.1f} s old", self._descend(action, still)
        command = self._command
        wanted = [command.forward_m_s, command.left_m_s, command.up_m_s, command.yaw_rate_rad_s]
        return SafetyAction.PASS, "none", SafetyVerdict(command).reason, wanted

    def _descend(self, action: SafetyAction, velocity: rules.Velocity) -> rules.Velocity:
        if action is SafetyAction.LAND:
            velocity[2] = -self.config.landing_speed_m_s
        return velocity

    def _limit(self, velocity: rules.Velocity) -> tuple[SafetyAction, str, str]:
        """Apply speed limits, fence, floor and ceiling in place; report the strictest that acted."""
        assert self._odometry is not None
        east, north, height = (float(value) for value in self._odometry.position_enu_m)
        yaw = self._odometry.yaw_rad
        acted = [
            ("speed_limit", rules.limit_speed(velocity, self.config)),
            ("geofence", rules.limit_to_fence(velocity, east, north, yaw, self.config)),
            ("ceiling", rules.limit_to_ceiling(velocity, height, self.config)),
            ("floor", rules.limit_to_floor(velocity, height, self.config)),
        ]
        for rule, said in reversed(acted):
            if said is not None:
                return SafetyAction.LIMIT, rule, said
        return SafetyAction.PASS, "none", SafetyVerdict(VelocityCommand()).reason

    def _slew(self, wanted: rules.Velocity, now_s: float) -> tuple[str, str] | None:
        """Bound acceleration and jerk; remembers the output. Returns rule and reason when that held it back."""
        config = self.config
        dt = 0.0 if self._last_s is None else min(max(now_s - self._last_s, 0.0), LONGEST_STEP_S)
        self._last_s = now_s
        if dt <= 0.0:
            return None
        held: tuple[str, str] | None = None
        for axis in range(4):
            limit = config.max_acceleration_m_s2 if axis < 3 else config.max_yaw_acceleration_rad_s2
            jerk = config.max_jerk_m_s3 if axis < 3 else 12.0 * config.max_yaw_acceleration_rad_s2
            value, rate = rules.slew(wanted[axis], self._output[axis], self._rates[axis], limit, jerk, dt)
            if held is None and abs(wanted[axis] - value) > 0.05:
                name = "acceleration_limit" if abs(rate) >= 0.99 * limit else "jerk_limit"
                held = name, f"the command jumps by {wanted[axis] - self._output[axis]:+.1f}"
            self._output[axis], self._rates[axis] = value, rate
        return held
