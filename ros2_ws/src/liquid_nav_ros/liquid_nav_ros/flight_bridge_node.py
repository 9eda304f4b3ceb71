"""The bridge to the vehicle: only in the engaged state do commands pass on."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from rclpy.node import Node
from sensor_msgs.msg import BatteryState, NavSatFix, NavSatStatus
from std_msgs.msg import String
from std_srvs.srv import Trigger

from liquid_nav.errors import ConfigError
from liquid_nav.flight.config import SETTINGS, FlightConfig
from liquid_nav.flight.controller import FlightController, SimulatedController
from liquid_nav.flight.mavlink_controller import MavlinkController
from liquid_nav.flight.mavlink_link import MavlinkLink, read_signing_key
from liquid_nav.flight.state_machine import ACTIONS, FlightError, FlightState
from liquid_nav.flight.telemetry import Battery, GpsFix, Telemetry
from liquid_nav.flight.transport import open_transport
from liquid_nav.types import Odometry, VelocityCommand
from liquid_nav_ros.conversions import (
    BODY_FRAME,
    command_message,
    command_of,
    odometry_message,
    to_seconds,
    to_time,
)
from liquid_nav_ros.heartbeat import hardware_id
from liquid_nav_ros.qos import LATCHED, RELIABLE, SENSOR
from liquid_nav_ros.runner import now_s, parameter, run, set_period, wall_timer

BACKENDS = ("sim", "mavlink")
GPS_FRAME = "gps"
FIX_3D = 3


class FlightBridgeNode(Node):
    """Takes ``liquid_nav/cmd_vel``; gives ``vehicle/cmd_vel``, what is flown for it, and ``vehicle/state``.

    Services ``~/arm``, ``~/takeoff``, ``~/engage``, ``~/hold``, ``~/land`` and ``~/disarm``. With ``backend`` ``sim``
    a simulated vehicle flies ``vehicle/cmd_vel``; it is in the air from the start, so the bridge begins in hold, or
    engaged with ``auto_engage``. With ``mavlink`` the bridge flies PX4 or ArduPilot, and gives ``odom``, ``battery``
    and ``gps/fix``. Link, commands and services share one thread on purpose: if it hangs, the set-points end, and the
    autopilot's own failsafe acts.
    """

    def __init__(self) -> None:
        super().__init__("flight_bridge_node")
        backend = parameter(self, "backend", "sim", "which vehicle: sim or mavlink")
        if backend not in BACKENDS:
            raise ConfigError(f"backend is {backend!r}: use {' or '.join(BACKENDS)}")
        engaged = parameter(self, "auto_engage", False, "begin engaged; for simulated flights alone")
        config, self._link = self._config(), self._link_parameters()
        self._vehicle: FlightController
        self._telemetry: MavlinkTopics | None = None
        if backend == "mavlink":
            self._vehicle = controller = self._mavlink(config)
            self._telemetry = MavlinkTopics(self, controller)
            self._timer = wall_timer(self, controller.period_s, self._poll)
        else:
            self._vehicle = SimulatedController(engaged=engaged)
        self._commands = self.create_publisher(TwistStamped, "vehicle/cmd_vel", RELIABLE)
        self._states = self.create_publisher(String, "vehicle/state", LATCHED)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", RELIABLE)
        self.create_subscription(TwistStamped, "liquid_nav/cmd_vel", self._on_command, RELIABLE)
        for action in ACTIONS:
            self.create_service(Trigger, f"~/{action}", self._handler(action))
        self._state: FlightState | None = None
        self._tell()

    def health(self) -> dict[str, object]:
        """Values for the heartbeat."""
        if isinstance(self._vehicle, MavlinkController):
            return self._vehicle.health(time.monotonic())
        return {"state": self._vehicle.state.value}

    def close(self) -> None:
        """Let go of the vehicle; in the air its own failsafe acts."""
        self._vehicle.close()

    def _config(self) -> FlightConfig:
        values = {}
        for item in fields(FlightConfig):
            low, high, text = SETTINGS[item.name]
            values[item.name] = parameter(self, item.name, item.default, text, low=low, high=high)
        return FlightConfig.from_dict(values)

    def _link_parameters(self) -> dict[str, str]:
        descriptions = {
            "url": ("udpin:127.0.0.1:14540", "udpin:HOST:PORT, udpout:HOST:PORT, tcp:HOST:PORT or serial:DEVICE:BAUD"),
            "autopilot": ("auto", "px4, ardupilot, or auto to take what the vehicle says"),
            "signing_key_file": ("", "32 bytes or 64 hexadecimal digits, mode 0600; empty for no MAVLink 2 signing"),
        }
        return {name: parameter(self, name, default, text) for name, (default, text) in descriptions.items()}

    def _mavlink(self, config: FlightConfig) -> MavlinkController:
        key_file = self._link["signing_key_file"]
        key = read_signing_key(Path(key_file).expanduser()) if key_file else None
        link = MavlinkLink(open_transport(self._link["url"]), config.system_id, config.component_id, key)
        return MavlinkController(link, config, self._link["autopilot"])

    def _handler(self, action: str) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def handle(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            try:
                response.message = self._vehicle.request(action, time.monotonic())
                response.success = True
            except FlightError as error:
                response.success, response.message = False, str(error)
                return response
            if isinstance(self._vehicle, SimulatedController) and self._vehicle.state is not FlightState.ENGAGED:
                self._fly(VelocityCommand(), now_s(self), time.monotonic())  # stop at once, not at the next command
            self._tell()
            return response

        return handle

    def _on_command(self, message: TwistStamped) -> None:
        frame = message.header.frame_id
        if frame and frame.rsplit("/", 1)[-1] != BODY_FRAME:
            self.get_logger().error(
                f"a command is in frame {frame!r}: publish it in {BODY_FRAME}", throttle_duration_sec=5.0
            )
            return
        stamp_s = to_seconds(message.header.stamp)
        # Its age is taken once, when it comes: later jumps of the system's clock cannot make it younger.
        made_s = time.monotonic() - (now_s(self) - stamp_s)
        self._fly(command_of(message), stamp_s, made_s)
        self._tell()

    def _fly(self, command: VelocityCommand, stamp_s: float, made_s: float) -> None:
        flown = self._vehicle.take_command(command, made_s, time.monotonic())
        self._commands.publish(command_message(flown, stamp_s))

    def _poll(self) -> None:
        self._vehicle.step(time.monotonic())
        if self._telemetry is not None:
            self._telemetry.publish()
        self._tell()

    def _tell(self) -> None:
        """Publish a new state and what has happened."""
        if isinstance(self._vehicle, MavlinkController):
            set_period(self._timer, self._vehicle.period_s)
        if self._vehicle.state is not self._state:
            self._state = self._vehicle.state
            self._states.publish(String(data=self._state.value))
        for notice in self._vehicle.notices():
            if notice.serious:
                self.get_logger().warning(notice.text)
            else:
                self.get_logger().info(notice.text)
            level = DiagnosticStatus.WARN if notice.serious else DiagnosticStatus.OK
            status = DiagnosticStatus(
                level=level, name="liquid_nav: flight", message=notice.text, hardware_id=hardware_id(self)
            )
            message = DiagnosticArray(status=[status])
            message.header.stamp = self.get_clock().now().to_msg()
            self._diagnostics.publish(message)


class MavlinkTopics:
    """Publishes what is new of an autopilot's telemetry, with stamps on the node's clock.

    Args:
        node: that publishes.
        controller: whose telemetry it is.
    """

    def __init__(self, node: Node, controller: MavlinkController) -> None:
        self._node, self._controller = node, controller
        self._odometry = node.create_publisher(OdometryMessage, "odom", SENSOR)
        self._battery = node.create_publisher(BatteryState, "battery", RELIABLE)
        self._gps = node.create_publisher(NavSatFix, "gps/fix", SENSOR)
        self._seen: tuple[Odometry | None, Battery | None, GpsFix | None] = (None, None, None)

    def publish(self) -> None:
        """Publish what has changed since the last call."""
        telemetry: Telemetry = self._controller.telemetry
        odometry, battery, gps = self._seen
        ahead_s = now_s(self._node) - time.monotonic()  # of the node's clock
        if telemetry.odometry is not None and telemetry.odometry is not odometry:
            message = odometry_message(telemetry.odometry)
            message.header.stamp = to_time(telemetry.odometry.stamp_s + ahead_s)
            self._odometry.publish(message)
        if telemetry.battery is not None and telemetry.battery is not battery:
            self._battery.publish(battery_message(telemetry.battery, telemetry.battery.stamp_s + ahead_s))
        if telemetry.gps is not None and telemetry.gps is not gps:
            self._gps.publish(gps_message(telemetry.gps, telemetry.gps.stamp_s + ahead_s))
        self._seen = (telemetry.odometry, telemetry.battery, telemetry.gps)


def battery_message(battery: Battery, stamp_s: float) -> BatteryState:
    """Return the state of a battery; its charge as a share, a current that flows out negative."""
    message = BatteryState(present=True, power_supply_status=BatteryState.POWER_SUPPLY_STATUS_DISCHARGING)
    message.header.stamp = to_time(stamp_s)
    message.voltage, message.current = battery.voltage_v, -battery.current_a
    message.percentage = battery.remaining_percent / 100.0
    message.charge = message.capacity = message.design_capacity = message.temperature = math.nan
    return message


def gps_message(fix: GpsFix, stamp_s: float) -> NavSatFix:
    """Return a satellite fix; its altitude is above mean sea level, which is what autopilots tell."""
    message = NavSatFix(latitude=fix.latitude_deg, longitude=fix.longitude_deg, altitude=fix.altitude_msl_m)
    message.header.stamp = to_time(stamp_s)
    message.header.frame_id = GPS_FRAME
    fixed = fix.fix_type >= FIX_3D
    message.status.status = NavSatStatus.STATUS_FIX if fixed else NavSatStatus.STATUS_NO_FIX
    message.status.service = NavSatStatus.SERVICE_GPS
    if math.isfinite(fix.horizontal_accuracy_m) and math.isfinite(fix.vertical_accuracy_m):
        across, up = fix.horizontal_accuracy_m**2, fix.vertical_accuracy_m**2
        message.position_covariance = [across, 0.0, 0.0, 0.0, across, 0.0, 0.0, 0.0, up]
        message.position_covariance_type = NavSatFix.COVARIANCE_TYPE_APPROXIMATED
    return message


def main() -> None:
    """Run the node."""
    sys.exit(run(FlightBridgeNode))


if __name__ == "__main__":
    main()
