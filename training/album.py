"""What the vehicle's camera saw on a flight, as one sheet of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.types import CameraFrame, VelocityCommand

PICTURES, COLUMNS = 8, 4
EVERY_S = 0.25
TITLE_PX, CAPTION_PX = 22, 30
FONT, WHITE, GREY = cv2.FONT_HERSHEY_SIMPLEX, (255, 255, 255), (200, 200, 200)


@dataclass(frozen=True)
class _Moment:
    frame: CameraFrame
    command: VelocityCommand
    distance_m: float


class Album:
    """Keeps four pictures a second, and always the last one."""

    def __init__(self) -> None:
        self._moments: list[_Moment] = []
        self._last: _Moment | None = None

    def look(self, frame: CameraFrame, command: VelocityCommand, distance_m: float) -> None:
        """Take in a frame that was received, the command flown after it and the true distance to the backpack."""
        self._last = _Moment(frame, command, distance_m)
        if not self._moments or frame.stamp_s >= self._moments[-1].frame.stamp_s + EVERY_S:
            self._moments.append(self._last)

    def sheet(self, title: str) -> bytes | None:
        """Return a PNG of some moments from the first to the last, None when nothing was seen."""
        if self._last is None:
            return None
        kept = self._moments if self._moments[-1] is self._last else [*self._moments, self._last]
        chosen = np.unique(np.linspace(0, len(kept) - 1, PICTURES).round().astype(int))
        tiles = [_tile(kept[index]) for index in chosen]
        tiles += [np.zeros_like(tiles[0])] * (PICTURES - len(tiles))
        rows = [np.hstack(tiles[index : index + COLUMNS]) for index in range(0, PICTURES, COLUMNS)]
        head = np.zeros((TITLE_PX, rows[0].shape[1], 3), np.uint8)
        cv2.putText(head, title, (5, 15), FONT, 0.45, WHITE, 1, cv2.LINE_AA)
        _, data = cv2.imencode(".png", np.vstack([head, *rows])[..., ::-1])
        return data.tobytes()


def _tile(moment: _Moment) -> NDArray[np.uint8]:
    """Return a picture over its caption."""
    picture = moment.frame.rgb
    caption = np.zeros((CAPTION_PX, picture.shape[1], 3), np.uint8)
    command = moment.command
    lines = (
        f"{moment.frame.stamp_s:.1f} s, backpack {moment.distance_m:.1f} m away",
        f"forward {command.forward_m_s:+.1f} left {command.left_m_s:+.1f} up {command.up_m_s:+.1f} "
        f"turn {command.yaw_rate_rad_s:+.1f}",
    )
    for row, line in enumerate(lines):
        cv2.putText(caption, line, (4, 12 + 13 * row), FONT, 0.36, GREY, 1, cv2.LINE_AA)
    return np.vstack([picture, caption])
