"""A gamepad: while its dead man's switch is held, the pilot flies."""

from __future__ import annotations

import sys

from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import Joy

from liquid_nav.types import VelocityCommand
from liquid_nav_ros.conversions import command_message
from liquid_nav_ros.qos import RELIABLE
from liquid_nav_ros.runner import now_s, parameter, run


class TeleopNode(Node):
    """Takes ``joy``; gives ``teleop/cmd_vel`` while the switch is held."""

    def __init__(self) -> None:
        super().__init__("teleop_node")
        self._switch = parameter(self, "switch_button", 4, "button of the dead man's switch", low=0, high=31)
        self._speed = parameter(self, "max_speed_m_s", 1.5, "at full deflection", low=0.1, high=5.0)
        self._yaw = parameter(self, "max_yaw_rate_rad_s", 1.0, "at full deflection", low=0.1, high=3.0)
        self._commands = self.create_publisher(TwistStamped, "teleop/cmd_vel", RELIABLE)
        self.create_subscription(Joy, "joy", self._on_joy, RELIABLE)

    def _on_joy(self, message: Joy) -> None:
        if len(message.buttons) <= self._switch or len(message.axes) < 4 or not message.buttons[self._switch]:
            return
        yaw, up, left, forward = (float(value) for value in message.axes[:4])
        command = VelocityCommand(
            forward * self._speed, left * self._speed, up * 0.5 * self._speed, yaw * self._yaw
        )
        self._commands.publish(command_message(command, now_s(self)))


def main() -> None:
    """Run the node."""
    sys.exit(run(TeleopNode))


if __name__ == "__main__":
    main()
