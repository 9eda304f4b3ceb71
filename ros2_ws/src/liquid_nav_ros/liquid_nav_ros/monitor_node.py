"""What happens in the graph as JSON lines on standard output, for whoever started it."""

from __future__ import annotations

import json
import sys
import time

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String

from liquid_nav_ros.heartbeat import is_own
from liquid_nav_ros.qos import RELIABLE, SENSOR
from liquid_nav_ros.runner import parameter, run, wall_timer


class MonitorNode(Node):
    """Prints one line per period: the last status, the acting safety rule, counts of images and commands."""

    def __init__(self) -> None:
        super().__init__("monitor_node")
        period_s = parameter(self, "period_s", 0.25, "between lines", low=0.02, high=10.0)
        self._status: dict[str, object] = {}
        self._rule = "none"
        self._action = "pass"
        self._images = self._commands = 0
        self._printed_done = False
        self.create_subscription(String, "sim/status", self._on_status, RELIABLE)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, RELIABLE)
        self.create_subscription(CompressedImage, "camera/image/compressed", self._on_image, SENSOR)
        self.create_subscription(TwistStamped, "liquid_nav/cmd_vel", self._on_command, RELIABLE)
        wall_timer(self, period_s, self._print)

    def _on_status(self, message: String) -> None:
        self._status = json.loads(message.data)
        if self._status.get("done") and not self._printed_done:
            self._printed_done = True
            self._print()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if is_own(self, status) and status.name == "liquid_nav: safety":
                values = {value.key: value.value for value in status.values}
                self._rule, self._action = values.get("rule", "none"), values.get("action", "pass")

    def _on_image(self, message: CompressedImage) -> None:
        self._images += 1

    def _on_command(self, message: TwistStamped) -> None:
        self._commands += 1

    def _print(self) -> None:
        line = {
            "status": self._status,
            "rule": self._rule,
            "action": self._action,
            "images": self._images,
            "commands": self._commands,
            "wall_s": round(time.monotonic(), 3),
        }
        print(json.dumps(line), flush=True)


def main() -> None:
    """Run the node."""
    sys.exit(run(MonitorNode))


if __name__ == "__main__":
    main()
