"""All meshes of a scene in one vertex and one index buffer, and which part of it to draw for what the camera sees.

Drawing is indirect: a command per visible instance, nearest first, so that what is hidden costs little. Each level of a
mesh has three ranges of triangles: opaque ones whose backs need not be drawn, other opaque ones, and those of cut-out
pictures (leaves, fences), which other shaders draw.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import RenderError
from sim_worlds.render.lod import LEAFY_LAYERS, RADII_PX, bounding_sphere, levels
from sim_worlds.render.occlusion import hidden
from sim_worlds.render.projection import spheres_in_view
from sim_worlds.scene import CATEGORIES, DynamicInstance, Instance, Mesh, category_index

VERTEX_FLOATS = 14
VERTEX_FORMAT = "3f 3f 2f 3f 1f 2f"
VERTEX_NAMES = ("in_position", "in_normal", "in_uv", "in_colour", "in_layer", "in_leaf")
ROW_FLOATS = 16  # three matrix rows and a tint whose fourth number is the category / 255
ROW_FORMAT = "4f 4f 4f 4f/i"
ROW_NAMES = ("in_row0", "in_row1", "in_row2", "in_tint")
FINE_M = 8.0  # between corners farther apart, light and fog must be worked out per pixel
SMALL_M = 9.0  # radius of the spheres of solids whose triangles may be large all the same
LEVELS = 1 + len(RADII_PX)
KINDS = 3  # solid, open, cut
SMALLEST_PX = 1.5  # things whose sphere has a smaller radius in the image are not drawn
SOUGHT = np.isin(CATEGORIES, ("target", "decoy"))  # what a policy looks for and what it must not take for it
SOUGHT_PX = 0.5  # the same for these: a real one shows as a speck
SMALLEST_LEAF_PX = (2.0, 4.5)  # the same for tufts without a stem: each has a limit of its own, so they thin out softly
TIP_SWAY, HEIGHT_SWAY = 0.012, 0.0025  # metres per m/s of wind: at the tip of a card, and per metre above the ground
GOLDEN = 0.618034

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Commands:
    """What to draw now, (commands, 5) uint32 as OpenGL's indirect draws take it.

    Attributes:
        solid, broad: closed solids, those with small triangles and those with some larger than ``FINE_M``.
        open: sheets that can be seen from both sides.
        cut: pictures with holes.
        ground: what lies behind all else.
    """

    solid: NDArray[np.uint32]
    broad: NDArray[np.uint32]
    open: NDArray[np.uint32]
    cut: NDArray[np.uint32]
    ground: NDArray[np.uint32]


class Geometry:
    """Packed meshes.

    Args:
        meshes: by name.
        layers: (used,) materials in the order in which the texture array holds them.
        cut_out: bool (used,), True for those with holes in them.
        rigid: names of meshes that must not get coarser.

    Attributes:
        vertices: float32 (vertices, 14), see ``VERTEX_NAMES``.
        indices: int32 (indices,).
        radii_m, centres_m: bounding spheres of the meshes, (meshes,) and (meshes, 3).
        fine: bool (meshes,), True for those without triangles larger than ``FINE_M``.
        reaches_m: (meshes,) radii of spheres about the meshes' own origins.
    """

    def __init__(
        self,
        meshes: Mapping[str, Mesh],
        layers: NDArray[np.int64],
        cut_out: NDArray[np.bool_],
        rigid: Collection[str] = (),
    ) -> None:
        self._numbers = {name: number for number, name in enumerate(meshes)}
        count = len(meshes)
        self._first = np.zeros((count, LEVELS, KINDS), np.uint32)
        self._count = np.zeros((count, LEVELS, KINDS), np.uint32)
        self._below_px = np.zeros((count, LEVELS), np.float32)
        self.radii_m = np.zeros(count, np.float32)
        self.centres_m = np.zeros((count, 3), np.float32)
        self.reaches_m = np.zeros(count, np.float32)
        self.fine = np.zeros(count, dtype=bool)
        vertices: list[NDArray[np.float32]] = []
        indices: list[NDArray[np.int32]] = []
        used_vertices = used_indices = 0
        for number, (name, mesh) in enumerate(meshes.items()):
            self.centres_m[number], self.radii_m[number] = bounding_sphere(mesh)
            self.reaches_m[number] = self.radii_m[number] + np.linalg.norm(self.centres_m[number])
            self.fine[number] = _longest_edge_m(mesh) <= FINE_M
            chain = levels(mesh, rigid=name in rigid)
            for level in range(LEVELS):
                if level >= len(chain):
                    self._first[number, level] = self._first[number, level - 1]
                    self._count[number, level] = self._count[number, level - 1]
                    continue
                coarse, shut = chain[level].mesh, chain[level].closed
                self._below_px[number, level] = chain[level].below_px
                slots = np.searchsorted(layers, coarse.layers)
                holes = cut_out[slots[coarse.triangles[:, 0]]]
                sorts = (shut & ~holes, ~shut & ~holes, holes)
                for kind, triangles in enumerate(coarse.triangles[sort] for sort in sorts):
                    self._first[number, level, kind] = used_indices
                    self._count[number, level, kind] = triangles.size
                    indices.append(triangles.ravel() + used_vertices)
                    used_indices += triangles.size
                vertices.append(_packed(coarse, slots))
                used_vertices += len(coarse.positions_m)
        self.vertices = np.concatenate(vertices) if vertices else np.zeros((0, VERTEX_FLOATS), np.float32)
        self.indices = np.concatenate(indices).astype(np.int32) if indices else np.zeros(0, np.int32)

    def numbers(self, instances: Sequence[Instance] | Sequence[DynamicInstance]) -> NDArray[np.int64]:
        """Return the numbers (instances,) of their meshes.

        Raises:
            RenderError: when the scene has no such mesh.
        """
        try:
            return np.array([self._numbers[instance.mesh] for instance in instances], dtype=np.int64)
        except KeyError as missing:
            raise RenderError(f"mesh {missing} is not in the scene: add it to Scene.meshes") from None

    def is_fine(self, name: str) -> bool:
        """True for a mesh without triangles larger than ``FINE_M``."""
        return bool(self.fine[self._numbers[name]])

    def all_leaf(self, meshes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return bool (meshes,), True for those that are cut-outs alone, like a tuft of grass."""
        return np.asarray((self._count[meshes, 0, :2] == 0).all(axis=1))

    def commands(
        self, meshes: NDArray[np.int64], sizes_px: NDArray[np.floating], rows: NDArray[np.int64]
    ) -> NDArray[np.uint32]:
        """Return commands (3, instances, 5), solid, open and cut-out, for instances in the order given.

        Args:
            meshes: (instances,) numbers.
            sizes_px: (instances,) radius of each in the image; chooses the level.
            rows: (instances,) where each lies in the buffer of rows.
        """
        level = (sizes_px[:, None] < self._below_px[meshes][:, 1:]).sum(axis=1)
        made = np.zeros((KINDS, len(meshes), 5), np.uint32)
        made[:, :, 0] = self._count[meshes, level].T
        made[:, :, 1] = 1
        made[:, :, 2] = self._first[meshes, level].T
        made[:, :, 4] = rows
        return made


