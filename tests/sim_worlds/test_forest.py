"""Forests: the same from the same seed, flyable from the start, with the backpack in sight."""

from __future__ import annotations

import numpy as np
import pytest

from liquid_nav.errors import WorldError
from sim_worlds.forest import make_forest
from sim_worlds.weather import SEASONS
from sim_worlds.world import make_world


def test_same_seed_grows_the_same_forest() -> None:
    one = make_forest(7)
    first, target, start = one.scene, one.target, one.start
    two = make_forest(7)
    second, other_target, other_start = two.scene, two.target, two.start
    assert first.colliders == second.colliders
    assert start == other_start
    assert np.array_equal(target.position_enu_m, other_target.position_enu_m)


def test_different_seeds_grow_different_forests() -> None:
    assert make_forest(1).scene.colliders != make_forest(2).scene.colliders


@pytest.mark.parametrize("season", SEASONS)
def test_every_season_grows(season: str) -> None:
    scene = make_forest(3, season=season).scene
    assert scene.options["season"] == season
    assert len(scene.colliders) > 50


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_backpack_can_be_seen_from_the_start(seed: int, renderer) -> None:
    world = make_world("forest", seed, renderer=renderer)
    try:
        assert world.target_in_view()
        assert world.collision is None
    finally:
        world.close()


@pytest.mark.parametrize("distance_m", [5.0, 12.0, 25.0])
def test_backpack_hangs_at_the_wanted_distance(distance_m: float) -> None:
    setting = make_forest(11, distance_m=distance_m)
    target, start = setting.target, setting.start
    flat = np.hypot(*(target.position_enu_m[:2] - np.array(start.position_enu_m[:2])))
    assert abs(flat - distance_m) < 0.6


@pytest.mark.parametrize(
    ("options", "value"),
    [({"season": "monsoon"}, "monsoon"), ({"density_per_m2": 3.0}, "3.0"), ({"distance_m": 900.0}, "900.0")],
)
def test_bad_options_name_the_value(options: dict, value: str) -> None:
    with pytest.raises(WorldError, match=value):
        make_forest(0, **options)


def test_unknown_world_and_negative_seed_are_refused() -> None:
    with pytest.raises(WorldError, match="jungle"):
        make_world("jungle", 0, renderer="tiny")
    with pytest.raises(WorldError, match="-3"):
        make_world("forest", -3, renderer="tiny")
