"""Pictures of categories and depths can be read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from liquid_nav.errors import RenderError
from sim_worlds.render.palette import CATEGORY_COLOURS, paint_categories, paint_depth
from sim_worlds.scene import CATEGORIES, category_index


def test_every_category_has_a_colour_of_its_own() -> None:
    assert set(CATEGORY_COLOURS) == set(CATEGORIES)
    for one, other in itertools.combinations(CATEGORY_COLOURS.values(), 2):
        assert np.abs(np.subtract(one, other)).max() > 30


def test_categories_are_painted_pixel_by_pixel() -> None:
    picture = paint_categories(np.array([[category_index("target"), category_index("sky")]], np.uint8))
    assert picture.shape == (1, 2, 3) and picture.dtype == np.uint8
    assert tuple(picture[0, 0]) == CATEGORY_COLOURS["target"]
    assert tuple(picture[0, 1]) == CATEGORY_COLOURS["sky"]


def test_a_value_that_is_no_category_is_refused() -> None:
    with pytest.raises(RenderError, match="200"):
        paint_categories(np.full((2, 2), 200, np.uint8))


def test_depths_darken_with_distance_and_the_sky_is_darkest() -> None:
    picture = paint_depth(np.array([[0.2, 1.0, 4.0, 16.0, 50.0, np.inf]], np.float32))
    brightness = picture[0].astype(int).sum(axis=1)
    assert picture.shape == (1, 6, 3) and picture.dtype == np.uint8
    assert (np.diff(brightness) < 0).all()
