"""The way from the camera to the policy: frames may be lost or come late, never out of order."""

from __future__ import annotations

from collections import deque

import numpy as np

from liquid_nav.types import CameraFrame
from sim_worlds.camera_settings import CameraConfig

TOLERANCE_S = 1e-9


class Link:
    """Frames under way.

    Args:
        config: of the camera.
        seed: of losses and delays.
    """

    def __init__(self, config: CameraConfig, seed: int) -> None:
        self._config = config
        self._random = np.random.default_rng([seed, 3])
        self._under_way: deque[tuple[float, CameraFrame]] = deque()
        self._last_arrival_s = -np.inf

    def send(self, frame: CameraFrame) -> None:
        """Take a frame at its capture; it arrives no sooner than those sent before it."""
        lost, delay = self._random.random(), self._random.standard_normal()
        if lost < self._config.drop_probability:
            return
        late_s = max(0.0, self._config.latency_s + self._config.latency_jitter_s * float(delay))
        self._last_arrival_s = max(self._last_arrival_s, frame.stamp_s + late_s)
        self._under_way.append((self._last_arrival_s, frame))

    def receive(self, now_s: float) -> CameraFrame | None:
        """Return the newest frame that has arrived since the last call, None when there is none."""
        newest = None
        while self._under_way and self._under_way[0][0] <= now_s + TOLERANCE_S:
            newest = self._under_way.popleft()[1]
        return newest
