"""Exporting episodes for other programs: a plain folder of images and a table."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np

from liquid_nav.data.align import AlignOptions
from liquid_nav.data.episode import Step
from liquid_nav.data.messages import image_message
from liquid_nav.data.reader import EpisodeFile, open_episode
from liquid_nav.data.whole_folder import whole_folder
from liquid_nav.errors import EpisodeError
from liquid_nav.frames import quaternion_to_matrix

COLUMNS = (
    "image", "stamp_s", "forward_m_s", "left_m_s", "up_m_s", "yaw_rate_rad_s", "labelled", "label_forward_m_s",
    "label_left_m_s", "label_up_m_s", "label_yaw_rate_rad_s", "source", "x_m", "y_m", "z_m", "vx_m_s", "vy_m_s",
    "vz_m_s", "roll_rad", "pitch_rad", "yaw_rad", "target_x_m", "target_y_m", "target_z_m",
)  # fmt: skip


def attitude_rpy(step: Step) -> tuple[float, float, float]:
    """Return roll, pitch and yaw of a step, from ENU to FLU, in radians."""
    rotation = quaternion_to_matrix(step.odometry.attitude_xyzw)
    roll = float(np.arctan2(rotation[2, 1], rotation[2, 2]))
    pitch = float(-np.arcsin(np.clip(rotation[2, 0], -1.0, 1.0)))
    return roll, pitch, step.odometry.yaw_rad


def export_folder(files: list[Path], folder: Path, *, size_px: tuple[int, int] | None = None) -> dict[str, int]:
    """Write a folder per episode: ``000000.jpg``, ..., ``steps.csv`` and ``metadata.json``.

    Args:
        files: episodes.
        folder: to be made; it must not exist.
        size_px: width and height of the images; None as they are.

    Returns:
        Counts: ``episodes``, ``images``.

    Raises:
        ConfigError: when the size does not fit.
        EpisodeError: when the folder exists or cannot be written, two episodes have one name, or an episode cannot be
            read; nothing is left then.
    """
    options = AlignOptions(size_px=size_px, longest_gap_s=float("inf"))
    twice = [name for name, count in Counter(file.stem for file in files).items() if count > 1]
    if twice:
        raise EpisodeError(f"{len(files)} episodes, of which several are named {twice[0]}: export them one by one")
    with whole_folder(folder) as part:
        images = sum(_write(open_episode(file), part / file.stem, options) for file in files)
    return {"episodes": len(files), "images": images}


def _write(episode: EpisodeFile, folder: Path, options: AlignOptions) -> int:
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text(json.dumps(episode.metadata.to_text(), indent=1) + "\n")
    with (folder / "steps.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        images = 0
        for step in episode.steps(options):
            name = f"{images:06d}.jpg"
            (folder / name).write_bytes(image_message(step.frame.rgb, 0.0, "jpeg").data.tobytes())
            table.writerow([name, *_row(step)])
            images += 1
    return images


def _row(step: Step) -> list[object]:
    state = step.odometry
    label = step.expert.as_array() if step.labelled else [""] * 4
    numbers = [*state.position_enu_m, *state.velocity_enu_m_s, *attitude_rpy(step), *step.target_position_enu_m]
    shown = ["" if np.isnan(value) else f"{value:.5f}" for value in numbers]
    values = [value if isinstance(value, str) else f"{value:.5f}" for value in label]
    return [
        f"{step.frame.stamp_s:.6f}", *(f"{value:.5f}" for value in step.command.as_array()), int(step.labelled),
        *values, step.source, *shown,
    ]  # fmt: skip
