"""Several nodes in one process: ``python -m liquid_nav_ros.compose safety_node policy_node --ros-args ...``.

They share one thread, so one that hangs stops them all. Flying wants the safety filter and the bridge in processes of
their own; one process serves machines with little memory, tests and replays.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from liquid_nav_ros.runner import run

NODES = ("camera", "sim", "policy", "safety", "flight_bridge", "teleop", "recorder", "monitor", "cockpit")


def node_class(name: str) -> Callable[[], Node]:
    """Return the class of a node such as ``policy_node``.

    Raises:
        ValueError: for a name that is none.
    """
    if name.removesuffix("_node") not in NODES or not name.endswith("_node"):
        raise ValueError(f"there is no node {name!r}: name some of {', '.join(f'{node}_node' for node in NODES)}")
    title = "".join(part.capitalize() for part in name.split("_"))
    found: Callable[[], Node] = getattr(importlib.import_module(f"liquid_nav_ros.{name}"), title)
    return found


def main() -> None:
    """Run the nodes named on the command line."""
    names = remove_ros_args(sys.argv)[1:]
    try:
        if not names or len(set(names)) < len(names):
            raise ValueError("give the names of the nodes, each once: compose safety_node policy_node ...")
        classes = [node_class(name) for name in names]
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    sys.exit(run(*classes))


if __name__ == "__main__":
    main()
