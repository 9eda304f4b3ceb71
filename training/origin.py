"""Where an episode was flown, and whether it may be learned from: real places and training forests, nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import yaml

from liquid_nav.data import EpisodeFile, EpisodeMetadata, messages
from liquid_nav.errors import EpisodeError
from sim_worlds.catalogue import WORLDS
from sim_worlds.seeds import split_of

STATUS = "sim/status"
FOREST = "forest"
OPTIONS, CAMERA = "options", "camera"  # entries of an episode's metadata


def statuses(episode: EpisodeFile) -> list[tuple[int, dict[str, Any]]]:
    """Return what the simulation said during a recording, each with its log time in ns; nothing of a real drone."""
    for topic, entries in episode.messages.items():
        if topic.endswith(STATUS) and entries:
            return [(log_ns, _values(kind, data)) for log_ns, kind, data in entries]
    return []


def _values(kind: str, data: bytes) -> dict[str, Any]:
    status: Any = messages.STORE.deserialize_cdr(data, kind)
    values: dict[str, Any] = json.loads(status.data)
    return values


def origin_of(episode: EpisodeFile) -> EpisodeMetadata:
    """Return where an episode was flown; a recording of the simulator names its world in what it says.

    Raises:
        EpisodeError: when it was no simulated world.
    """
    meta, said = episode.metadata, [values for _, values in statuses(episode) if "seed" in values]
    if said:
        meta = replace(meta, world=str(said[-1]["world"]), seed=int(said[-1]["seed"]))
    if meta.world not in WORLDS or meta.seed < 0:
        raise EpisodeError(f"{episode.path} was flown in {meta.world!r} {meta.seed}: that is no simulated world")
    return meta


def options_of(meta: EpisodeMetadata) -> dict[str, Any]:
    """Return the options of the simulated world that an episode was flown in."""
    pairs = (pair.split("=", 1) for pair in meta.extra.get(OPTIONS, "").split())
    options = {key: yaml.safe_load(value) for key, value in pairs}
    return {"season": meta.season, **options} if meta.season else options


def options_text(options: dict[str, Any]) -> str:
    """Return options as :func:`options_of` reads them."""
    return " ".join(f"{key}={value}" for key, value in sorted(options.items()))


def check_origin(episode: EpisodeFile) -> None:
    """Refuse what must not be learned from.

    Raises:
        EpisodeError: when any of it was flown in another simulated world than a forest, or in one of the forests that
            are kept for validation and test.
    """
    places = {(episode.metadata.world, episode.metadata.seed)}
    places |= {(str(values["world"]), int(values["seed"])) for _, values in statuses(episode) if "seed" in values}
    for world, seed in sorted(places):
        if world in WORLDS and world != FOREST:
            raise EpisodeError(f"{episode.path} comes from world {world!r}: training data comes from forests only")
        if world == FOREST and split_of(seed) not in ("train", "none"):
            raise EpisodeError(
                f"{episode.path} was flown in forest {seed}, which is kept for {split_of(seed)}: "
                "remove it, or fly in forests below 1000000"
            )
