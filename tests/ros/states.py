"""An ear on the graph for the state of the flight."""

from __future__ import annotations

import os
import sys
import time

import rclpy

from training.graph import ROS_PACKAGE, ros_environment

sys.path.insert(0, str(ROS_PACKAGE))

from liquid_nav_ros.qos import LATCHED
from std_msgs.msg import String


class States:
    """The states of the flight with the times at which they came."""

    def __init__(self, domain_id: int) -> None:
        environment = ros_environment(domain_id)
        for name in ("ROS_AUTOMATIC_DISCOVERY_RANGE", "FASTDDS_DEFAULT_PROFILES_FILE"):
            os.environ[name] = environment[name]
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.node = rclpy.create_node("tester", context=self.context)
        self.executor = rclpy.executors.SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.now = ""
        self.node.create_subscription(String, "vehicle/state", self._on_state, LATCHED)

    def _on_state(self, message: String) -> None:
        self.now = message.data

    def wait_for(self, state: str, limit_s: float) -> float:
        """Return after how many seconds a state has come."""
        start_s = time.monotonic()
        while self.now != state:
            assert time.monotonic() - start_s < limit_s, f"the state is {self.now} after {limit_s} s, not {state}"
            self.executor.spin_once(timeout_sec=0.01)
        return time.monotonic() - start_s

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)
