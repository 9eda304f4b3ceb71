"""Worlds by name: every option is checked before anything is built, and refused with its value and the cure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from liquid_nav.errors import WorldError
from sim_worlds.catalogue import LARGEST_SEED, WORLDS, make_setting, world_options


@pytest.mark.parametrize("name", WORLDS)
def test_every_world_names_its_options(name: str) -> None:
    assert {"season", "still", "decoys"} <= set(world_options(name)) and "seed" not in world_options(name)


@pytest.mark.parametrize("seed", [-1, LARGEST_SEED + 1, 1.5, "7"])
def test_seeds_that_are_none_are_refused(seed: Any) -> None:
    with pytest.raises(WorldError, match=rf"seed is {seed!r}: use a whole number from 0 to 2147483647"):
        make_setting("forest", seed)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("forest", {"decoys": "maybe"}, "decoys is 'maybe': use true or false"),
        ("forest", {"barriers": 3}, "barriers is 3: use true or false"),
        ("city", {"still": "perhaps"}, "still is 'perhaps': use true or false"),
        ("city", {"occluders": None}, "occluders is None: use true or false"),
        ("forest", {"density_per_m2": "dense"}, "density_per_m2 is 'dense': use a number"),
        ("forest", {"hour": "noon"}, "hour is 'noon': use a number"),
        ("construction", {"hour": float("nan")}, "hour is nan: use a number"),
        ("snowfield", {"distance_m": True}, "distance_m is True: use a number"),
        ("city", {"crowd": "many"}, "crowd is 'many': use a number"),
        ("city", {"half_size_m": float("inf")}, "half_size_m is inf: use a number"),
        ("forest", {"season": 3}, "season is 3: use one of summer"),
        ("warehouse", {"hour": 9.0}, "warehouse has no option 'hour': use season"),
    ],
)
def test_values_of_the_wrong_kind_are_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(WorldError, match=message):
        make_setting(name, 1, **options)


def test_numbers_and_switches_of_numpy_are_as_good() -> None:
    plain = make_setting("snowfield", 4, distance_m=9.0, decoys=True)
    given = make_setting("snowfield", np.int64(4), distance_m=np.float32(9.0), decoys=np.bool_(True))
    assert given.start == plain.start and given.scene.colliders == plain.scene.colliders


def test_none_leaves_a_number_to_be_drawn() -> None:
    drawn, left = make_setting("forest", 4), make_setting("forest", 4, hour=None, density_per_m2=None)
    assert drawn.scene.options == left.scene.options and drawn.start == left.start


@pytest.mark.parametrize("half_size_m", [30.0, 900.0, float("nan")])
def test_a_city_of_an_impossible_size_is_refused(half_size_m: float) -> None:
    with pytest.raises(WorldError, match=rf"half_size_m is {half_size_m}: use (56 to 120 m|a number)"):
        make_setting("city", 1, half_size_m=half_size_m)
