"""Decoded episodes in memory-mapped arrays, so that training never waits for a JPEG."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liquid_nav.data import Episode, list_episodes, read_episode
from liquid_nav.errors import EpisodeError
from training.collect import read_manifest
from training.progress import progress_bar

VERSION = 3
HEIGHT, WIDTH = 144, 256
SECTORS = 16


@dataclass(frozen=True)
class Cache:
    """All steps of a set of episodes.

    Attributes:
        images: uint8 (steps, height, width, 3).
        masks: uint8 (steps, height, width / 8), packed bits.
        commands: float32 (steps, 4), the expert's.
        flown: float32 (steps, 4).
        distances_m: float32 (steps,).
        free_m: float32 (steps, 16), free distance in sectors from the left edge of the image to its right edge.
        stamps_s: float64 (steps,).
        starts: int64 (episodes + 1,), where each episode begins.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    commands: NDArray[np.float32]
    flown: NDArray[np.float32]
    distances_m: NDArray[np.float32]
    free_m: NDArray[np.float32]
    stamps_s: NDArray[np.float64]
    starts: NDArray[np.int64]

    @property
    def steps(self) -> int:
        """Number of steps in all."""
        return len(self.commands)

    def mask(self, step: int) -> NDArray[np.bool_]:
        """Return the target mask of a step, bool (height, width)."""
        return np.unpackbits(self.masks[step], axis=1).astype(bool)


def open_cache(folders: list[Path], where: Path) -> Cache:
    """Return the decoded episodes of some folders, decoding them when ``where`` holds nothing fitting.

    Raises:
        ConfigError: when a folder's manifest is missing or names another world than forests.
        EpisodeError: when there is no episode, or one lacks its masks.
    """
    for folder in folders:
        read_manifest(folder)
    files = [file for folder in folders for file in list_episodes(folder)]
    if not files:
        raise EpisodeError(f"no episodes in {', '.join(map(str, folders))}: run `liquid-nav collect` first")
    key = {"version": VERSION, "files": [[str(file), file.stat().st_size] for file in files]}
    index = where / "index.json"
    if not index.exists() or json.loads(index.read_text()) != key:
        _decode(files, where)
        index.write_text(json.dumps(key))
    small = np.load(where / "small.npz")
    steps = len(small["commands"])
    return Cache(
        images=np.memmap(where / "images.u8", np.uint8, "r", shape=(steps, HEIGHT, WIDTH, 3)),
        masks=np.memmap(where / "masks.u8", np.uint8, "r", shape=(steps, HEIGHT, WIDTH // 8)),
        **{name: small[name] for name in ("commands", "flown", "distances_m", "free_m", "stamps_s", "starts")},
    )


def _decode(files: list[Path], where: Path) -> None:
    where.mkdir(parents=True, exist_ok=True)
    (where / "index.json").unlink(missing_ok=True)
    names = ("commands", "flown", "distances_m", "free_m", "stamps_s")
    small: dict[str, list[NDArray[np.generic]]] = {name: [] for name in names}
    starts = [0]
    with (
        (where / "images.u8").open("wb") as images,
        (where / "masks.u8").open("wb") as masks,
        progress_bar("decoding episodes", len(files)) as advance,
    ):
        for file in files:
            episode = read_episode(file)
            _check(episode, file)
            for step in episode.steps:
                assert step.target_mask is not None
                images.write(step.frame.rgb.tobytes())
                masks.write(np.packbits(step.target_mask, axis=1).tobytes())
            steps = episode.steps
            ways = [step.target_position_enu_m - step.odometry.position_enu_m for step in steps]
            small["commands"].append(np.stack([step.expert.as_array() for step in steps]))
            small["flown"].append(np.stack([step.command.as_array() for step in steps]))
            small["distances_m"].append(np.linalg.norm(ways, axis=1).astype(np.float32))
            small["free_m"].append(np.stack([sectors(step.obstacle_ranges_m) for step in steps]))
            small["stamps_s"].append(np.array([step.frame.stamp_s for step in steps]))
            starts.append(starts[-1] + len(steps))
            advance(1, f"{starts[-1]} steps")
    joined = {name: np.concatenate(parts) for name, parts in small.items()}
    np.savez(where / "small.npz", starts=np.array(starts, dtype=np.int64), **joined)  # type: ignore[arg-type]


def sectors(ranges_m: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return the smallest free distance in each sector, from left to right."""
    assert ranges_m is not None
    return np.asarray(ranges_m.reshape(SECTORS, -1).min(axis=1)[::-1], dtype=np.float32)


def _check(episode: Episode, file: Path) -> None:
    if not episode.steps:
        raise EpisodeError(f"{file} holds no steps: remove it")
    first = episode.steps[0]
    if first.target_mask is None:
        raise EpisodeError(f"{file} holds no target masks: collect it again with `liquid-nav collect`")
    if first.obstacle_ranges_m is None or len(first.obstacle_ranges_m) % SECTORS:
        raise EpisodeError(f"{file} holds no free distances: collect it again with `liquid-nav collect`")
    if first.frame.rgb.shape != (HEIGHT, WIDTH, 3):
        raise EpisodeError(f"{file} holds images of {first.frame.rgb.shape}: use {(HEIGHT, WIDTH, 3)}")
    if episode.metadata.world != "forest":
        raise EpisodeError(f"{file} comes from world {episode.metadata.world!r}: training data comes from forests only")
