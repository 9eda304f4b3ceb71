"""Sources of images: a webcam, a network stream, a video file or a folder of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import ConfigError

PICTURES = (".png", ".jpg", ".jpeg", ".bmp")


class ImageSource(Protocol):
    """Gives one image after the other."""

    def read(self, max_width_px: int) -> NDArray[np.uint8] | None:
        """Return the next RGB image (height, width, 3), scaled down to ``max_width_px``; None at the end."""

    def close(self) -> None:
        """Let the device or file go. Calling it twice is harmless."""


def open_source(name: str, *, loop: bool = False) -> ImageSource:
    """Open a source.

    Args:
        name: a number for a webcam, a URL, a video file or a folder of images.
        loop: begin a file or folder again at its end.

    Raises:
        ConfigError: when nothing can be read from it.
    """
    path = Path(name)
    if name and path.is_dir():
        return _Folder(path, loop)
    if not name or (not name.isdigit() and "://" not in name and not path.is_file()):
        raise ConfigError(f"camera source {name!r} does not exist: give a webcam number, URL, video file or folder")
    return _Capture(name, loop)


class _Capture:
    def __init__(self, name: str, loop: bool) -> None:
        self._capture = cv2.VideoCapture(int(name) if name.isdigit() else name)
        self._loop = loop and not name.isdigit()
        if not self._capture.isOpened():
            raise ConfigError(f"camera source {name!r} cannot be opened: is it plugged in, free and readable?")

    def read(self, max_width_px: int) -> NDArray[np.uint8] | None:
        """Return the next image; None at the end."""
        good, picture = self._capture.read()
        if not good and self._loop:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            good, picture = self._capture.read()
        return _prepare(np.asarray(picture, dtype=np.uint8), max_width_px) if good else None

    def close(self) -> None:
        """Let the device or file go."""
        self._capture.release()


class _Folder:
    def __init__(self, folder: Path, loop: bool) -> None:
        self._files = sorted(file for file in folder.iterdir() if file.suffix.lower() in PICTURES)
        self._next, self._loop = 0, loop
        if not self._files:
            raise ConfigError(f"{folder} holds no images: give a folder with {', '.join(PICTURES)}")

    def read(self, max_width_px: int) -> NDArray[np.uint8] | None:
        """Return the next image; None at the end."""
        if self._next >= len(self._files):
            if not self._loop:
                return None
            self._next = 0
        picture = cv2.imread(str(self._files[self._next]), cv2.IMREAD_COLOR)
        self._next += 1
        if picture is None:
            raise ConfigError(f"{self._files[self._next - 1]} cannot be read as an image: remove it")
        return _prepare(np.asarray(picture, dtype=np.uint8), max_width_px)

    def close(self) -> None:
        """Nothing to let go."""


def _prepare(bgr: NDArray[np.uint8], max_width_px: int) -> NDArray[np.uint8]:
    height, width = bgr.shape[:2]
    if width > max_width_px:
        size = (max_width_px, max(1, round(height * max_width_px / width)))
        bgr = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.ascontiguousarray(bgr[..., ::-1])
