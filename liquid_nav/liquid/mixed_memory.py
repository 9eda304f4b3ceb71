"""An LSTM cell beside the liquid one: long memory without changing the liquid equations.

Lechner and Hasani, "Mixed-memory RNNs for learning long-term dependencies in irregularly-sampled time series", 2020.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MemoryCell(nn.Module):
    """An LSTM cell (Hochreiter and Schmidhuber 1997) whose forget gate starts open."""

    def __init__(self, inputs: int, neurons: int) -> None:
        super().__init__()
        self.from_input = nn.Linear(inputs, 4 * neurons)
        self.from_state = nn.Linear(neurons, 4 * neurons, bias=False)
        nn.init.xavier_uniform_(self.from_input.weight)
        nn.init.uniform_(self.from_input.bias, -0.1, 0.1)
        nn.init.orthogonal_(self.from_state.weight)

    def forward(self, projected: Tensor, hidden: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Do one step.

        Args:
            projected: (batch, 4 * neurons), :attr:`from_input` applied to the inputs.
            hidden, memory: (batch, neurons).

        Returns:
            The new hidden state and memory.
        """
        candidate, write, keep, read = (projected + self.from_state(hidden)).chunk(4, dim=1)
        memory = memory * torch.sigmoid(keep + 1.0) + torch.tanh(candidate) * torch.sigmoid(write)
        return torch.tanh(memory) * torch.sigmoid(read), memory
