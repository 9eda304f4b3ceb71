"""The safety filter in a process of its own: it hovers when the policy hangs."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import BatteryState, CompressedImage, Image, LaserScan, Range

from liquid_nav.errors import ConfigError
from liquid_nav.safety import SafetyConfig, SafetyFilter
from liquid_nav.safety.config import SETTINGS
from liquid_nav.safety.filter import image_digest
from liquid_nav.types import Odometry, SafetyAction
from liquid_nav_ros.conversions import (
    BODY_FRAME,
    command_message,
    command_of,
    odometry_of,
    to_seconds,
    to_time,
    verdict_status,
)
from liquid_nav_ros.heartbeat import Meter, hardware_id
from liquid_nav_ros.qos import LATEST, RELIABLE, SENSOR
from liquid_nav_ros.runner import now_s, parameter, run, set_period, topic_name, wall_timer

QUIET_PERIODS = 1.5
REPEAT_S = 0.2  # between equal answers to silence
SETTLED_S = 0.25  # between looks while only a new command can change the answer
CLOCK_LAG_S = 0.2
LIMITS = "limits."
STAMP_BYTES = 12  # of a serialized message: the encapsulation and the stamp, which differ in equal images
UNSET = 0.0


class SafetyNode(Node):
    """Takes ``liquid_nav/cmd_vel_raw``, ``teleop/cmd_vel``, ``odom``, ``battery``, the camera's images, ``scan`` or
    ``range``, and the odometry of other drones; gives ``liquid_nav/cmd_vel`` and verdicts on ``/diagnostics``.

    Every command is answered at once; a timer answers when none comes, by wall time, so that a clock that is set
    back cannot silence it. An answer to the policy carries the stamp of the image that caused it, one to the pilot
    the time; a vehicle refuses stamps that run backward, so an image taken before the pilot's last command moves no
    stamp. While the pilot commands, the policy's wishes are not flown; the pilot's pass through the same filter. The
    parameters ``limits.*`` may change in flight; what is out of range is refused with the reason.
    """

    def __init__(self) -> None:
        super().__init__("safety_node")
        rate_hz = parameter(self, "rate_hz", 20.0, "rate of the watchdog", low=5.0, high=200.0)
        self._limits = Limits(self)
        self._pilot_timeout_s = parameter(
            self, "pilot_timeout_s", 0.3, "silence after which the pilot gives the policy back", low=0.1, high=2.0
        )
        self._needs_odometry = parameter(self, "needs_odometry", True, "False without a vehicle: fences are off")
        config = self._limits.config
        self._filter = SafetyFilter(config)
        self._middle = np.array([*config.geofence_centre_enu_m, 0.5 * (config.floor_m + config.ceiling_m)])
        self._period_s = 1.0 / rate_hz
        self._answered_at = self._pilot_at = float("-inf")  # wall time
        self._latest_s = 0.0
        self._stamp_s = 0.0
        self._pilot_s = float("-inf")  # on the node's clock
        self._told: tuple[object, ...] = ()
        self._told_at = float("-inf")
        self._meter = Meter()
        self._commands = self.create_publisher(TwistStamped, "liquid_nav/cmd_vel", RELIABLE)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", RELIABLE)
        self.create_subscription(TwistStamped, "liquid_nav/cmd_vel_raw", self._on_command, RELIABLE)
        self.create_subscription(TwistStamped, "teleop/cmd_vel", self._on_pilot, RELIABLE)
        self.create_subscription(OdometryMessage, "odom", self._on_odometry, SENSOR)
        self.create_subscription(BatteryState, "battery", self._on_battery, RELIABLE)
        self._watch_camera()
        self._watch_surroundings()
        self.add_on_set_parameters_callback(self._on_limits)
        self._watchdog = wall_timer(self, self._period_s, self._watch)

    def health(self) -> dict[str, object]:
        """Values for the heartbeat."""
        return self._meter.take()

    def _watch_camera(self) -> None:
        """Look at the images as bytes: enough to see whether one repeats itself, and cheap."""
        transport = parameter(
            self, "image_transport", "raw", "whose images are watched for a frozen camera: raw, compressed, none"
        )
        topics = {"raw": (Image, "camera/image_raw"), "compressed": (CompressedImage, "camera/image/compressed")}
        if transport not in (*topics, "none"):
            raise ConfigError(f"image_transport is {transport!r}: use raw, compressed or none")
        if transport != "none":
            self.create_subscription(*topics[transport], self._on_image, LATEST, raw=True)

    def _watch_surroundings(self) -> None:
        """Subscribe to the range sensor that is there, and to the drones that fly near."""
        self._range_bearing_rad = parameter(
            self, "range_bearing_rad", 0.0, "where the sensor of range looks; left is positive", low=-3.2, high=3.2
        )
        self.create_subscription(LaserScan, "scan", self._on_scan, SENSOR)
        self.create_subscription(Range, "range", self._on_range, SENSOR)
        others = parameter(self, "neighbours", [""], "topics of the odometry of other drones, in the same odom frame")
        for topic in filter(None, others):
            full = topic_name(self, "neighbours", topic)
            self.create_subscription(OdometryMessage, full, self._on_neighbour(topic), SENSOR)

    def _on_command(self, message: TwistStamped) -> None:
        stamp_s = to_seconds(message.header.stamp)
        now = self._now(stamp_s)
        if self._pilot_flies() or stamp_s < self._pilot_s <= now:
            self._stamp_s = max(self._stamp_s, stamp_s)
        else:
            self._judge(message, stamp_s, now)
            self._stamp_s = stamp_s
        self._answer(now, self._stamp_s)

    def _on_pilot(self, message: TwistStamped) -> None:
        now = self._now()
        self._pilot_at = time.monotonic()
        self._judge(message, to_seconds(message.header.stamp), now)
        self._stamp_s = self._pilot_s = now
        self._answer(now, now)

    def _judge(self, message: TwistStamped, stamp_s: float, now: float) -> None:
        frame = message.header.frame_id
        if frame and frame.rsplit("/", 1)[-1] != BODY_FRAME:
            self._filter.refuse_command(f"the command is in frame {frame!r}, not in {BODY_FRAME}", now)
        else:
            self._filter.update_command(command_of(message), stamp_s, now)

    def _on_odometry(self, message: OdometryMessage) -> None:
        odometry = odometry_of(message)
        self._filter.update_odometry(odometry, self._now(odometry.stamp_s))

    def _on_battery(self, message: BatteryState) -> None:
        self._filter.update_battery(100.0 * message.percentage)

    def _on_image(self, data: bytes) -> None:
        self._filter.update_image(image_digest(memoryview(data)[STAMP_BYTES:]), self._now())

    def _on_scan(self, message: LaserScan) -> None:
        bearings = message.angle_min + message.angle_increment * np.arange(len(message.ranges))
        stamp_s = to_seconds(message.header.stamp)
        ranges = [value if value <= message.range_max else math.inf for value in message.ranges]
        self._filter.update_ranges(bearings.tolist(), ranges, stamp_s, self._now(stamp_s))

    def _on_range(self, message: Range) -> None:
        half = 0.5 * message.field_of_view
        bearings = [self._range_bearing_rad + share * half for share in (-1.0, -0.5, 0.0, 0.5, 1.0)]
        distance = message.range if message.range <= message.max_range else math.inf
        stamp_s = to_seconds(message.header.stamp)
        self._filter.update_ranges(bearings, [distance] * len(bearings), stamp_s, self._now(stamp_s))

    def _on_neighbour(self, topic: str) -> Callable[[OdometryMessage], None]:
        def take(message: OdometryMessage) -> None:
            odometry = odometry_of(message)
            self._filter.update_neighbour(topic, odometry, self._now(odometry.stamp_s))

        return take

    def _on_limits(self, changes: list[Parameter]) -> SetParametersResult:
        try:
            self._filter.reconfigure(self._limits.with_changes(changes))
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _watch(self) -> None:
        now = self._now()
        if now > 0.0 and time.monotonic() - self._answered_at >= QUIET_PERIODS * self._period_s:
            self._answer(now, self._stamp_s, repeat_s=REPEAT_S)  # a simulated clock at zero has not started

    def _pilot_flies(self) -> bool:
        return time.monotonic() - self._pilot_at < self._pilot_timeout_s

    def _now(self, stamp_s: float = 0.0) -> float:
        """Return the time; a simulated clock may arrive a little after the messages it stamps."""
        now = now_s(self)
        known = max(stamp_s, self._latest_s)
        self._latest_s = known if now < known < now + CLOCK_LAG_S else now
        return self._latest_s

    def _answer(self, now: float, stamp_s: float, repeat_s: float = 0.0) -> None:
        """Judge and publish, but what was told less than ``repeat_s`` ago not again."""
        if not self._needs_odometry:
            self._filter.update_odometry(Odometry(now, self._middle), now)
        verdict = self._filter.evaluate(now)
        self._answered_at = wall_s = time.monotonic()
        told = (verdict.command, verdict.rule, verdict.action, stamp_s)
        final = verdict.rule == "waiting" or verdict.action is SafetyAction.LAND
        set_period(self._watchdog, SETTLED_S if final and told == self._told else self._period_s)
        if told == self._told and wall_s - self._told_at < repeat_s:
            return
        self._told, self._told_at = told, wall_s
        self._meter.add(now - stamp_s)
        self._commands.publish(command_message(verdict.command, stamp_s))
        source = "pilot" if self._pilot_flies() else "policy"
        message = DiagnosticArray(status=[verdict_status("liquid_nav: safety", verdict, source, hardware_id(self))])
        message.header.stamp = to_time(now)
        self._diagnostics.publish(message)


class Limits:
    """The parameters ``limits.*`` of a node as a configuration.

    ROS has no empty values: a half size or radius of 0 and a polygon without corners mean that there is none.

    Args:
        node: that declares them.

    Raises:
        ConfigError: for values that do not go together.
    """

    def __init__(self, node: Node) -> None:
        self._values: dict[str, Any] = {}
        for item in fields(SafetyConfig):
            if item.init:
                declare = _declare_number if item.name in SETTINGS else _declare_places
                self._values[item.name] = declare(node, item.name, item.default)
        self.config = self._read()

    def with_changes(self, changes: list[Parameter]) -> SafetyConfig:
        """Take changed parameters; without effect when they are refused.

        Raises:
            ConfigError: for values out of range or that do not go together.
        """
        before = dict(self._values)
        self._values |= {
            change.name.removeprefix(LIMITS): change.value for change in changes if change.name.startswith(LIMITS)
        }
        try:
            self.config = self._read()
        except ConfigError:
            self._values = before
            raise
        return self.config

    def _read(self) -> SafetyConfig:
        values = dict(self._values)
        for name in ("geofence_half_size_m", "geofence_radius_m"):
            values[name] = values[name] or None
        places = list(values["geofence_polygon_enu_m"] or ())
        if len(places) % 2:
            raise ConfigError(f"geofence_polygon_enu_m has {len(places)} numbers: give east and north of each corner")
        values["geofence_polygon_enu_m"] = list(zip(places[::2], places[1::2], strict=True)) or None
        values["geofence_centre_enu_m"] = list(values["geofence_centre_enu_m"])
        return SafetyConfig.from_dict(values)


def _declare_number(node: Node, name: str, default: float | None) -> float:
    low, high, text = SETTINGS[name]
    if name in ("geofence_half_size_m", "geofence_radius_m"):
        low, text = UNSET, f"{text}; 0 for none"
    descriptor = ParameterDescriptor(
        description=text, floating_point_range=[FloatingPointRange(from_value=low, to_value=high)]
    )
    return float(node.declare_parameter(LIMITS + name, default or UNSET, descriptor).value)


def _declare_places(node: Node, name: str, default: tuple[float, float] | None) -> Any:
    if default is None:
        text = "corners of a fence of any shape: east, north, east, north, ... in metres"
        return node.declare_parameter(
            LIMITS + name, Parameter.Type.DOUBLE_ARRAY, ParameterDescriptor(description=text)
        ).value
    text = "east and north of the middle of a square or round fence"
    return node.declare_parameter(LIMITS + name, list(default), ParameterDescriptor(description=text)).value


def main() -> None:
    """Run the node."""
    sys.exit(run(SafetyNode))


if __name__ == "__main__":
    main()
