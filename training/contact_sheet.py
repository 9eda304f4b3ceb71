"""Pictures to look at before believing anything: episodes side by side, and where a policy looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav import load_policy
from liquid_nav.data import Episode, list_episodes, read_episode
from liquid_nav.errors import ConfigError
from liquid_nav.explain.attention import look
from liquid_nav.perception.source import open_source
from sim_worlds.sheets import contact_sheet

COLUMNS = 3
PICTURES_PER_EPISODE = 6
NOMINAL_PERIOD_S = 0.05
LONGEST = 2000


def describe_episodes(path: Path, *, repair: bool, sheet: Path | None) -> list[dict[str, Any]]:
    """Return one row of facts per episode; optionally write a PNG with pictures of each.

    Raises:
        EpisodeError: when an episode cannot be read.
    """
    files = list_episodes(path) if path.is_dir() else [path]
    rows, tiles = [], []
    for file in files:
        episode = read_episode(file, repair=repair)
        rows.append(_facts(file, episode))
        if sheet is not None and episode.steps:
            chosen = np.linspace(0, len(episode.steps) - 1, PICTURES_PER_EPISODE).astype(int)
            tiles += [episode.steps[index].frame.rgb for index in chosen]
    if sheet is not None and tiles:
        save_picture(contact_sheet(tiles, PICTURES_PER_EPISODE), sheet)
    return rows


def draw_attention_sheet(source: str, out: Path, policy: Path | None, pictures: int) -> int:
    """Let a policy look at an episode or video from its start; write some moments as PNG; return how many.

    Raises:
        EpisodeError, ConfigError, PolicyError: when something cannot be read.
    """
    images = _images_of(source)
    seen = look(load_policy(policy), images, NOMINAL_PERIOD_S)
    chosen = np.unique(np.linspace(0, len(seen) - 1, pictures).astype(int))
    tiles = []
    for index in chosen:
        picture, command = seen[index]
        values = " ".join(f"{value:+.1f}" for value in command.as_array())
        cv2.putText(picture, f"{index}: {values}", (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (255, 255, 255), 1)
        tiles.append(picture)
    save_picture(contact_sheet(tiles, COLUMNS), out)
    return len(tiles)


def _images_of(source: str) -> list[NDArray[np.uint8]]:
    if source.endswith((".mcap", ".mcap.part")):
        return [step.frame.rgb for step in read_episode(Path(source), repair=source.endswith(".part")).steps]
    frames = open_source(source)
    images = []
    while len(images) < LONGEST and (picture := frames.read(1280)) is not None:
        images.append(picture)
    frames.close()
    return images


def _facts(file: Path, episode: Episode) -> dict[str, Any]:
    steps = episode.steps
    seconds = steps[-1].frame.stamp_s - steps[0].frame.stamp_s if steps else 0.0
    ends = [np.linalg.norm(s.target_position_enu_m - s.odometry.position_enu_m) for s in (steps[:1] + steps[-1:])]
    return {
        "episode": file.name,
        "world": episode.metadata.world,
        "seed": episode.metadata.seed,
        "season": episode.metadata.season,
        "pilot": episode.metadata.pilot,
        "steps": len(steps),
        "seconds": round(seconds, 2),
        "first_distance_m": round(float(ends[0]), 2) if steps else None,
        "last_distance_m": round(float(ends[-1]), 2) if steps else None,
        "lost_bytes": episode.lost_bytes,
    }


def save_picture(picture: NDArray[np.uint8], path: Path) -> Path:
    """Write a picture (height, width, 3), RGB.

    Raises:
        ConfigError: when the name does not end in .png or .jpg or its folder does not exist.
    """
    if path.suffix.lower() not in (".png", ".jpg") or not path.parent.is_dir():
        raise ConfigError(f"{path}: give the name of a .png or .jpg in a folder that exists")
    cv2.imwrite(str(path), np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 86])
    return path
