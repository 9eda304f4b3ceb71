"""What every liquid layer shares: checking its inputs and spreading elapsed times over batch and steps."""

from __future__ import annotations

import torch
from torch import Tensor

from liquid_nav.errors import ConfigError


def check_inputs(inputs: Tensor, size: int) -> None:
    """Raise :class:`ConfigError` unless ``inputs`` is (batch, time, ``size``) with at least one step."""
    if inputs.dim() != 3 or inputs.shape[2] != size or inputs.shape[1] == 0:
        raise ConfigError(f"inputs have shape {tuple(inputs.shape)}: use (batch, time >= 1, {size})")


def spread_elapsed(elapsed: Tensor | float, inputs: Tensor) -> Tensor:
    """Return elapsed times as (batch, time, 1), each sample and step with its own.

    Args:
        elapsed: one number for all, or (batch, time).
        inputs: (batch, time, features).

    Raises:
        ConfigError: for any other shape.
    """
    batch, time = inputs.shape[:2]
    if not isinstance(elapsed, Tensor):
        return torch.full((batch, time, 1), float(elapsed), dtype=inputs.dtype, device=inputs.device)
    if elapsed.dim() == 0:
        return elapsed.to(inputs.dtype).expand(batch, time, 1)
    if elapsed.shape != (batch, time):
        raise ConfigError(
            f"elapsed_s has shape {tuple(elapsed.shape)}: use one number or (batch, time) = ({batch}, {time})"
        )
    return elapsed.to(inputs.dtype).unsqueeze(2)


def initial_state(state: Tensor | None, inputs: Tensor, neurons: int) -> Tensor:
    """Return ``state`` after checking its shape (batch, neurons), zeros for None."""
    batch = inputs.shape[0]
    if state is None:
        return torch.zeros(batch, neurons, dtype=inputs.dtype, device=inputs.device)
    if state.shape != (batch, neurons):
        raise ConfigError(f"state has shape {tuple(state.shape)}: use (batch, neurons) = ({batch}, {neurons})")
    return state
