"""Closed-loop evaluation: a policy flies unseen seeds through the same pipeline as in flight."""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from liquid_nav import __version__, load_policy
from liquid_nav.errors import ConfigError
from liquid_nav.pipeline import FlightPipeline
from liquid_nav.policy.runtime import Policy
from liquid_nav.safety import SafetyConfig
from sim_worlds.missions import MissionResult, make_mission
from sim_worlds.scene import Renderer
from sim_worlds.seeds import split_seeds
from sim_worlds.world import World, make_world
from training.expert import Expert
from training.progress import progress_bar
from training.report import write_reports
from training.statistics import wilson_interval
from training.suites import Condition, suite_conditions

EXPERT = "expert"
PERIOD_S = 0.05


@dataclass(frozen=True)
class FlightReport:
    """One evaluated flight."""

    condition: str
    seed: int
    result: MissionResult


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
) -> dict[str, Any]:
    """Fly a suite and write ``results.json``, ``results.md`` and ``flights.json``.

    Args:
        suite: name of a suite or of one condition.
        episodes: flights per condition.
        seed: the worlds derive from it alone.
        out: folder for the files.
        policy: folder of a policy, the shipped one when None.
        expert: let the expert fly instead; it sees the true state and needs no images.
        split: ``"test"``; ``"validation"`` while a policy is being made.
        workers: processes.
        renderer: of the worlds.

    Returns:
        What ``results.json`` holds.

    Raises:
        ConfigError: for unknown suites or counts out of range.
        PolicyError: when the policy cannot be loaded.
    """
    conditions = suite_conditions(suite)
    if not 1 <= episodes <= 10_000 or workers < 1:
        raise ConfigError(f"episodes is {episodes}, workers is {workers}: use 1 or more")
    name = EXPERT if expert else load_policy(policy).name
    seeds = split_seeds(split, episodes, seed)
    reports = _fly_all(conditions, seeds, None if expert else (policy or ""), renderer, workers)
    results = {
        "software": __version__,
        "policy": name,
        "suite": suite,
        "split": split,
        "seed": seed,
        "conditions": [_summary(condition, seeds, reports) for condition in conditions],
    }
    out.mkdir(parents=True, exist_ok=True)
    flights = [{"condition": report.condition, "seed": report.seed, **asdict(report.result)} for report in reports]
    (out / "flights.json").write_text(json.dumps(flights, indent=1) + "\n")
    write_reports(results, out)
    return results


def _fly_all(
    conditions: list[Condition], seeds: list[int], policy: Path | str | None, renderer: str, workers: int
) -> list[FlightReport]:
    """Fly every seed under every condition, in worker processes; return the reports in a fixed order."""
    reports: list[FlightReport] = []
    context = multiprocessing.get_context("spawn")
    with (
        progress_bar("flying", len(conditions) * len(seeds)) as advance,
        ProcessPoolExecutor(
            workers, mp_context=context, initializer=_start_worker, initargs=(policy, renderer)
        ) as pool,
    ):
        running = [pool.submit(_fly_worker, condition, number) for condition in conditions for number in seeds]
        for done in as_completed(running):
            reports.append(done.result())
            good = sum(report.result.success for report in reports)
            advance(1, f"{good} of {len(reports)} succeeded")
    return sorted(reports, key=lambda report: (report.condition, report.seed))


def fly(world: World, condition: Condition, policy: Policy | None) -> MissionResult:
    """Fly one mission to its end, by a policy or by the expert."""
    mission = make_mission(world, condition.follow_s)
    if policy is None:
        pilot = Expert(world, moving_target=mission.name == "follow_target")
        while not mission.done:
            world.step(pilot.command(), PERIOD_S)
            mission.update(world)
        return mission.result()
    pipeline = FlightPipeline(policy, SafetyConfig(geofence_half_size_m=world.scene.half_size_m + 20.0))
    while not mission.done:
        verdict = pipeline.step(world.camera_frame(), world.odometry, world.time_s)
        world.step(verdict.command, PERIOD_S)
        mission.update(world)
    return mission.result()


_POLICY: Policy | None = None
_RENDERER: Renderer | None = None


def _start_worker(policy: Path | str | None, renderer: str) -> None:
    """Give a worker one core, its policy and a renderer; ``None`` stands for the expert."""
    global _POLICY, _RENDERER
    os.environ["LP_NUM_THREADS"] = "1"
    import torch

    from sim_worlds.render import make_renderer
    from sim_worlds.render.blind import BlindRenderer

    torch.set_num_threads(1)
    _POLICY = None if policy is None else load_policy(policy or None)
    _RENDERER = BlindRenderer() if policy is None else make_renderer(renderer)


def _fly_worker(condition: Condition, seed: int) -> FlightReport:
    assert _RENDERER is not None
    world = make_world(condition.world, seed, renderer=_RENDERER, **condition.options)
    try:
        return FlightReport(condition.name, seed, fly(world, condition, _POLICY))
    finally:
        world.close()


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
