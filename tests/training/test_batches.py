"""What a batch holds: rare moments more often than flights do, targets elsewhere and targets that something hides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from liquid_nav.errors import ConfigError
from tests.training.small_data import small_cache
from training.batches import CELL_PX, FARTHEST_M, LEAD, NEAREST_M, BatchMaker, Cover
from training.cache import SECTORS
from training.labels import NEARNESS_M
from training.settings import TrainSettings

FAST = np.array([[1.8, 0.0, 0.0, 0.0]], np.float32)


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


def test_a_sequence_begins_in_the_flight_of_its_rare_moment_and_a_single_image_is_that_moment() -> None:
    cache = small_cache(episodes=4, steps=60)
    free = np.full((cache.steps, SECTORS), 12.0, np.float32)
    free[122:125, SECTORS // 2] = 1.0  # at the beginning of the third flight
    commands, distances = np.repeat(FAST, cache.steps, axis=0), np.full(cache.steps, 9.0, np.float32)
    cache = replace(cache, free_m=free, commands=commands, distances_m=distances)
    maker = BatchMaker(cache, TrainSettings(hazard_share=1.0), np.arange(4), augment=True)
    order, rng = np.zeros(400, dtype=np.int64), np.random.default_rng(1)
    chosen = maker.prefer_rare(rng, order)
    assert chosen.min() == 120 and chosen.max() <= 124
    assert set(maker.prefer_rare(rng, order, lead=1)) == {122, 123, 124}


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
