"""The bridge as a process, a fake autopilot at the other end of a real socket."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")

from training.graph import PARAMS, ROS_PACKAGE, Graph  # noqa: E402

sys.path.insert(0, str(ROS_PACKAGE))

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from geometry_msgs.msg import TwistStamped  # noqa: E402
from liquid_nav_ros.qos import LATCHED  # noqa: E402
from nav_msgs.msg import Odometry as OdometryMessage  # noqa: E402
from sensor_msgs.msg import BatteryState, NavSatFix  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from liquid_nav.types import VelocityCommand  # noqa: E402
from tests.fake_ardupilot import FakeArduPilot  # noqa: E402
from tests.fake_px4 import FakePx4  # noqa: E402
from tests.ros.test_graph import (  # noqa: E402
    RELIABLE,
    SENSOR,
    WAIT_S,
    Peer,
    command_message,
    graph,
    peer,
)

__all__ = ["graph", "peer"]
pytestmark = [pytest.mark.ros, pytest.mark.timeout(120)]


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> int:
    """Where the bridge listens."""
    return _free_port()


@pytest.fixture
def fake(port: int) -> Iterator[FakePx4]:
    """A PX4 in the air's real time, that sends to the bridge as PX4 does."""
    vehicle = FakePx4.safe(peer=port)
    with vehicle.running():
        yield vehicle


class Flight:
    """An operator and a policy."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.states = peer.listen(String, "vehicle/state", LATCHED)
        self.diagnostics = peer.listen(DiagnosticArray, "/diagnostics")
        self._wishes = peer.node.create_publisher(TwistStamped, "liquid_nav/cmd_vel", RELIABLE)
        self._engage = peer.node.create_client(Trigger, "flight_bridge_node/engage")
        self.wish: VelocityCommand | None = None

    def act(self) -> None:
        """The policy's part."""
        if self.wish is not None:
            self._wishes.publish(command_message(self.wish, self.peer.now_s()))

    @property
    def state(self) -> str:
        return self.states[-1].data if self.states else ""

    def reach(self, state: str) -> None:
        self.peer.until(lambda: self.state == state, self.act)

    def call(self, name: str) -> tuple[bool, str]:
        client = self.peer.node.create_client(Trigger, f"flight_bridge_node/{name}")
        self.peer.until(client.service_is_ready, self.act)
        future = client.call_async(Trigger.Request())
        self.peer.until(future.done, self.act)
        return bool(future.result().success), str(future.result().message)

    def engage(self) -> None:
        """Ask until it is engaged: on a machine that is busy elsewhere commands may be too old at first."""
        asked_s = [0.0]

        def act() -> None:
            self.act()
            if self.state == "hold" and time.monotonic() - asked_s[0] > 0.3:
                asked_s[0] = time.monotonic()
                self._engage.call_async(Trigger.Request())

        self.peer.until(lambda: self.state == "engaged", act)

    def run(self, duration_s: float) -> None:
        end_s = time.monotonic() + duration_s
        assert duration_s < WAIT_S
        self.peer.until(lambda: time.monotonic() >= end_s, self.act)


def _start(graph: Graph, port: int, **parameters: object) -> None:
    graph.start(
        "flight_bridge_node",
        params_file=PARAMS / "flight.yaml",
        parameters={"url": f"udpin:127.0.0.1:{port}", **parameters},
    )


