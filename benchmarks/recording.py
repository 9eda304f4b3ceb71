"""What recording a flight costs, and whether anything is lost: the recorder node and a whole graph's topics over DDS.

``python benchmarks/recording.py [--seconds 20] [--json]``
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from mcap.reader import make_reader
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from training.graph import Graph, ros_environment

CASES = ((256, 144, 30.0), (1280, 720, 30.0))
ODOMETRY_HZ = 80.0
DISCOVERY_S = 20.0


@dataclass(frozen=True)
class Row:
    """What was measured at one image size; shares are of one core."""

    image: str
    hz: float
    megabytes_per_s: float
    core_share: float
    images_sent: int
    images_kept: int
    others_kept: float


def draw_pictures(width: int, height: int, count: int = 20) -> list[NDArray[np.uint8]]:
    """Return images (height, width, 3) that compress about as well as a forest does."""
    rng = np.random.default_rng(0)
    soft = cv2.resize(rng.integers(0, 255, (height // 16, width // 16, 3)).astype(np.uint8), (width, height))
    noise = rng.normal(0.0, 12.0, (count, height, width, 1))
    return [np.clip(soft + each, 0, 255).astype(np.uint8) for each in noise]


def publish(width: int, height: int, hz: float, seconds: float) -> None:
    """Publish what a flight publishes, as its nodes do; print how many of each topic were sent."""
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray
    from geometry_msgs.msg import TwistStamped
    from liquid_nav_ros.conversions import (
        camera_info_message,
        command_message,
        compressed_message,
        to_time,
        verdict_status,
    )
    from liquid_nav_ros.qos import RELIABLE, SENSOR
    from nav_msgs.msg import Odometry
    from rclpy.node import Node
    from sensor_msgs.msg import CameraInfo, CompressedImage

    from liquid_nav.types import SafetyVerdict, VelocityCommand

    rclpy.init()
    node = Node("flight")
    images = node.create_publisher(CompressedImage, "camera/image/compressed", SENSOR)
    infos = node.create_publisher(CameraInfo, "camera/camera_info", SENSOR)
    states = node.create_publisher(Odometry, "odom", SENSOR)
    names = ("liquid_nav/cmd_vel_raw", "liquid_nav/cmd_vel", "vehicle/cmd_vel")
    commands = [node.create_publisher(TwistStamped, name, RELIABLE) for name in names]
    verdicts = node.create_publisher(DiagnosticArray, "/diagnostics", RELIABLE)
    pictures = [compressed_message(picture, 0.0) for picture in draw_pictures(width, height)]
    deadline = time.monotonic() + DISCOVERY_S
    topics = [images, infos, states, *commands, verdicts]
    while any(topic.get_subscription_count() < 1 for topic in topics) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    sent = {"images": 0, "others": 0}
    begun = time.monotonic()
    next_image = next_state = begun
    while (now := time.monotonic()) - begun < seconds:
        if now >= next_state:
            next_state += 1.0 / ODOMETRY_HZ
            state = Odometry(child_frame_id="base_link")
            state.header.stamp = to_time(time.time())
            states.publish(state)
            sent["others"] += 1
        if now >= next_image:
            next_image += 1.0 / hz
            stamp_s = time.time()
            image = pictures[sent["images"] % len(pictures)]
            image.header.stamp = to_time(stamp_s)
            images.publish(image)
            infos.publish(camera_info_message(stamp_s, width, height, 1.4))
            for publisher in commands:
                publisher.publish(command_message(VelocityCommand(1.0), stamp_s))
            verdict = verdict_status("liquid_nav: safety", SafetyVerdict(VelocityCommand()), "policy")
            array = DiagnosticArray(status=[verdict])
            array.header.stamp = to_time(stamp_s)
            verdicts.publish(array)
            sent["images"] += 1
            sent["others"] += 5
        time.sleep(max(0.0, min(next_image, next_state) - time.monotonic()))
    time.sleep(1.0)  # until the last ones are out
    print(json.dumps(sent), flush=True)
    node.destroy_node()
    rclpy.try_shutdown()


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(width: int, height: int, hz: float, seconds: float) -> Row:
    """Record one flight's topics and count what the file holds."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.mcap"
        with Graph(Path(name) / "logs") as graph:
            recorder = graph.start("recorder_node", parameters={"path": str(path)})
            command = [sys.executable, __file__, "--publish", f"{width},{height},{hz},{seconds}"]
            flight = subprocess.Popen(
                command, env=ros_environment(graph.domain_id), stdout=subprocess.PIPE, stderr=sys.stderr, text=True
            )
            part = path.with_name("a.mcap.part")
            while not part.exists() or part.stat().st_size < 50_000:
                time.sleep(0.02)
                graph.check()
            before, begun = cpu_seconds(recorder.pid), time.monotonic()
            time.sleep(seconds - 2.0)
            share = (cpu_seconds(recorder.pid) - before) / (time.monotonic() - begun)
            sent = json.loads(flight.communicate()[0])
            graph.stop()
        with path.open("rb") as file:
            summary = make_reader(file).get_summary()
        assert summary is not None and summary.statistics is not None
        counts = {summary.channels[key].topic: n for key, n in summary.statistics.channel_message_counts.items()}
        kept = counts.pop("/camera/image/compressed", 0)
        beats = sum(n for topic, n in counts.items() if topic != "/diagnostics")
        # The recorder's own signs of life are among the diagnostics; more than were sent count as all.
        others = beats + min(counts.get("/diagnostics", 0), sent["images"])
        return Row(
            f"{width}x{height}", hz, path.stat().st_size / seconds / 1e6, share, sent["images"], kept,
            others / sent["others"],
        )  # fmt: skip


def main(
    seconds: Annotated[float, typer.Option(help="Of each recording.", min=5.0, max=600.0)] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    publish_case: Annotated[str, typer.Option("--publish", hidden=True)] = "",
) -> None:
    """Measure every case."""
    if publish_case:
        width, height, hz, duration = (float(value) for value in publish_case.split(","))
        publish(int(width), int(height), hz, duration)
        return
    rows = [measure(*case, seconds) for case in CASES]
    if as_json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    table = Table("image", "Hz", "MB/s", "share of a core", "images sent", "images kept", "other messages kept")
    for row in rows:
        table.add_row(
            row.image, f"{row.hz:.0f}", f"{row.megabytes_per_s:.2f}", f"{row.core_share:.1%}", str(row.images_sent),
            str(row.images_kept), f"{row.others_kept:.2%}",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
