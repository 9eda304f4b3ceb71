"""The semi-implicit solver over a whole sequence at once, synapse by synapse, with its own backward pass.

A wiring of 19 neurons has some fifty of 361 possible synapses. Gathering the potentials at the synapses and summing
their currents at the neurons are two small matrix products; the slopes of all solver steps are found together.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class SynapseScan(torch.autograd.Function):
    """``unfolds`` solver steps for each moment: ``v = top / bottom``, see :mod:`liquid_nav.liquid.ltc`.

    Inputs:
        potential: (batch, neurons) at the start.
        gather: (neurons, synapses), steepness of each synapse in the row of the neuron that it comes from.
        shift: (synapses,), added to what is gathered.
        spread: (synapses, 2 * neurons), conductance times reversal potential, and conductance, of each synapse in
            the columns of the neuron that it goes to.
        ends: (neurons, synapses), 1 where a synapse goes to a neuron; else 0.
        fixed: (time, batch, 2 * neurons), what the potentials do not change: of the current, of the conductance.
        inertia: (time, batch, neurons), capacitance over the length of a solver step.
        unfolds: solver steps per moment.

    Output: the potentials at the end of each moment, (time, batch, neurons).
    """

    @staticmethod
    def forward(
        ctx: Any,
        potential: Tensor,
        gather: Tensor,
        shift: Tensor,
        spread: Tensor,
        ends: Tensor,
        fixed: Tensor,
        inertia: Tensor,
        unfolds: int,
    ) -> Tensor:
        """Run all solver steps."""
        time, batch, neurons = inertia.shape
        steps = time * unfolds
        potentials = fixed.new_empty(steps + 1, batch, neurons)
        potentials[0] = potential
        # Filled with what is added, so that the products below need no copies.
        active = shift.expand(steps, batch, -1).clone()
        sums = fixed.repeat_interleave(unfolds, dim=0)
        state_of, tops = potentials.unbind(0), sums[..., :neurons].unbind(0)
        inertia_of = [each for each in inertia.unbind(0) for _ in range(unfolds)]
        parts = zip(active.unbind(0), sums.unbind(0), tops, sums[..., neurons:].unbind(0), inertia_of, strict=True)
        for step, (gates, both, top, bottom, slowness) in enumerate(parts):
            state = state_of[step]
            gates.addmm_(state, gather).sigmoid_()
            both.addmm_(gates, spread)
            top.addcmul_(slowness, state)
            torch.div(top, bottom, out=state_of[step + 1])
        ctx.unfolds = unfolds
        ctx.save_for_backward(gather, spread, ends, inertia, potentials, active, sums)
        return potentials[unfolds::unfolds].clone()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Go back through all solver steps."""
        gather, spread, ends, inertia, potentials, active, sums = ctx.saved_tensors
        unfolds, (time, _, neurons) = ctx.unfolds, inertia.shape
        steps = time * unfolds
        inverse = sums[..., neurons:].reciprocal()
        carry = (inverse.view(time, unfolds, -1, neurons) * inertia.unsqueeze(1)).flatten(0, 1)
        # How a neuron's potential changes with its top and bottom, and with what each of its synapses gathers.
        by_sums = torch.cat([inverse, torch.mul(potentials[1:], inverse).neg_()], dim=2)
        slopes = torch.matmul(by_sums, spread.t())
        torch.ops.aten.sigmoid_backward.grad_input(slopes, active, grad_input=slopes)
        all_grads = torch.empty_like(inverse)  # of the potential after each solver step
        outer, grad_of, at_synapses = grads[0].unbind(0), all_grads.unbind(0), torch.empty_like(active[0])
        carry_of, slope_of = carry.unbind(0), slopes.unbind(0)
        to_neurons = gather.t().contiguous()
        grad, first = grad_of[-1].zero_(), torch.empty_like(potentials[0])
        for step in reversed(range(steps)):
            if step % unfolds == unfolds - 1:
                grad += outer[step // unfolds]
            before, slope = grad_of[step - 1] if step else first, slope_of[step]
            slope.mul_(torch.mm(grad, ends, out=at_synapses))  # now the gradient of what each synapse gathered
            torch.mul(grad, carry_of[step], out=before).addmm_(slope, to_neurons)
            grad = before
        by_sums.view(steps, -1, 2, neurons).mul_(all_grads.unsqueeze(2))
        flat = slopes.flatten(0, 1)
        grad_gather = potentials[:-1].flatten(0, 1).t() @ flat
        grad_spread = active.flatten(0, 1).t() @ by_sums.flatten(0, 1)
        grad_fixed = by_sums.view(time, unfolds, -1, 2 * neurons).sum(dim=1)
        grad_inertia = (by_sums[..., :neurons] * potentials[:-1]).view(time, unfolds, -1, neurons).sum(dim=1)
        return first, grad_gather, flat.sum(dim=0), grad_spread, None, grad_fixed, grad_inertia, None

