"""The physics collides with uneven ground just where the ground's heights say it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from liquid_nav.types import VelocityCommand
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.scene import Ground, Setting, Start
from sim_worlds.targets import HangingBackpack
from sim_worlds.world import World
from tests.fakes import empty_scene

HALF_SIZE_M = 30.0
DOWN = np.array([[0.0, 0.0, -1.0]])


def _hills(points: int = 61) -> Ground:
    """Hills that differ along x and y and whose lowest and highest point are not symmetric about 0."""
    x, y = np.meshgrid(*[np.linspace(-HALF_SIZE_M, HALF_SIZE_M, points)] * 2, indexing="ij")
    heights = 1.5 * np.sin(x / 7.0) + 0.7 * np.cos(y / 5.0 + x / 11.0) + 0.02 * x + 1.0
    return Ground(HALF_SIZE_M, heights.astype(np.float32))


def _world(ground: Ground | None, start: Start) -> World:
    scene = replace(empty_scene(HALF_SIZE_M), ground=ground)
    return World(Setting(scene, HangingBackpack((20.0, 20.0, 9.0), 0.0), start), renderer=BlindRenderer())


def _fall(world: World, seconds: float = 6.0) -> None:
    for _ in range(round(seconds / 0.05)):
        world.step(VelocityCommand(up_m_s=-1.0), 0.05)


def _bumps() -> Ground:
    """Ground that bends and twists from one point to the next."""
    heights = np.random.default_rng(2).uniform(-0.06, 0.06, (61, 61))
    return Ground(HALF_SIZE_M, heights.astype(np.float32))


@pytest.mark.parametrize("ground", [_hills(), _bumps()], ids=["hills", "bumps"])
def test_rays_meet_the_ground_at_its_heights(ground: Ground) -> None:
    world = _world(ground, Start((0.0, 0.0, 6.0), 0.0))
    for x, y in np.random.default_rng(5).uniform(-HALF_SIZE_M, HALF_SIZE_M, (500, 2)):
        eye = np.array([x, y, 10.0])
        met = 10.0 - float(world._physics.solids.ranges_m(eye, DOWN, 20.0)[0])
        assert met == pytest.approx(ground.height_m(x, y), abs=0.02)


@pytest.mark.parametrize("place", [(0.0, 0.0), (11.0, -8.0), (-16.5, 4.5)])
def test_the_vehicle_touches_the_ground_at_its_height(place: tuple[float, float]) -> None:
    world = _world(_hills(), Start((*place, _hills().height_m(*place) + 2.0), 0.0))
    _fall(world)
    x, y, z = world.odometry.position_enu_m
    assert world.collision == "ground"
    # The vehicle is 0.05 m high and 0.12 m wide about its centre, and the ground slopes by up to 0.3.
    assert 0.03 < z - _hills().height_m(x, y) < 0.12


def test_flying_into_a_slope_is_a_collision_with_the_ground() -> None:
    world = _world(_hills(), Start((0.0, 0.0, _hills().height_m(0.0, 0.0) + 0.4), 0.0))
    for _ in range(100):
        world.step(VelocityCommand(forward_m_s=1.5), 0.05)
    assert world.collision == "ground"


def test_level_ground_of_heights_is_touched_where_the_plane_is() -> None:
    heights = Ground(HALF_SIZE_M, np.zeros((31, 31), dtype=np.float32))
    touched = []
    for ground in (None, heights):
        world = _world(ground, Start((0.3, 0.2, 1.0), 0.0))
        _fall(world, 3.0)
        assert world.collision == "ground"
        touched.append(world.odometry.position_enu_m[2])
    assert touched[0] == pytest.approx(touched[1], abs=0.02)


def test_near_high_ground_the_cushion_lifts_as_near_the_plane() -> None:
    """Ground effect counts from the ground below, not from z = 0."""
    high = Ground(HALF_SIZE_M, np.full((31, 31), 3.0, dtype=np.float32))
    climbed = []
    for ground, level in ((None, 0.0), (high, 3.0)):
        world = _world(ground, Start((0.0, 0.0, level + 0.25), 0.0))
        for _ in range(4):
            world.step(VelocityCommand(), 0.05)
        climbed.append(float(world.odometry.position_enu_m[2]) - level - 0.25)
    assert climbed[0] > 1e-4
    assert climbed[1] == pytest.approx(climbed[0], rel=1e-3)
