"""Liquid time-constant networks: Hasani et al., AAAI 2021, arXiv:2006.04439.

A neuron's potential v follows ``c dv/dt = g (v_leak - v) + sum_j w_j sigmoid(s_j (v_j - m_j)) (e_j - v)``, solved by
the paper's fused semi-implicit steps (algorithm 1), several per time step; each sample has its own elapsed time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from liquid_nav.errors import ConfigError
from liquid_nav.liquid.ltc_scan import SynapseScan
from liquid_nav.liquid.mixed_memory import MemoryCell
from liquid_nav.liquid.sequence import check_inputs, initial_state, spread_elapsed
from liquid_nav.liquid.wiring import Wiring, at_least, fully_connected

EPSILON = 1e-8
MOST_FUSED = 1024  # synapses; with more of them matrices of mostly zeros cost more than they save


class LTC(nn.Module):
    """A liquid time-constant layer over sequences; the output is that of the motor neurons.

    Args:
        input_size: features per step.
        wiring_or_units: a :class:`Wiring`, or a number of fully connected neurons.
        mixed_memory: put an LSTM cell before the liquid one.
        ode_unfolds: solver steps per time step.
        return_sequences: return every step's output, else the last one alone.

    Raises:
        ConfigError: for sizes out of range.
    """

    mask: Tensor
    sensory_mask: Tensor

    def __init__(
        self,
        input_size: int,
        wiring_or_units: Wiring | int,
        *,
        mixed_memory: bool = False,
        ode_unfolds: int = 6,
        return_sequences: bool = True,
    ) -> None:
        super().__init__()
        ode_unfolds = at_least("ode_unfolds", ode_unfolds, 1)
        input_size = at_least("input_size", input_size, 1)
        wiring = fully_connected(wiring_or_units)
        self.input_size, self.wiring, self.ode_unfolds = input_size, wiring, ode_unfolds
        self.neurons, self.output_size = wiring.neurons, wiring.outputs
        self.return_sequences = return_sequences
        count, sensory = wiring.neurons, torch.from_numpy(wiring.sensory(input_size)).float()
        recurrent = torch.from_numpy(wiring.recurrent).float()
        self.leak_conductance = _uniform((count,), 0.001, 1.0)
        self.leak_potential = _uniform((count,), -0.2, 0.2)
        self.capacitance = _uniform((count,), 0.4, 0.6)
        self.conductance = _uniform((count, count), 0.001, 1.0)
        self.steepness = _uniform((count, count), 3.0, 8.0)
        self.midpoint = _uniform((count, count), 0.3, 0.8)
        self.reversal = nn.Parameter(recurrent.clone())
        self.sensory_conductance = _uniform((input_size, count), 0.001, 1.0)
        self.sensory_steepness = _uniform((input_size, count), 3.0, 8.0)
        self.sensory_midpoint = _uniform((input_size, count), 0.3, 0.8)
        self.sensory_reversal = nn.Parameter(sensory.clone())
        self.input_scale = nn.Parameter(torch.ones(input_size))
        self.input_shift = nn.Parameter(torch.zeros(input_size))
        self.output_scale = nn.Parameter(torch.ones(wiring.outputs))
        self.output_shift = nn.Parameter(torch.zeros(wiring.outputs))
        self.register_buffer("mask", recurrent.abs(), persistent=False)
        self.register_buffer("sensory_mask", sensory.abs(), persistent=False)
        self.memory = MemoryCell(input_size, count) if mixed_memory else None
        self._fused = not mixed_memory and max(_synapses(self.mask), _synapses(self.sensory_mask)) <= MOST_FUSED

    def forward(
        self,
        inputs: Tensor,
        state: Tensor | tuple[Tensor, Tensor] | None = None,
        elapsed_s: Tensor | float = 1.0,
    ) -> tuple[Tensor, Tensor | tuple[Tensor, Tensor]]:
        """Run over sequences.

        Args:
            inputs: (batch, time, input_size).
            state: (batch, neurons), with mixed memory a pair of these; None starts from zeros.
            elapsed_s: time since the step before, one number or (batch, time); more than 0.

        Returns:
            Outputs (batch, time, output_size), without ``return_sequences`` (batch, output_size), and the
            state after the last step.

        Raises:
            ConfigError: for wrong shapes.
        """
        check_inputs(inputs, self.input_size)
        elapsed = spread_elapsed(elapsed_s, inputs)
        if isinstance(state, tuple) != (self.memory is not None) and state is not None:
            raise ConfigError("state must be a pair with mixed memory and one tensor without")
        hidden, memory = state if isinstance(state, tuple) else (state, None)
        potential = initial_state(hidden, inputs, self.neurons)
        kept = None if self.memory is None else initial_state(memory, inputs, self.neurons)
        # Capacitance over the length of a solver step; a repeated frame (no time) must not divide by zero.
        inertia = functional.softplus(self.capacitance) * self.ode_unfolds / elapsed.clamp_min(1e-4)
        if self._fused and inputs.shape[1] > 1:
            potentials = self._scan(inputs, potential, inertia)
            outputs = potentials if self.return_sequences else potentials[:, -1]
            return outputs[..., : self.output_size] * self.output_scale + self.output_shift, potentials[:, -1]
        return self._steps(inputs, potential, kept, inertia)

    def _steps(
        self, inputs: Tensor, potential: Tensor, kept: Tensor | None, inertia: Tensor
    ) -> tuple[Tensor, Tensor | tuple[Tensor, Tensor]]:
        """Go step by step, as a flight does and mixed memory must."""
        weight = functional.softplus(self.conductance) * self.mask
        leak = functional.softplus(self.leak_conductance)
        inflow, conductance = self._sensory(inputs * self.input_scale + self.input_shift)
        lstm_drive = None if self.memory is None else self.memory.from_input(inputs)
        outputs = []
        for step in range(inputs.shape[1]):
            if self.memory is not None and kept is not None and lstm_drive is not None:
                potential, kept = self.memory(lstm_drive[:, step], potential, kept)
            fixed_top = inflow[:, step] + leak * self.leak_potential
            fixed_bottom = conductance[:, step] + leak + inertia[:, step] + EPSILON
            for _ in range(self.ode_unfolds):
                active = weight * torch.sigmoid(self.steepness * (potential.unsqueeze(2) - self.midpoint))
                top = inertia[:, step] * potential + (active * self.reversal).sum(dim=1) + fixed_top
                potential = top / (active.sum(dim=1) + fixed_bottom)
            outputs.append(potential[:, : self.output_size])
        chosen = torch.stack(outputs, dim=1) if self.return_sequences else outputs[-1]
        return chosen * self.output_scale + self.output_shift, (potential if kept is None else (potential, kept))

    def _scan(self, inputs: Tensor, potential: Tensor, inertia: Tensor) -> Tensor:
        """Return the potentials (batch, time, neurons) of a whole sequence; the same numbers in less time."""
        leak = functional.softplus(self.leak_conductance)
        # The map of the inputs is folded into their synapses.
        sensory_values = _synapse_values(
            self.sensory_mask,
            self.sensory_steepness * self.input_scale.unsqueeze(1),
            self.sensory_midpoint - self.input_shift.unsqueeze(1),
            self.sensory_conductance,
            self.sensory_reversal,
            self.sensory_steepness,
        )
        from_input, input_shift, input_spread, _ = _by_synapse(self.sensory_mask, *sensory_values)
        sensory = functional.linear(inputs, from_input.t(), input_shift).sigmoid_() @ input_spread
        fixed = sensory + torch.cat([leak * self.leak_potential, leak + EPSILON])
        fixed = fixed + functional.pad(inertia, (self.neurons, 0))
        values = _synapse_values(self.mask, self.steepness, self.midpoint, self.conductance, self.reversal)
        compiled = compiled_scan() if _can_compile(potential, fixed, inertia, self.steepness) else None
        if compiled is not None:
            by_batch = (each.permute(1, 2, 0) for each in (fixed, inertia))
            return compiled(potential.t(), *values, *by_batch, self.ode_unfolds).permute(2, 0, 1)
        by_time = (each.transpose(0, 1).contiguous() for each in (fixed, inertia))
        potentials: Tensor = SynapseScan.apply(  # type: ignore[no-untyped-call]
            potential, *_by_synapse(self.mask, *values), *by_time, self.ode_unfolds
        )
        return potentials.transpose(0, 1)

    def _sensory(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return current and conductance of the sensory synapses, (batch, time, neurons) each."""
        gate = torch.sigmoid(self.sensory_steepness * (inputs.unsqueeze(3) - self.sensory_midpoint))
        active = functional.softplus(self.sensory_conductance) * self.sensory_mask * gate
        return (active * self.sensory_reversal).sum(dim=2), active.sum(dim=2)


