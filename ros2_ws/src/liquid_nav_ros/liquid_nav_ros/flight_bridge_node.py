"""The bridge to the vehicle: only in the engaged state do commands pass on."""

from __future__ import annotations

import sys
from collections.abc import Callable

from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

from liquid_nav.errors import ConfigError
from liquid_nav.flight.state_machine import ACTIONS, FlightError, FlightState, FlightStateMachine
from liquid_nav.types import VelocityCommand
from liquid_nav_ros.conversions import command_message, command_of, to_seconds
from liquid_nav_ros.qos import LATCHED, RELIABLE
from liquid_nav_ros.runner import now_s, parameter, run

BACKENDS = ("sim",)


class FlightBridgeNode(Node):
    """Takes ``liquid_nav/cmd_vel``; gives ``vehicle/cmd_vel``, which a simulated vehicle flies, and ``vehicle/state``.

    Services ``~/arm``, ``~/takeoff``, ``~/engage``, ``~/hold`` and ``~/land``. The simulated vehicle is in the air from
    the start, so its backend begins in hold, or engaged with ``auto_engage``. A command keeps the stamp of the image
    that caused it; leaving engaged stops the vehicle at once instead of letting it fly its last command.
    """

    def __init__(self) -> None:
        super().__init__("flight_bridge_node")
        backend = parameter(self, "backend", "sim", "which autopilot; only 'sim' exists so far")
        if backend not in BACKENDS:
            raise ConfigError(f"backend is {backend!r}: only {', '.join(BACKENDS)} exists so far, use it")
        engaged = parameter(self, "auto_engage", False, "begin engaged; for simulated flights")
        self._machine = FlightStateMachine(FlightState.ENGAGED if engaged else FlightState.HOLD)
        self._commands = self.create_publisher(TwistStamped, "vehicle/cmd_vel", RELIABLE)
        self._states = self.create_publisher(String, "vehicle/state", LATCHED)
        self.create_subscription(TwistStamped, "liquid_nav/cmd_vel", self._on_command, RELIABLE)
        for action in ACTIONS:
            self.create_service(Trigger, f"~/{action}", self._handler(action))
        self._states.publish(String(data=self._machine.state.value))

    def health(self) -> dict[str, object]:
        """Values for the heartbeat."""
        return {"state": self._machine.state.value}

    def _handler(self, action: str) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def handle(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            try:
                state = self._machine.request(action)
            except FlightError as error:
                response.success, response.message = False, str(error)
                return response
            if state is not FlightState.ENGAGED:
                still = self._machine.command(VelocityCommand())
                self._commands.publish(command_message(still, now_s(self)))
            self._states.publish(String(data=state.value))
            response.success, response.message = True, f"the vehicle is in state {state.value}"
            return response

        return handle

    def _on_command(self, message: TwistStamped) -> None:
        command = self._machine.command(command_of(message))
        self._commands.publish(command_message(command, to_seconds(message.header.stamp)))


def main() -> None:
    """Run the node."""
    sys.exit(run(FlightBridgeNode))


if __name__ == "__main__":
    main()
