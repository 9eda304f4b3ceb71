"""Training one head behind a frozen eye: a trial of a search, a final training of a comparison, or a policy's own."""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from liquid_nav.policy.config import GAZE_FEATURES, PolicyConfig
from liquid_nav.policy.heads import MODELS
from liquid_nav.policy.network import LiquidPolicyNetwork
from training.devices import Place
from training.engine import Engine, Plan
from training.features import Sequences
from training.losses import command_loss
from training.settings import CompareSettings

EYE = ("encoder.", "log_distance.")
CHECK_BATCH = 64
STRAYS, LONGEST_STRAY = 2, 6  # how often in a sequence a gaze strays, and for how many images


@dataclass(frozen=True)
class Trial:
    """One training of a head.

    Attributes:
        model, units: which head.
        learning_rate: peak.
        steps, batch: how long.
        seed: of weights and order.
        final: whether its weights are wanted.
    """

    model: str
    units: int
    learning_rate: float
    steps: int
    batch: int
    seed: int
    final: bool = False

    @property
    def name(self) -> str:
        """Unique among the trials of a comparison."""
        kind = "final" if self.final else "trial"
        return f"{kind} {self.model} {self.units} units, rate {self.learning_rate:.3g}, {self.steps} steps, {self.seed}"


@dataclass(frozen=True)
class TrialResult:
    """What came out.

    Attributes:
        loss: mean command loss on the sequences kept back; infinite when the training ran away.
        cpu_s: processor time.
        weights: of everything but the eye, for a final training.
    """

    loss: float
    cpu_s: float
    weights: dict[str, NDArray[np.float32]] | None = None


def draw_trials(settings: CompareSettings, model: str, units: int) -> list[Trial]:
    """Return the trials of a model: the same number for each, drawn from the same range of rates and its sizes."""
    rng = np.random.default_rng([settings.seed, *model.encode()])
    low, high = (math.log(rate) for rate in settings.learning_rates)
    sizes = MODELS[model].sizes or (units,)
    return [
        Trial(
            model,
            int(rng.choice(sizes)),
            round(math.exp(rng.uniform(low, high)), 6),
            settings.search_steps,
            settings.batch,
            seed=number,
        )
        for number in range(settings.trials)
    ]


class HeadTrainer:
    """A worker that does one trial after another.

    Args:
        config: of the policy whose eye looked.
        learn, check: what it saw.
    """

    def __init__(self, config: PolicyConfig, learn: Sequences, check: Sequences) -> None:
        self.config, self.learn, self.check = config, learn, check

    def __call__(self, trial: Trial) -> TrialResult:
        """Train one head; the same trial gives the same weights."""
        began = time.process_time()
        torch.manual_seed(trial.seed)
        network = LiquidPolicyNetwork(replace(self.config, model=trial.model, units=trial.units))
        learner = HeadLearner(network)
        plan = Plan(
            "head", trial.steps, trial.learning_rate, trial.name, checkpoint_steps=trial.steps, quiet=True
        )
        with tempfile.TemporaryDirectory() as work:
            engine = Engine[Sequences](plan, learner, Path(work), Place(torch.device("cpu")))
            engine.run(lambda step: batch_of(self.learn, trial.batch, trial.seed, step))
        loss = validation_loss(learner, self.check)
        weights = None
        if trial.final:
            state = network.state_dict()
            weights = {key: value.numpy() for key, value in state.items() if not key.startswith(EYE)}
        return TrialResult(loss if math.isfinite(loss) else math.inf, time.process_time() - began, weights)


def batch_of(
    learn: Sequences, size: int, seed: int, step: int, *, scene_noise: float = 0.0, stray_share: float = 0.0
) -> Sequences:
    """Return the batch of a step; the same whenever it is asked for.

    Args:
        learn: sequences of which each epoch takes every one.
        size: sequences in the batch.
        seed: of the order and of the noise.
        step: number of the batch.
        scene_noise: standard deviation of what is added to the features of the scene, the same through a sequence, so
            that a head learns to trust the gaze where it says the same.
        stray_share: share of the sequences in which the gaze strays now and then to what another sequence shows, so
            that a head learns to remember where the target was.
    """
    per_epoch = max(1, len(learn) // size)
    epoch, index = divmod(step, per_epoch)
    order = _order(1_000_003 * seed + epoch, len(learn))
    batch = learn.take(order[index * size : (index + 1) * size])
    if not scene_noise and not stray_share:
        return batch
    scene, gaze = batch.features.split((batch.features.shape[2] - GAZE_FEATURES, GAZE_FEATURES), dim=2)
    random = torch.Generator().manual_seed(1_000_003 * seed + step)
    scene = scene + scene_noise * torch.randn(len(batch), 1, scene.shape[2], generator=random)
    if stray_share:
        gaze = _strayed(gaze, stray_share, random)
    return replace(batch, features=torch.cat([scene, gaze], dim=2))


def _strayed(gaze: Tensor, share: float, random: torch.Generator) -> Tensor:
    """Return gazes (batch, time, GAZE_FEATURES) with short stretches from other sequences."""
    count, time = gaze.shape[:2]
    moments = torch.arange(time)
    chosen = torch.rand(count, 1, generator=random) < share
    for _ in range(STRAYS):
        first = torch.randint(1, time, (count, 1), generator=random)
        length = torch.randint(1, LONGEST_STRAY + 1, (count, 1), generator=random)
        away = chosen & (moments >= first) & (moments < first + length)
        gaze = torch.where(away.unsqueeze(2), gaze[torch.randperm(count, generator=random)], gaze)
    return gaze


@lru_cache(maxsize=4)
def _order(seed: int, count: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def validation_loss(learner: HeadLearner, check: Sequences) -> float:
    """Return the mean command loss; leaves the learner in evaluation mode."""
    learner.eval()
    parts = torch.arange(len(check)).split(CHECK_BATCH)  # type: ignore[no-untyped-call]
    losses = [float(learner(check.take(part))["command"]) * len(part) for part in parts]
    return sum(losses) / len(check)


class HeadLearner(nn.Module):
    """Learns commands alone; the eye is not even run.

    The gain of the motors stays as it is: it can shrink to nothing before its neuron has learned anything, and then no
    gradient comes through it any more.

    Args:
        network: its head and the motors' bias learn, the rest is left alone.
    """

    def __init__(self, network: LiquidPolicyNetwork) -> None:
        super().__init__()
        self.network = network
        for key, value in network.named_parameters():
            value.requires_grad_(not key.startswith((*EYE, "motor_gain")))

    def forward(self, batch: Sequences) -> dict[str, Tensor]:
        """Return the loss."""
        commands, _ = self.network.decide(batch.features, batch.elapsed_s)
        loss = command_loss(commands, batch, only_visible=False)
        return {"total": loss, "command": loss}
