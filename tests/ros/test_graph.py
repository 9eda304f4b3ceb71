"""The nodes as real processes over real DDS."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")

from training.graph import PARAMS, ROS_PACKAGE, Graph, ros_environment  # noqa: E402

sys.path.insert(0, str(ROS_PACKAGE))

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from geometry_msgs.msg import TwistStamped  # noqa: E402
from liquid_nav_ros.conversions import (  # noqa: E402
    command_message,
    image_message,
    odometry_message,
    to_seconds,
)
from liquid_nav_ros.qos import RELIABLE, SENSOR  # noqa: E402
from nav_msgs.msg import Odometry as OdometryMessage  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

from liquid_nav.policy.checkpoint import save_policy  # noqa: E402
from liquid_nav.policy.config import PolicyConfig  # noqa: E402
from liquid_nav.policy.network import LiquidPolicyNetwork  # noqa: E402
from liquid_nav.types import Odometry, VelocityCommand  # noqa: E402
from training.flight_log import read_flight  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.timeout(90)]
WAIT_S = 30.0


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    """A graph on a domain of its own; every process is gone afterwards."""
    with Graph(tmp_path / "logs") as running:
        yield running
    assert all(process.poll() is not None for process in running.processes.values())


@pytest.fixture
def peer(graph: Graph) -> Iterator[Peer]:
    """A node in this process on the graph's domain."""
    environment = ros_environment(graph.domain_id)
    for name in ("ROS_AUTOMATIC_DISCOVERY_RANGE", "FASTDDS_DEFAULT_PROFILES_FILE"):
        os.environ[name] = environment[name]
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=graph.domain_id)
    node = rclpy.create_node("tester", context=context)
    executor = rclpy.executors.SingleThreadedExecutor(context=context)
    executor.add_node(node)
    yield Peer(node, executor)
    executor.shutdown()
    node.destroy_node()
    rclpy.try_shutdown(context=context)


class Peer:
    """Publishes, listens and waits for what should happen."""

    def __init__(self, node, executor) -> None:
        self.node, self.executor = node, executor

    def listen(self, kind: type, topic: str, profile=RELIABLE) -> list:
        heard: list = []
        self.node.create_subscription(kind, topic, heard.append, profile)
        return heard

    def until(
        self, condition: Callable[[], bool], act: Callable[[], None] = lambda: None, every_s: float = 0.05
    ) -> None:
        deadline, acted = time.monotonic() + WAIT_S, 0.0
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            if time.monotonic() - acted >= every_s:
                acted = time.monotonic()
                act()
            self.executor.spin_once(timeout_sec=0.01)

    def now_s(self) -> float:
        return self.node.get_clock().now().nanoseconds * 1e-9


@pytest.fixture(scope="module")
def policy_folder(tmp_path_factory) -> Path:
    """An untrained policy; what it commands does not matter here."""
    folder = tmp_path_factory.mktemp("policy")
    network = LiquidPolicyNetwork(PolicyConfig(image_width_px=64, image_height_px=48))
    save_policy(network, folder, name="untrained", training={}, card="# untrained\n")
    return folder


def _rule(array: DiagnosticArray) -> str:
    return next(value.value for value in array.status[0].values if value.key == "rule")


def test_an_image_becomes_a_command_with_the_images_stamp(graph: Graph, peer: Peer, policy_folder: Path) -> None:
    graph.start("policy_node", parameters={"policy": str(policy_folder), "autostart": True})
    images = peer.node.create_publisher(Image, "camera/image_raw", SENSOR)
    commands = peer.listen(TwistStamped, "liquid_nav/cmd_vel_raw")
    attention = peer.listen(Image, "liquid_nav/attention", SENSOR)
    sent: list[float] = []

    def send() -> None:
        sent.append(round(peer.now_s(), 4))
        images.publish(image_message(np.full((144, 256, 3), 90, dtype=np.uint8), sent[-1]))

    peer.until(lambda: len(commands) >= 5 and len(attention) >= 1, send)
    assert {round(to_seconds(command.header.stamp), 4) for command in commands} <= set(sent)
    assert commands[0].header.frame_id == "base_link"
    assert attention[0].encoding == "mono8"


def test_a_killed_policy_makes_the_safety_node_hover(graph: Graph, peer: Peer) -> None:
    graph.start("safety_node")
    commands = peer.listen(TwistStamped, "liquid_nav/cmd_vel")
    verdicts = peer.listen(DiagnosticArray, "/diagnostics")
    raw = peer.node.create_publisher(TwistStamped, "liquid_nav/cmd_vel_raw", RELIABLE)
    odometry = peer.node.create_publisher(OdometryMessage, "odom", SENSOR)

    def fly() -> None:
        here()
        raw.publish(command_message(VelocityCommand(forward_m_s=1.0), peer.now_s()))

    def here() -> None:
        odometry.publish(odometry_message(Odometry(peer.now_s(), np.array([0.0, 0.0, 3.0]))))

    peer.until(lambda: bool(commands) and commands[-1].twist.linear.x > 0.95, fly)
    silent_since = time.monotonic()
    peer.until(lambda: _rule(verdicts[-1]) == "command_stale", here)
    assert time.monotonic() - silent_since < 0.9
    peer.until(lambda: abs(commands[-1].twist.linear.x) < 0.02, here)
    assert time.monotonic() - silent_since < 2.0


