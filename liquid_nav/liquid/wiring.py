"""Who is connected to whom: wirings of liquid networks.

A wiring is two matrices of synapses: ``sensory`` (inputs, neurons) and ``recurrent`` (neurons, neurons), entries
-1 (inhibitory), 0 (none), 1 (excitatory), from row to column. NCP follows Lechner et al., "Neural circuit policies
enabling auditable autonomy", Nature Machine Intelligence 2020: sensory -> inter -> command (recurrent) -> motor.
Neurons are numbered motor first, then command, then inter.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import ConfigError

Synapses = NDArray[np.int8]
POLARITIES = (-1, 1, 1)  # two of three synapses excite


class Wiring(ABC):
    """Base of all wirings.

    Attributes:
        neurons: number of neurons.
        outputs: number of output neurons, the first ones.
        layers: neuron numbers of each layer, in the order in which a signal passes them.
        recurrent: (neurons, neurons) synapses.
    """

    def __init__(self, neurons: int, outputs: int, layers: list[list[int]]) -> None:
        at_least("neurons", neurons, 1)
        if not 1 <= outputs <= neurons:
            raise ConfigError(f"{outputs} output neurons of {neurons}: use 1 to {neurons}")
        self.neurons = neurons
        self.outputs = outputs
        self.layers = layers
        self.recurrent: Synapses = np.zeros((neurons, neurons), dtype=np.int8)

    @abstractmethod
    def sensory(self, inputs: int) -> Synapses:
        """Return the (inputs, neurons) synapses from ``inputs`` features; the same for every call."""


class FullyConnected(Wiring):
    """Every neuron and every input is connected to every neuron.

    Args:
        units: number of neurons.
        output_dim: number of output neurons, all when None.
        self_connections: whether a neuron is connected to itself.
        seed: of the polarities.
    """

    def __init__(
        self, units: int, output_dim: int | None = None, *, self_connections: bool = True, seed: int = 1111
    ) -> None:
        super().__init__(units, units if output_dim is None else output_dim, [list(range(units))])
        self._seed = seed
        self.recurrent[:] = np.random.default_rng(seed).choice(POLARITIES, size=(units, units))
        if not self_connections:
            np.fill_diagonal(self.recurrent, 0)

    def sensory(self, inputs: int) -> Synapses:
        """Return the (inputs, neurons) synapses."""
        at_least("inputs", inputs, 1)
        rng = np.random.default_rng([self._seed, 1])
        return rng.choice(POLARITIES, size=(inputs, self.neurons)).astype(np.int8)


def fully_connected(wiring_or_units: Wiring | int) -> Wiring:
    """Return a wiring as it is, a number of units as one in which all are connected."""
    if isinstance(wiring_or_units, Wiring):
        return wiring_or_units
    return FullyConnected(at_least("units", wiring_or_units, 1))


class NCP(Wiring):
    """Neural circuit policy: four layers with sparse synapses between them.

    Args:
        inter_neurons, command_neurons, motor_neurons: sizes of the layers.
        sensory_fanout: synapses from each input to inter neurons.
        inter_fanout: synapses from each inter neuron to command neurons.
        recurrent_command_synapses: synapses among the command neurons.
        motor_fanin: synapses into each motor neuron.
        seed: of the random choices.

    Raises:
        ConfigError: when a fan exceeds the layer it goes to.
    """

    def __init__(
        self,
        inter_neurons: int,
        command_neurons: int,
        motor_neurons: int,
        sensory_fanout: int,
        inter_fanout: int,
        recurrent_command_synapses: int,
        motor_fanin: int,
        seed: int = 22222,
    ) -> None:
        for name, value in (("inter", inter_neurons), ("command", command_neurons), ("motor", motor_neurons)):
            at_least(f"{name}_neurons", value, 1)
        _within("sensory_fanout", sensory_fanout, inter_neurons)
        _within("inter_fanout", inter_fanout, command_neurons)
        _within("motor_fanin", motor_fanin, command_neurons)
        _within("recurrent_command_synapses", recurrent_command_synapses, command_neurons**2, lowest=0)
        motor = list(range(motor_neurons))
        command = list(range(motor_neurons, motor_neurons + command_neurons))
        inter = list(range(motor_neurons + command_neurons, motor_neurons + command_neurons + inter_neurons))
        super().__init__(motor_neurons + command_neurons + inter_neurons, motor_neurons, [inter, command, motor])
        self._sensory_fanout = sensory_fanout
        self._seed = seed
        rng = np.random.default_rng(seed)
        _fan_out(self.recurrent, inter, command, inter_fanout, rng)
        pairs = rng.choice(command_neurons**2, size=recurrent_command_synapses, replace=False)
        for pair in pairs:
            source, destination = command[pair // command_neurons], command[pair % command_neurons]
            self.recurrent[source, destination] = rng.choice(POLARITIES)
        for neuron in motor:
            for source in rng.choice(command, size=motor_fanin, replace=False):
                self.recurrent[source, neuron] = rng.choice(POLARITIES)
        for source in command:  # nobody in the command layer is left without an ear for it
            if not self.recurrent[source, :].any():
                self.recurrent[source, rng.choice(motor)] = rng.choice(POLARITIES)

    def sensory(self, inputs: int) -> Synapses:
        """Return the (inputs, neurons) synapses; they end in inter neurons only."""
        at_least("inputs", inputs, 1)
        rng = np.random.default_rng([self._seed, 1])
        inter = self.layers[0]
        synapses: Synapses = np.zeros((inputs, self.neurons), dtype=np.int8)
        _fan_out(synapses, list(range(inputs)), inter, self._sensory_fanout, rng)
        return synapses


class AutoNCP(NCP):
    """An NCP from a number of neurons and a sparsity alone.

    Args:
        units: neurons in all, at least ``output_size`` + 3.
        output_size: motor neurons.
        sparsity_level: 0.1 (dense) to 0.9 (sparse).
        seed: of the random choices.
    """

    def __init__(self, units: int, output_size: int, sparsity_level: float = 0.5, seed: int = 22222) -> None:
        if not 0.1 <= sparsity_level <= 0.9:
            raise ConfigError(f"sparsity_level is {sparsity_level}: use 0.1 to 0.9")
        if units < output_size + 3:
            raise ConfigError(f"{units} units for {output_size} outputs: use at least {output_size + 3}")
        hidden = units - output_size
        command = max(1, int(np.ceil(0.4 * hidden)))
        inter = hidden - command
        density = 1.0 - sparsity_level
        super().__init__(
            inter_neurons=inter,
            command_neurons=command,
            motor_neurons=output_size,
            sensory_fanout=max(1, int(inter * density)),
            inter_fanout=max(1, int(command * density)),
            recurrent_command_synapses=max(1, int(command * density * 2)) if command > 1 else 1,
            motor_fanin=max(1, int(command * density)),
            seed=seed,
        )


def _fan_out(
    synapses: Synapses, sources: list[int], destinations: list[int], fanout: int, rng: np.random.Generator
) -> None:
    """Give each source ``fanout`` synapses; then connect the destinations that nobody chose."""
    for source in sources:
        for destination in rng.choice(destinations, size=fanout, replace=False):
            synapses[source, destination] = rng.choice(POLARITIES)
    for destination in destinations:
        if not synapses[sources, destination].any():
            synapses[rng.choice(sources), destination] = rng.choice(POLARITIES)


def at_least(name: str, value: Any, lowest: int) -> int:
    """Return a count as an int; raise :class:`ConfigError` unless it is a whole number of at least ``lowest``."""
    try:
        count = index(value)
    except TypeError:
        raise ConfigError(f"{name} is {value!r}: use a whole number of at least {lowest}") from None
    if count < lowest:
        raise ConfigError(f"{name} is {count}: use at least {lowest}")
    return count


def _within(name: str, value: int, highest: int, lowest: int = 1) -> None:
    if not lowest <= value <= highest:
        raise ConfigError(f"{name} is {value}: use {lowest} to {highest}")
