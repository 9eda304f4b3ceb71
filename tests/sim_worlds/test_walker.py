"""Those who carry the backpack: on foot, on a bicycle, at the tail of a car."""

from __future__ import annotations

import numpy as np
import pytest

from sim_worlds.city import make_city
from sim_worlds.models.gait import ANKLE_M, PARTS, riding_poses, stride_m, walking_poses
from sim_worlds.rider import FASTEST_M_S, RidingTarget
from sim_worlds.scene import Setting


def _feet(phase_rad: float, swing: float) -> np.ndarray:
    """Heights (2,) of heel and toe of the lower foot."""
    poses = walking_poses(phase_rad, swing)
    feet = [poses[index] for index, part in enumerate(PARTS) if part == "foot"]
    soles = np.array([[-0.05, 0.0, -ANKLE_M, 1.0], [0.14, 0.0, -ANKLE_M, 1.0]])
    return np.array([(foot @ soles.T)[2] for foot in feet])


@pytest.mark.parametrize("swing", [0.0, 0.5, 1.0])
def test_one_foot_is_always_on_the_ground_and_none_is_far_below(swing: float) -> None:
    for phase in np.linspace(0.0, 2.0 * np.pi, 24):
        heights = _feet(float(phase), swing)
        assert abs(heights.min()) < 0.09
        assert heights.max() < 0.45


def test_left_and_right_leg_walk_half_a_cycle_apart() -> None:
    one, other = walking_poses(1.0, 1.0), walking_poses(1.0 + np.pi, 1.0)
    left, right = PARTS.index("thigh"), len(PARTS) - 5
    assert np.allclose(one[left][:3, 0], other[right][:3, 0] * [1.0, -1.0, 1.0], atol=0.05)


def test_arms_swing_against_the_legs() -> None:
    poses = walking_poses(0.0, 1.0)
    left_thigh, left_arm = poses[2], poses[5]
    assert left_thigh[0, 2] < 0.0 < left_arm[0, 2], "the left leg is ahead, the left arm behind"


def test_steps_grow_with_speed() -> None:
    assert stride_m(0.5) < stride_m(1.0) < stride_m(1.8)


def test_a_cyclist_keeps_the_feet_on_the_pedals() -> None:
    for crank in np.linspace(0.0, 2.0 * np.pi, 9):
        feet = [riding_poses(float(crank))[index] for index, part in enumerate(PARTS) if part == "foot"]
        heights = sorted(float(foot[2, 3]) for foot in feet)
        assert 0.1 < heights[0] < heights[1] + 1e-6 < 0.65


def _ride(kind: str, seed: int) -> Setting:
    setting = make_city(seed, target=kind, crowd=0.0)
    assert isinstance(setting.target, RidingTarget)
    return setting


@pytest.mark.parametrize("kind", ["cyclist", "car"])
def test_riders_start_ahead_of_the_vehicle_and_change_pace(kind: str) -> None:
    setting = _ride(kind, 12)
    target = setting.target
    way = target.position_enu_m[:2] - np.array(setting.start.position_enu_m[:2])
    assert 2.4 < np.hypot(*way) < 4.6
    assert way @ [np.cos(target.heading_rad), np.sin(target.heading_rad)] > 2.4
    speeds = []
    for _ in range(600):
        target.advance(0.1)
        speeds.append(target.speed_m_s)
    assert max(speeds) <= FASTEST_M_S + 1e-6
    assert max(speeds) - min(speeds[50:]) > 0.5


@pytest.mark.parametrize("kind", ["cyclist", "car"])
def test_step_size_does_not_change_a_ride(kind: str) -> None:
    coarse, fine = _ride(kind, 13).target, _ride(kind, 13).target
    for _ in range(40):
        coarse.advance(0.5)
    for _ in range(800):
        fine.advance(0.025)
    assert np.allclose(coarse.position_enu_m, fine.position_enu_m)


@pytest.mark.parametrize("kind", ["cyclist", "car"])
def test_riders_keep_clear_of_what_stands(kind: str) -> None:
    setting = _ride(kind, 14)
    posts = [solid for solid in setting.scene.colliders if solid.shape == "cylinder"]
    spots = np.array([(*solid.centre_enu_m[:2], solid.size_m[0]) for solid in posts])
    for _ in range(200):
        setting.target.advance(0.5)
        assert (np.hypot(*(spots[:, :2] - setting.target.position_enu_m[:2]).T) - spots[:, 2]).min() > 0.8
