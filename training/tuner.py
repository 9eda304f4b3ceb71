"""The trainings of a sweep, on Ray Tune; see :mod:`training.sweep`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.basic_variant import BasicVariantGenerator

from liquid_nav.errors import WorkerError
from training.head import HeadData, teach
from training.settings import SweepSettings

STEPS, LOSS = "steps", "loss"
Training = tuple[dict[str, float], list[tuple[int, float]]]


class Progress(tune.Callback):
    """Tells how many trainings have ended; what is shown is the class's, since Tune stores its callbacks in files."""

    show: ClassVar[Callable[[int, str], None]]

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Count one more."""
        type(self).show(1, f"loss {trial.last_result[LOSS]:.3f}")


def search(settings: SweepSettings, data: HeadData, folder: Path, show: Callable[[int, str], None]) -> list[Training]:
    """Do all trainings, or those that are missing in a folder, on the cluster that this process is connected to.

    Args:
        settings: what to draw and how often.
        data: what to learn from; its settings are those that are not drawn.
        folder: absolute, for the logs of the trainings.
        show: is told of each training that has ended.

    Returns:
        What was drawn for each training, and its losses on the sequences kept back: (steps, loss), in their order.

    Raises:
        WorkerError: when a training failed.
    """
    Progress.show = staticmethod(show)
    trainable = tune.with_parameters(_train, data=data, report_steps=settings.report_steps)
    trainable = tune.with_resources(trainable, {"cpu": 1})
    if tune.Tuner.can_restore(str(folder)):
        tuner = tune.Tuner.restore(str(folder), trainable, resume_errored=True)
        show(sum(bool((result.metrics or {}).get("done")) for result in _all(tuner.get_results())), "")
    else:
        tuner = _tuner(settings, trainable, folder)
    grid = tuner.fit()
    if grid.errors:
        raise WorkerError(f"{len(grid.errors)} of {len(grid)} trainings failed, the first with: {grid.errors[0]}")
    return [(_drawn(result), _losses(result)) for result in _all(grid)]


def _all(grid: tune.ResultGrid) -> list[Any]:
    return [grid[number] for number in range(len(grid))]


def _tuner(settings: SweepSettings, trainable: Any, folder: Path) -> Any:
    scheduler = ASHAScheduler(
        time_attr=STEPS, max_t=settings.steps, grace_period=settings.grace_steps, reduction_factor=settings.reduction
    )
    how = tune.TuneConfig(
        metric=LOSS,
        mode="min",
        num_samples=settings.trials,
        scheduler=scheduler,
        search_alg=BasicVariantGenerator(random_state=settings.seed),
    )
    space = {
        name: (tune.loguniform if name in settings.LOGARITHMIC else tune.uniform)(*span)
        for name, span in settings.space.items()
    }
    where = tune.RunConfig(name=folder.name, storage_path=str(folder.parent), verbose=0, callbacks=[Progress()])
    return tune.Tuner(trainable, param_space=space, tune_config=how, run_config=where)


def _train(drawn: dict[str, Any], data: HeadData, report_steps: int) -> None:
    """Teach one head, on one core of some machine, and report its losses."""
    torch.set_num_threads(1)
    settings = replace(data.settings, **drawn)
    work = Path.cwd() / "work"  # within a folder that Ray has made for this training

    def report(done: int, loss: float) -> None:
        tune.report({STEPS: done, LOSS: loss})

    teach(replace(data, settings=settings), settings.seed, work, report=report, report_steps=report_steps)


def _drawn(result: Any) -> dict[str, float]:
    return {name: float(value) for name, value in result.config.items()}


def _losses(result: Any) -> list[tuple[int, float]]:
    rows = result.metrics_dataframe.sort_values(STEPS).drop_duplicates(STEPS, keep="last")
    return [(int(done), float(loss)) for done, loss in zip(rows[STEPS], rows[LOSS], strict=True)]
