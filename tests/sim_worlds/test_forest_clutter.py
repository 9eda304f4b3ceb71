"""Things people left in the woods: close to the way, never in the sight of the backpack, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from sim_worlds.forest import make_forest
from sim_worlds.forest_clutter import GAPS, KINDS
from sim_worlds.placement import gaps_m
from sim_worlds.scene import Collider, Setting


def _things(setting: Setting) -> list[Collider]:
    return [solid for solid in setting.scene.colliders if solid.label in KINDS]


@pytest.mark.parametrize("seed", range(8))
def test_things_leave_the_sight_of_the_backpack_free(seed: int) -> None:
    setting = make_forest(seed, clutter=True)
    start, pack = np.array(setting.start.position_enu_m[:2]), setting.target.position_enu_m[:2]
    line = start + np.linspace(0.0, 1.0, 100)[:, None] * (pack - start)
    assert gaps_m(line, _things(setting)).min() > GAPS.line_m - 0.1


@pytest.mark.parametrize("seed", range(8))
def test_things_stand_apart_from_walls_and_trees(seed: int) -> None:
    setting = make_forest(seed, clutter=True, barriers=True, density_per_m2=0.05)
    others = [solid for solid in setting.scene.colliders if solid.label not in KINDS and "trunk" not in solid.label]
    walls = [solid for solid in others if solid.label in ("timber stack", "rock face")]
    stems = [solid for solid in setting.scene.colliders if "trunk" in solid.label]
    things = _things(setting)
    middles = np.array([thing.centre_enu_m[:2] for thing in things])
    assert not walls or gaps_m(middles, walls).min() > 0.3
    spots, radii = np.array([s.centre_enu_m[:2] for s in stems]), np.array([s.size_m[0] for s in stems])
    assert (gaps_m(spots, things) - radii).min() > 0.1


def test_some_stand_so_close_that_the_straight_way_would_graze_them() -> None:
    gaps = []
    for seed in range(8):
        setting = make_forest(seed, clutter=True)
        start, pack = np.array(setting.start.position_enu_m[:2]), setting.target.position_enu_m[:2]
        gaps.append(gaps_m(start + np.linspace(0.0, 1.0, 100)[:, None] * (pack - start), _things(setting)).min())
    assert min(gaps) < 0.6


def test_things_change_nothing_else_and_are_recorded() -> None:
    without, with_them = (make_forest(6, clutter=wanted) for wanted in (False, True))
    assert {**with_them.scene.options, "clutter": False} == without.scene.options
    kept = [item for item in with_them.scene.instances if not item.mesh.startswith("clutter")]
    assert tuple(kept) == without.scene.instances
