"""What training minimises: the expert's command, the target's place in the image, its distance, solids nearby."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from training.batches import Batch, Commanded

COMMAND_UNITS = (0.5, 0.4, 0.3, 0.35)  # an error of this size in m/s (rad/s) weighs one in each component
COMMAND_WEIGHTS = (1.0, 5.0, 10.0, 4.0)  # aside and up are mostly 0, and what counts least is learned last
HEAT_WEIGHT = 0.3
PRESENCE_WEIGHT = 2.0
DISTANCE_WEIGHT = 0.3
NEARNESS_WEIGHT = 10.0
FILL_WEIGHT = 0.5
PRESENT_SHARE = 0.05


class Losses(NamedTuple):
    """Means over a batch; ``total`` is what is minimised."""

    total: Tensor
    command: Tensor
    heat: Tensor
    distance: Tensor
    nearness: Tensor
    fill: Tensor


def policy_loss(
    commands: Tensor,
    target_logits: Tensor,
    log_distance: Tensor,
    nearness_logits: Tensor,
    fill_logits: Tensor | None,
    batch: Batch,
    *,
    only_visible: bool,
) -> Losses:
    """Compare the network's answers (batch, time, ...) with a batch.

    Args:
        commands: (batch, time, 4) in m/s and rad/s.
        target_logits: (batch, time, rows, columns).
        log_distance: (batch, time).
        nearness_logits: (batch, time, sectors) of solids, before the sigmoid.
        fill_logits: (batch, time, rows, columns) share of each cell that the target fills, before the sigmoid; None for
            an eye without a gaze.
        batch: what should have come out.
        only_visible: learn commands only where the target can be seen; for networks without memory.
    """
    known = batch.has_mask.float()
    visible = batch.visible.float() * known
    command = command_loss(commands, batch, only_visible=only_visible)
    heat = _heat_loss(target_logits.float(), batch.heat, visible, known)
    miss = functional.smooth_l1_loss(log_distance, batch.log_distance.float(), reduction="none", beta=0.3)
    distance = (miss * visible).sum() / visible.sum().clamp_min(1.0)
    # Squared errors of a sigmoid have gradients so small that the other tasks drown them.
    misses = functional.binary_cross_entropy_with_logits(nearness_logits, batch.nearness, reduction="none").mean(dim=2)
    nearness = (misses * known).sum() / known.sum().clamp_min(1.0)
    fill = torch.zeros_like(heat) if fill_logits is None else _fill_loss(fill_logits, batch.heat, known)
    total = command + heat + DISTANCE_WEIGHT * distance + NEARNESS_WEIGHT * nearness + FILL_WEIGHT * fill
    return Losses(total, command, heat, distance, nearness, fill)


def command_loss(commands: Tensor, batch: Commanded, *, only_visible: bool) -> Tensor:
    """Compare commands (batch, time, 4) with the expert's, each as much as its weight says."""
    units, weights = (torch.tensor(each, device=commands.device) for each in (COMMAND_UNITS, COMMAND_WEIGHTS))
    weight = batch.use_command.float() * batch.weight
    if only_visible:
        weight = weight * batch.visible.float()
    errors = functional.smooth_l1_loss(commands / units, batch.commands / units, reduction="none")
    errors = (errors * weights).mean(dim=2)
    return (errors * weight).sum() / weight.sum().clamp_min(1.0)


def _heat_loss(logits: Tensor, heat: Tensor, visible: Tensor, known: Tensor) -> Tensor:
    """Cross entropy of the attention with the target's cells, and of each cell's presence where that is known."""
    share = heat.flatten(2) / heat.flatten(2).sum(dim=2, keepdim=True).clamp_min(1e-6)
    where = -(share * torch.log_softmax(logits.flatten(2), dim=2)).sum(dim=2)
    present = (heat > PRESENT_SHARE).float()
    cells = functional.binary_cross_entropy_with_logits(
        logits, present, reduction="none", pos_weight=torch.tensor(8.0, device=logits.device)
    )
    place = (where * visible).sum() / visible.sum().clamp_min(1.0)
    presence = (cells.flatten(2).mean(dim=2) * known).sum() / known.sum().clamp_min(1.0)
    return HEAT_WEIGHT * place + PRESENCE_WEIGHT * presence


def _fill_loss(logits: Tensor, heat: Tensor, known: Tensor) -> Tensor:
    """Cross entropy of what the target fills of each cell; a far target counts as much as a near one."""
    cells = functional.binary_cross_entropy_with_logits(logits, heat, reduction="none").flatten(2).sum(dim=2)
    return (cells / (1.0 + heat.flatten(2).sum(dim=2)) * known).sum() / known.sum().clamp_min(1.0)
