"""Cutting up the ground changes nothing but what is drawn of it."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import box, make_mesh
from sim_worlds.render.tiles import tiled
from sim_worlds.scene import Instance, Mesh


def _field(points: int = 33) -> Mesh:
    x, y = np.meshgrid(np.linspace(-30, 30, points), np.linspace(-30, 30, points), indexing="ij")
    positions = np.column_stack([x.ravel(), y.ravel(), np.sin(0.2 * x.ravel())])
    index = np.arange(points * points).reshape(points, points)
    a, b, c, d = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(), index[:-1, 1:].ravel()
    triangles = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    normals = np.tile([0.0, 0.0, 1.0], (len(positions), 1))
    return make_mesh(positions, normals, positions[:, :2], triangles, material="dirt")


def _corners(meshes: list[Mesh]) -> np.ndarray:
    """All triangles' corners in an order that does not depend on how they are split."""
    rows = np.concatenate([mesh.positions_m[mesh.triangles].reshape(-1, 9) for mesh in meshes])
    return rows[np.lexsort(rows.T)]


def test_tiles_hold_every_triangle_once() -> None:
    meshes = {"field": _field(), "house": box((3, 3, 3), material="roof")}
    placed = (Instance("field", (0, 0, 0), category="ground"), Instance("house", (1, 2, 0), category="building"))
    found, instances, grounds = tiled(meshes, placed)
    tiles = [found[name] for name in sorted(grounds)]
    assert len(tiles) > 4 and set(found) == grounds | {"house"}
    assert np.array_equal(_corners(tiles), _corners([meshes["field"]]))
    assert [item.category for item in instances].count("ground") == len(tiles)


def test_small_grounds_and_other_things_stay_whole() -> None:
    meshes = {"field": _field(5), "rock": _field()}
    placed = (Instance("field", (0, 0, 0), category="ground"), Instance("rock", (1, 2, 0), category="rock"))
    found, instances, grounds = tiled(meshes, placed)
    assert set(found) == {"field", "rock"} and instances == placed and grounds == {"field"}
