"""Collecting sessions of the scripted gamepad pilot, or the expert's on the same ways, in training forests."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from liquid_nav import __version__, load_policy
from liquid_nav.errors import ConfigError
from sim_worlds.render import make_renderer
from sim_worlds.seeds import split_seeds
from training.collect import MANIFEST, read_manifest
from training.fleet import Job, run_jobs
from training.progress import progress_bar
from training.run_folder import write_json
from training.teleop_flight import TeleopFlight, TeleopReport, fly_teleop

SEASONS = ("summer", "summer", "autumn", "spring")
PILOT, EXPERT = "gamepad", "expert"
DRAW_OFFSET = 700_000  # apart from the draws of other pilots


def collect_teleop(
    folder: Path,
    episodes: int,
    *,
    seed: int = 0,
    policy: Path | None = None,
    session_s: float = 0.0,
    expert: bool = False,
    workers: int = 1,
) -> dict[str, Any]:
    """Fly ``episodes`` sessions into a folder; those that are there already are kept, and more can be added.

    Args:
        folder: for the episodes and their manifest.
        episodes: how many the folder shall hold.
        seed: the forests, the starts and the persons derive from it.
        policy: flies while the person watches and takes over; None when the person flies alone.
        session_s: seconds of each episode, one approach after the other; 0 for a single approach.
        expert: instead of the person the expert flies, from the same starts in the same forests.
        workers: processes.

    Returns:
        Counts: ``episodes``, ``flown``, ``approaches``, ``reached``, ``collisions``, ``steps``, ``labelled``,
        ``interventions``.

    Raises:
        ConfigError: when the folder holds other episodes, its manifest is damaged, or the expert shall watch a policy.
        PolicyError: when the policy cannot be loaded.
    """
    if expert and policy is not None:
        raise ConfigError(f"the expert watches no policy: leave {policy} out, or use `liquid-nav collect --policy`")
    name = None if policy is None else load_policy(policy).name
    folder.mkdir(parents=True, exist_ok=True)
    pilot = EXPERT if expert else PILOT
    kind = f"{pilot} {seed} {name or 'alone'}" + (f" {session_s:g} s" if session_s else "")
    known = _seeds_of(folder, kind)
    fresh = [number for number in split_seeds("train", episodes, seed) if number not in known]
    seeds = [*known, *fresh][: max(episodes, len(known))]
    _write_manifest(folder, seeds, pilot, name, kind)
    flights = [
        TeleopFlight(number, DRAW_OFFSET + 1000 * seed + index, folder / f"{index:05d}_forest_{number}.mcap",
                     SEASONS[index % len(SEASONS)], session_s, expert)
        for index, number in enumerate(seeds[:episodes])
    ]  # fmt: skip
    for flight in flights:
        flight.path.with_name(flight.path.name + ".part").unlink(missing_ok=True)  # of an interrupted collection
    reports = _fly([flight for flight in flights if not flight.path.exists()], policy, workers)
    results = [result for report in reports for result in report.results]
    return {
        "episodes": len(flights),
        "flown": len(reports),
        "approaches": len(results),
        "reached": sum(result.success for result in results),
        "collisions": sum(result.collision for result in results),
        "steps": sum(report.steps for report in reports),
        "labelled": sum(report.labelled for report in reports),
        "interventions": sum(report.interventions for report in reports),
    }


def _fly(flights: list[TeleopFlight], policy: Path | None, workers: int) -> list[TeleopReport]:
    jobs = [Job(flight.path.name, flight) for flight in flights]
    reports: list[TeleopReport] = []
    with (
        progress_bar("flying by gamepad", len(jobs)) as advance,
        closing(run_jobs(jobs, partial(_Worker, policy), workers=workers)) as done,
    ):
        for _, report in done:
            reports.append(report)
            results = [result for each in reports for result in each.results]
            advance(1, f"{sum(result.success for result in results)} of {len(results)} reached the backpack")
    return reports


class _Worker:
    """Flies one seed after another."""

    def __init__(self, policy: Path | None) -> None:
        self._policy = None if policy is None else load_policy(policy)
        self._renderer = make_renderer("auto")

    def __call__(self, flight: TeleopFlight) -> TeleopReport:
        return fly_teleop(flight, self._renderer, self._policy)


def _seeds_of(folder: Path, kind: str) -> list[int]:
    """Return the seeds that a folder's manifest names, in the order of its flights."""
    if not (folder / MANIFEST).exists():
        return []
    manifest: dict[str, Any] = read_manifest(folder)
    if manifest.get("config_hash") != kind:
        raise ConfigError(f"{folder} holds episodes of another pilot, seed, policy or length: choose another folder")
    return [int(seed) for seed in manifest.get("seeds", [])]


def _write_manifest(folder: Path, seeds: list[int], pilot: str, policy: str | None, kind: str) -> None:
    manifest = {
        "software": __version__,
        "config_hash": kind,
        "pilot": pilot,
        "policy": policy,
        "worlds": ["forest"],
        "split": "train",
        "seeds": seeds,
    }
    write_json(folder / MANIFEST, manifest)
