"""Houses hide what is wholly behind them, and nothing else."""

from __future__ import annotations

import numpy as np

from sim_worlds.render.occlusion import Walls, hidden
from sim_worlds.render.projection import look_at, projection_matrix, view_matrix
from sim_worlds.scene import Collider

HOUSE = Collider("box", (20.0, 0.0, 5.0), (5.0, 5.0, 5.0), label="house")
NEIGHBOUR = Collider("box", (20.0, 10.0, 4.0), (5.0, 5.0, 4.0), label="house")


def _hidden(colliders: list[Collider], centre: tuple[float, float, float], radius_m: float = 1.0) -> bool:
    eye = np.array([0.0, 0.0, 2.0])
    view = look_at(eye, np.array([20.0, 0.0, 2.0]), width_px=256, height_px=144, horizontal_fov_rad=1.4)
    shadows = Walls(colliders).shadows(projection_matrix(view) @ view_matrix(view), eye)
    return bool(len(shadows)) and bool(hidden(shadows, np.array([centre]), np.array([radius_m]))[0])


def test_what_is_behind_a_house_is_hidden() -> None:
    assert _hidden([HOUSE], (40.0, 0.0, 3.0))


def test_what_stands_before_above_or_beside_it_is_not() -> None:
    for seen in ((10.0, 0.0, 3.0), (40.0, 0.0, 30.0), (40.0, 20.0, 3.0), (40.0, -20.0, 3.0), (14.5, 0.0, 5.0)):
        assert not _hidden([HOUSE], seen)


def test_what_looks_out_by_a_part_is_not_hidden() -> None:
    assert not _hidden([HOUSE], (40.0, 0.0, 3.0), radius_m=20.0)


def test_two_houses_hide_together_what_stands_across_their_shared_edge() -> None:
    middle = (40.0, 10.6, 3.0)
    assert not _hidden([HOUSE], middle, 3.5) and not _hidden([NEIGHBOUR], middle, 3.5)
    assert _hidden([HOUSE, NEIGHBOUR], middle, 3.5)


def test_other_solids_hide_nothing() -> None:
    assert not _hidden([Collider("box", HOUSE.centre_enu_m, HOUSE.size_m, label="hedge")], (40.0, 0.0, 3.0))


def test_a_wall_at_the_lens_or_around_it_hides_nothing() -> None:
    for x in (0.2, -2.0):
        around = Collider("box", (x + 5.0, 0.0, 5.0), (5.0, 5.0, 5.0), label="house")
        assert not _hidden([around], (40.0, 0.0, 3.0))


def test_points_that_are_hidden_lie_behind_the_box_on_the_line_of_sight() -> None:
    rng = np.random.default_rng(5)
    eye = np.array([3.0, -9.0, 4.0])
    view = look_at(eye, np.array([20.0, 0.0, 3.0]), width_px=256, height_px=144, horizontal_fov_rad=1.4)
    points = rng.uniform((5.0, -40.0, 0.0), (80.0, 40.0, 30.0), (4000, 3))
    shadows = Walls([HOUSE]).shadows(projection_matrix(view) @ view_matrix(view), eye)
    found = hidden(shadows, points, np.zeros(len(points)))
    low, high = np.array([15.0, -5.0, 0.0]), np.array([25.0, 5.0, 10.0])
    crossings = np.stack([(low - eye) / (points - eye), (high - eye) / (points - eye)])
    enters, leaves = crossings.min(axis=0).max(axis=1), crossings.max(axis=0).min(axis=1)
    blocked = (enters < leaves) & (enters > 0.0) & (enters < 1.0)
    assert found.any() and not (found & ~blocked).any()
    assert found.sum() > 0.9 * blocked.sum(), "a point behind the house is found to be hidden, but for the slack"
