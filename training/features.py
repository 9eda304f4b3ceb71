"""What a trained eye sees: features of augmented sequences, found once and learned from by many heads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from liquid_nav.perception.preprocess import normalise
from liquid_nav.policy.checkpoint import WEIGHTS_FILE
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.whole_file import write_tensors
from training.batches import Batch, BatchMaker, prefetch
from training.cache import Cache
from training.progress import progress_bar
from training.settings import LookSettings, config_hash
from training.train import split_episodes

LOOKED_AT_ONCE = 128  # images
VERSION = 6  # of what is kept, the labels of the sequences included


@dataclass(frozen=True)
class Sequences:
    """Sequences as a head learns from them.

    Attributes:
        features: (sequences, time, features) of a trained eye.
        elapsed_s, commands, visible, use_command, weight: see :class:`training.batches.Batch`.
    """

    features: torch.Tensor
    elapsed_s: torch.Tensor
    commands: torch.Tensor
    visible: torch.Tensor
    use_command: torch.Tensor
    weight: torch.Tensor

    @cached_property
    def never_seen(self) -> torch.Tensor:
        """Indices (n,) of those in which the target is never in sight."""
        return torch.nonzero(~self.visible.any(dim=1))[:, 0]

    def __len__(self) -> int:
        return len(self.features)

    def take(self, which: torch.Tensor) -> Sequences:
        """Return some of the sequences."""
        return Sequences(**{item.name: getattr(self, item.name)[which] for item in fields(self)})

    def to(self, device: torch.device) -> Sequences:
        """Return the sequences on a device."""
        return Sequences(**{item.name: getattr(self, item.name).to(device) for item in fields(self)})


def name_of(cache: Cache, eye: LiquidPolicyNetwork, folder: Path, settings: LookSettings) -> str:
    """Return twelve hex digits that name what an eye read from a policy folder will :func:`see`."""
    weights = hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()
    data = f"{cache.fingerprint} {settings.passes} {settings.as_training().identity}"
    return hashlib.sha256(f"{VERSION} {weights} {data} {config_hash(eye.config)}".encode()).hexdigest()[:12]


def see(
    cache: Cache, eye: LiquidPolicyNetwork, settings: LookSettings, name: str, where: Path, *, loaders: int = 1
) -> tuple[Sequences, Sequences]:
    """Return sequences to learn from and, plain, to check with; ``where`` keeps the last ones.

    Args:
        cache: decoded episodes.
        eye: whose encoder looks.
        settings: which sequences.
        name: see :func:`name_of`.
        where: folder for the file.
        loaders: threads that prepare images.

    Raises:
        ConfigError: when the episodes are too few, or the file cannot be written.
    """
    path = where / "features.safetensors"
    known = _read(path, name)
    if known is not None:
        return known
    learn, check = split_episodes(cache, settings.as_training())
    both = {
        "learn": _look(eye, learn, settings, settings.passes, loaders),
        "check": _look(eye, check, settings, 1, loaders),
    }
    tensors = {f"{part}.{item.name}": getattr(both[part], item.name) for part in both for item in fields(Sequences)}
    write_tensors(path, tensors, {"identity": name})
    return both["learn"], both["check"]


def _read(path: Path, name: str) -> tuple[Sequences, Sequences] | None:
    """Return what a file holds, None when it holds something else."""
    try:
        with safe_open(path, framework="pt") as file:
            if (file.metadata() or {}).get("identity") != name:
                return None
            learn, check = (
                Sequences(**{item.name: file.get_tensor(f"{part}.{item.name}") for item in fields(Sequences)})
                for part in ("learn", "check")
            )
            return learn, check
    except (SafetensorError, OSError):
        return None


@torch.no_grad()
def _look(
    eye: LiquidPolicyNetwork, maker: BatchMaker, settings: LookSettings, passes: int, loaders: int
) -> Sequences:
    encoder, parts = eye.encoder.eval(), list[Sequences]()
    per_pass = max(1, len(maker.steps) // settings.sequence_steps)
    parts_of_all = [each for number in range(passes) for each in _parts(number, per_pass, settings)]
    jobs = [partial(_draw, maker, settings, *each) for each in parts_of_all]
    with progress_bar("looking", passes * per_pass) as advance:
        for batch in prefetch(jobs, loaders):
            pictures = normalise(batch.images.flatten(0, 1).permute(0, 3, 1, 2))
            with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bf16"):
                encoding = encoder(pictures)
            features = encoding.features.float().unflatten(0, batch.images.shape[:2])
            named = {item.name: getattr(batch, item.name) for item in fields(Sequences) if item.name != "features"}
            parts.append(Sequences(features=features, **named))
            advance(len(features), "")
    names = [item.name for item in fields(Sequences)]
    return Sequences(**{name: torch.cat([getattr(each, name) for each in parts]) for name in names})


def _parts(number: int, per_pass: int, settings: LookSettings) -> list[tuple[int, int, int]]:
    """Return the parts of a pass: its number, the number of the part and how many sequences it holds."""
    together = max(1, LOOKED_AT_ONCE // settings.sequence_steps)
    return [(number, part, min(together, per_pass - first)) for part, first in enumerate(range(0, per_pass, together))]


def _draw(maker: BatchMaker, settings: LookSettings, number: int, part: int, count: int) -> Batch:
    rng = np.random.default_rng([settings.seed, 17, number, part])
    order = maker.prefer_rare(rng, rng.integers(0, len(maker.steps), count))
    return maker.sequences(rng, order, settings.sequence_steps)
