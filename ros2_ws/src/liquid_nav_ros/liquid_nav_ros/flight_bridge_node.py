"""The bridge to the vehicle: only in the engaged state do commands pass on."""

from __future__ import annotations

import sys
from collections.abc import Callable

from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

from liquid_nav.errors import ConfigError
from liquid_nav.types import VelocityCommand
from liquid_nav_ros.conversions import command_message
from liquid_nav_ros.qos import LATCHED, RELIABLE
from liquid_nav_ros.runner import now_s, parameter, run

BACKENDS = ("sim",)


class FlightBridgeNode(Node):
    """Takes ``liquid_nav/cmd_vel``; gives ``vehicle/cmd_vel`` and ``vehicle/state``.

    Services ``~/arm``, ``~/takeoff``, ``~/engage``, ``~/hold`` and ``~/land``. States: disarmed, armed, hold,
    engaged, landing. The simulated vehicle flies from the start, so its backend begins in hold. Leaving engaged
    stops the vehicle at once instead of letting it fly its last command.
    """

    def __init__(self) -> None:
        super().__init__("flight_bridge_node")
        backend = parameter(self, "backend", "sim", "which autopilot; only 'sim' exists so far")
        if backend not in BACKENDS:
            raise ConfigError(f"backend is {backend!r}: only {', '.join(BACKENDS)} exists so far, use it")
        self._state = "hold"
        self._allowed = {
            "arm": (("disarmed",), "armed"),
            "takeoff": (("armed",), "hold"),
            "engage": (("hold",), "engaged"),
            "hold": (("engaged", "hold"), "hold"),
            "land": (("engaged", "hold"), "landing"),
        }
        self._commands = self.create_publisher(TwistStamped, "vehicle/cmd_vel", RELIABLE)
        self._states = self.create_publisher(String, "vehicle/state", LATCHED)
        self.create_subscription(TwistStamped, "liquid_nav/cmd_vel", self._on_command, RELIABLE)
        for name in self._allowed:
            self.create_service(Trigger, f"~/{name}", self._handler(name))
        self._states.publish(String(data=self._state))

    def health(self) -> dict[str, object]:
        """Values for the heartbeat."""
        return {"state": self._state}

    def _handler(self, name: str) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def handle(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            before, after = self._allowed[name]
            response.success = self._state in before
            if response.success:
                if self._state == "engaged" and after != "engaged":
                    self._commands.publish(command_message(VelocityCommand(), now_s(self)))
                self._state = after
                self._states.publish(String(data=after))
                response.message = f"the vehicle is in state {after}"
            else:
                response.message = f"{name} is refused in state {self._state}: it is possible in {', '.join(before)}"
            return response

        return handle

    def _on_command(self, message: TwistStamped) -> None:
        if self._state == "engaged":
            self._commands.publish(message)


def main() -> None:
    """Run the node."""
    sys.exit(run(FlightBridgeNode))


if __name__ == "__main__":
    main()
