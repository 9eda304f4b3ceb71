"""The safety filter in a process of its own: it hovers when the policy hangs."""

from __future__ import annotations

import sys
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
from liquid_nav_ros.runner import now_s, parameter, run

QUIET_PERIODS = 1.5


class SafetyNode(Node):
    """Takes ``liquid_nav/cmd_vel_raw`` and ``odom``; gives ``liquid_nav/cmd_vel`` and verdicts on ``/diagnostics``.

    Every raw command is answered at once; a timer answers when none comes. An answer carries the stamp of the
    image that caused it.
    """

    def __init__(self) -> None:
        super().__init__("safety_node")
        rate_hz = parameter(self, "rate_hz", 20.0, "rate of the watchdog", low=5.0, high=200.0)
        values = {
            item.name: parameter(self, f"limits.{item.name}", _plain(item.default), "see SafetyConfig")
            for item in fields(SafetyConfig)
            if item.init and _plain(item.default) is not None
        }
        self._needs_odometry = parameter(self, "needs_odometry", True, "False without a vehicle: fences are off")
        config = SafetyConfig.from_dict(values)
        self._filter = SafetyFilter(config)
        self._middle = np.array([*config.geofence_centre_enu_m, 0.5 * (config.floor_m + config.ceiling_m)])
        self._period_s = 1.0 / rate_hz
        self._answered_s = -1.0
        self._stamp_s = 0.0
        self._commands = self.create_publisher(TwistStamped, "liquid_nav/cmd_vel", RELIABLE)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", RELIABLE)
        self.create_subscription(TwistStamped, "liquid_nav/cmd_vel_raw", self._on_command, RELIABLE)
        self.create_subscription(OdometryMessage, "odom", self._on_odometry, SENSOR)
        self.create_timer(self._period_s, self._watch)

    def _on_command(self, message: TwistStamped) -> None:
        now, stamp_s = now_s(self), to_seconds(message.header.stamp)
        now = max(now, stamp_s)  # the simulated clock may arrive after the command
        self._filter.update_command(command_of(message), stamp_s, now)
        self._stamp_s = stamp_s
        self._answer(now, stamp_s)

    def _on_odometry(self, message: OdometryMessage) -> None:
        odometry = odometry_of(message)
        self._filter.update_odometry(odometry, max(now_s(self), odometry.stamp_s))

    def _watch(self) -> None:
        now = now_s(self)
        if now - self._answered_s >= QUIET_PERIODS * self._period_s:
            self._answer(now, self._stamp_s)

    def _answer(self, now: float, stamp_s: float) -> None:
        if not self._needs_odometry:
            self._filter.update_odometry(Odometry(now, self._middle), now)
        verdict = self._filter.evaluate(now)
        self._answered_s = now
        self._commands.publish(command_message(verdict.command, stamp_s))
        message = DiagnosticArray(status=[verdict_status("liquid_nav: safety", verdict)])
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
