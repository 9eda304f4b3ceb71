"""Nodes in the test's own process: what they are told and what they say, without a graph."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import rclpy
from rclpy.signals import SignalHandlerOptions

from training.graph import free_domain_id

T = TypeVar("T")


class Kept:
    """A publisher whose messages stay here."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def publish(self, message: Any) -> None:
        self.messages.append(message)


@contextmanager
def inside(make: type[T], namespace: str = "", **parameters: object) -> Iterator[T]:
    """A node in a namespace; parameters as they are written on a command line."""
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    arguments = ["--ros-args"]
    for name, value in parameters.items():
        arguments += ["-p", f"{name}:={value}"]
    if namespace:
        arguments += ["-r", f"__ns:={namespace}"]
    rclpy.init(args=arguments, domain_id=free_domain_id(), signal_handler_options=SignalHandlerOptions.NO)
    try:
        node: Any = make()
        try:
            yield node
        finally:
            getattr(node, "close", lambda: None)()
            node.destroy_node()
    finally:
        rclpy.try_shutdown()
