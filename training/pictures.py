"""Pictures in files, each whole or not there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import ConfigError
from liquid_nav.whole_file import whole_file

KINDS = (".png", ".jpg")


def save_picture(picture: NDArray[np.uint8], path: Path, jpeg_quality: int = 86) -> Path:
    """Write a picture (height, width, 3), RGB; where that fails, what the file held before stays.

    Raises:
        ConfigError: when the name does not end in .png or .jpg, its folder does not exist, the picture is too large
            for its kind of file, or the file cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in KINDS or not path.parent.is_dir():
        raise ConfigError(f"{path}: give the name of a .png or .jpg in a folder that exists")
    options = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality] if kind == ".jpg" else []
    done = False
    with suppress(cv2.error):
        done, data = cv2.imencode(kind, np.ascontiguousarray(picture[..., ::-1]), options)
    if not done:
        height, width = picture.shape[:2]
        raise ConfigError(f"{path} cannot hold {width} x {height} pixels: use a .png, or show less")
    with whole_file(path) as part:
        part.write_bytes(data.tobytes())
    return path
