"""What counts in a batch: commands before solids, and free ways past them, which forests hold too few of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from liquid_nav.errors import ConfigError
from tests.training.small_data import small_cache
from training.batches import PASSAGE_LEAD, BatchMaker, command_weight, passing
from training.cache import SECTORS
from training.settings import TrainSettings

FAST, SLOW = np.array([[1.8, 0.0, 0.0, 0.0]], np.float32), np.array([[0.4, 0.0, 0.0, 0.0]], np.float32)


def _nearness(*sectors: int) -> np.ndarray:
    """Solids at arm's length in some sectors, nothing elsewhere."""
    nearness = np.zeros((1, SECTORS), np.float32)
    nearness[0, list(sectors)] = 0.7
    return nearness


def test_a_passage_is_flown_fast_past_solids_beside_a_free_way() -> None:
    assert passing(_nearness(0, SECTORS - 1), FAST).all()
    assert not passing(_nearness(0, SECTORS - 1), SLOW).any()
    assert not passing(_nearness(0, SECTORS // 2), FAST).any()
    assert not passing(_nearness(), FAST).any()


def test_commands_count_more_before_solids_and_in_passages() -> None:
    plain = command_weight(_nearness(), FAST)
    assert plain == pytest.approx(1.0)
    assert command_weight(_nearness(SECTORS // 2), SLOW) > plain
    assert command_weight(_nearness(0), FAST) > plain
    assert command_weight(_nearness(0), SLOW) == pytest.approx(1.0)


def _maker(share: float) -> BatchMaker:
    cache = small_cache(episodes=4, steps=60)
    free = np.full((cache.steps, SECTORS), 8.0, np.float32)
    free[100:110, 0] = 1.0  # the only passages
    cache = replace(cache, free_m=free, commands=np.repeat(FAST, cache.steps, axis=0))
    return BatchMaker(cache, TrainSettings(passage_share=share), np.arange(4), augment=True)


def test_a_share_of_sequences_begins_shortly_before_a_passage() -> None:
    order = np.zeros(400, dtype=np.int64)
    chosen = _maker(0.5).prefer_passages(np.random.default_rng(1), order)
    moved = chosen[chosen > 0]
    assert 140 < len(moved) < 260
    assert moved.min() >= 100 - PASSAGE_LEAD and moved.max() < 110


def test_without_a_share_or_without_passages_the_order_stays() -> None:
    order = np.arange(50)
    assert np.array_equal(_maker(0.0).prefer_passages(np.random.default_rng(1), order), order)
    cache = replace(small_cache(), free_m=np.full((48, SECTORS), 8.0, np.float32))
    nowhere = BatchMaker(cache, TrainSettings(passage_share=1.0), np.arange(4), augment=True)
    assert np.array_equal(nowhere.prefer_passages(np.random.default_rng(1), order), order)


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"passage_share is 1\.5: use 0 to 1"):
        TrainSettings(passage_share=1.5)
