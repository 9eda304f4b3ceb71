"""Recurrent rivals: LSTM (Hochreiter and Schmidhuber 1997), GRU (Cho et al. 2014) and GRU-ODE."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from liquid_nav.policy.heads.base import MOTORS, Head, with_clock

FLOW_STEPS = 3


class LSTMHead(Head):
    """An LSTM that reads the elapsed time as one more feature."""

    def __init__(self, features: int, units: int) -> None:
        super().__init__(features, 2 * units)
        self.cell = nn.LSTM(features + 1, units, batch_first=True)
        self.motor = nn.Linear(units, MOTORS)

    def run(self, features: Tensor, elapsed: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`Head`."""
        hidden, memory = (part.contiguous() for part in state.unsqueeze(0).chunk(2, dim=2))
        outputs, ends = self.cell(with_clock(features, elapsed), (hidden, memory))
        return self.motor(outputs), torch.cat(ends, dim=2)[0]


class GRUHead(Head):
    """A GRU that reads the elapsed time as one more feature."""

    def __init__(self, features: int, units: int) -> None:
        super().__init__(features, units)
        self.cell = nn.GRU(features + 1, units, batch_first=True)
        self.motor = nn.Linear(units, MOTORS)

    def run(self, features: Tensor, elapsed: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`Head`."""
        outputs, end = self.cell(with_clock(features, elapsed), state.unsqueeze(0).contiguous())
        return self.motor(outputs), end[0]


class GRUODEHead(Head):
    """Between images the state flows by ``dh/dt = (1 - z(h)) (g(h) - h)``; each image updates it by a GRU cell.

    De Brouwer et al., "GRU-ODE-Bayes", NeurIPS 2019, arXiv:1905.12374, equation 3. The flow is integrated by
    exponential Euler steps, which stay between h and g for any elapsed time.
    """

    def __init__(self, features: int, units: int) -> None:
        super().__init__(features, units)
        self.gates = nn.Linear(units, 2 * units)
        self.candidate = nn.Linear(units, units)
        self.cell = nn.GRUCell(features, units)
        self.motor = nn.Linear(units, MOTORS)

    def run(self, features: Tensor, elapsed: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`Head`."""
        hidden, outputs = state, []
        for image, moment in zip(features.unbind(1), elapsed.unsqueeze(2).unbind(1), strict=True):
            hidden = self.cell(image, self._flow(hidden, moment))
            outputs.append(hidden)
        return self.motor(torch.stack(outputs, dim=1)), hidden

    def _flow(self, hidden: Tensor, elapsed: Tensor) -> Tensor:
        for _ in range(FLOW_STEPS):
            reset, keep = torch.sigmoid(self.gates(hidden)).chunk(2, dim=1)
            goal = torch.tanh(self.candidate(reset * hidden))
            hidden = torch.lerp(goal, hidden, torch.exp((keep - 1.0) * (elapsed / FLOW_STEPS)))
        return hidden
