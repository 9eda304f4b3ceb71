"""The cockpit as a node: a web page to watch and fly from."""

from __future__ import annotations

import asyncio
import math
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped, TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from rcl_interfaces.srv import GetParameters
from rclpy.node import Node
from sensor_msgs.msg import BatteryState, CompressedImage, Image
from std_msgs.msg import Float32MultiArray, String

from liquid_nav.cockpit.background import BackgroundCockpit
from liquid_nav.cockpit.board import Board
from liquid_nav.cockpit.config import CockpitConfig
from liquid_nav.cockpit.judge import wiring
from liquid_nav.cockpit.server import Cockpit
from liquid_nav.cockpit.status import read_status
from liquid_nav.safety import SafetyConfig
from liquid_nav_ros.cockpit_link import GraphVehicle
from liquid_nav_ros.conversions import odometry_of, to_seconds
from liquid_nav_ros.heartbeat import is_own
from liquid_nav_ros.qos import LATCHED, LATEST, RELIABLE, SENSOR
from liquid_nav_ros.runner import parameter, run, wall_timer

COMMANDS = {
    "policy": "liquid_nav/cmd_vel_raw",
    "pilot": "teleop/cmd_vel",
    "safe": "liquid_nav/cmd_vel",
    "flown": "vehicle/cmd_vel",
}
FENCE = ("geofence_half_size_m", "geofence_radius_m", "geofence_centre_enu_m", "geofence_polygon_enu_m")
ASK_S = 2.0


