"""From the capture of an image to the command, through processes and DDS, and what the graph costs when idle.

    python -m benchmarks.graph_latency                 # a table, some two minutes

The chain: this process publishes images of 256x144 at 30 Hz, ``policy_node`` and ``safety_node`` answer, the command
comes back here. Beside it, in the same run: the network alone, in a process, and the transport alone, through the same
number of processes that only pass on. Idle: the processor time of all nodes of ``launch/params/flight.yaml`` but the
camera.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.executors import ExternalShutdownException

from benchmarks.flight_rig import (
    RELIABLE,
    SENSOR,
    Image,
    Odometry,
    Operator,
    TwistStamped,
    free_port,
    image_message,
    odometry_message,
    rclpy,
    to_seconds,
)
from benchmarks.pictures import smooth_pictures
from liquid_nav import load_policy
from training.graph import PARAMS, ROOT, Graph, ros_environment

RATE_HZ = 30.0
WARM = 60
START_S, SETTLED_S = 90.0, 10.0
SIZE_PX = (144, 256)
TOPICS = ("camera/image_raw", "liquid_nav/cmd_vel_raw", "liquid_nav/cmd_vel")


class Chain:
    """Publishes images and measures when the commands that answer them come back.

    Args:
        graph: that answers.
    """

    def __init__(self, graph: Graph) -> None:
        self.operator = Operator(graph)
        node = self.operator.node
        self._images = node.create_publisher(Image, TOPICS[0], SENSOR)
        self._odometry = node.create_publisher(odometry_message(Odometry(0.0, np.zeros(3))).__class__, "odom", SENSOR)
        self._sent: dict[int, float] = {}
        self.ages_s: list[float] = []
        node.create_subscription(TwistStamped, TOPICS[2], self._on_command, RELIABLE)

    def run(self, count: int) -> np.ndarray:
        """Publish so many images after a warm-up; return the ages in milliseconds of the commands that came."""
        pictures = smooth_pictures(8, *SIZE_PX)
        self.operator.until(lambda: self._answered(pictures[0]), 90.0)
        self.ages_s.clear()
        due_s = time.monotonic()
        for index in range(WARM + count):
            if index == WARM:
                self.ages_s.clear()
            due_s += 1.0 / RATE_HZ
            self.operator.watch(max(due_s - time.monotonic(), 0.0))
            self._send(pictures[index % len(pictures)])
        self.operator.watch(0.5)
        return 1e3 * np.array(self.ages_s)

    def _answered(self, picture: np.ndarray) -> bool:
        self._send(picture)
        self.operator.watch(0.1)
        return len(self.ages_s) > 3

    def _send(self, picture: np.ndarray) -> None:
        stamp_s = self.operator.node.get_clock().now().nanoseconds * 1e-9
        place = np.array([0.0, 0.0, 3.0])
        self._odometry.publish(odometry_message(Odometry(stamp_s, place)))
        message = image_message(picture, stamp_s)
        self._sent[_key(message)] = time.monotonic()
        self._images.publish(message)

    def _on_command(self, message: Any) -> None:
        sent_s = self._sent.pop(_key(message), None)
        if sent_s is not None:
            self.ages_s.append(time.monotonic() - sent_s)


def _key(message: Any) -> int:
    return round(to_seconds(message.header.stamp) * 1e6)


def relay(source: str, target: str) -> None:
    """Be a process that answers each message with a command of its stamp."""
    rclpy.init()
    node = rclpy.create_node("relay")
    publisher = node.create_publisher(TwistStamped, target, RELIABLE)
    kind, profile = (Image, SENSOR) if "image" in source else (TwistStamped, RELIABLE)

    def answer(message: Any) -> None:
        publisher.publish(TwistStamped(header=message.header))

    node.create_subscription(kind, source, answer, profile)
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)


def inference_ms(count: int) -> np.ndarray:
    """Return the times of the network alone, at the camera's rate."""
    import torch

    torch.set_num_threads(1)
    policy, state = load_policy(), None
    pictures = smooth_pictures(8, *SIZE_PX)
    times = []
    for index in range(WARM + count):
        begin_s = time.perf_counter()
        _, state = policy.step(pictures[index % len(pictures)], 1.0 / RATE_HZ, state)
        times.append(time.perf_counter() - begin_s)
        time.sleep(max(0.0, 1.0 / RATE_HZ - times[-1]))
    return 1e3 * np.array(times[WARM:])


