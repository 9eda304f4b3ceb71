"""Rivals that remember the last images as they were: a temporal convolution and a stack of frames."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from liquid_nav.policy.heads.base import MOTORS, Head, with_clock

KERNEL = 3


class TCNHead(Head):
    """Causal dilated convolutions with residuals: Bai, Kolter and Koltun 2018, arXiv:1803.01271.

    The state is the streaming buffer: what each convolution needs of the past. Zeros are what a whole sequence is
    padded with, so that steps one by one give the same.

    Args:
        features: values per image.
        units: channels.
        window: images that an answer depends on, at least; dilations double until they reach that far.
    """

    def __init__(self, features: int, units: int, window: int) -> None:
        dilations = [1]
        while 1 + (KERNEL - 1) * sum(dilations) < window:
            dilations.append(2 * dilations[-1])
        super().__init__(features, units * (KERNEL - 1) * sum(dilations))
        self.dilations = dilations
        self.enter = nn.Linear(features + 1, units)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(units, units, KERNEL, dilation=dilation) for dilation in dilations
        )
        self.motor = nn.Linear(units, MOTORS)
        self.units = units

    def run(self, features: Tensor, elapsed: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`Head`."""
        values = functional.relu(self.enter(with_clock(features, elapsed))).transpose(1, 2)  # (batch, units, time)
        lengths = [(KERNEL - 1) * dilation for dilation in self.dilations]
        pasts = torch.split(state, [self.units * length for length in lengths], dim=1)
        kept = []
        for convolution, past, length in zip(self.convolutions, pasts, lengths, strict=True):
            known = torch.cat([past.reshape(-1, self.units, length), values], dim=2)
            kept.append(known[:, :, -length:].flatten(1))
            values = values + functional.relu(convolution(known))
        return self.motor(values.transpose(1, 2)), torch.cat(kept, dim=1)


class FrameStackHead(Head):
    """A perceptron over the features of the last images and the times between them; zeros before the first.

    Args:
        features: values per image.
        units: of the hidden layer.
        window: images in the stack.
    """

    def __init__(self, features: int, units: int, window: int) -> None:
        super().__init__(features, (window - 1) * (features + 1))
        self.window = window
        self.hidden = nn.Linear(window * (features + 1), units)
        self.motor = nn.Linear(units, MOTORS)

    def run(self, features: Tensor, elapsed: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`Head`."""
        batch, time, _ = features.shape
        past = state.reshape(batch, self.window - 1, self.features + 1)
        known = torch.cat([past, with_clock(features, elapsed)], dim=1)
        stacks = torch.cat([known[:, first : first + time] for first in range(self.window)], dim=2)
        hidden = functional.relu(self.hidden(stacks))
        return self.motor(hidden), known[:, time:].flatten(1)