class Placed:
    """Instances in the world, ready to be culled together.

    Args:
        geometry: holds their meshes.
        meshes: (instances,) numbers of the meshes.
        rows: float32 (instances, 16).
        grounds: bool (instances,), True for what is drawn last because it lies behind all else.
    """

    def __init__(self, geometry: Geometry, meshes: NDArray[np.int64], rows: Rows, grounds: NDArray[np.bool_]) -> None:
        self.rows = rows
        self._geometry, self._meshes, self._grounds = geometry, meshes, grounds
        matrices = rows[:, :12].reshape(-1, 3, 4)
        largest = np.sqrt((matrices[:, :, :3] ** 2).sum(axis=1).max(axis=1)) if len(rows) else np.zeros(0)
        self.centres_m = np.einsum("nij,nj->ni", matrices[:, :, :3], geometry.centres_m[meshes]) + matrices[:, :, 3]
        self._columns_m = np.ascontiguousarray(self.centres_m.T)
        self.radii_m = (geometry.radii_m[meshes] * largest).astype(np.float32)
        self._fine = geometry.fine[meshes] | (self.radii_m <= SMALL_M)
        spread = SMALLEST_LEAF_PX[0] + np.ptp(SMALLEST_LEAF_PX) * (np.arange(len(rows)) * GOLDEN % 1.0)
        sought = SOUGHT[np.rint(255.0 * rows[:, -1]).astype(int)]
        smallest_px = np.where(geometry.all_leaf(meshes), spread, SMALLEST_PX)
        self._smallest_px = np.where(sought, SOUGHT_PX, smallest_px).astype(np.float32)

    @property
    def throwing(self) -> NDArray[np.bool_]:
        """Bool (instances,), True for what throws shadows: all but the ground."""
        return ~self._grounds

    def visible(
        self,
        clip_from_world: NDArray[np.float64],
        eye_m: NDArray[np.float64],
        focal_px: float,
        shadows: NDArray[np.float32] | None = None,
    ) -> Commands:
        """Return what a camera sees, nearest first; nothing that lies in the ``shadows`` of walls, if any are given."""
        away = self._columns_m - eye_m.astype(np.float32)[:, None]
        distances = np.sqrt(np.einsum("ij,ij->j", away, away)) + np.float32(1e-6)
        sizes_px = self.radii_m * np.float32(focal_px) / distances
        seen = np.flatnonzero(sizes_px > self._smallest_px)
        seen = seen[spheres_in_view(clip_from_world.astype(np.float32), self.centres_m[seen], self.radii_m[seen])]
        if shadows is not None and len(shadows):
            seen = seen[~hidden(shadows, self.centres_m[seen], self.radii_m[seen])]
        seen = seen[np.argsort(distances[seen], kind="stable")]
        solid, sheets, cut = self._geometry.commands(self._meshes[seen], sizes_px[seen], seen)
        ground = self._grounds[seen]
        last = np.concatenate([solid[ground], sheets[ground]])
        fine = self._fine[seen]
        return Commands(
            _drawn(solid[~ground & fine]),
            _drawn(solid[~ground & ~fine]),
            _drawn(sheets[~ground]),
            _drawn(cut),
            _drawn(last),
        )

    def casters(self, pixel_m: float) -> Commands:
        """Return what throws a shadow into a map whose pixels have the given size; the ground throws none."""
        sizes_px = self.radii_m / pixel_m
        seen = np.flatnonzero(~self._grounds & (sizes_px > self._smallest_px))
        solid, sheets, cut = self._geometry.commands(self._meshes[seen], sizes_px[seen], seen)
        return Commands(_drawn(solid), solid[:0], _drawn(sheets), _drawn(cut), solid[:0])


