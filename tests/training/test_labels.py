"""Which commands of the expert are learned as they are, which are changed and how much each counts."""

from __future__ import annotations

import numpy as np
import pytest

from training.cache import SECTORS
from training.labels import (
    LOST,
    OUT_OF_SIGHT,
    SEARCH_RAD_S,
    SIDE_KNOWN_S,
    SLOWLY,
    blocked,
    certainty,
    command_weight,
    losing,
    pass_on_the_freer_side,
    passing,
    search_to_the_left,
    searching,
    while_covered,
)

FAST, SLOW = np.array([[1.8, 0.0, 0.0, 0.0]], np.float32), np.array([[0.4, 0.0, 0.0, 0.0]], np.float32)
FAR, NEAR = np.array([10.0], np.float32), np.array([2.0], np.float32)


def _free_m(*sectors: int) -> np.ndarray:
    """Solids at arm's length in some sectors, nothing elsewhere."""
    free = np.full((1, SECTORS), 12.0, np.float32)
    free[0, list(sectors)] = 0.8
    return free


def test_a_passage_is_flown_fast_past_solids_beside_a_free_way() -> None:
    assert passing(_free_m(0, SECTORS - 1), FAST).all()
    assert not passing(_free_m(0, SECTORS - 1), SLOW).any()
    assert not passing(_free_m(0, SECTORS // 2), FAST).any()
    assert not passing(_free_m(), FAST).any()


def test_the_way_is_blocked_by_what_stands_right_ahead_and_well_before_the_target() -> None:
    assert blocked(_free_m(SECTORS // 2), FAR).all()
    assert not blocked(_free_m(SECTORS // 2), NEAR).any()  # that is what the backpack hangs on
    assert not blocked(_free_m(0, SECTORS - 1), FAR).any()


def test_a_target_is_being_lost_for_two_seconds_after_it_was_seen() -> None:
    visible = np.array([False, True, False, False, False, False])
    stamps = np.array([0.0, 1.0, 2.0, 3.5, 3.6, 3.7])
    lost = losing(visible, stamps, np.array([0, 4, 6]))
    assert lost.tolist() == [False, False, True, False, False, False]


TURNING = np.array([[0.0, 0.0, 0.1, -0.8]], np.float32)


def test_a_search_turns_on_the_spot_with_the_target_out_of_sight() -> None:
    assert searching(np.array([False]), TURNING).all()
    assert not searching(np.array([True]), TURNING).any()
    assert not searching(np.array([False]), FAST).any()


def test_a_search_goes_to_the_left_unless_the_target_left_lately() -> None:
    commands = np.repeat(TURNING, 5, axis=0)
    visible = np.array([False, False, True, False, False])
    stamps = np.array([0.0, 1.0, 2.0, 2.0 + SIDE_KNOWN_S, 2.1 + SIDE_KNOWN_S])
    assert search_to_the_left(visible, commands, stamps)[:, 3].tolist() == pytest.approx([0.8, 0.8, -0.8, -0.8, 0.8])
    assert search_to_the_left(visible, -commands, stamps)[:, 3].tolist() == pytest.approx([0.8] * 5)
    assert commands[0, 3] < 0.0, "the episodes stay as they are"


def test_what_stands_ahead_of_an_unknown_target_is_passed_where_there_is_more_room() -> None:
    aside = np.repeat(np.array([[0.5, 0.6, 0.0, 0.0]], np.float32), 5, axis=0)
    visible = np.array([False, False, True, False, False])
    stamps = np.array([0.0, 1.0, 2.0, 1.9 + SIDE_KNOWN_S, 2.1 + SIDE_KNOWN_S])
    crowded_left, ahead = np.repeat(_free_m(0, 1, 2, 7, 8), 5, axis=0), np.ones(5, dtype=bool)
    for free_m, side in ((crowded_left, -1.0), (crowded_left[:, ::-1], 1.0)):
        changed = pass_on_the_freer_side(visible, aside, free_m, ahead, stamps)
        assert changed[[0, 1, 4], 1].tolist() == pytest.approx([0.6 * side] * 3)
        assert changed[[2, 3], 1].tolist() == pytest.approx([0.6, 0.6]), "in sight, or lately"
        assert (changed[:, [0, 2, 3]] == aside[:, [0, 2, 3]]).all()
    assert (pass_on_the_freer_side(visible, aside, crowded_left, ~ahead, stamps) == aside).all()


def test_flying_to_a_target_long_out_of_sight_counts_little_and_searching_for_it_more() -> None:
    visible, stamps = np.array([True, False, False, False]), np.array([0.0, 1.9, 2.1, 9.0])
    fast, turning = np.repeat(FAST, 4, axis=0), np.repeat(TURNING, 4, axis=0)
    assert certainty(visible, fast, stamps).tolist() == [1.0, 1.0, OUT_OF_SIGHT, OUT_OF_SIGHT]
    assert certainty(visible, turning, stamps).tolist() == [1.0, LOST, LOST, LOST]
    hidden = np.zeros(4, dtype=bool)
    assert certainty(hidden, turning, stamps).max() < 0.1, "what was never seen may be far ahead"


def test_commands_count_more_before_solids_and_in_passages() -> None:
    plain = command_weight(_free_m(), FAST, FAR)
    assert plain == pytest.approx(1.0)
    assert command_weight(_free_m(SECTORS // 2), SLOW, FAR) > command_weight(_free_m(SECTORS // 2), SLOW, NEAR) > plain
    assert command_weight(_free_m(0), FAST, FAR) > plain
    assert command_weight(_free_m(0), SLOW, FAR) == pytest.approx(1.0)


def test_who_loses_the_target_goes_on_slowly_and_then_searches_on_the_side_where_it_was() -> None:
    commands = np.tile(np.array([1.0, 0.2, 0.1, -0.3], np.float32), (60, 1))
    stamps, hidden = np.arange(60) * 0.1, np.zeros(60, dtype=bool)
    hidden[10:50] = True
    changed = while_covered(commands, hidden, stamps, -1.0)
    assert np.array_equal(changed[~hidden], commands[~hidden])
    assert np.allclose(changed[10:31], [SLOWLY, 0.2 * SLOWLY, 0.1, -0.3])
    assert np.allclose(changed[31:50], [0.0, 0.0, 0.0, -SEARCH_RAD_S])
    assert np.array_equal(while_covered(commands, np.zeros(60, dtype=bool), stamps, 1.0), commands)
