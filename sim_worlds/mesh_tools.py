"""Small solids to build meshes from, and ways to place and join them. Metres, z up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim_worlds.materials import layer
from sim_worlds.scene import Float3, Mesh

WHITE: Float3 = (1.0, 1.0, 1.0)


def make_mesh(
    positions: NDArray[np.floating],
    normals: NDArray[np.floating],
    uvs: NDArray[np.floating],
    triangles: NDArray[np.integer],
    *,
    material: str,
    colour: Float3 = WHITE,
    double_sided: bool = False,
) -> Mesh:
    """Make a mesh of one material and colour."""
    count = len(positions)
    return Mesh(
        positions_m=np.asarray(positions, dtype=np.float32),
        normals=np.asarray(normals, dtype=np.float32),
        uvs=np.asarray(uvs, dtype=np.float32),
        colours=np.tile(np.array(colour, dtype=np.float32), (count, 1)),
        layers=np.full(count, layer(material), dtype=np.int32),
        triangles=np.asarray(triangles, dtype=np.int32),
        double_sided=double_sided,
    )


def quad(
    corners: Sequence[Float3], *, material: str, colour: Float3 = WHITE, uv_size: tuple[float, float] = (1.0, 1.0)
) -> Mesh:
    """A rectangle from four corners, counter-clockwise seen from its front; v grows downwards in the picture."""
    points = np.array(corners, dtype=float)
    normal = np.cross(points[1] - points[0], points[2] - points[0])
    normal /= np.linalg.norm(normal)
    u, v = uv_size
    uvs = np.array([[0, v], [u, v], [u, 0], [0, 0]], dtype=float)
    return make_mesh(
        points,
        np.tile(normal, (4, 1)),
        uvs,
        np.array([[0, 1, 2], [0, 2, 3]]),
        material=material,
        colour=colour,
    )


def box(
    size_m: Float3, *, material: str, colour: Float3 = WHITE, uv_per_m: float = 1.0, centre: Float3 = (0.0, 0.0, 0.0)
) -> Mesh:
    """A box of full ``size_m`` about ``centre``."""
    hx, hy, hz = (0.5 * value for value in size_m)
    faces = []
    for axis, sign in ((0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1)):
        normal = np.zeros(3)
        normal[axis] = sign
        up = np.array([0.0, 0.0, 1.0]) if axis < 2 else np.array([0.0, 1.0, 0.0])
        right = np.cross(up, normal)
        half = np.array([hx, hy, hz])
        middle = normal * half
        r, u = right * half, up * half
        corners = [middle - r - u, middle + r - u, middle + r + u, middle - r + u]
        uv = (2 * float(np.abs(r).sum()) * uv_per_m, 2 * float(np.abs(u).sum()) * uv_per_m)
        corners_3 = [(float(c[0]), float(c[1]), float(c[2])) for c in corners]
        faces.append(quad(corners_3, material=material, colour=colour, uv_size=uv))
    return moved(merge(faces), centre)


def cylinder(
    radius_m: float,
    height_m: float,
    *,
    material: str,
    colour: Float3 = WHITE,
    top_radius_m: float | None = None,
    sides: int = 8,
    uv_per_m: float = 1.0,
    capped: bool = True,
) -> Mesh:
    """An upright cylinder or cone on z = 0."""
    top = radius_m if top_radius_m is None else top_radius_m
    angles = np.linspace(0.0, 2.0 * np.pi, sides + 1)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    slope = (radius_m - top) / height_m
    side_normals = np.column_stack([ring, np.full(sides + 1, slope)]) / np.hypot(1.0, slope)
    bottom_points = np.column_stack([ring * radius_m, np.zeros(sides + 1)])
    top_points = np.column_stack([ring * top, np.full(sides + 1, height_m)])
    repeats = max(1.0, round(2.0 * np.pi * radius_m * uv_per_m))
    u = angles / (2.0 * np.pi) * repeats
    uvs = np.concatenate([np.column_stack([u, 0 * u + height_m * uv_per_m]), np.column_stack([u, 0 * u])])
    first = np.arange(sides)
    triangles = np.concatenate(
        [
            np.column_stack([first, first + 1, first + sides + 2]),
            np.column_stack([first, first + sides + 2, first + sides + 1]),
        ]
    )
    parts = [
        make_mesh(
            np.concatenate([bottom_points, top_points]),
            np.concatenate([side_normals, side_normals]),
            uvs,
            triangles,
            material=material,
            colour=colour,
        )
    ]
    if capped and top > 1e-4:
        parts.append(_disc(top_points, (0.0, 0.0, height_m), material, colour))
    return merge(parts)


def _disc(rim: NDArray[np.floating], centre: Float3, material: str, colour: Float3) -> Mesh:
    sides = len(rim) - 1
    points = np.concatenate([rim, np.array([centre])])
    first = np.arange(sides)
    triangles = np.column_stack([first, first + 1, np.full(sides, sides + 1)])
    normals = np.tile([0.0, 0.0, 1.0], (len(points), 1))
    return make_mesh(points, normals, points[:, :2], triangles, material=material, colour=colour)


def sphere(
    radius_m: float | Float3, *, material: str, colour: Float3 = WHITE, rings: int = 6, sides: int = 9
) -> Mesh:
    """A sphere or ellipsoid about the origin."""
    polar = np.linspace(0.0, np.pi, rings + 1)
    around = np.linspace(0.0, 2.0 * np.pi, sides + 1)
    p, a = np.meshgrid(polar, around, indexing="ij")
    normals = np.stack([np.sin(p) * np.cos(a), np.sin(p) * np.sin(a), np.cos(p)], axis=-1).reshape(-1, 3)
    radii = np.broadcast_to(np.asarray(radius_m, dtype=float), (3,))
    uvs = np.column_stack([a.ravel() / np.pi, p.ravel() / np.pi])
    index = np.arange((rings + 1) * (sides + 1)).reshape(rings + 1, sides + 1)
    a0, b0, c0, d0 = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(), index[:-1, 1:].ravel()
    triangles = np.concatenate([np.column_stack([a0, b0, c0]), np.column_stack([a0, c0, d0])])
    outward = normals / radii
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    return make_mesh(normals * radii, outward, uvs, triangles, material=material, colour=colour)


def card(
    width_m: float,
    height_m: float,
    *,
    material: str,
    colour: Float3 = WHITE,
    normal: Float3 = (0.0, 0.0, 1.0),
) -> Mesh:
    """An upright cut-out picture in the x-z plane, base on z = 0; lit as if facing ``normal``."""
    half = 0.5 * width_m
    points = np.array([[-half, 0, 0], [half, 0, 0], [half, 0, height_m], [-half, 0, height_m]])
    uvs = np.array([[0.02, 0.98], [0.98, 0.98], [0.98, 0.02], [0.02, 0.02]])
    return make_mesh(
        points,
        np.tile(np.array(normal) / np.linalg.norm(normal), (4, 1)),
        uvs,
        np.array([[0, 1, 2], [0, 2, 3]]),
        material=material,
        colour=colour,
        double_sided=True,
    )


def rotation(yaw_rad: float = 0.0, pitch_rad: float = 0.0, roll_rad: float = 0.0) -> NDArray[np.float64]:
    """Return Rz(yaw) Ry(pitch) Rx(roll), (3, 3)."""
    cy, sy, cp, sp = np.cos(yaw_rad), np.sin(yaw_rad), np.cos(pitch_rad), np.sin(pitch_rad)
    cr, sr = np.cos(roll_rad), np.sin(roll_rad)
    about_z = np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
    about_y = np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cr, -sr], [0.0, sr, cr]])
    return np.asarray(about_z @ about_y @ about_x)


def pose(position: Float3 | NDArray[np.float64], turn: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Return a (4, 4) matrix from a position and a rotation (3, 3)."""
    matrix = np.eye(4)
    matrix[:3, 3] = position
    if turn is not None:
        matrix[:3, :3] = turn
    return matrix


