"""Wind near the ground: a mean that grows with height and Dryden turbulence on it.

The turbulence is the Dryden model of MIL-F-8785C, section 3.7, in its low-altitude form. With the height h in
feet, the airspeed V and the time constant T = L / V, white noise passes through

    along the wind   H_u(s) = sigma_u sqrt(2 T_u / pi) / (1 + T_u s)
    across, up       H(s)   = sigma   sqrt(T / pi) (1 + sqrt(3) T s) / (1 + T s)^2

with L_w = h, L_u = L_v = h / (0.177 + 0.000823 h)^1.2 and sigma_u = sigma_v = sigma_w / (0.177 + 0.000823 h)^0.4
for 10 ft < h < 1000 ft (below, the values at 10 ft). The mean wind is W(h) = W(3 m) ln(h / z0) / ln(3 m / z0) with
z0 = 0.15 ft, from 3 ft upwards (same section). The axes are along, across and up from the mean wind.

The filters are discretised exactly, in states of unit variance, so that variance and spectrum hold for any time step
and while height and airspeed change: H is a chain of two lags x1, x2 with y = sigma (sqrt(3) x1 + (1 - sqrt(3)) x2) /
sqrt(2), which keeps the covariance P = [[1, 1/2], [1/2, 1/2]] when its noise has P - A P A^T.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from sim_worlds.conditions import FlightConditions
from sim_worlds.scene import Float3

FOOT_M = 0.3048
REFERENCE_M = 3.0
ROUGHNESS_M = 0.15 * FOOT_M
LOWEST_MEAN_M = 3.0 * FOOT_M
LOWEST_FT, HIGHEST_FT = 10.0, 1000.0
LOWEST_AIRSPEED_M_S = 1.0  # with none the frozen field would never change
DRAWS = 512
ROOT_3, ROOT_HALF = math.sqrt(3.0), math.sqrt(0.5)


def mean_wind_share(height_m: float) -> float:
    """Return the mean wind at a height relative to that at 3 m."""
    return math.log(max(height_m, LOWEST_MEAN_M) / ROUGHNESS_M) / math.log(REFERENCE_M / ROUGHNESS_M)


def length_scales_m(height_m: float) -> tuple[float, float]:
    """Return L_u = L_v and L_w at a height."""
    feet = _feet(height_m)
    return FOOT_M * feet / _shape(feet) ** 1.2, FOOT_M * feet


def intensities(height_m: float) -> tuple[float, float]:
    """Return sigma_u = sigma_v and sigma_w at a height relative to sigma_u at 3 m, which lies in the lowest layer."""
    upward = _shape(LOWEST_FT) ** 0.4
    return upward / _shape(_feet(height_m)) ** 0.4, upward


class DrydenWind:
    """The air's velocity at the vehicle.

    Args:
        conditions: mean wind, its direction and the strength of its gusts.
        rng: draws the direction where none is given, and the gusts.
    """

    def __init__(self, conditions: FlightConditions, rng: np.random.Generator) -> None:
        drawn = float(rng.uniform(-math.pi, math.pi))
        self.direction_rad = drawn if conditions.wind_direction_rad is None else conditions.wind_direction_rad
        self._mean_m_s, self._gust_m_s = conditions.wind_m_s, conditions.gust_m_s
        self._cos, self._sin = math.cos(self.direction_rad), math.sin(self.direction_rad)
        self._noise = _normals(rng)
        self._along = next(self._noise)
        self._across, self._up = self._draw_state(), self._draw_state()

    def velocity_enu_m_s(self, height_m: float, airspeed_m_s: float, duration_s: float) -> Float3:
        """Let the gusts go on by ``duration_s`` and return the air's velocity.

        Args:
            height_m: of the vehicle above the ground.
            airspeed_m_s: speed of the vehicle through the air; the faster, the sooner it meets other air.
            duration_s: since the last call.
        """
        along, across, up = self._mean_m_s * mean_wind_share(height_m), 0.0, 0.0
        if self._gust_m_s > 0.0:
            horizontal_m, vertical_m = length_scales_m(height_m)
            level, upward = intensities(height_m)
            path_m = max(airspeed_m_s, LOWEST_AIRSPEED_M_S) * duration_s
            self._advance(path_m / horizontal_m, path_m / vertical_m)
            along += self._gust_m_s * level * self._along
            across = self._gust_m_s * level * _second_order(self._across)
            up = self._gust_m_s * upward * _second_order(self._up)
        return along * self._cos - across * self._sin, along * self._sin + across * self._cos, up

    def _advance(self, horizontal: float, vertical: float) -> None:
        """Advance the three filters by the given shares of their time constants."""
        keep = math.exp(-horizontal)
        self._along = keep * self._along + math.sqrt(1.0 - keep * keep) * next(self._noise)
        self._across = self._lag_twice(self._across, horizontal)
        self._up = self._lag_twice(self._up, vertical)

    def _lag_twice(self, state: tuple[float, float], share: float) -> tuple[float, float]:
        keep = math.exp(-share)
        square = keep * keep
        # Covariance of the noise: P - A P A^T with A = keep [[1, 0], [share, 1]], and its Cholesky factor.
        q11 = 1.0 - square
        q12 = 0.5 - square * (share + 0.5)
        q22 = 0.5 - square * (share * share + share + 0.5)
        first = math.sqrt(q11)
        cross = q12 / first
        second = math.sqrt(max(0.0, q22 - cross * cross))
        n1, n2 = next(self._noise), next(self._noise)
        return keep * state[0] + first * n1, keep * (share * state[0] + state[1]) + cross * n1 + second * n2

    def _draw_state(self) -> tuple[float, float]:
        """Draw a state from the stationary distribution."""
        first = next(self._noise)
        return first, 0.5 * first + 0.5 * next(self._noise)


def _second_order(state: tuple[float, float]) -> float:
    return ROOT_HALF * (ROOT_3 * state[0] + (1.0 - ROOT_3) * state[1])


def _normals(rng: np.random.Generator) -> Iterator[float]:
    while True:
        yield from rng.standard_normal(DRAWS).tolist()


def _feet(height_m: float) -> float:
    return min(max(height_m / FOOT_M, LOWEST_FT), HIGHEST_FT)


def _shape(feet: float) -> float:
    return 0.177 + 0.000823 * feet
