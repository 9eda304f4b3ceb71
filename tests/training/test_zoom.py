"""Flights made from a still end with the target in the middle, 2 m away, and say what the expert flies there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from liquid_nav.errors import ConfigError
from tests.training.small_data import small_cache
from training.augment import is_whole
from training.batches import BatchMaker
from training.cache import HEIGHT, WIDTH, Cache
from training.settings import TrainSettings
from training.zoom import FARTHEST_M, LAW, Approach, draw_approach, fly_over, stills

GAPS_S = np.full(300, 0.05)


def _mask(column: int = 140, row: int = 80, size_px: int = 10) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[row - size_px : row + size_px, column - size_px : column + size_px] = True
    return mask


def _approach(seed: int = 0, distance_m: float = 5.0) -> Approach:
    approach = draw_approach(np.random.default_rng(seed), _mask(), distance_m, GAPS_S)
    assert approach is not None
    return approach


@pytest.mark.parametrize("seed", range(8))
def test_the_target_ends_in_the_middle_a_stand_off_away_and_the_vehicle_hovers(seed: int) -> None:
    approach = _approach(seed)
    assert abs(approach.places_px[-1, 0] - 0.5 * WIDTH) < 1.0
    assert abs(approach.places_px[-1, 1] - 0.5 * HEIGHT) < 0.1 * HEIGHT
    assert approach.distances_m[-1] == pytest.approx(LAW.stand_off_m, abs=0.05)
    assert np.abs(approach.commands[-1]).max() < 0.05


@pytest.mark.parametrize("seed", range(8))
def test_commands_bring_the_target_to_the_middle_from_the_side_where_it_is(seed: int) -> None:
    approach = _approach(seed)
    right_px, yaw_rate = approach.places_px[0, 0] - 0.5 * WIDTH, approach.commands[0, 3]
    assert np.sign(yaw_rate) == -np.sign(right_px)
    assert approach.commands[0, 0] > 0.0
    assert (np.diff(np.abs(approach.places_px[:, 0] - 0.5 * WIDTH)) < 1e-9).all()


def test_image_and_mask_go_together_to_where_the_target_is_said_to_be() -> None:
    approach, mask = _approach(), _mask()
    image = np.where(mask[..., None], np.uint8(200), np.uint8(30)).repeat(3, axis=2)
    for step in (0, 20, 300):
        shown, there = approach.show(step, image, mask)
        assert shown.shape == image.shape and there.shape == mask.shape
        rows, columns = np.nonzero(there)
        assert (columns.mean(), rows.mean()) == pytest.approx(tuple(approach.places_px[step]), abs=1.0)
        assert (shown[there][:, 0] > 100).mean() > 0.9 and (shown[~there][:, 0] > 100).mean() < 0.05
        assert there.sum() == pytest.approx(mask.sum() * approach.zooms[step] ** 2, rel=0.1)


def test_a_target_that_no_window_brings_to_the_middle_is_left_alone() -> None:
    random = np.random.default_rng(0)
    assert not is_whole(_mask(column=10)) and is_whole(_mask(column=15))
    assert draw_approach(random, _mask(column=15), 5.0, GAPS_S) is None
    assert draw_approach(random, _mask(column=10), 5.0, GAPS_S) is None  # the edge of the image cuts it
    assert draw_approach(random, np.zeros((HEIGHT, WIDTH), dtype=bool), 5.0, GAPS_S) is None


def _cache_with_stills() -> Cache:
    """Return a cache of which every image shows the target 5 m away with nothing before it."""
    cache = small_cache()
    return replace(
        cache,
        masks=np.repeat(np.packbits(_mask(), axis=1)[None], cache.steps, axis=0),
        has_mask=np.ones(cache.steps, dtype=bool),
        distances_m=np.full(cache.steps, 5.0, np.float32),
        free_m=np.full_like(cache.free_m, 12.0),
    )


def test_stills_are_near_enough_and_have_a_free_way() -> None:
    cache, steps = _cache_with_stills(), np.arange(4)
    assert stills(cache, steps, 40).tolist() == [0, 1, 2, 3]
    cache.distances_m[0] = FARTHEST_M + 1.0
    cache.free_m[1] = 2.0
    cache.has_mask[2] = False
    assert stills(cache, steps, 40).tolist() == [3]
    assert stills(cache, steps, 100_000).tolist() == []


def test_a_flight_over_a_still_is_an_episode_of_its_own() -> None:
    cache, stamps_s = _cache_with_stills(), np.linspace(10.0, 12.0, 21)
    flight = fly_over(np.random.default_rng(0), cache, np.arange(cache.steps), stamps_s)
    assert flight is not None and flight.steps == 21
    assert flight.images.shape == (21, HEIGHT, WIDTH, 3) and flight.masks.dtype == cache.masks.dtype
    assert (flight.target_pixels > 0).all() and flight.distances_m[-1] < flight.distances_m[0]
    assert fly_over(np.random.default_rng(0), cache, np.array([], dtype=np.int64), stamps_s) is None


def test_a_share_of_the_sequences_learned_from_are_made_from_stills_and_none_of_those_checked_with() -> None:
    cache, settings = _cache_with_stills(), TrainSettings(zoom_share=1.0, lost_share=0.0)
    episodes, order = np.arange(len(cache.starts) - 1), np.arange(3)
    made = BatchMaker(cache, settings, episodes, augment=True).sequences(np.random.default_rng(0), order, 16)
    plain = BatchMaker(cache, settings, episodes, augment=False).sequences(np.random.default_rng(0), order, 16)
    assert (made.log_distance.diff(dim=1) < 0.0).any() and (plain.log_distance.diff(dim=1) == 0.0).all()
    assert (made.use_command & made.visible).any()


def test_a_share_that_is_none_is_refused_with_the_range() -> None:
    with pytest.raises(ConfigError, match=r"zoom_share is 1.5: use 0 to 1"):
        TrainSettings(zoom_share=1.5)
