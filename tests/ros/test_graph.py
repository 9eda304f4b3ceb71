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
from sensor_msgs.msg import Image, Joy  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

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


def _verdicts(heard: list[DiagnosticArray]) -> list[tuple[float, dict[str, str]]]:
    """The safety node's verdicts with their stamps."""
    return [
        (to_seconds(array.header.stamp), {value.key: value.value for value in status.values})
        for array in heard
        for status in array.status
        if status.name == "liquid_nav: safety"
    ]


def _rule(heard: list[DiagnosticArray]) -> str:
    verdicts = _verdicts(heard)
    return verdicts[-1][1]["rule"] if verdicts else ""


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


def test_a_killed_policy_makes_the_safety_node_hover_within_0_7_s(
    graph: Graph, peer: Peer, policy_folder: Path
) -> None:
    graph.start("safety_node")
    policy = graph.start("policy_node", parameters={"policy": str(policy_folder), "autostart": True})
    raw = peer.listen(TwistStamped, "liquid_nav/cmd_vel_raw")
    commands = peer.listen(TwistStamped, "liquid_nav/cmd_vel")
    heard = peer.listen(DiagnosticArray, "/diagnostics")
    images = peer.node.create_publisher(Image, "camera/image_raw", SENSOR)
    odometry = peer.node.create_publisher(OdometryMessage, "odom", SENSOR)

    def fly() -> None:
        odometry.publish(odometry_message(Odometry(peer.now_s(), np.array([0.0, 0.0, 3.0]))))
        images.publish(image_message(np.full((144, 256, 3), 90, dtype=np.uint8), peer.now_s()))

    peer.until(lambda: len(raw) > 10 and _rule(heard) not in ("", "waiting", "command_stale", "estimate_stale"), fly)
    policy.kill()
    peer.until(lambda: policy.poll() is not None, fly)  # without odometry meanwhile, another rule would act first
    peer.until(lambda: _rule(heard) == "command_stale", fly)
    last_s = to_seconds(raw[-1].header.stamp)
    hover_s, verdict = next(
        (stamp_s, found) for stamp_s, found in _verdicts(heard) if found["rule"] == "command_stale" and stamp_s > last_s
    )
    assert hover_s - last_s < 0.7
    assert verdict["action"] == "hover"
    assert verdict["reason"]
    peer.until(lambda: abs(commands[-1].twist.linear.x) < 0.02, fly)


def test_silence_is_answered_seldom_and_the_first_command_at_once(graph: Graph, peer: Peer) -> None:
    graph.start("safety_node")
    heard = peer.listen(DiagnosticArray, "/diagnostics")
    commands = peer.listen(TwistStamped, "liquid_nav/cmd_vel")
    raw = peer.node.create_publisher(TwistStamped, "liquid_nav/cmd_vel_raw", RELIABLE)
    peer.until(lambda: raw.get_subscription_count() > 0)
    peer.until(lambda: len(_verdicts(heard)) >= 12)
    stamps = np.array([stamp_s for stamp_s, _ in _verdicts(heard)])
    assert 0.2 < np.median(np.diff(stamps[4:])) < 0.6

    answered_s: list[float] = []
    for _ in range(5):
        sent_s = peer.now_s()
        raw.publish(command_message(VelocityCommand(0.5), sent_s))
        peer.until(lambda sent_s=sent_s: any(abs(to_seconds(c.header.stamp) - sent_s) < 1e-4 for c in commands))
        answered_s.append(peer.now_s() - sent_s)
    assert min(answered_s) < 0.1


def test_the_pilot_takes_over_and_gives_back(graph: Graph, peer: Peer) -> None:
    graph.start("safety_node")
    graph.start("teleop_node")
    commands = peer.listen(TwistStamped, "liquid_nav/cmd_vel")
    raw = peer.node.create_publisher(TwistStamped, "liquid_nav/cmd_vel_raw", RELIABLE)
    odometry = peer.node.create_publisher(OdometryMessage, "odom", SENSOR)
    joy = peer.node.create_publisher(Joy, "joy", RELIABLE)

    def fly(*, held: int, left: float = 0.0) -> None:
        odometry.publish(odometry_message(Odometry(peer.now_s(), np.array([0.0, 0.0, 3.0]))))
        raw.publish(command_message(VelocityCommand(forward_m_s=1.0), peer.now_s()))
        joy.publish(Joy(axes=[0.0, 0.0, left, 0.0, 0.0, 0.0], buttons=[held] * 21))

    def goes(forward_m_s: float, left_m_s: float) -> bool:
        linear = commands[-1].twist.linear if commands else None
        return linear is not None and abs(linear.x - forward_m_s) < 0.05 and abs(linear.y - left_m_s) < 0.05

    peer.until(lambda: goes(1.0, 0.0), lambda: fly(held=0))
    peer.until(lambda: goes(0.0, 0.0), lambda: fly(held=1))
    peer.until(lambda: goes(0.0, 1.5), lambda: fly(held=1, left=1.0))
    peer.until(lambda: goes(1.0, 0.0), lambda: fly(held=0))


