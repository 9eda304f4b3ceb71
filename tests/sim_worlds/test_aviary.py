"""The same missions fly on the dynamics of gym-pybullet-drones where it is installed, and say so where it is not."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from liquid_nav.errors import WorldError
from liquid_nav.types import VelocityCommand
from sim_worlds.conditions import FlightConditions
from sim_worlds.missions import FlyToTarget
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.scene import Collider, Ground, Setting, Start
from sim_worlds.targets import HangingBackpack
from sim_worlds.world import World, make_world
from tests.fakes import empty_scene

INSTALLED = all(importlib.util.find_spec(name) for name in ("gym_pybullet_drones", "pkg_resources", "transforms3d"))
needs_aviary = pytest.mark.skipif(not INSTALLED, reason="gym-pybullet-drones is not installed")


def _world(conditions: FlightConditions | None = None, **scene_changes: object) -> World:
    scene = replace(empty_scene(), **scene_changes)
    setting = Setting(scene, HangingBackpack((20.0, 20.0, 2.0), 0.0), Start((0.0, 0.0, 4.0), 0.7))
    return World(setting, renderer=BlindRenderer(), conditions=conditions, backend="aviary")


def _fly(world: World, command: VelocityCommand, seconds: float) -> np.ndarray:
    """Level body velocity and yaw rate at the end, (4,)."""
    for _ in range(round(seconds / 0.05)):
        world.step(command, 0.05)
    state = world.odometry
    cos, sin = np.cos(state.yaw_rad), np.sin(state.yaw_rad)
    vx, vy, vz = state.velocity_enu_m_s
    return np.array([cos * vx + sin * vy, cos * vy - sin * vx, vz, state.angular_velocity_flu_rad_s[2]])


def test_an_unknown_backend_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WorldError, match=r"'gazebo'.*bullet, aviary"):
        make_world("forest", 3, renderer=BlindRenderer(), backend="gazebo")


@pytest.mark.skipif(INSTALLED, reason="gym-pybullet-drones is installed")
def test_without_the_package_the_error_says_how_to_get_it() -> None:
    with pytest.raises(WorldError, match=r"from the git repository utiasDSL/gym-pybullet-drones"):
        _world()


@needs_aviary
@pytest.mark.parametrize("scale", [0.7, 1.0, 1.3])
def test_hovers_whatever_it_carries(scale: float) -> None:
    world = _world(FlightConditions(mass_scale=scale))
    _fly(world, VelocityCommand(), 4.0)
    assert np.allclose(world.odometry.position_enu_m, (0.0, 0.0, 4.0), atol=0.1)
    assert world.odometry.yaw_rad == pytest.approx(0.7, abs=0.02)


@needs_aviary
@pytest.mark.parametrize(
    "command",
    [
        VelocityCommand(forward_m_s=1.5),
        VelocityCommand(left_m_s=1.0),
        VelocityCommand(up_m_s=0.8),
        VelocityCommand(yaw_rate_rad_s=0.8),
        VelocityCommand(yaw_rate_rad_s=-0.8),
    ],
)
def test_flies_the_commanded_velocity(command: VelocityCommand) -> None:
    assert np.allclose(_fly(_world(), command, 4.0), command.as_array(), atol=0.15)


@needs_aviary
def test_two_flights_are_the_same_to_the_last_bit_and_wind_changes_them() -> None:
    gusts = FlightConditions(wind_m_s=3.0, gust_m_s=2.0)
    ends = []
    for conditions in (None, None, gusts, gusts):
        world = _world(conditions)
        _fly(world, VelocityCommand(forward_m_s=0.5), 3.0)
        ends.append(world.odometry.position_enu_m)
    assert ends[0].tobytes() == ends[1].tobytes() and ends[2].tobytes() == ends[3].tobytes()
    assert np.linalg.norm(ends[0] - ends[2]) > 0.05


@needs_aviary
def test_solids_and_ground_are_touched() -> None:
    wall = Collider("box", (2.0, 1.5, 3.0), (0.2, 4.0, 3.0), label="wall")
    world = _world(colliders=(wall,))
    _fly(world, VelocityCommand(forward_m_s=1.0), 4.0)
    assert world.collision == "wall"
    world = _world(ground=Ground(30.0, np.full((31, 31), 3.0, dtype=np.float32)))
    _fly(world, VelocityCommand(up_m_s=-1.0), 4.0)
    assert world.collision == "ground"
    assert world.odometry.position_enu_m[2] == pytest.approx(3.0, abs=0.1)


@needs_aviary
@pytest.mark.timeout(120)
def test_the_expert_flies_a_mission_in_the_forest() -> None:
    from training.expert import Expert

    world = make_world("forest", 3, renderer=BlindRenderer(), backend="aviary")
    mission, expert = FlyToTarget(world), Expert(world)
    while not mission.done:
        world.step(expert.command(), 0.05)
        mission.update(world)
    result = mission.result()
    assert result.success, result.reason