class CockpitNode(Node):
    """Takes camera, commands, state and diagnostics; gives ``teleop/cmd_vel`` and ``recorder_node/note``.

    The page is served by a thread of its own, so that it answers whatever the graph does. What comes from the graph
    goes to that thread; what the pilot wants is published from there.
    """

    def __init__(self) -> None:
        super().__init__("cockpit_node")
        config, address_file = self._config()
        self._board = Board()
        self._problems: dict[str, str] = {}  # by node
        self._vehicle = GraphVehicle(self)
        self._cockpit: Cockpit | None = None
        self._server = BackgroundCockpit(lambda loop: self._make(config, loop))
        if address_file:
            _write_secret(Path(address_file), self._server.address)
        else:
            print(f"cockpit: {self._server.address}", flush=True)
        self._fence_client = self.create_client(GetParameters, "safety_node/get_parameters")
        self._listen()
        wall_timer(self, ASK_S, self._ask_for_the_fence)
        threading.Thread(target=self._draw_wiring, args=(config.policy,), daemon=True).start()

    def health(self) -> dict[str, object]:
        """Values for the heartbeat; the address without its token."""
        return {"address": self._server.address.partition("?")[0]}

    def close(self) -> None:
        """End the server; the node that watches the cockpit holds the vehicle if a page had the controls."""
        self._vehicle.fall_silent()
        self._server.close()

    def _config(self) -> tuple[CockpitConfig, str]:
        default = CockpitConfig()
        episodes = parameter(self, "episodes", "", "folder of the recordings; empty for no list of episodes")
        policy = parameter(self, "policy", "", "folder of the policy whose wiring is drawn; empty for the shipped one")
        config = CockpitConfig(
            host=parameter(self, "host", default.host, "127.0.0.1, or 0.0.0.0 for everyone on the network"),
            port=parameter(self, "port", default.port, "of the page, 0 for a free one", low=0, high=65535),
            look=parameter(self, "look", default.look, "those without the token may look"),
            loss_s=parameter(self, "loss_s", default.loss_s, "silence of the page before hold", low=0.1, high=0.4),
            max_speed_m_s=parameter(
                self, "max_speed_m_s", default.max_speed_m_s, "of the pilot at full deflection", low=0.1, high=5.0
            ),
            max_yaw_rate_rad_s=parameter(
                self, "max_yaw_rate_rad_s", default.max_yaw_rate_rad_s, "at full deflection", low=0.1, high=3.0
            ),
            episodes=Path(episodes).expanduser() if episodes else None,
            policy=Path(policy).expanduser() if policy else None,
        )
        address_file = parameter(
            self, "address_file", "", "takes the address with its token, mode 0600; empty to print it"
        )
        return config, address_file

    def _make(self, config: CockpitConfig, loop: asyncio.AbstractEventLoop) -> Cockpit:
        self._vehicle.loop = loop
        self._cockpit = Cockpit(config, self._vehicle, self._board)
        return self._cockpit

    def _listen(self) -> None:
        for source, topic in COMMANDS.items():
            self.create_subscription(TwistStamped, topic, self._on_command(source), RELIABLE)
        self.create_subscription(CompressedImage, "camera/image/compressed", self._on_image, SENSOR)
        self.create_subscription(Image, "liquid_nav/attention", self._on_attention, LATEST)
        self.create_subscription(Float32MultiArray, "liquid_nav/neurons", self._on_neurons, LATEST)
        self.create_subscription(OdometryMessage, "odom", self._on_odometry, SENSOR)
        self.create_subscription(PoseStamped, "target/pose", self._on_target, SENSOR)
        self.create_subscription(BatteryState, "battery", self._on_battery, RELIABLE)
        self.create_subscription(String, "vehicle/state", self._on_state, LATCHED)
        self.create_subscription(String, "sim/status", self._on_json("sim"), RELIABLE)
        self.create_subscription(String, "recorder_node/status", self._on_json("recording"), LATCHED)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, RELIABLE)

    def _on_command(self, source: str) -> Any:
        def on_command(message: TwistStamped) -> None:
            linear = message.twist.linear
            values = _numbers([linear.x, linear.y, linear.z, message.twist.angular.z])
            self._server.post(self._board.set_command, source, values)

        return on_command

    def _on_image(self, message: CompressedImage) -> None:
        self._server.post(self._show_image, bytes(message.data), to_seconds(message.header.stamp))

    def _show_image(self, jpeg: bytes, stamp_s: float) -> None:
        self._board.set_image(jpeg, stamp_s)
        if self._cockpit is not None:
            self._cockpit.wake()

    def _on_attention(self, message: Image) -> None:
        cells = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.step)
        cells = cells[:, : message.width]
        if message.height <= 255 and message.width <= 255:
            stamp_s = to_seconds(message.header.stamp)
            self._server.post(
                self._board.set_attention, cells.tobytes(), message.height, message.width, stamp_s
            )

    def _on_neurons(self, message: Float32MultiArray) -> None:
        self._set("neurons", _numbers(message.data))

    def _on_odometry(self, message: OdometryMessage) -> None:
        odometry = odometry_of(message)
        x, y, z, w = odometry.attitude_xyzw.tolist()
        yaw_rad = math.atan2(2.0 * (w * z + x * y), w * w + x * x - y * y - z * z)
        position, velocity = odometry.position_enu_m.tolist(), odometry.velocity_enu_m_s.tolist()
        self._server.post(self._board.set_vehicle, position, velocity, yaw_rad)

    def _on_target(self, message: PoseStamped) -> None:
        place = message.pose.position
        self._set("target", _numbers([place.x, place.y, place.z]))

    def _on_battery(self, message: BatteryState) -> None:
        share, voltage = _numbers([message.percentage, message.voltage])
        self._set("battery", {"percent": None if share is None else 100.0 * share, "voltage": voltage})

    def _on_state(self, message: String) -> None:
        self._set("flight_state", message.data)

    def _on_json(self, name: str) -> Any:
        def on_text(message: String) -> None:
            values = read_status(message.data)
            if values is not None:
                self._set(name, values)
            else:
                self.get_logger().error(f"the status of {name} is no JSON object", throttle_duration_sec=5.0)

        return on_text

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if not is_own(self, status):
                continue
            values = {item.key: item.value for item in status.values}
            if status.name == "liquid_nav: safety":
                self._set("verdict", values)
            elif status.name == "liquid_nav: flight":
                level = "warn" if status.level != DiagnosticStatus.OK else "info"
                self._server.post(self._board.tell, status.message, level)
            elif status.name.startswith("/"):  # the full name of a node: its heartbeat
                self._on_heartbeat(status.name.rsplit("/", 1)[-1], values)

    def _on_heartbeat(self, name: str, values: dict[str, str]) -> None:
        self._server.post(self._board.hear_node, name)
        problem = values.get("problem", "")
        if problem and problem != self._problems.get(name):
            self._server.post(self._board.tell, f"{name}: {problem}", "warn")
        self._problems[name] = problem
        if name == "flight_bridge_node":
            self._set("link", values)
        elif name == "policy_node":
            self._set("policy", values)

    def _set(self, name: str, value: Any) -> None:
        self._server.post(self._board.set, name, value)

    def _ask_for_the_fence(self) -> None:
        """Ask the safety node again and again: its limits may change in flight."""
        if self._fence_client.service_is_ready():
            request = GetParameters.Request(names=[f"limits.{name}" for name in FENCE])
            self._fence_client.call_async(request).add_done_callback(self._on_fence)

    def _on_fence(self, future: Any) -> None:
        if future.exception() is None and len(future.result().values) == len(FENCE):
            half, radius, centre, polygon = future.result().values
            places = list(centre.double_array_value), list(polygon.double_array_value)
            corners = _fence_corners(half.double_value, radius.double_value, *places)
            self._server.post(self._board.set_fact, "fence", corners)

    def _draw_wiring(self, folder: Path | None) -> None:
        facts = wiring(folder)
        if facts is None:
            self._server.post(self._board.tell, "the wiring of this policy cannot be drawn", "warn")
        else:
            self._server.post(self._board.set_fact, "wiring", facts)


def _numbers(values: Any) -> list[float | None]:
    """Return numbers for JSON, which knows no NaN."""
    return [round(float(value), 4) if math.isfinite(value) else None for value in values]


def _fence_corners(
    half_m: float, radius_m: float, centre: list[float], polygon: list[float]
) -> list[tuple[float, float]]:
    """Return the corners of the fence, east and north in metres, none without one."""
    corners = list(zip(polygon[::2], polygon[1::2], strict=False))
    config = SafetyConfig(
        geofence_half_size_m=half_m or None,
        geofence_radius_m=radius_m or None,
        geofence_centre_enu_m=(centre[0], centre[1]) if len(centre) == 2 else (0.0, 0.0),
        geofence_polygon_enu_m=tuple(corners) or None,
    )
    return [(round(east, 2), round(north, 2)) for east, north in config.fence_enu_m]


def _write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_text(text + "\n")
    part.replace(path)


def main() -> None:
    """Run the node."""
    sys.exit(run(CockpitNode))


if __name__ == "__main__":
    main()