def test_the_bridge_passes_commands_on_only_while_engaged(graph: Graph, peer: Peer) -> None:
    graph.start("flight_bridge_node")
    flown = peer.listen(TwistStamped, "vehicle/cmd_vel")
    wishes = peer.node.create_publisher(TwistStamped, "liquid_nav/cmd_vel", RELIABLE)
    beats = peer.listen(DiagnosticArray, "/diagnostics")

    def wish() -> None:
        wishes.publish(command_message(VelocityCommand(forward_m_s=1.0), peer.now_s()))

    def call(name: str) -> bool:
        client = peer.node.create_client(Trigger, f"flight_bridge_node/{name}")
        peer.until(client.service_is_ready, wish)
        future = client.call_async(Trigger.Request())
        peer.until(future.done, wish)
        return bool(future.result().success)

    peer.until(lambda: bool(beats) and wishes.get_subscription_count() > 0, wish)
    assert beats[0].status[0].name == "/flight_bridge_node"
    assert not call("takeoff")
    assert all(message.twist.linear.x == 0.0 for message in flown)
    assert call("engage")
    peer.until(lambda: bool(flown) and flown[-1].twist.linear.x == 1.0, wish)
    assert call("hold")
    peer.until(lambda: flown[-1].twist.linear.x == 0.0)


@pytest.mark.parametrize("name", ["recorder_node", "teleop_node", "flight_bridge_node", "safety_node"])
def test_sigterm_ends_a_node_cleanly(graph: Graph, peer: Peer, tmp_path: Path, name: str) -> None:
    parameters: dict[str, object] = {"path": str(tmp_path / "a.mcap")} if name == "recorder_node" else {}
    process = graph.start(name, parameters=parameters)
    peer.until(lambda: name in peer.node.get_node_names())
    process.send_signal(signal.SIGTERM)
    assert process.wait(10.0) == 0
    assert "Traceback" not in (graph.log_folder / f"{name}.log").read_text()


def test_a_parameter_out_of_range_ends_the_node_with_one_line(graph: Graph) -> None:
    process = graph.start("safety_node", parameters={"rate_hz": 1000.0})
    assert process.wait(WAIT_S) == 2
    text = (graph.log_folder / "safety_node.log").read_text()
    assert "out of range" in text
    assert "Traceback" not in text


def test_without_an_estimate_nothing_but_hovering_passes(graph: Graph, peer: Peer) -> None:
    graph.start("safety_node")
    commands = peer.listen(TwistStamped, "liquid_nav/cmd_vel")
    heard = peer.listen(DiagnosticArray, "/diagnostics")
    raw = peer.node.create_publisher(TwistStamped, "liquid_nav/cmd_vel_raw", RELIABLE)

    def command() -> None:
        raw.publish(command_message(VelocityCommand(forward_m_s=1.0), peer.now_s()))

    peer.until(lambda: len(_verdicts(heard)) > 20 and _rule(heard) == "estimate_stale", command)
    assert all(abs(message.twist.linear.x) < 0.5 for message in commands)
    assert abs(commands[-1].twist.linear.x) < 1e-6


def test_the_whole_graph_flies_and_leaves_a_readable_recording(
    graph: Graph, policy_folder: Path, tmp_path: Path
) -> None:
    params = PARAMS / "sim.yaml"
    recording = tmp_path / "flight.mcap"
    graph.start("recorder_node", params_file=params, parameters={"path": str(recording)})
    graph.start("safety_node", params_file=params)
    graph.start("policy_node", params_file=params, parameters={"policy": str(policy_folder)})
    monitor = graph.start("monitor_node", capture=True)
    graph.start("flight_bridge_node", params_file=params)
    graph.start("sim_node", params_file=params, parameters={"duration_s": 2.0})
    assert monitor.stdout is not None
    for raw in monitor.stdout:
        graph.check()
        if json.loads(raw)["status"].get("done"):
            break
    graph.stop()
    assert {name: process.returncode for name, process in graph.processes.items()} == dict.fromkeys(graph.processes, 0)
    log = read_flight(recording)
    stamps = [stamp for stamp, _ in log.images]
    assert len(stamps) >= 30  # whoever records may come a moment late
    assert np.diff(stamps[:30]) == pytest.approx(0.05, abs=1e-3)
    answered = [stamp for stamp in stamps if round(stamp, 4) in log.commands]
    assert len(answered) >= 0.9 * len(stamps)
    assert log.attention and log.neurons and log.verdicts and log.targets and log.statuses


def test_a_reset_begins_again_and_time_goes_on(graph: Graph, peer: Peer) -> None:
    graph.start("sim_node", parameters={"world": "forest", "renderer": "tiny", "realtime_factor": 0.0})
    images = peer.listen(Image, "camera/image_raw", SENSOR)
    statuses = peer.listen(String, "sim/status")
    commands = peer.node.create_publisher(TwistStamped, "liquid_nav/cmd_vel", RELIABLE)

    def answer() -> None:
        if images:
            commands.publish(command_message(VelocityCommand(), to_seconds(images[-1].header.stamp)))

    def started() -> bool:
        return bool(statuses) and json.loads(statuses[-1].data)["time_s"] >= 0.5

    peer.until(started, answer, every_s=0.01)
    client = peer.node.create_client(Trigger, "sim_node/reset")
    peer.until(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    peer.until(future.done)
    assert future.result().success
    peer.until(lambda: json.loads(statuses[-1].data)["time_s"] == 0.0)
    peer.until(started, answer, every_s=0.01)
    stamps = [to_seconds(image.header.stamp) for image in images]
    assert stamps == sorted(stamps)


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
    params = PARAMS / "replay.yaml"
    commands = peer.listen(TwistStamped, "liquid_nav/cmd_vel")
    graph.start("safety_node", params_file=params)
    graph.start("policy_node", params_file=params, parameters={"policy": str(policy_folder)})
    camera = graph.start(
        "camera_node", params_file=params, parameters={"source": str(tmp_path), "wait_for_subscribers": 1, "loop": True}
    )
    peer.until(lambda: len(commands) >= 10)
    camera.send_signal(signal.SIGTERM)
    assert camera.wait(10.0) == 0
