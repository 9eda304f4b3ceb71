"""Far meshes get coarser without losing what matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim_worlds.materials import layer
from sim_worlds.mesh_tools import box, card, cylinder, merge, moved, pose, rotation, sphere, transformed
from sim_worlds.render.lod import bounding_sphere, levels, outward, parts
from sim_worlds.scene import Mesh

RED, BLUE = (0.8, 0.1, 0.1), (0.1, 0.2, 0.8)


def _tree(cards: int = 40) -> Mesh:
    rng = np.random.default_rng(3)
    trunk = cylinder(0.2, 8.0, material="bark_oak", capped=False)
    twigs = [moved(cylinder(0.01, 1.0, material="bark_oak", capped=False), (0.5, 0.0, float(z))) for z in range(3, 7)]
    leaves = [
        transformed(card(0.8, 0.8, material="leaves"), pose(rng.uniform(3, 8, 3), rotation(rng.uniform(0, 6))))
        for _ in range(cards)
    ]
    return merge([trunk, *twigs, *leaves])


def _card_sizes_m(mesh: Mesh) -> np.ndarray:
    leaves = mesh.triangles[mesh.layers[mesh.triangles[:, 0]] == layer("leaves")]
    return np.linalg.norm(mesh.positions_m[leaves[:, 0]] - mesh.positions_m[leaves[:, 1]], axis=1)


def test_levels_have_fewer_and_fewer_triangles_and_keep_the_extent() -> None:
    mesh = _tree()
    chain = levels(mesh)
    counts = [len(level.mesh.triangles) for level in chain]
    assert len(chain) >= 4 and counts[0] == len(mesh.triangles)
    assert (np.diff(counts) < 0).all() and counts[-1] < 0.3 * counts[0]
    assert (np.diff([level.below_px for level in chain]) < 0).all()
    for level in chain:
        assert bounding_sphere(level.mesh)[1] == pytest.approx(bounding_sphere(mesh)[1], rel=0.3)
        assert len(level.closed) == len(level.mesh.triangles)


def test_the_trunk_is_never_dropped_and_twigs_thinner_than_a_pixel_are() -> None:
    coarse = levels(_tree())[-1].mesh
    bark = coarse.positions_m[coarse.triangles[coarse.layers[coarse.triangles[:, 0]] == layer("bark_oak")].ravel()]
    assert np.ptp(bark[:, 2]) == pytest.approx(8.0)
    assert 0.15 < np.abs(bark[:, :2]).max() < 0.3, "no twig is left, and the trunk is as thick as before"


def test_kept_leaves_grow_so_that_the_crown_stays_dense() -> None:
    chain = levels(_tree())
    assert np.median(_card_sizes_m(chain[2].mesh)) > 1.3 * np.median(_card_sizes_m(chain[0].mesh))


def test_a_plain_box_has_one_level() -> None:
    assert len(levels(box((4.0, 2.0, 1.5), material="metal"))) == 1


def test_round_things_get_fewer_corners_and_stay_round() -> None:
    ball = sphere(1.0, material="white", rings=20, sides=30)
    coarse = levels(ball)[-1].mesh
    assert len(coarse.triangles) < 0.75 * len(ball.triangles)
    assert np.linalg.norm(coarse.positions_m, axis=1) == pytest.approx(1.0)


def test_thin_laths_do_not_vanish() -> None:
    laths = [moved(box((0.02, 0.02, 3.0), material="metal"), (0.3 * k, 0.0, 0.0)) for k in range(9)]
    chain = levels(merge(laths))
    assert len(chain) > 1
    for level in chain:
        assert np.ptp(level.mesh.positions_m[:, 2]) == pytest.approx(3.0)


def test_parts_hold_together_where_corners_meet() -> None:
    two = merge([box((1, 1, 1), material="metal"), moved(box((1, 1, 1), material="metal"), (3.0, 0.0, 0.0))])
    assert len(np.unique(parts(two))) == 2


def test_boxes_and_trunks_are_closed_and_cards_are_not() -> None:
    assert levels(box((1, 2, 3), material="metal"))[0].closed.all()
    assert levels(cylinder(0.2, 4.0, material="bark_oak", capped=False))[0].closed.all()
    assert not levels(card(1.0, 1.0, material="leaves"))[0].closed.any()


def test_triangles_are_turned_to_face_where_their_normals_point() -> None:
    mesh = box((1, 1, 1), material="metal")
    mesh.triangles[::2] = mesh.triangles[::2, ::-1]
    corners = mesh.positions_m[outward(mesh)]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert ((facing * mesh.normals[mesh.triangles[:, 0]]).sum(axis=1) > 0).all()


def test_coarse_levels_are_the_same_every_time() -> None:
    for one, other in zip(levels(_tree()), levels(_tree()), strict=True):
        assert np.array_equal(one.mesh.positions_m, other.mesh.positions_m)
        assert np.array_equal(one.mesh.triangles, other.mesh.triangles)


def test_the_same_shape_in_another_colour_keeps_its_colour() -> None:
    grey, red = (box((1.0, 1.0, 1.0), material="white", colour=(level, 0.5, 0.5)) for level in (0.5, 1.0))
    for mesh in (grey, red, grey):
        assert np.array_equal(levels(mesh)[0].mesh.colours, mesh.colours)


def test_things_that_differ_in_colour_alone_share_shapes_but_keep_their_colours() -> None:
    red, blue = (sphere(1.0, material="cloth", colour=colour, rings=8, sides=12) for colour in (RED, BLUE))
    for one, other in zip(levels(red), levels(blue), strict=True):
        assert one.mesh.positions_m is other.mesh.positions_m
        assert np.allclose(one.mesh.colours, RED) and np.allclose(other.mesh.colours, BLUE)
    assert len(levels(red)) > 1


def test_a_pattern_of_colours_is_no_other_pattern() -> None:
    ball = sphere(1.0, material="cloth", colour=RED, rings=8, sides=12)
    striped = replace(ball, colours=ball.colours.copy())
    striped.colours[::2] = BLUE
    plain, other = levels(ball)[-1].mesh, levels(striped)[-1].mesh
    assert len(other.triangles) > len(plain.triangles)
    assert {tuple(colour) for colour in other.colours.tolist()} == {tuple(np.float32(c).tolist()) for c in (RED, BLUE)}