def ground_poses(positions_m: NDArray[np.float64], yaws_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return matrices (n, 4, 4) of what stands at places (n, 2) on the level ground, turned by yaws (n,)."""
    poses = np.zeros((len(yaws_rad), 4, 4))
    cos, sin = np.cos(yaws_rad), np.sin(yaws_rad)
    poses[:, 0, 0], poses[:, 0, 1] = cos, -sin
    poses[:, 1, 0], poses[:, 1, 1] = sin, cos
    poses[:, 2, 2] = poses[:, 3, 3] = 1.0
    poses[:, :2, 3] = positions_m
    return poses


def transformed(mesh: Mesh, matrix: NDArray[np.float64]) -> Mesh:
    """Return the mesh moved by a rigid (4, 4) matrix."""
    turn = matrix[:3, :3].T
    return Mesh(
        positions_m=np.asarray(mesh.positions_m @ turn + matrix[:3, 3], dtype=np.float32),
        normals=np.asarray(mesh.normals @ turn, dtype=np.float32),
        uvs=mesh.uvs,
        colours=mesh.colours,
        layers=mesh.layers,
        triangles=mesh.triangles,
        double_sided=mesh.double_sided,
    )


def moved(mesh: Mesh, offset: Float3) -> Mesh:
    """Return the mesh shifted by ``offset``."""
    return transformed(mesh, pose(offset))


def merge(meshes: Sequence[Mesh]) -> Mesh:
    """Join meshes into one; double-sided if any of them is."""
    starts = np.cumsum([0] + [len(mesh.positions_m) for mesh in meshes[:-1]])
    return Mesh(
        positions_m=np.concatenate([mesh.positions_m for mesh in meshes]),
        normals=np.concatenate([mesh.normals for mesh in meshes]),
        uvs=np.concatenate([mesh.uvs for mesh in meshes]),
        colours=np.concatenate([mesh.colours for mesh in meshes]),
        layers=np.concatenate([mesh.layers for mesh in meshes]),
        triangles=np.concatenate([mesh.triangles + start for mesh, start in zip(meshes, starts, strict=True)]).astype(
            np.int32
        ),
        double_sided=any(mesh.double_sided for mesh in meshes),
    )
