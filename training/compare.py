"""Comparing models behind a common eye: the same features, budget and number of trials for each, then flights."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from liquid_nav import __version__
from liquid_nav.errors import ConfigError
from liquid_nav.policy.checkpoint import load_network, save_policy
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.heads import MODELS
from liquid_nav.policy.network import LiquidPolicyNetwork
from sim_worlds.seeds import split_seeds
from training.cache import Cache, open_cache
from training.evaluate import MOST_EPISODES, evaluate
from training.features import name_of, see
from training.fleet import Job, run_jobs
from training.heads import EYE, HeadTrainer, Trial, TrialResult, draw_trials, require_gaze
from training.journal import provenance
from training.progress import progress_bar
from training.result_plots import plot_comparison
from training.run_folder import write_json
from training.settings import CompareSettings
from training.statistics import wilson_interval
from training.suites import suite_conditions
from training.train import check_image_size, policy_name

TRIALS = "trials.jsonl"


def compare(
    settings: CompareSettings,
    episodes: list[Path],
    eye: Path,
    out: Path,
    *,
    suites: tuple[str, ...],
    flights: int,
    seed: int = 0,
    split: str = "validation",
    workers: int = 2,
    ray: str | None = None,
) -> dict[str, Any]:
    """Tune, train and fly every model; write ``comparison.json``, ``.md`` and ``.png``.

    Goes on where it was killed; what was done with other code, data or settings is done anew.

    Args:
        settings: models and budget.
        episodes: folders that ``collect`` wrote.
        eye: policy folder whose encoder, frozen, all models share.
        out: folder for features, trials, policies, flights and the table.
        suites: to fly, or single conditions.
        flights: per condition and trained policy.
        seed: the worlds derive from it; each training of a model flies other worlds, the same as that of the others.
        split: ``"validation"`` or, once everything is decided, ``"test"``.
        workers, ray: see :func:`training.fleet.run_jobs`.

    Raises:
        ConfigError: for impossible settings, unknown suites or counts out of range.
        PolicyError: when the eye cannot be loaded.
        EpisodeError: for damaged or missing episodes.
        WorldError: for an unknown split.
    """
    _check_flights(suites, flights, seed, split)
    _load_eye(settings, eye)
    cache = open_cache(episodes, out / "cache")
    finals, done, network, cpu_s = train_models(settings, cache, eye, out, workers=workers, ray=ray)
    rows = []
    for model in settings.models:
        flown: list[dict[str, Any]] = []
        for trial in finals[model]:
            policy, worlds = done[trial.name].policy, seed + trial.seed
            for suite in suites:
                if policy is None:
                    flown.append(_not_flown(suite, flights))
                    continue
                where = policy / "flights" / f"{suite}-{split}-{worlds}-{flights}"
                flown.append(_fly(policy, where, suite, flights, worlds, split, workers, ray))
        rows.append(_row(finals[model], done, flown, network.config))
    rows.sort(key=lambda row: -mean([each["success"] for each in row["conditions"].values()]))
    answer = {
        "software": __version__,
        "eye": eye.name,
        "split": split,
        "seed": seed,
        "settings": asdict(settings),
        "models": rows,
        "train_cpu_hours": round(cpu_s / 3600.0, 2),
    }
    write_json(out / "comparison.json", answer)
    (out / "comparison.md").write_text(comparison_table(answer))
    plot_comparison(rows, out / "comparison.png")
    return answer


def train_models(
    settings: CompareSettings, cache: Cache, eye: Path, out: Path, *, workers: int = 2, ray: str | None = None
) -> tuple[dict[str, list[Trial]], dict[str, TrialResult], LiquidPolicyNetwork, float]:
    """Tune and train every model behind the same eye; see :func:`compare`.

    Returns:
        The final trainings of each model, their results by name, the eye, and the processor time of all.
    """
    network = _load_eye(settings, eye)
    check_image_size(cache, network.config)
    seen = name_of(cache, network, eye, settings)
    learn, check = see(cache, network, settings, seen, out)
    changes = (f"{name} {value}" for name, value in settings.changes.items() if value)
    worker = partial(HeadTrainer, network.config, learn, check, settings.changes)
    bench = _Bench(out, " ".join([seen, *changes, provenance(None)["code"]]), worker, workers, ray)
    searches = {model: draw_trials(settings, model, network.config.units) for model in settings.models}
    found = bench.do([trial for trials in searches.values() for trial in trials], "tuning")
    tuned = {model: min(trials, key=lambda trial: found[trial.name].loss) for model, trials in searches.items()}
    finals = {
        model: [
            Trial(model, best.units, best.learning_rate, settings.steps, settings.batch, number, final=True)
            for number in range(settings.seeds)
        ]
        for model, best in tuned.items()
    }
    done = bench.do([trial for trials in finals.values() for trial in trials], "training", network)
    cpu_s = sum(result.cpu_s for result in (*found.values(), *done.values()))
    return finals, done, network, cpu_s


def _check_flights(suites: tuple[str, ...], flights: int, seed: int, split: str) -> None:
    """Refuse at once what an evaluation would refuse after hours of training."""
    for suite in suites:
        suite_conditions(suite)
    if not 1 <= flights <= MOST_EPISODES:
        raise ConfigError(f"flights is {flights}: use 1 to {MOST_EPISODES}")
    split_seeds(split, flights, seed)


def _load_eye(settings: CompareSettings, eye: Path) -> LiquidPolicyNetwork:
    network, _ = load_network(eye)
    require_gaze(settings.changes, network.config, eye)
    return network


class _Bench:
    """Does trials on all processes and remembers those done, so that a killed comparison goes on.

    What was done counts where ``seen``, which names data, settings and code, is the same.
    A training that ran away has been done as well, with an infinite loss and without a policy.
    """

    def __init__(self, out: Path, seen: str, make_worker: partial[HeadTrainer], workers: int, ray: str | None) -> None:
        self.out, self.seen, self.make_worker, self.workers, self.ray = out, seen, make_worker, workers, ray
        self._rows = self._read()

    def do(self, trials: list[Trial], title: str, eye: LiquidPolicyNetwork | None = None) -> dict[str, TrialResult]:
        """Return the results by name; weights go into policy folders, with the parts of ``eye`` around them."""
        results = {trial.name: known for trial in trials if (known := self._known(trial)) is not None}
        jobs = [Job(trial.name, trial) for trial in trials if trial.name not in results]
        with (
            progress_bar(title, len(trials)) as advance,
            closing(run_jobs(jobs, self.make_worker, workers=self.workers, ray=self.ray)) as answers,
        ):
            advance(len(results), "")
            for job, result in answers:
                if result.weights is not None and eye is not None:
                    policy = self._folder(job.payload)
                    _save(policy, job.payload, result, eye)
                    result = replace(result, policy=policy)
                results[job.name] = result
                loss = result.loss if math.isfinite(result.loss) else None  # JSON knows no infinity
                self._rows.append({"name": job.name, "seen": self.seen, "loss": loss, "cpu_s": result.cpu_s})
                with (self.out / TRIALS).open("a") as file:
                    file.write(json.dumps(self._rows[-1]) + "\n")
                advance(1, f"{job.payload.model}: {result.loss:.3f}")
        return results

    def _known(self, trial: Trial) -> TrialResult | None:
        """Return what came of a trial, None when it has not been done or its policy is gone."""
        for row in reversed(self._rows):
            if (row["name"], row["seen"]) == (trial.name, self.seen):
                loss = math.inf if row["loss"] is None else row["loss"]
                policy = self._folder(trial) if trial.final and math.isfinite(loss) else None
                return TrialResult(loss, row["cpu_s"], policy=policy) if policy is None or policy.is_dir() else None
        return None

    def _folder(self, trial: Trial) -> Path:
        """Return where a final training's policy is kept: another one for other data or another budget."""
        digest = hashlib.sha256(f"{self.seen} {trial.name}".encode()).hexdigest()[:6]
        name = f"{trial.model}-{trial.units}-{trial.learning_rate:.3g}-{trial.seed}-{digest}"
        return self.out / "policies" / name

    def _read(self) -> list[dict[str, Any]]:
        """Return the rows of all trials done before, and drop from the file a line within which it was killed."""
        path = self.out / TRIALS
        text = path.read_text() if path.exists() else ""
        rows = []
        for line in text.splitlines():
            try:
                row = json.loads(line)
                rows.append({key: row[key] for key in ("name", "seen", "loss", "cpu_s")})
            except (json.JSONDecodeError, KeyError, TypeError):
                continue
        whole = "".join(json.dumps(row) + "\n" for row in rows)
        if text != whole:
            part = path.with_suffix(".part")
            part.write_text(whole)
            part.replace(path)
        return rows


