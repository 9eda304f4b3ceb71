"""Snowfields: the same from the same seed, flyable, with the backpack in sight and a free way to it."""

from __future__ import annotations

import numpy as np
import pytest

from liquid_nav.errors import WorldError
from sim_worlds.snowfield import make_snowfield
from tests.sim_worlds import sites


@pytest.mark.parametrize("still", [True, False])
def test_same_seed_makes_the_same_world(still: bool) -> None:
    sites.check_same_seed_same_world(make_snowfield, 7, still=still, decoys=True)


def test_different_seeds_make_different_worlds() -> None:
    assert make_snowfield(1).scene.colliders != make_snowfield(2).scene.colliders


@pytest.mark.parametrize("seed", sites.SEEDS)
@pytest.mark.parametrize("still", [True, False])
def test_backpack_can_be_seen_from_the_start(seed: int, still: bool) -> None:
    sites.check_start_sees_the_backpack(make_snowfield, seed, still=still)


@pytest.mark.parametrize("seed", sites.SEEDS)
def test_the_straight_way_to_a_hanging_backpack_is_free(seed: int) -> None:
    sites.check_sight_line_is_free(make_snowfield, seed, decoys=True)


@pytest.mark.parametrize("seed", sites.SEEDS)
def test_the_walk_is_long_and_free(seed: int) -> None:
    sites.check_walk_is_free(make_snowfield, seed, decoys=True)


@pytest.mark.parametrize("distance_m", [5.0, 12.0, 30.0])
def test_backpack_hangs_at_the_wanted_distance(distance_m: float) -> None:
    setting = make_snowfield(11, distance_m=distance_m)
    flat = np.hypot(*(setting.target.position_enu_m[:2] - np.array(setting.start.position_enu_m[:2])))
    assert flat == pytest.approx(distance_m, abs=0.01)
    assert setting.scene.options["distance_m"] == distance_m


def test_a_walking_person_moves_and_a_hanging_backpack_does_not() -> None:
    assert make_snowfield(3, still=False).target.moves
    assert not make_snowfield(3).target.moves
    assert make_snowfield(3).scene.options["still"] is True


def test_everything_is_told_apart() -> None:
    sites.check_everything_is_told_apart(make_snowfield, 5, {"ground", "rock", "tree", "furniture", "person"})


def test_decoys_add_red_things_and_change_nothing_else() -> None:
    sites.check_decoys_are_red(make_snowfield, 5)


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"season": "summer"}, "summer"),
        ({"distance_m": 900.0}, "900.0"),
        ({"distance_m": 9.0, "still": False}, "9.0 with still=False"),
    ],
)
def test_bad_options_name_the_value(options: dict, value: str) -> None:
    with pytest.raises(WorldError, match=value):
        make_snowfield(0, **options)


@pytest.mark.parametrize("seed", [1_000_001, 1_000_002])
def test_the_expert_reaches_a_hanging_backpack(seed: int) -> None:
    sites.check_expert_arrives(make_snowfield, "snowfield", seed)
