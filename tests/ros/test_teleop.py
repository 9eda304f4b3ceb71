"""The teleoperation node: a real pseudo-terminal, real DDS, and a cockpit that dies."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

rclpy = pytest.importorskip("rclpy")

from training.graph import ROS_PACKAGE, Graph, ros_environment  # noqa: E402

sys.path.insert(0, str(ROS_PACKAGE))

from geometry_msgs.msg import TwistStamped  # noqa: E402
from liquid_nav_ros.qos import LATCHED, RELIABLE  # noqa: E402
from liquid_nav_ros.teleop_node import LEFT_SHOULDER, VERTICAL_SHARE, TeleopNode  # noqa: E402
from sensor_msgs.msg import Joy  # noqa: E402
from std_msgs.msg import Bool, String  # noqa: E402

from liquid_nav.errors import ConfigError  # noqa: E402
from tests.ros.inside import Kept, inside  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.timeout(90)]
WAIT_S = 30.0
COMMAND = [sys.executable, "-m", "liquid_nav_ros.teleop_node", "--ros-args", "-p", "terminal:=true"]


class Seat:
    """A pilot's terminal with the node in it, and an ear on the graph."""

    def __init__(self, graph: Graph) -> None:
        environment = ros_environment(graph.domain_id)
        for name in ("ROS_AUTOMATIC_DISCOVERY_RANGE", "FASTDDS_DEFAULT_PROFILES_FILE"):
            os.environ[name] = environment[name]
        self.keyboard, self.terminal = pty.openpty()
        self.before = termios.tcgetattr(self.terminal)
        self.process = subprocess.Popen(
            COMMAND, env=environment, stdin=self.terminal, stdout=subprocess.DEVNULL, start_new_session=True
        )
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=graph.domain_id)
        self.node = rclpy.create_node("tester", context=self.context)
        self.executor = rclpy.executors.SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.commands: list[TwistStamped] = []
        self.states: list[str] = []
        self.node.create_subscription(TwistStamped, "teleop/cmd_vel", self.commands.append, RELIABLE)
        self.node.create_subscription(String, "vehicle/state", lambda m: self.states.append(m.data), LATCHED)

    def press_until(self, keys: str, condition: Callable[[], bool]) -> None:
        """Press keys again and again, as a terminal repeats them."""
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            os.write(self.keyboard, keys.encode())
            end_s = time.monotonic() + 0.1
            while time.monotonic() < end_s and not condition():
                self.executor.spin_once(timeout_sec=0.02)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)
        for number in (self.keyboard, self.terminal):
            with suppress(OSError):
                os.close(number)


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    with Graph(tmp_path / "logs") as graph:
        graph.start("flight_bridge_node")
        pilot = Seat(graph)
        yield pilot
        pilot.close()


def test_keys_fly_and_order_and_the_terminal_is_given_back(seat: Seat) -> None:
    seat.press_until("w", lambda: bool(seat.commands) and seat.commands[-1].twist.linear.x > 1.0)
    seat.press_until("Q", lambda: seat.commands[-1].twist.angular.z == 1.0)
    seat.press_until("g", lambda: bool(seat.states) and seat.states[-1] == "engaged")
    seat.press_until(" ", lambda: seat.states[-1] == "hold")
    seat.process.send_signal(signal.SIGINT)
    assert seat.process.wait(10.0) == 0
    assert termios.tcgetattr(seat.terminal) == seat.before


