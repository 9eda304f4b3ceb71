"""Collecting episodes of the scripted gamepad pilot in forests of the training split."""

from __future__ import annotations

import json
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from liquid_nav import __version__, load_policy
from liquid_nav.errors import ConfigError
from sim_worlds.render import make_renderer
from sim_worlds.seeds import split_seeds
from training.collect import MANIFEST
from training.fleet import Job, run_jobs
from training.progress import progress_bar
from training.teleop_flight import TeleopFlight, TeleopReport, fly_teleop

SEASONS = ("summer", "summer", "autumn", "spring")
PILOT = "gamepad"
DRAW_OFFSET = 700_000  # apart from the draws of other pilots


def collect_teleop(
    folder: Path, episodes: int, *, seed: int = 0, policy: Path | None = None, workers: int = 1
) -> dict[str, Any]:
    """Fly ``episodes`` flights into a folder; those that are there already are kept.

    Args:
        folder: for the episodes and their manifest.
        episodes: how many the folder shall hold.
        seed: the forests and the persons derive from it.
        policy: flies while the person watches and takes over; None when the person flies alone.
        workers: processes.

    Returns:
        Counts: ``episodes``, ``flown``, ``reached``, ``collisions``, ``steps``, ``labelled``, ``interventions``.

    Raises:
        ConfigError: when the folder holds other episodes.
        PolicyError: when the policy cannot be loaded.
    """
    name = None if policy is None else load_policy(policy).name
    folder.mkdir(parents=True, exist_ok=True)
    flights = [
        TeleopFlight(number, DRAW_OFFSET + 1000 * seed + index, folder / f"{index:05d}_forest_{number}.mcap",
                     SEASONS[index % len(SEASONS)])
        for index, number in enumerate(split_seeds("train", episodes, seed))
    ]  # fmt: skip
    _write_manifest(folder, flights, name, seed)
    for flight in flights:
        flight.path.with_name(flight.path.name + ".part").unlink(missing_ok=True)  # of an interrupted collection
    jobs = [Job(flight.path.name, flight) for flight in flights if not flight.path.exists()]
    reports: list[TeleopReport] = []
    with (
        progress_bar("flying by gamepad", len(jobs)) as advance,
        closing(run_jobs(jobs, partial(_Worker, policy), workers=workers)) as done,
    ):
        for _, report in done:
            reports.append(report)
            advance(1, f"{sum(each.result.success for each in reports)} of {len(reports)} reached the backpack")
    return {
        "episodes": len(flights),
        "flown": len(reports),
        "reached": sum(report.result.success for report in reports),
        "collisions": sum(report.result.collision for report in reports),
        "steps": sum(report.steps for report in reports),
        "labelled": sum(report.labelled for report in reports),
        "interventions": sum(report.interventions for report in reports),
    }


class _Worker:
    """Flies one seed after another."""

    def __init__(self, policy: Path | None) -> None:
        self._policy = None if policy is None else load_policy(policy)
        self._renderer = make_renderer("auto")

    def __call__(self, flight: TeleopFlight) -> TeleopReport:
        return fly_teleop(flight, self._renderer, self._policy)


def _write_manifest(folder: Path, flights: list[TeleopFlight], policy: str | None, seed: int) -> None:
    path = folder / MANIFEST
    kind = f"{PILOT} {seed} {policy or 'alone'}"
    manifest = {
        "software": __version__,
        "config_hash": kind,
        "pilot": PILOT,
        "policy": policy,
        "worlds": ["forest"],
        "split": "train",
        "seeds": [flight.seed for flight in flights],
    }
    if path.exists() and json.loads(path.read_text()).get("config_hash") != kind:
        raise ConfigError(f"{folder} holds episodes of another pilot, seed or policy: choose another folder")
    path.write_text(json.dumps(manifest, indent=1) + "\n")
