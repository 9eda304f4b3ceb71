"""Which images a policy looks at, what elapsed between two of them, and when it begins anew."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from liquid_nav.image_clock import FIRST_ELAPSED_S, LONGEST_GAP_S, NEAREST_S, ImageClock, Tick

ANEW = Tick(FIRST_ELAPSED_S, anew=True)


def _ticks(*stamps_s: float) -> list[Tick | None]:
    clock = ImageClock()
    return [clock.advance(stamp_s) for stamp_s in stamps_s]


def test_elapsed_is_the_difference_of_the_stamps_to_the_last_bit() -> None:
    stamps_s = np.cumsum(np.random.default_rng(0).uniform(1.01 * NEAREST_S, 1.0, 200)).tolist()
    first, *others = _ticks(*stamps_s)
    assert first == ANEW
    assert others == [Tick(late - early, anew=False) for early, late in pairwise(stamps_s)]


def test_an_image_of_the_same_moment_is_left_out_and_no_new_beginning() -> None:
    assert _ticks(7.0, 7.0, 7.5)[1:] == [None, Tick(0.5, anew=False)]


RATES = [(5, 1), (20, 1), (30, 1), (50, 2), (60, 2), (90, 3), (120, 3), (240, 6)]


@pytest.mark.parametrize(("camera_hz", "every"), RATES)
def test_a_fast_camera_shows_a_policy_every_so_manyth_image_and_no_time_is_lost(camera_hz: int, every: int) -> None:
    ticks = _ticks(*(100.0 + index / camera_hz for index in range(2 * camera_hz + 1)))
    seen = [tick for tick in ticks if tick is not None]
    assert [tick is not None for tick in ticks] == [index % every == 0 for index in range(2 * camera_hz + 1)]
    assert [tick.elapsed_s for tick in seen[1:]] == [pytest.approx(every / camera_hz)] * (len(seen) - 1)
    assert seen[0] == ANEW and not any(tick.anew for tick in seen[1:])


def test_an_uneven_fast_camera_never_hurries_a_policy() -> None:
    rng = np.random.default_rng(1)
    stamps_s = np.arange(600) / 60.0 + rng.uniform(-0.004, 0.004, 600)
    elapsed_s = [tick.elapsed_s for tick in _ticks(*stamps_s.tolist())[1:] if tick is not None]
    assert min(elapsed_s) >= NEAREST_S and max(elapsed_s) < 0.05


def test_only_a_gap_over_the_limit_is_a_new_beginning() -> None:
    assert _ticks(1.0, 1.0 + LONGEST_GAP_S, 1.0 + LONGEST_GAP_S + 2.01)[1:] == [Tick(LONGEST_GAP_S, anew=False), ANEW]


def test_an_older_image_is_a_new_beginning_and_no_time_counts_twice() -> None:
    assert _ticks(5.0, 4.5, 5.0) == [ANEW, ANEW, Tick(0.5, anew=False)]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_stamp_that_is_not_finite_is_a_new_beginning_and_so_is_the_next(odd: float) -> None:
    assert _ticks(1.0, odd, odd, 1.05, 1.5)[1:] == [ANEW, ANEW, ANEW, Tick(pytest.approx(0.45), anew=False)]