def test_a_whole_flight_of_the_bridge_with_px4(graph: Graph, peer: Peer, port: int, fake: FakePx4) -> None:
    flight = Flight(peer)
    odometry = peer.listen(OdometryMessage, "odom", SENSOR)
    batteries = peer.listen(BatteryState, "battery")
    fixes = peer.listen(NavSatFix, "gps/fix", SENSOR)
    flown = peer.listen(TwistStamped, "vehicle/cmd_vel")
    _start(graph, port)
    flight.reach("ready")
    assert flight.call("engage") == (False, "engage is refused in state ready: it is possible in hold")
    assert flight.call("arm")[0]
    flight.reach("armed")
    assert flight.call("takeoff")[0]
    flight.reach("hold")
    assert fake.height_m == pytest.approx(2.0, abs=0.4)
    assert flight.call("engage")[0] is False

    flight.wish = VelocityCommand(1.0, 0.5, 0.0, 0.2)
    flight.engage()
    deadline_s, rate_hz = time.monotonic() + WAIT_S, 0.0
    while rate_hz < 19.0:  # a machine that is busy elsewhere may lose a second, but not every second
        assert time.monotonic() < deadline_s, f"set-points come at {rate_hz:.1f} Hz"
        flight.engage()
        start_s = time.monotonic()
        flight.run(2.0)
        rate_hz = fake.rates_since(start_s)
    message = next(message for _, message in reversed(fake.setpoints) if message.vx == pytest.approx(1.0))
    assert (message.vx, message.vy, message.vz, message.yaw_rate) == pytest.approx((1.0, -0.5, 0.0, -0.2), abs=1e-6)
    assert any(message.twist.linear.x == pytest.approx(1.0) for message in flown)
    assert odometry[-1].header.frame_id == "odom" and odometry[-1].child_frame_id == "base_link"
    place = odometry[-1].pose.pose.position
    north, east, down = fake.position_ned_m
    assert [place.x, place.y, place.z] == pytest.approx([east, north, -down], abs=0.5)
    assert batteries[-1].percentage == pytest.approx(0.9)
    assert batteries[-1].voltage == pytest.approx(15.2)
    assert fixes[-1].latitude == pytest.approx(47.3977418)

    flight.wish = None  # the policy dies
    flight.reach("hold")
    count = len(fake.setpoints)
    peer.until(lambda: len(fake.setpoints) >= count + 20)
    assert all(message.vx == message.vy == 0.0 for _, message in fake.setpoints[count + 1 :])

    assert flight.call("land")[0]
    flight.reach("disarmed")
    flight.reach("ready")
    assert fake.on_ground and not fake.armed and fake.mode == "AUTO.LOITER"
    texts = [status.message for array in flight.diagnostics for status in array.status]
    assert any("engaged -> hold: " in text for text in texts)


def test_the_pilots_mode_change_and_the_death_of_the_bridge(
    graph: Graph, peer: Peer, port: int, fake: FakePx4
) -> None:
    flight = Flight(peer)
    fake.radio = True
    _start(graph, port)
    flight.reach("ready")
    flight.call("arm")
    flight.reach("armed")
    flight.call("takeoff")
    flight.reach("hold")
    flight.wish = VelocityCommand(1.0)
    flight.engage()
    fake.switch("POSCTL")
    flight.reach("external")
    count = len(fake.setpoints)
    flight.run(1.0)
    assert len(fake.setpoints) - count <= 2 and fake.mode == "POSCTL"
    assert flight.call("engage")[0] is False
    assert flight.call("hold")[0]
    flight.reach("hold")

    process = graph.processes["flight_bridge_node"]
    process.kill()
    process.wait()
    count = len(fake.setpoints)
    peer.until(lambda: fake.mode == "AUTO.LOITER", flight.act)
    assert len(fake.setpoints) - count <= 2
    assert np.linalg.norm(fake.velocity_ned_m_s) < 1.5


def test_a_whole_flight_of_the_bridge_with_ardupilot(graph: Graph, peer: Peer, port: int) -> None:
    fake = FakeArduPilot.safe(peer=port)
    with fake.running():
        flight = Flight(peer)
        odometry = peer.listen(OdometryMessage, "odom", SENSOR)
        _start(graph, port)
        flight.reach("ready")
        assert flight.call("arm")[0]
        flight.reach("armed")
        assert fake.mode == "GUIDED"
        assert flight.call("takeoff")[0]
        flight.reach("hold")
        assert fake.height_m == pytest.approx(2.0, abs=0.4)
        flight.wish = VelocityCommand(1.0, 0.5, 0.0, 0.2)
        flight.engage()
        peer.until(lambda: bool(fake.setpoints) and fake.setpoints[-1][1].vx > 0.999999, flight.act)
        message = fake.setpoints[-1][1]
        assert (message.vx, message.vy, message.yaw_rate) == pytest.approx((1.0, -0.5, -0.2), abs=1e-6)
        assert odometry[-1].child_frame_id == "base_link"

        fake.switch("LOITER")  # the pilot
        flight.reach("external")
        assert flight.call("engage")[0] is False
        assert flight.call("hold")[0]
        flight.reach("hold")
        assert flight.call("land")[0]
        flight.reach("disarmed")
        flight.reach("ready")
        assert fake.on_ground and not fake.armed


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"url": "carrier:pigeon"}, "use udpin:"),
        ({"autopilot": "betaflight"}, "use auto, px4 or ardupilot"),
        ({"signing_key_file": "/nonexistent"}, "cannot be read"),
        ({"setpoint_hz": 10.0}, "out of range"),
    ],
)
def test_a_wrong_parameter_ends_the_bridge_with_one_line(graph: Graph, parameters: dict, says: str) -> None:
    process = graph.start("flight_bridge_node", parameters={"backend": "mavlink", **parameters})
    assert process.wait(WAIT_S) == 2
    text = (graph.log_folder / "flight_bridge_node.log").read_text()
    assert says in text and "Traceback" not in text
