"""Images from files: they wait to be read, and bear their time in the file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader
from rosbags.interfaces import Connection

from liquid_nav.data import messages
from liquid_nav.data.images import rgb_of
from liquid_nav.errors import ConfigError
from liquid_nav.perception.source import PICTURES, SHORTEST_GAP_S, Shot, scaled_down, to_rgb

IMAGE_TYPES = ("sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/Image")
FASTEST_HZ = 240.0


class _File(ABC):
    """What files have in common: they come to an end, and may begin again.

    Args:
        name: for messages.
        rate_hz: of what holds a single image, when it begins again.
        loop: begin again at the end; its times go on.
    """

    live = False

    def __init__(self, name: str, rate_hz: float, loop: bool) -> None:
        self._name, self._rate_hz, self._loop = name, rate_hz, loop
        self._shots: Iterator[Shot] | None = None
        self._max_width_px = 0
        self._offset_s = self._last_s = 0.0
        self._gap_s = 1.0 / rate_hz

    def read(self, max_width_px: int) -> Shot | None:
        """Return the next image, None at the end."""
        self._max_width_px = max_width_px
        shot = self._next()
        if shot is None and self._loop:
            self._shots, self._offset_s = None, self._last_s + max(self._gap_s, SHORTEST_GAP_S)
            shot = self._next()
        if shot is None:
            return None
        taken_s = shot.taken_s + self._offset_s
        if taken_s > self._last_s:  # not the first image
            self._gap_s = taken_s - self._last_s
        self._last_s = taken_s
        return Shot(shot.rgb, taken_s)

    def status(self) -> str:
        """Return how far it is."""
        return f"{self._last_s:.1f} s of {self._name}"

    def close(self) -> None:
        """Let the file go."""
        self._shots = None

    def _next(self) -> Shot | None:
        if self._shots is None:
            self._shots = self._open()
        return next(self._shots, None)

    @abstractmethod
    def _open(self) -> Iterator[Shot]:
        """Yield the images from the beginning."""


class Folder(_File):
    """Pictures in the order of their names."""

    def __init__(self, folder: Path, rate_hz: float, loop: bool) -> None:
        super().__init__(folder.name, rate_hz, loop)
        self._files = sorted(file for file in folder.iterdir() if file.suffix.lower() in PICTURES)
        if not self._files:
            raise ConfigError(f"{folder} holds no images: give a folder with {', '.join(PICTURES)}")

    def _open(self) -> Iterator[Shot]:
        for index, file in enumerate(self._files):
            picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
            if picture is None:
                raise ConfigError(f"{file} cannot be read as an image: remove it")
            yield Shot(to_rgb(np.asarray(picture, dtype=np.uint8), self._max_width_px), index / self._rate_hz)


class Video(_File):
    """A video file, at the rate it tells."""

    def __init__(self, file: Path, rate_hz: float, loop: bool) -> None:
        self._file = file
        capture = self._capture()
        rate = float(capture.get(cv2.CAP_PROP_FPS))
        capture.release()
        super().__init__(file.name, rate if 0.5 <= rate <= FASTEST_HZ else rate_hz, loop)

    def _capture(self) -> Any:
        capture = cv2.VideoCapture(str(self._file))
        if not capture.isOpened():
            raise ConfigError(f"camera source {str(self._file)!r} cannot be opened: is it a video?")
        return capture

    def _open(self) -> Iterator[Shot]:
        capture = self._capture()
        try:
            index = 0
            while True:
                good, picture = capture.read()
                if not good:
                    return
                yield Shot(to_rgb(np.asarray(picture, dtype=np.uint8), self._max_width_px), index / self._rate_hz)
                index += 1
        finally:
            capture.release()


class Recording(_File):
    """The images of a rosbag2 or MCAP recording, with the gaps between them that the camera had."""

    def __init__(self, path: Path, rate_hz: float, loop: bool) -> None:
        super().__init__(path.name, rate_hz, loop)
        self._path = path
        try:
            with self._reader() as reader:
                self._topic = _image_connection(path, reader).topic
        except ConfigError:
            raise
        except Exception as error:  # each of the readers' libraries has its own for damaged bytes
            raise ConfigError(f"{path} cannot be read as a recording ({error})") from error

    def _reader(self) -> AnyReader:
        return AnyReader([self._path], default_typestore=messages.STORE)

    def _open(self) -> Iterator[Shot]:
        first_s: float | None = None
        try:
            with self._reader() as reader:
                chosen = _image_connection(self._path, reader)
                for connection, _, data in reader.messages([chosen]):
                    message = reader.deserialize(data, connection.msgtype)
                    stamp_s = messages.stamp_of(message)
                    first_s = stamp_s if first_s is None else first_s
                    picture: NDArray[np.uint8] = scaled_down(rgb_of(message), self._max_width_px)
                    yield Shot(np.ascontiguousarray(picture), max(stamp_s - first_s, 0.0))
        except Exception as error:  # each of the readers' libraries has its own for damaged bytes
            raise ConfigError(f"{self._path} cannot be read any further ({error})") from error


def _image_connection(path: Path, reader: AnyReader) -> Connection:
    """Return the camera's topic: the first compressed one, or else the first raw one."""
    for kind in IMAGE_TYPES:
        found = sorted(
            (connection for connection in reader.connections if connection.msgtype == kind),
            key=lambda connection: ("camera" not in connection.topic, connection.topic),
        )
        if found:
            return found[0]
    topics = ", ".join(sorted(connection.topic for connection in reader.connections)) or "none"
    raise ConfigError(f"{path} holds no images: its topics are {topics}")
