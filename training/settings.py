"""Settings of collection and training, read from YAML; an unknown key is an error."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

import yaml

from liquid_nav.config import OneOf, Range, Seed, check_fields, fit, kinds_of
from liquid_nav.errors import ConfigError
from liquid_nav.policy.config import LIQUID_MODELS, RIVAL_MODELS
from sim_worlds.weather import SEASONS
from training.devices import DEVICES

CONFIGS = Path(__file__).parent / "configs"
SECTIONS = ("collect", "train", "head", "sweep", "compare", "policy")
START_SHARES = ("near_share", "blocked_share", "hidden_share", "beside_share")
RARE_SHARES = ("passage_share", "hazard_share", "hidden_share", "search_share")
T = TypeVar("T")

Share = Annotated[float, Range(0, 1)]
Count = Annotated[int, Range(1)]
Threads = Annotated[int, Range(1, 1024)]
Rate = Annotated[float, Range(1e-12, 1)]  # of learning
UpToTen = Annotated[float, Range(0, 10)]


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
    seasons: tuple[Annotated[str, OneOf(SEASONS)], ...] = ("summer",)
    decoy_share: Share = 0.0
    barrier_share: Share = 0.0
    frame_share: Share = 0.0
    clutter_share: Share = 0.0
    open_share: Share = 0.0
    near_share: Share = 0.3
    blocked_share: Share = 0.25
    hidden_share: Share = 0.0
    beside_share: Share = 0.0
    noise_share: Share = 0.75
    headwind_share: Share = 0.0
    tail_s: Annotated[float, Range(0, 3600)] = 3.0
    max_s: Annotated[float, Range(0.1, 3600)] = 25.0
    camera_hz: Annotated[float, Range(1, 240)] = 20.0
    seed: Seed = 0

    def __post_init__(self) -> None:
        check_fields(self)
        if self.world != "forest":
            raise ConfigError(f"world is {self.world!r}: training data comes from forests only, use 'forest'")
        starts = {name: getattr(self, name) for name in START_SHARES}
        if sum(starts.values()) > 1.0 + 1e-9:
            given = ", ".join(f"{name} {share}" for name, share in starts.items())
            raise ConfigError(f"{given} are more than all flights: use 1 at most together")


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

    sequence_steps: Count = 32
    recolour: Share = 0.75
    patches: Annotated[int, Range(0, 1000)] = 6
    passage_share: float = 0.0  # of these four, the range is that of their sum
    hazard_share: float = 0.0
    hidden_share: float = 0.0
    search_share: float = 0.0
    cover_share: Share = 0.0
    zoom_share: Share = 0.0
    strides: tuple[Count, ...] = (1, 1, 1, 2, 2, 4)
    lost_share: Share = 0.1
    validation_share: Share = 0.06
    precision: Annotated[str, OneOf(("bf16", "fp32"))] = "bf16"
    seed: Seed = 0

    def __post_init__(self) -> None:
        check_fields(self)
        shares = {name: getattr(self, name) for name in RARE_SHARES}
        if min(shares.values()) < 0.0 or sum(shares.values()) > 1.0 + 1e-9:
            raise ConfigError(f"the shares are {shares}: use 0 or more, together at most 1")


@dataclass(frozen=True)
class TrainSettings(DrawSettings):
    """How a policy is trained; see also :class:`DrawSettings`; stage one learns from the rare moments themselves.

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

    encoder_epochs: Count = 10
    joint_epochs: Annotated[int, Range(0)] = 6
    encoder_batch: Count = 128
    joint_batch: Count = 8
    learning_rate: Rate = 2e-3
    joint_learning_rate: Rate = 1e-3
    replace_background: Share = 0.25
    threads: Threads = 2
    device: Annotated[str, OneOf(DEVICES)] = "auto"
    loaders: Threads = 1
    checkpoint_steps: Count = 200

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

    passes: Count = 4
    batch: Count = 16
    passage_share: float = 0.2
    hazard_share: float = 0.25
    hidden_share: float = 0.1
    validation_share: Share = 0.1

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

    scene_noise: UpToTen = 0.0
    vanish_share: Share = 0.0
    patience_s: UpToTen = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vanish_share and self.sequence_steps < 2:
            raise ConfigError(f"sequence_steps is {self.sequence_steps}: use 2 or more with vanish_share")
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
    keep_weight: UpToTen = 0.0
    steps: Count = 12000
    learning_rate: Rate = 4e-3
    recall_weight: UpToTen = 0.0
    tries: Count = 1
    threads: Threads = 1
    loaders: Threads = 1

    def __post_init__(self) -> None:
        super().__post_init__()
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

    models: tuple[Annotated[str, OneOf((*LIQUID_MODELS, *RIVAL_MODELS))], ...] = (*LIQUID_MODELS, *RIVAL_MODELS)
    trials: Count = 8
    seeds: Count = 5
    search_steps: Count = 1000
    steps: Count = 4000
    learning_rates: tuple[Rate, Rate] = (5e-4, 2e-2)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.learning_rates[0] > self.learning_rates[1]:
            raise ConfigError(f"learning_rates are {list(self.learning_rates)}: use two numbers, lowest first")


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
    trials: Count = 16
    steps: Count = 2000
    report_steps: Count = 100
    grace_steps: Count = 400
    reduction: Annotated[int, Range(2)] = 3
    seed: Seed = 0

    def __post_init__(self) -> None:
        check_fields(self)
        if self.grace_steps > self.steps:
            raise ConfigError(f"grace_steps are {self.grace_steps}, but a training has {self.steps} steps: use fewer")
        if not self.space:
            raise ConfigError(f"space is empty: give lowest and highest draw of some of {', '.join(self.DRAWN)}")
        for name, span in self.space.items():
            if name not in self.DRAWN:
                raise ConfigError(f"space has {name!r}: use some of {', '.join(self.DRAWN)}")
            low, high = (fit(f"space of {name}", draw, kinds_of(HeadSettings)[name]) for draw in span)
            if low >= high:
                raise ConfigError(f"space of {name} is {list(span)}: use two numbers, lowest first")


