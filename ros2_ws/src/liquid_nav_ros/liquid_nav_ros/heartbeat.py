"""A sign of life of every node on ``/diagnostics``, with rates and latencies."""

from __future__ import annotations

import time
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from liquid_nav_ros.qos import RELIABLE

PROJECT = "liquid_nav"


def hardware_id(node: Node) -> str:
    """Return whose status a node tells: all vehicles share ``/diagnostics``, and their namespaces tell them apart."""
    return PROJECT + str(node.get_namespace()).rstrip("/")


def is_own(node: Node, status: DiagnosticStatus) -> bool:
    """True for a status of the vehicle that a node belongs to."""
    return bool(status.hardware_id == hardware_id(node))


def is_anothers(node: Node, status: DiagnosticStatus) -> bool:
    """True for a status of another vehicle of this project; foreign packages belong to nobody."""
    return status.hardware_id.partition("/")[0] == PROJECT and not is_own(node, status)


class Heartbeat:
    """Says that a node runs, with the values of its ``health()`` where it has one; a ``problem`` there is a warning.

    Args:
        node: whose full name becomes the name of the status.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._health: Callable[[], dict[str, object]] = getattr(node, "health", dict)
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", RELIABLE)

    def beat(self) -> None:
        """Publish once."""
        health = self._health()
        problem = str(health.get("problem", ""))
        status = DiagnosticStatus(
            level=DiagnosticStatus.WARN if problem else DiagnosticStatus.OK,
            name=self._node.get_fully_qualified_name(),
            message=problem or "running",
            hardware_id=hardware_id(self._node),
            values=[KeyValue(key=key, value=str(value)) for key, value in health.items()],
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)


class Meter:
    """Rate, age and gaps of a stream since they were last taken."""

    def __init__(self) -> None:
        self._since_s = self._last_s = time.monotonic()
        self._ages_s: list[float] = []
        self._gap_s = 0.0

    def add(self, age_s: float) -> None:
        """Count one; ``age_s`` is the time since the capture of the image that caused it."""
        now = time.monotonic()
        self._gap_s = max(self._gap_s, now - self._last_s)
        self._last_s = now
        self._ages_s.append(age_s)

    def take(self) -> dict[str, object]:
        """Return what was counted, and begin again."""
        now = time.monotonic()
        ages, gap_s = self._ages_s, max(self._gap_s, now - self._last_s)
        facts: dict[str, object] = {
            "rate_hz": round(len(ages) / max(now - self._since_s, 1e-3), 1),
            "longest_gap_ms": round(1e3 * gap_s, 1),
        }
        if ages:
            facts |= {"age_ms": round(1e3 * sum(ages) / len(ages), 1), "longest_age_ms": round(1e3 * max(ages), 1)}
        self._since_s, self._ages_s, self._gap_s = now, [], 0.0
        return facts
