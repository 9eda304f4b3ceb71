"""Decoded episodes in memory-mapped arrays, so that training never waits for a JPEG."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from liquid_nav.data import Episode, list_episodes, read_episode
from liquid_nav.errors import ConfigError, EpisodeError
from training.collect import read_manifest
from training.progress import progress_bar

VERSION = 4
HEIGHT, WIDTH = 144, 256
SECTORS = 16
MOST_WEIGHT = 100.0
COLUMNS = ("commands", "labelled", "flown", "distances_m", "free_m", "stamps_s")


@dataclass(frozen=True)
class Cache:
    """All steps of a set of episodes.

    Attributes:
        images: uint8 (steps, height, width, 3).
        masks: uint8 (steps, height, width / 8), packed bits.
        commands: float32 (steps, 4), the expert's or the pilot's.
        labelled: bool (steps,), False where nobody said what should have been flown.
        flown: float32 (steps, 4).
        distances_m: float32 (steps,).
        free_m: float32 (steps, 16), free distance in sectors from the left edge of the image to its right edge.
        stamps_s: float64 (steps,).
        starts: int64 (episodes + 1,), where each episode begins.
        weights: float64 (episodes,), how often each is drawn.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    commands: NDArray[np.float32]
    labelled: NDArray[np.bool_]
    flown: NDArray[np.float32]
    distances_m: NDArray[np.float32]
    free_m: NDArray[np.float32]
    stamps_s: NDArray[np.float64]
    starts: NDArray[np.int64]
    weights: NDArray[np.float64]

    @property
    def steps(self) -> int:
        """Number of steps in all."""
        return len(self.commands)

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that name the data and their weights."""
        parts = (self.commands, self.stamps_s, self.starts, self.weights)
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:12]

    def mask(self, step: int) -> NDArray[np.bool_]:
        """Return the target mask of a step, bool (height, width)."""
        return np.unpackbits(self.masks[step], axis=1).astype(bool)


def open_cache(folders: list[Path], where: Path) -> Cache:
    """Return the decoded episodes of some folders, decoding them when ``where`` holds nothing fitting.

    Args:
        folders: each may end in ``=WEIGHT``: ``data/teleop=3`` is drawn three times as often as it stands.
        where: the cache's own folder.

    Raises:
        ConfigError: when a folder's manifest is missing or names another world than forests, or a weight is no number.
        EpisodeError: when there is no episode, or one lacks its masks.
    """
    weighted = [_weighted(folder) for folder in folders]
    for folder, _ in weighted:
        read_manifest(folder)
    found = [(file, weight) for folder, weight in weighted for file in list_episodes(folder)]
    files = [file for file, _ in found]
    if not files:
        raise EpisodeError(f"no episodes in {', '.join(map(str, folders))}: run `liquid-nav collect` first")
    key = {"version": VERSION, "files": [[str(file), file.stat().st_size] for file in files]}
    if not _holds(where, key):
        _decode(files, where)
        part = where / "index.part"
        part.write_text(json.dumps(key))
        part.replace(where / "index.json")
    small = np.load(where / "small.npz")
    steps = len(small["commands"])
    return Cache(
        images=np.memmap(where / "images.u8", np.uint8, "r", shape=(steps, HEIGHT, WIDTH, 3)),
        masks=np.memmap(where / "masks.u8", np.uint8, "r", shape=(steps, HEIGHT, WIDTH // 8)),
        **{name: small[name] for name in (*COLUMNS, "starts")},
        weights=np.array([weight for _, weight in found]),
    )


def _weighted(folder: Path) -> tuple[Path, float]:
    """Read ``DIR=WEIGHT``; without a weight it is 1."""
    name, mark, text = str(folder).rpartition("=")
    if not mark or folder.is_dir():
        return folder, 1.0
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    if not 0.0 < weight <= MOST_WEIGHT:
        raise ConfigError(f"the weight of {folder} is {text!r}: write DIR=WEIGHT with 0 < WEIGHT <= {MOST_WEIGHT:g}")
    return Path(name), weight


def _holds(where: Path, key: dict[str, object]) -> bool:
    """Whether a folder holds these episodes, decoded to the last byte."""
    try:
        if json.loads((where / "index.json").read_text()) != key:
            return False
        steps = len(np.load(where / "small.npz")["commands"])
        sizes = {"images.u8": steps * HEIGHT * WIDTH * 3, "masks.u8": steps * HEIGHT * WIDTH // 8}
        return all((where / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError, BadZipFile):
        return False


def _decode(files: list[Path], where: Path) -> None:
    where.mkdir(parents=True, exist_ok=True)
    (where / "index.json").unlink(missing_ok=True)
    small: dict[str, list[NDArray[np.generic]]] = {name: [] for name in COLUMNS}
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
            small["labelled"].append(np.array([step.labelled for step in steps]))
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
    """Refuse what cannot be learned from, before anything of it is kept."""
    if not episode.steps:
        raise EpisodeError(f"{file} holds no steps: remove it")
    if episode.metadata.world != "forest":
        raise EpisodeError(f"{file} comes from world {episode.metadata.world!r}: training data comes from forests only")
    for number, step in enumerate(episode.steps):
        mask, ranges = step.target_mask, step.obstacle_ranges_m
        if mask is None:
            raise EpisodeError(
                f"{file} holds no target masks (step {number}): collect it again with `liquid-nav collect`"
            )
        if ranges is None or len(ranges) % SECTORS:
            raise EpisodeError(
                f"{file} holds no free distances (step {number}): collect it again with `liquid-nav collect`"
            )
        for name, shape in (("images", step.frame.rgb.shape[:2]), ("masks", mask.shape)):
            if shape != (HEIGHT, WIDTH):
                raise EpisodeError(
                    f"{file} holds {name} of {shape[1]} x {shape[0]} (step {number}): "
                    f"collect it again at {WIDTH} x {HEIGHT}"
                )
    _check_numbers(episode, file)


def _check_numbers(episode: Episode, file: Path) -> None:
    """Refuse labels and measurements that are no numbers, and time that stands still or runs back."""
    last_s = -math.inf
    for number, step in enumerate(episode.steps):
        values = {
            "the expert's command": step.expert.as_array(),
            "the flown command": step.command.as_array(),
            "the vehicle's position": step.odometry.position_enu_m,
            "the target's position": step.target_position_enu_m,
        }
        bad = [name for name, value in values.items() if not np.isfinite(value).all()]
        if step.obstacle_ranges_m is not None and np.isnan(step.obstacle_ranges_m).any():
            bad.append("a free distance")
        if bad:
            raise EpisodeError(
                f"{file}: {bad[0]} at step {number} is not a number: remove the file or collect it again"
            )
        stamp_s = step.frame.stamp_s
        if not stamp_s > last_s:
            raise EpisodeError(
                f"{file}: step {number} was taken at {stamp_s:.3f} s, not after the one before ({last_s:.3f} s): "
                "remove the file or collect it again"
            )
        last_s = stamp_s
