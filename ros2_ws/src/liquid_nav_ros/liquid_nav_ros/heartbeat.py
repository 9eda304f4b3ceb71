"""A sign of life of every node on ``/diagnostics``."""

from __future__ import annotations

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from liquid_nav_ros.qos import RELIABLE


class Heartbeat:
    """Says that a node runs, with the values of its ``health()`` where it has one.

    Args:
        node: whose full name becomes the name of the status.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._health: Callable[[], dict[str, object]] = getattr(node, "health", dict)
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", RELIABLE)

    def beat(self) -> None:
        """Publish once."""
        status = DiagnosticStatus(
            level=DiagnosticStatus.OK,
            name=self._node.get_fully_qualified_name(),
            message="running",
            hardware_id="liquid_nav",
            values=[KeyValue(key=key, value=str(value)) for key, value in self._health().items()],
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
