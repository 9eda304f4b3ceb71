"""Things people left in the woods: close to the way, never in the sight of the backpack, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from sim_worlds.forest import make_forest
from sim_worlds.forest_clutter import GAPS, KINDS
from sim_worlds.placement import gaps_m
from tests.sim_worlds.forest_things import solids_of, straight_way


@pytest.mark.parametrize("seed", range(8))
def test_things_leave_the_sight_of_the_backpack_free(seed: int) -> None:
    setting = make_forest(seed, clutter=True)
    assert gaps_m(straight_way(setting), solids_of(setting, KINDS)).min() > GAPS.line_m - 0.1


@pytest.mark.parametrize("seed", range(8))
def test_things_stand_apart_from_walls_and_trees(seed: int) -> None:
    setting = make_forest(seed, clutter=True, barriers=True, density_per_m2=0.05)
    walls = solids_of(setting, ("timber stack", "rock face"))
    stems = [solid for solid in setting.scene.colliders if "trunk" in solid.label]
    things = solids_of(setting, KINDS)
    middles = np.array([thing.centre_enu_m[:2] for thing in things])
    assert not walls or gaps_m(middles, walls).min() > 0.3
    spots, radii = np.array([s.centre_enu_m[:2] for s in stems]), np.array([s.size_m[0] for s in stems])
    assert (gaps_m(spots, things) - radii).min() > 0.1


def test_some_stand_so_close_that_the_straight_way_would_graze_them() -> None:
    gaps = []
    for seed in range(8):
        setting = make_forest(seed, clutter=True)
        gaps.append(gaps_m(straight_way(setting), solids_of(setting, KINDS)).min())
    assert min(gaps) < 0.6


def test_things_change_nothing_else_and_are_recorded() -> None:
    without, with_them = (make_forest(6, clutter=wanted) for wanted in (False, True))
    assert {**with_them.scene.options, "clutter": False} == without.scene.options
    kept = [item for item in with_them.scene.instances if not item.mesh.startswith("clutter")]
    assert tuple(kept) == without.scene.instances
