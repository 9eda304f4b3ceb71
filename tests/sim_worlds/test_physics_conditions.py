"""The vehicle can be flown in gusts, overloaded and with weak motors, and flies the same way each time."""

from __future__ import annotations

import numpy as np
import pytest

from liquid_nav.types import VelocityCommand
from sim_worlds.conditions import CONDITIONS, FlightConditions
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.scene import Setting, Start
from sim_worlds.targets import HangingBackpack
from sim_worlds.world import World, make_world
from tests.fakes import empty_scene

COMMAND = VelocityCommand(forward_m_s=1.0, yaw_rate_rad_s=0.5)


def _world(conditions: FlightConditions) -> World:
    setting = Setting(empty_scene(), HangingBackpack((20.0, 20.0, 2.0), 0.0), Start((0.0, 0.0, 3.0), 0.5))
    return World(setting, renderer=BlindRenderer(), conditions=conditions)


def _fly(conditions: FlightConditions, command: VelocityCommand, seconds: float) -> np.ndarray:
    """Position and velocity at each step, (steps, 6)."""
    world, rows = _world(conditions), []
    for _ in range(round(seconds / 0.05)):
        world.step(command, 0.05)
        rows.append(np.concatenate([world.odometry.position_enu_m, world.odometry.velocity_enu_m_s]))
        assert world.collision is None
    return np.array(rows)


@pytest.mark.parametrize("name", CONDITIONS)
def test_two_flights_of_one_seed_are_the_same_to_the_last_bit(name: str) -> None:
    first, second = (_fly(CONDITIONS[name], COMMAND, 3.0) for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("name", ["forest", "city"])
def test_whole_worlds_repeat_to_the_last_bit(name: str) -> None:
    ends = []
    for _ in range(2):
        world = make_world(name, 3, renderer=BlindRenderer(), conditions=CONDITIONS["gusts"])
        for _ in range(30):
            world.step(COMMAND, 0.05)
        ends.append(np.concatenate([world.odometry.position_enu_m, world.target.position_enu_m]).tobytes())
        world.close()
    assert ends[0] == ends[1]


def test_another_seed_of_the_conditions_brings_other_gusts() -> None:
    one, other = (_fly(FlightConditions(seed=seed, gust_m_s=2.0), COMMAND, 2.0) for seed in (0, 1))
    assert not np.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_vehicle_flies_as_commanded_under_all_named_conditions(name: str) -> None:
    path = _fly(CONDITIONS[name], COMMAND, 8.0)
    speed = np.hypot(path[60:, 3], path[60:, 4])
    assert speed.mean() == pytest.approx(1.0, abs=0.15)
    assert np.abs(path[:, 2] - 3.0).max() < 1.0


def test_the_strongest_gusts_can_be_flown_in() -> None:
    path = _fly(FlightConditions(wind_m_s=6.0, gust_m_s=6.0), VelocityCommand(), 20.0)
    assert np.hypot(path[:, 3], path[:, 4]).max() < 1.5
    assert path[:, 2].min() > 1.0 and path[:, 2].max() < 6.0


def test_wind_carries_the_vehicle_with_it_before_the_controller_stops_that() -> None:
    path = _fly(FlightConditions(wind_m_s=8.0, wind_direction_rad=0.0), VelocityCommand(), 12.0)
    assert path[:20, 0].max() > 0.1
    assert abs(path[-1, 3]) < 0.1


@pytest.mark.parametrize(("mass", "thrust"), [(1.3, 1.0), (0.7, 1.0), (1.0, 0.7), (1.3, 0.8), (0.5, 1.5), (1.3, 0.75)])
def test_load_and_strength_are_trimmed_at_the_start(mass: float, thrust: float) -> None:
    path = _fly(FlightConditions(mass_scale=mass, thrust_scale=thrust), VelocityCommand(), 3.0)
    assert np.abs(path[:, 2] - 3.0).max() < 0.2


def test_a_heavier_vehicle_climbs_later_than_the_model() -> None:
    climbs = [
        _fly(FlightConditions(mass_scale=scale), VelocityCommand(up_m_s=1.0), 0.5)[-1, 5] for scale in (1.0, 1.4)
    ]
    assert climbs[1] < climbs[0] - 0.05
