"""Liquid-resistance liquid-capacitance networks: Farsang, Neubauer and Grosu 2024, arXiv:2403.08791.

An LTC neuron whose rates saturate and whose capacitance is liquid too. With ``s_j = sigmoid(a_j (v_j - m_j))`` of each
synapse, sensory ones included::

    f = g_leak + sum_j w_j s_j            forgetting
    u = g_leak + sum_j h_j s_j            updating
    c = sigmoid(W [x, v] + b)             elastance, one over the capacitance
    dv/dt = c (-sigmoid(f) v + tanh(u) e_leak)

One step per image is enough, as in the paper; it is implicit in v, so that it stays stable for any elapsed time.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from liquid_nav.liquid.sequence import check_inputs, initial_state, spread_elapsed
from liquid_nav.liquid.wiring import Wiring, at_least, fully_connected


class LRC(nn.Module):
    """A liquid-resistance liquid-capacitance layer over sequences; the output is that of the motor neurons.

    Args:
        input_size: features per step.
        wiring_or_units: a :class:`Wiring`, or a number of fully connected neurons.

    Raises:
        ConfigError: for sizes out of range.
    """

    mask: Tensor
    sensory_mask: Tensor
    elastance_mask: Tensor

    def __init__(self, input_size: int, wiring_or_units: Wiring | int) -> None:
        super().__init__()
        input_size = at_least("input_size", input_size, 1)
        wiring = fully_connected(wiring_or_units)
        self.input_size, self.wiring = input_size, wiring
        self.neurons, self.output_size = wiring.neurons, wiring.outputs
        count = wiring.neurons
        sensory = torch.from_numpy(wiring.sensory(input_size)).float().abs()
        recurrent = torch.from_numpy(wiring.recurrent).float().abs()
        self.steepness, self.midpoint = _drawn((count, count), 3.0, 8.0), _drawn((count, count), -0.3, 0.8)
        self.sensory_steepness = _drawn((input_size, count), 3.0, 8.0)
        self.sensory_midpoint = _drawn((input_size, count), -0.3, 0.8)
        # The first of each pair is summed to forgetting, the second to updating.
        self.weights = nn.Parameter(torch.randn(2, count, count) / count**0.5)
        self.sensory_weights = nn.Parameter(torch.randn(2, input_size, count) / input_size**0.5)
        self.leak_conductance, self.leak_potential = _drawn((count,), 0.001, 1.0), _drawn((count,), 0.5, 1.0)
        self.elastance = nn.Parameter(torch.randn(count, input_size + count) / (input_size + count) ** 0.5)
        self.elastance_bias = nn.Parameter(torch.zeros(count))
        self.register_buffer("mask", recurrent, persistent=False)
        self.register_buffer("sensory_mask", sensory, persistent=False)
        # The capacitance hears the neuron's own synapses and the neuron itself.
        heard = torch.cat([sensory, (recurrent + torch.eye(count)).clamp_max(1.0)]).t().contiguous()
        self.register_buffer("elastance_mask", heard, persistent=False)

    def forward(
        self, inputs: Tensor, state: Tensor | None = None, elapsed_s: Tensor | float = 1.0
    ) -> tuple[Tensor, Tensor]:
        """Run over sequences.

        Args:
            inputs: (batch, time, input_size).
            state: (batch, neurons); None starts from zeros.
            elapsed_s: time since the step before, one number or (batch, time).

        Returns:
            Outputs (batch, time, output_size) and the state after the last step.

        Raises:
            ConfigError: for wrong shapes.
        """
        check_inputs(inputs, self.input_size)
        elapsed = spread_elapsed(elapsed_s, inputs).unbind(1)
        potential = initial_state(state, inputs, self.neurons)
        heard = self.elastance * self.elastance_mask
        from_input, from_state = heard[:, : self.input_size], heard[:, self.input_size :]
        sensory = torch.sigmoid(self.sensory_steepness * (inputs.unsqueeze(3) - self.sensory_midpoint))
        sensory_sums = torch.einsum("btin,kin->btkn", sensory, self.sensory_weights * self.sensory_mask)
        fixed = (sensory_sums + self.leak_conductance).unbind(1)
        elastance_drive = functional.linear(inputs, from_input, self.elastance_bias).unbind(1)
        weights, columns = self.weights * self.mask, from_state.t()
        outputs = []
        for constant, drive, moment in zip(fixed, elastance_drive, elapsed, strict=True):
            active = torch.sigmoid(self.steepness * (potential.unsqueeze(2) - self.midpoint))
            forget, update = (constant + (active.unsqueeze(1) * weights).sum(dim=2)).unbind(1)
            step = torch.sigmoid(drive + potential @ columns) * moment
            pulled = potential + step * torch.tanh(update) * self.leak_potential
            potential = pulled / (1.0 + step * torch.sigmoid(forget))
            outputs.append(potential[:, : self.output_size])
        return torch.stack(outputs, dim=1), potential


def _drawn(shape: tuple[int, ...], low: float, high: float) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape).uniform_(low, high))
