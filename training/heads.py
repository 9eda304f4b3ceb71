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

from liquid_nav.errors import ConfigError, TrainingError
from liquid_nav.policy.config import GAZE_FEATURES, PolicyConfig
from liquid_nav.policy.heads import MODELS
from liquid_nav.policy.heads.base import MOTORS
from liquid_nav.policy.network import LiquidPolicyNetwork
from training.devices import Place
from training.engine import Engine, Plan
from training.features import Sequences
from training.labels import LOST, SEARCH_RAD_S, SIDE_KNOWN_S
from training.losses import command_loss
from training.recall import PLACE, Recall, last_sight
from training.settings import CompareSettings

EYE = ("encoder.", "log_distance.")
CHECK_BATCH = 64
VANISHED_S = 1.0  # what to fly in the first moment after a target has vanished is left open, without patience
FAR_AREA = -0.2  # of the gaze: a backpack about 12 m away
PATIENT_RAD_S = 0.1  # who waits for a target that something hides turns hardly away from where it was
WAIT_M_S = -0.3  # and makes room: taught to hover, a head creeps on towards what hides it
ASIDE_M_S = 0.5  # and looks past it on the side where the target was: what walks on straight stays hidden otherwise
CLEARLY_ASIDE = 0.2  # of the image, -1 to 1: so far right or left that is done in full
STEEP = 0.6  # of the gaze: so far above or below the middle, -1 to 1, a target leaves the image at the top or bottom
BACK_M_S, CLIMB_M_S = -0.4, 0.5  # to a target that left it there


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
        budget = f"{self.steps} steps of {self.batch}"
        return f"{kind} {self.model} {self.units} units, rate {self.learning_rate:.3g}, {budget}, {self.seed}"


