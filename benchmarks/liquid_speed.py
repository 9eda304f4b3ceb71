"""Forward and backward time of the liquid layers against ncps, one thread.

``python benchmarks/liquid_speed.py``
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

BATCH, STEPS, FEATURES, REPEATS = 16, 64, 48, 15
SIZES = {"inter_neurons": 9, "command_neurons": 6, "motor_neurons": 4, "sensory_fanout": 4, "inter_fanout": 3}
SIZES |= {"recurrent_command_synapses": 6, "motor_fanin": 3}


def milliseconds(run: Callable[[], torch.Tensor]) -> float:
    """Return the median time of a forward and backward pass."""
    run().sum().backward()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run().sum().backward()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    """Print a table."""
    torch.set_num_threads(1)
    inputs = torch.randn(BATCH, STEPS, FEATURES)
    pairs = {
        "CfC, NCP of 19": (CfC(FEATURES, NCP(**SIZES)), ncps.torch.CfC(FEATURES, ncps.wirings.NCP(**SIZES))),
        "CfC, 64 units": (CfC(FEATURES, 64), ncps.torch.CfC(FEATURES, 64)),
        "LTC, NCP of 19": (LTC(FEATURES, NCP(**SIZES)), ncps.torch.LTC(FEATURES, ncps.wirings.NCP(**SIZES))),
    }
    table = Table("layer", "liquid_nav ms", "ncps ms", "ratio")
    for name, (ours, theirs) in pairs.items():
        mine = milliseconds(lambda layer=ours: layer(inputs)[0])
        other = milliseconds(lambda layer=theirs: layer(inputs)[0])
        table.add_row(name, f"{mine:.1f}", f"{other:.1f}", f"{other / mine:.2f}")
    Console().print(f"batch {BATCH}, {STEPS} steps, {FEATURES} features, forward and backward, one thread, median")
    Console().print(table)


if __name__ == "__main__":
    main()
