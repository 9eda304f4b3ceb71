"""Training a policy: first the eye on single images, then everything on sequences.

Every stage leaves checkpoints and goes on from its last one, with identical results, when it is started again.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from liquid_nav import __version__
from liquid_nav.errors import ConfigError
from liquid_nav.perception.preprocess import normalise
from liquid_nav.policy.checkpoint import load_network, save_policy
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from training.batches import LEAD, Batch, BatchMaker
from training.cache import SECTORS, Cache, open_cache, require_episodes
from training.checkpoints import checkpoint_file
from training.devices import Place, training_place
from training.engine import Engine, Plan, Profile
from training.losses import policy_loss
from training.settings import TrainSettings, config_hash

STAGES = ("encoder", "joint")
RARE_DRAW = 9  # tells this draw's random numbers from those of the augmentation


@dataclass(frozen=True)
class Outcome:
    """What a training left behind.

    Attributes:
        policy: folder of the policy.
        validation_command: mean command loss on episodes kept back; says little about flying.
        seconds: wall time of this run.
        steps: images in the training set.
        waiting_share: of the time, for batches.
    """

    policy: Path
    validation_command: float
    seconds: float
    steps: int
    waiting_share: float


def train(
    settings: TrainSettings,
    episodes: list[Path],
    out: Path,
    *,
    name: str = "",
    policy: PolicyConfig | None = None,
    start_from: Path | None = None,
) -> Outcome:
    """Train a policy on folders of episodes and write it to ``out``.

    Args:
        settings: how.
        episodes: folders that ``collect`` wrote; forests only.
        out: folder of the policy; its ``work`` subfolder keeps cache, checkpoints and TensorBoard logs.
        name: of the policy; its model's when empty.
        policy: its architecture.
        start_from: a policy folder to go on from; stage one is skipped, unless ``policy`` has a context or a gaze that
            this one lacks, or there is no stage two.

    Raises:
        ConfigError: for impossible settings, episodes from elsewhere than forests, or others than a training in ``out``
            has begun with.
        EpisodeError: for damaged or missing episodes.
        PolicyError: when ``start_from`` cannot be loaded.
        TrainingError: when the training ran away.
    """
    work = out / "work"
    with training_place(settings.device) as place:
        torch.manual_seed(settings.seed)
        wanted = policy or PolicyConfig()
        network, skip_eye = LiquidPolicyNetwork(wanted), False
        if start_from is not None:
            network, skip_eye = start_network(start_from, wanted)
        if any(checkpoint_file(work, stage).exists() for stage in STAGES):
            require_episodes(episodes, work / "cache")
        if place.is_main:
            open_cache(episodes, work / "cache")  # decoded once, by one process
        place.wait()
        cache = open_cache(episodes, work / "cache")
        name = name or policy_name(network.config)
        origin: dict[str, object] = {"episodes": [folder.name for folder in episodes]}
        origin |= {} if start_from is None else {"start_from": start_from.name}
        return train_on(settings, cache, network, out, place, name=name, origin=origin, skip_eye=skip_eye)


def start_network(folder: Path, wanted: PolicyConfig) -> tuple[LiquidPolicyNetwork, bool]:
    """Return a trained network to go on from, and whether its eye is complete.

    A network without the context or the gaze that is wanted gets them; it keeps all that fits.
    """
    network, _ = load_network(folder)
    config = network.config
    context_channels = config.context_channels or wanted.context_channels
    gaze_cells = config.gaze_cells or wanted.gaze_cells
    if (context_channels, gaze_cells) == (config.context_channels, config.gaze_cells):
        return network, True
    grown = LiquidPolicyNetwork(replace(config, context_channels=context_channels, gaze_cells=gaze_cells))
    fresh = grown.state_dict()
    for key, value in network.state_dict().items():
        if value.shape[1:] == fresh[key].shape[1:] and len(value) >= len(fresh[key]):
            fresh[key] = value[: len(fresh[key])]  # of features that are read, the first stay
    grown.load_state_dict(fresh)
    return grown, False


def train_on(
    settings: TrainSettings,
    cache: Cache,
    network: LiquidPolicyNetwork,
    out: Path,
    place: Place,
    *,
    name: str,
    origin: dict[str, object],
    skip_eye: bool = False,
) -> Outcome:
    """Train a network on decoded episodes; see :func:`train`."""
    began = time.monotonic()
    check_image_size(cache, network.config)
    torch.set_num_threads(settings.threads)
    learn, check = split_episodes(cache, settings)
    network.encoder = network.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    learner = Learner(network.train(), settings.precision).to(place.device)
    start = _digest(network)
    identity = f"{settings.identity} {config_hash(network.config)} {cache.fingerprint} {start} {skip_eye}"
    stages = [_Stage(settings, learn, check, joint, place) for joint in _stages(settings, skip_eye=skip_eye)]
    for stage in stages:
        stage.plan(identity).checkpoint(out / "work").check()  # the last one's too, before the first one's work
    profiles, final = [], float("nan")
    for stage in stages:
        final, profile = stage.run(learner, out / "work", identity)
        profiles.append(profile)
    waiting, working = (sum(getattr(each, part) for each in profiles) for part in ("waiting_s", "working_s"))
    facts = {
        "software": __version__,
        "settings": asdict(settings),
        "config_hash": config_hash(settings),
        **origin,
        "images": len(learn.steps),
        "validation_command_loss": final,
        "torch": torch.__version__,
        "processes": place.processes,
    }
    seconds = time.monotonic() - began
    if place.is_main:
        network = network.eval().cpu()
        save_policy(network, out, name=name, training=facts, card=_draft_card(name, facts))
    place.wait()
    return Outcome(out, final, seconds, len(learn.steps), waiting / max(waiting + working, 1e-9))


def _digest(network: LiquidPolicyNetwork) -> str:
    """Return twelve hex digits that name the weights that a training begins with."""
    digest = hashlib.sha256()
    for value in network.state_dict().values():
        digest.update(value.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def _stages(settings: TrainSettings, *, skip_eye: bool) -> list[bool]:
    """Return which stages there are: False for the eye alone, True for everything."""
    return [False] * (not skip_eye or not settings.joint_epochs) + [True] * bool(settings.joint_epochs)


@lru_cache(maxsize=4)
def _order(seed: tuple[int, ...], count: int) -> np.ndarray:
    """Return the order of an epoch; kept, since every batch asks for it."""
    return np.random.default_rng(seed).permutation(count)


def check_image_size(cache: Cache, config: PolicyConfig) -> None:
    """Raise :class:`ConfigError` unless the decoded images have the policy's size."""
    height, width = cache.images.shape[1:3]
    if (width, height) != (config.image_width_px, config.image_height_px):
        raise ConfigError(
            f"the episodes hold images of {width} x {height}, the policy sees {config.image_width_px} x "
            f"{config.image_height_px}: train a policy of the episodes' size or collect episodes of the policy's"
        )


