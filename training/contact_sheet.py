"""Pictures to look at before believing anything: where a policy looks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav import load_policy
from liquid_nav.data import read_episode
from liquid_nav.errors import ConfigError
from liquid_nav.explain.attention import look
from liquid_nav.perception.source import open_source
from sim_worlds.sheets import contact_sheet

COLUMNS = 3
NOMINAL_PERIOD_S = 0.05
LONGEST = 2000


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
    images: list[NDArray[np.uint8]] = []
    while len(images) < LONGEST and (shot := frames.read(1280)) is not None:
        images.append(shot.rgb)
    frames.close()
    return images


def save_picture(picture: NDArray[np.uint8], path: Path) -> Path:
    """Write a picture (height, width, 3), RGB.

    Raises:
        ConfigError: when the name does not end in .png or .jpg or its folder does not exist.
    """
    if path.suffix.lower() not in (".png", ".jpg") or not path.parent.is_dir():
        raise ConfigError(f"{path}: give the name of a .png or .jpg in a folder that exists")
    options = [cv2.IMWRITE_JPEG_QUALITY, 86] if path.suffix.lower() == ".jpg" else []
    cv2.imwrite(str(path), np.ascontiguousarray(picture[..., ::-1]), options)
    return path
