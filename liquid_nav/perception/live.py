"""Cameras that take images whether they are read or not; one that is unplugged is waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import ConfigError
from liquid_nav.perception.source import PIPELINE_MARK, Shot, to_rgb

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0
OLDEST_STAMP_S = 1.0
JOIN_S = 3.0
OPEN_LIMIT_MS, READ_LIMIT_MS = 15_000, 2_000  # of a stream; FFmpeg itself would wait half a minute for each


class Device(Protocol):
    """What :class:`cv2.VideoCapture` offers, as far as it is used."""

    def isOpened(self) -> bool:
        """Return whether it can be read."""

    def grab(self) -> bool:
        """Wait for an image; False when there will be none."""

    def retrieve(self) -> tuple[bool, Any]:
        """Decode the grabbed image to BGR."""

    def get(self, prop: int) -> float:
        """Return a property."""

    def release(self) -> None:
        """Let it go."""


def device_opener(name: str) -> Callable[[], Device]:
    """Return what opens a device by its name.

    Raises:
        ConfigError: for a pipeline where OpenCV was built without GStreamer.
    """
    if PIPELINE_MARK in name:
        if not cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER) or "GStreamer:                   YES" not in (
            cv2.getBuildInformation()
        ):
            raise ConfigError(
                "this OpenCV has no GStreamer: install the system's python3-opencv, or give the camera's URL or number"
            )
        return lambda: cv2.VideoCapture(name, cv2.CAP_GSTREAMER)
    if "://" in name:
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_LIMIT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_LIMIT_MS]
        return lambda: cv2.VideoCapture(name, cv2.CAP_FFMPEG, limits)
    device = int(name) if name.isdigit() else name
    return lambda: cv2.VideoCapture(device, cv2.CAP_V4L2)


class LiveCamera:
    """Takes images in a thread, keeps the newest, and opens the device again after it has gone.

    The pauses between tries grow from 0.5 to 8 s. An image bears the driver's time of capture where it tells one
    (V4L2 does), or else the moment at which it was complete, before decoding.

    Args:
        opener: opens the device.
        name: for messages.
        on_image: called from the thread when there is a new image.
        pause_s: first pause before the device is opened again.

    Raises:
        ConfigError: when the device cannot be opened the first time.
    """

    live = True

    def __init__(
        self,
        opener: Callable[[], Device],
        name: str,
        on_image: Callable[[], None] | None = None,
        pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._opener, self._name, self._on_image, self._pause_s = opener, name, on_image, pause_s
        self._device: Device | None = opener()
        if not self._device.isOpened():
            self._device.release()
            raise ConfigError(f"camera source {name!r} cannot be opened: is it plugged in, free and readable?")
        self._newest: tuple[NDArray[np.uint8], float] | None = None
        self._lost, self.reconnects = "", 0
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def read(self, max_width_px: int) -> Shot | None:
        """Return the newest image that has not been read, None when there is none."""
        with self._lock:
            newest, self._newest = self._newest, None
        return None if newest is None else Shot(to_rgb(newest[0], max_width_px), newest[1])

    def status(self) -> str:
        """Return whether images come."""
        return self._lost or f"{self._name} is open, after {self.reconnects} losses"

    def close(self) -> None:
        """Let the device go."""
        self._closed.set()
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._closed.is_set():
            if self._device is None and not self._open_again():
                return
            self._take()
        if self._device is not None:
            self._device.release()

    def _take(self) -> None:
        device = self._device
        assert device is not None
        try:
            newest = _image_of(device)
        except Exception as error:  # whatever a driver does, the camera is opened again
            newest, self._lost = None, f"{self._name} failed: {error}"
        if newest is None:
            device.release()
            self._device = None
            return
        with self._lock:
            self._newest = newest
        if self._on_image is not None:
            self._on_image()

    def _opened(self) -> Device | None:
        """Return the device where it can be opened now."""
        try:
            device = self._opener()
            if device.isOpened():
                return device
            device.release()
        except Exception as error:  # as above: it is tried again
            self._lost = f"{self._name} cannot be opened: {error}"
        return None

    def _open_again(self) -> bool:
        """Try until the device is back; return False when it is wanted no more."""
        lost_s, pause_s = time.monotonic(), self._pause_s
        while not self._closed.wait(pause_s):
            self._lost = f"{self._name} is gone for {time.monotonic() - lost_s:.1f} s: opening it again"
            device = self._opened()
            if device is not None:
                self._device, self._lost = device, ""
                self.reconnects += 1
                return True
            pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)
        return False


def _image_of(device: Device) -> tuple[NDArray[np.uint8], float] | None:
    """Wait for the next image (height, width, 3), BGR, and its time of capture; None when there will be none."""
    if not device.grab():
        return None
    arrived_s = time.monotonic()
    good, picture = device.retrieve()
    if not good:
        return None
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise ValueError(f"its image is no uint8 array (height, width, 3) but {getattr(picture, 'shape', picture)}")
    return picture, _taken_s(device, arrived_s)


def _taken_s(device: Device, arrived_s: float) -> float:
    """Return the driver's time of capture where it is on this machine's steady clock, or else that of the arrival."""
    told_s = 1e-3 * device.get(cv2.CAP_PROP_POS_MSEC)
    return told_s if 0.0 <= arrived_s - told_s <= OLDEST_STAMP_S else arrived_s
