"""Forward and backward time of the liquid layers against ncps, one thread, processor time.

``python benchmarks/liquid_speed.py``

That both give the same numbers is shown by ``pytest tests/liquid/test_against_ncps.py``. Targets: CfC on NCP wiring at
least 5 times, LTC 10 times as fast. Each pair is measured in turns, so that a busy machine disturbs both alike.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import ncps.torch
import ncps.wirings
import torch
from rich.console import Console
from rich.table import Table

from liquid_nav.liquid import LTC, NCP, CfC

BATCH, STEPS, FEATURES, REPEATS = 32, 64, 48, 25
SIZES = {"inter_neurons": 9, "command_neurons": 6, "motor_neurons": 4, "sensory_fanout": 4, "inter_fanout": 3}
SIZES |= {"recurrent_command_synapses": 6, "motor_fanin": 3}


def milliseconds(runs: list[Callable[[], torch.Tensor]]) -> list[tuple[float, float]]:
    """Return median and shortest processor time of a forward and backward pass of each."""
    times: list[list[float]] = [[] for _ in runs]
    for number in range(REPEATS + 2):
        for run, kept in zip(runs, times, strict=True):
            start = time.process_time()
            run().sum().backward()
            if number >= 2:
                kept.append(1e3 * (time.process_time() - start))
    return [(statistics.median(kept), min(kept)) for kept in times]


def main() -> None:
    """Print a table."""
    torch.set_num_threads(1)
    inputs = torch.randn(BATCH, STEPS, FEATURES)
    pairs = {
        "CfC, NCP of 19": (CfC(FEATURES, NCP(**SIZES)), ncps.torch.CfC(FEATURES, ncps.wirings.NCP(**SIZES))),
        "CfC, 64 units": (CfC(FEATURES, 64), ncps.torch.CfC(FEATURES, 64)),
        "LTC, NCP of 19": (LTC(FEATURES, NCP(**SIZES)), ncps.torch.LTC(FEATURES, ncps.wirings.NCP(**SIZES))),
    }
    table = Table("layer", "liquid_nav ms", "ncps ms", "ratio of medians", "ratio of shortest")
    for name, (ours, theirs) in pairs.items():
        runs = [lambda layer=layer: layer(inputs)[0] for layer in (ours, theirs)]
        (mine, best), (other, other_best) = milliseconds(runs)
        table.add_row(name, f"{mine:.1f}", f"{other:.1f}", f"{other / mine:.1f}", f"{other_best / best:.1f}")
    Console().print(f"batch {BATCH}, {STEPS} steps, {FEATURES} features, forward and backward, one thread, median")
    Console().print(table)


if __name__ == "__main__":
    main()
