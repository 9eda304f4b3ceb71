"""The simulation's node: a world that cannot be built takes nothing from the one that flies."""

from __future__ import annotations

import sys
import time

import pytest

pytest.importorskip("rclpy")

from training.graph import ROS_PACKAGE

sys.path.insert(0, str(ROS_PACKAGE))

from liquid_nav_ros import sim_node
from liquid_nav_ros.qos import SENSOR
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from std_srvs.srv import Trigger

from liquid_nav.errors import WorldError
from liquid_nav.types import VelocityCommand
from sim_worlds.catalogue import LARGEST_SEED
from tests.ros.inside import inside

pytestmark = [pytest.mark.ros, pytest.mark.timeout(60)]


def test_a_next_world_that_does_not_exist_leaves_the_old_one_flying() -> None:
    with inside(sim_node.SimNode, world="forest", seed=LARGEST_SEED, renderer="tiny") as node:
        for _ in range(2):
            answer = node._on_next(Trigger.Request(), Trigger.Response())
            assert not answer.success and f"seed is {LARGEST_SEED + 1}" in answer.message
        node._world.step(VelocityCommand(), 0.1)
        assert node._describe()["seed"] == LARGEST_SEED and node._describe()["time_s"] == pytest.approx(0.1, abs=0.01)
        assert node._on_reset(Trigger.Request(), Trigger.Response()).success
        assert node._describe()["time_s"] == 0.0


def test_a_reset_that_fails_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with inside(sim_node.SimNode, world="forest", seed=1, renderer="tiny") as node:

        def refuse(*_: object, **__: object) -> None:
            raise WorldError("there is no room for a tree")

        with monkeypatch.context() as patched:
            patched.setattr(sim_node, "make_world", refuse)
            answer = node._on_reset(Trigger.Request(), Trigger.Response())
        assert not answer.success and "no room for a tree" in answer.message
        node._world.step(VelocityCommand(), 0.1)
        assert node._on_next(Trigger.Request(), Trigger.Response()).success
        assert node._describe()["seed"] == 2


def _answer(node: sim_node.SimNode) -> bool:
    """Answer the last image; return whether the flight has begun."""
    node._answered_s = node._stamp_s
    node._poll()
    return bool(node._describe()["started"])


def test_a_flight_begins_when_its_recorder_hears_the_images() -> None:
    with inside(sim_node.SimNode, world="forest", seed=1, renderer="tiny", wait_for="recorder_node") as node:
        node._poll()
        node.create_subscription(CompressedImage, "camera/image/compressed", lambda _: None, SENSOR)
        assert not any(_answer(node) for _ in range(5))  # somebody hears them, but not the recorder
        recorder = Node("recorder_node")
        recorder.create_subscription(CompressedImage, "camera/image/compressed", lambda _: None, SENSOR)
        deadline_s = time.monotonic() + 8.0
        while not _answer(node):
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        recorder.destroy_node()


def test_a_flight_without_a_recorder_begins_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim_node, "LONGEST_WAIT_S", 0.05)
    with inside(sim_node.SimNode, world="forest", seed=1, renderer="tiny", wait_for="recorder_node") as node:
        node._poll()
        assert not _answer(node)
        time.sleep(0.06)
        assert _answer(node)
