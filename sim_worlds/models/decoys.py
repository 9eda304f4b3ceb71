"""Things that catch the eye and are no backpack, in any colour. Metres.

Those that stand have their origin on the ground; those that hang have it at their centre, with the trunk or wall that
they hang on towards -x, as the backpack has.
"""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import merge, moved, pose, rotation, transformed
from sim_worlds.models.backpack import cushion
from sim_worlds.models.kit import Kit
from sim_worlds.scene import Float3, Mesh

RED: Float3 = (0.80, 0.08, 0.09)
COLOURS: tuple[Float3, ...] = (
    RED,
    (0.86, 0.12, 0.10),
    (0.72, 0.06, 0.16),
    (0.90, 0.36, 0.10),
    (0.92, 0.76, 0.16),
    (0.14, 0.32, 0.66),
    (0.16, 0.46, 0.28),
    (0.56, 0.20, 0.50),
)
OTHER_THAN_RED = COLOURS[3:]
DARK: Float3 = (0.16, 0.16, 0.18)
TENT_SIZE_M: Float3 = (2.2, 1.6, 1.15)
UMBRELLA_RADIUS_M, UMBRELLA_HEIGHT_M = 0.52, 0.75


def jacket(colour: Float3) -> Mesh:
    """A jacket that hangs by its collar, arms down, 0.75 m long."""
    dark: Float3 = (0.7 * colour[0], 0.7 * colour[1], 0.7 * colour[2])
    parts = [moved(cushion((0.15, 0.44, 0.66), material="cloth", colour=colour, square=0.6), (0.0, 0.0, -0.03))]
    for side in (-1.0, 1.0):
        sleeve = cushion((0.12, 0.13, 0.62), material="cloth", colour=colour, rings=5, sides=7, square=0.8)
        parts.append(transformed(sleeve, pose((0.0, side * 0.27, -0.03), rotation(roll_rad=side * 0.16))))
    kit = Kit()
    kit.box((0.02, 0.012, 0.6), (0.075, 0.0, -0.04), "cloth", DARK)
    kit.box((0.13, 0.22, 0.07), (0.0, 0.0, 0.31), "cloth", dark)
    for side in (-1.0, 1.0):
        kit.box((0.02, 0.11, 0.015), (0.072, side * 0.12, -0.16), "cloth", dark)
    return merge([*parts, kit.mesh()])


def trail_marker(colour: Float3) -> Mesh:
    """A painted board on a trunk: 0.24 x 0.24 m with a white bar."""
    kit = Kit()
    kit.box((0.02, 0.24, 0.24), (0.0, 0.0, 0.0), "paint", colour)
    kit.box((0.022, 0.24, 0.07), (0.001, 0.0, 0.0), "paint", (0.94, 0.94, 0.92))
    return kit.mesh()


def plastic_bag(colour: Float3) -> Mesh:
    """A filled carrier bag with two handles, 0.45 m high, that hangs or lies about; origin at its centre."""
    kit = Kit()
    for side in (-1.0, 1.0):
        kit.box((0.01, 0.03, 0.16), (side * 0.04, 0.06, 0.20), "cloth", colour)
        kit.box((0.01, 0.03, 0.16), (side * 0.04, -0.06, 0.20), "cloth", colour)
        kit.box((0.01, 0.15, 0.02), (side * 0.04, 0.0, 0.28), "cloth", colour)
    return merge([cushion((0.18, 0.34, 0.34), material="paint", colour=colour, square=0.7), kit.mesh()])


def bucket(colour: Float3) -> Mesh:
    """A bucket with a handle, 0.32 m high."""
    kit = Kit()
    kit.tube(0.12, 0.32, (0.0, 0.0, 0.0), "paint", colour, top_radius_m=0.16, sides=10, capped=False)
    kit.tube(0.155, 0.01, (0.0, 0.0, 0.28), "paint", DARK, sides=10)
    kit.tube(0.168, 0.02, (0.0, 0.0, 0.30), "paint", colour, sides=10, capped=False)
    kit.box((0.012, 0.012, 0.16), (0.0, 0.16, 0.38), "metal", turn=rotation(roll_rad=0.6))
    kit.box((0.012, 0.012, 0.16), (0.0, -0.16, 0.38), "metal", turn=rotation(roll_rad=-0.6))
    kit.box((0.014, 0.24, 0.014), (0.0, 0.0, 0.44), "metal")
    return kit.mesh()


def tent(colour: Float3) -> Mesh:
    """A ridge tent with a dark entrance, within a box of ``TENT_SIZE_M``, its entrance towards x."""
    long, wide, tall = (0.5 * TENT_SIZE_M[0], 0.5 * TENT_SIZE_M[1], TENT_SIZE_M[2])
    dark: Float3 = (0.75 * colour[0], 0.75 * colour[1], 0.75 * colour[2])
    kit = Kit()
    for side in (-1.0, 1.0):
        foot, ridge = side * wide, 0.02 * side
        corners: list[Float3] = [(side * long, foot, 0.0), (-side * long, foot, 0.0), (-side * long, ridge, tall)]
        kit.panel([*corners, (side * long, ridge, tall)], "cloth", colour, uv=(3.0, 2.0))
        x = side * (long - 0.01)
        gable: list[Float3] = [(x, -foot, 0.0), (x, foot, 0.0), (x, 0.01 * side, tall), (x, -0.01 * side, tall)]
        kit.panel(gable, "cloth", dark)
    kit.panel([(long, -0.28, 0.02), (long, 0.28, 0.02), (long, 0.02, 0.85), (long, -0.02, 0.85)], "cloth", DARK)
    return kit.mesh(double_sided=True)


def umbrella(colour: Float3) -> Mesh:
    """An open umbrella put down on its stick, 0.75 m high."""
    kit = Kit()
    pale: Float3 = (0.85 * colour[0], 0.85 * colour[1], 0.85 * colour[2])
    angles = np.linspace(0.0, 2.0 * np.pi, 9)
    rim = [(UMBRELLA_RADIUS_M * np.cos(a), UMBRELLA_RADIUS_M * np.sin(a), UMBRELLA_HEIGHT_M - 0.26) for a in angles]
    shoulder = [(0.62 * x, 0.62 * y, UMBRELLA_HEIGHT_M - 0.09) for x, y, _ in rim]
    top = (0.0, 0.0, UMBRELLA_HEIGHT_M)
    for k in range(8):
        tone = colour if k % 2 else pale
        kit.panel([rim[k], rim[k + 1], shoulder[k + 1], shoulder[k]], "cloth", tone)
        kit.panel([shoulder[k], shoulder[k + 1], top, top], "cloth", tone)
    kit.tube(0.012, UMBRELLA_HEIGHT_M + 0.04, (0.0, 0.0, 0.0), "metal", sides=5)
    return kit.mesh(double_sided=True)
