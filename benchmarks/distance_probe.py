"""How far away an eye believes the target, and whether it looks at it, in worlds that training never sees.

``python -m benchmarks.distance_probe POLICY...``

The expert flies, so that every policy is shown the same pictures, one a second, on validation seeds. It stays 5 m and
more behind the target, where a policy has to catch up. A ratio of 0.6 means that what is 5 m away looks 3 m away: who
believes that stays there.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from liquid_nav.perception.preprocess import to_tensor
from liquid_nav.policy.checkpoint import load_network
from liquid_nav.policy.network import LiquidPolicyNetwork
from sim_worlds.missions import make_mission
from sim_worlds.render import make_renderer
from sim_worlds.scene import Renderer
from sim_worlds.seeds import split_seeds
from sim_worlds.world import World
from training.batches import CELL_PX, VISIBLE_PX
from training.closed_loop import CONTROL_S, open_world
from training.expert import Expert, ExpertConfig
from training.progress import progress_bar
from training.suites import CONDITIONS, Condition

SITES = ("snowfield-walking", "warehouse-walking", "construction-walking")
NAMES = ("forest-unseen", "city-walking", "city-decoys", *SITES)
FLIGHTS, SEED = 4, 31
STEPS_APART = 20
STAND_OFF_M = 5.0
BESIDE_PX, BESIDE = 12.0, 0.5  # attention so far off, and so much of the target's size more, still lies on it


@dataclass(frozen=True)
class Moment:
    """A picture, where the target's middle is in it, how many pixels it has and how far away it is."""

    rgb: NDArray[np.uint8]
    middle_px: NDArray[np.float64]
    pixels: int
    distance_m: float


def moments_of(condition: Condition, seed: int, renderer: Renderer) -> list[Moment]:
    """Let the expert fly and return what the camera sees once a second, where the target is in sight."""
    world = open_world(condition, seed, renderer)
    try:
        mission = make_mission(world, condition.follow_s)
        behind = ExpertConfig(stand_off_m=STAND_OFF_M)
        expert = Expert(world, behind, moving_target=mission.name == "follow_target")
        moments, step = list[Moment](), 0
        while not mission.done:
            if step % STEPS_APART == 0:
                moments += _look(world)
            world.step(expert.command(), CONTROL_S)
            mission.update(world)
            step += 1
        return moments
    finally:
        world.close()


def _look(world: World) -> list[Moment]:
    frame, (rows, columns) = world.camera_frame(), np.nonzero(world.target_mask)
    if len(rows) < VISIBLE_PX:
        return []
    return [Moment(frame.rgb, np.array([columns.mean(), rows.mean()]), len(rows), world.target_distance_m)]


@torch.no_grad()
def judge(network: LiquidPolicyNetwork, moments: list[Moment]) -> tuple[float, float]:
    """Return the share of moments with attention on the target, and the median ratio of believed to true distance."""
    on_target, ratios = [], []
    for moment in moments:
        seen = network.encoder(to_tensor(moment.rgb[None]))
        row, column = divmod(int(seen.target_logits.flatten().argmax()), seen.target_logits.shape[2])
        off_px = np.abs((np.array([column, row]) + 0.5) * CELL_PX - moment.middle_px).max()
        on_target.append(bool(off_px < BESIDE_PX + BESIDE * np.sqrt(moment.pixels)))
        ratios.append(float(network.log_distance(seen.features).exp()) / moment.distance_m)
    return float(np.mean(on_target)), float(np.median(ratios))


def main() -> None:
    """Print a table."""
    torch.set_num_threads(2)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policies", metavar="policy", type=Path, nargs="+")
    networks = {folder.name: load_network(folder)[0] for folder in parser.parse_args().policies}
    table = Table("condition", "pictures", *(f"{name}: on target, distance" for name in networks))
    renderer, seeds = make_renderer("auto"), split_seeds("validation", FLIGHTS, SEED)
    with progress_bar("flying", len(NAMES) * FLIGHTS) as advance:
        for name in NAMES:
            moments = list[Moment]()
            for seed in seeds:
                moments += moments_of(CONDITIONS[name], seed, renderer)
                advance(1, name)
            judged = (judge(network, moments) for network in networks.values())
            table.add_row(name, str(len(moments)), *(f"{share:.0%}, {ratio:.2f}" for share, ratio in judged))
    renderer.close()
    Console().print(table)


if __name__ == "__main__":
    main()
