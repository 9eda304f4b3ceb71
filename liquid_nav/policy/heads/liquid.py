"""Liquid heads: a layer of :mod:`liquid_nav.liquid` whose motor neurons are the command."""

from __future__ import annotations

import torch
from torch import Tensor

from liquid_nav.liquid import LRC, LTC, CfC
from liquid_nav.policy.heads.base import Head


class LiquidHead(Head):
    """A liquid layer; its time is the elapsed time itself."""

    def __init__(self, layer: CfC | LTC | LRC) -> None:
        mixed = getattr(layer, "memory", None) is not None
        super().__init__(layer.input_size, layer.neurons * (2 if mixed else 1))
        self.layer, self._mixed = layer, mixed

    @property
    def tells_states(self) -> bool:
        """Whether it is a layer that solves whole sequences at once."""
        return isinstance(self.layer, CfC) and self.layer.tells_states

    def states(self, features: Tensor, elapsed: Tensor) -> Tensor:
        """See :class:`Head`."""
        if not isinstance(self.layer, CfC):
            return super().states(features, elapsed)
        return self.layer.states(features, elapsed)

    def run(self, features: Tensor, elapsed: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`Head`; the state holds the neurons, then the cells of a mixed memory."""
        if not self._mixed:
            motor, end = self.layer(features, state, elapsed)
            return motor, end
        hidden, memory = state.chunk(2, dim=1)
        motor, ends = self.layer(features, (hidden, memory), elapsed)
        return motor, torch.cat(ends, dim=1)
