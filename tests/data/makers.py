"""Episodes made of numbers, for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mcap.writer import Writer

from liquid_nav.data import EpisodeMetadata, EpisodeWriter
from liquid_nav.types import CameraFrame, Odometry, VelocityCommand

PERIOD_S = 0.05


def picture(index: int, width: int = 64, height: int = 36) -> np.ndarray:
    """A gradient that moves on with every image."""
    columns = (np.arange(width) * 3 + 7 * index) % 200 + 20
    return np.repeat(np.repeat(columns[None, :, None], height, 0), 3, 2).astype(np.uint8)


def write_episode(
    path: Path,
    steps: int = 80,
    change: Callable[[int, dict[str, Any]], dict[str, Any] | None] = lambda index, values: values,
    **metadata: Any,
) -> Path:
    """Write a flight to the north past a target; ``change`` alters or drops (None) single steps."""
    meta = EpisodeMetadata(**{"world": "forest", "seed": 1, "pilot": "Ada", **metadata})
    with EpisodeWriter(path, meta) as writer:
        for index in range(steps):
            mask = np.zeros((36, 64), dtype=bool)
            mask[10:16, 20:28] = True
            wave = float(np.sin(0.3 * index))
            stamp_s = 10.0 + PERIOD_S * index
            values: dict[str, Any] | None = {
                "frame": CameraFrame(picture(index), stamp_s),
                "odometry": Odometry(stamp_s, np.array([0.0, 0.05 * index, 1.5]), np.array([0.0, 1.0, 0.0]),
                                     np.array([0.0, 0.0, np.sin(np.pi / 4), np.cos(np.pi / 4)])),
                "command": VelocityCommand(1.0 + 0.5 * wave, 0.2 * wave, 0.0, 0.3 * wave),
                "expert": VelocityCommand(1.0, 0.0, 0.0, 0.1 * wave),
                "target_position_enu_m": np.array([0.5, 12.0, 1.5]),
                "target_mask": mask,
                "source": "policy",
            }  # fmt: skip
            values = change(index, values)
            if values is not None:
                writer.write_step(**values)
    return path


def write_without_schema(path: Path) -> Path:
    """Write three messages, a tenth of a second apart, on a topic whose messages nobody describes."""
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start(profile="", library="somebody")
        channel = writer.register_channel("/raw", "json", 0)
        for index in range(3):
            writer.add_message(channel, index * 100_000_000, b"{}", index)
        writer.finish()
    return path
