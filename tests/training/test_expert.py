"""The expert keeps clear of solids and of the ground, and its surroundings are recorded the right way round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from liquid_nav.data.writer import SCAN_REACH_M
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.scene import Collider, Ground, Setting, Start
from sim_worlds.targets import HangingBackpack
from sim_worlds.world import World
from tests.fakes import empty_scene
from training.cache import SECTORS, sectors
from training.closed_loop import fly
from training.expert import Expert, ExpertConfig
from training.suites import Condition

STEP_S = 0.05


def _world(
    colliders: tuple[Collider, ...] = (),
    ground: Ground | None = None,
    start_enu_m: tuple[float, float, float] = (0.0, 0.0, 1.5),
    target_height_m: float = 1.5,
) -> World:
    scene = replace(empty_scene(), colliders=colliders, ground=ground)
    target = HangingBackpack((8.0, 0.0, target_height_m), 0.0)
    return World(Setting(scene, target, Start(start_enu_m, 0.0)), renderer=BlindRenderer())


def _trunk(x: float, y: float) -> Collider:
    return Collider("cylinder", (x, y, 4.0), (0.2, 0.2, 4.0), label="trunk")


def test_flies_around_a_trunk_in_its_way_with_room_to_spare() -> None:
    world = _world((_trunk(4.0, 0.1),))
    expert, nearest = Expert(world), np.inf
    for _ in range(300):
        world.step(expert.command(), STEP_S)
        nearest = min(nearest, float(np.hypot(*(world.odometry.position_enu_m[:2] - (4.0, 0.1)))) - 0.2)
    assert world.collision is None
    assert world.target_distance_m < 2.5
    assert nearest > 0.7


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_makes_room_for_what_it_hovers_close_beside(side: float) -> None:
    beside = _world((_trunk(6.0, 0.7 * side),), start_enu_m=(6.0, 0.0, 1.5))
    assert Expert(beside).command().left_m_s * side < -0.1
    assert Expert(beside, ExpertConfig(room_gain_per_s=0.0)).command().left_m_s == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_swerves_around_what_it_would_soon_pass_too_closely(side: float) -> None:
    world = _world((_trunk(0.9, 0.8 * side),))
    assert Expert(world).command().left_m_s * side < -0.1
    assert Expert(_world((_trunk(0.9, 1.6 * side),))).command().left_m_s == pytest.approx(0.0, abs=0.05)


def test_mirrored_woods_are_flown_through_mirrored() -> None:
    trunks = np.array([(0.9, 0.8), (6.0, 2.0)])
    there, mirrored = (
        Expert(_world(tuple(_trunk(x, side * y) for x, y in trunks))).command() for side in (1.0, -1.0)
    )
    assert abs(there.left_m_s) > 0.2
    assert mirrored.left_m_s == pytest.approx(-there.left_m_s, abs=0.05)
    assert mirrored.forward_m_s == pytest.approx(there.forward_m_s, abs=0.05)


def test_flies_through_the_middle_of_a_gap_without_swerving() -> None:
    expert = Expert(_world((_trunk(0.9, 0.95), _trunk(0.9, -0.95))))
    assert expert.command().left_m_s == pytest.approx(0.0, abs=0.1)
    assert expert.command().forward_m_s > 1.0


def test_ignores_what_lies_below_its_way() -> None:
    low = Collider("box", (4.0, 0.0, 0.2), (0.5, 3.0, 0.2), label="log")
    world = _world((low,))
    expert = Expert(world)
    for _ in range(120):
        world.step(expert.command(), STEP_S)
        assert abs(world.odometry.position_enu_m[1]) < 1.0  # around it would be 3 m
    assert world.target_distance_m < 3.0


def test_climbs_over_a_rise_of_the_ground() -> None:
    grid = np.zeros((61, 61), dtype=np.float32)
    grid[33:36, :] = 1.2  # a ridge across the way at x = 3..5 m
    world = _world(ground=Ground(30.0, grid))
    expert = Expert(world)
    for _ in range(200):
        world.step(expert.command(), STEP_S)
    assert world.collision is None
    assert world.target_distance_m < 2.6


@pytest.mark.parametrize(("start_m", "target_m"), [(0.9, 2.6), (2.8, 1.0)])
def test_backs_off_from_a_near_target_above_or_below_the_image_and_comes_back_as_high_as_it(
    start_m: float, target_m: float
) -> None:
    world = _world(start_enu_m=(6.0, 0.0, start_m), target_height_m=target_m)
    expert, farthest_m = Expert(world), 0.0
    assert expert.command().forward_m_s < -0.5
    for _ in range(300):
        world.step(expert.command(), STEP_S)
        farthest_m = max(farthest_m, world.target_distance_m)
    assert 2.3 < farthest_m < 4.5
    assert world.target_distance_m < 2.3


def test_flies_a_whole_mission_in_a_suite() -> None:
    result = fly(_world((_trunk(4.0, 0.0),)), Condition("test", "forest", {}), None)
    assert result.success and not result.collision


@pytest.mark.parametrize(("side_m", "sector"), [(2.0, 0), (-2.0, SECTORS - 1)])
def test_a_solid_on_the_left_is_near_in_the_left_sector(side_m: float, sector: int) -> None:
    world = _world((_trunk(3.0, side_m),))
    half = 0.5 * world.horizontal_fov_rad
    ranges = world.obstacle_ranges_m(np.linspace(-half, half, 64), SCAN_REACH_M)
    free = sectors(ranges)
    assert free.shape == (SECTORS,)
    assert int(np.argmin(np.where(free < 5.0, free, 99.0))) in (sector, sector + (1 if sector == 0 else -1))
    assert free.min() == pytest.approx(np.hypot(3.0, 2.0) - 0.2, abs=0.1)


def _fastest_m_s(*colliders: Collider) -> float:
    world = _world(colliders)
    expert, fastest = Expert(world), 0.0
    for _ in range(60):
        command = expert.command()
        fastest = max(fastest, float(np.hypot(command.forward_m_s, command.left_m_s)))
        world.step(command, STEP_S)
    return fastest


def test_walls_beside_the_way_do_not_slow_it() -> None:
    walls = [Collider("box", (4.0, y, 1.5), (6.0, 0.2, 1.5), label="wall") for y in (1.3, -1.3)]
    assert _fastest_m_s(*walls) == pytest.approx(_fastest_m_s(), abs=0.05)


def test_brakes_before_a_solid_between_it_and_the_target() -> None:
    wall = Collider("box", (1.6, 0.0, 1.5), (0.2, 0.6, 1.5), label="wall")
    blocked, free = (Expert(_world(solids)).command() for solids in ((wall,), ()))
    assert float(np.hypot(blocked.forward_m_s, blocked.left_m_s)) < 0.7 * free.forward_m_s
