"""Coarser copies of a mesh for when it is far away: fewer, larger leaf cards, no parts below the size of a pixel.

Works on any mesh without knowing what it shows: a part is what hangs together by shared places (a card, a bough).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim_worlds.materials import LAYERS, LEAFY
from sim_worlds.scene import Mesh

# Level by level: below which radius in the image (pixels) it is used, and what it keeps.
RADII_PX = (110.0, 50.0, 22.0, 9.0, 4.0)
LEAF_SHARES = (0.5, 0.24, 0.12, 0.06, 0.03)  # of the leaf cards
AREA_SHARES = (0.85, 0.6, 0.4, 0.3, 0.3)  # of the other surface, widest parts first; bare crowns need their twigs
TRIANGLES_PX = 6.0  # a mesh is fine enough while its radius in pixels is less than this times the root of its triangles
LEAF_GROWTH = 0.4  # kept cards grow by share ** -LEAF_GROWTH, so that the crown stays as dense to the eye
NARROWEST_PX = 0.8  # wider parts are kept whatever their share
SPECK_PX = 4.0  # a thing with a smaller radius shows nothing of its pictures but their colours
CELL_PX = 2.4  # corners that lie closer and face alike become one
THINNEST = 0.25  # share of its surface that a part keeps at least when its corners are joined; else they are not
FEWEST = 2  # triangles of a mesh that is not worth coarsening
WORTHWHILE = 0.85  # a level must have fewer triangles than this share of the level before
WELD_M = 5e-4
CLOSED = 0.35  # a part whose mean normal is shorter has its back inside

REMEMBERED = 400  # meshes whose copies are kept, those that were asked for last: many are the same in all worlds

LEAFY_LAYERS = np.array([name in LEAFY for name in LAYERS])


@dataclass(frozen=True)
class Level:
    """A mesh as fine as it needs to be.

    Attributes:
        mesh: its triangles are counter-clockwise seen from where their normals point.
        closed: bool (triangles,), True for those of parts like a trunk or a box, whose backs nobody sees.
        below_px: used while the radius of its sphere in the image is smaller, and no coarser level is.
    """

    mesh: Mesh
    closed: NDArray[np.bool_]
    below_px: float


@dataclass(frozen=True)
class _Shape:
    """A level in the colours of the mesh that it was made from, and which of that mesh's vertices it has."""

    level: Level
    vertices: NDArray[np.int64]


_made: dict[bytes, list[_Shape]] = {}


@dataclass(frozen=True)
class _Parts:
    """The parts of a mesh, an entry for each but for ``of``, the part of every triangle, and ``kinds``.

    Kinds are hashes (vertices,) that those of a part share which face into the same octant and look alike; those for
    specks do not tell apart where in its picture a vertex is.
    """

    of: NDArray[np.int64]
    kinds: NDArray[np.uint64]
    speck_kinds: NDArray[np.uint64]
    areas: NDArray[np.float64]
    widths: NDArray[np.float64]
    leafy: NDArray[np.bool_]
    closed: NDArray[np.bool_]


def levels(mesh: Mesh, *, rigid: bool = False) -> list[Level]:
    """Return the mesh and its coarser copies, finest first; a single one where nothing can be saved, or if ``rigid``.

    Args:
        mesh: anything.
        rigid: it is part of a surface whose other parts may be at another distance: it must not get coarser.
    """
    if rigid:
        mesh = replace(mesh, triangles=outward(mesh))
        return [Level(mesh, np.zeros(len(mesh.triangles), dtype=bool), np.inf)]
    key = _digest(mesh)
    _made[key] = _made.pop(key) if key in _made else _chain(replace(mesh, triangles=outward(mesh)))
    if len(_made) > REMEMBERED:
        del _made[next(iter(_made))]
    return [
        replace(shape.level, mesh=replace(shape.level.mesh, colours=mesh.colours[shape.vertices]))
        for shape in _made[key]
    ]


def _digest(mesh: Mesh) -> bytes:
    """Return what meshes share whose coarser copies differ in colours alone, like one coat on two people."""
    digest = hashlib.blake2b(bytes([mesh.double_sided]), digest_size=16)
    _, first, which = np.unique(_shades(mesh), return_index=True, return_inverse=True)
    alike = np.argsort(np.argsort(first))[which]  # numbered as they come: which vertices have the same shade
    for array in (mesh.positions_m, mesh.normals, mesh.uvs, alike, mesh.layers, mesh.triangles):
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()


def _shades(mesh: Mesh) -> NDArray[np.int64]:
    return np.asarray(np.rint(mesh.colours * 4.0).astype(np.int64) @ np.array([1, 64, 4096]))


