"""Steps per second of environments in worker processes, with images of 256x144.

``python benchmarks/vector_env.py [--steps 100] [--workers 1,2] [--json]``
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import sim_worlds
from sim_worlds.vector import WorkerEnvs

ENVIRONMENTS = {"forest": "LiquidNav/FlyToTarget-v0", "city": "LiquidNav/FollowTarget-v0"}
WARM_UP_STEPS = 5
SEED = 1
KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Row:
    """What was measured of one batch; the gain is relative to the smallest batch of its world."""

    world: str
    workers: int
    steps_per_s: float
    gain: float
    reset_s: float
    memory_mib: float


def memory_mib(pid: int) -> float:
    """Return the memory of a process alone: its share of what it has in common with others is divided."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / KIB_PER_MIB


def measure(world: str, workers: int, steps: int, camera: str) -> tuple[float, float, float]:
    """Return steps per second of all workers together, seconds per reset, MiB per worker."""
    envs: WorkerEnvs = sim_worlds.make_vector_env(ENVIRONMENTS[world], workers, camera=camera)
    seeds = [SEED] * workers  # the same world for all: what is measured is how they share the machine
    envs.reset(seed=seeds)  # starts the renderers
    begun = time.perf_counter()
    envs.reset(seed=seeds)
    reset_s = time.perf_counter() - begun
    hover = np.zeros((workers, 4), dtype=np.float32)
    for _ in range(WARM_UP_STEPS):
        envs.step(hover)
    begun = time.perf_counter()
    for _ in range(steps):
        envs.step(hover)
    rate = workers * steps / (time.perf_counter() - begun)
    memory = float(np.mean([memory_mib(process.pid) for process in envs.processes]))
    envs.close()
    return rate, reset_s, memory


def main(
    steps: Annotated[int, typer.Option(help="Steps to time, each of 0.05 s.", min=1, max=1000)] = 100,
    workers: Annotated[str, typer.Option(help="Numbers of processes, with commas.")] = "1,2",
    camera: Annotated[str, typer.Option(help="One of sim_worlds.camera.CAMERAS.")] = "clean",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure forest and city."""
    rows = []
    for world in ENVIRONMENTS:
        first = 0.0
        for count in (int(part) for part in workers.split(",")):
            rate, reset_s, memory = measure(world, count, steps, camera)
            first = first or rate
            rows.append(Row(world, count, rate, rate / first, reset_s, memory))
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    table = Table("world", "workers", "steps/s", "gain", "reset s", "MiB per worker")
    for row in rows:
        cells = (f"{row.steps_per_s:.1f}", f"{row.gain:.2f}", f"{row.reset_s:.2f}", f"{row.memory_mib:.0f}")
        table.add_row(row.world, str(row.workers), *cells)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
