"""Things of squares and parks: fountains, monuments, café tables, hedges. Metres, origin on the ground."""

from __future__ import annotations

from functools import cache

import numpy as np

from sim_worlds.mesh_tools import rotation
from sim_worlds.models.furniture import IRON, STEEL, WOOD
from sim_worlds.models.kit import Kit
from sim_worlds.scene import Float3, Mesh

STONE: Float3 = (0.92, 0.89, 0.82)
BRONZE: Float3 = (0.32, 0.46, 0.40)
PARASOL_RADIUS_M = 1.35


def fountain() -> Mesh:
    """A round fountain of 5 m with a bowl on a pillar; its water is :func:`fountain_water`."""
    kit = Kit()
    kit.tube(2.5, 0.5, (0, 0, 0), "wall", STONE, sides=18, capped=False)
    kit.tube(2.2, 0.5, (0, 0, 0), "wall", (0.7, 0.68, 0.62), sides=18, capped=False)
    for angle in np.linspace(0.0, 2.0 * np.pi, 18, endpoint=False) + np.pi / 18.0:
        spot = (2.36 * float(np.cos(angle)), 2.36 * float(np.sin(angle)), 0.52)
        kit.box((0.42, 0.88, 0.12), spot, "wall", STONE, turn=rotation(float(angle)))
    kit.tube(0.35, 1.5, (0, 0, 0), "wall", STONE, top_radius_m=0.2, sides=10)
    kit.tube(0.25, 0.35, (0, 0, 1.5), "wall", STONE, top_radius_m=1.0, sides=14)
    kit.tube(0.12, 0.6, (0, 0, 1.8), "wall", STONE, top_radius_m=0.08, sides=8)
    return kit.mesh()


def fountain_water() -> Mesh:
    """Water of the fountain: two surfaces, a jet and the veil that falls from the bowl."""
    kit = Kit()
    kit.tube(2.2, 0.01, (0, 0, 0.39), "ripples", sides=18)
    kit.tube(0.98, 0.01, (0, 0, 1.84), "ripples", sides=14)
    kit.tube(0.06, 0.8, (0, 0, 2.2), "ripples", (1.3, 1.3, 1.3), top_radius_m=0.10, sides=6)
    for angle in np.linspace(0.0, 2.0 * np.pi, 8, endpoint=False):
        spot = (1.05 * float(np.cos(angle)), 1.05 * float(np.sin(angle)), 1.1)
        kit.box((0.03, 0.16, 1.45), spot, "ripples", (1.3, 1.3, 1.3), turn=rotation(float(angle)), uv_per_m=0.6)
    return kit.mesh()


def monument() -> Mesh:
    """A bronze figure on a plinth, 4.5 m."""
    kit = Kit()
    for size, z in ((2.8, 0.15), (2.1, 0.45)):
        kit.box((size, size, 0.3), (0, 0, z), "wall", STONE)
    kit.box((1.2, 1.2, 1.7), (0, 0, 1.45), "wall", STONE)
    kit.box((1.4, 1.4, 0.2), (0, 0, 2.35), "wall", STONE)
    kit.box((0.02, 0.7, 0.5), (0.61, 0, 1.5), "lettering", (0.8, 0.7, 0.5), uv_per_m=1.3)
    for side in (-1.0, 1.0):
        kit.tube(0.13, 0.9, (0.02, 0.13 * side, 2.45), "metal", BRONZE, sides=7)
    kit.tube(0.34, 0.9, (0, 0, 2.9), "metal", BRONZE, top_radius_m=0.2, sides=8)
    kit.ball((0.2, 0.29, 0.42), (0, 0, 3.75), "metal", BRONZE)
    kit.ball((0.13, 0.12, 0.16), (0.03, 0, 4.3), "metal", BRONZE)
    kit.tube(0.07, 0.75, (0.0, 0.27, 4.0), "metal", BRONZE, sides=6, turn=rotation(pitch_rad=1.1))
    kit.tube(0.07, 0.75, (0.0, -0.27, 3.98), "metal", BRONZE, sides=6, turn=rotation(pitch_rad=2.8))
    return kit.mesh()


