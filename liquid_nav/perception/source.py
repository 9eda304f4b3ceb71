"""Sources of images: a webcam, a network stream, a GStreamer pipeline, a video, a recording or a folder of pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import ConfigError

PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
BAGS = (".mcap", ".db3", ".bag")
PIPELINE_MARK = " ! "
SHORTEST_GAP_S = 1e-3
SILENCE_S, POLL_S = 10.0, 0.02


@dataclass(frozen=True, slots=True)
class Shot:
    """One image of a source.

    Attributes:
        rgb: (height, width, 3) uint8.
        taken_s: of live cameras, when it was taken on the clock of ``time.monotonic``; of files, its time in the file.
    """

    rgb: NDArray[np.uint8]
    taken_s: float


class ImageSource(Protocol):
    """Gives one image after the other.

    Attributes:
        live: images come when the camera takes them, and what is late is lost; otherwise they wait to be read.
    """

    live: bool

    def read(self, max_width_px: int) -> Shot | None:
        """Return the next image, scaled down to ``max_width_px``.

        None means of a file that it has ended, and of a live camera that there is nothing new.

        Raises:
            ConfigError: when a file holds what is no image.
        """

    def status(self) -> str:
        """Return in a few words how it goes."""

    def close(self) -> None:
        """Let the device or file go. Calling it twice is harmless."""


def open_source(
    name: str, *, loop: bool = False, rate_hz: float = 20.0, on_image: Callable[[], None] | None = None
) -> ImageSource:
    """Open a source.

    Args:
        name: a webcam by number or as /dev/video0, a URL, a GStreamer pipeline (``v4l2src ! ... ! appsink``), a video
            file, a recording (rosbag2 folder, .mcap, .db3) or a folder of images.
        loop: begin a file or folder again at its end.
        rate_hz: of folders, of videos that tell none, and of a recording of a single image that begins again.
        on_image: called from another thread when a live camera has taken an image.

    Raises:
        ConfigError: when nothing can be read from it.
    """
    from liquid_nav.perception.files import Folder, Recording, Video
    from liquid_nav.perception.live import LiveCamera, device_opener

    path = Path(name)
    if name.isdigit() or name.startswith("/dev/video") or "://" in name or PIPELINE_MARK in name:
        return LiveCamera(device_opener(name), name, on_image)
    if name and path.is_dir() and not (path / "metadata.yaml").exists():
        return Folder(path, rate_hz, loop)
    if name and (path.is_dir() or (path.is_file() and path.suffix in BAGS)):
        return Recording(path, rate_hz, loop)
    if name and path.is_file():
        return Video(path, rate_hz, loop)
    raise ConfigError(
        f"camera source {name!r} does not exist: give a webcam number, URL, GStreamer pipeline, video file, recording "
        "or folder"
    )


def shots(source: ImageSource, max_width_px: int) -> Iterator[Shot]:
    """Yield the images of a source until a file ends or a live camera has been silent for :data:`SILENCE_S`.

    Raises:
        ConfigError: when a file holds what is no image.
    """
    heard_s = time.monotonic()
    while True:
        shot = source.read(max_width_px)
        if shot is not None:
            yield shot
            heard_s = time.monotonic()
        elif source.live and time.monotonic() - heard_s <= SILENCE_S:
            time.sleep(POLL_S)
        else:
            return


def to_rgb(bgr: NDArray[np.uint8], max_width_px: int) -> NDArray[np.uint8]:
    """Return an OpenCV image as RGB, scaled down to a width."""
    return np.ascontiguousarray(scaled_down(bgr, max_width_px)[..., ::-1])


def scaled_down(picture: NDArray[np.uint8], max_width_px: int) -> NDArray[np.uint8]:
    """Return a picture no wider than this, of the same shape."""
    height, width = picture.shape[:2]
    if width <= max_width_px:
        return picture
    size = (max_width_px, max(1, round(height * max_width_px / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
