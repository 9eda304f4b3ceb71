"""The simulation's node: a world that cannot be built takes nothing from the one that flies."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("rclpy")

from training.graph import ROS_PACKAGE

sys.path.insert(0, str(ROS_PACKAGE))

from liquid_nav_ros import sim_node
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
