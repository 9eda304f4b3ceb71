"""Collecting episodes: the expert flies, or labels what a policy flies, in forests of the training split."""

from __future__ import annotations

import json
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from liquid_nav import __version__, load_policy
from liquid_nav.data.recording import PART_SUFFIX
from liquid_nav.errors import ConfigError, EpisodeError
from liquid_nav.policy.checkpoint import CONFIG_FILE, WEIGHTS_FILE
from sim_worlds.render import make_renderer
from sim_worlds.seeds import split_seeds
from training.expert_flight import Flight, fly_and_record
from training.fleet import Job, run_jobs
from training.progress import progress_bar
from training.run_folder import write_json
from training.settings import CollectSettings, config_hash

MANIFEST = "manifest.json"


def collect(
    settings: CollectSettings,
    folder: Path,
    episodes: int,
    *,
    workers: int = 2,
    policy: Path | None = None,
    ray: str | None = None,
) -> dict[str, int]:
    """Fly ``episodes`` flights into a folder; those that are there already are kept, and more can be added later.

    Args:
        settings: of the flights.
        folder: on this machine, wherever the flights are made.
        episodes: how many the folder shall hold.
        workers, ray: see :func:`training.fleet.run_jobs`.
        policy: folder of the policy that flies, the expert when None.

    Returns:
        Counts: ``episodes``, ``flown``, ``steps``, ``collisions``.

    Raises:
        ConfigError: when the folder holds episodes of other settings or of another pilot, its manifest is damaged, or
            nothing is to be flown.
        PolicyError: when the policy cannot be loaded.
        WorkerError: when workers keep dying.
        EpisodeError: when an episode cannot be written.
    """
    if episodes < 1 or workers < 1:
        raise ConfigError(f"episodes is {episodes}, workers is {workers}: use 1 or more")
    policy = None if policy is None else policy.resolve()  # so that it has a name
    folder.mkdir(parents=True, exist_ok=True)
    flights = _plan(settings, folder, episodes, policy)
    _write_manifest(settings, folder, flights, policy)
    missing = [flight for flight in flights[:episodes] if not flight.path.exists()]
    counts = {"episodes": episodes, "flown": 0, "steps": 0, "collisions": 0}
    make_worker = partial(_Pilot, settings, None if policy is None else _pack(policy))
    jobs = [Job(flight.path.name, flight) for flight in missing]
    with (
        progress_bar("collecting", len(missing)) as advance,
        closing(run_jobs(jobs, make_worker, workers=workers, ray=ray)) as done,
    ):
        for job, episode in done:
            _keep(episode.data, job.payload.path)
            counts["flown"] += 1
            counts["steps"] += episode.steps
            counts["collisions"] += episode.collided
            advance(1, f"{counts['steps']} steps, {counts['collisions']} collisions")
    return counts


@dataclass(frozen=True)
class _Episode:
    """What a worker answers."""

    steps: int
    collided: bool
    data: bytes


class _Pilot:
    """A worker that flies into a folder of its own and answers with the episode's bytes, which may travel far.

    Args:
        settings: of the flights.
        policy: files of the policy that flies, by name; None for the expert.
    """

    def __init__(self, settings: CollectSettings, policy: dict[str, bytes] | None) -> None:
        self._settings = settings
        self._policy = policy
        self._renderer = make_renderer("auto")

    def __call__(self, flight: Flight) -> _Episode:
        with tempfile.TemporaryDirectory(prefix="liquid_nav_") as name:
            path = Path(name) / flight.path.name
            policy = None if flight.policy is None else self._unpack(Path(name) / flight.policy.name)
            steps, collided = fly_and_record(
                self._settings, replace(flight, path=path, policy=policy), self._renderer
            )
            return _Episode(steps, collided, path.read_bytes())

    def _unpack(self, folder: Path) -> Path:
        folder.mkdir()
        for name, content in (self._policy or {}).items():
            (folder / name).write_bytes(content)
        return folder


def _pack(policy: Path) -> dict[str, bytes]:
    """Read a policy's files, once it is known that they are one."""
    load_policy(policy)
    return {name: (policy / name).read_bytes() for name in (WEIGHTS_FILE, CONFIG_FILE)}


def _keep(data: bytes, path: Path) -> None:
    """Write an episode; it bears its name only when it is whole."""
    part = path.with_name(path.name + PART_SUFFIX)
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise EpisodeError(f"{part} cannot be written ({error}): free some space and collect again") from error


def _plan(settings: CollectSettings, folder: Path, episodes: int, policy: Path | None) -> list[Flight]:
    known = _seeds_of(folder)
    fresh = [seed for seed in split_seeds("train", episodes, settings.seed) if seed not in known]
    seeds = [*known, *fresh][: max(episodes, len(known))]
    return [
        Flight(seed, 1000 * settings.seed + index, folder / f"{index:05d}_{settings.world}_{seed}.mcap", policy)
        for index, seed in enumerate(seeds)
    ]


def _seeds_of(folder: Path) -> list[int]:
    """Return the seeds that a folder's manifest names, in the order of its flights."""
    if not (folder / MANIFEST).exists():
        return []
    manifest = _manifest(folder / MANIFEST)
    return [int(seed) for seed in manifest.get("seeds", [])]


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
        before = _manifest(path)
        if before.get("config_hash") != manifest["config_hash"]:
            raise ConfigError(
                f"{folder} holds episodes of other settings ({before.get('config_hash')}): choose another folder"
            )
        if before.get("policy") != manifest["policy"]:
            pilot, other = (name or "the expert" for name in (before.get("policy"), manifest["policy"]))
            raise ConfigError(f"{folder} holds episodes flown by {pilot}, not by {other}: choose another folder")
    write_json(path, manifest)


def _manifest(path: Path) -> dict[str, Any]:
    """Read a manifest; raise :class:`ConfigError` when it is none."""
    try:
        manifest = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is damaged ({error}): collect into another folder") from error
    if not isinstance(manifest, dict):
        raise ConfigError(f"{path} holds no manifest but {str(manifest)[:40]!r}: collect into another folder")
    return manifest


def read_manifest(folder: Path) -> dict[str, object]:
    """Return the manifest of a folder of episodes.

    Raises:
        ConfigError: when there is none, it is damaged, or it names another world than the forest.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ConfigError(f"{path} is missing: collect episodes with `liquid-nav collect --out {folder}`")
    manifest: dict[str, object] = _manifest(path)
    if manifest.get("worlds") != ["forest"]:
        raise ConfigError(f"{path} names worlds {manifest.get('worlds')}: training data comes from forests only")
    return manifest
