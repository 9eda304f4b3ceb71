"""Closed-form continuous-time networks: Hasani et al., Nature Machine Intelligence 2022, arXiv:2106.13898.

For a neuron with inputs x and elapsed time t (equation 10 of the paper, heads f, g, h)::

    default   state = tanh(g(x)) * (1 - s) + tanh(h(x)) * s,   s = sigmoid(a(x) * t + b(x))
    no_gate   state = tanh(g(x)) + tanh(h(x)) * s
    pure      state = A - A * exp(-t * (|w| + |g(x)|)) * g(x)

Times are per sample and per step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from liquid_nav.errors import ConfigError
from liquid_nav.liquid.cfc_scan import GatedScan
from liquid_nav.liquid.mixed_memory import MemoryCell
from liquid_nav.liquid.sequence import check_inputs, initial_state, spread_elapsed
from liquid_nav.liquid.wiring import Wiring, at_least

MODES = ("default", "pure", "no_gate")
State = Tensor | tuple[Tensor, Tensor]


class _Heads(nn.Module):
    """The closed-form solution of one layer, its heads fused into one matrix.

    Args:
        inputs: features that come from outside of the layer.
        neurons: of this layer.
        mode: see the module.
        mask: (inputs, neurons) synapses from outside, None for all. The layer's own state reaches all its neurons.
        sparse_time: mask the time gates too. False lets them see every input, as the common library does.
        recurrent: whether the layer's own state comes in here; behind a backbone it has come in already.
    """

    mask: Tensor | None

    def __init__(
        self,
        inputs: int,
        neurons: int,
        mode: str,
        mask: np.ndarray | None = None,
        *,
        sparse_time: bool = True,
        recurrent: bool = True,
    ) -> None:
        super().__init__()
        self.neurons, self.mode = neurons, mode
        heads = 1 if mode == "pure" else 4
        self.from_input = nn.Parameter(torch.empty(heads * neurons, inputs))
        self.from_state = nn.Parameter(torch.empty(heads * neurons, neurons if recurrent else 0))
        self.bias = nn.Parameter(torch.zeros(heads * neurons))
        bound = float(np.sqrt(6.0 / (inputs + 2 * neurons)))
        nn.init.uniform_(self.from_input, -bound, bound)
        if recurrent:
            nn.init.uniform_(self.from_state, -bound, bound)
        if mode == "pure":
            # Not zero: the gradient of |leak| vanishes there, and it would never be learned.
            self.leak = nn.Parameter(torch.full((neurons,), 0.1))
            self.amplitude = nn.Parameter(torch.ones(neurons))
        stacked = None
        if mask is not None:
            one = torch.from_numpy(np.abs(mask.T).astype(np.float32))
            others = one if sparse_time else torch.ones_like(one)
            stacked = one if mode == "pure" else torch.cat([one, one, others, others])
        self.register_buffer("mask", stacked, persistent=False)

    def input_weight(self) -> Tensor:
        """Return the weights of the existing synapses, (heads * neurons, inputs)."""
        return self.from_input if self.mask is None else self.from_input * self.mask

    def solve(self, drive: Tensor, elapsed: Tensor) -> Tensor:
        """Return the new state (batch, neurons) from the summed drive (batch, heads * neurons), time (batch, 1)."""
        if self.mode == "pure":
            decay = torch.exp(-elapsed * (self.leak.abs() + drive.abs()))
            return self.amplitude - self.amplitude * decay * drive
        g, h, a, b = drive.chunk(4, dim=1)
        gate = torch.sigmoid(a * elapsed + b)
        if self.mode == "no_gate":
            return torch.tanh(g) + gate * torch.tanh(h)
        return torch.tanh(g) * (1.0 - gate) + gate * torch.tanh(h)


class CfC(nn.Module):
    """A closed-form continuous-time layer over sequences.

    With a wiring, its layers are solved one after the other within a step, the output is that of the motor
    neurons and the state holds the neurons layer by layer (inter, command, motor). With a number, that many
    neurons sit behind a shared backbone, and all of them are the output.

    Args:
        input_size: features per step.
        wiring_or_units: a :class:`Wiring`, or a number of neurons.
        mode: ``"default"``, ``"pure"`` or ``"no_gate"``.
        mixed_memory: put an LSTM cell before the liquid one.
        backbone_units, backbone_layers, backbone_dropout: of the backbone; without a wiring only.
        proj_size: project the output linearly to that size.
        return_sequences: return every step's output, else the last one alone.
        sparse_time_gates: with a wiring, time gates see no input that the wiring does not connect.

    Raises:
        ConfigError: for an unknown mode or sizes out of range.
    """

    def __init__(
        self,
        input_size: int,
        wiring_or_units: Wiring | int,
        *,
        mode: str = "default",
        mixed_memory: bool = False,
        backbone_units: int = 128,
        backbone_layers: int = 1,
        backbone_dropout: float = 0.0,
        proj_size: int | None = None,
        return_sequences: bool = True,
        sparse_time_gates: bool = True,
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise ConfigError(f"mode is {mode!r}: use one of {', '.join(MODES)}")
        self.input_size = input_size = at_least("input_size", input_size, 1)
        self.return_sequences = return_sequences
        self.wiring = wiring_or_units if isinstance(wiring_or_units, Wiring) else None
        self.backbone: nn.Module | None = None
        if self.wiring is not None:
            layers = _wired_layers(self.wiring, input_size, mode, sparse_time_gates)
            self.neurons, self.output_size = self.wiring.neurons, self.wiring.outputs
        else:
            self.neurons = self.output_size = at_least("units", wiring_or_units, 1)
            inputs = input_size
            if backbone_layers > 0:
                inputs = at_least("backbone_units", backbone_units, 1)
                self.backbone = _backbone(input_size + self.neurons, inputs, backbone_layers, backbone_dropout)
            layers = [_Heads(inputs, self.neurons, mode, recurrent=self.backbone is None)]
        self.layers = nn.ModuleList(layers)
        self.memory = MemoryCell(input_size, self.neurons) if mixed_memory else None
        projected = None if proj_size is None else at_least("proj_size", proj_size, 1)
        self.projection = nn.Identity() if projected is None else nn.Linear(self.output_size, projected)

    def forward(
        self, inputs: Tensor, state: State | None = None, elapsed_s: Tensor | float = 1.0
    ) -> tuple[Tensor, State]:
        """Run over sequences.

        Args:
            inputs: (batch, time, input_size).
            state: (batch, neurons), with mixed memory a pair of these; None starts from zeros.
            elapsed_s: time since the step before, one number or (batch, time).

        Returns:
            Outputs (batch, time, output_size), without ``return_sequences`` (batch, output_size), and the
            state after the last step.

        Raises:
            ConfigError: for wrong shapes.
        """
        check_inputs(inputs, self.input_size)
        elapsed = spread_elapsed(elapsed_s, inputs).unbind(1)
        hidden, memory = self._unpack(state, inputs)
        if self.tells_states and inputs.shape[1] > 1:
            states = self._scan(inputs, hidden, torch.stack(elapsed).squeeze(2))
            last_layer = states[:, :, self.neurons - self._heads[-1].neurons :]
            return self.projection(last_layer if self.return_sequences else last_layer[:, -1]), states[:, -1]
        lstm_drive = None if self.memory is None else self.memory.from_input(inputs).unbind(1)
        run = self._step_with_backbone if self.backbone is not None else self._step_layers
        prepared = self._prepare(inputs)
        outputs = []
        for step, moment in enumerate(elapsed):
            if self.memory is not None and lstm_drive is not None and memory is not None:
                hidden, memory = self.memory(lstm_drive[step], hidden, memory)
            output, hidden = run(prepared, step, hidden, moment)
            outputs.append(output)
        result = torch.stack(outputs, dim=1) if self.return_sequences else outputs[-1]
        return self.projection(result), (hidden if memory is None else (hidden, memory))

    def states(self, inputs: Tensor, elapsed_s: Tensor | float = 1.0) -> Tensor:
        """Return what all neurons say after each step of sequences that start from zeros.

        Args:
            inputs, elapsed_s: see :meth:`forward`.

        Returns:
            (batch, time, neurons) layer by layer; the motor neurons of an NCP are the last ones.

        Raises:
            ConfigError: for wrong shapes, and for a layer with a backbone, a mixed memory or the ``pure`` mode.
        """
        check_inputs(inputs, self.input_size)
        if not self.tells_states:
            raise ConfigError("only a gated layer without backbone and mixed memory tells the states of all steps")
        elapsed = spread_elapsed(elapsed_s, inputs).squeeze(2).transpose(0, 1)
        return self._scan(inputs, initial_state(None, inputs, self.neurons), elapsed)

    @property
    def tells_states(self) -> bool:
        """Whether sequences go through :class:`GatedScan` (same numbers, less time), which :meth:`states` needs."""
        return self.memory is None and self.backbone is None and self._heads[0].mode != "pure"

    def _scan(self, inputs: Tensor, hidden: Tensor, elapsed: Tensor) -> Tensor:
        """Return the states of all layers (batch, time, neurons); elapsed is (time, batch)."""
        heads, time = self._heads, inputs.shape[1]
        sizes, late = [layer.neurons for layer in heads], len(heads) - 1
        first = functional.linear(inputs, heads[0].input_weight(), heads[0].bias).view(*inputs.shape[:2], 4, sizes[0])
        drive = functional.pad(first.transpose(0, 1), (0, self.neurons - sizes[0], 0, 0, 0, 0, 0, late))
        rows, biases = list[Tensor](), list[Tensor]()
        for index, layer in enumerate(heads):
            own = layer.from_state.view(4, layer.neurons, -1)  # (4, neurons of the layer, same)
            begin = sum(sizes[:index])
            if index:
                before = layer.input_weight().view(4, layer.neurons, -1)
                own, begin = torch.cat([before, own], dim=2), begin - sizes[index - 1]
            rows.append(functional.pad(own, (begin, self.neurons - begin - own.shape[2])))
            bias = layer.bias.view(4, layer.neurons)
            biases.append(bias if index else torch.zeros_like(bias))  # the first layer's is in its drive already
        weight = torch.cat(rows, dim=1).flatten(0, 1)
        drive = (drive + torch.cat(biases, dim=1)).flatten(2)
        lags = torch.arange(len(heads)).repeat_interleave(torch.tensor(sizes)).to(inputs.device)
        padded = functional.pad(elapsed, (0, 0, late, late)).unsqueeze(2)  # (late + time + late, batch, 1)
        skewed = torch.cat(
            [padded[late - lag : late - lag + time + late].expand(-1, -1, size) for lag, size in enumerate(sizes)], 2
        )
        held = (lags[None, :] > torch.arange(late, device=lags.device)[:, None]).to(inputs.dtype)
        complementary = heads[0].mode == "default"
        states: Tensor = GatedScan.apply(drive, weight, hidden, skewed, held, complementary)  # type: ignore[no-untyped-call]
        parts = torch.split(states, sizes, dim=2)
        return torch.cat([part[lag : lag + time] for lag, part in enumerate(parts)], dim=2).transpose(0, 1)

    @property
    def _heads(self) -> list[_Heads]:
        return cast("list[_Heads]", list(self.layers))

    def _prepare(self, inputs: Tensor) -> tuple[Sequence[Tensor], list[Tensor]]:
        """Do what does not depend on the state once per sequence: the first layer's drive, masked weights."""
        weights = [layer.input_weight() for layer in self._heads]
        if self.backbone is not None:
            return inputs.unbind(1), weights
        return functional.linear(inputs, weights[0], self._heads[0].bias).unbind(1), weights

    def _step_layers(
        self, prepared: tuple[Sequence[Tensor], list[Tensor]], step: int, hidden: Tensor, elapsed: Tensor
    ) -> tuple[Tensor, Tensor]:
        drives, weights = prepared
        drive, states = drives[step], list[Tensor]()
        parts = torch.split(hidden, [layer.neurons for layer in self._heads], dim=1)
        for index, (layer, part) in enumerate(zip(self._heads, parts, strict=True)):
            if index:
                drive = functional.linear(states[-1], weights[index], layer.bias)
            states.append(layer.solve(drive + functional.linear(part, layer.from_state), elapsed))
        return states[-1], torch.cat(states, dim=1)

    def _step_with_backbone(
        self, prepared: tuple[Sequence[Tensor], list[Tensor]], step: int, hidden: Tensor, elapsed: Tensor
    ) -> tuple[Tensor, Tensor]:
        assert self.backbone is not None
        layer = self._heads[0]
        shared = self.backbone(torch.cat([prepared[0][step], hidden], dim=1))
        new = layer.solve(functional.linear(shared, prepared[1][0], layer.bias), elapsed)
        return new, new

    def _unpack(self, state: State | None, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        if self.memory is None:
            if isinstance(state, tuple):
                raise ConfigError("state is a pair, but this layer has no mixed memory: give one tensor")
            return initial_state(state, inputs, self.neurons), None
        if isinstance(state, Tensor):
            raise ConfigError("this layer has mixed memory: give the pair (hidden, memory) as state")
        hidden, memory = (None, None) if state is None else state
        return initial_state(hidden, inputs, self.neurons), initial_state(memory, inputs, self.neurons)


def _wired_layers(wiring: Wiring, inputs: int, mode: str, sparse_time: bool) -> list[nn.Module]:
    layers: list[nn.Module] = []
    before: list[int] | None = None
    for neurons in wiring.layers:
        mask = wiring.sensory(inputs)[:, neurons] if before is None else wiring.recurrent[np.ix_(before, neurons)]
        layers.append(_Heads(mask.shape[0], len(neurons), mode, mask, sparse_time=sparse_time))
        before = neurons
    return layers


class _LeCunTanh(nn.Module):
    """1.7159 tanh(2/3 x): LeCun et al., "Efficient BackProp", 1998."""

    def forward(self, values: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(0.666 * values)


def _backbone(inputs: int, units: int, layers: int, dropout: float) -> nn.Sequential:
    parts: list[nn.Module] = []
    for index in range(layers):
        parts += [nn.Linear(inputs if index == 0 else units, units), _LeCunTanh()]
        if dropout > 0.0:
            parts.append(nn.Dropout(dropout))
    return nn.Sequential(*parts)
