"""The graph as the cockpit commands it: services, the pilot's commands and notes."""

from __future__ import annotations

import asyncio
from typing import Any

from geometry_msgs.msg import TwistStamped
from rclpy.client import Client
from rclpy.node import Node
from std_msgs.msg import Bool, String
from std_srvs.srv import Trigger

from liquid_nav.cockpit.vehicle import FLIGHT_ORDERS, WORLD_ORDERS, Answer
from liquid_nav.types import VelocityCommand
from liquid_nav_ros.conversions import command_message
from liquid_nav_ros.qos import RELIABLE
from liquid_nav_ros.runner import now_s

SERVICES = {
    **{name: f"flight_bridge_node/{name}" for name in FLIGHT_ORDERS},
    "record": "recorder_node/start",
    "stop": "recorder_node/stop",
    "discard": "recorder_node/discard",
    "reset": "sim_node/reset",
    "next": "sim_node/next",
}
PATIENCE_S = 5.0
DISCOVERY_S, DISCOVERY_POLL_S = 2.0, 0.05  # a graph that has just started is still finding its services
WORLD_PATIENCE_S = 30.0  # a world is built


class GraphVehicle:
    """Calls the services of the graph; publishers and clients may be used from the server's thread.

    Args:
        node: that owns publishers and clients.

    Attributes:
        loop: of the server's thread; set before the first order.
    """

    loop: asyncio.AbstractEventLoop

    def __init__(self, node: Node) -> None:
        self._node = node
        self._commands = node.create_publisher(TwistStamped, "teleop/cmd_vel", RELIABLE)
        self._presence = node.create_publisher(Bool, "cockpit/presence", RELIABLE)
        self._ending = False
        self._notes = node.create_publisher(String, "recorder_node/note", RELIABLE)
        self._clients = {name: node.create_client(Trigger, service) for name, service in SERVICES.items()}

    async def order(self, name: str) -> Answer:
        """Call the service of an order."""
        client = self._clients[name]
        await self._discovered(client)
        if not self._node.context.ok():
            return Answer(False, "the cockpit is ending")
        if name == "engage" and self._presence.get_subscription_count() == 0:
            return Answer(False, "nobody would hold the vehicle if this cockpit died: start teleop_node or wait")
        if not client.service_is_ready():
            return Answer(False, f"{SERVICES[name]} is not there: is that node running?")
        patience_s = WORLD_PATIENCE_S if name in WORLD_ORDERS else PATIENCE_S
        try:
            response = await asyncio.wait_for(self._call(client), patience_s)
        except TimeoutError:
            return Answer(False, f"{SERVICES[name]} did not answer within {patience_s:g} s", open=True)
        except Exception as error:  # rclpy raises many kinds when a node or the middleware ends
            return Answer(False, f"{SERVICES[name]} has failed ({type(error).__name__}: {error})", open=True)
        return Answer(bool(response.success), str(response.message))

    async def _call(self, client: Client) -> Any:
        answered: asyncio.Future[Any] = self.loop.create_future()

        def on_done(future: Any) -> None:
            self.loop.call_soon_threadsafe(_settle, answered, future)

        asked = client.call_async(Trigger.Request())
        asked.add_done_callback(on_done)
        try:
            return await answered
        finally:
            client.remove_pending_request(asked)  # of one that nobody waits for any more

    async def _discovered(self, client: Client) -> None:
        """Wait a while for the node that serves it."""
        end_s = self.loop.time() + DISCOVERY_S
        while self._node.context.ok() and not client.service_is_ready() and self.loop.time() < end_s:
            await asyncio.sleep(DISCOVERY_POLL_S)

    def fly(self, command: VelocityCommand) -> None:
        """Publish a command of the pilot."""
        if self._node.context.ok():
            self._commands.publish(command_message(command, now_s(self._node)))

    def show_presence(self, held: bool) -> None:
        """Publish whether a page has the controls; nothing any more once this node ends."""
        if self._node.context.ok() and not self._ending:
            self._presence.publish(Bool(data=held))

    def fall_silent(self) -> None:
        """Say no more of presence: whoever watches it holds the vehicle when a page had the controls.

        Pages that are closed at the end let go of the controls, which must not look like a pilot who did so.
        """
        self._ending = True

    def note(self, text: str) -> None:
        """Publish a remark."""
        self._notes.publish(String(data=text))


def _settle(answered: asyncio.Future[Any], future: Any) -> None:
    if answered.done():
        return
    if future.exception() is not None:
        answered.set_exception(future.exception())
    else:
        answered.set_result(future.result())
