"""Collecting episodes: the expert flies, or labels what a policy flies, in forests of the training split."""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from liquid_nav import __version__
from liquid_nav.data import EpisodeMetadata, EpisodeWriter
from liquid_nav.errors import ConfigError
from sim_worlds.missions import FlyToTarget
from sim_worlds.scene import Renderer, Start
from sim_worlds.seeds import split_seeds
from sim_worlds.world import World, make_world
from training.disturbance import Disturbance
from training.expert import Expert
from training.progress import progress_bar
from training.settings import CollectSettings, config_hash

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Flight:
    """One flight to make: everything a worker needs to know.

    Attributes:
        seed: of the world.
        draw: of everything random in the flight.
        path: of the episode.
        policy: folder of the policy that flies, None for the expert.
    """

    seed: int
    draw: int
    path: Path
    policy: Path | None


def collect(
    settings: CollectSettings, folder: Path, episodes: int, *, workers: int = 2, policy: Path | None = None
) -> dict[str, int]:
    """Fly ``episodes`` flights into a folder; those that are there already are kept.

    Returns:
        Counts: ``episodes``, ``flown``, ``steps``, ``collisions``.

    Raises:
        ConfigError: when the folder holds episodes of other settings or nothing is to be flown.
    """
    if episodes < 1 or workers < 1:
        raise ConfigError(f"episodes is {episodes}, workers is {workers}: use 1 or more")
    folder.mkdir(parents=True, exist_ok=True)
    flights = _plan(settings, folder, episodes, policy)
    _write_manifest(settings, folder, flights, policy)
    missing = [flight for flight in flights if not flight.path.exists()]
    counts = {"episodes": len(flights), "flown": 0, "steps": 0, "collisions": 0}
    context = multiprocessing.get_context("spawn")
    with (
        progress_bar("collecting", len(missing)) as advance,
        ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool,
    ):
        running = [pool.submit(_fly_worker, settings, flight) for flight in missing]
        for done in as_completed(running):
            steps, collided = done.result()
            counts["flown"] += 1
            counts["steps"] += steps
            counts["collisions"] += collided
            advance(1, f"{counts['steps']} steps, {counts['collisions']} collisions")
    return counts


def fly_episode(world: World, settings: CollectSettings, flight: Flight, metadata: EpisodeMetadata) -> tuple[int, bool]:
    """Fly and record one episode; return its number of steps and whether it ended in a collision."""
    from liquid_nav import load_policy

    rng = np.random.default_rng([flight.draw, 0xE0])
    expert, mission = Expert(world), FlyToTarget(world)
    strength = float(rng.uniform(0.3, 1.3)) if rng.random() < settings.noise_share else 0.0
    disturbance = Disturbance(rng, strength)
    pilot = None if flight.policy is None else load_policy(flight.policy)
    state, period_s, end_s = None, 1.0 / settings.camera_hz, settings.max_s
    with EpisodeWriter(flight.path, metadata) as writer:
        while world.time_s < end_s and world.collision is None:
            frame, label = world.camera_frame(), expert.command()
            wanted = label
            if pilot is not None:
                wanted, state = pilot.step(frame.rgb, period_s, state)
            flown = disturbance.apply(wanted, period_s, _courage(expert, world))
            writer.write_step(
                frame, world.odometry, flown, label, world.target.position_enu_m, world.target_mask
            )
            world.step(flown, period_s)
            was_done = mission.done
            mission.update(world)
            if mission.done and not was_done:
                end_s = min(end_s, world.time_s + settings.tail_s)
        return writer.steps, world.collision is not None


def _courage(expert: Expert, world: World) -> float:
    """Disturb less where trunks or the ground are near: 0 at 0.4 m, 1 from 1.2 m on."""
    position = world.odometry.position_enu_m
    clearance = min(expert.clearance_m(position), float(position[2]))
    return float(np.clip((clearance - 0.4) / 0.8, 0.0, 1.0))


