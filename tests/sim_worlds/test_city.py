"""Cities: reproducible, with a walk that keeps clear of solids, and a person who walks like one."""

from __future__ import annotations

import numpy as np
import pytest

from sim_worlds.city import make_city
from sim_worlds.scene import Instance
from sim_worlds.walker import FASTEST_M_S


def test_same_seed_builds_the_same_city_and_walk() -> None:
    walker_setting = make_city(5)
    first = walker_setting.scene
    walker = walker_setting.target
    twin_setting = make_city(5)
    second = twin_setting.scene
    twin = twin_setting.target
    walker.advance(20.0)
    for _ in range(400):
        twin.advance(0.05)
    assert first.colliders == second.colliders
    assert np.allclose(walker.position_enu_m, twin.position_enu_m)


@pytest.mark.parametrize("seed", range(6))
def test_person_walks_past_every_solid(seed: int) -> None:
    walker_setting = make_city(seed)
    scene = walker_setting.scene
    walker = walker_setting.target
    boxes = [c for c in scene.colliders if c.shape == "box"]
    posts = np.array([(*c.centre_enu_m[:2], c.size_m[0]) for c in scene.colliders if c.shape == "cylinder"])
    for _ in range(140):
        walker.advance(0.5)
        spot = walker.position_enu_m[:2]
        assert (np.hypot(*(posts[:, :2] - spot).T) - posts[:, 2]).min() > 0.3
        for box in boxes:
            cos, sin = np.cos(box.yaw_rad), np.sin(box.yaw_rad)
            local = np.abs(np.array([[cos, sin], [-sin, cos]]) @ (spot - np.array(box.centre_enu_m[:2])))
            assert (local > np.array(box.size_m[:2])).any(), f"the person walks through a {box.label}"


def _without_colour(instance: Instance) -> tuple[object, ...]:
    return instance.mesh, instance.position_enu_m, instance.yaw_rad, instance.scale


def _is_red(tint: tuple[float, float, float]) -> bool:
    return tint[0] > 0.5 and max(tint[1:]) < 0.3


def test_decoys_change_colours_alone() -> None:
    plain, red = make_city(3), make_city(3, decoys=True)
    assert plain.scene.colliders == red.scene.colliders and plain.start == red.start
    pairs = list(zip(plain.scene.instances, red.scene.instances, strict=True))
    assert all(_without_colour(one) == _without_colour(other) for one, other in pairs)
    changed = [other for one, other in pairs if one.tint != other.tint]
    assert len(changed) > 10 and all(_is_red(other.tint) and other.category == "decoy" for other in changed)
    assert not any(_is_red(one.tint) or one.category == "decoy" for one, _ in pairs)
    plain.target.advance(20.0)
    red.target.advance(20.0)
    assert np.allclose(plain.target.position_enu_m, red.target.position_enu_m)


def test_occluders_stand_in_the_bends() -> None:
    walker_setting = make_city(3, occluders=True)
    scene = walker_setting.scene
    walker = walker_setting.target
    columns = [collider for collider in scene.colliders if collider.label == "column"]
    assert columns
    for column in columns:
        assert walker.path.distance_to(column.centre_enu_m[:2]) > 0.9


def test_person_changes_pace_turns_and_stops() -> None:
    speeds, headings = [], []
    for seed in range(4):
        walker_setting = make_city(seed)
        walker = walker_setting.target
        for _ in range(700):
            walker.advance(0.1)
            speeds.append(walker.speed_m_s)
            headings.append(walker.heading_rad)
    assert max(speeds) <= FASTEST_M_S + 1e-6
    assert min(speeds[100:]) < 0.05
    assert np.ptp(headings) > 1.0


def test_backpack_moves_with_the_person() -> None:
    walker_setting = make_city(2)
    walker = walker_setting.target
    walker.advance(3.0)
    before = walker.position_enu_m
    walker.advance(0.5)
    moved = np.linalg.norm(walker.position_enu_m - before)
    assert moved == pytest.approx(0.5 * walker.speed_m_s, abs=0.15)
