"""What a policy's eye knows, on episodes that it was not trained on: where the target is, where solids are, what dies.

``python -m benchmarks.eye_probe POLICY EPISODES...``

Single images are sampled evenly. What the features tell of the free distance ahead is read by a linear fit on two of
three flights and checked on the third; commands, and how it searches for a target that it lost, are compared with the
expert's along whole flights, memory included.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from liquid_nav.perception.preprocess import to_tensor
from liquid_nav.policy.checkpoint import load_network
from liquid_nav.policy.network import LiquidPolicyNetwork
from training.batches import VISIBLE_PX
from training.cache import HEIGHT, WIDTH, Cache, open_cache
from training.labels import NEARNESS_M, blocked, searching

SAMPLES = 3000
CHUNK = 128
RIDGE = 10.0
MISSED = 0.15  # of half the image's width
SATURATED = 0.05  # a feature that varies less says nothing
COMMANDS = ("forward", "left", "up", "yaw rate")

Array = NDArray[np.float64]


def images_of(cache: Cache, steps: NDArray[np.int64]) -> torch.Tensor:
    """Return images (steps, 3, height, width) as the network takes them."""
    return to_tensor(np.stack([cache.images[step] for step in steps]))


@torch.no_grad()
def look(network: LiquidPolicyNetwork, cache: Cache, steps: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return features (steps, features) and the attention's column (steps,) in -1..1."""
    features, columns = [], []
    for part in np.array_split(steps, max(1, len(steps) // CHUNK)):
        encoding = network.encoder(images_of(cache, part))
        weights = torch.softmax(encoding.target_logits.flatten(1), dim=1).view_as(encoding.target_logits)
        columns.append((weights.sum(dim=1) * torch.linspace(-1.0, 1.0, weights.shape[2])).sum(dim=1))
        features.append(encoding.features)
    return torch.cat(features).double().numpy(), torch.cat(columns).double().numpy()


@torch.no_grad()
def fly(network: LiquidPolicyNetwork, cache: Cache) -> Array:
    """Return the commands (steps, 4) of the network along all flights."""
    commands = []
    for first, end in zip(cache.starts[:-1], cache.starts[1:], strict=True):
        features, _ = look(network, cache, np.arange(first, end))
        elapsed = np.diff(cache.stamps_s[first:end], prepend=cache.stamps_s[first] - 0.05)
        answer, _ = network.decide(torch.from_numpy(features[None]).float(), torch.from_numpy(elapsed[None]).float())
        commands.append(answer[0].numpy())
    return np.concatenate(commands).astype(float)


def column_of_target(cache: Cache, step: int) -> float:
    """Return the column of the target's middle in -1..1."""
    mask = cache.mask(step)
    return float(np.flatnonzero(mask.any(axis=0)).mean() / (0.5 * mask.shape[1]) - 1.0)


def linear_fit(features: Array, values: Array, fitted: NDArray[np.bool_]) -> float:
    """Return how much of the variance of values (steps, n) a linear reader explains where it was not fitted."""
    spread = features[fitted].std(axis=0) + 1e-6
    inputs = np.c_[(features - features[fitted].mean(axis=0)) / spread, np.ones(len(features))]
    square = inputs[fitted].T @ inputs[fitted] + RIDGE * np.eye(inputs.shape[1])
    read = inputs[~fitted] @ np.linalg.solve(square, inputs[fitted].T @ values[fitted])
    return float(1.0 - np.mean((read - values[~fitted]) ** 2) / values[~fitted].var(axis=0).mean())


def correlation(one: Array, other: Array) -> float:
    """Return the correlation of two rows of numbers."""
    return float(np.corrcoef(one, other)[0, 1])


def probe(policy: Path, cache: Cache) -> dict[str, str]:
    """Return what was found, in words and numbers."""
    network, _ = load_network(policy)
    steps = np.linspace(0, cache.steps - 1, min(SAMPLES, cache.steps)).astype(np.int64)
    features, columns = look(network, cache, steps)
    flights = np.searchsorted(cache.starts, steps, side="right")
    nearness = np.exp(-cache.free_m[steps] / NEARNESS_M).astype(float)
    rows = {
        "images": f"{len(steps)} of {cache.steps}",
        "features that hardly vary": f"{int((features.std(axis=0) < SATURATED).sum())} of {features.shape[1]}",
        "variance of nearness explained": f"{linear_fit(features, nearness, flights % 3 != 0):.2f}",
    }
    pixels = cache.target_pixels[steps]
    seen = np.flatnonzero(pixels >= VISIBLE_PX)
    missed = np.abs(columns[seen] - [column_of_target(cache, int(steps[index])) for index in seen]) > MISSED
    for low, high in ((VISIBLE_PX, 30), (30, 100), (100, 400), (400, HEIGHT * WIDTH)):
        here = (pixels[seen] >= low) & (pixels[seen] < high)
        rows[f"attention elsewhere, target of {low} to {high} px"] = f"{missed[here].mean():.0%} of {here.sum()}"
    flown = fly(network, cache)
    solid = blocked(cache.free_m, cache.distances_m)
    for number, name in enumerate(COMMANDS):
        label = cache.commands[:, number].astype(float)
        rows[f"{name}: correlation with the expert's"] = f"{correlation(flown[:, number], label):.2f}"
        rows[f"{name}: the same before a solid"] = f"{correlation(flown[solid, number], label[solid]):.2f}"
    return rows | search_of(cache, flown)


def search_of(cache: Cache, flown: Array) -> dict[str, str]:
    """Return how the flown commands (steps, 4) search where the expert does and the target was in sight before."""
    visible = cache.target_pixels >= VISIBLE_PX
    seen = np.concatenate([np.maximum.accumulate(visible[a:b]) for a, b in pairwise(cache.starts)])
    here = searching(visible, cache.commands) & seen
    if not here.any():
        return {"search: moments": "0"}
    answer, label = flown[here], cache.commands[here]
    return {
        "search: moments": f"{here.sum()}",
        "search: to the expert's side": f"{(np.sign(answer[:, 3]) == np.sign(label[:, 3])).mean():.0%}",
        "search: yaw rate, the expert's": f"{np.abs(answer[:, 3]).mean():.2f}, {np.abs(label[:, 3]).mean():.2f} rad/s",
        "search: forward, the expert's": f"{answer[:, 0].mean():.2f}, {label[:, 0].mean():.2f} m/s",
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policy", type=Path)
    parser.add_argument("episodes", type=Path, nargs="+")
    given = parser.parse_args()
    policy, folders = given.policy, given.episodes
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as where:
        rows = probe(policy, open_cache(folders, Path(where)))
    table = Table("what", policy.name)
    for what, value in rows.items():
        table.add_row(what, value)
    Console().print(table)


if __name__ == "__main__":
    main()
