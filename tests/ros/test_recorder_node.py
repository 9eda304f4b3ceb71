"""The recorder node over real DDS: files for others, notes, folders, latched state, who flew."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

rclpy = pytest.importorskip("rclpy")

from training.graph import ROS_PACKAGE, Graph  # noqa: E402

sys.path.insert(0, str(ROS_PACKAGE))

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from geometry_msgs.msg import TwistStamped  # noqa: E402
from liquid_nav_ros.conversions import (  # noqa: E402
    command_message,
    compressed_message,
    odometry_message,
    to_time,
    verdict_status,
)
from liquid_nav_ros.qos import LATCHED, RELIABLE, SENSOR  # noqa: E402
from liquid_nav_ros.recorder_node import RecorderNode, _service  # noqa: E402
from nav_msgs.msg import Odometry as OdometryMessage  # noqa: E402
from sensor_msgs.msg import BatteryState, CompressedImage, LaserScan, NavSatFix  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from liquid_nav.data import open_episode  # noqa: E402
from liquid_nav.types import Odometry, SafetyVerdict, VelocityCommand  # noqa: E402
from tests.ros.inside import inside  # noqa: E402
from tests.ros.test_graph import Peer, graph, peer  # noqa: E402

__all__ = ["graph", "peer"]
pytestmark = [pytest.mark.ros, pytest.mark.timeout(90)]
CAPTURE_LAG_S = 0.2


class Flight:
    """Publishes a little flight in which the pilot takes over now and then."""

    def __init__(self, peer: Peer) -> None:
        node = peer.node
        self.peer, self.count, self.pilot = peer, 0, False
        self.images = node.create_publisher(CompressedImage, "camera/image/compressed", SENSOR)
        self.states = node.create_publisher(OdometryMessage, "odom", SENSOR)
        self.flown = node.create_publisher(TwistStamped, "vehicle/cmd_vel", RELIABLE)
        self.wanted = node.create_publisher(TwistStamped, "teleop/cmd_vel", RELIABLE)
        self.verdicts = node.create_publisher(DiagnosticArray, "/diagnostics", RELIABLE)
        self.state = node.create_publisher(String, "vehicle/state", LATCHED)
        self.state.publish(String(data="engaged"))

    def ready(self) -> bool:
        topics = (self.images, self.states, self.flown, self.wanted, self.verdicts, self.state)
        return all(topic.get_subscription_count() for topic in topics)

    def publish(self) -> None:
        now = self.peer.now_s()
        stamp_s = now - CAPTURE_LAG_S  # captured a while ago
        self.images.publish(compressed_message(np.full((36, 64, 3), self.count % 200, dtype=np.uint8), stamp_s))
        self.states.publish(odometry_message(Odometry(stamp_s, np.array([0.1 * self.count, 0.0, 1.0]))))
        command = VelocityCommand(0.5) if self.pilot else VelocityCommand(1.5)
        if self.pilot:
            self.wanted.publish(command_message(command, now))
        self.flown.publish(command_message(command, stamp_s))
        verdict = verdict_status("liquid_nav: safety", SafetyVerdict(command), "pilot" if self.pilot else "policy")
        array = DiagnosticArray(status=[verdict])
        array.header.stamp = to_time(stamp_s)
        self.verdicts.publish(array)
        self.count += 1


def _call(peer: Peer, name: str) -> Trigger.Response:
    client = peer.node.create_client(Trigger, f"recorder_node/{name}")
    peer.until(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    peer.until(future.done)
    return future.result()


def test_many_episodes_in_one_folder_with_notes_and_interventions(graph: Graph, peer: Peer, tmp_path: Path) -> None:
    folder = tmp_path / "episodes"
    graph.start("recorder_node", parameters={
        "path": str(folder), "autostart": False, "metadata": json.dumps({"pilot": "Ada", "world": "meadow"}),
    })  # fmt: skip
    flight = Flight(peer)
    notes = peer.node.create_publisher(String, "recorder_node/note", RELIABLE)
    statuses = peer.listen(String, "recorder_node/status", LATCHED)
    peer.until(lambda: flight.ready() and notes.get_subscription_count() > 0)
    assert not _call(peer, "stop").success
    assert _call(peer, "start").success
    assert "stop it first" in _call(peer, "start").message
    peer.until(lambda: flight.count >= 20, flight.publish)
    flight.pilot = True
    peer.until(lambda: flight.count >= 45, flight.publish)
    notes.publish(String(data="gusts"))
    flight.pilot = False
    peer.until(lambda: flight.count >= 60, flight.publish)
    stopped = _call(peer, "stop")
    assert stopped.success and stopped.message.endswith("is finished")
    assert _call(peer, "start").success
    assert _call(peer, "discard").success
    assert not _call(peer, "discard").success
    (path,) = folder.iterdir()
    assert path.suffix == ".mcap"
    status = json.loads(statuses[-1].data)
    assert status["recording"] is False and status["dropped"] == 0

    episode = open_episode(path)
    assert episode.recorded and episode.metadata.pilot == "Ada" and episode.metadata.world == "meadow"
    assert episode.metadata.extra["notes"] == "gusts"
    assert [data for _, _, data in episode.messages["/vehicle/state"]]  # latched before the start
    steps = list(episode.steps())
    assert len(steps) >= 45
    by_source = {source: [s for s in steps if s.source == source] for source in ("pilot", "policy")}
    assert 20 <= len(by_source["pilot"]) <= 25 and len(by_source["policy"]) >= 25
    labels = [step for step in steps if step.labelled]
    assert all(step.expert.forward_m_s == 0.5 for step in labels), "only the pilot's word is a label"
    assert 12 <= len(labels) <= 40
    early = [step for step in labels if step.source == "policy"]
    assert early, "the moments before the pilot reacted carry his word too"


def test_messages_keep_their_time_of_capture_and_of_coming(graph: Graph, peer: Peer, tmp_path: Path) -> None:
    from mcap.reader import make_reader

    path = tmp_path / "a.mcap"
    recorder = graph.start("recorder_node", parameters={"path": str(path)})
    flight = Flight(peer)
    battery = peer.node.create_publisher(BatteryState, "battery", RELIABLE)
    gps = peer.node.create_publisher(NavSatFix, "gps/fix", SENSOR)
    peer.until(lambda: flight.ready() and battery.get_subscription_count() > 0 and gps.get_subscription_count() > 0)

    def publish() -> None:
        flight.publish()
        battery.publish(BatteryState(voltage=15.2))
        gps.publish(NavSatFix(latitude=48.1))

    statuses = peer.listen(String, "recorder_node/status", LATCHED)
    topics = 6
    peer.until(lambda: bool(statuses) and json.loads(statuses[-1].data)["messages"] >= 30 * topics, publish)
    recorder.send_signal(signal.SIGINT)
    assert recorder.wait(10.0) == 0
    with path.open("rb") as file:
        read = [(channel.topic, message) for _, channel, message in make_reader(file).iter_messages()]
    images = [message for topic, message in read if topic == "/camera/image/compressed"]
    ages = [1e-9 * (message.log_time - message.publish_time) for message in images]
    assert len(images) >= 15 and min(ages) >= CAPTURE_LAG_S - 0.001
    assert np.median(ages) < CAPTURE_LAG_S + 0.2
    assert {"/battery", "/gps/fix", "/diagnostics"} <= {topic for topic, _ in read}


def test_it_hears_best_effort_publishers_of_any_topic_and_warns_where_it_cannot(
    graph: Graph, peer: Peer, tmp_path: Path
) -> None:
    from mcap.reader import make_reader

    kinds = {
        "scan": LaserScan, "/odom": OdometryMessage, "battery": BatteryState, "liquid_nav/cmd_vel": TwistStamped
    }  # fmt: skip
    topics = [f"{topic}:{kind.__module__.split('.')[0]}/msg/{kind.__name__}" for topic, kind in kinds.items()]
    params = tmp_path / "params.yaml"
    values = {"path": str(tmp_path / "a.mcap"), "topics": topics}
    params.write_text(yaml.safe_dump({"/recorder_node": {"ros__parameters": values}}))
    publishers = [(peer.node.create_publisher(kind, topic, SENSOR), kind) for topic, kind in kinds.items()]
    recorder = graph.start("recorder_node", params_file=params)
    log = graph.log_folder / "recorder_node.log"
    statuses = peer.listen(String, "recorder_node/status", LATCHED)

    def publish() -> None:
        for publisher, kind in publishers:
            publisher.publish(kind())

    def warned() -> bool:
        return "incompatible QoS" in log.read_text()

    peer.until(lambda: bool(statuses) and json.loads(statuses[-1].data)["messages"] >= 60 and warned(), publish)
    recorder.send_signal(signal.SIGINT)
    assert recorder.wait(10.0) == 0
    with (tmp_path / "a.mcap").open("rb") as file:
        found = {channel.topic for _, channel, _ in make_reader(file).iter_messages()}
    assert found == {"/scan", "/odom", "/battery"}
    (warning,) = [line for line in log.read_text().splitlines() if "incompatible QoS" in line]
    assert "liquid_nav/cmd_vel" in warning and "RELIABILITY" in warning


def test_a_start_in_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with inside(RecorderNode, path=tmp_path / "file" / "flights", autostart="false") as node:
        answer = _service(node._start)(Trigger.Request(), Trigger.Response())
        assert not answer.success and "choose a folder" in answer.message
        assert node.health()["recording"] is False


def test_the_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with inside(RecorderNode, path="~/flights", min_free_mb=1):
        pass
    assert [file.suffix for file in (tmp_path / "flights").iterdir()] == [".mcap"]


def test_it_refuses_a_disk_that_is_nearly_full(graph: Graph, tmp_path: Path) -> None:
    recorder = graph.start("recorder_node", parameters={"path": str(tmp_path / "a.mcap"), "min_free_mb": 1_000_000})
    assert recorder.wait(30.0) == 2
    assert "MB are free" in (graph.log_folder / "recorder_node.log").read_text()
    assert not list(tmp_path.glob("a.mcap*"))
