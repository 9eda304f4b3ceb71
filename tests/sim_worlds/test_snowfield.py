"""Snowfields: the same from the same seed, flyable, with the backpack in sight and a free way to it."""

from __future__ import annotations

import numpy as np
import pytest

from liquid_nav.errors import WorldError
from sim_worlds.models.alpine import CABLE_M
from sim_worlds.snowfield import make_snowfield
from tests.sim_worlds import sites

STANDING = ("fir", "fence", "marker pole", "signpost", "skis", "snowman", "sledge")


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


@pytest.mark.parametrize("seed", sites.SEEDS)
def test_solids_stand_on_the_snow_as_what_is_drawn_does(seed: int) -> None:
    scene = make_snowfield(seed, decoys=True).scene
    assert scene.ground is not None
    drawn_z = {item.position_enu_m[:2]: item.position_enu_m[2] for item in scene.instances if item.category != "ground"}
    for (x, y), z in drawn_z.items():
        assert z == pytest.approx(scene.ground.height_m(x, y), abs=1e-9)
    standing = [c for c in scene.colliders if c.label in STANDING]
    assert len(standing) > 10 and max(abs(drawn_z[c.centre_enu_m[:2]]) for c in standing) > 0.1
    for solid in standing:
        foot = solid.centre_enu_m[2] - solid.size_m[2]
        assert foot == pytest.approx(drawn_z[solid.centre_enu_m[:2]], abs=1e-9), solid
    lifts = [item.position_enu_m for item in scene.instances if item.mesh == "lift_span"]
    cables = [c.centre_enu_m[2] for c in scene.colliders if c.label == "lift cable"]
    assert cables == pytest.approx([z + CABLE_M for _, _, z in lifts for _ in range(2)], abs=1e-9)


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
