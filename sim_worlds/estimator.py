"""The state estimate that the flight stack works with: noisy, drifting and late.

The error of each axis is white noise plus a first-order Gauss-Markov process, e' = -e / T + sqrt(2 / T) sigma n, the
usual model of drifting sensors (Gelb, Applied Optimal Estimation, 1974); of its variance a quarter is white.
Estimates come :data:`RATE_HZ` times a second.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from liquid_nav.types import Odometry
from sim_worlds.conditions import FlightConditions

RATE_HZ = 60.0
DRIFT_TIME_S = 20.0
WHITE_SHARE, DRIFT_SHARE = 0.5, math.sqrt(0.75)  # of the standard deviation
YAW = 6  # place of the yaw among the errors, after position and velocity


class StateEstimator:
    """Turns true states into the estimates that are delivered.

    Args:
        conditions: strength of the errors and latency.
        rng: draws the errors.
    """

    def __init__(self, conditions: FlightConditions, rng: np.random.Generator) -> None:
        self._rng = rng
        self._latency_s = conditions.estimate_latency_s
        self._sigma = np.array(
            [conditions.position_noise_m] * 3 + [conditions.velocity_noise_m_s] * 3 + [conditions.yaw_noise_rad]
        )
        self._drift = rng.standard_normal(7)
        self._keep = math.exp(-1.0 / (DRIFT_TIME_S * RATE_HZ))
        self._waiting: deque[Odometry] = deque()
        self._delivered: Odometry | None = None

    @property
    def estimate(self) -> Odometry:
        """The latest estimate; its stamp is the time of the state it describes."""
        if self._delivered is None:
            raise RuntimeError("the estimator has seen no state yet: call observe first")
        return self._delivered

    def observe(self, truth: Odometry) -> None:
        """Take in a true state, :data:`RATE_HZ` times a second; the first is delivered at once."""
        self._waiting.append(self._with_errors(truth))
        if self._delivered is None:
            self._delivered = self._waiting[0]
        while self._waiting and self._waiting[0].stamp_s <= truth.stamp_s - self._latency_s + 1e-9:
            self._delivered = self._waiting.popleft()

    def _with_errors(self, truth: Odometry) -> Odometry:
        self._drift = self._keep * self._drift + math.sqrt(1.0 - self._keep**2) * self._rng.standard_normal(7)
        error = self._sigma * (DRIFT_SHARE * self._drift + WHITE_SHARE * self._rng.standard_normal(7))
        half = 0.5 * float(error[YAW])
        cos, sin = math.cos(half), math.sin(half)
        x, y, z, w = truth.attitude_xyzw
        return Odometry(
            stamp_s=truth.stamp_s,
            position_enu_m=truth.position_enu_m + error[:3],
            velocity_enu_m_s=truth.velocity_enu_m_s + error[3:YAW],
            attitude_xyzw=np.array([cos * x - sin * y, cos * y + sin * x, cos * z + sin * w, cos * w - sin * z]),
            angular_velocity_flu_rad_s=truth.angular_velocity_flu_rad_s,
        )
