"""Disturbances that push a flight off the expert's way, so that the data shows how to come back and how to keep up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from liquid_nav.types import VelocityCommand

CORRELATION_S = 1.2
SPREAD = np.array([0.8, 0.6, 0.35, 0.5])  # m/s, m/s, m/s, rad/s
LIMIT = np.array([2.0, 1.2, 0.8, 1.2])
WIND_SHARE, WIND_M_S = 0.8, (0.3, 1.7)
WIND_LASTS_S, WIND_RISES_S = (4.0, 12.0), 0.8
OBLIQUE_SHARE, OBLIQUE_RAD = 0.5, 1.3


class Disturbance:
    """Ornstein-Uhlenbeck noise on a command, with pauses in which the flight recovers."""

    def __init__(self, rng: np.random.Generator, strength: float) -> None:
        self._rng = rng
        self._strength = strength
        self._value: NDArray[np.float64] = np.zeros(4)
        self._active = True
        self._left_s = float(rng.uniform(1.0, 4.0))

    def apply(self, command: VelocityCommand, duration_s: float, damping: float = 1.0) -> VelocityCommand:
        """Return the disturbed command; ``damping`` 0..1 weakens the disturbance."""
        self._left_s -= duration_s
        if self._left_s <= 0.0:
            self._active = not self._active
            self._left_s = float(self._rng.uniform(1.0, 4.0))
        keep = float(np.exp(-duration_s / CORRELATION_S))
        kick = np.sqrt(1.0 - keep**2) * self._rng.standard_normal(4)
        self._value = keep * self._value + SPREAD * kick
        if not self._active or self._strength == 0.0:
            return command
        noise = np.clip(self._strength * damping * self._value, -LIMIT, LIMIT)
        return VelocityCommand.from_array(command.as_array() + noise)


class Headwind:
    """Pushes a vehicle back for seconds on end, so that it has to fly on to stay where it is.

    To stay behind somebody who walks looks the same. Without it, who has been at one distance for a while has always
    arrived.

    Args:
        rng: of what blows when.
        oblique: half of the gusts push aside as well, as if the target turned off: what stands beside the way then
            comes before it.
    """

    def __init__(self, rng: np.random.Generator, *, oblique: bool = False) -> None:
        self._rng = rng
        self._oblique = oblique
        self._wanted_m_s: NDArray[np.float64] = np.zeros(2)  # backwards and to the left
        self._speed_m_s: NDArray[np.float64] = np.zeros(2)
        self._left_s = 0.0

    def apply(self, command: VelocityCommand, duration_s: float, damping: float = 1.0) -> VelocityCommand:
        """Return the command as the wind lets it be flown; ``damping`` 0..1 weakens the wind."""
        self._left_s -= duration_s
        if self._left_s <= 0.0:
            self._left_s = float(self._rng.uniform(*WIND_LASTS_S))
            self._wanted_m_s = self._draw()
        self._speed_m_s = self._speed_m_s + (self._wanted_m_s - self._speed_m_s) * min(1.0, duration_s / WIND_RISES_S)
        back, left = (float(damping * speed) for speed in self._speed_m_s)
        return replace(command, forward_m_s=command.forward_m_s - back, left_m_s=command.left_m_s + left)

    def _draw(self) -> NDArray[np.float64]:
        """Return the next gust's speeds (2,), backwards and to the left."""
        blows = self._rng.random() < WIND_SHARE
        speed = float(self._rng.uniform(*WIND_M_S)) if blows else 0.0
        aside = self._oblique and self._rng.random() < OBLIQUE_SHARE
        angle = float(self._rng.uniform(-OBLIQUE_RAD, OBLIQUE_RAD)) if aside else 0.0
        return speed * np.array([np.cos(angle), np.sin(angle)])
