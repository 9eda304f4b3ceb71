"""What is small in a picture is shown large in a corner, and framed where it is."""

from __future__ import annotations

import numpy as np
import pytest

from sim_worlds.sheets import CUT_PX, MAGNIFIED, magnified

RED = (200, 20, 20)


@pytest.mark.parametrize("pixel", [(100.0, 100.0), (2.0, 212.0), (2.0, 2.0)])
def test_a_small_thing_is_enlarged_in_the_corner(pixel: tuple[float, float]) -> None:
    picture = np.zeros((216, 384, 3), dtype=np.uint8)
    column, row = (int(value) for value in pixel)
    picture[row : row + 2, column : column + 2] = RED
    shown = magnified(picture, pixel)
    corner = shown[: CUT_PX[1] * MAGNIFIED, -CUT_PX[0] * MAGNIFIED :]
    assert (corner == RED).all(axis=2).sum() >= 3 * MAGNIFIED**2  # a frame may cover its rim
    assert shown.shape == picture.shape and (picture == RED).all(axis=2).sum() == 4
