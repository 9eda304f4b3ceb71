"""What a trained eye sees: features of augmented sequences, found once and learned from by many heads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from liquid_nav.policy.checkpoint import WEIGHTS_FILE
from liquid_nav.policy.network import LiquidPolicyNetwork
from training.batches import BatchMaker
from training.cache import Cache
from training.progress import progress_bar
from training.settings import CompareSettings, TrainSettings, config_hash
from training.train import split_episodes

LOOK_BATCH = 4


@dataclass(frozen=True)
class Sequences:
    """Sequences as a head learns from them.

    Attributes:
        features: (sequences, time, features) of a trained eye.
        elapsed_s: (sequences, time).
        commands: (sequences, time, 4), what the expert would fly.
        visible, use_command: bool (sequences, time).
        weight: (sequences, time) of the command, see :class:`training.batches.Batch`.
    """

    features: torch.Tensor
    elapsed_s: torch.Tensor
    commands: torch.Tensor
    visible: torch.Tensor
    use_command: torch.Tensor
    weight: torch.Tensor

    def __len__(self) -> int:
        return len(self.features)

    def take(self, which: torch.Tensor) -> Sequences:
        """Return some of the sequences."""
        return Sequences(**{item.name: getattr(self, item.name)[which] for item in fields(self)})

    def to(self, device: torch.device) -> Sequences:
        """Return the sequences on a device."""
        return Sequences(**{item.name: getattr(self, item.name).to(device) for item in fields(self)})


def see(
    cache: Cache, eye: LiquidPolicyNetwork, folder: Path, settings: CompareSettings, where: Path
) -> tuple[Sequences, Sequences, str]:
    """Return sequences to learn from and, plain, to choose by, and what names them; ``where`` keeps them.

    Args:
        cache: decoded episodes.
        eye: whose encoder looks.
        folder: that the eye was read from.
        settings: how many passes.
        where: folder for the file.
    """
    common = ("seed", "sequence_steps", "validation_share", "passage_share", "hazard_share", "hidden_share")
    as_training = TrainSettings(**{name: getattr(settings, name) for name in common})
    weights = hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()
    names = f"{weights} {cache.fingerprint} {settings.passes} {as_training.identity} {config_hash(eye.config)}"
    identity = hashlib.sha256(names.encode()).hexdigest()[:12]
    path = where / "features.safetensors"
    known = _read(path, identity)
    if known is not None:
        return *known, identity
    learn, check = split_episodes(cache, as_training)
    both = {
        "learn": _look(eye, learn, settings, settings.passes),
        "check": _look(eye, check, settings, 1),
    }
    where.mkdir(parents=True, exist_ok=True)
    tensors = {f"{part}.{item.name}": getattr(both[part], item.name) for part in both for item in fields(Sequences)}
    save_file(tensors, path.with_suffix(".part"), metadata={"identity": identity})
    path.with_suffix(".part").replace(path)
    return both["learn"], both["check"], identity


def _read(path: Path, identity: str) -> tuple[Sequences, Sequences] | None:
    """Return what a file holds, None when it holds something else."""
    try:
        with safe_open(path, framework="pt") as file:
            if (file.metadata() or {}).get("identity") != identity:
                return None
            learn, check = (
                Sequences(**{item.name: file.get_tensor(f"{part}.{item.name}") for item in fields(Sequences)})
                for part in ("learn", "check")
            )
            return learn, check
    except (SafetensorError, OSError):
        return None


@torch.no_grad()
def _look(eye: LiquidPolicyNetwork, maker: BatchMaker, settings: CompareSettings, passes: int) -> Sequences:
    encoder = eye.encoder.eval()
    length, parts = settings.sequence_steps, list[Sequences]()
    per_pass = max(1, len(maker.steps) // length)
    with progress_bar("looking", passes * per_pass) as advance:
        for number in range(passes):
            rng = np.random.default_rng([settings.seed, 17, number])
            order = rng.permutation(len(maker.steps))[:per_pass]
            for part in np.array_split(maker.prefer_rare(rng, order), max(1, per_pass // LOOK_BATCH)):
                batch = maker.sequences(rng, part, length)
                pictures = batch.images.flatten(0, 1).permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1.0
                features = encoder(pictures).features.unflatten(0, batch.images.shape[:2])
                parts.append(
                    Sequences(features, batch.elapsed_s, batch.commands, batch.visible, batch.use_command, batch.weight)
                )
                advance(len(part), "")
    names = [item.name for item in fields(Sequences)]
    return Sequences(**{name: torch.cat([getattr(each, name) for each in parts]) for name in names})
