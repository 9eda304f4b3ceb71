"""Closed-loop evaluation: a policy flies unseen seeds through the same pipeline as in flight."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from liquid_nav import __version__, load_policy
from liquid_nav.errors import ConfigError
from liquid_nav.policy.runtime import PRETRAINED, Policy
from sim_worlds.render import make_renderer
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.scene import Renderer
from sim_worlds.seeds import split_seeds
from training.closed_loop import FlightReport, fly_condition
from training.fleet import Job, run_jobs
from training.flight_sheets import FlightSheets
from training.journal import FlightJournal, flown_by, provenance
from training.live_view import Watching
from training.progress import progress_bar
from training.report import write_reports
from training.statistics import wilson_interval
from training.suites import Condition, suite_conditions
from training.viewers import Viewer

EXPERT = "expert"
FLIGHTS, JOURNAL = "flights", "flights.part.jsonl"
MOST_EPISODES, MOST_SHEETS = 10_000, 100


def evaluate(
    suite: str,
    episodes: int,
    seed: int,
    out: Path,
    *,
    policy: Path | None = None,
    expert: bool = False,
    split: str = "test",
    workers: int = 2,
    renderer: str = "auto",
    ray: str | None = None,
    keep_failures: int = 0,
    viewer: Viewer | None = None,
) -> dict[str, Any]:
    """Fly a suite and write ``results.json``, ``flights.json``, ``results.md`` and its pictures.

    When it was killed, the same evaluation goes on with what has not been flown; see :class:`FlightJournal`.

    Args:
        suite: name of a suite or of one condition.
        episodes: flights per condition.
        seed: the worlds derive from it alone.
        out: folder for the files.
        policy: folder of a policy, the shipped one when None.
        expert: let the expert fly instead; it sees the true state and needs no images.
        split: ``"test"``; ``"validation"`` while a policy is being made.
        workers, ray: see :func:`training.fleet.run_jobs`; the results are the same.
        renderer: of the worlds.
        keep_failures: write pictures of so many failed flights of a policy and of the first success of each
            condition; see :class:`FlightSheets`.
        viewer: shows a policy's flights while they are flown, from recordings that stay in ``flights/``.

    Returns:
        What ``results.json`` holds.

    Raises:
        ConfigError: for unknown suites or counts out of range.
        PolicyError: when the policy cannot be loaded.
        WorkerError: when workers keep dying.
    """
    conditions = suite_conditions(suite)
    _check(episodes, keep_failures)
    if viewer is not None:
        _check_watchable(expert, ray)
    pilot = None if expert else load_policy(policy)
    seeds = split_seeds(split, episodes, seed)
    asked = {"suite": suite, "split": split, "seed": seed}
    made = provenance(None if expert else policy or PRETRAINED)  # now: files may be others when the flights have ended
    origin = {**asked, "episodes": episodes, "renderer": renderer, "by": flown_by(made)}
    journal = FlightJournal(out / JOURNAL, origin)
    jobs = _missing(conditions, seeds, journal)
    flights = None if viewer is None else (out / FLIGHTS).resolve()
    make_worker = partial(_Evaluator, pilot, renderer, keep_failures > 0, flights)
    sheets = FlightSheets(out, keep_failures, [condition.name for condition in conditions], journal.reports)
    with journal, nullcontext() if viewer is None or flights is None else Watching(flights, viewer):
        done = run_jobs(jobs, make_worker, workers=workers, ray=ray)
        reports = _fly(done, len(jobs), journal, sheets)
    results = {
        "software": __version__,
        "policy": EXPERT if pilot is None else pilot.name,
        "policy_folder": None if policy is None else str(policy),
        "renderer": renderer,
        **asked,
        **made,
        "workers": workers if ray is None else 0,
        "seconds": round(journal.seconds, 1),
        "conditions": [_summary(condition, seeds, reports) for condition in conditions],
    }
    write_reports(results, [_row(report) for report in reports], out, sheets.write())
    journal.remove()
    return results


def _check(episodes: int, keep_failures: int) -> None:
    if not 1 <= episodes <= MOST_EPISODES:
        raise ConfigError(f"episodes is {episodes}: use 1 to {MOST_EPISODES}")
    if not 0 <= keep_failures <= MOST_SHEETS:
        raise ConfigError(f"keep_failures is {keep_failures}: use 0 to {MOST_SHEETS}")


def _missing(conditions: list[Condition], seeds: list[int], journal: FlightJournal) -> list[Job[tuple[Condition, int]]]:
    """Return the flights that have not ended yet."""
    flown = {(report.condition, report.seed) for report in journal.reports}
    wanted = [(condition, number) for condition in conditions for number in seeds]
    return [Job(f"{each.name} {number}", (each, number)) for each, number in wanted if (each.name, number) not in flown]


def _check_watchable(expert: bool, ray: str | None) -> None:
    if expert or ray is not None:
        who = "the expert, who sees no images" if expert else f"flights on the Ray cluster {ray!r}"
        raise ConfigError(f"{who}, cannot be watched: let a policy fly on this machine")


def _fly(
    done: Generator[tuple[Job[tuple[Condition, int]], FlightReport], None, None],
    count: int,
    journal: FlightJournal,
    sheets: FlightSheets,
) -> list[FlightReport]:
    """Wait for so many flights, and return the reports of all, those of the journal among them, in order."""
    reports = list(journal.reports)
    with progress_bar("flying", len(reports) + count) as advance, closing(done):
        advance(len(reports), "")
        for _, report in done:
            sheets.add(report)
            journal.add(report)
            reports.append(replace(report, sheet=None))
            good = sum(each.result.success for each in reports)
            advance(1, f"{good} of {len(reports)} succeeded")
    return sorted(reports, key=lambda report: (report.condition, report.seed))


class _Evaluator:
    """A worker that flies one seed under one condition after another."""

    def __init__(self, policy: Policy | None, renderer: str, sheets: bool, flights: Path | None) -> None:
        self._policy = policy
        self._sheets, self._flights = sheets, flights
        self._renderer: Renderer = BlindRenderer() if policy is None else make_renderer(renderer)

    def __call__(self, flight: tuple[Condition, int]) -> FlightReport:
        condition, seed = flight
        record = None if self._flights is None else self._flights / f"{condition.name}_{seed}.mcap"
        return fly_condition(condition, seed, self._policy, self._renderer, sheets=self._sheets, record=record)


def _row(report: FlightReport) -> dict[str, Any]:
    """One flight as it stands in ``flights.json``."""
    row = {
        "condition": report.condition,
        "seed": report.seed,
        "distance_m": report.distance_m,
        "touched": report.touched,
        **asdict(report.result),
    }
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}


def _summary(condition: Condition, seeds: list[int], reports: list[FlightReport]) -> dict[str, Any]:
    results = [report.result for report in reports if report.condition == condition.name]
    good = sum(result.success for result in results)
    low, high = wilson_interval(good, len(results))
    return {
        "name": condition.name,
        "world": condition.world,
        "episodes": len(results),
        "success": good / len(results),
        "success_low": low,
        "success_high": high,
        "collisions": sum(result.collision for result in results) / len(results),
        "tsr": sum(result.tsr for result in results) / len(results),
        "seeds": seeds,
    }
