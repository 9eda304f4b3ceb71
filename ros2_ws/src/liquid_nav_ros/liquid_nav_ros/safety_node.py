"""The safety filter in a process of its own: it hovers when the policy hangs."""

from __future__ import annotations

import sys
import time
from dataclasses import fields

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from rclpy.node import Node

from liquid_nav.safety import SafetyConfig, SafetyFilter
from liquid_nav.types import Odometry
from liquid_nav_ros.conversions import (
    command_message,
    command_of,
    odometry_of,
    to_seconds,
    to_time,
    verdict_status,
)
from liquid_nav_ros.qos import RELIABLE, SENSOR
from liquid_nav_ros.runner import now_s, parameter, run, wall_timer

QUIET_PERIODS = 1.5
CLOCK_LAG_S = 0.2


class SafetyNode(Node):
    """Takes ``liquid_nav/cmd_vel_raw``, ``teleop/cmd_vel`` and ``odom``; gives ``liquid_nav/cmd_vel`` and verdicts on
    ``/diagnostics``.

    Every command is answered at once; a timer answers when none comes, by wall time, so that a clock that is set
    back cannot silence it. An answer to the policy carries the stamp of the image that caused it. While the pilot
    commands, the policy's wishes are not flown; the pilot's pass through the same filter.
    """

    def __init__(self) -> None:
        super().__init__("safety_node")
        rate_hz = parameter(self, "rate_hz", 20.0, "rate of the watchdog", low=5.0, high=200.0)
        values = {
            item.name: parameter(self, f"limits.{item.name}", _plain(item.default), "see SafetyConfig")
            for item in fields(SafetyConfig)
            if item.init and _plain(item.default) is not None
        }
        self._pilot_timeout_s = parameter(
            self, "pilot_timeout_s", 0.3, "silence after which the pilot gives the policy back", low=0.1, high=2.0
        )
        self._needs_odometry = parameter(self, "needs_odometry", True, "False without a vehicle: fences are off")
        config = SafetyConfig.from_dict(values)
        self._filter = SafetyFilter(config)
        self._middle = np.array([*config.geofence_centre_enu_m, 0.5 * (config.floor_m + config.ceiling_m)])
        self._period_s = 1.0 / rate_hz
        self._answered_at = self._pilot_at = float("-inf")  # wall time
        self._latest_s = 0.0
        self._stamp_s = 0.0
        self._commands = self.create_publisher(TwistStamped, "liquid_nav/cmd_vel", RELIABLE)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", RELIABLE)
        self.create_subscription(TwistStamped, "liquid_nav/cmd_vel_raw", self._on_command, RELIABLE)
        self.create_subscription(TwistStamped, "teleop/cmd_vel", self._on_pilot, RELIABLE)
        self.create_subscription(OdometryMessage, "odom", self._on_odometry, SENSOR)
        wall_timer(self, self._period_s, self._watch)

    def _on_command(self, message: TwistStamped) -> None:
        stamp_s = to_seconds(message.header.stamp)
        now = self._now(stamp_s)
        if not self._pilot_flies():
            self._filter.update_command(command_of(message), stamp_s, now)
        self._stamp_s = stamp_s
        self._answer(now, stamp_s)

    def _on_pilot(self, message: TwistStamped) -> None:
        now = self._now()
        self._pilot_at = time.monotonic()
        self._filter.update_command(command_of(message), to_seconds(message.header.stamp), now)
        self._answer(now, now)

    def _on_odometry(self, message: OdometryMessage) -> None:
        odometry = odometry_of(message)
        self._filter.update_odometry(odometry, self._now(odometry.stamp_s))

    def _watch(self) -> None:
        now = self._now()
        if now > 0.0 and time.monotonic() - self._answered_at >= QUIET_PERIODS * self._period_s:
            self._answer(now, self._stamp_s)  # a simulated clock at zero has not started

    def _pilot_flies(self) -> bool:
        return time.monotonic() - self._pilot_at < self._pilot_timeout_s

    def _now(self, stamp_s: float = 0.0) -> float:
        """Return the time; a simulated clock may arrive a little after the messages it stamps."""
        now = now_s(self)
        known = max(stamp_s, self._latest_s)
        self._latest_s = known if now < known < now + CLOCK_LAG_S else now
        return self._latest_s

    def _answer(self, now: float, stamp_s: float) -> None:
        if not self._needs_odometry:
            self._filter.update_odometry(Odometry(now, self._middle), now)
        verdict = self._filter.evaluate(now)
        self._answered_at = time.monotonic()
        self._commands.publish(command_message(verdict.command, stamp_s))
        source = "pilot" if self._pilot_flies() else "policy"
        message = DiagnosticArray(status=[verdict_status("liquid_nav: safety", verdict, source)])
        message.header.stamp = to_time(now)
        self._diagnostics.publish(message)


def _plain(default: object) -> float | list[float] | None:
    """Return a default as a ROS parameter can hold it, None for what it cannot."""
    if isinstance(default, tuple):
        return [float(value) for value in default]
    return float(default) if isinstance(default, int | float) else None


def main() -> None:
    """Run the node."""
    sys.exit(run(SafetyNode))


if __name__ == "__main__":
    main()
