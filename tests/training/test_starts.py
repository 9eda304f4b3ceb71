"""Where flights for the training data begin."""

from __future__ import annotations

import numpy as np
import pytest

from liquid_nav.errors import ConfigError
from sim_worlds.placement import gaps_m
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.world import make_world
from training.expert_flight import (
    ASIDE_M,
    BESIDE_FREE_M,
    BROAD_M,
    GRAZING_M,
    OVER_TARGET_M,
    _beside_start,
    _hidden_start,
    _near_start,
)
from training.settings import CollectSettings


def test_more_starts_of_a_kind_than_flights_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"near_share 0\.5, .*beside_share 0\.3 are more than all flights"):
        CollectSettings(near_share=0.5, blocked_share=0.25, beside_share=0.3)


@pytest.mark.parametrize("seed", range(4))
def test_a_hidden_start_has_something_broad_before_or_beside_the_line_to_the_target(seed: int) -> None:
    world = make_world("forest", seed, renderer=BlindRenderer(), clutter=True)
    try:
        start = _hidden_start(world, np.random.default_rng(seed))
        here, target = np.array(start.position_enu_m[:2]), world.target.position_enu_m[:2]
        way = target - here
        length = float(np.hypot(*way))
        along = way / length
        near = []
        for solid in world.scene.colliders:
            offset = np.array(solid.centre_enu_m[:2]) - here
            ahead, aside = float(offset @ along), abs(float(offset @ [-along[1], along[0]]))
            broad = min(solid.size_m[:2]) > BROAD_M
            near.append(broad and 0.5 < ahead < length and aside < 2.0 * (max(solid.size_m[:2]) + ASIDE_M))
        assert any(near)
        assert start is not world.start and length < 14.0
    finally:
        world.close()


@pytest.mark.parametrize("seed", range(4))
def test_a_start_beside_something_is_close_to_it_and_touches_nothing(seed: int) -> None:
    world = make_world("forest", seed, renderer=BlindRenderer(), clutter=True)
    try:
        start = _beside_start(world, np.random.default_rng(seed))
        gap_m = gaps_m(np.array([start.position_enu_m[:2]]), world.scene.colliders)[0]
        assert start is not world.start
        assert BESIDE_FREE_M < gap_m < GRAZING_M[1] + 1.2, "beside something, or a little before it"
    finally:
        world.close()


def test_near_starts_are_at_times_far_above_or_below_the_target() -> None:
    world = make_world("forest", 1, renderer=BlindRenderer())
    try:
        rng = np.random.default_rng(0)
        over_m = [_near_start(world, rng).position_enu_m[2] - world.target.position_enu_m[2] for _ in range(80)]
        assert 0.05 < np.mean([not OVER_TARGET_M[0] <= over <= OVER_TARGET_M[1] for over in over_m]) < 0.5
    finally:
        world.close()