def test_a_gamepad_on_the_joy_topic_flies_while_its_switch_is_held(seat: Seat) -> None:
    joy = seat.node.create_publisher(Joy, "joy", RELIABLE)

    def hold(axes: list[float], buttons: list[int], condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            joy.publish(Joy(axes=axes, buttons=buttons))
            seat.executor.spin_once(timeout_sec=0.02)

    def flown() -> tuple[float, ...]:
        if not seat.commands:
            return ()
        linear, angular = seat.commands[-1].twist.linear, seat.commands[-1].twist.angular
        return tuple(round(value, 3) for value in (linear.x, linear.y, linear.z, angular.z))

    free = [0] * 21
    held = [int(button == LEFT_SHOULDER) for button in range(21)]
    for axes, command in (
        ([0.0, 0.0, 0.0, 0.0], (0.0, 0.0, 0.0, 0.0)),
        ([0.0, 0.0, 0.0, 1.0], (1.5, 0.0, 0.0, 0.0)),
        ([0.0, 0.0, 0.5, 0.0], (0.0, 0.75, 0.0, 0.0)),
        ([0.0, -1.0, 0.0, 0.0], (0.0, 0.0, -1.5 * VERTICAL_SHARE, 0.0)),
        ([-0.4, 0.0, 0.0, 0.0], (0.0, 0.0, 0.0, -0.4)),
    ):
        hold(axes, held, lambda expected=command: flown() == expected)
    end_s = time.monotonic() + 0.5
    hold([0.0] * 4, held, lambda: flown() == (0.0,) * 4)  # what was on its way has come
    hold([0.0, 0.0, 0.0, 1.0], free, lambda: time.monotonic() > end_s)
    hold([1.0], held, lambda: time.monotonic() > end_s + 0.5)  # a device with fewer axes than a gamepad
    assert flown() == (0.0,) * 4 and seat.process.poll() is None


def _pad(device: tuple[int, int], held: int | None, **axes: float) -> Joy:
    """What a device of so many axes and buttons says; axes as ``a2=1.0``."""
    values = [axes.get(f"a{index}", 0.0) for index in range(device[0])]
    return Joy(axes=values, buttons=[int(button == held) for button in range(device[1])])


def _left(kept: Kept) -> list[float]:
    return [message.twist.linear.y for message in kept.messages]


def test_a_gamepad_takes_over_only_once_its_sticks_were_at_rest_with_the_switch_held() -> None:
    pad = (6, 21)
    with inside(TeleopNode) as node:
        node._commands = kept = Kept()
        node._on_joy(_pad(pad, None, a2=0.5))
        node._on_joy(_pad(pad, LEFT_SHOULDER, a2=0.5))
        assert kept.messages == []
        assert "axis_left (axis 2 of joy)" in node.health()["problem"]
        node._on_joy(_pad(pad, LEFT_SHOULDER, a2=0.05))
        assert node.health()["problem"] == ""
        for axes, held in (({"a2": 0.5}, LEFT_SHOULDER), ({}, None), ({"a2": -1.0}, LEFT_SHOULDER)):
            node._on_joy(_pad(pad, held, **axes))
        assert _left(kept) == pytest.approx([0.075, 0.75, -1.5])  # from then on a stick and the switch at once will do


def test_a_trigger_in_the_place_of_a_stick_never_flies_and_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    """As an Xbox pad by joy_node: axis 2 is the left trigger, +1 when released, button 4 the left shoulder."""
    xbox, shoulder = (8, 11), 4
    with inside(TeleopNode, switch_button=shoulder) as node:
        node._commands = kept = Kept()
        for stick in range(20):
            node._on_joy(_pad(xbox, shoulder, a2=1.0, a3=0.5 * (stick % 2), a5=1.0))
        assert kept.messages == []
    with inside(TeleopNode, switch_button=shoulder, axis_left=3, axis_forward=4) as node:
        node._commands = kept = Kept()
        node._on_joy(_pad(xbox, shoulder, a2=1.0, a5=1.0))
        node._on_joy(_pad(xbox, shoulder, a2=1.0, a3=1.0, a5=1.0))
        assert _left(kept) == pytest.approx([0.0, 1.5])
    assert capfd.readouterr().err.count("start joy's game_controller_node") == 1


def test_another_device_must_show_its_sticks_at_rest_again() -> None:
    with inside(TeleopNode) as node:
        node._commands = kept = Kept()
        node._on_joy(_pad((6, 21), LEFT_SHOULDER))
        node._on_joy(_pad((8, 11), LEFT_SHOULDER, a2=1.0))
        assert len(kept.messages) == 1
        node._on_joy(_pad((1, 5), LEFT_SHOULDER))
        assert "joy has 1 axes and 5 buttons" in node.health()["problem"]


def test_two_directions_on_one_axis_are_refused() -> None:
    with pytest.raises(ConfigError, match="axis_up is 3"), inside(TeleopNode, axis_up=3):
        pass


def test_without_a_terminal_the_node_ends_with_one_line(tmp_path: Path) -> None:
    with Graph(tmp_path / "logs") as graph:
        process = graph.start("teleop_node", parameters={"terminal": True})
        assert process.wait(WAIT_S) == 2
        text = (tmp_path / "logs" / "teleop_node.log").read_text()
    assert "is no terminal" in text and "Traceback" not in text


def test_the_vehicle_holds_within_half_a_second_of_a_cockpit_that_dies_with_the_controls(seat: Seat) -> None:
    seat.press_until("g", lambda: bool(seat.states) and seat.states[-1] == "engaged")
    presence = seat.node.create_publisher(Bool, "cockpit/presence", RELIABLE)
    end_s = time.monotonic() + WAIT_S
    while presence.get_subscription_count() == 0 and time.monotonic() < end_s:
        seat.executor.spin_once(timeout_sec=0.02)
    for _ in range(5):
        presence.publish(Bool(data=True))
        time.sleep(0.1)
    assert seat.states[-1] == "engaged"
    presence.publish(Bool(data=True))
    died_s = time.monotonic()
    seat.press_until("", lambda: seat.states[-1] == "hold")
    assert time.monotonic() - died_s < 0.5
    assert seat.commands[-1].twist.linear.x == 0.0


def test_a_cockpit_that_lets_go_before_it_ends_leaves_the_vehicle_flying(seat: Seat) -> None:
    seat.press_until("g", lambda: bool(seat.states) and seat.states[-1] == "engaged")
    presence = seat.node.create_publisher(Bool, "cockpit/presence", RELIABLE)
    end_s = time.monotonic() + WAIT_S
    while presence.get_subscription_count() == 0 and time.monotonic() < end_s:
        seat.executor.spin_once(timeout_sec=0.02)
    for held in (True, True, False):
        presence.publish(Bool(data=held))
    end_s = time.monotonic() + 1.0
    while time.monotonic() < end_s:
        seat.executor.spin_once(timeout_sec=0.02)
    assert seat.states[-1] == "engaged"