def split_episodes(cache: Cache, settings: TrainSettings) -> tuple[BatchMaker, BatchMaker]:
    """Keep whole episodes back for validation, all flights of a file together; of a single file, some flights.

    Returns:
        What to learn from and what to check with.

    Raises:
        ConfigError: when nothing is left to learn from.
    """
    owners = cache.files if cache.files[-1] else np.arange(len(cache.files))
    count = int(owners[-1]) + 1
    if count < 2:
        raise ConfigError(f"{count} episodes are too few to train on: collect at least 2")
    kept = max(1, round(settings.validation_share * count))
    if kept == count:
        raise ConfigError(
            f"validation_share is {settings.validation_share}, which keeps all of {count} episodes back: use less, so "
            "that some are left to learn from"
        )
    order = np.random.default_rng([settings.seed, 5]).permutation(count)
    checked = np.isin(owners, order[:kept])
    learned = np.flatnonzero(~checked)
    if cache.weights[learned].sum() < 1.0:
        raise ConfigError(
            f"{len(learned)} episodes to learn from weigh {cache.weights[learned].sum():.2g} together, less than one: "
            "use larger weights (DIR=WEIGHT) or collect more episodes"
        )
    learn = BatchMaker(cache, settings, learned, augment=True)
    return learn, BatchMaker(cache, settings, np.flatnonzero(checked), augment=False)