def config_hash(settings: object) -> str:
    """Return twelve hex digits that name a setting."""
    text = json.dumps(asdict(settings), sort_keys=True)  # type: ignore[call-overload]
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def load_settings(path: Path, section: str, kind: type[T]) -> T:
    """Read one section of a YAML file; a file without it gives the defaults.

    Raises:
        ConfigError: when the file cannot be read, a section or key is unknown or a value does not fit.
    """
    chosen = _read(path).get(section, {})
    if not isinstance(chosen, dict):
        seen = "empty" if chosen is None else repr(chosen)
        raise ConfigError(f"{path}: '{section}' is {seen}: give its settings, or leave it out for the defaults")
    names = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(map(str, set(chosen) - names))
    if unknown:
        raise ConfigError(f"{path}: unknown settings {unknown} in '{section}': known are {sorted(names)}")
    try:
        return kind(**chosen)
    except ConfigError as error:
        raise ConfigError(f"{path}, '{section}': {error}") from error


class _Loader(yaml.SafeLoader):
    """Reads 1e-3 as the number that it is in YAML 1.2; PyYAML, which follows 1.1, wants 1.0e-3 and sees a text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def _read(path: Path) -> dict[Any, Any]:
    try:
        sections = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError as error:
        known = ", ".join(sorted(file.name for file in CONFIGS.glob("*.yaml")))
        raise ConfigError(f"{path} does not exist: shipped configurations are {known}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}): give a YAML file") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path} is not YAML ({' '.join(str(error).split())}): correct it") from error
    if not isinstance(sections, dict | None):
        raise ConfigError(f"{path} holds {type(sections).__name__}, not sections: see {CONFIGS / 'forest.yaml'}")
    unknown = sorted(map(str, set(sections or {}) - set(SECTIONS)))
    if unknown:
        raise ConfigError(f"{path}: unknown sections {unknown}: known are {sorted(SECTIONS)}")
    return sections or {}
