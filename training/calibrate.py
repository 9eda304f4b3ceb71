"""The command that measures a lens: pictures of a chessboard from any camera, one now and then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import ConfigError
from liquid_nav.perception.calibration import Calibration, calibrate, find_chessboard, save_calibration
from liquid_nav.perception.source import ImageSource, open_source, shots
from training.progress import CONSOLE

PAUSE_S = 1.0
MOVED_PX = 15.0
FULL_WIDTH_PX = 10_000


def calibrate_camera(source: str, board: str, square_m: float, out: Path, views: int, name: str) -> Calibration:
    """Measure the lens of a source and write its file.

    Args:
        source: as of the camera node.
        board: inner corners of the chessboard, such as ``8x5``.
        square_m: side of a square.
        out: YAML file to write.
        views: so many different views of the board are looked for.
        name: of the camera.

    Raises:
        ConfigError: for a source that shows too few views, or a board that is none.
    """
    columns, rows = _board(board)
    camera = open_source(source)
    try:
        chosen = list(_views(camera, columns, rows, views))
    finally:
        camera.close()
    calibration = calibrate(chosen, columns, rows, square_m, name)
    save_calibration(calibration, out)
    return calibration


def _board(text: str) -> tuple[int, int]:
    columns, cross, rows = text.partition("x")
    if not cross or not (columns.isdigit() and rows.isdigit()) or min(int(columns), int(rows)) < 3:
        raise ConfigError(f"board is {text!r}: give its inner corners as 8x5, three or more each way")
    return int(columns), int(rows)


def _views(camera: ImageSource, columns: int, rows: int, count: int) -> Iterator[NDArray[np.uint8]]:
    """Yield pictures in which the whole board is seen where it was not before."""
    seen: list[NDArray[np.float32]] = []
    looked_s = time.monotonic()
    for shot in shots(camera, FULL_WIDTH_PX):
        now_s = time.monotonic()
        if camera.live and now_s - looked_s < PAUSE_S:
            continue
        looked_s = now_s
        corners = find_chessboard(shot.rgb, columns, rows)
        if corners is not None and all(np.abs(corners - other).mean() > MOVED_PX for other in seen):
            seen.append(corners)
            CONSOLE.print(f"view {len(seen)} of {count}: tilt the board, and move it into every corner of the image")
            yield shot.rgb
            if len(seen) == count:
                return
