"""Searching for the settings of a head with Ray Tune: many trainings behind one eye, of which the poor ones end early.

Settings are drawn at random and compared by the loss on the sequences kept back; trainings that are behind after a few
hundred steps stop (ASHA, Li et al., "A system for massively parallel hyperparameter tuning", arXiv:1810.05934). A lower
loss is no better flight: fly what comes out.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import yaml

from liquid_nav import __version__
from liquid_nav.errors import ConfigError, TrainingError
from training.cache import require_episodes
from training.head import head_task, look
from training.progress import progress_bar
from training.ray_fleet import connection, import_ray
from training.result_plots import plot_sweep
from training.settings import HeadSettings, SweepSettings, config_hash

RUNS, HEAD_FILE, IDENTITY = "runs", "head.yaml", "identity"


@dataclass(frozen=True)
class Run:
    """One training of a sweep.

    Attributes:
        drawn: settings by name.
        losses: on the sequences kept back, (steps, loss), in the order of steps; infinite when it ran away.
        ended_early: because others were better.
    """

    drawn: dict[str, float]
    losses: list[tuple[int, float]]
    ended_early: bool

    @property
    def loss(self) -> float:
        """The last one."""
        return self.losses[-1][1]


def sweep(
    settings: SweepSettings,
    head: HeadSettings,
    episodes: list[Path],
    eye: Path,
    out: Path,
    *,
    model: str = "",
    workers: int = 2,
    ray: str = "auto",
) -> list[Run]:
    """Search; write ``sweep.json``, ``sweep.md``, ``sweep.png`` and the best settings as ``head.yaml``.

    Goes on where it was killed.

    Args:
        settings: what to draw and how often.
        head: everything that is not drawn.
        episodes: folders of episodes; forests only.
        eye: folder of the policy whose eye looks.
        out: folder for the files; ``runs`` has the logs of all trainings for TensorBoard.
        model: of :data:`liquid_nav.policy.heads.MODELS`; the eye's own when empty.
        workers: trainings at once, one core each, on a cluster that is started here.
        ray: see :func:`training.ray_fleet.run_on_ray`.

    Returns:
        The runs, best first: those that went to the end before those that did not, those that ran away last.

    Raises:
        ConfigError: for impossible settings, without Ray Tune, for episodes from elsewhere than forests, or another
            sweep in ``out``.
        EpisodeError: for damaged or missing episodes.
        PolicyError: when the eye cannot be loaded.
        TrainingError: when all trainings ran away.
        WorkerError: when a training failed.
    """
    search = _import_tune()
    torch.set_num_threads(head.threads)
    # What cannot be is refused at once.
    highest: dict[str, Any] = {name: span[1] for name, span in settings.space.items()}
    hardest, work = replace(head, steps=settings.steps, **highest), out / "work"
    if (out / IDENTITY).exists():
        require_episodes(episodes, work / "cache")
    task, cache = head_task(hardest, episodes, eye, work, model=model)
    _claim(out, f"{task.seen} {config_hash(settings)} {config_hash(head)} {task.model}")
    data = look(task, cache, work)
    with (
        progress_bar("sweeping", settings.trials) as advance,
        open(os.devnull, "w") as nowhere,
        redirect_stdout(nowhere),
        connection(import_ray(), ray, workers),
    ):
        trainings = search(settings, data, (out / RUNS).resolve(), advance)
    runs = [Run(drawn, losses, losses[-1][0] < settings.steps) for drawn, losses in trainings]
    runs.sort(key=lambda run: (math.isinf(run.loss), run.ended_early, run.loss))
    if math.isinf(runs[0].loss):
        raise TrainingError(
            f"all {len(runs)} trainings ran away: use lower learning rates, in 'space' or in 'head', and another folder"
        )
    facts = {"software": __version__, "eye": eye.name, "model": data.model, "images": data.images}
    _write(facts, settings, head, runs, out)
    return runs


def _write(facts: dict[str, Any], settings: SweepSettings, head: HeadSettings, runs: list[Run], out: Path) -> None:
    """Write what was found; the runs come best first."""
    found = {"settings": asdict(settings), "head": asdict(head), "runs": [_without_infinity(run) for run in runs]}
    (out / "sweep.json").write_text(json.dumps(facts | found, indent=1) + "\n")
    (out / "sweep.md").write_text(sweep_table(runs))
    plot_sweep([(run.drawn, run.losses, run.ended_early) for run in runs], out / "sweep.png")
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(head).items()}
    best = {"head": {**plain, **runs[0].drawn}}
    note = f"# The best of {len(runs)} draws: loss {runs[0].loss:.4f} after {settings.steps} steps.\n"
    (out / HEAD_FILE).write_text(note + yaml.safe_dump(best, sort_keys=False))


def sweep_table(runs: list[Run]) -> str:
    """Return a Markdown table of runs."""
    names = list(runs[0].drawn)
    lines = [f"| {' | '.join(names)} | steps | loss |", "|---" * (len(names) + 2) + "|"]
    for run in runs:
        values = " | ".join(f"{run.drawn[name]:.3g}" for name in names)
        lines.append(f"| {values} | {run.losses[-1][0]} | {run.loss:.4f} |")
    return "\n".join(lines) + "\n"


def _without_infinity(run: Run) -> dict[str, Any]:
    """Return a run as JSON can hold it: a loss that ran away is null."""
    losses = [(done, loss if math.isfinite(loss) else None) for done, loss in run.losses]
    return {**asdict(run), "losses": losses, "loss": losses[-1][1]}


def _claim(out: Path, identity: str) -> None:
    """Name the sweep of a folder.

    Raises:
        ConfigError: when the folder has another one.
    """
    name = out / IDENTITY
    if name.exists() and name.read_text() != identity:
        raise ConfigError(f"{out} holds a sweep of other settings, data or another eye: use another folder")
    out.mkdir(parents=True, exist_ok=True)
    name.write_text(identity)


def _import_tune() -> Callable[..., list[tuple[dict[str, float], list[tuple[int, float]]]]]:
    """Return :func:`training.tuner.search`, which needs Ray Tune."""
    import_ray()
    os.environ["TUNE_DISABLE_SIGINT_HANDLER"] = "1"  # Ctrl-C ends the command; the same command goes on
    os.environ.setdefault("TUNE_GLOBAL_CHECKPOINT_S", "2")  # so much is lost then, and the trainings that had begun
    try:
        from training.tuner import search
    except ImportError as error:
        raise ConfigError("Ray Tune is not installed: run `pip install 'liquid_nav[tune]'`") from error
    return search
