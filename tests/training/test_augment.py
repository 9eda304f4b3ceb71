"""Targets that are scaled and moved before they are put before other surroundings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.augment import Shape, apply_look, is_whole, move_target, plain_look

HEIGHT, WIDTH = 144, 256
RED, GREEN = (200, 20, 20), (20, 200, 20)


def _picture(top: int, left: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[top : top + height, left : left + width] = True
    return np.where(mask[..., None], RED, GREEN).astype(np.uint8), mask


@pytest.mark.parametrize(("scale", "height", "width"), [(0.5, 20, 10), (1.0, 40, 20), (1.5, 60, 30), (0.01, 1, 1)])
def test_a_target_keeps_its_colour_at_every_size(scale: float, height: int, width: int) -> None:
    image, mask = move_target(*_picture(50, 60, 40, 20), scale, (0.4, 0.6))
    assert mask.sum() == height * width
    assert np.abs(image[mask].astype(int) - RED).max() <= 1


@pytest.mark.parametrize(
    ("centre", "rows", "columns"),
    [((0.5, 0.5), (52, 91), (118, 137)), ((0.0, 0.5), (52, 91), (0, 9)), ((1.0, 1.0), (124, 143), (246, 255))],
)
def test_a_moved_target_has_its_middle_in_the_image_and_is_cut_by_its_edges(
    centre: tuple[float, float], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    image, mask = move_target(*_picture(50, 60, 40, 20), 1.0, centre)
    there = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert [(indices[0], indices[-1]) for indices in there] == [rows, columns]
    assert np.abs(image[mask].astype(int) - RED).max() <= 1


def test_specks_look_the_same_through_a_sequence() -> None:
    image, mask = _picture(50, 60, 40, 20)
    panel = Shape(3, (0.3, 0.5), (0.2, 0.3), 0.0, (90, 60, 30), (0.0, 0.0), False)
    look = replace(plain_look(), shapes=(panel,))
    first, later = (apply_look(look, image, mask, np.random.default_rng(n), step=n)[0] for n in (0, 5))
    assert np.array_equal(first, later)
    assert len(np.unique(first[~mask].reshape(-1, 3), axis=0)) > 4, "many colours"
    assert np.array_equal(first[mask], image[mask]), "the target stays in front"


def test_a_target_larger_than_the_image_fills_it() -> None:
    _, mask = move_target(*_picture(10, 10, 120, 240), 1.5, (0.5, 0.5))
    assert mask.all()


def test_a_target_that_the_edge_cuts_is_not_whole() -> None:
    assert is_whole(_picture(1, 1, 5, 5)[1])
    for top, left in ((0, 50), (50, 0), (HEIGHT - 5, 50), (50, WIDTH - 5)):
        assert not is_whole(_picture(top, left, 5, 5)[1])
    assert not is_whole(np.zeros((HEIGHT, WIDTH), dtype=bool))
