"""What counts in a batch: solids right ahead and free ways past them, which forests hold too few of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from liquid_nav.errors import ConfigError
from tests.training.small_data import small_cache
from training.batches import (
    CELL_PX,
    FARTHEST_M,
    LEAD,
    LOST,
    NEAREST_M,
    NEARNESS_M,
    OUT_OF_SIGHT,
    SEARCH_RAD_S,
    SIDE_KNOWN_S,
    SLOWLY,
    BatchMaker,
    Cover,
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
from training.cache import SECTORS
from training.settings import TrainSettings

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


def _maker(**shares: float) -> BatchMaker:
    cache = small_cache(episodes=4, steps=60)
    free = np.full((cache.steps, SECTORS), 12.0, np.float32)
    free[100:110, 0] = 1.0  # the only passages
    free[200:210, SECTORS // 2] = 1.0  # the only hazards
    distances = np.full(cache.steps, 9.0, np.float32)
    cache = replace(cache, free_m=free, commands=np.repeat(FAST, cache.steps, axis=0), distances_m=distances)
    return BatchMaker(cache, TrainSettings(**shares), np.arange(4), augment=True)


@pytest.mark.parametrize(("share", "first"), [("passage_share", 100), ("hazard_share", 200)])
def test_a_share_of_sequences_begins_shortly_before_a_rare_moment(share: str, first: int) -> None:
    order = np.zeros(400, dtype=np.int64)
    chosen = _maker(**{share: 0.5}).prefer_rare(np.random.default_rng(1), order)
    moved = chosen[chosen > 0]
    assert 140 < len(moved) < 260
    assert moved.min() >= first - LEAD and moved.max() < first + 10


def test_both_kinds_of_rare_moments_have_their_share() -> None:
    order = np.zeros(400, dtype=np.int64)
    chosen = _maker(passage_share=0.3, hazard_share=0.7).prefer_rare(np.random.default_rng(1), order)
    assert 80 < int((chosen < 150).sum()) < 160 and chosen.min() > 0


def test_without_a_share_or_without_rare_moments_the_order_stays() -> None:
    order = np.arange(50)
    assert np.array_equal(_maker().prefer_rare(np.random.default_rng(1), order), order)
    cache = replace(small_cache(), free_m=np.full((48, SECTORS), 12.0, np.float32))
    nowhere = BatchMaker(cache, TrainSettings(passage_share=1.0), np.arange(4), augment=True)
    assert np.array_equal(nowhere.prefer_rare(np.random.default_rng(1), order), order)


@pytest.mark.parametrize("shares", [{"passage_share": 1.5}, {"hazard_share": -0.1}])
def test_a_share_that_is_none_is_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"the shares are .* at most 1"):
        TrainSettings(**shares)


def test_replaced_surroundings_bring_their_own_solids() -> None:
    cache = small_cache(episodes=4, steps=60)
    masks = cache.masks.copy()
    masks[7] = 0  # the only image without the target: the surroundings of all others
    maker = BatchMaker(replace(cache, masks=masks), TrainSettings(replace_background=1.0), np.arange(4), augment=True)
    batch = maker.images(np.random.default_rng(0), np.arange(20, 60))
    assert not batch.use_command.any()
    there = np.exp(-cache.free_m[7] / NEARNESS_M)
    sides = [any(np.allclose(row, each) for each in (there, there[::-1])) for row in batch.nearness[:, 0].numpy()]
    assert all(sides)
    assert len({row.tobytes() for row in batch.nearness[:, 0].numpy()}) == 2  # mirrored or not


def test_a_target_before_other_surroundings_is_as_far_as_it_looks() -> None:
    cache = small_cache(episodes=4, steps=60)
    maker = BatchMaker(cache, TrainSettings(replace_background=1.0, patches=0), np.arange(4), augment=True)
    batch = maker.images(np.random.default_rng(0), np.arange(240))
    heat = batch.heat[:, 0]
    distances_m, cells = batch.log_distance[:, 0].exp(), heat.sum(dim=(1, 2))
    whole = heat[:, [0, -1]].sum(dim=(1, 2)) + heat[:, :, [0, -1]].sum(dim=(1, 2)) == 0
    before_m = torch.from_numpy(cache.distances_m)
    area = cache.target_pixels[0] / CELL_PX**2 * (before_m / distances_m) ** 2
    assert ((cells - area).abs() < 0.3 * area + 0.1)[whole].all()
    assert (cells < 1.3 * area + 0.1).all() and 0.1 < (~whole).float().mean() < 0.7, "edges cut some of them"
    assert NEAREST_M < distances_m.min() < 2.0 and 15.0 < distances_m.max() <= FARTHEST_M


def test_who_loses_the_target_goes_on_slowly_and_then_searches_on_the_side_where_it_was() -> None:
    commands = np.tile(np.array([1.0, 0.2, 0.1, -0.3], np.float32), (60, 1))
    stamps, hidden = np.arange(60) * 0.1, np.zeros(60, dtype=bool)
    hidden[10:50] = True
    changed = while_covered(commands, hidden, stamps, -1.0)
    assert np.array_equal(changed[~hidden], commands[~hidden])
    assert np.allclose(changed[10:31], [SLOWLY, 0.2 * SLOWLY, 0.1, -0.3])
    assert np.allclose(changed[31:50], [0.0, 0.0, 0.0, -SEARCH_RAD_S])
    assert np.array_equal(while_covered(commands, np.zeros(60, dtype=bool), stamps, 1.0), commands)


def test_a_covered_target_is_not_there_and_comes_back() -> None:
    cache = small_cache(episodes=4, steps=60)
    settings = TrainSettings(cover_share=1.0, recolour=0.0, patches=0, strides=(2,))
    maker = BatchMaker(cache, settings, np.arange(4), augment=True)
    batch = maker.sequences(np.random.default_rng(0), np.arange(0, 240, 8), 16)
    assert batch.visible[:, 0].all() and not batch.visible.all(dim=1).any()
    assert not batch.heat[~batch.visible].any() and batch.heat[batch.visible].flatten(1).any(dim=1).all()
    assert batch.visible[:, -1].any(), "some covers are gone before the end"
    assert (batch.commands[~batch.visible][:, 0] < 1.0).all() and (batch.commands[batch.visible][:, 0] == 1.0).all()


def test_a_cover_hides_all_of_the_target_from_top_to_bottom() -> None:
    image, mask, other = np.zeros((144, 256, 3), np.uint8), np.zeros((144, 256), bool), np.ones((144, 256, 3), np.uint8)
    mask[60:80, 1:21] = True
    covered, left = Cover(np.ones(1, dtype=bool), 1.0, other, 5).draw(image, mask)
    assert not left.any() and covered[mask].all()
    assert covered[:, :26].all() and not covered[:, 26:].any() and not image.any()


def test_nothing_covers_what_is_only_checked_with() -> None:
    maker = BatchMaker(small_cache(), TrainSettings(cover_share=1.0), np.arange(4), augment=False)
    assert maker.sequences(np.random.default_rng(0), np.arange(8), 8).visible.all()


def test_sequences_come_at_the_strides_that_are_asked_for() -> None:
    cache, order = small_cache(episodes=4, steps=60), np.zeros(40, dtype=np.int64)

    def gaps(**wanted: object) -> set[int]:
        settings = replace(TrainSettings(recolour=0.0, patches=0), **wanted)
        maker = BatchMaker(cache, settings, np.arange(4), augment=True)
        elapsed = maker.sequences(np.random.default_rng(0), order, 8).elapsed_s[:, 1:]
        return set((elapsed / elapsed.min()).round().int().flatten().tolist())

    assert gaps(strides=(1,), lost_share=0.0) == {1}
    assert gaps(strides=(2, 4), lost_share=0.0) == {1, 2}
    assert gaps(strides=(1,), lost_share=0.5) == {1, 2}


@pytest.mark.parametrize("strides", [(), (0, 1), (1.5,)])
def test_strides_that_no_sequence_has_are_refused(strides: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="strides are"):
        TrainSettings(strides=strides)