def _save(folder: Path, trial: Trial, result: TrialResult, eye: LiquidPolicyNetwork) -> None:
    assert result.weights is not None
    network = LiquidPolicyNetwork(replace(eye.config, model=trial.model, units=trial.units))
    state = {key: value for key, value in eye.state_dict().items() if key.startswith(EYE)}
    state |= {key: torch.from_numpy(value) for key, value in result.weights.items()}
    network.load_state_dict(state)
    name = f"{policy_name(network.config)}-{trial.seed}"
    facts = {"trial": asdict(trial), "validation_command_loss": result.loss}
    card = f"# {name}\n\nA {MODELS[trial.model].title} head behind a frozen eye, trained by `liquid-nav compare`.\n"
    shutil.rmtree(folder, ignore_errors=True)  # with flights of what was there before
    save_policy(network, folder, name=name, training=facts, card=card)


def _fly(
    policy: Path, where: Path, suite: str, flights: int, seed: int, split: str, workers: int, ray: str | None
) -> dict[str, Any]:
    """Fly a suite, or read what the same weights and code flew before."""
    done, made = where / "results.json", provenance(policy)
    if done.exists():
        answer: dict[str, Any] = json.loads(done.read_text())
        if all(answer.get(key) == made[key] for key in ("weights", "code")):
            return answer
    return evaluate(suite, flights, seed, where, policy=policy, split=split, workers=workers, ray=ray)


