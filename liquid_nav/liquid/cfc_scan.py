"""The gated closed form over a whole sequence at once, with its own backward pass.

The layers of a wiring hand their state on within a step, but each needs only what the layer before it has just said.
So layer ``l`` is solved ``l`` steps late, as in a pipeline: one wave solves the inter neurons at step k, the command
neurons at k - 1 and the motor neurons at k - 2 with one matrix. A sequence of T steps through L layers takes
T + L - 1 waves of five operations. The slopes of all waves are found together; going back takes two operations a wave.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class GatedScan(torch.autograd.Function):
    """``state[k+1] = blend(tanh(g), tanh(h), sigmoid(a * elapsed[k] + b))``, ``(g, h, a, b) = drive[k] + state[k] W``.

    Inputs:
        drive: (waves, batch, 4 * neurons), what does not depend on the state, heads g, h, a, b one after the other.
        weight: (4 * neurons, neurons), synapses among the neurons.
        start: (batch, neurons).
        elapsed: (waves, batch, neurons).
        held: (late waves, neurons), 1 where a neuron's layer has not begun yet and keeps its start; else 0.
        complementary: blend g and h with s and 1 - s (``default``), else g + s * h (``no_gate``).

    Output: the states after each wave, (waves, batch, neurons).
    """

    @staticmethod
    def forward(
        ctx: Any, drive: Tensor, weight: Tensor, start: Tensor, elapsed: Tensor, held: Tensor, complementary: bool
    ) -> Tensor:
        """Run all waves."""
        waves, batch, _ = drive.shape
        neurons = start.shape[1]
        states = drive.new_empty(waves + 1, batch, neurons)
        states[0] = start
        curves, gates = drive.new_empty(waves, batch, 2 * neurons), drive.new_empty(waves, batch, neurons)
        summed = drive.new_empty(batch, 4 * neurons)
        curve_drive, a, b = torch.split(summed, [2 * neurons, neurons, neurons], dim=1)
        columns = weight.t().contiguous()
        state_of, late = states.unbind(0), held.bool()
        first, second = (part.unbind(0) for part in torch.split(curves, neurons, dim=2))
        moments = zip(drive.unbind(0), elapsed.unbind(0), curves.unbind(0), gates.unbind(0), strict=True)
        for wave, (input_drive, moment, curve, gate) in enumerate(moments):
            state, new = state_of[wave], state_of[wave + 1]
            torch.addmm(input_drive, state, columns, out=summed)
            torch.tanh(curve_drive, out=curve)
            torch.sigmoid_(torch.addcmul(b, a, moment, out=gate))
            if complementary:
                torch.lerp(first[wave], second[wave], gate, out=new)
            else:
                torch.addcmul(first[wave], gate, second[wave], out=new)
            if wave < len(late):
                new.copy_(torch.where(late[wave], state, new))
        ctx.complementary = complementary
        ctx.save_for_backward(drive, weight, elapsed, held, states, curves, gates)
        return states[1:]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Go back through all waves."""
        drive, weight, elapsed, held, states, curves, gates = ctx.saved_tensors
        waves, _, neurons = gates.shape
        slopes = _slopes(curves, gates, elapsed, ctx.complementary)
        if len(held):
            slopes[: len(held)] *= (1.0 - held)[:, None, None, :]
        back = torch.empty_like(slopes)  # (waves, batch, 4, neurons)
        outer = grads[0].contiguous().unbind(0)
        slope_of, back_of, flat_of = slopes.unbind(0), back.unbind(0), back.flatten(2).unbind(0)
        grad = outer[-1]
        for wave in reversed(range(waves)):
            torch.mul(slope_of[wave], grad.unsqueeze(1), out=back_of[wave])
            before = torch.mm(flat_of[0], weight) if wave == 0 else torch.addmm(outer[wave - 1], flat_of[wave], weight)
            grad = before.addcmul_(grad, held[wave]) if wave < len(held) else before
        flat = back.flatten(2)
        grad_weight = flat.flatten(0, 1).t() @ states[:-1].flatten(0, 1)
        grad_elapsed = None
        if ctx.needs_input_grad[3]:
            rows = slice(2 * neurons, 3 * neurons)
            a = drive[..., rows] + states[:-1] @ weight[rows].t()
            grad_elapsed = back[:, :, 3] * a
        return flat, grad_weight, grad, grad_elapsed, None, None


def _slopes(curves: Tensor, gates: Tensor, elapsed: Tensor, complementary: bool) -> Tensor:
    """Return how a neuron's new state changes with its summed drives g, h, a, b: (waves, batch, 4, neurons)."""
    waves, batch, neurons = gates.shape
    slopes = curves.new_empty(waves, batch, 4, neurons)
    first, second = torch.split(curves, neurons, dim=2)
    rise = 1.0 - curves.square()
    rest = 1.0 - gates
    if complementary:
        torch.mul(rise[..., :neurons], rest, out=slopes[:, :, 0])
        span = second - first
    else:
        slopes[:, :, 0] = rise[..., :neurons]
        span = second
    torch.mul(rise[..., neurons:], gates, out=slopes[:, :, 1])
    torch.mul(span * gates, rest, out=slopes[:, :, 3])
    torch.mul(slopes[:, :, 3], elapsed, out=slopes[:, :, 2])
    return slopes
