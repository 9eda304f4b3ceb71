"""Training a head behind the eye of a trained policy, which stays as it is.

The eye looks at every image a few times, and its features are kept. The head, of which a liquid one has a few thousand
weights, then learns in minutes and from sequences of any length.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch

from liquid_nav import __version__
from liquid_nav.errors import ConfigError, TrainingError
from liquid_nav.policy.checkpoint import load_network, save_policy
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.heads import MODELS
from liquid_nav.policy.network import LiquidPolicyNetwork
from training.cache import Cache, open_cache, require_episodes
from training.checkpoints import checkpoint_file
from training.devices import Place
from training.engine import Engine, Plan
from training.features import Sequences, name_of, see
from training.heads import EYE, HeadLearner, batch_of, kept, require_gaze, require_states, validation_loss
from training.settings import HeadSettings, config_hash
from training.train import Outcome, check_image_size, policy_name

CHECKPOINT_STEPS = 1000


def train_head(
    settings: HeadSettings, episodes: list[Path], eye: Path, out: Path, *, name: str = "", model: str = ""
) -> Outcome:
    """Train a head on what an eye sees in folders of episodes, and write the policy to ``out``.

    Args:
        settings: how.
        episodes: folders of episodes; forests only.
        eye: folder of the policy whose eye looks.
        out: folder of the policy; its ``work`` subfolder keeps cache, features, checkpoint and TensorBoard logs.
        name: of the policy; its model's when empty.
        model: of :data:`liquid_nav.policy.heads.MODELS`; the eye's own when empty.

    Raises:
        ConfigError: for impossible settings, episodes from elsewhere than forests, or another training in ``out``.
        EpisodeError: for damaged or missing episodes.
        PolicyError: when the eye cannot be loaded.
        TrainingError: when the trainings from all seeds ran away.
    """
    began, work = time.monotonic(), out / "work"
    torch.set_num_threads(settings.threads)
    if any(checkpoint_file(work, _stage(seed)).exists() for seed in settings.seeds):
        require_episodes(episodes, work / "cache")
    task, cache = head_task(settings, episodes, eye, work, model=model)
    for seed in settings.seeds:
        _plan(task, seed).checkpoint(work).check()  # before the eye looks at every image
    data = look(task, cache, work)
    tries = [teach(data, seed, work) for seed in settings.seeds]
    best = min(tries, key=lambda each: each.loss)
    if not math.isfinite(best.loss):
        raise TrainingError(
            f"all {len(tries)} trainings ran away (peak learning rate {settings.learning_rate:g}): use a lower one"
        )
    network, name = best.network, name or policy_name(best.network.config)
    facts = {
        "software": __version__,
        "settings": asdict(settings),
        "config_hash": config_hash(settings),
        "eye": eye.name,
        "episodes": [folder.name for folder in episodes],
        "images": data.images,
        "validation_command_loss": best.loss,
        "seed": best.seed,
        "validation_command_losses": {str(each.seed): each.loss for each in tries},
        "torch": torch.__version__,
    }
    title = MODELS[network.config.model].title
    card = (
        f"# {name}\n\nA {title} head trained by liquid_nav {__version__} behind the eye of `{eye.name}` on "
        f"{data.images} images from forests.\nFly it with `liquid-nav evaluate` and write its results here.\n"
    )
    save_policy(network, out, name=name, training=facts, card=card)
    return Outcome(out, best.loss, time.monotonic() - began, data.images, best.waiting_share)


@dataclass(frozen=True)
class HeadTask:
    """What heads are to be taught, before the eye has looked.

    Attributes:
        settings: how.
        seen: names the sequences.
        before: the policy whose eye looks.
        model: of :data:`liquid_nav.policy.heads.MODELS`.
        images: to be looked at.
    """

    settings: HeadSettings
    seen: str
    before: LiquidPolicyNetwork
    model: str
    images: int

    @property
    def config(self) -> PolicyConfig:
        """Of the policies that come of it."""
        return replace(self.before.config, model=self.model)

    @property
    def identity(self) -> str:
        """Names what decides the outcome of a training; the number of tries does not."""
        return f"{self.seen} {config_hash(replace(self.settings, tries=1))} {config_hash(self.config)}"


@dataclass(frozen=True)
class HeadData(HeadTask):
    """What heads are taught with.

    Attributes:
        learn, check: sequences to learn from, and those kept back.
    """

    learn: Sequences
    check: Sequences

    def batch(self, seed: int, step: int) -> Sequences:
        """Return what is learned in a step."""
        batch = batch_of(self.learn, self.settings.batch, seed, step, **self.settings.changes)
        keep = self.settings.keep_weight
        return kept(batch, self.before, keep) if keep else batch

    def untaught(self, seed: int) -> LiquidPolicyNetwork:
        """Return a network with the eye and, with ``own_head``, the head of the policy before, else a fresh head."""
        torch.manual_seed(seed)
        network = LiquidPolicyNetwork(self.config)
        own_head, state = self.settings.own_head, self.before.state_dict()
        kept_parts = {key: value for key, value in state.items() if own_head or key.startswith(EYE)}
        network.load_state_dict({**network.state_dict(), **kept_parts})
        return network


def head_task(
    settings: HeadSettings, episodes: list[Path], eye: Path, work: Path, *, model: str = ""
) -> tuple[HeadTask, Cache]:
    """Return what heads are to be taught behind an eye, and the images, which ``work`` keeps decoded.

    See :func:`train_head`. What cannot be taught is refused here, before :func:`look`.
    """
    seeing, _ = load_network(eye)
    of_gaze = {"recall_weight": settings.recall_weight, "keep_weight": settings.keep_weight}
    require_gaze(settings.changes | of_gaze, seeing.config, eye)
    own = seeing.config.model
    if settings.own_head and model not in ("", own):
        raise ConfigError(f"model is {model!r}, but own_head goes on with the {own} head of {eye}: leave one out")
    network = LiquidPolicyNetwork(replace(seeing.config, model=model or own))
    require_states(network, settings.recall_weight)
    cache = open_cache(episodes, work / "cache")
    check_image_size(cache, seeing.config)
    seen = name_of(cache, seeing, eye, settings)
    return HeadTask(settings, seen, seeing.eval(), network.config.model, cache.steps), cache


def look(task: HeadTask, cache: Cache, work: Path) -> HeadData:
    """Let the eye look at the images; ``work`` keeps what it saw."""
    learn, check = see(cache, task.before, task.settings, task.seen, work, loaders=task.settings.loaders)
    return HeadData(task.settings, task.seen, task.before, task.model, task.images, learn, check)


@dataclass(frozen=True)
class Taught:
    """A head that was taught from one seed; its loss is infinite when the training ran away."""

    seed: int
    network: LiquidPolicyNetwork
    loss: float
    waiting_share: float


def teach(
    data: HeadData,
    seed: int,
    work: Path,
    *,
    report: Callable[[int, float], None] | None = None,
    report_steps: int = 0,
) -> Taught:
    """Teach a head; goes on from its checkpoint, which of a finished one is its end.

    Args:
        data: what it learns from, and how.
        seed: of the weights of a fresh head and of the order of the sequences.
        work: folder for the checkpoint and, without ``report``, TensorBoard logs.
        report: is told the steps done and the loss on the sequences kept back, every ``report_steps`` steps and at the
            end; progress is not shown then.
    """
    network = data.untaught(seed)
    learner = HeadLearner(network, data.settings.recall_weight)
    plan = replace(_plan(data, seed), check_steps=report_steps, quiet=report is not None)

    def check() -> float:
        loss = _loss(learner, data.check)
        learner.train()
        if report is not None:
            report(engine.schedule.last_epoch, loss)
        return loss

    engine = Engine[Sequences](plan, learner, work, Place(torch.device("cpu")))
    try:
        profile = engine.run(partial(data.batch, seed), check)
    except TrainingError:
        if report is not None:
            report(engine.schedule.last_epoch, math.inf)
        return Taught(seed, network, math.inf, engine.profile.waiting_share)
    return Taught(seed, network, _loss(learner, data.check), profile.waiting_share)


def _stage(seed: int) -> str:
    return f"head-{seed}"


def _plan(task: HeadTask, seed: int) -> Plan:
    settings = task.settings
    return Plan(
        _stage(seed), settings.steps, settings.learning_rate, task.identity, checkpoint_steps=CHECKPOINT_STEPS
    )


def _loss(learner: HeadLearner, check: Sequences) -> float:
    """Return the loss on the sequences kept back, infinite when the training ran away."""
    loss = validation_loss(learner, check)
    return loss if math.isfinite(loss) else math.inf