def _not_flown(suite: str, flights: int) -> dict[str, Any]:
    """Return what is counted for a training that ran away: no flight that succeeds."""
    nothing = {"episodes": flights, "success": 0.0, "collisions": 0.0, "tsr": 0.0}
    return {"conditions": [{"name": condition.name, **nothing} for condition in suite_conditions(suite)]}


def _row(
    trials: list[Trial], results: dict[str, TrialResult], flown: list[dict[str, Any]], config: PolicyConfig
) -> dict[str, Any]:
    """Sum up a model over its seeds."""
    best = trials[0]
    chosen = replace(config, model=best.model, units=best.units)
    head = LiquidPolicyNetwork(chosen).head
    losses = [results[trial.name].loss for trial in trials if math.isfinite(results[trial.name].loss)]
    conditions: dict[str, list[dict[str, Any]]] = {}
    for answer in flown:
        for condition in answer["conditions"]:
            conditions.setdefault(condition["name"], []).append(condition)
    return {
        "model": best.model,
        "units": chosen.neurons,
        "learning_rate": best.learning_rate,
        "parameters": sum(value.numel() for value in head.parameters()),
        "validation_loss": mean(losses) if losses else None,
        "validation_loss_range": [min(losses), max(losses)] if losses else None,
        "ran_away": len(trials) - len(losses),
        "train_cpu_s": mean(results[trial.name].cpu_s for trial in trials),
        "conditions": {name: _pooled(parts) for name, parts in conditions.items()},
    }


def _pooled(parts: list[dict[str, Any]]) -> dict[str, Any]:
    total = sum(part["episodes"] for part in parts)
    good = sum(round(part["success"] * part["episodes"]) for part in parts)
    low, high = wilson_interval(good, total)
    rates = [part["success"] for part in parts]
    return {
        "flights": total,
        "success": good / total,
        "success_low": low,
        "success_high": high,
        "by_seed": rates,
        "collisions": sum(part["collisions"] * part["episodes"] for part in parts) / total,
        "tsr": sum(part["tsr"] * part["episodes"] for part in parts) / total,
    }


def comparison_table(answer: dict[str, Any]) -> str:
    """Return a Markdown table, the models in their order, which is that of their success."""
    rows = answer["models"]
    if not rows:
        raise ConfigError("no models were compared: name at least one")
    names = list(rows[0]["conditions"])
    head = " | ".join(f"{name}: success (95%), by seed, collisions" for name in names)
    budget = answer["settings"]
    lines = [
        f"Eye of `{answer['eye']}`, liquid_nav {answer['software']}, {answer['split']} seeds derived from "
        f"{answer['seed']} on, other ones for each training; {budget['trials']} trials of "
        f"{budget['search_steps']} steps and {budget['seeds']} trainings of {budget['steps']} steps for each model.",
        "",
        f"| model | units | rate | parameters | loss | {head} |",
        "|---|---|---|---|---|" + "---|" * len(names),
    ]
    for row in rows:
        cells = " | ".join(_cell(row["conditions"][name]) for name in names)
        lines.append(
            f"| {row['model']} | {row['units']} | {row['learning_rate']:.2g} | {row['parameters']} | "
            f"{_losses(row)} | {cells} |"
        )
    return "\n".join(lines) + "\n"


def _losses(row: dict[str, Any]) -> str:
    away = f"{row['ran_away']} ran away" if row.get("ran_away") else ""
    if row["validation_loss"] is None:
        return away
    low, high = row["validation_loss_range"]
    return f"{row['validation_loss']:.3f} ({low:.3f} to {high:.3f})" + f", {away}" * bool(away)


def _cell(condition: dict[str, Any]) -> str:
    seeds = ", ".join(f"{100 * rate:.0f}" for rate in condition["by_seed"])
    return (
        f"{100 * condition['success']:.0f}% ({100 * condition['success_low']:.0f} to "
        f"{100 * condition['success_high']:.0f}), [{seeds}], {100 * condition['collisions']:.0f}%"
    )
