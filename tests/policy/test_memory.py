"""Nineteen neurons keep the side on which something went out of sight, for as long as it takes to find it again."""

from __future__ import annotations

import torch

from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork

STEPS, BATCH, TIME = 400, 32, 64
SEARCH_RAD_S, TURN_PER_SIDE = 0.8, 1.2
ABSENT, PRESENT = -0.8, 0.8


def _made_up(generator: torch.Generator, batch: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return features, elapsed times, yaw rates wanted and where the target is out of sight, (batch, time, ...).

    The target wanders in the image and leaves it on one side, once; all other features are noise.
    """
    side = torch.where(torch.rand(batch, 1, generator=generator) < 0.5, -1.0, 1.0)
    leaves = torch.randint(5, 40, (batch, 1), generator=generator)
    step = torch.arange(TIME)[None]
    towards = ((step - leaves) / 10.0).clamp(-1.0, 0.0) + 1.0
    place = 0.3 * torch.randn(batch, 1, generator=generator) * (1.0 - towards) + side * towards
    gone = step > leaves
    features = 0.5 * torch.randn(batch, TIME, PolicyConfig().features, generator=generator)
    features[:, :, 0] = torch.where(gone, features[:, :, 0], place)
    features[:, :, 1] = torch.where(gone, ABSENT, PRESENT)
    rate = torch.where(gone, side * SEARCH_RAD_S, (TURN_PER_SIDE * place).clamp(-1.0, 1.0))
    pace = torch.tensor([0.05, 0.1, 0.2])[torch.randint(0, 3, (batch, 1), generator=generator)]
    return features, pace.expand(batch, TIME), rate, gone


def test_the_side_of_what_is_gone_is_kept() -> None:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    network = LiquidPolicyNetwork(PolicyConfig())
    learning = [value for key, value in network.named_parameters() if not key.startswith("encoder.")]
    optimiser = torch.optim.AdamW(learning, lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, STEPS)
    for _ in range(STEPS):
        features, elapsed, wanted, _ = _made_up(generator, BATCH)
        commands, _ = network.decide(features, elapsed)
        optimiser.zero_grad()
        torch.nn.functional.smooth_l1_loss(commands[..., 3] / 0.35, wanted / 0.35).backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        features, elapsed, wanted, gone = _made_up(generator, 256)
        turned = network.decide(features, elapsed)[0][..., 3]
    assert (torch.sign(turned) == torch.sign(wanted))[gone].float().mean() > 0.95
    assert (turned[gone] - wanted[gone]).abs().mean() < 0.3
