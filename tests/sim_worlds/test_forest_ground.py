"""A forest's ground: gentle, level with zero at the start, and under everything that stands on it."""

from __future__ import annotations

import numpy as np
import pytest

from sim_worlds.forest import make_forest
from sim_worlds.forest_ground import heights_at

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_ground_is_bounded_and_gentle_and_zero_at_the_start(seed: int) -> None:
    setting = make_forest(seed, density_per_m2=0.02)
    ground = setting.scene.ground
    assert ground is not None
    slope = np.hypot(*np.gradient(ground.heights_m.astype(float), ground.spacing_m))
    assert ground.heights_m.min() >= -0.6
    assert ground.heights_m.max() <= 0.9
    assert slope.max() < 0.15
    assert setting.scene.ground_height_m(*setting.start.position_enu_m[:2]) == pytest.approx(0.0, abs=1e-4)


def test_heights_of_many_points_are_those_of_each() -> None:
    ground = make_forest(2).scene.ground
    assert ground is not None
    points = np.random.default_rng(0).uniform(-80.0, 80.0, (50, 2))
    assert np.allclose(heights_at(ground, points), [ground.height_m(x, y) for x, y in points.tolist()])


@pytest.mark.parametrize("seed", SEEDS)
def test_every_stem_has_a_solid_from_the_ground_to_where_one_flies(seed: int) -> None:
    scene = make_forest(seed, density_per_m2=0.08).scene
    stems = {c.centre_enu_m[:2]: c for c in scene.colliders if c.label.endswith("trunk") or c.label == "dead tree"}
    kinds = ("pine", "spruce", "birch", "oak", "beech", "sapling", "young spruce", "dead tree")
    trees = [item for item in scene.instances if item.mesh.rsplit("_", 1)[0] in kinds]
    assert len(trees) == len(stems) == scene.options["trees"]
    for tree in trees:
        stem = stems[tree.position_enu_m[:2]]
        floor = scene.ground_height_m(*tree.position_enu_m[:2])
        assert stem.centre_enu_m[2] - stem.size_m[2] == pytest.approx(floor, abs=1e-6)
        assert stem.size_m[2] >= 2.0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stems_solid_is_as_thick_as_what_is_drawn(seed: int) -> None:
    scene = make_forest(seed, density_per_m2=0.05).scene
    stems = {c.centre_enu_m[:2]: c for c in scene.colliders if c.label.endswith("trunk") or c.label == "dead tree"}
    for item in scene.instances:
        stem = stems.get(item.position_enu_m[:2])
        if stem is None or item.category != "tree":
            continue
        mesh = scene.meshes[item.mesh]
        ring = mesh.positions_m[np.abs(mesh.positions_m[:, 2] - 0.5) < 0.21]
        drawn = np.hypot(*ring[:, :2].T).min() * item.scale[0]
        assert 0.8 * drawn <= stem.size_m[0] <= 1.3 * drawn


def test_no_tree_stands_on_a_trail() -> None:
    scenes = [make_forest(seed, density_per_m2=0.12).scene for seed in range(8)]
    with_trail = [scene for scene in scenes if scene.options["trail"]]
    assert 0 < len(with_trail) < len(scenes)
    for scene in with_trail:
        trail = scene.meshes["trail"].positions_m[:, :2]
        for solid in scene.colliders:
            if solid.label.endswith("trunk"):
                assert np.hypot(*(trail - np.array(solid.centre_enu_m[:2])).T).min() > solid.size_m[0]
