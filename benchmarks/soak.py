"""The whole graph for a long time, faster than real time: does its memory stay flat?

    python -m benchmarks.soak                          # 30 simulated minutes
    python -m benchmarks.soak --minutes 3

Simulation, policy, safety filter, bridge and recorder fly mission after mission in one world; a service resets the
simulation. Memory is each process's resident set, once a simulated half minute; the first third is warming up.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.flight_rig import Operator, String, Trigger
from training.graph import Graph

GROWTH = 0.05
SAMPLE_S = 30.0
SILENCE_S = 60.0
WARM = 1.0 / 3.0


@dataclass
class Soak:
    """What was seen.

    Attributes:
        simulated_s, wall_s: how long.
        missions: that came to an end.
        memory_mb: by process, one value per sample.
    """

    simulated_s: float = 0.0
    wall_s: float = 0.0
    missions: int = 0
    memory_mb: dict[str, list[float]] = field(default_factory=dict)

    def growth(self) -> dict[str, float]:
        """Return by process how much more it needs in the last third than in the middle one, as a share."""
        shares = {}
        for name, values in self.memory_mb.items():
            third = max(1, round(len(values) * WARM))
            middle, last = values[third:-third] or values[-1:], values[-third:]
            shares[name] = (sum(last) / len(last)) / (sum(middle) / len(middle)) - 1.0
        return shares

    @property
    def total_growth(self) -> float:
        """Of all processes together."""
        growth = self.growth()
        weights = {name: values[-1] for name, values in self.memory_mb.items()}
        return sum(growth[name] * weight for name, weight in weights.items()) / sum(weights.values())


class Watch:
    """Follows the simulation and starts mission after mission."""

    def __init__(self, graph: Graph) -> None:
        self.operator = Operator(graph)
        self._statuses: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.operator.node.create_subscription(String, "sim/status", self._on_status, 10)
        self._reset = self.operator.node.create_client(Trigger, "sim_node/reset")
        self._last_s = self._heard_s = 0.0
        self._resetting = threading.Event()
        self.soak = Soak()

    def run(self, graph: Graph, minutes: float) -> Soak:
        """Watch for so many simulated minutes.

        Raises:
            TimeoutError: when the simulation stands still.
        """
        begin_s = self._heard_s = time.monotonic()
        while self.soak.simulated_s < 60.0 * minutes:
            self.operator.watch(0.2)
            graph.check()
            self._follow()
            if time.monotonic() - self._heard_s > SILENCE_S:
                raise TimeoutError(f"nothing has moved for {SILENCE_S:.0f} s: see {graph.log_folder}")
            while len(next(iter(self.soak.memory_mb.values()), [])) * SAMPLE_S <= self.soak.simulated_s:
                for name, process in graph.processes.items():
                    self.soak.memory_mb.setdefault(name, []).append(_resident_mb(process.pid))
        self.soak.wall_s = time.monotonic() - begin_s
        return self.soak

    def _on_status(self, message: Any) -> None:
        self._statuses.put(json.loads(message.data))

    def _follow(self) -> None:
        while not self._statuses.empty():
            status = self._statuses.get()
            moved_s = status["time_s"] - self._last_s
            if moved_s != 0.0:
                self._heard_s = time.monotonic()
            self.soak.simulated_s += max(moved_s, 0.0)
            self._last_s = status["time_s"]
            if not status["done"]:
                self._resetting.clear()
            elif not self._resetting.is_set() and self._reset.service_is_ready():
                self._resetting.set()
                self.soak.missions += 1
                self._reset.call_async(Trigger.Request())


def _resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def soak(minutes: float, folder: Path, world: str = "forest", seed: int = 1_000_001) -> Soak:
    """Fly the whole graph for so many simulated minutes."""
    own: dict[str, dict[str, object]] = {
        "recorder_node": {"path": str(folder / "soak.mcap")},
        "sim_node": {"world": world, "seed": seed, "realtime_factor": 0.0, "duration_s": 60.0},
    }
    with Graph(folder / "logs") as graph:
        graph.start_graph("sim", own)
        watch = Watch(graph)
        try:
            return watch.run(graph, minutes)
        finally:
            watch.operator.close()


def main() -> None:
    """Soak and print; status 1 when memory grows by more than 5%."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="simulated")
    parser.add_argument("--world", default="forest")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = soak(options.minutes, Path(folder), options.world)
    speed = seen.simulated_s / seen.wall_s
    print(f"{seen.simulated_s / 60:.1f} simulated minutes in {seen.wall_s / 60:.1f} ({speed:.1f} times real time), "
          f"{seen.missions} missions\n")  # fmt: skip
    print("| process | after warming up | at the end | growth |\n|---|---|---|---|")
    growth = seen.growth()
    for name, values in seen.memory_mb.items():
        warm = values[min(max(1, round(len(values) * WARM)), len(values) - 1)]
        print(f"| {name} | {warm:.0f} MB | {values[-1]:.0f} MB | {100 * growth[name]:+.1f}% |")
    print(f"\nall together: {100 * seen.total_growth:+.1f}%")
    sys.exit(1 if seen.total_growth > GROWTH else 0)


if __name__ == "__main__":
    main()
