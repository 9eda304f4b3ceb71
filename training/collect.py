"""Collecting episodes: the expert flies, or labels what a policy flies, in forests of the training split."""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from liquid_nav import __version__
from liquid_nav.errors import ConfigError
from sim_worlds.scene import Renderer
from sim_worlds.seeds import split_seeds
from training.expert_flight import Flight, fly_and_record
from training.progress import progress_bar
from training.settings import CollectSettings, config_hash

MANIFEST = "manifest.json"


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
    return fly_and_record(settings, flight, _RENDERER)


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
