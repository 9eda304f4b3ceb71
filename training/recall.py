"""Asking the neurons of a head, while it learns, where the target was when it was last in sight.

The commands alone tell a network of 19 neurons too seldom that a side is worth remembering: few starts find out. Three
linear questions to all neurons, asked at every step and thrown away afterwards, tell it each time. An auxiliary task in
the sense of Jaderberg et al., "Reinforcement learning with unsupervised auxiliary tasks", arXiv:1611.05397; what flies
is the same network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from liquid_nav.policy.config import GAZE_FEATURES
from training.features import Sequences
from training.labels import SIDE_KNOWN_S

PLACE, AREA = slice(0, 2), 4  # among the features of a gaze
CLEARLY = 0.3  # so far from the middle of the image, of -1 to 1, right or left, above or below count whole
LOST_WEIGHT = 3.0  # out of sight the answer counts so much, against 1 in sight
AREA_SCALE = 2.0


class Recall(nn.Module):
    """Three questions to neurons: was the target to the right, was it below, and how large did it look?

    Args:
        neurons: of the head.
    """

    def __init__(self, neurons: int) -> None:
        super().__init__()
        self.ask = nn.Linear(neurons, 3)

    def forward(self, states: Tensor, batch: Sequences) -> Tensor:
        """Return the loss of the answers that neurons (batch, time, neurons) give.

        It is a mean over the steps from the first sight on, up to :data:`SIDE_KNOWN_S` after the last.
        """
        sides, area = self.ask(states).split((2, 1), dim=2)
        place, wanted_area, since_s = last_sight(batch)
        side = functional.binary_cross_entropy_with_logits(sides, (place > 0.0).float(), reduction="none")
        size = functional.smooth_l1_loss(area[..., 0], AREA_SCALE * wanted_area, reduction="none")
        weight = (since_s <= SIDE_KNOWN_S) * torch.where(since_s > 0.0, LOST_WEIGHT, 1.0)
        missed = (side * (place.abs() / CLEARLY).clamp_max(1.0)).sum(dim=2) + size
        return (missed * weight).sum() / weight.sum().clamp_min(1.0)


def last_sight(batch: Sequences) -> tuple[Tensor, Tensor, Tensor]:
    """Return where the gaze was when the target was last in sight, how large it looked, and the seconds since.

    Returns:
        Place (batch, time, 2), -1 to 1 to the right and downwards; area (batch, time); seconds (batch, time), infinite
        where it was not in sight yet.
    """
    steps = torch.arange(batch.visible.shape[1], device=batch.visible.device)
    last = torch.where(batch.visible, steps, -1).cummax(dim=1).values
    known, last = last >= 0, last.clamp_min(0)
    gaze = batch.features[..., -GAZE_FEATURES:]
    now_s = batch.elapsed_s.cumsum(dim=1)
    since_s = torch.where(known, now_s - now_s.gather(1, last), torch.inf)
    place = gaze[..., PLACE].gather(1, last.unsqueeze(2).expand(-1, -1, 2))
    return place, gaze[..., AREA].gather(1, last), since_s
