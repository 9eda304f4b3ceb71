"""Decoded episodes in memory-mapped arrays, so that training never waits for a JPEG."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from liquid_nav.data import EpisodeFile, Step, list_episodes, open_episode
from liquid_nav.data.align import AlignOptions
from liquid_nav.errors import ConfigError, EpisodeError
from liquid_nav.perception.preprocess import denoise
from training.collect import MANIFEST, read_manifest
from training.origin import check_origin
from training.progress import progress_bar

VERSION = 7
HEIGHT, WIDTH = 144, 256
SECTORS = 16
COUNTED_AT_ONCE = 2000
MOST_WEIGHT = 100.0
GAP_S = 1.0  # where no image comes for longer, as when a pilot begins again elsewhere, another flight begins
NO_MASK = bytes(HEIGHT * WIDTH // 8)
RECORDED = AlignOptions(size_px=(WIDTH, HEIGHT), longest_gap_s=math.inf)
FLOATS = ("commands", "flown", "distances_m", "free_m")
WRITTEN = ("images.u8", "masks.u8", "small.npz", "index.json", "index.part")
COLUMNS = ("commands", "labelled", "has_mask", "flown", "distances_m", "free_m", "stamps_s")


@dataclass(frozen=True)
class Cache:
    """All steps of a set of flights: episodes, cut where their images pause.

    Attributes:
        images: uint8 (steps, height, width, 3), noise smoothed as in flight.
        masks: uint8 (steps, height, width / 8), packed bits.
        commands: float32 (steps, 4), the expert's or the pilot's.
        labelled: bool (steps,), False where nobody said what should have been flown.
        has_mask: bool (steps,), False where nobody knows where the target and solids are, as with a real drone: then
            ``masks`` are empty, ``distances_m`` 0 and ``free_m`` infinite.
        flown: float32 (steps, 4).
        distances_m: float32 (steps,).
        free_m: float32 (steps, 16), free distance in sectors from the left edge of the image to its right edge.
        stamps_s: float64 (steps,).
        starts: int64 (flights + 1,), where each flight begins.
        files: int64 (flights,), number of the file that each flight comes from, in their order and from 0 on.
        weights: float64 (flights,), how often each is drawn.
        pictures: hex digits that name images and masks.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    commands: NDArray[np.float32]
    labelled: NDArray[np.bool_]
    has_mask: NDArray[np.bool_]
    flown: NDArray[np.float32]
    distances_m: NDArray[np.float32]
    free_m: NDArray[np.float32]
    stamps_s: NDArray[np.float64]
    starts: NDArray[np.int64]
    files: NDArray[np.int64]
    weights: NDArray[np.float64]
    pictures: str = ""

    @property
    def steps(self) -> int:
        """Number of steps in all."""
        return len(self.commands)

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that name the data, images and masks among them, and their weights."""
        digest = hashlib.sha256(self.pictures.encode())
        for name in (*COLUMNS, "starts", "weights"):
            digest.update(getattr(self, name).tobytes())
        if self.files[-1] + 1 < len(self.files):  # else each file is one flight, which says nothing new
            digest.update(self.files.tobytes())
        return digest.hexdigest()[:12]

    @cached_property
    def target_pixels(self) -> NDArray[np.int64]:
        """Pixels of the target in every image, (steps,)."""
        parts = np.array_split(self.masks, max(1, self.steps // COUNTED_AT_ONCE))
        return np.concatenate([np.bitwise_count(part).sum(axis=(1, 2), dtype=np.int64) for part in parts])

    def mask(self, step: int) -> NDArray[np.bool_]:
        """Return the target mask of a step, bool (height, width)."""
        return np.unpackbits(self.masks[step], axis=1).astype(bool)


def open_cache(folders: list[Path], where: Path) -> Cache:
    """Return the decoded episodes of some folders, decoding them when ``where`` holds nothing fitting.

    Args:
        folders: each may end in ``=WEIGHT``: ``data/teleop=3`` is drawn three times as often as it stands.
        where: the cache's own folder.

    Raises:
        ConfigError: when a folder's manifest names another world than forests, or a weight is no number.
        EpisodeError: when there is no episode, one cannot be learned from, or ``where`` cannot be written.
    """
    found, key = _found(folders)
    if not _holds(where, key):
        try:
            _decode([file for file, _ in found], where)
            part = where / "index.part"
            part.write_text(json.dumps(key))
            part.replace(where / "index.json")
        except OSError as error:
            for name in WRITTEN:  # as large as the disk was free
                with suppress(OSError):
                    (where / name).unlink()
            raise EpisodeError(
                f"{where} cannot be written ({error}): decoded images take {HEIGHT * WIDTH * 3 / 1e4:.1f} GB per "
                "100 000; free some space or choose another folder with --out"
            ) from error
    small = np.load(where / "small.npz")
    steps = len(small["commands"])
    return Cache(
        images=np.memmap(where / "images.u8", np.uint8, "r", shape=(steps, HEIGHT, WIDTH, 3)),
        masks=np.memmap(where / "masks.u8", np.uint8, "r", shape=(steps, HEIGHT, WIDTH // 8)),
        **{name: small[name] for name in (*COLUMNS, "starts", "files")},
        weights=np.array([found[file][1] for file in small["files"]]),
        pictures=str(small["pictures"]),
    )


def require_episodes(folders: list[Path], where: Path) -> None:
    """Refuse other episodes than those that ``where`` holds, before :func:`open_cache` decodes over them.

    For a folder in which a training has begun: it could not go on.

    Args:
        folders, where: see :func:`open_cache`; what holds no decoded episodes can be filled with any.

    Raises:
        ConfigError: when they are others, or see :func:`open_cache`.
        EpisodeError: when there is no episode.
    """
    held = _index(where)
    if held is not None and held.get("files") != _found(folders)[1]["files"]:
        raise ConfigError(
            f"{where} holds other episodes, which a training here has begun with: train into another folder, or remove "
            f"{where} when they are the same in another place"
        )


def _found(folders: list[Path]) -> tuple[list[tuple[Path, float]], dict[str, Any]]:
    """Return the episodes of folders with their weights, and what names the decoded ones."""
    weighted = [_weighted(folder) for folder in folders]
    for folder, _ in weighted:
        if (folder / MANIFEST).exists():  # without one, as of recordings, each episode says where it comes from
            read_manifest(folder)
    found = [(file, weight) for folder, weight in weighted for file in list_episodes(folder)]
    if not found:
        raise EpisodeError(f"no episodes in {', '.join(map(str, folders))}: run `liquid-nav collect` first")
    return found, {"version": VERSION, "files": [[str(file), _size(file)] for file, _ in found]}


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise EpisodeError(f"{file} cannot be read ({error}): copy it again or remove it") from error


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
    if _index(where) != key:
        return False
    try:
        steps = len(np.load(where / "small.npz")["commands"])
        sizes = {"images.u8": steps * HEIGHT * WIDTH * 3, "masks.u8": steps * HEIGHT * WIDTH // 8}
        return all((where / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        return False


def _index(where: Path) -> dict[str, Any] | None:
    """Return what names the decoded episodes of a folder, None when it holds none."""
    try:
        index = json.loads((where / "index.json").read_text())
    except (OSError, ValueError):
        return None
    return index if isinstance(index, dict) else None


def _decode(files: list[Path], where: Path) -> None:
    where.mkdir(parents=True, exist_ok=True)
    (where / "index.json").unlink(missing_ok=True)
    small: dict[str, list[object]] = {name: [] for name in COLUMNS}
    starts, owners, pictures = [0], list[int](), hashlib.sha256()
    with (
        (where / "images.u8").open("wb") as images,
        (where / "masks.u8").open("wb") as masks,
        progress_bar("decoding episodes", len(files)) as advance,
    ):
        for number, file in enumerate(files):
            last_s = -math.inf
            for step in _steps(file):
                stamp_s, mask = step.frame.stamp_s, step.target_mask
                if stamp_s - last_s > GAP_S:
                    owners.append(number)
                    starts.append(starts[-1])
                last_s = stamp_s
                starts[-1] += 1
                rgb = denoise(step.frame.rgb)
                seen = rgb.tobytes(), NO_MASK if mask is None else np.packbits(mask, axis=1).tobytes()
                for part, where_to in zip(seen, (images, masks), strict=True):
                    where_to.write(part)
                    pictures.update(part)
                for name, value in _row(step).items():
                    small[name].append(value)
            if starts[-1] == 0 or owners[-1] != number:
                raise EpisodeError(f"{file} holds no steps: remove it")
            advance(1, f"{starts[-1]} steps")
    if not any(small["has_mask"]) and not any(small["labelled"]):
        raise EpisodeError(f"{files[0].parent}: nobody flew by hand and no masks are there: nothing can be learned")
    joined = {name: np.array(values, dtype=np.float32 if name in FLOATS else None) for name, values in small.items()}
    joined |= {"starts": np.array(starts, dtype=np.int64), "files": np.array(owners)}
    np.savez(where / "small.npz", allow_pickle=False, pictures=np.array(pictures.hexdigest()), **joined)


def _row(step: Step) -> dict[str, object]:
    """Return a step's entries in the columns."""
    known = step.target_mask is not None
    way = step.target_position_enu_m - step.odometry.position_enu_m
    return {
        "commands": step.expert.as_array(),
        "labelled": step.labelled,
        "has_mask": known,
        "flown": step.command.as_array(),
        "distances_m": np.linalg.norm(way) if known else 0.0,
        "free_m": sectors(step.obstacle_ranges_m) if known else np.full(SECTORS, np.inf),
        "stamps_s": step.frame.stamp_s,
    }


