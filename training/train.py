"""Training a policy: first the eye on single images, then everything on sequences.

Every stage leaves a checkpoint after each epoch and continues from it when it is started again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from liquid_nav import __version__
from liquid_nav.errors import ConfigError
from liquid_nav.policy.checkpoint import load_network, save_policy
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from training.batches import Batch, BatchMaker, prefetch
from training.cache import SECTORS, Cache, open_cache
from training.losses import Losses, policy_loss
from training.progress import progress_bar
from training.settings import TrainSettings, config_hash

GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class Outcome:
    """What a training left behind.

    Attributes:
        policy: folder of the policy.
        validation_command: mean command loss on episodes kept back; says little about flying.
        seconds: wall time of this run.
        steps: images in the training set.
    """

    policy: Path
    validation_command: float
    seconds: float
    steps: int


def train(
    settings: TrainSettings,
    episodes: list[Path],
    out: Path,
    *,
    name: str = "ncp_cfc_19",
    policy: PolicyConfig | None = None,
    start_from: Path | None = None,
) -> Outcome:
    """Train a policy on folders of episodes and write it to ``out``.

    Args:
        settings: how.
        episodes: folders that ``collect`` wrote; forests only.
        out: folder of the policy; its ``work`` subfolder keeps cache and checkpoints.
        name: of the policy.
        policy: its architecture.
        start_from: a policy folder to go on from; stage one is skipped.

    Raises:
        ConfigError: for impossible settings or episodes from elsewhere than forests.
        EpisodeError: for damaged or missing episodes.
    """
    began = time.monotonic()
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    cache = open_cache(episodes, out / "work" / "cache")
    learn, check = _split(cache, settings)
    network = LiquidPolicyNetwork(policy or PolicyConfig()) if start_from is None else load_network(start_from)[0]
    network.encoder = network.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    trainer = _Trainer(settings, network.train(), out / "work", learn, check)
    if start_from is None:
        trainer.stage("encoder", settings.encoder_epochs)
    final = trainer.stage("joint", settings.joint_epochs)
    facts = {
        "software": __version__,
        "settings": asdict(settings),
        "config_hash": config_hash(settings),
        "episodes": [folder.name for folder in episodes],
        "images": len(learn.steps),
        "validation_command_loss": final,
        "torch": torch.__version__,
    }
    seconds = time.monotonic() - began
    save_policy(network.eval(), out, name=name, training=facts, card=_draft_card(name, facts, seconds))
    return Outcome(out, final, seconds, len(learn.steps))


def _split(cache: Cache, settings: TrainSettings) -> tuple[BatchMaker, BatchMaker]:
    """Keep whole episodes back for validation."""
    count = len(cache.starts) - 1
    kept = max(1, round(settings.validation_share * count))
    if count - kept < 1:
        raise ConfigError(f"{count} episodes are too few to train on: collect at least 2")
    order = np.random.default_rng([settings.seed, 5]).permutation(count)
    learn = BatchMaker(cache, settings, np.sort(order[kept:]), augment=True)
    return learn, BatchMaker(cache, settings, np.sort(order[:kept]), augment=False)


class _Trainer:
    def __init__(
        self, settings: TrainSettings, network: LiquidPolicyNetwork, work: Path, learn: BatchMaker, check: BatchMaker
    ) -> None:
        self.settings, self.network, self.work = settings, network, work
        self.learn, self.check = learn, check
        # Stage one has no memory yet: a plain linear reader stands for the liquid network.
        self.reader = nn.Linear(network.config.features, 4)
        # Teaches the eye where solids are; nobody needs its answer in flight.
        self.nearness = nn.Linear(network.config.features, SECTORS)
        self.everything = nn.ModuleDict({"network": network, "reader": self.reader, "nearness": self.nearness})

    def stage(self, stage: str, epochs: int) -> float:
        """Run a stage from its last checkpoint to its end; return the validation loss of the command."""
        joint = stage == "joint"
        settings = self.settings
        rate = settings.joint_learning_rate if joint else settings.learning_rate
        size = settings.joint_batch if joint else settings.encoder_batch
        per_epoch = len(self.learn.steps) // (size * settings.sequence_steps if joint else size)
        if per_epoch < 1:
            raise ConfigError(f"{len(self.learn.steps)} images fill no batch: collect more episodes")
        optimiser = torch.optim.AdamW(self.everything.parameters(), lr=rate, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * per_epoch + 1)
        done = self._resume(stage, optimiser, schedule)
        with progress_bar(f"training, stage {stage}", epochs * per_epoch) as advance:
            advance(done * per_epoch, "")
            for epoch in range(done, epochs):
                self._epoch(stage, epoch, per_epoch, size, optimiser, schedule, advance)
                self._save(stage, epoch + 1, optimiser, schedule)
        return self._validate(joint)

    def _epoch(
        self,
        stage: str,
        epoch: int,
        per_epoch: int,
        size: int,
        optimiser: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        advance: Callable[[int, str], None],
    ) -> None:
        joint = stage == "joint"
        seed = [self.settings.seed, epoch, int(joint)]
        order = np.random.default_rng(seed).permutation(len(self.learn.steps))[: per_epoch * size]
        parts = np.split(order, per_epoch)
        jobs = [partial(self._make, joint, [*seed, index], part) for index, part in enumerate(parts)]
        mean = 0.0
        for index, batch in enumerate(prefetch(jobs)):
            losses = self._losses(batch, joint)
            optimiser.zero_grad(set_to_none=True)
            losses.total.backward()
            nn.utils.clip_grad_norm_(self.everything.parameters(), GRADIENT_NORM)
            optimiser.step()
            schedule.step()
            share = 1.0 / min(index + 1, 50)
            mean += share * (losses.command.item() - mean)
            advance(1, f"command {mean:.3f} heat {losses.heat.item():.3f} nearness {losses.nearness.item():.3f}")

    def _make(self, joint: bool, seed: list[int], part: np.ndarray) -> Batch:
        rng = np.random.default_rng(seed)
        if joint:
            return self.learn.sequences(rng, part, self.settings.sequence_steps)
        return self.learn.images(rng, part)

    def _losses(self, batch: Batch, joint: bool) -> Losses:
        size, steps = batch.images.shape[:2]
        pictures = batch.images.flatten(0, 1).permute(0, 3, 1, 2)  # channels last in memory
        pictures = pictures.to(torch.float32).mul_(1.0 / 127.5).sub_(1.0)
        with torch.autocast("cpu", torch.bfloat16):
            encoding = self.network.encoder(pictures)
        features: Tensor = encoding.features.float().unflatten(0, (size, steps))
        logits = encoding.target_logits.unflatten(0, (size, steps))
        log_distance = self.network.log_distance(features).squeeze(2)
        if joint:
            commands, _ = self.network.decide(features, batch.elapsed_s)
        else:
            commands = self.reader(features) * self.network.command_scale
        nearness = self.nearness(features)
        return policy_loss(commands, logits, log_distance, nearness, batch, only_visible=not joint)

    @torch.no_grad()
    def _validate(self, joint: bool) -> float:
        rng = np.random.default_rng(1)
        order = rng.permutation(len(self.check.steps))
        length = self.settings.sequence_steps
        batches = [
            self.check.sequences(rng, part, length) if joint else self.check.images(rng, part)
            for part in np.array_split(order[: 16 * 12 if joint else 1024], 12)
            if len(part)
        ]
        return float(np.mean([float(self._losses(batch, joint).command) for batch in batches]))

    def _save(
        self,
        stage: str,
        epochs: int,
        optimiser: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
    ) -> None:
        """Write weights and optimiser state, whole or not at all."""
        tensors = {f"model.{key}": value.contiguous() for key, value in self.everything.state_dict().items()}
        for index, state in optimiser.state_dict()["state"].items():
            for key, value in state.items():
                copy = torch.as_tensor(value).clone(memory_format=torch.contiguous_format)
                tensors[f"optimiser.{index}.{key}"] = copy
        part = self.work / f"{stage}.part"
        rates = {key: value for key, value in schedule.state_dict().items() if isinstance(value, int | float)}
        facts = {"epochs": str(epochs), "hash": config_hash(self.settings), "schedule": json.dumps(rates)}
        save_file(tensors, part, metadata=facts)
        part.replace(self.work / f"{stage}.safetensors")

    def _resume(
        self, stage: str, optimiser: torch.optim.Optimizer, schedule: torch.optim.lr_scheduler.LRScheduler
    ) -> int:
        """Load the stage's checkpoint; return the epochs done."""
        path = self.work / f"{stage}.safetensors"
        if not path.exists():
            return 0
        from safetensors import safe_open

        with safe_open(path, framework="pt") as file:
            facts = file.metadata()
        if facts["hash"] != config_hash(self.settings):
            raise ConfigError(f"{path} belongs to other settings: remove it or train into another folder")
        tensors = load_file(path)
        self.everything.load_state_dict(
            {key.removeprefix("model."): value for key, value in tensors.items() if key.startswith("model.")}
        )
        state = optimiser.state_dict()
        for key, value in tensors.items():
            if key.startswith("optimiser."):
                _, index, name = key.split(".", 2)
                state["state"].setdefault(int(index), {})[name] = value
        optimiser.load_state_dict(state)
        schedule.load_state_dict({**schedule.state_dict(), **json.loads(facts["schedule"])})
        return int(facts["epochs"])


def _draft_card(name: str, facts: dict[str, object], seconds: float) -> str:
    return (
        f"# {name}\n\nTrained by liquid_nav {facts['software']} on {facts['images']} images from forests "
        f"({', '.join(map(str, facts['episodes']))}) in {seconds / 60:.0f} minutes.\n"  # type: ignore[call-overload]
        "Fly it with `liquid-nav evaluate` and write its results here.\n"
    )
