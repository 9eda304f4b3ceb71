"""Coarser copies of a mesh for when it is far away: fewer, larger leaf cards and no parts below the size of a pixel.

Works on any mesh without knowing what it shows: parts are what hangs together by shared vertices (a card, a bough).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim_worlds.materials import LAYERS, LEAFY
from sim_worlds.scene import Mesh

LEAF_SHARES = (0.45, 0.2)  # of the leaf cards that the second and the third level keep
LEAF_GROWTH = 0.4  # kept cards grow by share ** -LEAF_GROWTH, so that the crown stays as dense to the eye
TRIANGLES_PX = 4.0  # a level suits a sphere of this many pixels times the root of its triangles
KEPT_AREAS = (0.75, 0.5)  # of what is no leaf, widest parts first; bare crowns would vanish without their twigs
NARROWEST_PX = 0.8  # wider parts are kept anyway
WORTHWHILE = 0.8  # a level must have fewer triangles than this share of the level before

WELD_M = 5e-4
CLOSED = 0.35  # a part whose mean normal is shorter has its back inside

LEAFY_LAYERS = np.array([name in LEAFY for name in LAYERS])


def levels(mesh: Mesh) -> list[Mesh]:
    """Return the mesh and its coarser copies, finest first; a single one where nothing can be saved."""
    found = [mesh]
    radius = bounding_sphere(mesh)[1]
    for leaf_share, area_share in zip(LEAF_SHARES, KEPT_AREAS, strict=True):
        pixel_m = radius / wanted_radius_px(len(found[-1].triangles))
        coarse = thinned(mesh, leaf_share, area_share, pixel_m)
        if len(coarse.triangles) < WORTHWHILE * len(found[-1].triangles):
            found.append(coarse)
    return found


def wanted_radius_px(triangles: int) -> float:
    """Return how large a mesh of so many triangles should be in the image, as the radius of its sphere."""
    return TRIANGLES_PX * float(np.sqrt(triangles))


def bounding_sphere(mesh: Mesh) -> tuple[NDArray[np.float32], float]:
    """Return centre (3,) and radius of a sphere about the mesh, in its own frame."""
    centre = 0.5 * (mesh.positions_m.min(axis=0) + mesh.positions_m.max(axis=0))
    return centre, float(np.linalg.norm(mesh.positions_m - centre, axis=1).max())


def thinned(mesh: Mesh, leaf_share: float, area_share: float, pixel_m: float) -> Mesh:
    """Return a copy with a share of the leaf cards, enlarged, and without solid parts that no pixel would show.

    Args:
        mesh: anything.
        leaf_share: of the parts of a material in ``LEAFY`` that are kept, at least one.
        area_share: of the surface of the other parts that is kept at least.
        pixel_m: size of a pixel at the distance where the copy is used first.
    """
    labels = parts(mesh)
    kinds = LEAFY_LAYERS[mesh.layers[mesh.triangles[:, 0]]]
    leaf_parts = np.unique(labels[kinds])
    chosen = leaf_parts[_evenly(len(leaf_parts), leaf_share)]
    kept_solids = _wide_parts(mesh, labels, ~kinds, area_share, NARROWEST_PX * pixel_m)
    keep = np.where(kinds, np.isin(labels, chosen), np.isin(labels, kept_solids))
    positions = mesh.positions_m.copy()
    if 0 < len(chosen) < len(leaf_parts):
        grow = (len(leaf_parts) / len(chosen)) ** LEAF_GROWTH
        _enlarge(positions, mesh.triangles[keep & kinds], labels[keep & kinds], grow)
    return _compact(replace(mesh, positions_m=positions), keep)


def parts(mesh: Mesh) -> NDArray[np.int64]:
    """Return for every triangle (triangles,) a number that those that hang together share; corners meet by place."""
    grid = np.rint((mesh.positions_m - mesh.positions_m.min(axis=0)) / WELD_M).astype(np.int64)
    spans = grid.max(axis=0) + 1
    _, welded = np.unique((grid[:, 0] * spans[1] + grid[:, 1]) * spans[2] + grid[:, 2], return_inverse=True)
    corners = welded[mesh.triangles]
    labels = np.arange(len(mesh.positions_m))
    while True:
        lowest = labels[corners].min(axis=1)
        before = labels.copy()
        for column in range(3):
            np.minimum.at(labels, corners[:, column], lowest)
        labels = labels[labels]
        if np.array_equal(before, labels):
            return np.asarray(labels[corners[:, 0]])


def closed(mesh: Mesh) -> NDArray[np.bool_]:
    """Return bool (triangles,), True for those of parts like a trunk or a box, whose backs nobody sees."""
    if not len(mesh.triangles):
        return np.zeros(0, dtype=bool)
    _, part = np.unique(parts(mesh), return_inverse=True)
    corners = mesh.positions_m[mesh.triangles]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing *= np.where((facing * mesh.normals[mesh.triangles[:, 0]]).sum(axis=1) < 0.0, -1.0, 1.0)[:, None]
    areas = np.bincount(part, weights=np.linalg.norm(facing, axis=1))
    mean = np.stack([np.bincount(part, weights=facing[:, axis]) for axis in range(3)], axis=1)
    return np.asarray((np.linalg.norm(mean, axis=1) < CLOSED * areas)[part])


def outward(mesh: Mesh) -> NDArray[np.int32]:
    """Return the triangles (triangles, 3), each counter-clockwise seen from where its normals point."""
    corners = mesh.positions_m[mesh.triangles]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inward = (facing * mesh.normals[mesh.triangles].sum(axis=1)).sum(axis=1) < 0.0
    return np.where(inward[:, None], mesh.triangles[:, ::-1], mesh.triangles)


def _evenly(count: int, share: float) -> NDArray[np.bool_]:
    """Return bool (count,), True for a share of them spread evenly, at least one of any."""
    steps = np.floor(np.arange(count + 1) * share + (1.0 - share if count else 0.0))
    return np.asarray(steps[1:] > steps[:-1]) if count * share >= 1.0 else np.arange(count) == 0


def _wide_parts(
    mesh: Mesh, labels: NDArray[np.int64], wanted: NDArray[np.bool_], area_share: float, width_m: float
) -> NDArray[np.int64]:
    """Return the labels of the parts that are at least so wide, and of enough of the rest, widest first."""
    corners = mesh.positions_m[mesh.triangles[wanted]]
    areas = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    names, part = np.unique(labels[wanted], return_inverse=True)
    sizes = np.bincount(part, weights=areas, minlength=len(names))
    low, high = np.full((len(names), 3), np.inf), np.full((len(names), 3), -np.inf)
    np.minimum.at(low, part, corners.min(axis=1))
    np.maximum.at(high, part, corners.max(axis=1))
    widths = sizes / (np.pi * np.linalg.norm(high - low, axis=1) + 1e-9)  # exact for a thin tube
    order = np.argsort(-widths, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(sizes[order])[:-1]])
    keep = (widths[order] > width_m) | (before < area_share * sizes.sum())
    return np.asarray(names[order[keep]])


def _enlarge(
    positions: NDArray[np.float32], triangles: NDArray[np.int32], labels: NDArray[np.int64], factor: float
) -> None:
    """Scale every part about the mean of its corners, in place."""
    _, inverse = np.unique(labels, return_inverse=True)
    vertices = triangles.ravel()
    part = np.repeat(inverse, 3)
    vertices, first = np.unique(vertices, return_index=True)
    part = part[first]
    counts = np.bincount(part)
    middle = np.stack([np.bincount(part, weights=positions[vertices, axis]) / counts for axis in range(3)], axis=1)
    positions[vertices] = middle[part] + factor * (positions[vertices] - middle[part])


def _compact(mesh: Mesh, keep: NDArray[np.bool_]) -> Mesh:
    """Return the mesh with some of its triangles and only the vertices that they use."""
    used, renumbered = np.unique(mesh.triangles[keep], return_inverse=True)
    return replace(
        mesh,
        positions_m=mesh.positions_m[used],
        normals=mesh.normals[used],
        uvs=mesh.uvs[used],
        colours=mesh.colours[used],
        layers=mesh.layers[used],
        triangles=renumbered.reshape(-1, 3).astype(np.int32),
    )
