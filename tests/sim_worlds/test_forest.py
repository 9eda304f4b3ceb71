"""Forests: the same from the same seed, flyable from the start, with the backpack in sight."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache

import numpy as np
import pytest

from liquid_nav.errors import WorldError
from sim_worlds.forest import make_forest
from sim_worlds.models.trees import snag
from sim_worlds.scene import CATEGORIES, Setting
from sim_worlds.weather import SEASONS
from sim_worlds.world import make_world

SEEDS = range(24)


@cache
def forest(seed: int) -> Setting:
    """A forest whose options differ from seed to seed."""
    return make_forest(
        seed,
        season=SEASONS[seed % 4],
        density_per_m2=(None, 0.12, 0.0, 0.06)[seed % 4],
        distance_m=(None, 5.0, 40.0)[seed % 3],
        target=(None, "lying", "hanging")[seed % 3],
        decoys=seed % 2 == 0,
    )


def test_same_seed_grows_the_same_forest_to_the_byte() -> None:
    one, two = (make_forest(7, decoys=True) for _ in range(2))
    assert one.scene.colliders == two.scene.colliders
    assert one.scene.instances == two.scene.instances
    assert one.start == two.start
    assert np.array_equal(one.target.position_enu_m, two.target.position_enu_m)
    for name, mesh in one.scene.meshes.items():
        assert all(np.array_equal(value, asdict(two.scene.meshes[name])[key]) for key, value in asdict(mesh).items())


def test_different_seeds_grow_different_forests() -> None:
    assert make_forest(1).scene.colliders != make_forest(2).scene.colliders


@pytest.mark.parametrize("season", SEASONS)
def test_every_season_grows(season: str) -> None:
    scene = make_forest(3, season=season).scene
    assert scene.options["season"] == season
    assert len(scene.colliders) > 50


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_backpack_can_be_seen_from_the_start(seed: int, renderer) -> None:
    world = make_world("forest", seed, renderer=renderer, decoys=True, density_per_m2=0.08)
    try:
        assert world.target_in_view()
        assert world.collision is None
    finally:
        world.close()


@pytest.mark.parametrize("distance_m", [5.0, 12.0, 25.0, 40.0])
def test_backpack_is_at_the_wanted_distance_and_within_half_a_radian_of_the_nose(distance_m: float) -> None:
    setting = make_forest(11, distance_m=distance_m)
    way = setting.target.position_enu_m[:2] - np.array(setting.start.position_enu_m[:2])
    bearing = np.arctan2(way[1], way[0]) - setting.start.yaw_rad
    assert np.hypot(*way) == pytest.approx(distance_m)
    assert abs((bearing + np.pi) % (2 * np.pi) - np.pi) <= 0.5 + 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_backpack_is_above_the_filters_floor_and_the_ground(seed: int) -> None:
    setting = forest(seed)
    x, y, z = setting.target.position_enu_m
    assert z >= 0.9
    assert 0.35 <= z - setting.scene.ground_height_m(x, y) <= 2.0


def test_a_lying_backpack_rests_on_a_solid() -> None:
    setting = make_forest(5, target="lying")
    (pack,) = setting.target.colliders()
    bottom = pack.centre_enu_m[2] - pack.size_m[2]
    support = setting.scene.colliders[-1]
    assert support.label in ("stump", "rock", "wood pile")
    assert abs(support.centre_enu_m[2] + support.size_m[2] - bottom) < 0.05
    assert setting.scene.options["target"] == "lying"


def test_most_backpacks_hang_and_some_lie() -> None:
    lying = sum(make_forest(seed, density_per_m2=0.02).scene.options["target"] == "lying" for seed in range(60))
    assert 2 <= lying <= 20


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"season": "monsoon"}, "monsoon"),
        ({"density_per_m2": 3.0}, r"3\.0.*0 to 0\.12"),
        ({"distance_m": 900.0}, r"900\.0.*5 to 40"),
        ({"distance_m": 40.0, "half_size_m": 20.0}, r"40\.0.*5 to 32"),
        ({"half_size_m": 5.0}, r"5\.0.*20 to 60"),
        ({"target": "buried"}, "buried.*hanging, lying"),
        ({"still": False}, "targets in forests hang still, use a city"),
    ],
)
def test_bad_options_name_the_value_and_the_cure(options: dict, value: str) -> None:
    with pytest.raises(WorldError, match=value):
        make_forest(0, **options)


def test_unknown_world_and_negative_seed_are_refused() -> None:
    with pytest.raises(WorldError, match="jungle"):
        make_world("jungle", 0, renderer="tiny")
    with pytest.raises(WorldError, match="-3"):
        make_world("forest", -3, renderer="tiny")


def test_what_was_drawn_is_recorded() -> None:
    options = make_forest(4, hour=9.0, decoys=True).scene.options
    assert options["hour"] == 9.0
    assert options["decoys"] is True
    assert 0.02 <= options["density_per_m2"] <= 0.06
    assert 5.0 <= options["distance_m"] <= 20.0
    assert options["trees"] > 50


def test_decoys_change_nothing_else() -> None:
    without, with_them = (make_forest(6, decoys=wanted) for wanted in (False, True))
    kept = tuple(item for item in with_them.scene.instances if item.category != "decoy")
    assert kept == without.scene.instances
    assert len(with_them.scene.instances) - len(kept) >= 3
    assert with_them.start == without.start


@pytest.mark.parametrize("seed", SEEDS)
def test_every_instance_has_a_mesh_and_a_category(seed: int) -> None:
    scene = forest(seed).scene
    assert {item.category for item in scene.instances} <= set(CATEGORIES)
    assert {item.mesh for item in scene.instances} <= set(scene.meshes)


def test_a_dead_stem_stays_the_one_that_was_flown() -> None:
    places_m = snag(np.random.default_rng(7)).positions_m

    assert places_m.mean(axis=0) == pytest.approx([0.0482, 0.0286, 4.1271], abs=1e-3)
    assert places_m.max(axis=0) == pytest.approx([1.0504, 0.7773, 7.3763], abs=1e-3)