def transport_ms(count: int, folder: Path) -> np.ndarray:
    """Return the ages of commands through two processes that only pass on."""
    import subprocess

    with Graph(folder / "transport") as graph:
        for source, target in ((TOPICS[0], TOPICS[1]), (TOPICS[1], TOPICS[2])):
            command = [sys.executable, "-m", "benchmarks.graph_latency", "--relay", source, target]
            graph.processes[target] = subprocess.Popen(command, env=ros_environment(graph.domain_id), cwd=ROOT)
        chain = Chain(graph)
        try:
            return chain.run(count)
        finally:
            chain.operator.close()


def chain_ms(count: int, folder: Path) -> np.ndarray:
    """Return the ages of commands through policy and safety filter."""
    with Graph(folder / "chain") as graph:
        graph.start("policy_node", params_file=PARAMS / "sim.yaml", parameters={"use_sim_time": False})
        graph.start("safety_node", params_file=PARAMS / "sim.yaml", parameters={"use_sim_time": False})
        chain = Chain(graph)
        try:
            return chain.run(count)
        finally:
            chain.operator.close()


def idle_percent(seconds: float, folder: Path) -> dict[str, float]:
    """Return the processor time of each node of a flight without camera and vehicle, in percent of a core."""
    with Graph(folder / "idle") as graph:
        for name in ("recorder_node", "safety_node", "policy_node", "teleop_node", "flight_bridge_node"):
            own: dict[str, object] = {"path": str(folder / "idle.mcap")} if name == "recorder_node" else {}
            own |= {"autostart": True} if name == "policy_node" else {}
            own |= {"url": f"udpin:127.0.0.1:{free_port()}"} if name == "flight_bridge_node" else {}
            graph.start(name, params_file=PARAMS / "flight.yaml", parameters=own)
        log, end_s = graph.log_folder / "policy_node.log", time.monotonic() + START_S
        while "is loaded" not in log.read_text() and time.monotonic() < end_s:
            time.sleep(0.5)
        time.sleep(SETTLED_S)
        graph.check()
        before = {name: _cpu_s(process.pid) for name, process in graph.processes.items()}
        time.sleep(seconds)
        return {
            name: 100.0 * (_cpu_s(process.pid) - before[name]) / seconds for name, process in graph.processes.items()
        }


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--idle", type=float, default=20.0, help="seconds of the idle graph")
    parser.add_argument("--relay", nargs=2, metavar=("FROM", "TO"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.relay:
        relay(*options.relay)
        return
    print(f"load of the machine: {os.getloadavg()[0]:.1f}; {options.images} images of 256x144 at {RATE_HZ:g} Hz\n")
    print("| | answered | p50 | p99 |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        network, transport = inference_ms(options.images), transport_ms(options.images, folder)
        chain = chain_ms(options.images, folder)
        for label, times in (("network alone", network), ("transport alone", transport), ("chain", chain)):
            share = 100.0 * len(times) / options.images
            print(f"| {label} | {share:.0f}% | {np.median(times):.1f} ms | {np.percentile(times, 99):.1f} ms |")
        bare = [np.percentile(network, q) + np.percentile(transport, q) for q in (50, 99)]
        ratios = [float(np.percentile(chain, q)) / float(total) for q, total in zip((50, 99), bare, strict=True)]
        print(f"| chain over the sum of both | | {ratios[0]:.2f} | {ratios[1]:.2f} |\n")
        idle = idle_percent(options.idle, folder)
        print("idle, percent of a core: " + ", ".join(f"{node} {share:.1f}" for node, share in idle.items()))
        print(f"all nodes: {sum(idle.values()):.1f}%")


if __name__ == "__main__":
    main()
