"""A pilot with a gamepad or at a terminal: while the switch or a key is held, the pilot flies."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from typing import Any

from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import Joy
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from liquid_nav.cockpit.keys import KeyStick
from liquid_nav.errors import ConfigError
from liquid_nav.types import VelocityCommand
from liquid_nav_ros.conversions import command_message
from liquid_nav_ros.qos import RELIABLE
from liquid_nav_ros.runner import now_s, parameter, run, wall_timer

VERTICAL_SHARE = 0.5  # of the speed, at full deflection
PERIOD_S = 0.05
WATCH_S = 0.03
GONE_S, TAKE_S = 0.2, 0.15  # together the longest silence of a cockpit that is there
# As joy's game_controller_node numbers them; the order of joy_node depends on the manufacturer.
AXES = {"axis_forward": 3, "axis_left": 2, "axis_up": 1, "axis_yaw": 0}
LEFT_SHOULDER = 9
AT_REST = 0.1  # of full deflection
ORDERS = {" ": "hold", "g": "engage", "l": "land"}
HELP = "w s forward back, a d left right, q e turn, r f up down, capitals faster; space hold, g engage, l land\n"


class TeleopNode(Node):
    """Takes ``joy`` and, with ``terminal``, keys; gives ``teleop/cmd_vel`` while the switch or a key is held.

    A gamepad takes over once its sticks have been seen at rest with the switch held: an axis that is no stick, such as
    a trigger, may read full deflection when nobody touches it.

    It also watches ``cockpit/presence``: when the cockpit dies while one of its pages has the controls, the vehicle
    stands still at once and is told to hold. The cockpit itself does so when only the page is lost.
    """

    def __init__(self) -> None:
        super().__init__("teleop_node")
        self._switch = parameter(
            self, "switch_button", LEFT_SHOULDER, "button of the dead man's switch", low=0, high=31
        )
        self._axes = self._declare_axes()
        self._device = (0, 0)  # axes and buttons
        self._trusted, self._problem = False, ""
        self._speed = parameter(self, "max_speed_m_s", 1.5, "at full deflection", low=0.1, high=5.0)
        self._yaw = parameter(self, "max_yaw_rate_rad_s", 1.0, "at full deflection", low=0.1, high=3.0)
        self._commands = self.create_publisher(TwistStamped, "teleop/cmd_vel", RELIABLE)
        self.create_subscription(Joy, "joy", self._on_joy, RELIABLE)
        self._bridge = {
            name: self.create_client(Trigger, f"flight_bridge_node/{name}") for name in ORDERS.values()
        }
        self._present_at, self._silent_at = 0.0, float("inf")
        self._watch = wall_timer(self, WATCH_S, self._watch_cockpit)  # runs while a page has the controls
        self._watch.cancel()
        self.create_subscription(Bool, "cockpit/presence", self._on_presence, RELIABLE)
        self._terminal: Terminal | None = None
        if parameter(self, "terminal", False, "fly with the keys of this terminal too"):
            self._terminal = Terminal()
            self._stick = KeyStick()
            print(HELP, end="", flush=True)
            wall_timer(self, PERIOD_S, self._on_keys)

    def close(self) -> None:
        """Give the terminal back as it was."""
        if self._terminal is not None:
            self._terminal.restore()

    def health(self) -> dict[str, object]:
        """Values for the heartbeat."""
        return {"problem": self._problem}

    def _declare_axes(self) -> dict[str, int]:
        axes = {
            name: parameter(self, name, index, "of joy; forward, left, up and a left turn are positive", low=0, high=31)
            for name, index in AXES.items()
        }
        if len(set(axes.values())) < len(axes):
            raise ConfigError(
                f"{', '.join(f'{name} is {index}' for name, index in axes.items())}: give each an axis of its own"
            )
        return axes

    def _on_joy(self, message: Joy) -> None:
        device = len(message.axes), len(message.buttons)
        if device != self._device:
            self._device, self._trusted, self._problem = device, False, ""
        if max(self._axes.values()) >= device[0] or self._switch >= device[1]:
            self._doubt(
                f"joy has {device[0]} axes and {device[1]} buttons, too few for "
                f"{', '.join(f'{name} {index}' for name, index in self._axes.items())}, "
                f"switch_button {self._switch}: start joy's game_controller_node or set these parameters"
            )
            return
        if not message.buttons[self._switch]:
            return
        deflection = {name: float(message.axes[index]) for name, index in self._axes.items()}
        if not self._trusted and (away := [name for name, value in deflection.items() if not abs(value) <= AT_REST]):
            self._doubt(
                f"the gamepad does not take over before {away[0]} (axis {self._axes[away[0]]} of joy) is at rest: "
                "let go of the sticks with the switch held; where that does not help, start joy's "
                "game_controller_node or set the parameter"
            )
            return
        self._trusted, self._problem = True, ""
        self._fly(*deflection.values())

    def _doubt(self, problem: str) -> None:
        """Say once of each device why it does not fly."""
        if not self._problem:
            self._problem = problem
            self.get_logger().error(problem, throttle_duration_sec=1.0)

    def _on_presence(self, message: Bool) -> None:
        self._present_at = time.monotonic()
        if not message.data:
            self._watch.cancel()
        elif self._watch.is_canceled():
            self._watch.reset()

    def _watch_cockpit(self) -> None:
        now = time.monotonic()
        if now - self._present_at < GONE_S:
            self._silent_at = float("inf")
            return
        self._silent_at = min(self._silent_at, now)
        if now - self._silent_at < TAKE_S:  # a node that was held up looks before it takes what has come meanwhile
            return
        self.get_logger().error("the cockpit is gone while a page had the controls: hold", throttle_duration_sec=1.0)
        self._fly(0.0, 0.0, 0.0, 0.0)  # outranks the policy until the bridge holds
        self._order("hold")

    def _on_keys(self) -> None:
        assert self._terminal is not None
        now = time.monotonic()
        for key in self._terminal.read():
            if key in ORDERS:
                self._stick.let_go()
                self._order(ORDERS[key])
            else:
                self._stick.press(key, now)
        deflection = self._stick.read(now)
        if deflection is not None:
            self._fly(*deflection)

    def _fly(self, forward: float, left: float, up: float, yaw: float) -> None:
        speed = self._speed
        command = VelocityCommand(forward * speed, left * speed, up * VERTICAL_SHARE * speed, yaw * self._yaw)
        self._commands.publish(command_message(command, now_s(self)))

    def _order(self, name: str) -> None:
        client = self._bridge[name]
        if not client.service_is_ready():
            print(f"{name}: the flight bridge is not there", flush=True)
            return
        client.call_async(Trigger.Request()).add_done_callback(lambda future: self._on_answer(name, future))

    def _on_answer(self, name: str, future: Any) -> None:
        failed = future.exception()
        print(f"{name}: {failed if failed is not None else future.result().message}", flush=True)
        if name == "hold" and failed is None and future.result().success:
            self._watch.cancel()


class Terminal:
    """Single keys from standard input.

    Raises:
        ConfigError: when it is no terminal.
    """

    def __init__(self) -> None:
        if not sys.stdin.isatty():
            raise ConfigError("parameter terminal is true but standard input is no terminal: start the node in one")
        self._number = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._number)
        tty.setcbreak(self._number)

    def read(self) -> str:
        """Return the keys pressed since the last call; never waits."""
        keys = ""
        while select.select([self._number], [], [], 0.0)[0]:
            data = os.read(self._number, 64)
            if not data:
                break
            keys += data.decode(errors="ignore")
        return keys

    def restore(self) -> None:
        """Make it an ordinary terminal again."""
        termios.tcsetattr(self._number, termios.TCSADRAIN, self._before)


def main() -> None:
    """Run the node."""
    sys.exit(run(TeleopNode))


if __name__ == "__main__":
    main()
