"""The backpack: what the policy learns to fly to when it is red. Origin at its centre, straps towards -x."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim_worlds.mesh_tools import merge, moved, rotation, sphere
from sim_worlds.models.kit import Kit
from sim_worlds.scene import Float3, Mesh

WIDTH_M, DEPTH_M, HEIGHT_M = 0.34, 0.22, 0.48
RED: Float3 = (0.80, 0.07, 0.08)
BLACK: Float3 = (0.16, 0.15, 0.16)
GREY: Float3 = (0.52, 0.52, 0.54)
BOTTLE: Float3 = (0.55, 0.72, 0.80)


def cushion(
    size_m: Float3, *, material: str, colour: Float3, rings: int = 6, sides: int = 12, square: float = 0.45
) -> Mesh:
    """A box with round edges about the origin; ``square`` is 1 for an ellipsoid and towards 0 for a box."""
    mesh = sphere(1.0, material=material, colour=colour, rings=rings, sides=sides)
    unit = mesh.positions_m.astype(float)
    half = 0.5 * np.array(size_m)
    around = np.hypot(unit[:, 0], unit[:, 1])[:, None]
    flat = unit[:, :2] / (around + 1e-9)
    flat = np.sign(flat) * np.abs(flat) ** square
    points = np.column_stack([flat * around**square, np.sign(unit[:, 2]) * np.abs(unit[:, 2]) ** square]) * half
    outward = np.sign(points) * (np.abs(points) / half) ** (2.0 / square - 1.0) / half
    outward += 1e-6 * unit
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    mesh.positions_m[:] = points.astype(np.float32)
    mesh.normals[:] = outward.astype(np.float32)
    return mesh


def backpack_mesh(colour: Float3 = RED) -> Mesh:
    """A daypack of 0.34 x 0.22 x 0.48 m: rounded body, lid, front pocket, bottle, two straps, handle and buckles."""
    dark: Float3 = (0.76 * colour[0], 0.76 * colour[1], 0.76 * colour[2])
    front = 0.5 * DEPTH_M
    parts = [
        moved(cushion((DEPTH_M, WIDTH_M, 0.42), material="cloth", colour=colour), (0.0, 0.0, -0.03)),
        moved(cushion((DEPTH_M + 0.05, WIDTH_M + 0.03, 0.12), material="cloth", colour=colour), (0.01, 0.0, 0.17)),
        moved(cushion((0.13, 0.27, 0.21), material="cloth", colour=dark, sides=10), (front, 0.0, -0.11)),
    ]
    for side in (-1.0, 1.0):
        pocket = cushion((0.14, 0.08, 0.19), material="cloth", colour=dark, rings=4, sides=8)
        parts.append(moved(pocket, (0.0, side * 0.5 * WIDTH_M, -0.14)))
    return merge([*parts, _fittings(front)])


def _fittings(front: float) -> Mesh:
    kit = Kit()
    kit.box((0.012, 0.24, 0.012), (front + 0.06, 0.0, -0.045), "cloth", BLACK)  # zip of the pocket
    kit.box((0.012, 0.10, 0.035), (front + 0.068, 0.0, -0.12), "cloth", GREY)  # a patch
    for side in (-1.0, 1.0):
        y = side * 0.085
        kit.box((0.012, 0.026, 0.17), (front + 0.025, y, 0.08), "cloth", BLACK)  # straps of the lid
        kit.box((0.022, 0.04, 0.03), (front + 0.03, y, 0.04), "metal", GREY)
        _shoulder_strap(kit, side)
    kit.box((0.02, 0.22, 0.36), (-front - 0.006, 0.0, -0.03), "cloth", BLACK)  # padded back
    for y in (-0.04, 0.04):
        kit.box((0.02, 0.014, 0.06), (-0.07, y, 0.245), "cloth", BLACK)
    kit.box((0.024, 0.094, 0.016), (-0.07, 0.0, 0.275), "cloth", BLACK)
    kit.tube(0.034, 0.20, (0.0, 0.5 * WIDTH_M + 0.012, -0.16), "paint", BOTTLE, sides=7)
    kit.tube(0.02, 0.03, (0.0, 0.5 * WIDTH_M + 0.012, 0.04), "paint", BLACK, sides=6)
    return kit.mesh()


def _shoulder_strap(kit: Kit, side: float) -> None:
    """A strap that bows away from the back, from the lid down to the foot of the pack."""
    line = np.array(
        [(-0.10, 0.07, 0.20), (-0.19, 0.08, 0.14), (-0.21, 0.10, 0.0), (-0.17, 0.13, -0.14), (-0.10, 0.14, -0.21)]
    )
    for low, high in pairwise(line):
        way = high - low
        length = float(np.linalg.norm(way))
        x, y, z = (float(value) for value in 0.5 * (low + high))
        turn = rotation(pitch_rad=float(np.arctan2(-way[0], -way[2])))
        width = 0.062 if low[2] > -0.1 else 0.03
        kit.box((0.018, width, length + 0.015), (x, side * y, z), "cloth", BLACK, turn=turn)


def sight_points(pose_matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (7, 3) points on the surface of a backpack at ``pose_matrix`` (4, 4), in the world frame."""
    x, y, z = 0.5 * DEPTH_M + 0.06, 0.5 * WIDTH_M, 0.5 * HEIGHT_M
    local = np.array([[0, 0, z], [0, 0, -z], [x, 0, 0], [-x, 0, 0], [0, y, 0], [0, -y, 0], [x, 0, 0.5 * z]])
    return np.asarray(local @ pose_matrix[:3, :3].T + pose_matrix[:3, 3])


def hook_mesh() -> Mesh:
    """A short rope from the handle up to what a backpack hangs on, which lies towards -x."""
    kit = Kit()
    turn = rotation(pitch_rad=-0.8)
    kit.tube(0.012, 0.17, (0.0, 0.0, 0.26), "cloth", (0.5, 0.45, 0.35), sides=4, turn=turn)
    return kit.mesh()