def _synapses(mask: Tensor) -> int:
    return int(mask.sum())


def _by_synapse(mask: Tensor, sources: Tensor, targets: Tensor, values: Tensor) -> tuple[Tensor, ...]:
    """Return the matrices of :class:`SynapseScan` from what :func:`_synapse_values` found for a mask."""
    slopes, shift, current, strength = values
    comes = functional.one_hot(sources, mask.shape[0]).to(values.dtype)  # (synapses, sources)
    goes = functional.one_hot(targets, mask.shape[1]).to(values.dtype)  # (synapses, neurons)
    spread = (torch.stack([current, strength], dim=1).unsqueeze(2) * goes.unsqueeze(1)).flatten(1)
    return comes.t() * slopes, shift, spread, goes.t().contiguous()


def _synapse_values(
    mask: Tensor,
    slope: Tensor,
    midpoint: Tensor,
    conductance: Tensor,
    reversal: Tensor,
    steepness: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return sources, targets (synapses,) and (4, synapses): slope, shift, current at full activity, conductance.

    A synapse gathers ``slope * source - steepness * midpoint``; ``steepness`` is ``slope`` where None.
    """
    sources, targets = mask.nonzero(as_tuple=True)
    slopes = slope[sources, targets]
    steep = slopes if steepness is None else steepness[sources, targets]
    strength = functional.softplus(conductance[sources, targets])
    shift = -steep * midpoint[sources, targets]
    return sources, targets, torch.stack([slopes, shift, strength * reversal[sources, targets], strength])


@cache
def compiled_scan() -> Callable[..., Tensor] | None:
    """Return the compiled scan, or None without numba; imported here since numba takes a second."""
    try:
        from liquid_nav.liquid.ltc_compiled import CompiledScan
    except ImportError:
        return None
    return CompiledScan.apply


def _can_compile(*tensors: Tensor) -> bool:
    kinds = {(each.device.type, each.dtype) for each in tensors}
    return kinds in ({("cpu", torch.float32)}, {("cpu", torch.float64)})


def _uniform(shape: tuple[int, ...], low: float, high: float) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape).uniform_(low, high))
