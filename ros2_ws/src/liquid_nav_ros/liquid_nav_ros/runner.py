"""Starting and stopping a node: one executor, one thread, a clean end on SIGINT and SIGTERM."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import rclpy
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.validate_topic_name import validate_topic_name

from liquid_nav.errors import ConfigError, LiquidNavError
from liquid_nav_ros.heartbeat import Heartbeat

HEARTBEAT_S = 1.0
LOOK_S = 0.05


class Finished(Exception):
    """Raised inside a callback when a node has nothing left to do; carries the exit status."""

    def __init__(self, status: int = 0) -> None:
        super().__init__(status)
        self.status = status


class Seldom(CallbackGroup):
    """Of events of quality of service, two for every topic: after a heartbeat is often enough to warn of a mismatch.

    Waiting for them too makes every wake of a node dearer by a third.
    """

    def __init__(self) -> None:
        super().__init__()
        self._looked_s = time.monotonic()

    def look(self) -> None:
        """Let what has happened be told now."""
        self._looked_s = time.monotonic()

    def can_execute(self, entity: Any) -> bool:
        """Only right after a look."""
        return time.monotonic() - self._looked_s < LOOK_S

    def beginning_execution(self, entity: Any) -> bool:
        """Nothing else keeps it from running."""
        return True

    def ending_execution(self, entity: Any) -> None:
        """Nothing waits for its end."""


def _make_events_seldom(node: Node) -> Seldom:
    group = Seldom()
    for waitable in node.waitables:
        if hasattr(waitable, "event_type"):
            waitable.callback_group = group
            group.add_entity(waitable)
    return group


def run(*make_nodes: Callable[[], Node]) -> int:
    """Spin nodes in one thread until one is finished or the process is told to stop; return the exit status.

    0 after a normal end or a signal, 2 when a node cannot start because of what it was given. A node may have
    ``close()``, called at its end, and ``health()``, the values of its heartbeat on ``/diagnostics``; a text under
    ``problem`` makes it a warning.
    """
    rclpy.init()  # its own handlers wake a waiting executor on SIGINT and SIGTERM; Python's would not
    nodes: list[Node] = []
    status = 0
    executor = SingleThreadedExecutor()
    try:
        for make_node in make_nodes:
            node = make_node()
            nodes.append(node)
            wall_timer(node, HEARTBEAT_S, _beat(Heartbeat(node), _make_events_seldom(node)))
            executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass  # the usual ways to end
    except Finished as finished:
        status = finished.status
    except (LiquidNavError, ParameterException) as error:
        print(f"error: {error}", file=sys.stderr)
        status = 2
    except Exception as error:
        if rclpy.ok() and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        # A signal has ended the context while a callback was using it, or came while a message was taken in.
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not break the clean end
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for node in reversed(nodes):
            close = getattr(node, "close", None)
            if close is not None:
                close()
            node.destroy_node()
        executor.shutdown(timeout_sec=0.5)
        rclpy.try_shutdown()
    return status


def _beat(heartbeat: Heartbeat, events: Seldom) -> Callable[[], None]:
    def beat() -> None:
        heartbeat.beat()
        events.look()

    return beat


def parameter(
    node: Any,
    name: str,
    default: Any,
    description: str,
    *,
    low: float | None = None,
    high: float | None = None,
    fixed: bool = True,
) -> Any:
    """Declare a parameter with its description and range and return its value.

    Args:
        node: that owns it.
        name, default, description: of the parameter.
        low, high: range of a number.
        fixed: refuse changes after the start.
    """
    descriptor = ParameterDescriptor(description=description, read_only=fixed)
    if low is not None and high is not None:
        if isinstance(default, float):
            descriptor.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high))]
        else:
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    return node.declare_parameter(name, default, descriptor).value


def topic_name(node: Any, name: str, value: str) -> str:
    """Return the full name of a topic that a parameter names.

    Args:
        node: in whose namespace it is, and whose remappings apply.
        name: of the parameter.
        value: of the parameter.

    Raises:
        ConfigError: when no topic can be called so.
    """
    try:
        validate_topic_name(value)
        return str(node.resolve_topic_name(value))
    except (NameValidationException, RuntimeError) as error:  # the latter from rcl
        raise ConfigError(
            f"parameter {name} names the topic {value!r}: use letters, digits, _ and single /, such as uav2/odom"
        ) from error


def wall_timer(node: Any, period_s: float, callback: Callable[[], None]) -> Any:
    """Call back by wall time even where the node's clock is simulated."""
    return node.create_timer(period_s, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))


def set_period(timer: Any, period_s: float) -> None:
    """Have a timer fire every so many seconds from now on; one that does already goes on undisturbed."""
    period_ns = round(1e9 * period_s)
    if timer.timer_period_ns != period_ns:
        timer.timer_period_ns = period_ns
        timer.reset()


def now_s(node: Any) -> float:
    """Return the time on the node's clock, which may be simulated."""
    return float(node.get_clock().now().nanoseconds * 1e-9)
