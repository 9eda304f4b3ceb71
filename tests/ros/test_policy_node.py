"""The policy's node: silent unless it is active, whatever ended that."""

from __future__ import annotations

import sys

import numpy as np
import pytest

pytest.importorskip("rclpy")

from training.graph import ROS_PACKAGE

sys.path.insert(0, str(ROS_PACKAGE))

from liquid_nav_ros.conversions import image_message
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
