"""Two vehicles on one ``/diagnostics``: cockpit, monitor and recorder of one keep to what is said of it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy")

from training.graph import ROS_PACKAGE

sys.path.insert(0, str(ROS_PACKAGE))

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from liquid_nav_ros.cockpit_node import CockpitNode
from liquid_nav_ros.flight_bridge_node import FlightBridgeNode
from liquid_nav_ros.heartbeat import Heartbeat
from liquid_nav_ros.monitor_node import MonitorNode
from liquid_nav_ros.recorder_node import RecorderNode
from liquid_nav_ros.safety_node import SafetyNode
from mcap.reader import make_reader
from rclpy.serialization import deserialize_message, serialize_message

from liquid_nav.flight.controller import Notice
from tests.ros.inside import Kept, inside

pytestmark = [pytest.mark.ros, pytest.mark.timeout(60)]
LANDS = "engaged -> landing: the battery is at 10%"
FOREIGN = DiagnosticArray(status=[DiagnosticStatus(name="lidar: motor", message="turns", hardware_id="rplidar")])


def _verdict(namespace: str) -> DiagnosticArray:
    """What a safety node says that has not heard a policy."""
    with inside(SafetyNode, namespace) as node:
        node._diagnostics = kept = Kept()
        node._watch()
    return kept.messages[-1]


def _notice(namespace: str) -> DiagnosticArray:
    """What a flight bridge says of its vehicle."""
    with inside(FlightBridgeNode, namespace) as node:
        node._diagnostics = kept = Kept()
        node._vehicle.notices = lambda: [Notice(0.0, True, LANDS)]
        node._tell()
    return kept.messages[-1]


def _beat(namespace: str, problem: str = "") -> DiagnosticArray:
    """The heartbeat of a recorder in trouble."""
    with inside(RecorderNode, namespace, autostart="false") as node:
        node.health = lambda: {"recording": False, "problem": problem}
        beats = Heartbeat(node)
        beats._publisher = kept = Kept()
        beats.beat()
    return kept.messages[-1]


def _board(messages: list[DiagnosticArray], namespace: str, folder: Path) -> Any:
    """The cockpit's board after these diagnostics."""
    with inside(CockpitNode, namespace, port=0, address_file=folder / "address") as node:
        for message in messages:
            node._on_diagnostics(message)
        taken = threading.Event()
        node._server.post(taken.set)
        assert taken.wait(20.0)
        return node._board


def _texts(board: Any) -> list[str]:
    return [event["text"] for event in board.events]


@pytest.mark.parametrize(("own", "other"), [("/uav1", "/uav2"), ("/uav1", "/uav10"), ("", "/uav1"), ("/uav1", "")])
def test_the_monitor_takes_its_own_vehicles_verdicts(own: str, other: str) -> None:
    theirs, ours = _verdict(other), _verdict(own)
    with inside(MonitorNode, own) as node:
        node._on_diagnostics(theirs)
        assert node._rule == "none"
        node._on_diagnostics(ours)
        assert node._rule == "waiting"


@pytest.mark.parametrize("say", [_verdict, _notice, _beat])
def test_the_cockpit_shows_its_own_vehicle(say: Callable[[str], DiagnosticArray], tmp_path: Path) -> None:
    def shown(board: Any) -> tuple[bool, bool, bool]:
        return "verdict" in board.values, LANDS in _texts(board), bool(board.snapshot()["nodes"])

    theirs, ours = say("/uav2"), say("/uav1")
    assert shown(_board([theirs], "/uav1", tmp_path)) == (False, False, False)
    assert shown(_board([theirs, ours], "/uav1", tmp_path)) == (say is _verdict, say is _notice, say is _beat)


def test_a_recording_leaves_other_vehicles_out_and_keeps_foreign_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [_verdict("/uav2"), _beat("/uav2"), _verdict("/uav1"), FOREIGN]
    path = tmp_path / "a.mcap"
    taken = iter([[(number, "/diagnostics", serialize_message(message)) for number, message in enumerate(said)]])
    monkeypatch.setattr(RecorderNode, "_taken", lambda node: next(taken, []))
    with inside(RecorderNode, "/uav1", path=path, min_free_mb=1) as node:
        node._poll()
    with path.open("rb") as file:
        messages = [message.data for _, _, message in make_reader(file).iter_messages()]
    kept = [deserialize_message(data, DiagnosticArray) for data in messages]
    assert [(array.status[0].name, array.status[0].hardware_id) for array in kept] == [
        ("liquid_nav: safety", "liquid_nav/uav1"), ("lidar: motor", "rplidar"),
    ]  # fmt: skip


def test_a_node_in_trouble_lives_and_the_cockpit_says_once_what_it_is(tmp_path: Path) -> None:
    full, well = _beat("/uav1", "the disk is full"), _beat("/uav1")
    board = _board([full, full, full], "/uav1", tmp_path)
    assert "recorder_node" in board.snapshot()["nodes"]
    assert _texts(board).count("recorder_node: the disk is full") == 1
    assert [event["level"] for event in board.events if "disk" in event["text"]] == ["warn"]
    board = _board([full, well, full], "/uav1", tmp_path)
    assert _texts(board).count("recorder_node: the disk is full") == 2
