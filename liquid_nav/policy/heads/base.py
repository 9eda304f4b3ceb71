"""What every head promises: features and elapsed times in, motor values and one flat state out."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from liquid_nav.errors import ConfigError

MOTORS = 4


class Head(nn.Module, ABC):
    """The part of a policy that remembers. A sequence gives what its steps give one by one.

    Attributes:
        features: values per image.
        state_size: floats that it remembers from one image to the next; zeros at the start of a flight.
    """

    def __init__(self, features: int, state_size: int) -> None:
        super().__init__()
        self.features, self.state_size = features, state_size

    def forward(self, features: Tensor, elapsed: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Turn feature sequences into motor values.

        Args:
            features: (batch, time, features).
            elapsed: (batch, time) since the image before, 1 at the nominal rate.
            state: (batch, state_size), None at the start of a flight.

        Returns:
            Motor values (batch, time, 4), about -1 to 1, and the state after the last step.

        Raises:
            ConfigError: for a state of another size.
        """
        batch = features.shape[0]
        if state is None:
            state = torch.zeros(batch, self.state_size, dtype=features.dtype, device=features.device)
        elif state.shape != (batch, self.state_size):
            raise ConfigError(
                f"state has shape {tuple(state.shape)}: use (batch, state) = ({batch}, {self.state_size}), "
                "as the same policy returned it"
            )
        return self.run(features, elapsed, state)

    @property
    def tells_states(self) -> bool:
        """Whether :meth:`states` can be asked."""
        return False

    def states(self, features: Tensor, elapsed: Tensor) -> Tensor:
        """Return what it remembers after each step of sequences, (batch, time, state_size); the motors are the last.

        Raises:
            ConfigError: for a head that does not tell.
        """
        raise ConfigError(f"{type(self).__name__} tells no states but the last: use an ncp-cfc head")

    @abstractmethod
    def run(self, features: Tensor, elapsed: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Do what :meth:`forward` says, from a state that fits."""


def with_clock(features: Tensor, elapsed: Tensor) -> Tensor:
    """Append the elapsed time as one more feature, for heads whose equations have no time."""
    return torch.cat([features, torch.log1p(elapsed).unsqueeze(2)], dim=2)
