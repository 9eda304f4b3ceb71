"""The policy's node: silent unless it is active, whatever ended that."""

from __future__ import annotations

import sys

import numpy as np
import pytest

pytest.importorskip("rclpy")

from training.graph import ROS_PACKAGE

sys.path.insert(0, str(ROS_PACKAGE))

from liquid_nav_ros.conversions import image_message, to_seconds
from liquid_nav_ros.policy_node import PolicyNode
from rclpy.lifecycle import TransitionCallbackReturn

from tests.ros.inside import Kept, inside

pytestmark = [pytest.mark.ros, pytest.mark.timeout(60)]


@pytest.mark.parametrize("end", ["trigger_deactivate", "trigger_shutdown"])
def test_a_node_that_is_no_longer_active_commands_nothing(end: str) -> None:
    picture = np.full((144, 256, 3), 90, dtype=np.uint8)
    with inside(PolicyNode) as node:
        node._commands = Kept()
        node._on_image(image_message(picture, 1.0))
        assert not node._commands.messages, "not active yet"
        for trigger in (node.trigger_configure, node.trigger_activate):
            assert trigger() == TransitionCallbackReturn.SUCCESS
        node._on_image(image_message(picture, 1.05))
        assert len(node._commands.messages) == 1
        assert getattr(node, end)() == TransitionCallbackReturn.SUCCESS
        node._on_image(image_message(picture, 1.1))
        assert len(node._commands.messages) == 1 and not node.health()["active"]


def test_each_image_of_a_fast_camera_is_answered_and_every_second_one_looked_at() -> None:
    rng = np.random.default_rng(0)
    stamps_s = [1.0 + index / 60.0 for index in range(6)]
    with inside(PolicyNode) as node:
        for trigger in (node.trigger_configure, node.trigger_activate):
            assert trigger() == TransitionCallbackReturn.SUCCESS
        node._commands = Kept()
        for stamp_s in stamps_s:
            node._on_image(image_message(rng.integers(0, 256, (144, 256, 3)).astype(np.uint8), stamp_s))
    answers = [(message.twist.linear.x, message.twist.angular.z) for message in node._commands.messages]
    assert [to_seconds(message.header.stamp) for message in node._commands.messages] == pytest.approx(stamps_s)
    assert answers[::2] == answers[1::2] and len(set(answers)) == 3
