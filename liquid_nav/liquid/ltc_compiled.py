"""The solver of :mod:`liquid_nav.liquid.ltc_scan` as machine code, made by numba at the first call in a process.

The same numbers as there, for CPU tensors of float32 or float64. Importing this module imports numba, which takes a
second: only a scan does so. Nothing is cached on disk, since numba would write beside the installed package and fail
where neither that nor a home folder may be written; compiling takes seconds, once per process and precision.

Synapses are a list, and the batch is the innermost axis of every array, so that one instruction serves several
samples. LLVM does not vectorise calls of ``exp``; the sigmoid here is arithmetic alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numba import njit, types
from numba.extending import intrinsic
from torch import Tensor
from torch.autograd.function import once_differentiable

# Products and sums may be joined, but not reordered: rounding to a whole number below rests on the order.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
Array = np.ndarray[Any, Any]
compiled: Callable[[Callable[..., Any]], Callable[..., Any]] = njit(**OPTIONS)
LN2, LN2_REST = math.log(2), 2.3190468138462996e-17  # and what double precision leaves of it
SAME_WIDTH = {types.float32: types.int32, types.int32: types.float32}
SAME_WIDTH |= {types.float64: types.int64, types.int64: types.float64}


def _cast(_: Any, value: Any) -> Any:
    """Read the bits of a number as the whole number of the same width, and back."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.bitcast(values[0], context.get_value_type(signature.return_type))

    return SAME_WIDTH[value](value), generate


_bits: Any = intrinsic(_cast)


def _sigmoid_of(real: type, integer: type, mantissa: int, degree: int, high: float, most: float) -> Callable[..., Any]:
    """Return the sigmoid of one number, free of branches: ``exp(y) = 2^n exp(r)``, r within half of ln 2.

    Args:
        real, integer: numpy's types of a number and of its bits.
        mantissa: bits of the mantissa.
        degree: of the Taylor polynomial of exp(r); its error is below half a unit in the last place.
        high: ln 2 to so few bits that n times it is exact.
        most: exponents are held within plus and minus this, where a normal number still holds them.
    """
    per_ln2, ln2_high, ln2_low = real(1 / math.log(2)), real(high), real(LN2_REST - (high - LN2))
    magic, one, limit = real(1.5 * 2**mantissa), real(1), real(most)  # adding it rounds to a whole number
    shift, one_bits = integer(mantissa), integer(np.array([1], real).view(integer)[0])
    series: Array = np.array([1 / math.factorial(order) for order in range(degree, -1, -1)], real)

    @compiled
    def sigmoid(value: Any) -> Any:
        power = -limit if -value < -limit else (limit if -value > limit else -value)  # keeps what is not a number
        rounded = power * per_ln2 + magic
        whole = rounded - magic
        rest = (power - whole * ln2_high) - whole * ln2_low
        total = series[0]
        for order in range(1, degree + 1):
            total = total * rest + series[order]
        scale: Any = _bits(integer((_bits(rounded) << shift) + one_bits))
        return one / (one + total * scale)

    return sigmoid


sigmoid32 = _sigmoid_of(np.float32, np.int32, 23, 7, 0.693359375, 87.0)
sigmoid64 = _sigmoid_of(np.float64, np.int64, 52, 13, float.fromhex("0x1.62e42feep-1"), 708.0)


@compiled
def forwards(
    sigmoid: Any,
    sources: Array,
    targets: Array,
    weights: Array,
    fixed: Array,
    inertia: Array,
    unfolds: int,
    potentials: Array,
    active: Array,
    inverse: Array,
) -> None:
    """Fill ``potentials`` but for its first row, ``active``, and ``inverse``: one over bottom; steps come first."""
    neurons, batch = inertia.shape[1], inertia.shape[2]
    both, one = np.empty((2 * neurons, batch), fixed.dtype), np.ones(1, fixed.dtype)[0]
    for step in range(active.shape[0]):
        now, moment = potentials[step], step // unfolds
        for row in range(neurons):
            for each in range(batch):
                both[row, each] = fixed[moment, row, each] + inertia[moment, row, each] * now[row, each]
                both[neurons + row, each] = fixed[moment, neurons + row, each]
        for synapse in range(sources.shape[0]):
            slope, shift, current, strength = weights[:, synapse]
            source, gates = now[sources[synapse]], active[step, synapse]
            for each in range(batch):
                gates[each] = sigmoid(slope * source[each] + shift)
            top, bottom = both[targets[synapse]], both[neurons + targets[synapse]]
            for each in range(batch):
                top[each] += current * gates[each]
            for each in range(batch):
                bottom[each] += strength * gates[each]
        for row in range(neurons):
            for each in range(batch):
                share = one / both[neurons + row, each]
                inverse[step, row, each] = share
                potentials[step + 1, row, each] = both[row, each] * share


