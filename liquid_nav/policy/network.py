"""The policy network: an encoder, and a head that remembers; by default 19 liquid neurons, four of them the command."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.encoder import Encoder
from liquid_nav.policy.heads import make_head


class PolicyOutput(NamedTuple):
    """Output for a batch of image sequences.

    Attributes:
        commands: (batch, time, 4) forward, left, up (m/s), yaw rate (rad/s).
        state: (batch, state) what the head remembers after the last step; of a liquid one, its neurons.
        target_logits: (batch, time, rows, columns) attention on the target before the softmax.
        log_distance: (batch, time) natural logarithm of the estimated distance in metres; trained
            beside the command and used by nobody in flight.
    """

    commands: Tensor
    state: Tensor
    target_logits: Tensor
    log_distance: Tensor


class LiquidPolicyNetwork(nn.Module):
    """Image sequences and elapsed times to body velocities."""

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.head = make_head(config)
        self.log_distance = nn.Linear(config.features, 1)
        self.motor_gain = nn.Parameter(torch.ones(4))
        self.motor_bias = nn.Parameter(torch.zeros(4))
        self.register_buffer("command_scale", torch.tensor(config.command_scale), persistent=False)

    def forward(self, images: Tensor, elapsed_s: Tensor, state: Tensor | None = None) -> PolicyOutput:
        """Run the network over sequences.

        Args:
            images: (batch, time, 3, height, width) in -1..1.
            elapsed_s: (batch, time) seconds since the image before.
            state: (batch, state), None at the start of a flight.
        """
        batch, time = images.shape[:2]
        encoding = self.encoder(images.flatten(0, 1))
        features = encoding.features.unflatten(0, (batch, time))
        commands, state = self.decide(features, elapsed_s, state)
        log_distance = self.log_distance(features).squeeze(2)
        return PolicyOutput(commands, state, encoding.target_logits.unflatten(0, (batch, time)), log_distance)

    def decide(self, features: Tensor, elapsed_s: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Turn feature sequences (batch, time, features) into commands (batch, time, 4) and the last state."""
        motor, state = self.head(features, self._head_time(elapsed_s), state)
        return self.command_of(motor), state

    def states(self, features: Tensor, elapsed_s: Tensor) -> Tensor:
        """Return what the head remembers after each step of feature sequences, see :meth:`Head.states`."""
        return self.head.states(features, self._head_time(elapsed_s))

    def _head_time(self, elapsed_s: Tensor) -> Tensor:
        """One unit of the head's time is one frame at the nominal rate."""
        return elapsed_s * self.config.nominal_hz

    def command_of(self, motor: Tensor) -> Tensor:
        """Turn motor values (..., 4), about -1 to 1, into commands (..., 4) in m/s and rad/s."""
        scale: Tensor = self.command_scale  # type: ignore[assignment]
        return (motor * self.motor_gain + self.motor_bias) * scale
