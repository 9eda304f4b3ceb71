"""The estimate is late by what it should be, errs by as much as it should, and is exact when nothing is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from liquid_nav.frames import wrap_angle
from liquid_nav.types import Odometry, VelocityCommand
from sim_worlds.conditions import FlightConditions
from sim_worlds.estimator import DRIFT_TIME_S, RATE_HZ, StateEstimator
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.scene import Setting, Start
from sim_worlds.targets import HangingBackpack
from sim_worlds.world import World
from tests.fakes import empty_scene, level_attitude

COMMAND = VelocityCommand(forward_m_s=1.0, yaw_rate_rad_s=0.3)


def _world(conditions: FlightConditions | None = None) -> World:
    setting = Setting(empty_scene(), HangingBackpack((20.0, 20.0, 2.0), 0.0), Start((0.0, 0.0, 4.0), 0.5))
    return World(setting, renderer=BlindRenderer(), conditions=conditions)


def _errors(conditions: FlightConditions, seconds: float, seed: int = 3) -> np.ndarray:
    """Errors of a vehicle that stands: position, velocity, yaw (estimates, 7)."""
    estimator = StateEstimator(conditions, np.random.default_rng(seed))
    yaw, rows = 0.4, []
    for tick in range(round(seconds * RATE_HZ)):
        estimator.observe(Odometry(tick / RATE_HZ, np.zeros(3), np.zeros(3), level_attitude(yaw)))
        got = estimator.estimate
        error = wrap_angle(got.yaw_rad - yaw)
        rows.append(np.concatenate([got.position_enu_m, got.velocity_enu_m_s, [error]]))
    return np.array(rows)


def test_the_estimate_is_the_truth_when_nothing_is_asked_for() -> None:
    world = _world()
    for _ in range(10):
        world.step(COMMAND, 0.05)
        assert world.estimate is world.odometry


@pytest.mark.parametrize("latency_s", [0.1, 0.5])
def test_a_late_estimate_describes_the_state_of_its_stamp(latency_s: float) -> None:
    world = _world(FlightConditions(estimate_latency_s=latency_s))
    truth = {0.0: world.odometry}
    for _ in range(240):
        world.step(COMMAND, 1.0 / 240.0)
        truth[world.time_s] = world.odometry
    estimate = world.estimate
    assert world.time_s - estimate.stamp_s == pytest.approx(latency_s, abs=1.01 / RATE_HZ)
    known = truth[min(truth, key=lambda stamp: abs(stamp - estimate.stamp_s))]
    assert np.allclose(estimate.position_enu_m, known.position_enu_m, atol=1e-12)
    assert np.allclose(estimate.attitude_xyzw, known.attitude_xyzw, atol=1e-12)


def test_errors_are_as_large_as_asked_for() -> None:
    conditions = FlightConditions(position_noise_m=0.5, velocity_noise_m_s=0.2, yaw_noise_rad=0.1)
    errors = np.concatenate([_errors(conditions, 40.0, seed) for seed in range(16)])
    expected = [0.5] * 3 + [0.2] * 3 + [0.1]
    assert np.sqrt((errors**2).mean(axis=0)) == pytest.approx(expected, rel=0.35)


def test_errors_are_a_slow_drift_with_a_white_share() -> None:
    errors = np.concatenate([_errors(FlightConditions(position_noise_m=1.0), 60.0, seed)[:, 0] for seed in range(8)])
    jump = np.diff(errors).std()
    # White noise of half the deviation differs by sqrt(2) / 2 from one estimate to the next; the drift hardly moves.
    assert jump == pytest.approx(0.5 * np.sqrt(2.0), rel=0.05)
    second = errors.reshape(-1, int(RATE_HZ)).mean(axis=1)
    kept = np.corrcoef(second[1:], second[:-1])[0, 1]
    assert kept > np.exp(-1.0 / DRIFT_TIME_S) - 0.1


def test_the_vehicle_flies_on_the_same_path_whatever_the_estimate() -> None:
    exact, noisy = _world(), _world(FlightConditions(position_noise_m=1.0, estimate_latency_s=0.2))
    for world in (exact, noisy):
        for _ in range(20):
            world.step(COMMAND, 0.05)
    assert np.array_equal(exact.odometry.position_enu_m, noisy.odometry.position_enu_m)


def test_a_restart_begins_with_a_fresh_estimate() -> None:
    world = _world(FlightConditions(position_noise_m=0.1, estimate_latency_s=0.3))
    for _ in range(20):
        world.step(COMMAND, 0.05)
    world.restart_at(Start((5.0, -3.0, 2.0), 0.0))
    assert world.estimate.stamp_s == 0.0
    assert np.allclose(world.estimate.position_enu_m, (5.0, -3.0, 2.0), atol=0.6)