@compiled
def backwards(
    sources: Array,
    targets: Array,
    weights: Array,
    inertia: Array,
    unfolds: int,
    potentials: Array,
    active: Array,
    inverse: Array,
    outer: Array,
    grad: Array,
    grad_weights: Array,
    grad_fixed: Array,
    grad_inertia: Array,
) -> None:
    """Add to the four gradients, ``grad`` being that of the potential, (neurons, batch), at last the first one."""
    neurons, batch = inertia.shape[1], inertia.shape[2]
    both, at, one = np.empty((2 * neurons, batch), grad.dtype), np.empty(batch, grad.dtype), np.ones(1, grad.dtype)[0]
    for step in range(active.shape[0] - 1, -1, -1):
        now, after, moment = potentials[step], potentials[step + 1], step // unfolds
        for row in range(neurons):
            if step % unfolds == unfolds - 1:
                for each in range(batch):
                    grad[row, each] += outer[moment, row, each]
            for each in range(batch):
                both[row, each] = grad[row, each] * inverse[step, row, each]
                both[neurons + row, each] = -both[row, each] * after[row, each]
                grad[row, each] = both[row, each] * inertia[moment, row, each]
            for each in range(batch):
                grad_inertia[moment, row, each] += both[row, each] * now[row, each]
        for row in range(2 * neurons):
            for each in range(batch):
                grad_fixed[moment, row, each] += both[row, each]
        for synapse in range(sources.shape[0]):
            slope, _, current, strength = weights[:, synapse]
            gates, source, into = active[step, synapse], now[sources[synapse]], grad[sources[synapse]]
            top, bottom = both[targets[synapse]], both[neurons + targets[synapse]]
            sums = grad_weights[synapse]
            for each in range(batch):
                at[each] = (top[each] * current + bottom[each] * strength) * gates[each] * (one - gates[each])
            for each in range(batch):
                sums[0, each] += at[each] * source[each]
                sums[1, each] += at[each]
            for each in range(batch):
                sums[2, each] += gates[each] * top[each]
                sums[3, each] += gates[each] * bottom[each]
            for each in range(batch):
                into[each] += at[each] * slope


class CompiledScan(torch.autograd.Function):
    """As :class:`liquid_nav.liquid.ltc_scan.SynapseScan`, the batch last.

    Inputs:
        potential: (neurons, batch) at the start.
        sources, targets: (synapses,), the neurons that each synapse comes from and goes to.
        weights: (4, synapses): slope, shift, conductance times reversal potential, conductance.
        fixed: (time, 2 * neurons, batch).
        inertia: (time, neurons, batch).
        unfolds: solver steps per moment.

    Output: (time, neurons, batch).
    """

    @staticmethod
    def forward(
        ctx: Any,
        potential: Tensor,
        sources: Tensor,
        targets: Tensor,
        weights: Tensor,
        fixed: Tensor,
        inertia: Tensor,
        unfolds: int,
    ) -> Tensor:
        """Run all solver steps."""
        time, neurons, batch = inertia.shape
        steps = time * unfolds
        potentials = fixed.new_empty(steps + 1, neurons, batch)
        potentials[0] = potential
        active = fixed.new_empty(steps, len(sources), batch)
        inverse = fixed.new_empty(steps, neurons, batch)
        sigmoid = sigmoid32 if fixed.dtype == torch.float32 else sigmoid64
        given = [each.detach().contiguous() for each in (sources, targets, weights, fixed, inertia)]
        forwards(sigmoid, *_arrays(*given), unfolds, *_arrays(potentials, active, inverse))
        ctx.unfolds = unfolds
        ctx.save_for_backward(*given[:3], given[4], potentials, active, inverse)
        return potentials[unfolds::unfolds].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> Any:
        """Go back through all solver steps."""
        sources, targets, weights, inertia, potentials, active, inverse = ctx.saved_tensors
        time, neurons, batch = inertia.shape
        grad, grad_weights = inertia.new_zeros(neurons, batch), inertia.new_zeros(len(sources), 4, batch)
        grad_fixed, grad_inertia = inertia.new_zeros(time, 2 * neurons, batch), torch.zeros_like(inertia)
        backwards(
            *_arrays(sources, targets, weights, inertia),
            ctx.unfolds,
            *_arrays(potentials, active, inverse, outer.contiguous(), grad, grad_weights, grad_fixed, grad_inertia),
        )
        return grad, None, None, grad_weights.sum(dim=2).t(), grad_fixed, grad_inertia, None


def _arrays(*tensors: Tensor) -> list[Array]:
    return [tensor.numpy() for tensor in tensors]
