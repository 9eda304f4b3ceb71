"""What elapsed between two images, and when a policy begins anew."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from liquid_nav.image_clock import FIRST_ELAPSED_S, LONGEST_GAP_S, ImageClock, Tick

ANEW = Tick(FIRST_ELAPSED_S, anew=True)


def _ticks(*stamps_s: float) -> list[Tick]:
    clock = ImageClock()
    return [clock.advance(stamp_s) for stamp_s in stamps_s]


def test_elapsed_is_the_difference_of_the_stamps_to_the_last_bit() -> None:
    stamps_s = np.cumsum(np.random.default_rng(0).uniform(1.0 / 60.0, 1.0, 200)).tolist()
    first, *others = _ticks(*stamps_s)
    assert first == ANEW
    assert others == [Tick(late - early, anew=False) for early, late in pairwise(stamps_s)]


def test_an_image_of_the_same_moment_is_no_new_beginning() -> None:
    assert _ticks(7.0, 7.0)[1] == Tick(0.0, anew=False)


def test_only_a_gap_over_the_limit_is_a_new_beginning() -> None:
    assert _ticks(1.0, 1.0 + LONGEST_GAP_S, 1.0 + LONGEST_GAP_S + 2.01)[1:] == [Tick(LONGEST_GAP_S, anew=False), ANEW]


def test_an_older_image_is_a_new_beginning_and_no_time_counts_twice() -> None:
    assert _ticks(5.0, 4.5, 5.0) == [ANEW, ANEW, Tick(0.5, anew=False)]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_stamp_that_is_not_finite_is_a_new_beginning_and_so_is_the_next(odd: float) -> None:
    assert _ticks(1.0, odd, odd, 1.05, 1.5)[1:] == [ANEW, ANEW, ANEW, Tick(pytest.approx(0.45), anew=False)]