def _chain(mesh: Mesh) -> list[_Shape]:
    known = _measure(mesh)
    found = [_Shape(Level(mesh, known.closed[known.of], np.inf), np.arange(len(mesh.positions_m)))]
    radius = bounding_sphere(mesh)[1]
    for radius_px, leaf_share, area_share in zip(RADII_PX, LEAF_SHARES, AREA_SHARES, strict=True):
        finest = len(found[-1].level.mesh.triangles)
        if finest <= FEWEST:
            break
        below_px = min(radius_px, TRIANGLES_PX * float(np.sqrt(finest)))
        coarse, vertices, kept = _coarser(mesh, known, leaf_share, area_share, radius, below_px)
        if len(kept) < WORTHWHILE * finest:
            found.append(_Shape(Level(coarse, known.closed[known.of[kept]], below_px), vertices))
    return found


def bounding_sphere(mesh: Mesh) -> tuple[NDArray[np.float32], float]:
    """Return centre (3,) and radius of a sphere about the mesh, in its own frame."""
    centre = 0.5 * (mesh.positions_m.min(axis=0) + mesh.positions_m.max(axis=0))
    return centre, float(np.linalg.norm(mesh.positions_m - centre, axis=1).max())


def parts(mesh: Mesh) -> NDArray[np.int64]:
    """Return for every triangle (triangles,) the number of its part, 0 and up."""
    corners = _places(mesh)[mesh.triangles]
    labels = np.arange(len(mesh.positions_m))
    while True:
        lowest = labels[corners].min(axis=1)
        before = labels.copy()
        for column in range(3):
            np.minimum.at(labels, corners[:, column], lowest)
        labels = labels[labels]
        if np.array_equal(before, labels):
            return _numbered(labels[corners[:, 0]])


def _places(mesh: Mesh) -> NDArray[np.int64]:
    """Return for every vertex the number of its place, which others may share."""
    return _numbered(*np.rint(mesh.positions_m.T / WELD_M).astype(np.int64))


def _seams(mesh: Mesh) -> NDArray[np.bool_]:
    places = _places(mesh)
    spots = _numbered(places, *np.rint(64.0 * mesh.uvs.T).astype(np.int64))
    _, first = np.unique(spots, return_index=True)
    return np.asarray(np.bincount(places[first])[places] > 1)


def outward(mesh: Mesh) -> NDArray[np.int32]:
    """Return the triangles (triangles, 3), each counter-clockwise seen from where its normals point."""
    inward = (_facings(mesh) * mesh.normals[mesh.triangles].sum(axis=1)).sum(axis=1) < 0.0
    return np.where(inward[:, None], mesh.triangles[:, ::-1], mesh.triangles)


def _facings(mesh: Mesh) -> NDArray[np.floating]:
    """Return a vector across each triangle (triangles, 3), as long as its area."""
    x, y, z = mesh.positions_m.T[:, mesh.triangles]  # np.cross() takes several times as long
    ax, ay, az, bx, by, bz = (c[:, i] - c[:, 0] for i in (1, 2) for c in (x, y, z))
    return np.asarray(0.5 * np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1))


def _measure(mesh: Mesh) -> _Parts:
    of = parts(mesh)
    facings = _facings(mesh)
    areas = np.bincount(of, weights=np.linalg.norm(facings, axis=1)).astype(np.float64)
    mean = np.stack([np.bincount(of, weights=facings[:, axis]) for axis in range(3)], axis=1)
    low, high = np.full((len(areas), 3), np.inf), np.full((len(areas), 3), -np.inf)
    corners = mesh.positions_m[mesh.triangles]
    np.minimum.at(low, of, corners.min(axis=1))
    np.maximum.at(high, of, corners.max(axis=1))
    leafy = np.zeros(len(areas), dtype=bool)
    leafy[of] = LEAFY_LAYERS[mesh.layers[mesh.triangles[:, 0]]]
    widths = areas / (np.pi * np.linalg.norm(high - low, axis=1) + 1e-9)  # exact for a thin tube
    return _Parts(of, *_kinds(mesh, of), areas, widths, leafy, np.linalg.norm(mean, axis=1) < CLOSED * areas)


def _coarser(
    mesh: Mesh, known: _Parts, leaf_share: float, area_share: float, radius_m: float, radius_px: float
) -> tuple[Mesh, NDArray[np.int64], NDArray[np.int64]]:
    """Return a copy with details as large as a pixel or larger, and which vertices and triangles of the mesh it has."""
    leaf_parts = np.flatnonzero(known.leafy)
    chosen = leaf_parts[_evenly(len(leaf_parts), leaf_share)]
    keep = np.zeros(len(known.areas), dtype=bool)
    keep[chosen] = True
    keep[_wide_parts(known, area_share, NARROWEST_PX * radius_m / radius_px)] = True
    kept = np.flatnonzero(keep[known.of])
    positions = mesh.positions_m.copy()
    if 0 < len(chosen) < len(leaf_parts):
        leaves = kept[known.leafy[known.of[kept]]]
        _enlarge(positions, mesh.triangles[leaves], known.of[leaves], (len(leaf_parts) / len(chosen)) ** LEAF_GROWTH)
    coarse = replace(mesh, positions_m=positions)
    kinds = known.kinds if radius_px > SPECK_PX else known.speck_kinds
    joined = _joined(mesh, known, kept, kinds, CELL_PX * radius_m / radius_px)
    real = (joined != joined[:, [1, 2, 0]]).all(axis=1)
    return compact(replace(coarse, triangles=joined[real])), np.unique(joined[real]), kept[real]


