"""What a lens does: read, written and measured from pictures of a chessboard.

Files are those of ROS's camera_calibration package (and of ``camera_info_manager``), with the plumb_bob model
(k1, k2, p1, p2, k3; Brown 1966, as in OpenCV).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from liquid_nav.errors import ConfigError

FEWEST_VIEWS = 6
COEFFICIENTS = (4, 5, 8)
REFINE = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 1e-3)
LARGEST_PX = 100_000


@dataclass(frozen=True)
class Calibration:
    """A pinhole camera with distortion.

    Attributes:
        width_px, height_px: of the images it was measured with.
        matrix: (3, 3) focal lengths and principal point in pixels.
        distortion: (4, 5 or 8,) k1, k2, p1, p2[, k3[, k4, k5, k6]].
        name: of the camera.
        error_px: root mean square of the reprojection, NaN where it is not known.
        views: pictures it was measured from.
    """

    width_px: int
    height_px: int
    matrix: NDArray[np.float64]
    distortion: NDArray[np.float64]
    name: str = "camera"
    error_px: float = math.nan
    views: int = 0

    @property
    def horizontal_fov_rad(self) -> float:
        """Angle across the image's width, without the distortion."""
        focal, centre = float(self.matrix[0, 0]), float(self.matrix[0, 2])
        return math.atan(centre / focal) + math.atan((self.width_px - 1 - centre) / focal)

    def scaled(self, width_px: int, height_px: int) -> Calibration:
        """Return it for the same images at another size.

        Raises:
            ConfigError: for another shape than that of the calibration.
        """
        across, down = width_px / self.width_px, height_px / self.height_px
        if abs(height_px - across * self.height_px) > 1.0:
            raise ConfigError(
                f"images are {width_px}x{height_px}, the calibration is for {self.width_px}x{self.height_px}: "
                "calibrate the camera at the size at which it flies"
            )
        matrix = self.matrix.copy()
        matrix[0] *= across
        matrix[1] *= down
        matrix[0, 2] += 0.5 * (across - 1.0)  # whole numbers are the centres of pixels
        matrix[1, 2] += 0.5 * (down - 1.0)
        return Calibration(width_px, height_px, matrix, self.distortion, self.name, self.error_px * across, self.views)


def load_calibration(path: Path) -> Calibration:
    """Read a calibration file.

    Raises:
        ConfigError: when it is missing or holds something else.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        text = f"calibration {path} cannot be read ({type(error).__name__}: {error}"
        raise ConfigError(f"{text.splitlines()[0]})") from error
    if not isinstance(content, dict):
        raise ConfigError(f"calibration {path} is no mapping: make it with `liquid-nav calibrate`")
    model = content.get("distortion_model", "plumb_bob")
    if model not in ("plumb_bob", "rational_polynomial"):
        raise ConfigError(f"distortion_model in {path} is {str(model)[:40]!r}: use plumb_bob or rational_polynomial")
    width, height = (_whole(path, content, key) for key in ("image_width", "image_height"))
    matrix = _numbers(path, content, "camera_matrix", (9,)).reshape(3, 3)
    if not (matrix[0, 0] > 0.0 and matrix[1, 1] > 0.0 and matrix[2, 2] == 1.0):
        raise ConfigError(f"camera_matrix in {path} has no positive focal lengths: calibrate again")
    return Calibration(
        width, height, matrix, _numbers(path, content, "distortion_coefficients", COEFFICIENTS),
        str(content.get("camera_name", "camera")),
    )  # fmt: skip


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Write a calibration file.

    Raises:
        ConfigError: when it cannot be written.
    """
    projection = np.hstack([calibration.matrix, np.zeros((3, 1))])
    content = {
        "image_width": calibration.width_px,
        "image_height": calibration.height_px,
        "camera_name": calibration.name,
        "camera_matrix": _block(calibration.matrix),
        "distortion_model": "rational_polynomial" if len(calibration.distortion) == 8 else "plumb_bob",
        "distortion_coefficients": _block(calibration.distortion.reshape(1, -1)),
        "rectification_matrix": _block(np.eye(3)),
        "projection_matrix": _block(projection),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"calibration {path} cannot be written ({error})") from error


def find_chessboard(rgb: NDArray[np.uint8], columns: int, rows: int) -> NDArray[np.float32] | None:
    """Return the inner corners (columns * rows, 2) of a chessboard in pixels, None when it is not whole in view."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    found, corners = cv2.findChessboardCorners(grey, (columns, rows), flags=cv2.CALIB_CB_ADAPTIVE_THRESH)
    if not found:
        return None
    refined = cv2.cornerSubPix(grey, corners, (5, 5), (-1, -1), REFINE)
    return np.asarray(refined, dtype=np.float32).reshape(-1, 2)


def calibrate(
    pictures: Iterable[NDArray[np.uint8]], columns: int, rows: int, square_m: float, name: str = "camera"
) -> Calibration:
    """Measure a lens from pictures of a chessboard.

    Args:
        pictures: RGB (height, width, 3), all of one size.
        columns, rows: inner corners of the board.
        square_m: side of a square.
        name: of the camera.

    Raises:
        ConfigError: for pictures of different sizes, or too few with the whole board in view.
    """
    board = np.zeros((columns * rows, 3), dtype=np.float32)
    board[:, :2] = square_m * np.mgrid[0:columns, 0:rows].T.reshape(-1, 2)
    views, size, looked = [], None, 0
    for picture in pictures:
        height, width = picture.shape[:2]
        if size is not None and size != (width, height):
            raise ConfigError(f"a picture is {width}x{height}, others are {size[0]}x{size[1]}: use one size")
        size, looked = (width, height), looked + 1
        corners = find_chessboard(picture, columns, rows)
        if corners is not None:
            views.append(corners)
    if size is None or len(views) < FEWEST_VIEWS:
        raise ConfigError(
            f"the board of {columns}x{rows} inner corners is whole in {len(views)} of {looked} pictures: "
            f"show it in at least {FEWEST_VIEWS}, near and far, tilted, and in every corner of the image"
        )
    error, matrix, distortion, _, _ = cv2.calibrateCamera([board] * len(views), views, size, None, None)
    return Calibration(
        *size, np.asarray(matrix, dtype=np.float64), np.asarray(distortion, dtype=np.float64).ravel()[:5], name,
        float(error), len(views),
    )  # fmt: skip


def _block(matrix: NDArray[np.float64]) -> dict[str, Any]:
    rows, columns = matrix.shape
    return {"rows": rows, "cols": columns, "data": [float(value) for value in matrix.ravel()]}


def _whole(path: Path, content: dict[Any, Any], key: str) -> int:
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_PX:
        raise ConfigError(f"{key} in {path} is {str(value)[:40]!r}: use a number of pixels")
    return value


def _numbers(path: Path, content: dict[Any, Any], key: str, counts: tuple[int, ...]) -> NDArray[np.float64]:
    block = content.get(key)
    data = block.get("data") if isinstance(block, dict) else None
    numbers = isinstance(data, list) and all(
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12 for value in data
    )
    if not numbers or data is None or len(data) not in counts:
        raise ConfigError(f"{key} in {path} holds no {' or '.join(map(str, counts))} finite numbers under data")
    return np.array(data, dtype=np.float64)
