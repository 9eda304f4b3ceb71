"""A real graph of processes with an operator who watches it, for the benchmarks of flights."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.graph import ROS_PACKAGE, Graph, ros_environment

sys.path.insert(0, str(ROS_PACKAGE))

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from liquid_nav_ros.conversions import command_message, image_message, odometry_message, odometry_of, to_seconds
from liquid_nav_ros.qos import LATCHED, RELIABLE, SENSOR
from nav_msgs.msg import Odometry as OdometryMessage
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import Trigger

from liquid_nav.types import Odometry, VelocityCommand

__all__ = [
    "RELIABLE",
    "SENSOR",
    "Image",
    "Odometry",
    "Operator",
    "String",
    "Trigger",
    "TwistStamped",
    "free_port",
    "image_message",
    "odometry_message",
    "pictures",
    "rclpy",
    "to_seconds",
]
START_S = 60.0
MISSING = 1e9
RETRY_S = 0.5


class Operator:
    """Watches states and verdicts of a graph from a node in this process, and calls its services.

    Times are those of ``time.monotonic``.

    Args:
        graph: whose domain it joins.

    Attributes:
        states: (time, state of the vehicle).
        verdicts: (time, rule, action) of the safety filter.
        notices: (time, text) of the bridge.
        refusals: why the bridge would not arm, as it said last.
        odometry: (time, state).
        wish: asked twenty times a second for what to publish on ``wish_topic``.
    """

    def __init__(self, graph: Graph) -> None:
        environment = ros_environment(graph.domain_id)
        for name in ("ROS_AUTOMATIC_DISCOVERY_RANGE", "FASTDDS_DEFAULT_PROFILES_FILE"):
            os.environ[name] = environment[name]
        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=graph.domain_id)
        self.node = rclpy.create_node("operator", context=self._context)
        self._executor = rclpy.executors.SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.states: list[tuple[float, str]] = []
        self.verdicts: list[tuple[float, str, str]] = []
        self.notices: list[tuple[float, str]] = []
        self.refusals = ""
        self.odometry: list[tuple[float, Odometry]] = []
        self.wish: Callable[[], VelocityCommand | None] = lambda: None
        self._wished_s = 0.0
        self.node.create_subscription(String, "vehicle/state", self._on_state, LATCHED)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, RELIABLE)
        self.node.create_subscription(OdometryMessage, "odom", self._on_odometry, SENSOR)
        self.commands = {
            topic: self.node.create_publisher(TwistStamped, topic, RELIABLE)
            for topic in ("liquid_nav/cmd_vel_raw", "liquid_nav/cmd_vel")
        }
        self.wish_topic = "liquid_nav/cmd_vel_raw"

    @property
    def state(self) -> str:
        """Of the vehicle, empty before it is known."""
        return self.states[-1][1] if self.states else ""

    def until(self, condition: Callable[[], bool], limit_s: float, act: Callable[[], None] | None = None) -> None:
        """Spin until something is so; ``act`` is called twice a second.

        Raises:
            TimeoutError: when it does not come about.
        """
        end_s, acted_s = time.monotonic() + limit_s, 0.0
        while not condition():
            now_s = time.monotonic()
            if now_s > end_s:
                last = self.refusals or (self.notices[-1][1] if self.notices else "nothing was said")
                raise TimeoutError(f"not within {limit_s:.0f} s; the vehicle is in state {self.state!r}: {last}")
            if act is not None and now_s - acted_s > RETRY_S:
                acted_s = now_s
                act()
            self._command(now_s)
            self._executor.spin_once(timeout_sec=0.005)

    def watch(self, duration_s: float) -> None:
        """Spin for a while."""
        end_s = time.monotonic() + duration_s
        self.until(lambda: time.monotonic() >= end_s, MISSING)

    def reach(self, state: str, limit_s: float = START_S, act: Callable[[], None] | None = None) -> None:
        """Spin until the vehicle is in a state."""
        self.until(lambda: self.state == state, limit_s, act)

    def call(self, action: str) -> tuple[bool, str]:
        """Call a service of the bridge; return whether it was done and what it said."""
        client = self.node.create_client(Trigger, f"flight_bridge_node/{action}")
        self.until(client.service_is_ready, START_S)
        future = client.call_async(Trigger.Request())
        self.until(future.done, START_S)
        self.node.destroy_client(client)
        return bool(future.result().success), str(future.result().message)

    def fly_to_engaged(self) -> None:
        """From the ground, holding or engaged to following commands; asks again as long as commands are too old."""
        if self.state not in ("hold", "engaged"):
            self.reach("ready", 120.0)
            self.reach("armed", act=lambda: self._ask("arm", "ready"))
            self.reach("hold", act=lambda: self._ask("takeoff", "armed"))
        self.reach("engaged", act=lambda: self._ask("engage", "hold"))

    def fly_steadily(self, duration_s: float, limit_s: float = 120.0) -> None:
        """Follow commands for a while without a break, which a machine that is busy elsewhere may bring about."""
        end_s = time.monotonic() + limit_s
        while time.monotonic() < end_s:
            self.fly_to_engaged()
            seen = len(self.states)
            self.watch(duration_s)
            if len(self.states) == seen:
                return
        raise TimeoutError(f"not engaged for {duration_s:g} s on end: the machine is too busy")

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    def _ask(self, action: str, state: str) -> None:
        if self.state == state:
            self.call(action)

    def _command(self, now_s: float) -> None:
        command = self.wish()
        if command is not None and now_s - self._wished_s >= 0.05:
            self._wished_s = now_s
            stamp_s = self.node.get_clock().now().nanoseconds * 1e-9
            self.commands[self.wish_topic].publish(command_message(command, stamp_s))

    def _on_state(self, message: Any) -> None:
        self.states.append((time.monotonic(), message.data))

    def _on_odometry(self, message: Any) -> None:
        self.odometry.append((time.monotonic(), odometry_of(message)))

    def _on_diagnostics(self, message: Any) -> None:
        now_s = time.monotonic()
        for status in message.status:
            values = {value.key: value.value for value in status.values}
            if status.name.endswith("/flight_bridge_node"):
                self.refusals = values.get("refusals", "")
            elif status.name == "liquid_nav: safety":
                self.verdicts.append((now_s, values["rule"], values["action"]))
            elif status.name == "liquid_nav: flight":
                self.notices.append((now_s, status.message))


def free_port() -> int:
    """Return a UDP port on loopback that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pictures(folder: Path, count: int = 20, *, same: bool = False) -> None:
    """Write pictures of a red patch before grass with the noise of a sensor, or ``count`` times the same."""
    import numpy as np

    from training.pictures import save_picture

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for index in range(count):
        picture = np.full((240, 424, 3), (70, 110, 60), dtype=np.uint8)
        picture[90:150, 190:235] = (190, 30, 40)
        rng = np.random.default_rng(1) if same else rng
        noisy = np.clip(picture + rng.normal(0.0, 6.0, picture.shape), 0, 255).astype(np.uint8)
        save_picture(noisy, folder / f"{index:03d}.png")