def place_static(geometry: Geometry, instances: Sequence[Instance]) -> Placed:
    """Return the static instances of a scene, placed.

    Raises:
        RenderError: when an instance names a mesh that the scene lacks.
    """
    meshes = geometry.numbers(instances)
    yaw = np.array([instance.yaw_rad for instance in instances])
    scale = np.array([instance.scale for instance in instances]).reshape(-1, 3)
    position = np.array([instance.position_enu_m for instance in instances]).reshape(-1, 3)
    rows = np.zeros((len(instances), 4, 4), np.float32)
    cos, sin = np.cos(yaw), np.sin(yaw)
    rows[:, 0, 0], rows[:, 0, 1] = cos * scale[:, 0], -sin * scale[:, 1]
    rows[:, 1, 0], rows[:, 1, 1] = sin * scale[:, 0], cos * scale[:, 1]
    rows[:, 2, 2] = scale[:, 2]
    rows[:, :3, 3] = position
    rows[:, 3, :3] = np.array([instance.tint for instance in instances]).reshape(-1, 3)
    rows[:, 3, 3] = [category_index(instance.category) / 255.0 for instance in instances]
    grounds = np.array([instance.category == "ground" for instance in instances], dtype=bool)
    return Placed(geometry, meshes, rows.reshape(-1, ROW_FLOATS), grounds)


def place_dynamic(
    geometry: Geometry, instances: Sequence[DynamicInstance], clip_from_world: NDArray[np.float64]
) -> Placed:
    """Return what moves and may be in view, placed where it is now.

    Raises:
        RenderError: when an instance names a mesh that the scene lacks.
    """
    meshes = geometry.numbers(instances)
    poses = np.concatenate([np.zeros((0, 4)), *[instance.pose for instance in instances]])
    poses = poses.astype(np.float32).reshape(-1, 4, 4)
    turns = poses[:, :3, :3]
    stretch = np.sqrt(np.einsum("nij,nij->n", turns, turns))  # never less than the largest factor
    kept = np.flatnonzero(spheres_in_view(clip_from_world, poses[:, :3, 3], geometry.reaches_m[meshes] * stretch))
    rows = poses[kept]
    for row, number in zip(rows, kept.tolist(), strict=True):
        row[3] = (*instances[number].tint, category_index(instances[number].category) / 255.0)
    return Placed(geometry, meshes[kept], rows.reshape(-1, ROW_FLOATS), np.zeros(len(kept), bool))


def _longest_edge_m(mesh: Mesh) -> float:
    """Return the longest edge along any of the axes."""
    corners = mesh.positions_m[mesh.triangles]
    return float(np.ptp(corners, axis=1).max())


def _drawn(commands: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return np.ascontiguousarray(commands[commands[:, 0] > 0])


def _packed(mesh: Mesh, slots: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return float32 (vertices, 14); the last two are metres of sway per m/s of wind, and 1 for leaves."""
    leafy = LEAFY_LAYERS[mesh.layers]
    tip = np.clip(0.98 - mesh.uvs[:, 1], 0.0, 1.0)  # pictures of foliage grow from v = 0.98 upwards to v = 0
    sway = TIP_SWAY * tip + HEIGHT_SWAY * np.maximum(mesh.positions_m[:, 2], 0.0)
    last = np.column_stack([slots, np.where(leafy, sway, 0.0), leafy]).astype(np.float32)
    return np.column_stack([mesh.positions_m, mesh.normals, mesh.uvs, mesh.colours, last])
