"""Trains on made-up data in a process of its own, to be killed or joined by others: ``train_worker.py OUT STEPS``."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from tests.training.small_data import small_cache
from training.devices import training_place
from training.settings import TrainSettings
from training.train import Outcome, train_on

CONFIG = PolicyConfig(encoder_channels=(4, 4, 4), features=12)


def tiny_settings(epochs: int, **changes: object) -> TrainSettings:
    """Return settings of a training of seconds."""
    values = {"encoder_batch": 8, "joint_batch": 2, "sequence_steps": 4, "threads": 1, "validation_share": 0.25}
    return TrainSettings(encoder_epochs=epochs, joint_epochs=epochs, device="cpu", **{**values, **changes})


def train_small(out: Path, epochs: int, **changes: object) -> Outcome:
    """Train a tiny policy on made-up data."""
    settings = tiny_settings(epochs, **changes)
    with training_place("cpu") as place:
        torch.manual_seed(settings.seed)
        network = LiquidPolicyNetwork(CONFIG)
        return train_on(settings, small_cache(), network, out, place, name="small", origin={})


if __name__ == "__main__":
    train_small(Path(sys.argv[1]), int(sys.argv[2]), checkpoint_steps=1, precision="fp32")
