"""The training loop: killed at any step, it goes on from its last checkpoint with identical results.

Batches are made from the number of their step alone, so the place in their order is the step itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from liquid_nav.errors import TrainingError
from training.batches import prefetch
from training.checkpoints import Checkpoint, checkpoint_file
from training.devices import Place
from training.progress import progress_bar

GRADIENT_NORM = 1.0
WEIGHT_DECAY = 1e-4
LOG_STEPS = 20


class OnDevice(Protocol):
    """A batch."""

    def to(self: B, device: torch.device) -> B:
        """Return it on a device."""
        ...


B = TypeVar("B", bound=OnDevice)


@dataclass(frozen=True)
class Plan:
    """One stage of a training.

    Attributes:
        name: of its checkpoint and logs.
        steps: in all.
        learning_rate: peak of the one-cycle schedule.
        identity: see :class:`Checkpoint`.
        checkpoint_steps: write a checkpoint every so many steps.
        check_steps: validate every so many steps; 0 for never.
        loaders: threads that prepare batches.
        quiet: show no progress and write no logs for TensorBoard.
    """

    name: str
    steps: int
    learning_rate: float
    identity: str
    checkpoint_steps: int = 200
    check_steps: int = 0
    loaders: int = 1
    quiet: bool = False

    def checkpoint(self, work: Path) -> Checkpoint:
        """Return its checkpoint in a folder."""
        return Checkpoint(checkpoint_file(work, self.name), self.identity)


@dataclass
class Profile:
    """Where the time of a stage went, in seconds; validation and checkpoints left out.

    Attributes:
        steps: done in this run.
        waiting_s: for batches.
        working_s: on batches.
    """

    steps: int = 0
    waiting_s: float = 0.0
    working_s: float = 0.0

    @property
    def waiting_share(self) -> float:
        """Share of the time spent waiting for batches."""
        return self.waiting_s / max(self.waiting_s + self.working_s, 1e-9)


class Engine(Generic[B]):
    """Trains a module that answers a batch with its losses, ``total`` among them.

    Args:
        plan: how.
        learner: called with a batch.
        work: folder for the checkpoint and, in ``logs``, TensorBoard's files.
        place: which part of the training this process does.
    """

    def __init__(self, plan: Plan, learner: nn.Module, work: Path, place: Place) -> None:
        self.plan, self.learner, self.work, self.place = plan, learner, work, place
        self.optimiser = torch.optim.AdamW(learner.parameters(), lr=plan.learning_rate, weight_decay=WEIGHT_DECAY)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, plan.learning_rate, total_steps=plan.steps + 1
        )
        self.checkpoint = plan.checkpoint(work)
        self.profile = Profile()

    def run(self, make_batch: Callable[[int], B], check: Callable[[], float] | None = None) -> Profile:
        """Train from the last checkpoint to the end.

        Args:
            make_batch: the batch of a step, the same whenever it is asked for.
            check: validates; logged only.

        Raises:
            TrainingError: when a loss is no finite number; the last checkpoint is from before.
            ConfigError: when the checkpoint is damaged or belongs to another training.
        """
        plan = self.plan
        done = self.checkpoint.load(self.learner, self.optimiser, self.schedule)
        self.place.wait()  # nobody writes before all have read
        wrapped = self.place.wrap(self.learner)
        batches = prefetch([partial(make_batch, step) for step in range(done, plan.steps)], plan.loaders)
        with self._bar() as advance, self._scalars(done) as log:
            advance(done, "")
            for step in range(done, plan.steps):
                began = time.perf_counter()
                batch = next(batches).to(self.place.device)
                got = time.perf_counter()
                losses, norm = self._step(wrapped, batch)
                shown = {name: value.item() for name, value in losses.items()}
                self._count(got - began, time.perf_counter() - got)
                self._require_finite(step, shown)
                advance(1, " ".join(f"{name} {value:.3f}" for name, value in shown.items()))
                if step % LOG_STEPS == 0:
                    for name, value in shown.items():
                        log(f"loss/{name}", value, step)
                    log("training/learning rate", self.optimiser.param_groups[0]["lr"], step)
                    log("training/gradient norm", norm, step)
                    log("training/share waiting for batches", self.profile.waiting_share, step)
                self._end_step(step + 1, check, log)
        return self.profile

    def _step(self, wrapped: nn.Module, batch: B) -> tuple[dict[str, Tensor], float]:
        losses: dict[str, Tensor] = wrapped(batch)
        self.optimiser.zero_grad(set_to_none=True)
        losses["total"].backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.learner.parameters(), GRADIENT_NORM)
        self.optimiser.step()
        self.schedule.step()
        return losses, float(norm)

    def _count(self, waiting_s: float, working_s: float) -> None:
        self.profile.steps += 1
        self.profile.waiting_s += waiting_s
        self.profile.working_s += working_s

    def _require_finite(self, step: int, losses: dict[str, float]) -> None:
        bad = [f"{name} is {value}" for name, value in losses.items() if not math.isfinite(value)]
        if bad:
            raise TrainingError(
                f"the training ran away: at step {step} of {self.plan.steps} the loss {', '.join(bad)} (peak learning "
                f"rate {self.plan.learning_rate:g}): use a lower learning rate"
            )

    def _end_step(self, done: int, check: Callable[[], float] | None, log: Callable[[str, float, int], None]) -> None:
        plan, last = self.plan, done == self.plan.steps
        if not self.place.is_main:
            return
        if check is not None and plan.check_steps and (last or done % plan.check_steps == 0):
            log("loss/validation command", check(), done)
        if last or done % plan.checkpoint_steps == 0:
            self.checkpoint.save(done, self.learner, self.optimiser, self.schedule)

    def _bar(self) -> AbstractContextManager[Callable[[int, str], None]]:
        if self.plan.quiet:
            return nullcontext(lambda steps, note: None)
        return progress_bar(f"training {self.plan.name}", self.plan.steps)

    @contextmanager
    def _scalars(self, done: int) -> Iterator[Callable[[str, float, int], None]]:
        """Yield a function that writes a scalar for TensorBoard; what was logged after ``done`` steps is dropped."""
        if self.plan.quiet or not self.place.is_main:
            yield lambda name, value, step: None
            return
        from torch.utils.tensorboard import SummaryWriter  # slow to import

        with SummaryWriter(str(self.work / "logs" / self.plan.name), purge_step=done) as writer:
            yield writer.add_scalar
