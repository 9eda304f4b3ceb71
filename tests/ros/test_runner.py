"""How a node ends: cleanly on a signal, wherever it strikes, and with the trace of whatever else breaks it."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("rclpy")

from training.graph import ROS_PACKAGE

pytestmark = [pytest.mark.ros, pytest.mark.timeout(60)]
NODE = """
import sys
sys.path.insert(0, sys.argv[1])
from rclpy.node import Node
from liquid_nav_ros.runner import run, wall_timer


class Broken(Node):
    def __init__(self):
        super().__init__("broken")
        wall_timer(self, 0.05, self.strike)

    def strike(self):
        {strike}


sys.exit(run(Broken))
"""


def _run(strike: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", NODE.format(strike=strike), str(ROS_PACKAGE)]
    return subprocess.run(command, capture_output=True, text=True, timeout=40)


@pytest.mark.parametrize(
    "strike", ["raise KeyboardInterrupt", "raise SystemError('take_response') from KeyboardInterrupt()"]
)
def test_a_signal_that_strikes_anywhere_ends_a_node_cleanly(strike: str) -> None:
    ended = _run(strike)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_else_breaks_a_node_is_told() -> None:
    ended = _run("raise SystemError('broken')")
    assert ended.returncode == 1
    assert "SystemError: broken" in ended.stderr
