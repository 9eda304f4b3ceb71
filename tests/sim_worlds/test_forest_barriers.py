"""Walls and open frames of the woods: beside the way, never in it, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from sim_worlds.forest import make_forest
from sim_worlds.forest_barriers import GAPS, SIZES_M, Barriers, Frames
from sim_worlds.placement import gaps_m
from sim_worlds.scene import Renderer, Start
from sim_worlds.world import make_world
from tests.sim_worlds.forest_things import solids_of, straight_way

both = pytest.mark.parametrize("option", ["barriers", "frames"])


@both
@pytest.mark.parametrize("seed", range(12))
def test_walls_leave_the_straight_way_to_the_backpack_free(seed: int, option: str) -> None:
    setting = make_forest(seed, **{option: True})
    walls = solids_of(setting, SIZES_M)
    assert gaps_m(straight_way(setting), walls).min() > GAPS.line_m - 0.1


@both
@pytest.mark.parametrize("seed", range(12))
def test_no_tree_grows_in_a_wall(seed: int, option: str) -> None:
    setting = make_forest(seed, density_per_m2=0.05, **{option: True})
    stems = [solid for solid in setting.scene.colliders if "trunk" in solid.label]
    spots = np.array([solid.centre_enu_m[:2] for solid in stems])
    radii = np.array([solid.size_m[0] for solid in stems])
    walls = solids_of(setting, SIZES_M)
    assert not walls or (gaps_m(spots, walls) - radii).min() > 0.1


@pytest.mark.parametrize(("option", "least"), [("barriers", 3.0), ("frames", 2.5)])
def test_most_woods_find_room_for_walls(option: str, least: float) -> None:
    counts = [len(solids_of(make_forest(seed, **{option: True}), SIZES_M)) for seed in range(24)]
    assert np.mean(counts) > least


def test_some_walls_make_a_lane_along_the_way() -> None:
    lanes = 0
    for seed in range(24):
        setting = make_forest(seed, barriers=True)
        start, pack = np.array(setting.start.position_enu_m[:2]), setting.target.position_enu_m[:2]
        way = pack - start
        walls = solids_of(setting, SIZES_M)
        along = [abs(np.sin(wall.yaw_rad - np.arctan2(way[1], way[0]))) < 0.06 for wall in walls]
        spots = [np.array(wall.centre_enu_m[:2]) - start for wall in walls]
        sides = {bool(way[0] * y > way[1] * x) for x, y in spots}
        lanes += len(walls) > 3 and all(along) and len(sides) == 2
    assert lanes > 3


@both
def test_walls_change_nothing_else_and_are_recorded(option: str) -> None:
    without, with_them = (make_forest(6, **{option: wanted}) for wanted in (False, True))
    assert {**with_them.scene.options, option: False} == without.scene.options
    kept = [item for item in with_them.scene.instances if not item.mesh.startswith(option[:-1])]
    assert len(kept) < len(with_them.scene.instances)
    assert tuple(kept) == without.scene.instances
    assert with_them.start == without.start


@pytest.mark.parametrize("seed", range(6))
def test_a_wall_stands_on_the_ground_along_its_whole_length(seed: int) -> None:
    setting = make_forest(seed, barriers=True)
    for wall in solids_of(setting, SIZES_M):
        x, y, z = wall.centre_enu_m
        along = wall.size_m[0] * np.array([np.cos(wall.yaw_rad), np.sin(wall.yaw_rad)])
        ends = [(x - along[0], y - along[1]), (x + along[0], y + along[1])]
        assert all(z - wall.size_m[2] < setting.scene.ground_height_m(*end) for end in ends)
        assert z + wall.size_m[2] > setting.scene.ground_height_m(x, y) + 1.2


@pytest.mark.parametrize("seed", range(12))
def test_no_decoy_stands_in_a_wall(seed: int) -> None:
    setting = make_forest(seed, barriers=True, decoys=True)
    decoys = [item.position_enu_m[:2] for item in setting.scene.instances if item.category == "decoy"]
    assert gaps_m(np.array(decoys), solids_of(setting, SIZES_M)).min() > 0.1


@pytest.mark.parametrize("seed", range(12))
def test_frames_keep_apart_from_walls(seed: int) -> None:
    setting = make_forest(seed, barriers=True, frames=True)
    frames, walls = solids_of(setting, Frames.kinds), solids_of(setting, Barriers.kinds)
    middles = np.array([frame.centre_enu_m[:2] for frame in frames]).reshape(-1, 2)
    assert not frames or not walls or gaps_m(middles, walls).min() > 0.3


def _seen_past(renderer: Renderer, option: str, kinds: tuple[str, ...]) -> float:
    """Return in how many cases of all one sees the backpack from right behind what is higher than it."""
    seen = []
    for seed in range(6):
        world = make_world("forest", seed, renderer=renderer, density_per_m2=0.0, **{option: True})
        target = world.target.position_enu_m
        for solid in world.scene.colliders:
            away = np.array(solid.centre_enu_m[:2]) - target[:2]
            far = np.hypot(*away)
            spot = target[:2] + away * (1.0 + (1.0 + np.hypot(*solid.size_m[:2])) / far)
            higher = solid.centre_enu_m[2] + solid.size_m[2] > target[2] + 0.5
            if solid.label in kinds and higher and far < 12.0 and gaps_m(spot[None], world.scene.colliders)[0] > 0.5:
                facing = float(np.arctan2(-away[1], -away[0]))
                world.restart_at(Start((float(spot[0]), float(spot[1]), float(target[2])), facing))
                world.camera_frame()
                seen.append(bool(world.target_mask.any()))
        world.close()
    return float(np.mean(seen))


def test_one_sees_the_backpack_through_frames_and_not_through_walls(renderer: Renderer) -> None:
    assert _seen_past(renderer, "frames", Frames.kinds) > 0.3
    assert _seen_past(renderer, "barriers", Barriers.kinds) < 0.25
