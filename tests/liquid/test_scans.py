"""Whole sequences at once give the numbers and gradients of going step by step."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from liquid_nav.liquid import LTC, NCP, CfC, FullyConnected, ltc
from liquid_nav.liquid.cfc_scan import GatedScan
from liquid_nav.liquid.ltc_scan import SynapseScan

INPUTS, STEPS, BATCH = 5, 6, 3


def _layers() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    ncp = NCP(9, 6, 4, sensory_fanout=4, inter_fanout=3, recurrent_command_synapses=6, motor_fanin=3)
    return {
        "cfc": CfC(INPUTS, ncp),
        "cfc no gate": CfC(INPUTS, ncp, mode="no_gate"),
        "cfc one layer": CfC(INPUTS, FullyConnected(7, 2)),
        "ltc": LTC(INPUTS, ncp),
        "ltc full": LTC(INPUTS, 7),
    }


def _by_steps(layer: nn.Module, inputs: Tensor, elapsed: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    outputs = []
    for step in range(inputs.shape[1]):
        output, state = layer(inputs[:, step : step + 1], state, elapsed[:, step : step + 1])
        outputs.append(output)
    return torch.cat(outputs, dim=1), state


@pytest.mark.parametrize("scan", ["torch", "compiled"])
@pytest.mark.parametrize("name", sorted(_layers()))
def test_numbers_and_all_gradients_equal_those_of_single_steps(
    name: str, scan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if scan == "torch":
        monkeypatch.setattr(ltc, "compiled_scan", lambda: None)
    else:
        pytest.importorskip("numba")
    layer = _layers()[name].double()
    state = torch.randn(BATCH, layer.neurons, dtype=torch.float64, requires_grad=True)
    inputs = torch.randn(BATCH, STEPS, INPUTS, dtype=torch.float64, requires_grad=True)
    elapsed = (torch.rand(BATCH, STEPS, dtype=torch.float64) + 0.1).requires_grad_()
    wanted = [inputs, state, elapsed, *(value for value in layer.parameters() if value.numel())]
    weights = None
    answers = []
    for run in (layer, lambda *values: _by_steps(layer, values[0], values[2], values[1])):
        outputs, end = run(inputs, state, elapsed)
        if weights is None:
            weights = torch.randn_like(outputs), torch.randn_like(end)
        total = (outputs * weights[0]).sum() + (end * weights[1]).sum()
        answers.append((outputs, end, torch.autograd.grad(total, wanted)))
    (outputs, end, grads), (outputs_by_steps, end_by_steps, grads_by_steps) = answers
    assert torch.allclose(outputs, outputs_by_steps, atol=1e-12)
    assert torch.allclose(end, end_by_steps, atol=1e-12)
    for grad, by_steps in zip(grads, grads_by_steps, strict=True):
        assert torch.allclose(grad, by_steps, atol=1e-10)


@pytest.mark.parametrize("complementary", [True, False])
def test_the_gated_scan_has_the_gradient_of_its_numbers(complementary: bool) -> None:
    torch.manual_seed(1)
    waves, batch, neurons = 4, 2, 3
    shapes = [(waves, batch, 4 * neurons), (4 * neurons, neurons), (batch, neurons), (waves, batch, neurons)]
    values = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    held = torch.tensor([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda *each: GatedScan.apply(*each, held, complementary), values)


def test_the_synapse_scan_has_the_gradient_of_its_numbers() -> None:
    torch.manual_seed(2)
    layer = LTC(2, FullyConnected(3, 2)).double()
    ends = torch.eye(3, dtype=torch.float64).repeat(1, 2)  # six synapses, two at each neuron
    spread = torch.cat([torch.randn(6, 3, dtype=torch.float64), torch.rand(6, 3, dtype=torch.float64)], dim=1)
    spread = (spread * ends.t().repeat(1, 2)).requires_grad_()
    values = [
        torch.randn(2, 3, dtype=torch.float64, requires_grad=True),
        torch.randn(3, 6, dtype=torch.float64, requires_grad=True),
        torch.randn(6, dtype=torch.float64, requires_grad=True),
        spread,
        torch.rand(3, 2, 6, dtype=torch.float64, requires_grad=True),
        (torch.rand(3, 2, 3, dtype=torch.float64) + 0.5).requires_grad_(),
    ]

    def run(*each: Tensor) -> Tensor:
        kept = each[3] * ends.t().repeat(1, 2)  # a synapse moves only the neuron it ends in
        return SynapseScan.apply(*each[:3], kept, ends, *each[4:], layer.ode_unfolds)

    assert torch.autograd.gradcheck(run, values)


def test_a_wiring_with_many_synapses_goes_step_by_step_with_the_same_numbers() -> None:
    torch.manual_seed(3)
    layer = LTC(INPUTS, 40)
    inputs, elapsed = torch.randn(2, STEPS, INPUTS), torch.full((2, STEPS), 0.5)
    assert not layer._fused
    by_steps, _ = _by_steps(layer, inputs, elapsed, torch.zeros(2, 40))
    assert torch.allclose(layer(inputs, None, elapsed)[0], by_steps, atol=1e-6)


def test_single_steps_never_import_numba_and_sequences_compile() -> None:
    pytest.importorskip("numba")
    code = (
        "import sys, torch; from liquid_nav.liquid import LTC; layer = LTC(2, 3); layer(torch.zeros(1, 1, 2));"
        "assert 'numba' not in sys.modules; layer(torch.zeros(1, 2, 2)); assert 'numba' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_only_one_full_precision_on_the_cpu_is_compiled() -> None:
    assert ltc._can_compile(torch.zeros(1), torch.ones(2))
    assert ltc._can_compile(torch.zeros(1).double(), torch.ones(2).double())
    assert not ltc._can_compile(torch.zeros(1), torch.ones(2).double())
    assert not ltc._can_compile(torch.zeros(1).bfloat16(), torch.ones(2).bfloat16())
    assert not ltc._can_compile(torch.zeros(1, device="meta"))
