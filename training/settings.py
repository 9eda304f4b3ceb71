"""Settings of collection and training, read from YAML; an unknown key is an error."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml

from liquid_nav.errors import ConfigError
from liquid_nav.policy.config import LIQUID_MODELS, RIVAL_MODELS

CONFIGS = Path(__file__).parent / "configs"
START_SHARES = ("near_share", "blocked_share", "hidden_share", "beside_share")
RARE_SHARES = ("passage_share", "hazard_share", "hidden_share", "search_share")
T = TypeVar("T")


@dataclass(frozen=True)
class CollectSettings:
    """How episodes are collected.

    Attributes:
        world: where; training data comes from forests only.
        seasons: drawn from for each flight.
        decoy_share: share of forests with red things that are no backpacks.
        barrier_share: share of forests with stacks of timber and rock faces.
        frame_share: share of forests with open frames that timber dries in, through which one can see.
        clutter_share: share of forests with things of people close beside the way.
        open_share: share of clearings, forests of a few trees: empty and bright as squares and fields are.
        near_share: share of flights that start close to the backpack, often with it out of view.
        blocked_share: share of flights that start with a solid or the corner of a wall before the backpack.
        hidden_share: share of flights that start at something broad, as a post, that hides the backpack or is about to.
        beside_share: share of flights that start close beside something, broad things first, that the way grazes.
        noise_share: share of flights whose command is disturbed.
        headwind_share: share of flights that are pushed back for seconds on end, as if the backpack walked away.
        tail_s: seconds flown on after the mission ended.
        max_s: longest flight.
        camera_hz: images per simulated second.
        seed: of the choice of worlds and disturbances.
    """

    world: str = "forest"
    seasons: tuple[str, ...] = ("summer",)
    decoy_share: float = 0.0
    barrier_share: float = 0.0
    frame_share: float = 0.0
    clutter_share: float = 0.0
    open_share: float = 0.0
    near_share: float = 0.3
    blocked_share: float = 0.25
    hidden_share: float = 0.0
    beside_share: float = 0.0
    noise_share: float = 0.75
    headwind_share: float = 0.0
    tail_s: float = 3.0
    max_s: float = 25.0
    camera_hz: float = 20.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.world != "forest":
            raise ConfigError(f"world is {self.world!r}: training data comes from forests only, use 'forest'")
        for name in (item.name for item in fields(self) if item.name.endswith("_share")):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigError(f"{name} is {getattr(self, name)}: use 0 to 1")
        starts = {name: getattr(self, name) for name in START_SHARES}
        if sum(starts.values()) > 1.0 + 1e-9:
            given = ", ".join(f"{name} {share}" for name, share in starts.items())
            raise ConfigError(f"{given} are more than all flights: use 1 at most together")


def _check_counts(settings: object, *names: str) -> None:
    for name in names:
        if getattr(settings, name) < 1:
            raise ConfigError(f"{name} is {getattr(settings, name)}: use 1 or more")


@dataclass(frozen=True)
class DrawSettings:
    """Which sequences are drawn from episodes, how they are changed and how the encoder sees them.

    Attributes:
        sequence_steps: images per sequence.
        recolour: share of images with everything but the target recoloured.
        patches: most random patches thrown over an image.
        passage_share, hazard_share, hidden_share, search_share: shares of the sequences with a free way past solids, a
            solid right ahead, a hidden target and the beginning of a search, see
            :meth:`training.batches.BatchMaker.prefer_rare`.
        cover_share: share of the sequences in which something comes before the target for a while.
        zoom_share: share of the sequences that are made from a still, see :mod:`training.zoom`.
        strides: between two images of a sequence to learn from, one of these for each: of episodes with 20 images per
            second, 20, 10 and 5 images per second.
        lost_share: share of the images that such a sequence lacks.
        validation_share: share of the episodes kept back.
        precision: of the encoder, ``"bf16"`` (mixed) or ``"fp32"``.
        seed: of the draws, and of everything random in what learns from them.
    """

    sequence_steps: int = 32
    recolour: float = 0.75
    patches: int = 6
    passage_share: float = 0.0
    hazard_share: float = 0.0
    hidden_share: float = 0.0
    search_share: float = 0.0
    cover_share: float = 0.0
    zoom_share: float = 0.0
    strides: tuple[int, ...] = (1, 1, 1, 2, 2, 4)
    lost_share: float = 0.1
    validation_share: float = 0.06
    precision: str = "bf16"
    seed: int = 0

    def __post_init__(self) -> None:
        _check_counts(self, "sequence_steps")
        shares = {name: getattr(self, name) for name in RARE_SHARES}
        if min(shares.values()) < 0.0 or sum(shares.values()) > 1.0:
            raise ConfigError(f"the shares are {shares}: use 0 or more, together at most 1")
        for name in ("cover_share", "zoom_share", "lost_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigError(f"{name} is {getattr(self, name)}: use 0 to 1")
        if not self.strides or any(type(stride) is not int or stride < 1 for stride in self.strides):
            raise ConfigError(f"strides are {list(self.strides)}: use whole numbers from 1 on")
        if self.precision not in ("bf16", "fp32"):
            raise ConfigError(f"precision is {self.precision!r}: use 'bf16' or 'fp32'")


@dataclass(frozen=True)
class TrainSettings(DrawSettings):
    """How a policy is trained; see also :class:`DrawSettings`, whose shares are of stage two.

    Attributes:
        encoder_epochs: passes of stage one, the encoder on single images.
        joint_epochs: passes of stage two, everything on sequences; 0 when a head is taught behind the eye afterwards.
        encoder_batch, joint_batch: images and sequences per step.
        learning_rate, joint_learning_rate: peak values of the two stages.
        replace_background: share of images whose surroundings come from another image; the target is scaled and moved.
        threads: of the arithmetic.
        device: ``"auto"`` (a GPU where there is one), ``"cpu"`` or ``"cuda"``.
        loaders: threads that prepare batches.
        checkpoint_steps: a killed training loses at most so many steps.
    """

    encoder_epochs: int = 10
    joint_epochs: int = 6
    encoder_batch: int = 128
    joint_batch: int = 8
    learning_rate: float = 2e-3
    joint_learning_rate: float = 1e-3
    replace_background: float = 0.25
    threads: int = 2
    device: str = "auto"
    loaders: int = 1
    checkpoint_steps: int = 200

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.joint_epochs < 0:
            raise ConfigError(f"joint_epochs is {self.joint_epochs}: use 0 or more")
        counts = ("encoder_epochs", "encoder_batch", "joint_batch")
        _check_counts(self, *counts, "threads", "loaders", "checkpoint_steps")

    @property
    def identity(self) -> str:
        """Names what decides the outcome of a training; loaders and checkpoints do not."""
        return config_hash(replace(self, loaders=1, checkpoint_steps=1))


@dataclass(frozen=True)
class LookSettings(DrawSettings):
    """What a trained eye looks at, once, so that heads can learn from what it saw; see also :class:`DrawSettings`.

    Attributes:
        passes: over the images, each with its own augmentation.
        batch: sequences per step of a training.
    """

    passes: int = 4
    batch: int = 16
    passage_share: float = 0.2
    hazard_share: float = 0.25
    hidden_share: float = 0.1
    validation_share: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_counts(self, "passes", "batch")

    def as_training(self) -> TrainSettings:
        """Return the settings of a training that would see the same sequences."""
        return TrainSettings(**{item.name: getattr(self, item.name) for item in fields(DrawSettings)})


@dataclass(frozen=True)
class BehindEyeSettings(LookSettings):
    """How what an eye saw is changed before a head learns from it; see also :class:`LookSettings`.

    Attributes:
        scene_noise: added to the features of the scene, see :func:`training.heads.batch_of`; for an eye with a gaze.
        vanish_share: share of the sequences in which the target vanishes for good, see there; for an eye with a gaze.
        patience_s: a vanished target is waited for that long before it is searched for, see there.
    """

    scene_noise: float = 0.0
    vanish_share: float = 0.0
    patience_s: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.scene_noise <= 10.0:
            raise ConfigError(f"scene_noise is {self.scene_noise}: use 0 to 10")
        if not 0.0 <= self.vanish_share <= 1.0:
            raise ConfigError(f"vanish_share is {self.vanish_share}: use 0 to 1")
        if not 0.0 <= self.patience_s <= 10.0:
            raise ConfigError(f"patience_s is {self.patience_s}: use 0 to 10 seconds")
        if self.patience_s and not self.vanish_share:
            raise ConfigError(f"patience_s is {self.patience_s}, but nothing vanishes: set vanish_share")

    @property
    def changes(self) -> dict[str, float]:
        """What :func:`training.heads.batch_of` is to change."""
        return {"scene_noise": self.scene_noise, "vanish_share": self.vanish_share, "patience_s": self.patience_s}


@dataclass(frozen=True)
class HeadSettings(BehindEyeSettings):
    """How a head learns behind a frozen eye; see also :class:`BehindEyeSettings`.

    Attributes:
        own_head: whether the head that the eye's policy has goes on learning; else a fresh one begins.
        keep_weight: of flying as that head did before, with ``own_head``, while the target is unseen or was far away,
            see :func:`training.heads.kept`; 0 takes the expert's word.
        steps: of the training.
        learning_rate: peak.
        recall_weight: of the question where the target was, see :class:`training.recall.Recall`; for an eye with a gaze
            and an ncp-cfc head.
        tries: heads that are taught, each from a seed of its own; the sequences kept back choose one.
        threads: of the arithmetic.
        loaders: threads that prepare images while the eye looks.
    """

    own_head: bool = False
    keep_weight: float = 0.0
    steps: int = 12000
    learning_rate: float = 4e-3
    recall_weight: float = 0.0
    tries: int = 1
    threads: int = 1
    loaders: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_counts(self, "steps", "tries", "threads", "loaders")
        for name in ("keep_weight", "recall_weight"):
            if not 0.0 <= getattr(self, name) <= 10.0:
                raise ConfigError(f"{name} is {getattr(self, name)}: use 0 to 10")
        if self.keep_weight and not self.own_head:
            raise ConfigError(f"keep_weight is {self.keep_weight}, but a fresh head has nothing to keep: set own_head")

    @property
    def seeds(self) -> range:
        """Of the tries: of their weights and the order of what they learn from."""
        return range(self.seed, self.seed + self.tries)


@dataclass(frozen=True)
class CompareSettings(BehindEyeSettings):
    """How models are compared behind a common eye; see also :class:`BehindEyeSettings`.

    Attributes:
        models: names of :data:`liquid_nav.policy.heads.MODELS`.
        trials: draws of learning rate and size for each model; the sequences kept back choose among them.
        seeds: trainings of each tuned model.
        search_steps, steps: of a trial and of a final training.
        learning_rates: lowest and highest draw of the peak.
    """

    models: tuple[str, ...] = (*LIQUID_MODELS, *RIVAL_MODELS)
    trials: int = 8
    seeds: int = 5
    search_steps: int = 1000
    steps: int = 4000
    learning_rates: tuple[float, float] = (5e-4, 2e-2)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_counts(self, "trials", "seeds", "search_steps", "steps")
        known = (*LIQUID_MODELS, *RIVAL_MODELS)
        for model in self.models:
            if model not in known:
                raise ConfigError(f"model is {model!r}: use some of {', '.join(known)}")
        low, high = self.learning_rates
        if not 0.0 < low <= high:
            raise ConfigError(f"learning_rates are {self.learning_rates}: use two positive numbers, lowest first")


@dataclass(frozen=True)
class SweepSettings:
    """What a sweep draws for a head, and how often; see :func:`training.sweep.sweep`.

    Attributes:
        space: lowest and highest draw of some of :attr:`DRAWN`; all are drawn evenly, those of :attr:`LOGARITHMIC` on a
            logarithmic scale.
        trials: draws.
        steps: of a training that goes to the end.
        report_steps: the loss on the sequences kept back is found every so many steps.
        grace_steps: no training ends earlier.
        reduction: of so many trainings that come to a rung one goes on; rungs lie at the grace steps times its powers.
        seed: of the draws.
    """

    LOGARITHMIC: ClassVar[tuple[str, ...]] = ("learning_rate",)
    DRAWN: ClassVar[tuple[str, ...]] = (
        *LOGARITHMIC, "scene_noise", "vanish_share", "patience_s", "recall_weight", "keep_weight",
    )  # fmt: skip

    space: dict[str, tuple[float, float]] = field(default_factory=lambda: {"learning_rate": (5e-4, 2e-2)})
    trials: int = 16
    steps: int = 2000
    report_steps: int = 100
    grace_steps: int = 400
    reduction: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        _check_counts(self, "trials", "steps", "report_steps", "grace_steps")
        if self.reduction < 2:
            raise ConfigError(f"reduction is {self.reduction}: use 2 or more")
        if self.grace_steps > self.steps:
            raise ConfigError(f"grace_steps are {self.grace_steps}, but a training has {self.steps} steps: use fewer")
        if not self.space:
            raise ConfigError(f"space is empty: give lowest and highest draw of some of {', '.join(self.DRAWN)}")
        for name, span in self.space.items():
            if name not in self.DRAWN:
                raise ConfigError(f"space has {name!r}: use some of {', '.join(self.DRAWN)}")
            if len(span) != 2 or not 0.0 <= span[0] < span[1] or (name in self.LOGARITHMIC and not span[0]):
                raise ConfigError(f"space of {name} is {list(span)}: use two positive numbers, lowest first")


def config_hash(settings: object) -> str:
    """Return twelve hex digits that name a setting."""
    text = json.dumps(asdict(settings), sort_keys=True)  # type: ignore[call-overload]
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def load_settings(path: Path, section: str, kind: type[T]) -> T:
    """Read one section of a YAML file.

    Raises:
        ConfigError: when the file or a key is unknown or a value does not fit.
    """
    try:
        values: dict[str, Any] = yaml.safe_load(path.read_text()) or {}
    except FileNotFoundError as error:
        known = ", ".join(sorted(file.name for file in CONFIGS.glob("*.yaml")))
        raise ConfigError(f"{path} does not exist: shipped configurations are {known}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML ({error})") from error
    chosen = values.get(section, {})
    names = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(chosen) - names)
    if unknown:
        raise ConfigError(f"{path}: unknown settings {unknown} in '{section}': known are {sorted(names)}")
    try:
        return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in chosen.items()})
    except TypeError as error:
        raise ConfigError(f"{path}: {error}") from error
