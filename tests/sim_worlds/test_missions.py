"""The definition of success, at its edges."""

from __future__ import annotations

import pytest

from sim_worlds.missions import FlyToTarget, FollowTarget
from tests.fakes import ScriptedWorld

STEP_S = 0.05


def _run(mission, world: ScriptedWorld, seconds: float) -> None:
    for _ in range(round(seconds / STEP_S)):
        world.time_s += STEP_S
        mission.update(world)


@pytest.mark.parametrize(
    ("distance_m", "speed_m_s", "column", "in_view", "success"),
    [
        (2.4, 0.1, 0.5, True, True),
        (2.6, 0.1, 0.5, True, False),
        (2.4, 0.6, 0.5, True, False),
        (2.4, 0.1, 0.7, True, False),
        (2.4, 0.1, 0.65, True, True),
        (2.4, 0.1, 0.5, False, False),
    ],
)
def test_fly_to_needs_a_slow_centred_near_hover(distance_m, speed_m_s, column, in_view, success) -> None:
    world = ScriptedWorld(distance_m=distance_m, speed_m_s=speed_m_s, column_share=column, in_view=in_view)
    mission = FlyToTarget(world)
    _run(mission, world, 3.0)
    assert mission.result().success is success


@pytest.mark.parametrize(("row", "success"), [(0.36, True), (0.3, False), (0.7, False)])
def test_fly_to_needs_the_target_in_the_middle_of_the_height_too(row: float, success: bool) -> None:
    world = ScriptedWorld(distance_m=2.0, row_share=row)
    mission = FlyToTarget(world)
    _run(mission, world, 3.0)
    assert mission.result().success is success


def test_fly_to_needs_two_seconds_on_end() -> None:
    world = ScriptedWorld(distance_m=2.0)
    mission = FlyToTarget(world)
    _run(mission, world, 1.5)
    world.speed_m_s = 1.0
    _run(mission, world, 0.2)
    world.speed_m_s = 0.0
    _run(mission, world, 1.5)
    assert not mission.done
    _run(mission, world, 0.7)
    assert mission.success


def test_fly_to_ends_after_its_time() -> None:
    world = ScriptedWorld(distance_m=7.0)
    mission = FlyToTarget(world)
    _run(mission, world, 24.9)
    assert not mission.done
    _run(mission, world, 0.3)
    assert mission.done and not mission.success


def test_collision_ends_a_mission_without_success() -> None:
    world = ScriptedWorld(distance_m=3.0)
    mission = FollowTarget(world)
    world.collision = "lamp"
    _run(mission, world, 0.05)
    result = mission.result()
    assert result.collision and not result.success and "lamp" in result.reason


@pytest.mark.parametrize(
    ("distance_m", "in_view", "success"),
    [(1.6, True, True), (5.9, True, True), (1.4, True, False), (6.1, True, False), (3.0, False, False)],
)
def test_follow_counts_near_and_in_view(distance_m: float, in_view: bool, success: bool) -> None:
    world = ScriptedWorld(distance_m=distance_m, in_view=in_view)
    mission = FollowTarget(world)
    _run(mission, world, 60.0)
    assert mission.done and mission.success is success


def test_follow_forgives_the_first_ten_seconds_and_a_fifth_of_the_rest() -> None:
    world = ScriptedWorld(distance_m=9.0)
    mission = FollowTarget(world)
    _run(mission, world, 19.5)
    world.distance_m = 3.0
    _run(mission, world, 40.5)
    assert mission.success
    assert mission.result().tsr == pytest.approx(40.5 / 50.0, abs=0.01)
