"""Which nodes make up a graph: one description for launch files and for `make fly`. Imports no ROS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class NodeSpec:
    """One node: its name, which is also the section of the YAML file, and its module.

    Attributes:
        name: of the node.
        ends_graph: the graph is over when this node ends.
    """

    name: str
    ends_graph: bool = False

    @property
    def module(self) -> str:
        """Python module that runs the node."""
        return f"liquid_nav_ros.{self.name}"

    @property
    def executable(self) -> str:
        """Name of the console script."""
        return self.name


@dataclass(frozen=True)
class NodeArgument:
    """A launch argument that sets one parameter of one node; its default stands here and not in the YAML file.

    Attributes:
        name: of the argument.
        node, parameter: what it sets.
        default: a text.
        description: for ``ros2 launch --show-args``.
    """

    name: str
    node: str
    parameter: str
    default: str
    description: str


POLICY = NodeSpec("policy_node")
SAFETY = NodeSpec("safety_node")
RECORDER = NodeSpec("recorder_node")
BRIDGE = NodeSpec("flight_bridge_node")
GRAPHS: dict[str, tuple[NodeSpec, ...]] = {
    "sim_flight": (RECORDER, SAFETY, POLICY, BRIDGE, NodeSpec("sim_node")),
    "camera_only": (RECORDER, SAFETY, POLICY, NodeSpec("camera_node", ends_graph=True)),
    "real_drone": (
        RECORDER,
        SAFETY,
        POLICY,
        NodeSpec("teleop_node"),
        BRIDGE,
        NodeSpec("camera_node"),
    ),
}

ARGUMENTS: dict[str, tuple[NodeArgument, ...]] = {
    "real_drone": (
        NodeArgument(
            "url", BRIDGE.name, "url", "udpin:127.0.0.1:14540",
            "of the autopilot: udpin:HOST:PORT, udpout:HOST:PORT, tcp:HOST:PORT or serial:DEVICE:BAUD",
        ),
        NodeArgument("autopilot", BRIDGE.name, "autopilot", "auto", "px4, ardupilot, or auto to ask the vehicle"),
        NodeArgument("camera", "camera_node", "source", "0", "webcam number, URL, video file or folder of images"),
        NodeArgument("policy", POLICY.name, "policy", "", "folder of a policy; empty for the one that is shipped"),
    ),
}  # fmt: skip


def fastdds_profile() -> Path:
    """Return the Fast DDS profile with a shared-memory segment large enough for images."""
    return Path(__file__).with_name("fastdds.xml")
