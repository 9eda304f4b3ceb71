"""What the quadrotor looks like from outside, drawn larger than the nano quadrotor whose dynamics it has."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import box, cylinder, merge, pose, rotation, transformed
from sim_worlds.scene import Float3, Mesh

ARM_M = 0.16
GREY: Float3 = (0.22, 0.23, 0.25)
BLADE: Float3 = (0.45, 0.46, 0.48)


def vehicle_meshes() -> dict[str, Mesh]:
    """Return the mesh ``vehicle``: body along +x, four arms in X, rotor discs, an orange nose."""
    parts = [
        box((0.16, 0.09, 0.05), material="metal", colour=GREY),
        box((0.03, 0.07, 0.04), material="cloth", colour=(0.95, 0.55, 0.10), centre=(0.09, 0.0, 0.0)),
    ]
    for k in range(4):
        yaw = 0.25 * np.pi + 0.5 * np.pi * k
        arm = box((ARM_M, 0.02, 0.015), material="metal", colour=GREY, centre=(0.5 * ARM_M, 0.0, 0.0))
        parts.append(transformed(arm, pose((0.0, 0.0, 0.0), rotation(yaw))))
        spot = (ARM_M * float(np.cos(yaw)), ARM_M * float(np.sin(yaw)), 0.02)
        parts.append(transformed(cylinder(0.09, 0.006, material="metal", colour=BLADE, sides=12), pose(spot)))
    return {"vehicle": merge(parts)}
