"""Which nodes make up a graph: one description for launch files and for `make fly`. Imports no ROS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class NodeSpec:
    """One node: its name, which is also the section of the YAML file and its executable.

    Attributes:
        name: of the node.
        package: that brings it.
        ends_graph: the graph is over when this node ends.
    """

    name: str
    package: str = "liquid_nav_ros"
    ends_graph: bool = False


@dataclass(frozen=True)
class NodeArgument:
    """A launch argument that sets one parameter of one node; its default stands here and not in the YAML file.

    Attributes:
        name: of the argument.
        node, parameter: what it sets.
        default: as it is written on the command line.
        description: for ``ros2 launch --show-args``.
        kind: type of the parameter; a camera may be called 0, so texts are not guessed at.
    """

    name: str
    node: str
    parameter: str
    default: str
    description: str
    kind: type = str


SIM = NodeSpec("sim_node")
POLICY = NodeSpec("policy_node")
SAFETY = NodeSpec("safety_node")
RECORDER = NodeSpec("recorder_node")
BRIDGE = NodeSpec("flight_bridge_node")
CAMERA = NodeSpec("camera_node")
TELEOP = NodeSpec("teleop_node")
JOY = NodeSpec("game_controller_node", package="joy")
COCKPIT = NodeSpec("cockpit_node")
GRAPHS: dict[str, tuple[NodeSpec, ...]] = {
    "sim": (RECORDER, SAFETY, POLICY, BRIDGE, SIM),
    "replay": (RECORDER, SAFETY, POLICY, NodeSpec("camera_node", ends_graph=True)),
    "flight": (RECORDER, SAFETY, POLICY, TELEOP, BRIDGE, CAMERA),
    "teleop": (JOY, TELEOP),
    "cockpit": (COCKPIT,),
}
"""In the order in which nodes start, which is the order of the sections of ``params/<graph>.yaml``."""

POLICY_FOLDER = NodeArgument(
    "policy", POLICY.name, "policy", "", "folder of a policy; empty for the one that is shipped"
)
SOURCE = "webcam number, /dev/video0, URL, GStreamer pipeline, video file, recording (.mcap) or folder of images"
ARGUMENTS: dict[str, tuple[NodeArgument, ...]] = {
    "sim": (
        NodeArgument("world", SIM.name, "world", "city", "as `liquid-nav worlds` lists them"),
        NodeArgument("seed", SIM.name, "seed", "2000001", "of the world", int),
        POLICY_FOLDER,
    ),
    "replay": (NodeArgument("source", CAMERA.name, "source", "0", SOURCE), POLICY_FOLDER),
    "flight": (
        NodeArgument(
            "url", BRIDGE.name, "url", "udpin:127.0.0.1:14540",
            "of the autopilot: udpin:HOST:PORT, udpout:HOST:PORT, tcp:HOST:PORT or serial:DEVICE:BAUD",
        ),
        NodeArgument("autopilot", BRIDGE.name, "autopilot", "auto", "px4, ardupilot, or auto to ask the vehicle"),
        NodeArgument("camera", CAMERA.name, "source", "0", SOURCE),
        POLICY_FOLDER,
    ),
    "cockpit": (
        NodeArgument("host", COCKPIT.name, "host", "127.0.0.1", "0.0.0.0 for everyone on the network"),
        NodeArgument("port", COCKPIT.name, "port", "8765", "of the page, 0 for a free one", int),
        NodeArgument("look", COCKPIT.name, "look", "false", "let those without the token look", bool),
        NodeArgument("episodes", COCKPIT.name, "episodes", "", "folder of the recordings; empty for no list of them"),
        NodeArgument("policy", COCKPIT.name, "policy", "", "folder of the policy whose wiring is drawn"),
    ),
}  # fmt: skip


def fastdds_profile() -> Path:
    """Return the Fast DDS profile with a shared-memory segment large enough for images."""
    return Path(__file__).with_name("fastdds.xml")
