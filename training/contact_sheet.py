"""Pictures to look at before believing anything: where a policy looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav import load_policy
from liquid_nav.data import open_episode
from liquid_nav.errors import ConfigError
from liquid_nav.explain.attention import look
from liquid_nav.perception.source import open_source, shots
from sim_worlds.sheets import contact_sheet
from training.pictures import save_picture

COLUMNS = 3
WIDEST_PX, LONGEST = 1280, 2000


def draw_attention_sheet(source: str, out: Path, policy: Path | None, pictures: int) -> int:
    """Let a policy look at an episode, video or camera from its start; write some moments as PNG; return how many.

    Raises:
        EpisodeError, ConfigError, PolicyError: when something cannot be read or written, or the source gives no image.
    """
    seen = list(look(load_policy(policy), _images_of(source)))
    if not seen:
        raise ConfigError(f"{source} gave no image: give an episode, video or folder with some, or a camera that works")
    chosen = np.unique(np.linspace(0, len(seen) - 1, pictures).astype(int))
    tiles = []
    for index in chosen:
        picture, command = seen[index]
        values = " ".join(f"{value:+.1f}" for value in command.as_array())
        cv2.putText(picture, f"{index}: {values}", (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (255, 255, 255), 1)
        tiles.append(picture)
    save_picture(contact_sheet(tiles, COLUMNS), out)
    return len(tiles)


def _images_of(source: str) -> Iterator[tuple[NDArray[np.uint8], float]]:
    """Yield the images of an episode, or the first ones of another source, and when each was captured in seconds."""
    if source.endswith((".mcap", ".mcap.part")):
        for step in open_episode(Path(source), repair=source.endswith(".part")).steps():
            yield step.frame.rgb, step.frame.stamp_s
        return
    with closing(open_source(source)) as frames:
        for shot in islice(shots(frames, WIDEST_PX), LONGEST):
            yield shot.rgb, shot.taken_s