def sectors(ranges_m: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return the smallest free distance in each sector, from left to right."""
    assert ranges_m is not None
    return np.asarray(ranges_m.reshape(SECTORS, -1).min(axis=1)[::-1], dtype=np.float32)


def _steps(file: Path) -> Iterator[Step]:
    """Yield the steps of an episode, images of recordings in the policy's size; refuse what cannot be learned from."""
    try:
        episode = open_episode(file)
    except OSError as error:
        raise EpisodeError(f"{file} cannot be read ({error}): copy it again or remove it") from error
    check_origin(episode)
    last_s = -math.inf
    for number, step in enumerate(episode.steps(RECORDED if episode.recorded else None)):
        _check(step, number, episode)
        if not step.frame.stamp_s > last_s:
            raise EpisodeError(
                f"{file}: step {number} was taken at {step.frame.stamp_s:.3f} s, not after the one before "
                f"({last_s:.3f} s): remove the file or collect it again"
            )
        last_s = step.frame.stamp_s
        yield step


def _check(step: Step, number: int, episode: EpisodeFile) -> None:
    """Refuse a step with half of what is known of the surroundings, of another size, or with what is no number."""
    file, mask, ranges = episode.path, step.target_mask, step.obstacle_ranges_m
    if mask is None and ranges is not None:
        raise EpisodeError(f"{file} holds no target masks (step {number}): collect it again with `liquid-nav collect`")
    if mask is not None and (ranges is None or len(ranges) % SECTORS):
        raise EpisodeError(
            f"{file} holds no free distances (step {number}): collect it again with `liquid-nav collect`"
        )
    shapes = {"images": step.frame.rgb.shape[:2], "masks": (HEIGHT, WIDTH) if mask is None else mask.shape}
    for name, shape in shapes.items():
        if shape != (HEIGHT, WIDTH):
            raise EpisodeError(
                f"{file} holds {name} of {shape[1]} x {shape[0]} (step {number}): "
                f"collect it again at {WIDTH} x {HEIGHT}"
            )
    values: dict[str, NDArray[Any]] = {
        "the expert's command": step.expert.as_array(),
        "the flown command": step.command.as_array(),
        "the vehicle's position": step.odometry.position_enu_m,
    }
    if mask is not None:
        values["the target's position"] = step.target_position_enu_m
    bad = [name for name, value in values.items() if not np.isfinite(value).all()]
    if ranges is not None and np.isnan(ranges).any():
        bad.append("a free distance")
    if bad:
        raise EpisodeError(f"{file}: {bad[0]} at step {number} is not a number: remove the file or collect it again")
