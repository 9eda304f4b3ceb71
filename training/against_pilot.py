"""A policy against a recorded pilot: the same worlds, one flown by hand and recorded, one by the policy today."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liquid_nav import __version__, load_policy
from liquid_nav.data import EpisodeFile, EpisodeMetadata, open_episode
from liquid_nav.data.summary import episode_files
from liquid_nav.errors import EpisodeError
from liquid_nav.policy.runtime import Policy
from sim_worlds.missions import MissionResult
from sim_worlds.render import make_renderer
from sim_worlds.scene import Renderer, Start
from training.closed_loop import fly, open_world
from training.origin import options_of, origin_of, statuses
from training.progress import progress_bar
from training.run_folder import write_json
from training.statistics import wilson_interval
from training.suites import Condition

HUMAN, RECORDED = "human", Path("data/teleop")
TURNED = "turned_rad"  # of an episode's metadata: how far its start was turned from that of the world


@dataclass(frozen=True)
class Outcome:
    """How a flight ended."""

    success: bool
    collision: bool
    duration_s: float


def outcome_facts(result: MissionResult) -> dict[str, str]:
    """Return a result as an episode's metadata holds it."""
    return {
        "success": str(result.success), "collision": str(result.collision),
        "duration_s": f"{result.duration_s:.2f}", "reason": result.reason,
    }  # fmt: skip


def outcome_of(episode: EpisodeFile) -> Outcome | None:
    """Return how a recorded flight ended, from its metadata or the simulation's last word; None if nobody says."""
    extra = episode.metadata.extra
    if "success" in extra:
        return Outcome(extra["success"] == "True", extra["collision"] == "True", float(extra["duration_s"]))
    _, values = (statuses(episode) or [(0, {})])[-1]
    if "success" not in values:
        return None
    return Outcome(bool(values["success"]), bool(values["collision"]), float(values["duration_s"]))


def condition_of(meta: EpisodeMetadata) -> Condition:
    """Return the world of an episode with its options."""
    return Condition(f"{meta.world} {meta.seed}", meta.world, options_of(meta))


def compare_with_pilot(
    folder: Path, out: Path, policy: Path | None = None, *, renderer: str = "auto"
) -> dict[str, Any]:
    """Fly a policy in every world that a pilot flew in and write ``results.json`` and ``results.md``.

    Args:
        folder: of the pilot's episodes.
        out: folder for the results.
        policy: folder of the policy, the shipped one when None.
        renderer: of the worlds.

    Returns:
        What ``results.json`` holds: for ``pilot`` and ``policy`` rates with 95% intervals, and a row for each world.

    Raises:
        EpisodeError: when an episode names no simulated world or nobody says how it ended.
        PolicyError: when the policy cannot be loaded.
    """
    flyer = load_policy(policy)
    flights = []
    for file in episode_files([folder]):
        episode = open_episode(file)
        outcome = outcome_of(episode)
        if outcome is None:
            raise EpisodeError(f"{file} does not say how its flight ended: record with sim/status")
        meta = origin_of(episode)
        flights.append((condition_of(meta), meta, outcome))
    out.mkdir(parents=True, exist_ok=True)  # before everything is flown
    drawer, rows = make_renderer(renderer), []
    with progress_bar("flying", len(flights)) as advance:
        for condition, meta, outcome in flights:
            result = _fly_again(condition, meta, flyer, drawer)
            rows.append({
                "world": meta.world, "seed": meta.seed,
                "pilot_success": outcome.success, "pilot_s": outcome.duration_s,
                "policy_success": result.success, "policy_s": round(result.duration_s, 2),
                "pilot_collision": outcome.collision, "policy_collision": result.collision,
            })  # fmt: skip
            advance(1, condition.name)
    drawer.close()
    results = {
        "software": __version__,
        "baseline": sorted({meta.pilot or HUMAN for _, meta, _ in flights}),
        "policy": flyer.name,
        "recordings": folder.name,
        "pilot_rates": _rates(rows, "pilot"),
        "policy_rates": _rates(rows, "policy"),
        "flights": rows,
    }
    (out / "results.md").write_text(_table(results))
    write_json(out / "results.json", results)
    return results


def _fly_again(condition: Condition, meta: EpisodeMetadata, flyer: Policy, renderer: Renderer) -> MissionResult:
    """Fly a policy from where the pilot began."""
    world = open_world(condition, meta.seed, renderer)
    try:
        turned_rad = float(meta.extra.get(TURNED, "0"))
        if turned_rad:
            world.restart_at(Start(world.start.position_enu_m, world.start.yaw_rad + turned_rad))
        return fly(world, condition, flyer)
    finally:
        world.close()


def _rates(rows: list[dict[str, Any]], who: str) -> dict[str, float]:
    good = [row for row in rows if row[f"{who}_success"]]
    low, high = wilson_interval(len(good), len(rows))
    return {
        "flights": len(rows),
        "success": len(good) / len(rows),
        "success_low": low,
        "success_high": high,
        "collisions": sum(row[f"{who}_collision"] for row in rows) / len(rows),
        "mean_s": sum(row[f"{who}_s"] for row in good) / max(1, len(good)),
    }


def _table(results: dict[str, Any]) -> str:
    lines = [
        f"Policy `{results['policy']}` in the worlds of the recordings in `{results['recordings']}`.", "",
        "| who | flights | success | 95% interval | collisions | time when it succeeds |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, key in ((", ".join(results["baseline"]), "pilot_rates"), (results["policy"], "policy_rates")):
        rates = results[key]
        lines.append(
            f"| {name} | {rates['flights']} | {rates['success']:.0%} | {100 * rates['success_low']:.0f} to "
            f"{100 * rates['success_high']:.0f}% | {rates['collisions']:.0%} | {rates['mean_s']:.1f} s |"
        )
    return "\n".join(lines) + "\n"
