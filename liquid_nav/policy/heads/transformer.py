"""A small causal transformer that attends to the last images: Vaswani et al. 2017, arXiv:1706.03762."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from liquid_nav.policy.heads.base import MOTORS, Head, with_clock

BLOCKS = 2
ATTENTION_HEADS = 4


class _Block(nn.Module):
    """Attention and perceptron, each behind a layer norm; returns its values, keys and values of the images."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.before_attention, self.before_perceptron = nn.LayerNorm(units), nn.LayerNorm(units)
        self.query_key_value = nn.Linear(units, 3 * units)
        self.leave = nn.Linear(units, units)
        self.perceptron = nn.Sequential(nn.Linear(units, 2 * units), nn.GELU(), nn.Linear(2 * units, units))
        # Attention fades with age, in each head at its own pace (ALiBi, arXiv:2108.12409, with time for distance).
        self.fading = nn.Parameter(torch.linspace(-4.0, 0.0, ATTENTION_HEADS))

    def forward(self, values: Tensor, past: Tensor, ages: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Attend.

        Args:
            values: (batch, time, units).
            past: (batch, window - 1, 2 * units), keys and values of the images before.
            ages: (batch, time, window - 1 + time) of each image when another one came.
            seen: bool, same shape, whether the one may attend to the other.

        Returns:
            The new values, and keys and values of all images, (batch, window - 1 + time, 2 * units).
        """
        batch, time, units = values.shape
        query, fresh = self.query_key_value(self.before_attention(values)).split([units, 2 * units], dim=2)
        known = torch.cat([past, fresh], dim=1)
        query, key, value = (
            part.reshape(batch, -1, ATTENTION_HEADS, units // ATTENTION_HEADS).transpose(1, 2)
            for part in (query, *known.chunk(2, dim=2))
        )
        scores = query @ key.transpose(2, 3) * (units // ATTENTION_HEADS) ** -0.5
        scores = scores - functional.softplus(self.fading)[:, None, None] * ages.unsqueeze(1)
        weights = torch.softmax(scores.masked_fill(~seen.unsqueeze(1), float("-inf")), dim=3)
        attended = (weights @ value).transpose(1, 2).reshape(batch, time, units)
        values = values + self.leave(attended)
        return values + self.perceptron(self.before_perceptron(values)), known


class TransformerHead(Head):
    """Two blocks; each image attends to itself and the images of a bounded window before it.

    The state holds, for each of the last images, whether there was one, its age, and its keys and values.

    Args:
        features: values per image.
        units: of a token, a multiple of 4.
        window: images attended to, the present one among them.
    """

    def __init__(self, features: int, units: int, window: int) -> None:
        super().__init__(features, (window - 1) * (2 + BLOCKS * 2 * units))
        self.window, self.units = window, units
        self.enter = nn.Linear(features + 1, units)
        self.blocks = nn.ModuleList(_Block(units) for _ in range(BLOCKS))
        self.norm, self.motor = nn.LayerNorm(units), nn.Linear(units, MOTORS)

    def run(self, features: Tensor, elapsed: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`Head`."""
        batch, time, _ = features.shape
        kept = self.window - 1
        state = state.reshape(batch, kept, 2 + BLOCKS * 2 * self.units)
        there, age, *pasts = torch.split(state, [1, 1, *[2 * self.units] * BLOCKS], dim=2)
        stamps = torch.cumsum(elapsed, dim=1)  # (batch, time), since the last image of the state
        all_stamps = torch.cat([-age[:, :, 0], stamps], dim=1)
        ages = stamps.unsqueeze(2) - all_stamps.unsqueeze(1)
        exists = torch.cat([there[:, :, 0], torch.ones_like(stamps)], dim=1)
        places = torch.arange(kept + time, device=features.device)
        distance = places[kept:, None] - places[None, :]
        seen = ((distance >= 0) & (distance <= kept)).unsqueeze(0) & (exists > 0.5).unsqueeze(1)
        values, known = self.enter(with_clock(features, elapsed)), list[Tensor]()
        for block, past in zip(cast("list[_Block]", list(self.blocks)), pasts, strict=True):
            values, keys_and_values = block(values, past, ages, seen)
            known.append(keys_and_values[:, time:])
        new_age = (stamps[:, -1:] - all_stamps[:, time:]).unsqueeze(2)
        new_state = torch.cat([exists[:, time:].unsqueeze(2), new_age, *known], dim=2)
        return self.motor(self.norm(values)), new_state.flatten(1)