def _near_start(world: World, rng: np.random.Generator) -> Start:
    """Draw a start close to the target, on its free side and clear of trunks, looking anywhere."""
    target = world.target.position_enu_m
    away = np.array(world.start.position_enu_m[:2]) - target[:2]
    solids = np.array([(*c.centre_enu_m[:2], c.size_m[0]) for c in world.scene.colliders])
    for _ in range(20):
        direction = float(np.arctan2(away[1], away[0]) + rng.uniform(-0.6, 0.6))
        distance = float(rng.uniform(1.3, 5.0))
        spot = target[:2] + distance * np.array([np.cos(direction), np.sin(direction)])
        if (np.hypot(*(solids[:, :2] - spot).T) - solids[:, 2]).min() > 0.5:
            height = float(np.clip(target[2] + rng.uniform(-0.6, 0.9), 0.8, 3.0))
            facing = direction + np.pi + float(rng.uniform(-1.0, 1.0)) * float(rng.choice([0.5, 1.0, 2.6]))
            return Start((float(spot[0]), float(spot[1]), height), facing)
    return world.start


_RENDERER: Renderer | None = None


def _start_worker() -> None:
    """Give a worker one core and one renderer."""
    global _RENDERER
    os.environ["LP_NUM_THREADS"] = "1"
    import torch

    from sim_worlds.render import make_renderer

    torch.set_num_threads(1)
    _RENDERER = make_renderer("auto")


def _fly_worker(settings: CollectSettings, flight: Flight) -> tuple[int, bool]:
    assert _RENDERER is not None
    rng = np.random.default_rng([flight.draw, 0xE1])
    season = str(rng.choice(settings.seasons))
    world = make_world(settings.world, flight.seed, season=season, renderer=_RENDERER)
    if rng.random() < settings.near_share:
        world.restart_at(_near_start(world, rng))
    metadata = EpisodeMetadata(
        world=settings.world,
        seed=flight.seed,
        season=season,
        config_hash=config_hash(settings),
        software=__version__,
        pilot="expert" if flight.policy is None else flight.policy.name,
        horizontal_fov_rad=world.horizontal_fov_rad,
    )
    try:
        return fly_episode(world, settings, flight, metadata)
    finally:
        world.close()


def _plan(settings: CollectSettings, folder: Path, episodes: int, policy: Path | None) -> list[Flight]:
    seeds = split_seeds("train", episodes, settings.seed)
    return [
        Flight(seed, 1000 * settings.seed + index, folder / f"{index:05d}_{settings.world}_{seed}.mcap", policy)
        for index, seed in enumerate(seeds)
    ]


def _write_manifest(settings: CollectSettings, folder: Path, flights: list[Flight], policy: Path | None) -> None:
    path = folder / MANIFEST
    manifest = {
        "software": __version__,
        "config_hash": config_hash(settings),
        "settings": asdict(settings),
        "policy": None if policy is None else policy.name,
        "worlds": sorted({settings.world}),
        "split": "train",
        "seeds": [flight.seed for flight in flights],
    }
    if path.exists():
        before = json.loads(path.read_text())
        if before["config_hash"] != manifest["config_hash"]:
            raise ConfigError(
                f"{folder} holds episodes of other settings ({before['config_hash']}): choose another folder"
            )
    path.write_text(json.dumps(manifest, indent=1) + "\n")


def read_manifest(folder: Path) -> dict[str, object]:
    """Return the manifest of a folder of episodes.

    Raises:
        ConfigError: when there is none, or it names another world than the forest.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ConfigError(f"{path} is missing: collect episodes with `liquid-nav collect --out {folder}`")
    manifest: dict[str, object] = json.loads(path.read_text())
    if manifest.get("worlds") != ["forest"]:
        raise ConfigError(f"{path} names worlds {manifest.get('worlds')}: training data comes from forests only")
    return manifest
