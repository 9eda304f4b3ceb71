"""A kit to build a model quickly: collects boxes, panels, tubes, balls and shells, and joins them once at the end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim_worlds.materials import layer
from sim_worlds.mesh_tools import WHITE
from sim_worlds.scene import Float3, Mesh

Points = NDArray[np.float64]


def _unit_box() -> tuple[Points, Points, NDArray[np.int64], NDArray[np.int64]]:
    """Corners (24, 3) of a unit cube, their normals, and which axes run along u and v of each face."""
    corners, normals, along_u, along_v = [], [], [], []
    for axis in range(3):
        for sign in (1.0, -1.0):
            normal = np.zeros(3)
            normal[axis] = sign
            up = np.array([0.0, 0.0, 1.0]) if axis < 2 else np.array([0.0, 1.0, 0.0])
            right = np.cross(up, normal)
            middle = 0.5 * normal
            for r, u in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
                corners.append(middle + r * right + u * up)
                normals.append(normal)
                along_u.append(int(np.argmax(np.abs(right))))
                along_v.append(int(np.argmax(up)))
    return np.array(corners), np.array(normals), np.array(along_u), np.array(along_v)


BOX_POINTS, BOX_NORMALS, BOX_U, BOX_V = _unit_box()
QUAD_UVS = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
BOX_UVS = np.tile(QUAD_UVS, (6, 1))
QUAD_TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]])
BOX_TRIANGLES = np.concatenate([QUAD_TRIANGLES + 4 * face for face in range(6)])


class Kit:
    """Parts of one mesh. Metres; every ``turn`` is a rotation matrix (3, 3) about the part's own origin."""

    def __init__(self) -> None:
        self._points: list[Points] = []
        self._normals: list[Points] = []
        self._uvs: list[Points] = []
        self._colours: list[Points] = []
        self._layers: list[NDArray[np.int32]] = []
        self._triangles: list[NDArray[np.int64]] = []
        self._count = 0

    def add(
        self, points: Points, normals: Points, uvs: Points, triangles: NDArray[np.int64], material: str, colour: Float3
    ) -> None:
        """Add triangles of one material and colour."""
        count = len(points)
        self._points.append(points)
        self._normals.append(normals)
        self._uvs.append(uvs)
        self._colours.append(np.broadcast_to(np.array(colour), (count, 3)))
        self._layers.append(np.full(count, layer(material), dtype=np.int32))
        self._triangles.append(triangles + self._count)
        self._count += count

    def box(
        self,
        size_m: Float3,
        centre_m: Float3,
        material: str = "white",
        colour: Float3 = WHITE,
        *,
        turn: Points | None = None,
        uv_per_m: float = 1.0,
    ) -> None:
        """Add a box of full size ``size_m``."""
        size = np.array(size_m)
        points, normals = BOX_POINTS * size, BOX_NORMALS
        if turn is not None:
            points, normals = points @ turn.T, normals @ turn.T
        uvs = BOX_UVS * np.column_stack([size[BOX_U], size[BOX_V]]) * uv_per_m
        self.add(points + np.array(centre_m), normals, uvs, BOX_TRIANGLES, material, colour)

    def panel(
        self,
        corners_m: Sequence[Float3],
        material: str = "white",
        colour: Float3 = WHITE,
        *,
        uv: tuple[float, float] = (1.0, 1.0),
        from_uv: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Add a flat panel: four corners, counter-clockwise seen from its front, the first at its lower left."""
        points = np.array(corners_m, dtype=float)
        normal = np.cross(points[1] - points[0], points[2] - points[0])
        normal = normal / (np.linalg.norm(normal) + 1e-12)
        uvs = QUAD_UVS * np.array(uv) + np.array(from_uv)
        self.add(points, np.broadcast_to(normal, (4, 3)), uvs, QUAD_TRIANGLES, material, colour)

    def tube(
        self,
        radius_m: float,
        length_m: float,
        foot_m: Float3,
        material: str = "white",
        colour: Float3 = WHITE,
        *,
        top_radius_m: float | None = None,
        sides: int = 8,
        turn: Points | None = None,
        uv_per_m: float = 1.0,
        capped: bool = True,
    ) -> None:
        """Add a cylinder or cone that stands on ``foot_m`` along the turned z axis, closed at its top."""
        top = radius_m if top_radius_m is None else top_radius_m
        angles = np.linspace(0.0, 2.0 * np.pi, sides + 1)
        ring = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(sides + 1)])
        up = np.array([0.0, 0.0, 1.0])
        slope = (radius_m - top) / length_m
        around = np.tile((ring + slope * up) / np.hypot(1.0, slope), (2, 1))
        points = np.concatenate([ring * radius_m, ring * top + up * length_m])
        u = angles / (2.0 * np.pi) * max(1.0, round(2.0 * np.pi * radius_m * uv_per_m))
        uvs = np.concatenate([np.column_stack([u, 0 * u + length_m * uv_per_m]), np.column_stack([u, 0 * u])])
        first = np.arange(sides)
        triangles = np.concatenate(
            [
                np.column_stack([first, first + 1, first + sides + 2]),
                np.column_stack([first, first + sides + 2, first + sides + 1]),
            ]
        )
        self._add_turned(points, around, uvs, triangles, material, colour, turn, foot_m)
        if capped and top > 1e-4:
            self.disc(top, length_m, foot_m, material, colour, sides=sides, turn=turn)

    def disc(
        self,
        radius_m: float,
        height_m: float,
        foot_m: Float3,
        material: str = "white",
        colour: Float3 = WHITE,
        *,
        sides: int = 8,
        turn: Points | None = None,
    ) -> None:
        """Add the lid of a tube: a disc ``height_m`` along the turned z axis from ``foot_m``, seen from beyond it."""
        angles = np.linspace(0.0, 2.0 * np.pi, sides + 1)
        up = np.array([0.0, 0.0, 1.0])
        ring = radius_m * np.column_stack([np.cos(angles), np.sin(angles), np.zeros(sides + 1)])
        points = np.concatenate([ring + up * height_m, [up * height_m]])
        first = np.arange(sides)
        fan = np.column_stack([first, first + 1, np.full(sides, sides + 1)])
        flat = np.broadcast_to(up, (sides + 2, 3))
        self._add_turned(points, flat, points[:, :2], fan, material, colour, turn, foot_m)

    def ball(
        self,
        radii_m: Float3,
        centre_m: Float3,
        material: str = "white",
        colour: Float3 = WHITE,
        *,
        rings: int = 5,
        sides: int = 8,
        turn: Points | None = None,
    ) -> None:
        """Add a sphere or ellipsoid."""
        polar, around = np.meshgrid(
            np.linspace(0.0, np.pi, rings + 1), np.linspace(0.0, 2.0 * np.pi, sides + 1), indexing="ij"
        )
        unit = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], axis=-1)
        unit = unit.reshape(-1, 3)
        outward = unit / np.array(radii_m)
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        uvs = np.column_stack([around.ravel() / np.pi, polar.ravel() / np.pi])
        index = np.arange((rings + 1) * (sides + 1)).reshape(rings + 1, sides + 1)
        a, b, c, d = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(), index[:-1, 1:].ravel()
        upper, lower = np.column_stack([a, b, c]), np.column_stack([a, c, d])
        triangles = np.concatenate([upper[:-sides], lower[sides:]])  # without the empty ones at the poles
        self._add_turned(unit * np.array(radii_m), outward, uvs, triangles, material, colour, turn, centre_m)

    def shell(self, contour_m: Sequence[Float3], material: str, colour: Float3 = WHITE, *, sides: bool = True) -> None:
        """Add a hull across y: ``contour_m`` runs (x, z, half width) from the front below over the top to the rear."""
        contour = np.array(contour_m, dtype=float)
        x, z, half = contour.T
        steps = np.diff(contour[:, :2], axis=0)
        faces = np.column_stack([steps[:, 1], np.zeros(len(steps)), -steps[:, 0]])
        faces /= np.linalg.norm(faces, axis=1, keepdims=True) + 1e-12
        smooth = np.concatenate([faces[:1], faces[:-1] + faces[1:], faces[-1:]])
        smooth /= np.linalg.norm(smooth, axis=1, keepdims=True) + 1e-12
        left, right = np.column_stack([x, half, z]), np.column_stack([x, -half, z])
        count = len(contour)
        first = np.arange(count - 1)
        strip = np.concatenate(
            [
                np.column_stack([first, first + 1, first + count]),
                np.column_stack([first + 1, first + count + 1, first + count]),
            ]
        )
        uvs = np.column_stack([np.repeat([0.0, 1.0], count), np.tile(1.2 - z, 2)])
        self.add(np.concatenate([left, right]), np.concatenate([smooth, smooth]), uvs, strip, material, colour)
        if sides:
            for edge, sign in ((left, 1.0), (right, -1.0)):
                fan = np.concatenate([edge, edge.mean(axis=0)[None]])
                following = (np.arange(count) + 1) % count
                spokes = np.column_stack([np.arange(count), following, np.full(count, count)])
                normal = np.broadcast_to(np.array([0.0, sign, 0.15]) / np.hypot(1.0, 0.15), (count + 1, 3))
                flat = np.column_stack([fan[:, 0], 1.2 - fan[:, 2]])
                self.add(fan, normal, flat, spokes if sign < 0 else spokes[:, ::-1], material, colour)

    def mesh(self, *, double_sided: bool = False) -> Mesh:
        """Join all parts."""
        return Mesh(
            positions_m=np.concatenate(self._points).astype(np.float32),
            normals=np.concatenate(self._normals).astype(np.float32),
            uvs=np.concatenate(self._uvs).astype(np.float32),
            colours=np.concatenate(self._colours).astype(np.float32),
            layers=np.concatenate(self._layers),
            triangles=np.concatenate(self._triangles).astype(np.int32),
            double_sided=double_sided,
        )

    def _add_turned(
        self,
        points: Points,
        normals: Points,
        uvs: Points,
        triangles: NDArray[np.int64],
        material: str,
        colour: Float3,
        turn: Points | None,
        offset_m: Float3,
    ) -> None:
        if turn is not None:
            points, normals = points @ turn.T, normals @ turn.T
        self.add(points + np.array(offset_m), normals, uvs, triangles, material, colour)
