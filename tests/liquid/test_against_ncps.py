"""The common library as a witness: equal where it is right, and proof of where it is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from liquid_nav.liquid import LTC, CfC, Wiring

ncps_torch = pytest.importorskip("ncps.torch")
ncps_wirings = pytest.importorskip("ncps.wirings")

INPUTS, UNITS, STEPS = 5, 11, 7


class Copied(Wiring):
    """A wiring with the synapses of a wiring of ncps."""

    def __init__(self, other) -> None:
        layers = [list(other.get_neurons_of_layer(index)) for index in range(other.num_layers)]
        super().__init__(other.units, other.output_dim, layers)
        self.recurrent[:] = other.adjacency_matrix
        self._sensory = other.sensory_adjacency_matrix.astype(np.int8)

    def sensory(self, inputs: int):
        return self._sensory


def _wiring(kind: str):
    wiring = ncps_wirings.AutoNCP(UNITS, 3) if kind == "ncp" else ncps_wirings.FullyConnected(UNITS, 3)
    wiring.build(INPUTS)
    return wiring


def _copy_cell(ours, theirs) -> None:
    """Copy the heads of one ncps cell into our fused matrices."""
    heads = [theirs.ff1] if theirs.mode == "pure" else [theirs.ff1, theirs.ff2, theirs.time_a, theirs.time_b]
    weight = torch.cat([head.weight for head in heads])
    split = weight.shape[1] - ours.neurons
    behind_backbone = theirs.backbone is not None
    with torch.no_grad():
        ours.from_input.copy_(weight if behind_backbone else weight[:, :split])
        if not behind_backbone:
            ours.from_state.copy_(weight[:, split:])
        ours.bias.copy_(torch.cat([head.bias for head in heads]))
        if theirs.mode == "pure":
            ours.leak.copy_(theirs.w_tau[0])
            ours.amplitude.copy_(theirs.A[0])


def _wired_pair(mode: str, kind: str) -> tuple[CfC, torch.nn.Module]:
    torch.manual_seed(1)
    wiring = _wiring(kind)
    theirs = ncps_torch.CfC(INPUTS, wiring, mode=mode)
    if mode == "pure":
        for cell in theirs.rnn_cell._layers:
            torch.nn.init.uniform_(cell.w_tau, -1, 1)
    ours = CfC(INPUTS, Copied(wiring), mode=mode, sparse_time_gates=False)
    for mine, other in zip(ours.layers, theirs.rnn_cell._layers, strict=True):
        _copy_cell(mine, other)
    return ours, theirs


def _ltc_pair(kind: str) -> tuple[LTC, torch.nn.Module]:
    torch.manual_seed(2)
    wiring = _wiring(kind)
    theirs = ncps_torch.LTC(INPUTS, wiring, implicit_param_constraints=True)
    ours = LTC(INPUTS, Copied(wiring))
    names = {
        "gleak": "leak_conductance", "vleak": "leak_potential", "cm": "capacitance", "w": "conductance",
        "sigma": "steepness", "mu": "midpoint", "erev": "reversal", "sensory_w": "sensory_conductance",
        "sensory_sigma": "sensory_steepness", "sensory_mu": "sensory_midpoint", "sensory_erev": "sensory_reversal",
        "input_w": "input_scale", "input_b": "input_shift", "output_w": "output_scale", "output_b": "output_shift",
    }  # fmt: skip
    with torch.no_grad():
        for other, mine in names.items():
            getattr(ours, mine).copy_(getattr(theirs.rnn_cell, other))
    return ours, theirs


def _alone(layer, inputs: Tensor, elapsed: Tensor) -> Tensor:
    """Run every sample by itself."""
    parts = [layer(inputs[k : k + 1], None, elapsed[k : k + 1])[0] for k in range(len(inputs))]
    return torch.cat(parts)


@pytest.mark.parametrize("kind", ["ncp", "full"])
@pytest.mark.parametrize("mode", ["default", "pure", "no_gate"])
@pytest.mark.parametrize("elapsed", [None, 0.3])
def test_wired_cfc_equals_ncps_for_one_sample(mode: str, kind: str, elapsed: float | None) -> None:
    ours, theirs = _wired_pair(mode, kind)
    inputs = torch.randn(1, STEPS, INPUTS)
    times = None if elapsed is None else torch.full((1, STEPS), elapsed)
    wanted, wanted_state = theirs(inputs, timespans=times)
    found, state = ours(inputs, None, 1.0 if elapsed is None else times)
    assert torch.allclose(found, wanted, atol=1e-6)
    assert torch.allclose(state, wanted_state, atol=1e-6)


@pytest.mark.parametrize("mode", ["default", "pure", "no_gate"])
@pytest.mark.parametrize("layers", [0, 1, 2])
def test_unwired_cfc_equals_ncps(mode: str, layers: int) -> None:
    torch.manual_seed(4)
    theirs = ncps_torch.CfC(INPUTS, UNITS, mode=mode, backbone_layers=layers, backbone_units=16)
    ours = CfC(INPUTS, UNITS, mode=mode, backbone_layers=layers, backbone_units=16)
    if ours.backbone is not None:
        linear = [part for part in theirs.rnn_cell.backbone if isinstance(part, torch.nn.Linear)]
        mine = [part for part in ours.backbone if isinstance(part, torch.nn.Linear)]
        for a, b in zip(mine, linear, strict=True):
            a.load_state_dict(b.state_dict())
    theirs.rnn_cell.backbone = theirs.rnn_cell.backbone if layers else None
    _copy_cell(ours.layers[0], theirs.rnn_cell)
    inputs = torch.randn(4, STEPS, INPUTS)
    assert torch.allclose(ours(inputs)[0], theirs(inputs)[0], atol=1e-6)


@pytest.mark.parametrize("kind", ["ncp", "full"])
@pytest.mark.parametrize("elapsed", [1.0, 0.2])
def test_ltc_equals_ncps_for_one_sample(kind: str, elapsed: float) -> None:
    ours, theirs = _ltc_pair(kind)
    inputs = torch.randn(1, STEPS, INPUTS)
    times = torch.full((1, STEPS), elapsed)
    wanted, wanted_state = theirs(inputs, timespans=times)
    found, state = ours(inputs, None, times)
    assert torch.allclose(found, wanted, atol=1e-5)
    assert torch.allclose(state, wanted_state, atol=1e-5)


def test_mixed_memory_equals_ncps() -> None:
    torch.manual_seed(5)
    wiring = _wiring("ncp")
    theirs = ncps_torch.CfC(INPUTS, wiring, mixed_memory=True)
    ours = CfC(INPUTS, Copied(wiring), mixed_memory=True, sparse_time_gates=False)
    for mine, other in zip(ours.layers, theirs.rnn_cell._layers, strict=True):
        _copy_cell(mine, other)
    ours.memory.from_input.load_state_dict(theirs.lstm.input_map.state_dict())
    ours.memory.from_state.load_state_dict(theirs.lstm.recurrent_map.state_dict())
    inputs = torch.randn(3, STEPS, INPUTS)
    wanted, (hidden, memory) = theirs(inputs)
    found, state = ours(inputs)
    assert torch.allclose(found, wanted, atol=1e-6)
    assert torch.allclose(state[0], hidden, atol=1e-6) and torch.allclose(state[1], memory, atol=1e-6)


@pytest.mark.parametrize("mode", ["default", "no_gate", "pure"])
def test_ncps_cfc_is_wrong_for_batched_times_and_ours_is_right(mode: str) -> None:
    ours, theirs = _wired_pair(mode, "ncp")
    inputs = torch.randn(4, STEPS, INPUTS)
    elapsed = torch.rand(4, STEPS) + 0.05
    right = _alone(ours, inputs, elapsed)
    assert torch.allclose(ours(inputs, None, elapsed)[0], right, atol=1e-6)
    alone = torch.cat([theirs(inputs[k : k + 1], timespans=elapsed[k : k + 1])[0] for k in range(4)])
    assert torch.allclose(alone, right, atol=1e-6), "sample by sample ncps agrees with us"
    with pytest.raises(RuntimeError, match="size of tensor"):
        theirs(inputs, timespans=elapsed)


def test_ncps_cfc_mixes_samples_silently_when_the_batch_has_the_size_of_the_layers() -> None:
    """A full wiring with as many neurons as samples: no error, but every neuron gets another sample's time."""
    ours, theirs = _wired_pair("default", "full")
    inputs = torch.randn(UNITS, STEPS, INPUTS)
    elapsed = torch.rand(UNITS, STEPS) + 0.05
    right = _alone(ours, inputs, elapsed)
    assert torch.allclose(ours(inputs, None, elapsed)[0], right, atol=1e-6)
    assert (theirs(inputs, timespans=elapsed)[0] - right).abs().max() > 1e-3


def test_ncps_ltc_is_wrong_for_batched_times_and_ours_is_right() -> None:
    ours, theirs = _ltc_pair("ncp")
    inputs = torch.randn(UNITS, STEPS, INPUTS)
    elapsed = torch.rand(UNITS, STEPS) + 0.05
    right = _alone(ours, inputs, elapsed)
    assert torch.allclose(ours(inputs, None, elapsed)[0], right, atol=1e-5)
    assert (theirs(inputs, timespans=elapsed)[0] - right).abs().max() > 1e-3
    with pytest.raises(RuntimeError, match="size of tensor"):
        theirs(inputs[:4], timespans=elapsed[:4])
