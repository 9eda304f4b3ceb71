"""Where the time of a training goes: waiting for batches, or working on them; made-up data of the real size.

``python -m benchmarks.training_profile [STEPS]``

Each stage runs STEPS steps with its own batches, by one and by two loading threads. A batch is prepared while the one
before is worked on; on a machine with as many loaders as idle cores, waiting should be a few percent.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from tests.training.small_data import small_cache
from training.batches import BatchMaker
from training.devices import training_place
from training.engine import Engine, Plan
from training.settings import TrainSettings
from training.train import Learner

STEPS = 15
EPISODES, LENGTH = 4, 100


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", type=int, nargs="?", default=STEPS)
    steps = parser.parse_args().steps
    settings = TrainSettings(threads=1)
    torch.set_num_threads(settings.threads)
    maker = BatchMaker(small_cache(EPISODES, LENGTH), settings, np.arange(EPISODES), augment=True)
    table = Table("stage", "loaders", "images/s", "waiting for batches", "work ms/step", "CPU ms/step, all threads")
    for joint in (False, True):
        images = settings.joint_batch * settings.sequence_steps if joint else settings.encoder_batch
        for loaders in (1, 2):
            learner = Learner(LiquidPolicyNetwork(PolicyConfig()), settings.precision)
            learner.joint = joint
            plan = Plan("profile", steps, 1e-3, "profile", checkpoint_steps=steps, loaders=loaders, quiet=True)

            def batch(step: int, joint: bool = joint):  # type: ignore[no-untyped-def]
                rng = np.random.default_rng(step)
                if joint:
                    return maker.sequences(rng, rng.integers(len(maker.steps), size=8), settings.sequence_steps)
                return maker.images(rng, rng.integers(len(maker.steps), size=settings.encoder_batch))

            with training_place("auto") as place, tempfile.TemporaryDirectory() as work:
                learner.to(place.device)
                began = time.process_time()
                profile = Engine(plan, learner, Path(work), place).run(batch)
                cpu_s = time.process_time() - began
            seconds = profile.waiting_s + profile.working_s
            table.add_row(
                "joint" if joint else "encoder",
                str(loaders),
                f"{images * steps / seconds:.0f}",
                f"{100 * profile.waiting_share:.1f}%",
                f"{1e3 * profile.working_s / steps:.0f}",
                f"{1e3 * cpu_s / steps:.0f}",
            )
    load = os.getloadavg()[0]
    Console().print(f"{steps} steps, one thread of arithmetic on {os.cpu_count()} cores, load average {load:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