class Learner(nn.Module):
    """The network with the readers that teach its eye; answers a batch with its losses.

    Args:
        network: to train.
        joint: learn commands through the head; else by a linear reader, which needs no memory.
        precision: of the encoder, ``"bf16"`` or ``"fp32"``.
    """

    def __init__(self, network: LiquidPolicyNetwork, precision: str) -> None:
        super().__init__()
        self.network, self.joint, self.bf16 = network, False, precision == "bf16"
        # Stage one has no memory yet: a plain linear reader stands for the head.
        self.reader = nn.Linear(network.config.features, 4)
        # Teaches the eye where solids are; nobody needs its answer in flight.
        self.nearness = nn.Linear(network.config.features, SECTORS)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a batch by name, ``total`` among them."""
        size, steps = batch.images.shape[:2]
        pictures = normalise(batch.images.flatten(0, 1).permute(0, 3, 1, 2))  # channels last in memory
        with torch.autocast(pictures.device.type, torch.bfloat16, enabled=self.bf16):
            encoding = self.network.encoder(pictures)
        features: Tensor = encoding.features.float().unflatten(0, (size, steps))
        logits = encoding.target_logits.unflatten(0, (size, steps))
        fill = None if encoding.fill_logits is None else encoding.fill_logits.unflatten(0, (size, steps))
        log_distance = self.network.log_distance(features).squeeze(2)
        if self.joint:
            commands, _ = self.network.decide(features, batch.elapsed_s)
        else:
            commands = self.reader(features) * self.network.command_scale
        nearness = self.nearness(features)
        losses = policy_loss(commands, logits, log_distance, nearness, fill, batch, only_visible=not self.joint)
        return losses._asdict()


@dataclass(frozen=True)
class _Stage:
    """One stage of the recipe: which batches, how many."""

    settings: TrainSettings
    learn: BatchMaker
    check: BatchMaker
    joint: bool
    place: Place

    @property
    def size(self) -> int:
        """Images or sequences per step."""
        return self.settings.joint_batch if self.joint else self.settings.encoder_batch

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch."""
        length = self.settings.sequence_steps if self.joint else 1
        return len(self.learn.steps) // (self.size * length)

    def plan(self, identity: str) -> Plan:
        """Return what the engine is to do.

        Raises:
            ConfigError: when there is not one whole batch for it, or for each process.
        """
        settings = self.settings
        if self.per_epoch < 1:
            raise ConfigError(f"{len(self.learn.steps)} images fill no batch: collect more episodes")
        if self.size < self.place.processes:
            raise ConfigError(f"a batch of {self.size} for {self.place.processes} processes: use larger batches")
        return Plan(
            name=STAGES[self.joint],
            steps=self.per_epoch * (settings.joint_epochs if self.joint else settings.encoder_epochs),
            learning_rate=settings.joint_learning_rate if self.joint else settings.learning_rate,
            identity=identity,
            checkpoint_steps=settings.checkpoint_steps,
            check_steps=self.per_epoch,
            loaders=settings.loaders,
        )

    def run(self, learner: Learner, work: Path, identity: str) -> tuple[float, Profile]:
        """Train from the last checkpoint to the end; return the validation loss of the command."""
        learner.joint = self.joint
        engine = Engine[Batch](self.plan(identity), learner, work, self.place)
        profile = engine.run(self.batch, lambda: self.validate(learner))
        return self.validate(learner), profile

    def batch(self, step: int) -> Batch:
        """Return this process's share of the batch of a step; the same whenever it is asked for."""
        epoch, index = divmod(step, self.per_epoch)
        seed = [self.settings.seed, epoch, int(self.joint)]
        order = _order(tuple(seed), len(self.learn.steps))
        part = order[index * self.size : (index + 1) * self.size]
        lead = LEAD if self.joint else 1  # a single image is the moment itself
        part = self.learn.prefer_rare(np.random.default_rng([*seed, index, RARE_DRAW]), part, lead)
        rank, processes = self.place.rank, self.place.processes
        rng = np.random.default_rng([*seed, index, *([rank] if rank else [])])
        return self._make(self.learn, rng, part[rank::processes])

    @torch.no_grad()
    def validate(self, learner: Learner) -> float:
        """Return the mean command loss on episodes kept back."""
        rng = np.random.default_rng(1)
        order = rng.permutation(len(self.check.steps))
        parts = [part for part in np.array_split(order[: 16 * 12 if self.joint else 1024], 12) if len(part)]
        batches = (self._make(self.check, rng, part).to(self.place.device) for part in parts)
        return float(np.mean([float(learner(batch)["command"]) for batch in batches]))

    def _make(self, maker: BatchMaker, rng: np.random.Generator, part: np.ndarray) -> Batch:
        return maker.sequences(rng, part, self.settings.sequence_steps) if self.joint else maker.images(rng, part)


def policy_name(config: PolicyConfig) -> str:
    """Return the usual name of a policy: its model and its neurons, such as ``ncp_cfc_19``."""
    return f"{config.model.replace('-', '_')}_{config.neurons}"


def _draft_card(name: str, facts: dict[str, object]) -> str:
    return (
        f"# {name}\n\nTrained by liquid_nav {facts['software']} on {facts['images']} images from forests "
        f"({', '.join(map(str, facts.get('episodes', [])))}).\n"  # type: ignore[call-overload]
        "Fly it with `liquid-nav evaluate` and write its results here.\n"
    )
