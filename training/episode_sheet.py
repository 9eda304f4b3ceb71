"""Pictures of episodes: moments side by side, with who flew and what was commanded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.data import EpisodeFile, Step, open_episode
from liquid_nav.data.align import AlignOptions
from liquid_nav.errors import EpisodeError
from sim_worlds.sheets import contact_sheet, labelled
from training.pictures import save_picture

TILE_PX = (256, 144)
MOST_EPISODES = 40
COLOURS = {"pilot": (255, 120, 40), "policy": (60, 140, 255), "expert": (90, 190, 90)}
TARGET_COLOUR = (255, 220, 0)


def draw_sheet(files: list[Path], out: Path, moments: int = 6) -> int:
    """Write a PNG with some moments of each episode; return how many episodes it shows.

    A bar below an image tells who flew (orange the pilot, blue the policy, green the expert); the arrow the command:
    up is forward, sideways is turning.

    Raises:
        EpisodeError: when an episode cannot be read or holds no images.
        ConfigError: when the PNG cannot be written.
    """
    tiles: list[NDArray[np.uint8]] = []
    shown = files[:MOST_EPISODES]
    for file in shown:
        tiles += _row(open_episode(file, repair=True), moments)
    save_picture(contact_sheet(tiles, moments), out)
    return len(shown)


def _row(episode: EpisodeFile, moments: int) -> list[NDArray[np.uint8]]:
    steps = list(episode.steps(AlignOptions(size_px=TILE_PX, longest_gap_s=float("inf"))))
    if not steps:
        raise EpisodeError(f"{episode.path} holds no image with a command and a state: nothing to show")
    first_s = steps[0].frame.stamp_s
    row = []
    for number, index in enumerate(np.linspace(0, len(steps) - 1, moments).astype(int)):
        step = steps[index]
        name = f"{episode.path.stem}: " if number == 0 else ""
        row.append(labelled(_draw(step), f"{name}{step.frame.stamp_s - first_s:.1f} s {step.source}"))
    return row


def _draw(step: Step) -> NDArray[np.uint8]:
    picture = step.frame.rgb.copy()
    height, width = picture.shape[:2]
    picture[-4:] = COLOURS.get(step.source, (128, 128, 128))
    if step.target_mask is not None:
        outlines, _ = cv2.findContours(
            step.target_mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
        )
        cv2.drawContours(picture, outlines, -1, TARGET_COLOUR, 1)
    base = (width // 2, height - 14)
    tip = (round(base[0] - 40 * step.command.yaw_rate_rad_s), round(base[1] - 18 * step.command.forward_m_s))
    cv2.arrowedLine(picture, base, tip, (255, 255, 255), 2, cv2.LINE_AA, tipLength=0.25)
    return picture