def test_without_an_estimate_nothing_but_hovering_passes(graph: Graph, peer: Peer) -> None:
    graph.start("safety_node")
    commands = peer.listen(TwistStamped, "liquid_nav/cmd_vel")
    verdicts = peer.listen(DiagnosticArray, "/diagnostics")
    raw = peer.node.create_publisher(TwistStamped, "liquid_nav/cmd_vel_raw", RELIABLE)

    def command() -> None:
        raw.publish(command_message(VelocityCommand(forward_m_s=1.0), peer.now_s()))

    peer.until(lambda: len(verdicts) > 20 and _rule(verdicts[-1]) == "estimate_stale", command)
    assert all(abs(message.twist.linear.x) < 0.5 for message in commands)
    assert abs(commands[-1].twist.linear.x) < 1e-6


def test_the_whole_graph_flies_and_leaves_a_readable_recording(
    graph: Graph, policy_folder: Path, tmp_path: Path
) -> None:
    params = PARAMS / "sim_flight.yaml"
    recording = tmp_path / "flight.mcap"
    graph.start("recorder_node", params_file=params, parameters={"path": str(recording)})
    graph.start("safety_node", params_file=params)
    graph.start("policy_node", params_file=params, parameters={"policy": str(policy_folder)})
    monitor = graph.start("monitor_node", capture=True)
    graph.start("sim_node", params_file=params, parameters={"duration_s": 2.0, "realtime_factor": 0.0})
    assert monitor.stdout is not None
    for raw in monitor.stdout:
        graph.check()
        if json.loads(raw)["status"].get("done"):
            break
    graph.stop()
    assert {name: process.returncode for name, process in graph.processes.items()} == dict.fromkeys(graph.processes, 0)
    log = read_flight(recording)
    stamps = [stamp for stamp, _ in log.images]
    assert len(stamps) >= 40
    assert np.diff(stamps[:40]) == pytest.approx(0.05, abs=1e-3)
    answered = [stamp for stamp in stamps if round(stamp, 4) in log.commands]
    assert len(answered) >= 0.9 * len(stamps)
    assert log.attention and log.neurons and log.verdicts and log.targets and log.statuses


def test_sigint_leaves_a_finished_recording(graph: Graph, peer: Peer, tmp_path: Path) -> None:
    recording = tmp_path / "short.mcap"
    process = graph.start("recorder_node", parameters={"path": str(recording)})
    odometry = peer.node.create_publisher(OdometryMessage, "odom", SENSOR)
    count = [0]

    def send() -> None:
        count[0] += odometry.get_subscription_count()
        odometry.publish(odometry_message(Odometry(peer.now_s(), np.zeros(3))))

    peer.until(lambda: count[0] >= 20, send)
    process.send_signal(signal.SIGINT)
    assert process.wait(10.0) == 0
    assert not recording.with_name("short.mcap.part").exists()
    assert len(read_flight(recording).odometry) >= 10


def test_a_broken_policy_ends_the_node_with_one_line(graph: Graph, tmp_path: Path) -> None:
    process = graph.start("policy_node", parameters={"policy": str(tmp_path / "none"), "autostart": True})
    assert process.wait(WAIT_S) == 2
    assert "is not a policy folder" in (graph.log_folder / "policy_node.log").read_text()


def test_a_video_without_vehicle_gives_commands(
    graph: Graph, peer: Peer, policy_folder: Path, tmp_path: Path
) -> None:
    import cv2

    for index in range(30):
        cv2.imwrite(str(tmp_path / f"{index:03d}.png"), np.full((90, 160, 3), 8 * index, dtype=np.uint8))
    params = PARAMS / "camera_only.yaml"
    commands = peer.listen(TwistStamped, "liquid_nav/cmd_vel")
    graph.start("safety_node", params_file=params)
    graph.start("policy_node", params_file=params, parameters={"policy": str(policy_folder)})
    camera = graph.start(
        "camera_node", params_file=params, parameters={"source": str(tmp_path), "wait_for_subscribers": 1, "loop": True}
    )
    peer.until(lambda: len(commands) >= 10)
    camera.send_signal(signal.SIGTERM)
    assert camera.wait(10.0) == 0


@pytest.mark.parametrize("name", ["sim_flight", "camera_only", "real_drone"])
def test_launch_files_and_parameters_name_the_nodes_of_the_graph(name: str) -> None:
    import ast

    import yaml
    from liquid_nav_ros.graph import GRAPHS

    root = PARAMS.parent
    ast.parse((root / f"{name}.launch.py").read_text())
    text = (PARAMS / f"{name}.yaml").read_text()
    sections = {key.removeprefix("/**/") for key in yaml.safe_load(text)} - {"/**"}
    assert sections == {spec.name for spec in GRAPHS[name]}
