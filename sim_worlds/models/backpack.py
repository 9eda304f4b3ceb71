"""The red backpack: what the policy learns to fly to. Origin at its centre, straps towards -x."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim_worlds.mesh_tools import box, cylinder, merge, moved, pose, rotation, sphere, transformed
from sim_worlds.scene import Float3, Mesh

WIDTH_M, DEPTH_M, HEIGHT_M = 0.34, 0.22, 0.48
RED: Float3 = (0.80, 0.07, 0.08)
DARK_RED: Float3 = (0.60, 0.05, 0.07)
BLACK: Float3 = (0.16, 0.15, 0.16)


def backpack_mesh() -> Mesh:
    """A daypack of 0.34 x 0.22 x 0.48 m: body, rounded top, front pocket, side pockets, straps, handle."""
    body = box((DEPTH_M, WIDTH_M, 0.38), material="cloth", colour=RED, centre=(0.0, 0.0, -0.05))
    top = transformed(
        sphere((0.5 * DEPTH_M, 0.5 * WIDTH_M, 0.12), material="cloth", colour=RED), pose((0.0, 0.0, 0.13))
    )
    pocket = box((0.07, 0.26, 0.20), material="cloth", colour=DARK_RED, centre=(0.5 * DEPTH_M + 0.02, 0.0, -0.11))
    flap = box((0.05, 0.28, 0.05), material="cloth", colour=RED, centre=(0.5 * DEPTH_M + 0.02, 0.0, 0.02))
    buckle = box((0.08, 0.03, 0.05), material="cloth", colour=BLACK, centre=(0.5 * DEPTH_M + 0.02, 0.0, -0.02))
    parts = [body, top, pocket, flap, buckle]
    for side in (-1.0, 1.0):
        parts.append(
            box((0.13, 0.05, 0.17), material="cloth", colour=DARK_RED, centre=(0.0, side * 0.5 * WIDTH_M, -0.13))
        )
        strap = box((0.03, 0.06, 0.40), material="cloth", colour=BLACK, centre=(-0.5 * DEPTH_M - 0.01, side * 0.1, 0.0))
        parts.append(strap)
    handle = transformed(
        cylinder(0.012, 0.10, material="cloth", colour=BLACK, sides=5),
        pose((-0.05, -0.05, 0.25), rotation(roll_rad=-0.5 * np.pi)),
    )
    parts.append(handle)
    return merge(parts)


def sight_points(pose_matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (7, 3) points on the surface of a backpack at ``pose_matrix`` (4, 4), in the world frame."""
    x, y, z = 0.5 * DEPTH_M + 0.06, 0.5 * WIDTH_M, 0.5 * HEIGHT_M
    local = np.array([[0, 0, z], [0, 0, -z], [x, 0, 0], [-x, 0, 0], [0, y, 0], [0, -y, 0], [x, 0, 0.5 * z]])
    return np.asarray(local @ pose_matrix[:3, :3].T + pose_matrix[:3, 3])


def hook_mesh() -> Mesh:
    """A short rope that ties a hanging backpack to a trunk, from the handle backwards."""
    rope = cylinder(0.012, 0.25, material="cloth", colour=(0.5, 0.45, 0.35), sides=4)
    return moved(transformed(rope, pose((0.0, 0.0, 0.0), rotation(pitch_rad=-0.9))), (-0.05, 0.0, 0.22))