@dataclass(frozen=True)
class TrialResult:
    """What came out.

    Attributes:
        loss: mean command loss on the sequences kept back; infinite when the training ran away.
        cpu_s: processor time.
        weights: of everything but the eye, for a final training that did not run away.
        policy: folder where a comparison keeps these.
    """

    loss: float
    cpu_s: float
    weights: dict[str, NDArray[np.float32]] | None = None
    policy: Path | None = None


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
        changes: of every batch, see :func:`batch_of`.
    """

    def __init__(self, config: PolicyConfig, learn: Sequences, check: Sequences, changes: dict[str, float]) -> None:
        self.config, self.learn, self.check, self.changes = config, learn, check, changes

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
            try:
                engine.run(lambda step: batch_of(self.learn, trial.batch, trial.seed, step, **self.changes))
            except TrainingError:
                return TrialResult(math.inf, time.process_time() - began)
        loss = validation_loss(learner, self.check)
        weights = None
        if trial.final and math.isfinite(loss):
            state = network.state_dict()
            weights = {key: value.numpy() for key, value in state.items() if not key.startswith(EYE)}
        return TrialResult(loss if math.isfinite(loss) else math.inf, time.process_time() - began, weights)


def require_gaze(settings: dict[str, float], config: PolicyConfig, eye: Path) -> None:
    """Raise a :class:`ConfigError` when one of the settings, which need a gaze, is not 0 and the eye has none."""
    given = ", ".join(f"{name} is {value}" for name, value in settings.items() if value)
    if given and not config.gaze_cells:
        raise ConfigError(f"{given}, but the eye of {eye} has no gaze: use 0, or an eye with gaze_cells")


def batch_of(
    learn: Sequences,
    size: int,
    seed: int,
    step: int,
    *,
    scene_noise: float = 0.0,
    vanish_share: float = 0.0,
    patience_s: float = 0.0,
) -> Sequences:
    """Return the batch of a step; the same whenever it is asked for.

    Args:
        learn: sequences of which each epoch takes every one.
        size: sequences in the batch.
        seed: of the order and of the noise.
        step: number of the batch.
        scene_noise: standard deviation of what is added to the features of the scene, the same through a sequence, so
            that a head learns to trust the gaze where it says the same.
        vanish_share: share of the sequences in which the target is gone for good after some moment: from there on they
            go on as sequences that never see it, so that a head learns to search for what it lost long ago.
        patience_s: a vanished target is waited for so long, backing off and aside, hardly turning, then searched for:
            what walks behind something mostly comes out again, and who turns on the spot looks elsewhere by then.
    """
    per_epoch = max(1, len(learn) // size)
    epoch, index = divmod(step, per_epoch)
    order = _order(1_000_003 * seed + epoch, len(learn))
    batch = learn.take(order[index * size : (index + 1) * size])
    random = torch.Generator().manual_seed(1_000_003 * seed + step)
    if vanish_share and len(learn.never_seen):
        others = learn.take(learn.never_seen[torch.randint(len(learn.never_seen), (len(batch),), generator=random)])
        batch = _vanished(batch, others, vanish_share, patience_s, random)
    if not scene_noise:
        return batch
    scene, gaze = batch.features[..., :-GAZE_FEATURES], batch.features[..., -GAZE_FEATURES:]
    scene = scene + scene_noise * torch.randn(len(batch), 1, scene.shape[2], generator=random)
    return replace(batch, features=torch.cat([scene, gaze], dim=2))


def _vanished(
    batch: Sequences, others: Sequences, share: float, patience_s: float, random: torch.Generator
) -> Sequences:
    """Return sequences of which a share goes on as others, that never see the target, after a moment of their own.

    For a moment nobody says what to fly, or the target is waited for; then it is searched for on the side where the
    gaze was, and to the left when that is long ago. Who waits for what was near the top or the bottom of the image
    backs off and climbs or sinks.
    """
    count, time = batch.visible.shape
    rows, first = torch.arange(count), torch.randint(1, time, (count,), generator=random)
    after = torch.arange(time) >= first[:, None]
    seen = batch.visible[rows, first - 1]
    gone = after & (seen & (torch.rand(count, generator=random) < share))[:, None]
    elapsed_s = torch.where(gone, others.elapsed_s, batch.elapsed_s)
    since_s = (elapsed_s * gone).cumsum(dim=1)
    right, below = batch.features[rows, first - 1, -GAZE_FEATURES:][:, PLACE].unbind(dim=1)
    side = torch.where(right > 0.0, -1.0, 1.0)[:, None]
    waits = since_s < patience_s
    steep = waits & (below.abs() > STEEP)[:, None]
    turn = torch.where(since_s < SIDE_KNOWN_S + patience_s, side, 1.0) * SEARCH_RAD_S
    search = torch.zeros_like(batch.commands)
    search[..., 3] = torch.where(waits, side * PATIENT_RAD_S, turn)
    search[..., 0] = torch.where(steep, BACK_M_S, torch.where(waits, WAIT_M_S, 0.0))
    past = ASIDE_M_S * (-right / CLEARLY_ASIDE).clamp(-1.0, 1.0)[:, None]
    search[..., 1] = torch.where(waits & ~steep, past, 0.0)
    search[..., 2] = torch.where(steep, -CLIMB_M_S * below.sign()[:, None], 0.0)
    said = since_s > (0.0 if patience_s else VANISHED_S)
    return Sequences(
        features=torch.where(gone[..., None], others.features, batch.features),
        elapsed_s=elapsed_s,
        commands=torch.where(gone[..., None], search, batch.commands),
        visible=batch.visible & ~gone,
        use_command=batch.use_command | gone,
        weight=torch.where(gone, LOST * said, batch.weight),
    )


@torch.no_grad()
def kept(batch: Sequences, before: LiquidPolicyNetwork, weight: float) -> Sequences:
    """Return sequences in which a head flies as another did while the target is unseen or was far away.

    What a head did before it learned something new is kept by its own answers (after Li and Hoiem, "Learning without
    forgetting", arXiv:1606.09282): a target that has not been in sight yet, or is too far away to be seen at every
    moment, is not one that was lost.

    Args:
        batch: sequences behind an eye with a gaze.
        before: whose answers they are.
        weight: of each of them.
    """
    commands, _ = before.decide(batch.features, batch.elapsed_s)
    _, area, since_s = last_sight(batch)
    keep = since_s.isinf() | (~batch.visible & (area < FAR_AREA))
    return replace(
        batch,
        commands=torch.where(keep[..., None], commands, batch.commands),
        use_command=batch.use_command | keep,
        weight=torch.where(keep, weight, batch.weight),
    )


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
        recall_weight: of the loss of :class:`training.recall.Recall` beside that of the commands; 0 asks nothing.

    Raises:
        ConfigError: for a head whose neurons cannot be asked.
    """

    def __init__(self, network: LiquidPolicyNetwork, recall_weight: float = 0.0) -> None:
        super().__init__()
        self.network, self.recall_weight = network, recall_weight
        for key, value in network.named_parameters():
            value.requires_grad_(not key.startswith((*EYE, "motor_gain")))
        require_states(network, recall_weight)
        self.recall = Recall(network.head.state_size) if recall_weight else None

    def forward(self, batch: Sequences) -> dict[str, Tensor]:
        """Return the losses; nothing is asked in evaluation mode."""
        if self.recall is None or not self.training:
            commands, _ = self.network.decide(batch.features, batch.elapsed_s)
            loss = command_loss(commands, batch, only_visible=False)
            return {"total": loss, "command": loss}
        states = self.network.states(batch.features, batch.elapsed_s)
        loss = command_loss(self.network.command_of(states[..., -MOTORS:]), batch, only_visible=False)
        recall = self.recall(states, batch)
        return {"total": loss + self.recall_weight * recall, "command": loss, "recall": recall}


def require_states(network: LiquidPolicyNetwork, recall_weight: float) -> None:
    """Raise a :class:`ConfigError` when neurons are to be asked that do not tell their states."""
    if recall_weight and not network.head.tells_states:
        raise ConfigError(
            f"recall_weight is {recall_weight}, but neurons of a {network.config.model} head cannot be asked: "
            "use 0, or ncp-cfc"
        )
