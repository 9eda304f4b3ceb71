"""Training, validation and test worlds never meet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_nav.errors import WorldError
from sim_worlds.seeds import SPLITS, split_of, split_seeds


def test_splits_are_disjoint() -> None:
    ranges = list(SPLITS.values())
    for index, one in enumerate(ranges):
        for other in ranges[index + 1 :]:
            assert one.stop <= other.start or other.stop <= one.start


@given(st.sampled_from(sorted(SPLITS)), st.integers(1, 300), st.integers(0, 10_000))
def test_seeds_stay_in_their_split_and_do_not_repeat(split: str, count: int, base: int) -> None:
    seeds = split_seeds(split, count, base)
    assert len(set(seeds)) == count
    assert {split_of(seed) for seed in seeds} == {split}
    assert seeds == split_seeds(split, count, base)


def test_unknown_splits_are_refused() -> None:
    with pytest.raises(WorldError, match="exam"):
        split_seeds("exam", 1)
