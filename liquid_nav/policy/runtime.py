"""A policy in flight: one frame in, one command out, the state carried by the caller."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils import convert_conv2d_weight_memory_format

from liquid_nav.errors import PolicyError
from liquid_nav.image_clock import ImageClock
from liquid_nav.perception.preprocess import check_rgb, prepare, to_tensor
from liquid_nav.policy.checkpoint import load_network
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.types import VelocityCommand

PRETRAINED = Path(__file__).parent.parent / "pretrained" / "ncp_cfc_19"


@dataclass(frozen=True)
class PolicyState:
    """What a policy remembers between two frames.

    Attributes:
        neurons: (state,) what the head remembers; of a liquid one, the activity of its neurons.
        attention: (rows, columns) where in the image the target is believed to be, sums to one.
    """

    neurons: NDArray[np.float32]
    attention: NDArray[np.float32]


class Policy:
    """A policy with its preprocessing; holds no state of a flight."""

    def __init__(self, network: LiquidPolicyNetwork, name: str) -> None:
        self.network = network
        # As images lie in memory, or every convolution would reorder them.
        convert_conv2d_weight_memory_format(network.encoder, torch.channels_last)
        self.name = name

    @property
    def config(self) -> PolicyConfig:
        """Architecture and image size."""
        return self.network.config

    @torch.inference_mode()
    def step(
        self, rgb: NDArray[np.uint8], elapsed_s: float, state: PolicyState | None = None
    ) -> tuple[VelocityCommand, PolicyState]:
        """Look at one frame.

        Args:
            rgb: uint8 (height, width, 3) of any size.
            elapsed_s: seconds since the frame before, by their capture times; 0 or more.
            state: what the step before returned; None at the start of a flight.

        Raises:
            PolicyError: when the image or the time cannot be used.
        """
        check_rgb(rgb)
        if not math.isfinite(elapsed_s) or elapsed_s < 0.0:
            raise PolicyError(f"elapsed_s is {elapsed_s}: give the seconds between two captures, 0 or more")
        config = self.network.config
        image = to_tensor(prepare(rgb, config.image_width_px, config.image_height_px))
        neurons = None if state is None else torch.from_numpy(state.neurons).unsqueeze(0)
        output = self.network(image[None, None], torch.tensor([[elapsed_s]], dtype=torch.float32), neurons)
        attention = torch.softmax(output.target_logits[0, 0].flatten(), dim=0)
        new_state = PolicyState(
            neurons=output.state[0].numpy().copy(),
            attention=attention.view_as(output.target_logits[0, 0]).numpy(),
        )
        return VelocityCommand.from_array(output.commands[0, 0].numpy()), new_state


class PolicyInFlight:
    """A policy in one flight, with what it remembers; make a new one for each.

    Attributes:
        state: what it remembers, None before the first image.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.state: PolicyState | None = None
        self._clock, self._command = ImageClock(), VelocityCommand()

    def look(self, rgb: NDArray[np.uint8], stamp_s: float) -> VelocityCommand:
        """Answer an image; with the command before where :class:`ImageClock` leaves it out.

        Args:
            rgb: uint8 (height, width, 3) of any size.
            stamp_s: when it was captured.

        Raises:
            PolicyError: when the image cannot be used.
        """
        tick = self._clock.advance(stamp_s)
        if tick is not None:
            before = None if tick.anew else self.state
            self._command, self.state = self.policy.step(rgb, tick.elapsed_s, before)
        return self._command


def load_policy(path: str | Path | None = None) -> Policy:
    """Load a policy folder, the shipped one by default.

    Raises:
        PolicyError: when the folder cannot be used; the message says the file, the reason and the cure.
    """
    network, name = load_network(PRETRAINED if path is None else Path(path))
    return Policy(network, name)