def _evenly(count: int, share: float) -> NDArray[np.bool_]:
    """Return bool (count,), True for a share of them spread evenly, at least one of any."""
    if count * share < 1.0:
        return np.asarray(np.arange(count) == 0)
    steps = np.floor(np.arange(count + 1) * share + 1.0 - share)
    return np.asarray(steps[1:] > steps[:-1])


def _wide_parts(known: _Parts, area_share: float, width_m: float) -> NDArray[np.int64]:
    """Return the parts without leaves that are at least so wide, and enough of the rest, widest first."""
    solid = np.flatnonzero(~known.leafy)
    order = solid[np.argsort(-known.widths[solid], kind="stable")]
    before = np.concatenate([[0.0], np.cumsum(known.areas[order])[:-1]])
    return np.asarray(order[(known.widths[order] > width_m) | (before < area_share * known.areas[solid].sum())])


def _joined(
    mesh: Mesh, known: _Parts, kept: NDArray[np.int64], kinds: NDArray[np.uint64], cell_m: float
) -> NDArray[np.int32]:
    """Return the kept triangles (triangles, 3) with neighbouring corners of solid parts made one.

    Corners are neighbours in the same cell of a grid when they face into the same octant and look alike, so a thin
    tube keeps four sides. A part that would lose too much of its surface, like a lath, stays as it is.
    """
    triangles = mesh.triangles[kept]
    cells = np.floor((mesh.positions_m - mesh.positions_m.min(axis=0)) / cell_m).astype(np.int64)
    _, first, group = np.unique(_mixed(kinds, *cells.T), return_index=True, return_inverse=True)
    joined = first[group][triangles].astype(np.int32)
    after = np.bincount(
        known.of[kept],
        weights=np.linalg.norm(_facings(replace(mesh, triangles=joined)), axis=1),
        minlength=len(known.areas),
    )
    spared = known.leafy | (after < THINNEST * known.areas)
    return np.where(spared[known.of[kept], None], triangles, joined)


def _kinds(mesh: Mesh, of: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the kinds of all vertices, in general and for specks."""
    part_of = np.full(len(mesh.positions_m), -1, dtype=np.int64)
    part_of[mesh.triangles.ravel()] = np.repeat(of, 3)
    octant = ((mesh.normals + np.array([0.011, 0.017, 0.023])) > 0.0) @ np.array([1, 2, 4])
    picture = np.where(_seams(mesh), np.rint(2.0 * mesh.uvs.T).astype(np.int64), -99)  # no seam may close
    start = np.zeros(len(part_of), dtype=np.uint64)
    alike = _mixed(start, part_of, mesh.layers.astype(np.int64), octant, _shades(mesh))
    return _mixed(alike, *picture), alike


def _mixed(mixed: NDArray[np.uint64], *columns: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a hash of 64 bits for every row of the columns: two rows among thousands do not meet by chance."""
    for column in columns:
        mixed = (mixed ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _numbered(*columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for every row of the columns a number that equal rows share, 0 and up."""
    mixed = _mixed(np.zeros(len(columns[0]), dtype=np.uint64), *columns)
    return np.asarray(np.unique(mixed, return_inverse=True)[1])


def _enlarge(
    positions: NDArray[np.float32], triangles: NDArray[np.int32], part: NDArray[np.int64], factor: float
) -> None:
    """Scale every part about the mean of its corners, in place."""
    vertices, first = np.unique(triangles.ravel(), return_index=True)
    part = np.unique(np.repeat(part, 3)[first], return_inverse=True)[1]
    counts = np.bincount(part)
    middle = np.stack([np.bincount(part, weights=positions[vertices, axis]) / counts for axis in range(3)], axis=1)
    positions[vertices] = middle[part] + factor * (positions[vertices] - middle[part])


def compact(mesh: Mesh) -> Mesh:
    """Return the mesh with only the vertices that its triangles use."""
    used, renumbered = np.unique(mesh.triangles, return_inverse=True)
    return replace(
        mesh,
        positions_m=mesh.positions_m[used],
        normals=mesh.normals[used],
        uvs=mesh.uvs[used],
        colours=mesh.colours[used],
        layers=mesh.layers[used],
        triangles=renumbered.reshape(-1, 3).astype(np.int32),
    )
