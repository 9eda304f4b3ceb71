"""How much of the expert's commands heads have learned, component by component, on sequences kept back from learning.

``python -m benchmarks.command_probe FEATURES POLICY...``

``FEATURES`` is what ``liquid-nav train --eye`` keeps in the ``work`` folder of a policy (``features.safetensors``);
every policy must stand behind the eye that it comes from. The share of a command's variance that is explained is 1 for
the expert and 0 for who always flies the mean. The first rows are those of a linear reader of the same features without
a memory: a head that explains less than it has left a component out.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from safetensors.torch import load_file

from liquid_nav.policy.checkpoint import load_network
from training.features import Sequences

COMPONENTS = ("forward", "left", "up", "yaw rate")
HEAVY = 2.0  # commands that count more than this are flown close to solids


def read(path: Path, part: str) -> Sequences:
    """Return the sequences of a part of a file, ``learn`` or ``check``."""
    tensors = load_file(path)
    return Sequences(**{item.name: tensors[f"{part}.{item.name}"] for item in fields(Sequences)})


def linear_commands(learn: Sequences, check: Sequences) -> torch.Tensor:
    """Return the commands (sequences, time, 4) of a linear reader that learned with the target in sight."""
    known = learn.visible & learn.use_command
    reader = torch.linalg.lstsq(_with_one(learn.features[known]), learn.commands[known].double()).solution
    return (_with_one(check.features) @ reader).float()


def explained(flown: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the share (4,) of the variance of commands (moments, 4) that others explain."""
    return 1.0 - (flown - wanted).square().mean(dim=0) / wanted.var(dim=0)


def _with_one(features: torch.Tensor) -> torch.Tensor:
    return torch.cat([features, torch.ones_like(features[..., :1])], dim=-1).double()


def main() -> None:
    """Print a row for each policy, all moments with the target in sight and those close to solids."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features", type=Path)
    parser.add_argument("policies", metavar="policy", type=Path, nargs="+")
    given = parser.parse_args()
    path, policies = given.features, given.policies
    check = read(path, "check")
    seen = check.visible & check.use_command
    parts = {"target in sight": seen, "and solids near": seen & (check.weight > HEAVY)}
    flown = {"linear reader": linear_commands(read(path, "learn"), check)}
    for policy in policies:
        network, _ = load_network(policy)
        with torch.no_grad():
            flown[policy.name], _ = network.eval().decide(check.features, check.elapsed_s)
    table = Table("policy", "moments", "", *COMPONENTS)
    for name, commands in flown.items():
        for part, moments in parts.items():
            shares = explained(commands[moments], check.commands[moments])
            table.add_row(name, part, str(int(moments.sum())), *(f"{share:.0%}" for share in shares.tolist()))
    Console().print(table)


if __name__ == "__main__":
    main()
