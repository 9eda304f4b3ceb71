"""The graph as the cockpit commands it, with services that fail: every order is answered, and nothing is raised."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace
from typing import Any

import pytest

rclpy = pytest.importorskip("rclpy")

from liquid_nav.cockpit.vehicle import Answer  # noqa: E402
from training.graph import ROS_PACKAGE  # noqa: E402

sys.path.insert(0, str(ROS_PACKAGE))

import liquid_nav_ros.cockpit_link  # noqa: E402
from liquid_nav_ros.cockpit_link import GraphVehicle  # noqa: E402
from liquid_nav_ros.cockpit_node import CockpitNode  # noqa: E402
from rclpy.task import Future  # noqa: E402
from std_msgs.msg import String  # noqa: E402


class FakeClient:
    """A service that is there; ``outcome`` is its answer, raised when it is an exception, none at all when None."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.pending: list[Future[Any]] = []

    def service_is_ready(self) -> bool:
        return True

    def call_async(self, request: object) -> Future[Any]:
        future: Future[Any] = Future()
        self.pending.append(future)
        if isinstance(self.outcome, Exception):
            future.set_exception(self.outcome)
        elif self.outcome is not None:
            future.set_result(self.outcome)
        return future

    def remove_pending_request(self, future: Future[Any]) -> None:
        self.pending.remove(future)


class FakeNode:
    """A node whose services all have the same outcome."""

    def __init__(self, outcome: Any) -> None:
        self.client = FakeClient(outcome)
        self.context = SimpleNamespace(ok=lambda: True)

    def create_publisher(self, *arguments: object) -> Any:
        return SimpleNamespace(get_subscription_count=lambda: 1)

    def create_client(self, *arguments: object) -> FakeClient:
        return self.client


def _order(node: FakeNode, name: str) -> Answer:
    async def run() -> Answer:
        vehicle = GraphVehicle(node)
        vehicle.loop = asyncio.get_running_loop()
        return await vehicle.order(name)

    return asyncio.run(run())


def test_an_answer_says_what_the_service_says() -> None:
    node = FakeNode(SimpleNamespace(success=True, message="engaged"))
    assert _order(node, "engage") == Answer(True, "engaged")


def test_a_service_that_fails_is_an_order_not_done() -> None:
    answer = _order(FakeNode(RuntimeError("the node has ended")), "hold")
    assert not answer.done and answer.open and "the node has ended" in answer.text


def test_an_order_without_an_answer_stays_open_and_is_waited_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liquid_nav_ros.cockpit_link, "PATIENCE_S", 0.05)
    node = FakeNode(None)
    answer = _order(node, "engage")
    assert not answer.done and answer.open and "did not answer" in answer.text
    assert node.client.pending == []


@pytest.mark.parametrize("name", ["sim", "recording"])
def test_a_status_that_cannot_be_read_is_logged_and_the_next_one_is_taken(name: str) -> None:
    values: list[tuple[str, Any]] = []
    errors: list[str] = []
    node: Any = SimpleNamespace(
        _set=lambda *each: values.append(each),
        get_logger=lambda: SimpleNamespace(error=lambda text, **settings: errors.append(text)),
    )
    take = CockpitNode._on_json(node, name)
    for text in ("{", "[]", '{"time_s": NaN}'):
        take(String(data=text))
    assert values == [(name, {"time_s": None})] and len(errors) == 2
