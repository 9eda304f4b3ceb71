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


def fastdds_profile() -> Path:
    """Return the Fast DDS profile with a shared-memory segment large enough for images."""
    return Path(__file__).with_name("fastdds.xml")
