"""What every liquid layer promises, whatever its equations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_nav.errors import ConfigError
from liquid_nav.liquid import LRC, LTC, NCP, AutoNCP, CfC, FullyConnected

INPUTS = 6


def _layers() -> dict[str, torch.nn.Module]:
    torch.manual_seed(0)
    ncp = NCP(9, 6, 4, sensory_fanout=4, inter_fanout=3, recurrent_command_synapses=6, motor_fanin=3)
    return {
        "cfc ncp": CfC(INPUTS, ncp),
        "cfc pure": CfC(INPUTS, ncp, mode="pure"),
        "cfc no gate": CfC(INPUTS, ncp, mode="no_gate"),
        "cfc units": CfC(INPUTS, 8),
        "cfc mixed": CfC(INPUTS, ncp, mixed_memory=True),
        "cfc full": CfC(INPUTS, FullyConnected(7, 2)),
        "ltc ncp": LTC(INPUTS, ncp),
        "ltc mixed": LTC(INPUTS, ncp, mixed_memory=True),
        "ltc units": LTC(INPUTS, 5),
    }


NAMES = sorted(_layers())


@pytest.mark.parametrize("name", NAMES)
def test_a_sequence_in_two_parts_equals_the_whole(name: str) -> None:
    layer = _layers()[name]
    inputs, elapsed = torch.randn(3, 10, INPUTS), torch.rand(3, 10) + 0.1
    whole, end = layer(inputs, None, elapsed)
    first, state = layer(inputs[:, :4], None, elapsed[:, :4])
    second, state = layer(inputs[:, 4:], state, elapsed[:, 4:])
    assert torch.allclose(whole, torch.cat([first, second], dim=1), atol=1e-5)
    ends, states = (value if isinstance(value, tuple) else (value,) for value in (end, state))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(ends, states, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_each_sample_has_its_own_time(name: str) -> None:
    layer = _layers()[name]
    inputs, elapsed = torch.randn(4, 6, INPUTS), torch.rand(4, 6) + 0.05
    together = layer(inputs, None, elapsed)[0]
    for index in range(4):
        alone = layer(inputs[index : index + 1], None, elapsed[index : index + 1])[0]
        assert torch.allclose(together[index : index + 1], alone, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_one_number_of_time_equals_a_full_tensor(name: str) -> None:
    layer = _layers()[name]
    inputs = torch.randn(2, 5, INPUTS)
    assert torch.allclose(layer(inputs, None, 0.4)[0], layer(inputs, None, torch.full((2, 5), 0.4))[0])


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter_that_has_a_synapse(name: str) -> None:
    layer = _layers()[name]
    outputs, _ = layer(torch.randn(3, 6, INPUTS), None, 0.7)
    outputs.square().sum().backward()
    learned = {key: value.grad for key, value in layer.named_parameters() if value.numel()}
    silent = [key for key, gradient in learned.items() if gradient is None or not gradient.any()]
    assert silent == []


@pytest.mark.parametrize("name", NAMES)
def test_a_repeated_frame_without_time_stays_finite(name: str) -> None:
    outputs, _ = _layers()[name](torch.randn(2, 4, INPUTS), None, 0.0)
    assert torch.isfinite(outputs).all()


def test_a_missing_synapse_carries_nothing() -> None:
    wiring = NCP(9, 6, 4, sensory_fanout=2, inter_fanout=3, recurrent_command_synapses=6, motor_fanin=3)
    layer = CfC(INPUTS, wiring)
    inputs = torch.randn(1, 1, INPUTS, requires_grad=True)
    _, state = layer(inputs)
    sensory = torch.from_numpy(wiring.sensory(INPUTS)).abs()
    for position, neuron in enumerate(wiring.layers[0]):
        (gradient,) = torch.autograd.grad(state[0, position], inputs, retain_graph=True)
        assert torch.equal(gradient[0, 0] != 0, sensory[:, neuron] != 0)


def test_the_last_output_alone_can_be_asked_for() -> None:
    inputs = torch.randn(2, 5, INPUTS)
    torch.manual_seed(1)
    whole = CfC(INPUTS, 8)
    torch.manual_seed(1)
    last = CfC(INPUTS, 8, return_sequences=False)
    assert torch.equal(whole(inputs)[0][:, -1], last(inputs)[0])
    assert CfC(INPUTS, 8, proj_size=3)(inputs)[0].shape == (2, 5, 3)


@pytest.mark.parametrize("shape", [(3, 5), (3, 0, INPUTS), (3, 5, INPUTS + 1)])
def test_inputs_of_a_wrong_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="inputs have shape"):
        CfC(INPUTS, 8)(torch.zeros(shape))


def test_times_and_states_of_a_wrong_shape_are_refused() -> None:
    layer, inputs = CfC(INPUTS, 8), torch.zeros(3, 5, INPUTS)
    with pytest.raises(ConfigError, match="elapsed_s has shape"):
        layer(inputs, None, torch.zeros(3))
    with pytest.raises(ConfigError, match="state has shape"):
        layer(inputs, torch.zeros(3, 7))
    with pytest.raises(ConfigError, match="mixed memory"):
        layer(inputs, (torch.zeros(3, 8), torch.zeros(3, 8)))


@pytest.mark.parametrize("layer", [CfC, LTC, LRC])
@pytest.mark.parametrize("sizes", [(0, 8), (4, 0), (4, -1), (4, 2.5), (4, None), (1.5, 8)])
def test_impossible_sizes_are_refused(layer: type, sizes: tuple[object, object]) -> None:
    with pytest.raises(ConfigError, match=r"(input_size|units) is "):
        layer(*sizes)


@pytest.mark.parametrize("layer", [CfC, LTC, LRC])
def test_numbers_of_numpy_are_numbers(layer: type) -> None:
    outputs, _ = layer(np.int64(4), np.int64(8))(torch.rand(2, 3, 4))
    assert outputs.shape == (2, 3, 8)


@pytest.mark.parametrize("options", [{"proj_size": 0}, {"proj_size": -1}, {"backbone_units": 0}])
def test_impossible_sizes_of_a_cfc_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(options))} is .*: use at least 1"):
        CfC(4, 8, **options)


def test_unknown_modes_are_refused() -> None:
    with pytest.raises(ConfigError, match="turbo"):
        CfC(INPUTS, 8, mode="turbo")


@settings(deadline=None)
@given(
    units=st.integers(7, 60),
    outputs=st.integers(1, 4),
    sparsity=st.floats(0.1, 0.9),
    seed=st.integers(0, 10_000),
    inputs=st.integers(1, 40),
)
def test_every_auto_ncp_connects_inputs_to_every_motor_neuron(units, outputs, sparsity, seed, inputs) -> None:
    wiring = AutoNCP(units, outputs, sparsity, seed)
    inter, command, motor = wiring.layers
    assert sorted([*inter, *command, *motor]) == list(range(units))
    sensory = wiring.sensory(inputs)
    assert (sensory == wiring.sensory(inputs)).all()
    assert not sensory[:, command].any() and not sensory[:, motor].any()
    reached = {neuron for neuron in inter if sensory[:, neuron].any()}
    assert reached == set(inter)
    reached = {neuron for neuron in command if wiring.recurrent[inter, neuron].any()}
    assert reached == set(command)
    assert all(wiring.recurrent[command, neuron].any() for neuron in motor)
    assert not wiring.recurrent[motor].any(), "motor neurons speak to nobody"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((0, 6, 4, 1, 1, 1, 1), "inter_neurons"),
        ((9, 6, 4, 10, 3, 6, 3), "sensory_fanout"),
        ((9, 6, 4, 4, 7, 6, 3), "inter_fanout"),
        ((9, 6, 4, 4, 3, 37, 3), "recurrent_command_synapses"),
        ((9, 6, 4, 4, 3, 6, 7), "motor_fanin"),
    ],
)
def test_impossible_wirings_are_refused(arguments: tuple[int, ...], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        NCP(*arguments)


@pytest.mark.parametrize("mode", ["default", "no_gate"])
def test_states_are_those_of_single_steps(mode: str) -> None:
    torch.manual_seed(4)
    wiring = AutoNCP(12, 3)
    layer = CfC(INPUTS, wiring, mode=mode)
    inputs, elapsed = torch.randn(2, 6, INPUTS), torch.rand(2, 6) + 0.5
    states, state = layer.states(inputs, elapsed), None
    for step in range(6):
        output, state = layer(inputs[:, step : step + 1], state, elapsed[:, step : step + 1])
        assert torch.allclose(states[:, step], state, atol=1e-6)
        assert torch.allclose(states[:, step, -3:], output[:, 0], atol=1e-6)


def test_layers_that_go_step_by_step_refuse_to_tell_their_states() -> None:
    ncp = AutoNCP(12, 3)
    for layer in (CfC(INPUTS, 8), CfC(INPUTS, ncp, mode="pure"), CfC(INPUTS, ncp, mixed_memory=True)):
        with pytest.raises(ConfigError, match="only a gated layer"):
            layer.states(torch.zeros(1, 2, INPUTS))
