"""Pictures side by side on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import ConfigError

Picture = NDArray[np.uint8]


def titled(picture: Picture, title: str) -> Picture:
    """Return a copy with a title in the upper left corner."""
    named = np.ascontiguousarray(picture).copy()
    if title:
        (width, height), _ = cv2.getTextSize(title, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)
        cv2.rectangle(named, (0, 0), (width + 8, height + 9), (20, 22, 25), -1)
        cv2.putText(named, title, (4, height + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (240, 240, 240), 1, cv2.LINE_AA)
    return named


def grid(tiles: Sequence[Picture], columns: int) -> Picture:
    """Join pictures of one size, row by row; missing ones are black."""
    padded = [*tiles, *[np.zeros_like(tiles[0])] * (-len(tiles) % columns)]
    rows = [np.concatenate(padded[index : index + columns], axis=1) for index in range(0, len(padded), columns)]
    return np.concatenate(rows)


def save_png(picture: Picture, path: Path) -> Path:
    """Write a picture.

    Raises:
        ConfigError: when the name does not end in .png or its folder does not exist.
    """
    if path.suffix.lower() != ".png" or not path.parent.is_dir():
        raise ConfigError(f"{path}: give the name of a .png in a folder that exists")
    cv2.imwrite(str(path), np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return path
