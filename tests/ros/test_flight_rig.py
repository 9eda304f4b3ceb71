"""The operator that the benchmarks of flights fly by, against a bridge that a test plays."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

rclpy = pytest.importorskip("rclpy")

from training.graph import ROS_PACKAGE, Graph  # noqa: E402

sys.path.insert(0, str(ROS_PACKAGE))

from liquid_nav_ros.qos import LATCHED  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from benchmarks.flight_rig import Operator  # noqa: E402
from tests.ros.test_graph import Peer, graph, peer  # noqa: E402

__all__ = ["graph", "peer"]
pytestmark = [pytest.mark.ros, pytest.mark.timeout(60)]
STEADY_S = 0.3


class PlayedBridge:
    """A vehicle in the air that engages when it is asked to.

    Args:
        node: whose services and topics it gives.
        state: that it begins in.
    """

    def __init__(self, node, state: str) -> None:
        self._states = node.create_publisher(String, "vehicle/state", LATCHED)
        self.calls: list[str] = []
        for action in ("arm", "takeoff", "engage"):
            node.create_service(Trigger, f"flight_bridge_node/{action}", self._handler(action))
        self._states.publish(String(data=state))

    def _handler(self, action: str):
        def handle(request, response):
            self.calls.append(action)
            self._states.publish(String(data="engaged"))
            response.success = True
            return response

        return handle


@pytest.fixture
def operator(graph: Graph, peer: Peer) -> Iterator[Operator]:
    """The operator, whose waiting also lets the played bridge answer."""
    flying = Operator(graph)
    flying.node.create_timer(0.005, lambda: peer.executor.spin_once(timeout_sec=0.0))
    yield flying
    flying.close()


def test_one_that_is_engaged_already_flies_on_without_asking(operator: Operator, peer: Peer) -> None:
    bridge = PlayedBridge(peer.node, "engaged")
    operator.reach("engaged")
    operator.fly_steadily(STEADY_S)
    assert bridge.calls == []


def test_one_that_holds_in_the_air_is_engaged_and_not_armed_again(operator: Operator, peer: Peer) -> None:
    bridge = PlayedBridge(peer.node, "hold")
    operator.reach("hold")
    operator.fly_steadily(STEADY_S)
    assert set(bridge.calls) == {"engage"}