def cafe_table() -> Mesh:
    """A round table with two chairs along x."""
    kit = Kit()
    kit.tube(0.38, 0.04, (0, 0, 0.72), "bark_oak", WOOD, sides=12)
    kit.tube(0.04, 0.72, (0, 0, 0), "metal", IRON, sides=6, capped=False)
    kit.tube(0.22, 0.03, (0, 0, 0), "metal", IRON, sides=8)
    for side in (-1.0, 1.0):
        x = 0.72 * side
        kit.box((0.42, 0.42, 0.05), (x, 0, 0.45), "bark_oak", WOOD)
        kit.box((0.05, 0.42, 0.42), (x + 0.2 * side, 0, 0.72), "bark_oak", WOOD)
        for dx in (-0.17, 0.17):
            for y in (-0.17, 0.17):
                kit.box((0.035, 0.035, 0.45), (x + dx, y, 0.22), "metal", IRON)
    return kit.mesh()


def parasol() -> Mesh:
    """A parasol of 2.7 m in two shades, pale, to be tinted."""
    kit = Kit()
    kit.tube(0.035, 2.5, (0, 0, 0), "metal", (0.9, 0.9, 0.9), sides=6, capped=False)
    kit.tube(0.28, 0.08, (0, 0, 0), "wall", (0.8, 0.8, 0.8), sides=8)
    kit.tube(PARASOL_RADIUS_M, 0.5, (0, 0, 2.12), "stripes", top_radius_m=0.03, sides=8, uv_per_m=0.24)
    kit.tube(PARASOL_RADIUS_M, 0.16, (0, 0, 1.97), "stripes", (0.9, 0.9, 0.9), sides=8, uv_per_m=0.24, capped=False)
    return kit.mesh()


def hedge() -> Mesh:
    """A clipped hedge of 3 m along x, 0.9 m high."""
    kit = Kit()
    kit.box((3.0, 0.7, 0.85), (0, 0, 0.42), "hedge", uv_per_m=0.8)
    kit.box((2.9, 0.55, 0.12), (0, 0, 0.88), "hedge", (1.15, 1.15, 1.1), uv_per_m=0.8)
    return kit.mesh()


def tree_grate() -> Mesh:
    """An iron grate of 1.4 m in the pavement, with the hole for a tree, and a guard of four hoops."""
    kit = Kit()
    half, z = 0.7, 0.035
    kit.panel([(-half, -half, z), (half, -half, z), (half, half, z), (-half, half, z)], "grate")
    return kit.mesh()


def balloons() -> Mesh:
    """Five balloons on strings tied to a weight, 2.3 m, pale, to be tinted."""
    kit = Kit()
    for x, y, z in ((0.0, 0.0, 2.1), (0.24, 0.1, 1.9), (-0.22, 0.12, 1.95), (0.05, -0.25, 1.85), (-0.05, 0.2, 2.3)):
        kit.ball((0.16, 0.16, 0.2), (x, y, z), "paint")
        kit.tube(0.006, 1.7, (x, y, 0.15), "white", (0.8, 0.8, 0.8), sides=3, capped=False)
    kit.box((0.14, 0.14, 0.14), (0, 0, 0.07), "metal", STEEL)
    return kit.mesh()


def umbrella() -> Mesh:
    """An open umbrella lying on the ground to dry, pale, to be tinted."""
    kit = Kit()
    turn = rotation(yaw_rad=0.4) @ rotation(pitch_rad=1.15)
    kit.tube(0.55, 0.28, (0.0, 0.0, 0.52), "cloth", top_radius_m=0.02, sides=8, turn=turn)
    kit.tube(0.015, 0.8, (0.0, 0.0, 0.52), "metal", IRON, sides=5, turn=turn @ rotation(pitch_rad=np.pi))
    return kit.mesh()


def shopping_bags() -> Mesh:
    """Two carrier bags with handles on the ground, pale, to be tinted."""
    kit = Kit()
    for x, yaw, high in ((0.0, 0.2, 0.42), (0.28, -0.4, 0.34)):
        turn = rotation(yaw)
        kit.box((0.16, 0.34, high), (x, 0.15 * x, 0.5 * high), "paint", turn=turn)
        for side in (-0.06, 0.06):
            kit.box((0.02, 0.14, 0.14), (x + side, 0.15 * x, high + 0.05), "white", (0.3, 0.3, 0.3), turn=turn)
    return kit.mesh()


@cache
def square_meshes() -> dict[str, Mesh]:
    """Return everything for squares and parks by name."""
    return {
        "fountain": fountain(),
        "fountain_water": fountain_water(),
        "monument": monument(),
        "cafe_table": cafe_table(),
        "parasol": parasol(),
        "hedge": hedge(),
        "tree_grate": tree_grate(),
        "balloons": balloons(),
        "umbrella": umbrella(),
        "shopping_bags": shopping_bags(),
    }
