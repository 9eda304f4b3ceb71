"""Columns in the bends: they hide the person from a follower for a while, and both can pass."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from numpy.typing import NDArray

from sim_worlds.city import make_city
from sim_worlds.city_occluders import DETOURS_M, RADIUS_M, ROOM_M, clearance_m, way_round
from sim_worlds.scene import Collider, Scene, Setting
from sim_worlds.world import MIN_SIGHT_POINTS

SEEDS = (1_000_100, 1_000_104, 1_000_107, 1_000_113)
BEHIND_M, STEP_S, STEPS = 3.5, 0.1, 700


def _columns(scene: Scene) -> NDArray[np.float64]:
    columns = [solid.centre_enu_m[:2] for solid in scene.colliders if solid.label == "column"]
    return np.array(columns).reshape(-1, 2)


def _walk(setting: Setting) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the person is at each step (steps, 2) and where the backpack's sight points are (steps, 7, 2)."""
    feet, points = [], []
    for _ in range(STEPS):
        setting.target.advance(STEP_S)
        feet.append(setting.target.colliders()[0].centre_enu_m[:2])
        points.append(setting.target.sight_points_enu_m[:, :2])
    return np.array(feet), np.array(points)


def _hidden(columns: NDArray[np.float64], eye: NDArray[np.float64], points: NDArray[np.float64]) -> bool:
    ways = points - eye
    offsets = columns - eye
    share = np.clip(offsets @ ways.T / (ways**2).sum(axis=1), 0.0, 1.0)  # (columns, points)
    misses = np.linalg.norm(offsets[:, None] - share[..., None] * ways, axis=2)
    return int((misses > RADIUS_M).all(axis=0).sum()) < MIN_SIGHT_POINTS


@pytest.mark.parametrize("seed", SEEDS)
def test_the_person_is_hidden_for_one_to_three_seconds_from_a_follower_on_the_same_way(seed: int) -> None:
    setting = make_city(seed, occluders=True, crowd=0.0)
    columns = _columns(setting.scene)
    feet, points = _walk(setting)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(feet, axis=0).T))])
    seen = []
    for step in np.flatnonzero(along > BEHIND_M):
        eye = np.array([np.interp(along[step] - BEHIND_M, along, feet[:, axis]) for axis in (0, 1)])
        seen.append(_hidden(columns, eye, points[step]))
    spells_s = [STEP_S * len(list(group)) for hidden, group in groupby(seen) if hidden]
    assert any(1.0 <= spell <= 3.0 for spell in spells_s), f"hidden for {spells_s} s"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_person_passes_every_column(seed: int) -> None:
    setting = make_city(seed, occluders=True, crowd=0.0)
    feet, _ = _walk(setting)
    gaps = np.linalg.norm(feet[:, None] - _columns(setting.scene), axis=2) - RADIUS_M
    assert gaps.min() > 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_a_follower_finds_a_way_round_every_column(seed: int) -> None:
    setting = make_city(seed, occluders=True, crowd=0.0)
    path = setting.target.path.points
    for column in _columns(setting.scene):
        at = 1 + int(np.hypot(*(path[1:-1] - column).T).argmin())
        ways = [way_round(path[at - 1], path[at], path[at + 1], aside) for aside in DETOURS_M]
        assert max(clearance_m(way, setting.scene.colliders) for way in ways) >= ROOM_M


def test_columns_are_all_that_occluders_add() -> None:
    plain, hiding = make_city(1_000_104, crowd=0.0), make_city(1_000_104, crowd=0.0, occluders=True)
    added = [solid for solid in hiding.scene.colliders if solid not in plain.scene.colliders]
    assert added and all(solid.label == "column" for solid in added)
    assert set(plain.scene.colliders) <= set(hiding.scene.colliders) and plain.start == hiding.start


def test_a_way_round_runs_outside_the_bend_at_the_distance_asked_for() -> None:
    before, bend, after = np.array([0.0, -9.0]), np.zeros(2), np.array([9.0, 0.0])
    way = way_round(before, bend, after, 0.5)
    assert np.allclose(way[0], (-0.5, -3.0)) and np.allclose(way[-1], (3.0, 0.5))
    assert (np.abs(way[:, 0] + 0.5) < 1e-9).any() and way[:, 1].max() == pytest.approx(0.5)


def test_clearance_is_measured_to_the_outline() -> None:
    post = Collider("cylinder", (2.0, 0.0, 1.0), (0.5, 0.5, 1.0))
    wall = Collider("box", (0.0, 3.0, 1.0), (2.0, 0.5, 1.0), yaw_rad=0.5 * np.pi)
    origin = np.zeros((1, 2))
    assert clearance_m(origin, [post]) == pytest.approx(1.5)
    assert clearance_m(origin, [wall]) == pytest.approx(1.0)
    assert clearance_m(np.array([[0.2, 2.0]]), [wall]) == 0.0
