"""Far meshes get coarser without losing what matters."""

from __future__ import annotations

import numpy as np
import pytest

from sim_worlds.mesh_tools import box, card, cylinder, merge, moved, pose, rotation, transformed
from sim_worlds.render.lod import bounding_sphere, closed, levels, outward, parts, thinned
from sim_worlds.scene import Mesh


def _tree(cards: int = 40) -> Mesh:
    rng = np.random.default_rng(3)
    trunk = cylinder(0.2, 8.0, material="bark_oak", capped=False)
    twigs = [moved(cylinder(0.01, 1.0, material="bark_oak", capped=False), (0.5, 0.0, float(z))) for z in range(3, 7)]
    leaves = [
        transformed(card(0.8, 0.8, material="leaves"), pose(rng.uniform(3, 8, 3), rotation(rng.uniform(0, 6))))
        for _ in range(cards)
    ]
    return merge([trunk, *twigs, *leaves])


def test_levels_have_fewer_and_fewer_triangles_and_keep_the_extent() -> None:
    mesh = _tree()
    chain = levels(mesh)
    counts = [len(level.triangles) for level in chain]
    assert len(chain) == 3 and counts[0] == len(mesh.triangles)
    assert counts[1] < 0.8 * counts[0] and counts[2] < 0.8 * counts[1]
    for level in chain:
        assert bounding_sphere(level)[1] == pytest.approx(bounding_sphere(mesh)[1], rel=0.25)


def test_the_trunk_is_never_dropped_and_twigs_thinner_than_a_pixel_are() -> None:
    coarse = thinned(_tree(), 0.2, 0.5, 0.1)
    bark = coarse.positions_m[coarse.triangles[coarse.layers[coarse.triangles[:, 0]] != _tree().layers[-1]].ravel()]
    assert np.ptp(bark[:, 2]) == pytest.approx(8.0)
    assert np.abs(bark[:, :2]).max() == pytest.approx(0.2), "no twig is left"


def test_kept_leaves_grow_so_that_the_crown_stays_dense() -> None:
    mesh = merge([card(1.0, 1.0, material="leaves")] * 1 + [moved(card(1, 1, material="leaves"), (5.0, 0, 0))] * 1)
    coarse = thinned(mesh, 0.5, 0.5, 0.1)
    assert len(coarse.triangles) == 2
    assert np.ptp(coarse.positions_m[:, 0]) > 1.2


def test_a_mesh_without_leaves_or_tiny_parts_has_one_level() -> None:
    assert len(levels(box((4.0, 2.0, 1.5), material="metal"))) == 1


def test_parts_hold_together_where_corners_meet() -> None:
    two = merge([box((1, 1, 1), material="metal"), moved(box((1, 1, 1), material="metal"), (3.0, 0.0, 0.0))])
    assert len(np.unique(parts(two))) == 2


def test_boxes_and_trunks_are_closed_and_cards_are_not() -> None:
    assert closed(box((1, 2, 3), material="metal")).all()
    assert closed(cylinder(0.2, 4.0, material="bark_oak", capped=False)).all()
    assert not closed(card(1.0, 1.0, material="leaves")).any()


def test_triangles_are_turned_to_face_where_their_normals_point() -> None:
    mesh = box((1, 1, 1), material="metal")
    mesh.triangles[::2] = mesh.triangles[::2, ::-1]
    corners = mesh.positions_m[outward(mesh)]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert ((facing * mesh.normals[mesh.triangles[:, 0]]).sum(axis=1) > 0).all()


def test_coarse_levels_are_the_same_every_time() -> None:
    for one, other in zip(levels(_tree()), levels(_tree()), strict=True):
        assert np.array_equal(one.positions_m, other.positions_m)
        assert np.array_equal(one.triangles, other.triangles)
