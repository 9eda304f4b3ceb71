"""A small open electric car with a driver, and the rack at its tail that a backpack hangs on. Faces +x. Metres."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import merge, pose, rotation, transformed
from sim_worlds.models.car import DARK, HEADLIGHT, HUB, PLATE, TAIL_LIGHT, TYRE
from sim_worlds.models.gait import sitting_poses
from sim_worlds.models.kit import Kit
from sim_worlds.models.person import Look, posed_mesh
from sim_worlds.scene import Float3, Mesh

LENGTH_M, WIDTH_M, ROOF_M = 2.6, 1.25, 1.85
PACK_ON_RACK_M: Float3 = (-1.52, 0.0, 1.05)
SEAT: Float3 = (-0.25, 0.28, 0.22)


def buggy_meshes(driver: Look) -> dict[str, Mesh]:
    """Return ``buggy`` (paint, pale, to be tinted) and ``buggy_trim`` with its driver."""
    paint, trim = Kit(), Kit()
    half, side = 0.5 * LENGTH_M, 0.5 * WIDTH_M
    nose: list[Float3] = [
        (half - 0.05, 0.25, 0.9 * side),
        (half, 0.45, 0.95 * side),
        (half - 0.15, 0.75, 0.9 * side),
        (half - 0.65, 0.95, 0.9 * side),
        (half - 0.75, 0.35, 0.95 * side),
        (0.1, 0.32, side),
        (0.0, 0.28, side),
    ]
    paint.shell(nose, "paint")
    paint.box((1.1, WIDTH_M, 0.42), (-0.72, 0.0, 0.45), "paint")
    paint.box((2.0, WIDTH_M, 0.07), (-0.25, 0.0, ROOF_M), "paint")
    trim.box((LENGTH_M - 0.3, 0.9 * WIDTH_M, 0.1), (0.0, 0.0, 0.3), "white", DARK)
    trim.box((0.5, 1.1, 0.12), (-0.32, 0.0, 0.70), "cloth", (0.35, 0.30, 0.26))
    trim.box((0.1, 1.1, 0.45), (-0.62, 0.0, 0.98), "cloth", (0.35, 0.30, 0.26))
    for sign in (-1.0, 1.0):
        trim.box((0.05, 0.05, 1.0), (0.62, 0.9 * sign * side, 1.38), "metal", DARK, turn=rotation(pitch_rad=-0.18))
        trim.box((0.05, 0.05, 1.2), (-1.15, 0.9 * sign * side, 1.25), "metal", DARK)
        trim.box((0.06, 0.2, 0.14), (half - 0.06, 0.6 * sign * side, 0.6), "white", HEADLIGHT)
        trim.box((0.04, 0.1, 0.12), (-half - 0.0, 0.85 * sign * side, 0.55), "white", TAIL_LIGHT)
        for x in (-0.85, 0.85):
            turn = rotation(roll_rad=-0.5 * np.pi * sign)
            trim.tube(0.25, 0.2, (x, sign * (side - 0.18), 0.25), "white", TYRE, sides=10, turn=turn)
            trim.tube(0.13, 0.21, (x, sign * (side - 0.18), 0.25), "metal", HUB, sides=7, turn=turn)
    trim.box((0.03, 0.36, 0.36), (0.30, 0.28, 1.02), "white", DARK, turn=rotation(pitch_rad=-0.9))
    trim.box((0.06, 0.9, 0.05), (-1.32, 0.0, 1.30), "metal", DARK)
    trim.box((0.20, 0.05, 0.05), (-1.22, 0.0, 1.30), "metal", DARK)
    trim.box((0.03, 0.4, 0.1), (-half - 0.01, 0.0, 0.4), "white", PLATE)
    z, x, y = 0.03, half - 0.1, side - 0.02
    trim.panel([(-x, -y, z), (x, -y, z), (x, y, z), (-x, y, z)], "white", (0.07, 0.07, 0.08))
    seated = merge(posed_mesh(driver, sitting_poses()))
    return {"buggy": paint.mesh(), "buggy_trim": trim.mesh(), "buggy_driver": transformed(seated, pose(SEAT))}
