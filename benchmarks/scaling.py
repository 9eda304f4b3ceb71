"""How steps per second grow with worker processes, with images of 256x144.

``python benchmarks/scaling.py [--workers 2] [--rounds 9] [--steps 60] [--json]`` flies in two ways: with processes that
know nothing of each other, as flights are collected and policies evaluated, and with the batch of ``make_vector_env``.
Each round times one worker and then all together, so that both meet the machine in the same mood; the gain of a round
is the ratio of their rates. Each worker flies the same seconds of the same world again and again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated, Protocol

os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import gymnasium
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import sim_worlds

ENVIRONMENTS = {"forest": "LiquidNav/FlyToTarget-v0", "city": "LiquidNav/FollowTarget-v0"}
SEED = 1
WARM_UP_STEPS = 5
KIB_PER_MIB = 1024


class Workers(Protocol):
    """Some worker processes."""

    pids: list[int]

    def fly(self, count: int, turn: int, steps: int) -> tuple[float, float]:
        """Reset so many workers, ``turn`` says which, and fly; return seconds for the resets and for the steps."""

    def close(self) -> None:
        """End the processes."""


class Processes:
    """Processes that share nothing; a :class:`Workers`."""

    def __init__(self, name: str, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._ends: list[Connection] = []
        self._processes = []
        for _ in range(count):
            own, other = context.Pipe()
            process = context.Process(target=_serve, args=(other, name), daemon=True)
            process.start()
            self._ends.append(own)
            self._processes.append(process)
        self.pids = [int(process.pid or 0) for process in self._processes]

    def fly(self, count: int, turn: int, steps: int) -> tuple[float, float]:
        """See :class:`Workers`."""
        chosen = [self._ends[(turn + index) % len(self._ends)] for index in range(count)]
        return _timed(lambda: _ask(chosen, 0)), _timed(lambda: _ask(chosen, steps))

    def close(self) -> None:
        """See :class:`Workers`."""
        for end in self._ends:
            end.send(None)
        for process in self._processes:
            process.join()


class Batches:
    """A batch of one environment and one of all, of which only one flies at a time; a :class:`Workers`."""

    def __init__(self, name: str, count: int) -> None:
        self._batches = {size: sim_worlds.make_vector_env(name, size) for size in {1, count}}
        self.pids = [int(process.pid or 0) for process in self._batches[count].processes]

    def fly(self, count: int, turn: int, steps: int) -> tuple[float, float]:
        """See :class:`Workers`; the batch of one has a worker of its own, whatever the ``turn``."""
        batch = self._batches[count]
        hover = np.zeros((count, 4), dtype=np.float32)
        reset_s = _timed(lambda: batch.reset(seed=[SEED] * count))
        for _ in range(WARM_UP_STEPS):
            batch.step(hover)
        return reset_s, _timed(lambda: [batch.step(hover) for _ in range(steps)])

    def close(self) -> None:
        """See :class:`Workers`."""
        for batch in self._batches.values():
            batch.close()


WAYS: dict[str, Callable[[str, int], Workers]] = {"processes": Processes, "AsyncVectorEnv": Batches}


@dataclass(frozen=True)
class Row:
    """What was measured of one way in one world: medians, and the gain's quartiles."""

    world: str
    way: str
    workers: int
    one_steps_per_s: float
    all_steps_per_s: float
    gain: float
    gain_low: float
    gain_high: float
    reset_s: float
    memory_mib: float


def _serve(end: Connection, name: str) -> None:
    """Fly so many steps whenever asked; reset and warm up when asked for none, end when asked for nothing."""
    env = gymnasium.make(name).unwrapped
    hover = np.zeros(4, dtype=np.float32)
    while (steps := end.recv()) is not None:
        if steps == 0:
            env.reset(seed=SEED)
        for _ in range(steps or WARM_UP_STEPS):
            env.step(hover)
        end.send(steps)
    env.close()


def _ask(ends: list[Connection], steps: int) -> None:
    for end in ends:
        end.send(steps)
    for end in ends:
        end.recv()


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def memory_mib(pid: int) -> float:
    """Return the memory of a process alone: its share of what it has in common with others is divided."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / KIB_PER_MIB


def measure(world: str, way: str, count: int, rounds: int, steps: int) -> Row:
    """Time one worker and all of them in turn."""
    workers = WAYS[way](ENVIRONMENTS[world], count)
    workers.fly(1, 0, 1)
    workers.fly(count, 0, 1)  # starts all renderers
    resets, ones, alls = [], [], []
    for turn in range(rounds):
        ones.append(steps / workers.fly(1, turn, steps)[1])
        reset_s, flown_s = workers.fly(count, turn, steps)
        resets.append(reset_s)
        alls.append(count * steps / flown_s)
    low, gain, high = np.percentile(np.array(alls) / np.array(ones), (25, 50, 75))
    memory = float(np.mean([memory_mib(pid) for pid in workers.pids]))
    workers.close()
    rates = (float(np.median(ones)), float(np.median(alls)))
    return Row(world, way, count, *rates, float(gain), float(low), float(high), float(np.median(resets)), memory)


def main(
    workers: Annotated[int, typer.Option(help="Worker processes, as many as the machine has cores.", min=2)] = 2,
    rounds: Annotated[int, typer.Option(help="How often one and all are timed.", min=1)] = 9,
    steps: Annotated[int, typer.Option(help="Steps of 0.05 s per round.", min=1, max=400)] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure forest and city, with processes and with batches."""
    rows = [measure(world, way, workers, rounds, steps) for world in ENVIRONMENTS for way in WAYS]
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    # Steps per second of one worker and of all; seconds for all to start anew; memory of each.
    table = Table("world", "way", "one/s", f"{workers}/s", "gain", "quartiles", "reset s", "MiB each")
    for row in rows:
        rates = (f"{row.one_steps_per_s:.0f}", f"{row.all_steps_per_s:.0f}", f"{row.gain:.2f}")
        spread = f"{row.gain_low:.2f} to {row.gain_high:.2f}"
        table.add_row(row.world, row.way, *rates, spread, f"{row.reset_s:.2f}", f"{row.memory_mib:.0f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
