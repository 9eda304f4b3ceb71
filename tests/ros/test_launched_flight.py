"""The installed ``flight.launch.py`` flies a fake PX4 by its address alone; needs ``launch`` and a built workspace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")
pytest.importorskip("launch_ros", reason="launch comes with a ROS 2 installation, not with the wheels")

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory  # noqa: E402
from geometry_msgs.msg import TwistStamped  # noqa: E402
from lifecycle_msgs.msg import Transition  # noqa: E402
from lifecycle_msgs.srv import ChangeState  # noqa: E402

from tests.fake_px4 import FakePx4  # noqa: E402
from tests.ros.test_graph import Peer, graph, peer  # noqa: E402
from tests.ros.test_mavlink_bridge import Flight, fake, port  # noqa: E402
from training.graph import Graph  # noqa: E402

__all__ = ["fake", "graph", "peer", "port"]
pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(180)]
ENDS_WITHIN_S, WATCHED_S = 20.0, 4.0
LAUNCH = """
import sys
from launch import LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch import LaunchDescription

file, *arguments = sys.argv[1:]
service = LaunchService(argv=arguments)
source = PythonLaunchDescriptionSource(file)
pairs = [tuple(argument.split(":=", 1)) for argument in arguments]
service.include_launch_description(LaunchDescription([IncludeLaunchDescription(source, launch_arguments=pairs)]))
sys.exit(service.run())
"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of noise that a camera may have seen, for a minute."""
    folder, rng = tmp_path / "pictures", np.random.default_rng(0)
    folder.mkdir()
    for number in range(1200):
        picture = rng.integers(0, 255, (36, 64, 3), dtype=np.uint8).repeat(4, axis=0).repeat(4, axis=1)
        cv2.imwrite(str(folder / f"{number:04d}.jpg"), picture)
    return folder


@pytest.fixture(params=["false", "true"], ids=["processes", "composed"])
def launched(
    request: pytest.FixtureRequest, tmp_path: Path, graph: Graph, port: int, pictures: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """What ``ros2 launch liquid_nav_ros flight.launch.py url:=... camera:=... composed:=...`` starts."""
    try:
        share = Path(get_package_share_directory("liquid_nav_ros"))
    except PackageNotFoundError:
        pytest.skip("build the workspace with colcon and source ros2_ws/install/setup.sh")
    file = next(share.rglob("flight.launch.py"))
    arguments = [f"url:=udpin:127.0.0.1:{port}", f"camera:={pictures}", f"composed:={request.param}"]
    command = [sys.executable, "-c", LAUNCH, str(file), *arguments]
    environment = {**os.environ, "ROS_DOMAIN_ID": str(graph.domain_id)}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, start_new_session=True)
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_an_operator_flies_what_was_launched(
    launched: subprocess.Popen[bytes], peer: Peer, fake: FakePx4, tmp_path: Path
) -> None:
    flight = Flight(peer)
    raw = peer.listen(TwistStamped, "liquid_nav/cmd_vel_raw")
    flight.reach("ready")
    lifecycle = peer.node.create_client(ChangeState, "policy_node/change_state")
    peer.until(lifecycle.service_is_ready)
    for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        answer = lifecycle.call_async(ChangeState.Request(transition=Transition(id=transition)))
        peer.until(answer.done)
        assert answer.result().success
    for service, state in (("arm", "armed"), ("takeoff", "hold")):
        assert flight.call(service)[0]
        flight.reach(state)
    peer.until(lambda: len(raw) > 5)
    flight.engage()
    start_s = time.monotonic()
    flight.run(WATCHED_S)
    assert fake.rates_since(start_s) > 15.0
    assert flight.call("land")[0]
    flight.reach("disarmed")
    assert fake.on_ground
    os.killpg(launched.pid, signal.SIGINT)  # a terminal tells all of its processes
    assert launched.wait(ENDS_WITHIN_S) == 0
    assert [file.suffix for file in (tmp_path / "recordings").iterdir()] == [".mcap"]
