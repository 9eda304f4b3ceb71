"""How a head searches for what it has lost, asked on sequences whose target vanishes for good.

``python -m benchmarks.search_probe FEATURES POLICY...``

``FEATURES`` is what ``liquid-nav train --eye`` keeps in the ``work`` folder of a policy (``features.safetensors``);
every policy must stand behind the eye that it comes from. The target was in sight before it vanished; what is seen from
then on are other sequences, which never show it. A good search turns to the side where the target was, and stays where
it is.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from safetensors.torch import load_file

from liquid_nav.policy.checkpoint import load_network
from training.features import Sequences
from training.heads import batch_of
from training.labels import SIDE_KNOWN_S
from training.progress import progress_bar

BATCHES, BATCH, SEED = 24, 64, 77
SINCE_S = (0.0, 1.0, 2.0, 3.0, SIDE_KNOWN_S, 12.0)
FAST_M_S, BACK_M_S = 0.8, -0.15
LONG, OTHERS, LONG_SINCE_S = 600, 10, (0.0, 3.0, 12.0, 30.0, 60.0)  # sequences, how many follow each, and rows


def searches(policy: Path, learn: Sequences) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return commands (moments, 4), wanted commands (moments, 4) and seconds since the target vanished (moments,)."""
    network, _ = load_network(policy)
    network.eval()
    parts = []
    with progress_bar(policy.name, BATCHES) as advance:
        for number in range(BATCHES):
            before = batch_of(learn, BATCH, SEED, number)
            batch = batch_of(learn, BATCH, SEED, number, vanish_share=1.0)
            gone = (batch.features != before.features).any(dim=2)
            with torch.no_grad():
                commands, _ = network.decide(batch.features, batch.elapsed_s)
            since_s = (batch.elapsed_s * gone).cumsum(dim=1)
            parts.append((commands[gone], batch.commands[gone], since_s[gone]))
            advance(1, "")
    flown, wanted, since_s = (torch.cat(each) for each in zip(*parts, strict=True))
    return flown, wanted, since_s


def long_searches(policy: Path, learn: Sequences) -> tuple[torch.Tensor, torch.Tensor]:
    """Return commands (moments, 4) and seconds since the target vanished, (moments,), for up to a minute and more."""
    network, _ = load_network(policy)
    network.eval()
    random = torch.Generator().manual_seed(SEED)
    seen = torch.nonzero(learn.visible[:, -1])[:, 0]
    chosen = [seen[torch.randint(len(seen), (LONG,), generator=random)]]
    never = learn.never_seen
    chosen += [never[torch.randint(len(never), (LONG,), generator=random)] for _ in range(OTHERS)]
    parts = [learn.take(which) for which in chosen]
    features, elapsed_s = (torch.cat([getattr(part, name) for part in parts], 1) for name in ("features", "elapsed_s"))
    with torch.no_grad():
        commands, _ = network.decide(features, elapsed_s)
    after = parts[0].features.shape[1]
    return commands[:, after:].flatten(0, 1), elapsed_s[:, after:].cumsum(dim=1).flatten()


def main() -> None:
    """Print a row for each policy and stretch of time."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features", type=Path)
    parser.add_argument("policies", metavar="policy", type=Path, nargs="+")
    given = parser.parse_args()
    path, policies = given.features, given.policies
    tensors = load_file(path)
    learn = Sequences(**{item.name: tensors[f"learn.{item.name}"] for item in fields(Sequences)})
    table = Table("policy", "lost for s", "moments", "forward m/s", f"above {FAST_M_S} m/s", "yaw rad/s", "right side")
    for policy in policies:
        flown, wanted, since_s = searches(policy, learn)
        for first_s, last_s in pairwise(SINCE_S):
            moments = (since_s > first_s) & (since_s <= last_s)
            forward, yaw = flown[moments, 0], flown[moments, 3]
            right = (yaw * wanted[moments, 3] > 0.0).float().mean()
            fast = (forward > FAST_M_S).float().mean()
            table.add_row(
                policy.name,
                f"{first_s:g} to {last_s:g}",
                str(len(forward)),
                f"{forward.mean():.2f}",
                f"{fast:.0%}",
                f"{yaw.abs().mean():.2f}",
                f"{right:.0%}",
            )
    Console().print(table)
    table = Table("policy", "lost for s", "moments", "forward m/s", f"below {BACK_M_S} m/s", "yaw rad/s")
    for policy in policies:
        flown, since_s = long_searches(policy, learn)
        for first_s, last_s in pairwise(LONG_SINCE_S):
            moments = flown[(since_s > first_s) & (since_s <= last_s)]
            backing = (moments[:, 0] < BACK_M_S).float().mean()
            table.add_row(
                policy.name,
                f"{first_s:g} to {last_s:g}",
                str(len(moments)),
                f"{moments[:, 0].mean():.2f}",
                f"{backing:.0%}",
                f"{moments[:, 3].abs().mean():.2f}",
            )
    Console().print(table)


if __name__ == "__main__":
    main()
