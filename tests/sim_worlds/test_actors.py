"""Life in the streets: people and cars move, give way to vehicle and target, and do so in any step size."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sim_worlds.actors import StreetLife
from sim_worlds.city import make_city
from sim_worlds.city_traffic import lanes, loops_round_blocks
from sim_worlds.route import Tracks
from sim_worlds.scene import Setting

FAR_AWAY = np.array([[200.0, 200.0, 1.0], [210.0, 200.0, 1.5]])
BODY_M, CAR_HALF_WIDTH_M = 0.25, 0.95


def _life(setting: Setting) -> StreetLife:
    (life,) = setting.actors
    assert isinstance(life, StreetLife)
    return life


def _distances(points: NDArray[np.float64], spot: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.hypot(*(points.reshape(-1, 2) - spot[:2]).T))


def test_people_and_cars_get_about() -> None:
    life = _life(make_city(3))
    people, cars = life.passers.positions.copy(), life.traffic.positions.copy()
    assert 6 <= len(people) <= 10 and len(cars) >= 4
    for _ in range(100):
        life.advance(0.1, FAR_AWAY)
    assert (np.hypot(*(life.passers.positions - people).T) > 3.0).mean() > 0.8
    assert (np.hypot(*(life.traffic.positions - cars).T) > 8.0).mean() > 0.6


def test_step_size_does_not_change_what_happens() -> None:
    coarse, fine = _life(make_city(4)), _life(make_city(4))
    for _ in range(40):
        coarse.advance(0.25, FAR_AWAY)
    for _ in range(400):
        fine.advance(0.025, FAR_AWAY)
    assert np.allclose(coarse.passers.positions, fine.passers.positions)
    assert np.allclose(coarse.traffic.positions, fine.traffic.positions)


@pytest.mark.parametrize("seed", [1_000_100, 1_000_101])
def test_nobody_touches_a_follower_or_the_target_or_steps_between_them(seed: int) -> None:
    setting = make_city(seed, crowd=2.0)
    life, target = _life(setting), setting.target
    vehicle = np.array(setting.start.position_enu_m)
    for _ in range(500):
        target.advance(0.05)
        pack = target.position_enu_m
        way = pack - vehicle
        distance = float(np.hypot(way[0], way[1]))
        vehicle[:2] += way[:2] / distance * float(np.clip(0.8 * (distance - 2.5), -1.0, 2.0)) * 0.05
        life.advance(0.05, np.stack([pack, vehicle]))
        for spot in (vehicle, pack):
            assert _distances(life.passers.positions, spot).min() > 0.9 + BODY_M
            assert _distances(life.traffic.outline()[:, :3], spot).min() > 1.0 + CAR_HALF_WIDTH_M
        middle = 0.5 * (pack + vehicle)
        assert distance > 6.0 or _distances(life.passers.positions, middle).min() > 0.8


def test_people_stop_before_somebody_in_their_way() -> None:
    life = _life(make_city(5))
    passers = life.passers
    index = 0
    spot = passers.positions[index] + 2.5 * passers.headings[index]
    in_the_way = np.array([[*spot, 1.2]])
    for _ in range(80):
        life.advance(0.1, in_the_way)
        assert _distances(passers.positions[index], spot).min() > 1.0


def test_cars_stop_before_a_vehicle_in_their_lane() -> None:
    life = _life(make_city(6, crowd=0.4))
    index = 0
    traffic = life.traffic
    spot = traffic.positions[index] + 14.0 * traffic.headings[index]
    in_the_way = np.array([[*FAR_AWAY[0, :2], 1.2], [*spot, 1.2]])
    for _ in range(120):
        life.advance(0.1, in_the_way)
        assert _distances(traffic.outline()[:, :3], spot).min() > 1.5
    assert traffic.speeds_m_s[index] < 0.1


def test_cars_neither_touch_nor_block_each_other_for_good() -> None:
    life = _life(make_city(7, crowd=2.0))
    traffic = life.traffic
    travelled = np.zeros(len(traffic.users))
    for _ in range(200):
        before = traffic.positions.copy()
        life.advance(0.4, FAR_AWAY)
        travelled += np.hypot(*(traffic.positions - before).T)
        outline = traffic.outline()[:, :3]
        for one in range(len(outline)):
            for other in range(one):
                assert _distances(outline[one][:, None] - outline[other], np.zeros(2)).min() > 1.5
    assert travelled.min() > 30.0


def test_colliders_keep_their_number_and_order() -> None:
    life = _life(make_city(8))
    labels = [solid.label for solid in life.colliders()]
    for _ in range(50):
        life.advance(0.1, FAR_AWAY)
    assert [solid.label for solid in life.colliders()] == labels


def test_everything_drawn_has_a_mesh() -> None:
    setting = make_city(9, decoys=True)
    drawn = _life(setting).dynamic_instances() + setting.target.dynamic_instances()
    assert {item.mesh for item in drawn} <= set(setting.scene.meshes)


def test_crowd_scales_from_nobody_up() -> None:
    counts = [len(_life(make_city(11, crowd=crowd)).colliders()) for crowd in (0.0, 1.0, 3.0)]
    assert counts[0] == 0 and counts[1] < counts[2]


def test_tracks_are_closed_and_even() -> None:
    loops = [*lanes(1.5), *loops_round_blocks(7.7, 1.0, left=True)]
    tracks = Tracks([loop.points for loop in loops])
    for index, length in enumerate(tracks.lengths_m):
        along = np.arange(0.0, 2.0 * length, 0.5)
        points, headings = tracks.at(np.full(len(along), index), along)
        steps = np.hypot(*np.diff(points, axis=0).T)
        assert np.allclose(steps, 0.5, atol=0.05)
        assert np.allclose(np.hypot(*headings.T), 1.0)
