"""What lies about on a building site: heaps, stacks, pipes, reels, barriers, cones, cabins and fences."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import WHITE, rotation
from sim_worlds.models.kit import Kit
from sim_worlds.models.thing import Thing, block, upright
from sim_worlds.scene import Float3

STEEL: Float3 = (0.60, 0.62, 0.64)
DARK: Float3 = (0.14, 0.14, 0.15)
RUST: Float3 = (0.50, 0.32, 0.22)
ORANGE: Float3 = (1.0, 0.50, 0.10)
PALE: Float3 = (0.94, 0.94, 0.94)
PANEL_M = 3.5


def heap(rng: np.random.Generator, material: str) -> Thing:
    """A heap of 1.7 m."""
    kit = Kit()
    sides, levels = 14, ((2.6, -0.05), (1.9, 0.55), (1.05, 1.2), (0.35, 1.65), (0.0, 1.75))
    angles = np.arange(sides) * 2.0 * np.pi / sides
    wobble = rng.uniform(0.85, 1.15, (len(levels), sides))
    rings = [
        np.column_stack([r * w * np.cos(angles), r * w * np.sin(angles), np.full(sides, z)])
        for (r, z), w in zip(levels, wobble, strict=True)
    ]
    points = np.concatenate(rings)
    out = np.column_stack([np.cos(angles), np.sin(angles), np.full(sides, 1.3)]) / 1.64
    normals = np.tile(out, (len(levels), 1))
    normals[-sides:] = (0.0, 0.0, 1.0)
    first = np.arange(sides)
    after = (first + 1) % sides
    strips = []
    for low in range(0, sides * (len(levels) - 1), sides):
        high = low + sides
        strips.append(np.column_stack([low + first, low + after, high + after]))
        strips.append(np.column_stack([low + first, high + after, high + first]))
    uvs = points[:, :2] * 0.5 + points[:, 2:] * 0.3
    kit.add(points, normals, uvs, np.concatenate(strips), material, WHITE)
    solids = (upright(2.5, 0.4, "heap"), upright(1.9, 0.9, "heap"), upright(1.1, 1.7, "heap"))
    return Thing(kit.mesh(), "rock", solids)


def brick_pack() -> Thing:
    """Packs of bricks on pallets, two side by side and one on top."""
    kit = Kit()
    for x, z in ((-0.62, 0.0), (0.62, 0.0), (-0.55, 1.0)):
        kit.box((1.1, 1.0, 0.13), (x, 0.0, z + 0.065), "pallet_wood")
        for face in (0.0, 0.5 * np.pi):
            size = (1.05, 0.95, 0.85) if face == 0.0 else (0.95, 1.05, 0.84)
            kit.box(size, (x, 0.0, z + 0.56), "bricks", (1.0, 0.92, 0.86), turn=rotation(face), uv_per_m=0.98)
    solids = (block((2.4, 1.1, 1.0), "bricks"), block((1.2, 1.1, 2.0), "bricks", (-0.55, 0.0)))
    return Thing(kit.mesh(), "furniture", solids)


def pipes() -> Thing:
    """Concrete pipes of 2.5 m along y, three on the ground, two and one on top."""
    kit = Kit()
    for x, z in ((-0.8, 0.4), (0.0, 0.4), (0.8, 0.4), (-0.4, 1.09), (0.4, 1.09), (0.0, 1.78)):
        for side in (-1.0, 1.0):
            turn = rotation(roll_rad=-0.5 * np.pi * side)
            kit.tube(0.4, 1.25, (x, 0.0, z), "concrete", (1.05, 1.05, 1.03), sides=14, turn=turn)
            kit.tube(0.3, 1.26, (x, 0.0, z), "cloth", DARK, sides=12, turn=turn)
    return Thing(kit.mesh(), "furniture", (block((2.5, 2.5, 0.9), "pipes"), block((1.5, 2.5, 2.2), "pipes")))


def reel() -> Thing:
    """A cable drum of 1.4 m that stands on its rims; pale cable, so that instances tint it."""
    kit = Kit()
    for y in (-0.45, 0.40):
        turn = rotation(roll_rad=-0.5 * np.pi)
        kit.tube(0.7, 0.06, (0.0, y, 0.7), "planks", (1.15, 1.05, 0.9), sides=16, turn=turn)
        kit.tube(0.7, 0.06, (0.0, y + 0.06, 0.7), "planks", (1.15, 1.05, 0.9), sides=16, turn=turn.T)
    kit.tube(0.5, 0.86, (0.0, -0.42, 0.7), "stripes", PALE, sides=12, turn=rotation(roll_rad=-0.5 * np.pi))
    return Thing(kit.mesh(), "furniture", (block((1.4, 1.0, 1.4), "cable drum"),))


def rebars() -> Thing:
    """Steel bars of 6 m along x on timbers."""
    kit = Kit()
    for x in (-2.2, 0.0, 2.2):
        kit.box((0.15, 1.4, 0.15), (x, 0.0, 0.075), "planks")
    for index in range(12):
        y, z = -0.5 + 0.09 * index, 0.18 + 0.05 * (index % 3)
        kit.box((6.0, 0.06, 0.06), (0.04 * (index % 4), y, z), "metal", RUST)
    return Thing(kit.mesh(), "furniture", (block((6.2, 1.4, 0.35), "steel bars"),))


def timber() -> Thing:
    """Boards and sheets of plywood in a stack."""
    kit = Kit()
    for index in range(7):
        shift = 0.05 * (index % 3)
        kit.box((2.5, 1.25, 0.05), (shift, 0.02 * index, 0.15 + 0.07 * index), "plywood")
    for y in (-0.4, 0.4):
        kit.box((2.4, 0.1, 0.12), (0.0, y, 0.06), "planks")
    for index in range(5):
        kit.box((3.4, 0.2, 0.06), (0.2, -0.4 + 0.21 * index, 0.68), "planks", (1.2, 1.05, 0.85))
    return Thing(kit.mesh(), "furniture", (block((3.2, 1.35, 0.75), "timber"),))


def barrier() -> Thing:
    """A red-and-white barrier of 2 m along x on two feet."""
    kit = Kit()
    for z in (0.45, 0.92):
        kit.box((2.0, 0.04, 0.2), (0.0, 0.0, z), "barrier_stripes", uv_per_m=1.4)
    for x in (-0.85, 0.85):
        kit.box((0.05, 0.05, 1.05), (x, 0.0, 0.53), "metal", STEEL)
        kit.box((0.16, 0.75, 0.10), (x, 0.0, 0.05), "cloth", DARK)
    return Thing(kit.mesh(), "decoy", (block((2.0, 0.3, 1.06), "barrier"),))


def cone() -> Thing:
    """A traffic cone of 0.7 m."""
    kit = Kit()
    kit.box((0.4, 0.4, 0.05), (0.0, 0.0, 0.025), "paint", DARK)
    bands = ((0.05, 0.28, 0.15, 0.105, ORANGE), (0.28, 0.45, 0.105, 0.075, PALE), (0.45, 0.72, 0.075, 0.035, ORANGE))
    for low, high, wide, thin, colour in bands:
        kit.tube(wide, high - low, (0, 0, low), "paint", colour, top_radius_m=thin, sides=9)
    return Thing(kit.mesh(), "furniture", (upright(0.18, 0.7, "cone"),))


def cabin() -> Thing:
    """A site office in a container of 6 m along x, its door to +y; pale, so that instances tint it."""
    kit = Kit()
    kit.box((6.0, 2.44, 2.45), (0.0, 0.0, 1.42), "corrugated", PALE, uv_per_m=0.9)
    for z in (0.12, 2.68):
        kit.box((6.1, 2.5, 0.16), (0.0, 0.0, z), "paint", (0.55, 0.57, 0.6))
    kit.box((0.95, 0.08, 2.0), (-1.9, 1.23, 1.2), "paint", (0.72, 0.75, 0.78))
    for x in (0.2, 1.9):
        kit.box((1.2, 0.08, 0.9), (x, 1.23, 1.65), "car_glass", (0.9, 0.95, 1.0))
    kit.box((1.2, 0.8, 0.2), (-1.9, 1.6, 0.1), "planks")
    return Thing(kit.mesh(), "building", (block((6.1, 2.5, 2.8), "container"),))


def toilet() -> Thing:
    """A portable toilet; pale, so that instances tint it."""
    kit = Kit()
    kit.box((1.1, 1.1, 2.05), (0.0, 0.0, 1.08), "paint", PALE)
    kit.box((1.16, 1.16, 0.16), (0.0, 0.0, 0.08), "paint", DARK)
    kit.tube(0.76, 0.3, (0, 0, 2.1), "paint", (1.3, 1.3, 1.3), top_radius_m=0.45, sides=4, turn=rotation(0.785))
    kit.box((0.04, 0.8, 1.8), (0.55, 0.0, 1.1), "paint", (0.8, 0.8, 0.8))
    kit.box((0.05, 0.3, 0.3), (0.56, 0.0, 1.6), "lettering")
    return Thing(kit.mesh(), "furniture", (block((1.16, 1.16, 2.4), "toilet"),))


def mixer() -> Thing:
    """A concrete mixer of 1.4 m."""
    kit = Kit()
    for side in (-1.0, 1.0):
        kit.box((0.06, 0.06, 1.0), (-0.1, 0.35 * side, 0.5), "paint", STEEL, turn=rotation(roll_rad=0.25 * side))
        kit.tube(0.2, 0.08, (-0.35, 0.3 * side, 0.2), "cloth", DARK, sides=9, turn=rotation(roll_rad=1.57))
    turn = rotation(pitch_rad=0.7)
    kit.tube(0.42, 0.45, (-0.1, 0.0, 0.75), "paint", ORANGE, sides=11, turn=turn)
    kit.tube(0.42, 0.4, (0.19, 0.0, 1.09), "paint", ORANGE, top_radius_m=0.22, sides=11, turn=turn)
    kit.tube(0.18, 0.41, (0.19, 0.0, 1.09), "cloth", DARK, sides=9, turn=turn)
    return Thing(kit.mesh(), "furniture", (upright(0.5, 1.5, "mixer"),))


def barrow() -> Thing:
    """A wheelbarrow; pale, so that instances tint it."""
    kit = Kit()
    kit.shell(((0.55, 0.62, 0.3), (0.3, 0.3, 0.2), (-0.3, 0.3, 0.2), (-0.45, 0.62, 0.32)), "paint", PALE)
    kit.ball((0.36, 0.24, 0.12), (0.02, 0.0, 0.55), "sand")
    kit.tube(0.19, 0.1, (0.62, -0.05, 0.19), "cloth", DARK, sides=10, turn=rotation(roll_rad=-0.5 * np.pi))
    kit.tube(0.19, 0.1, (0.62, 0.05, 0.19), "cloth", DARK, sides=10, turn=rotation(roll_rad=0.5 * np.pi))
    for side in (-0.25, 0.25):
        kit.box((1.6, 0.05, 0.05), (-0.1, side, 0.38), "metal", STEEL, turn=rotation(pitch_rad=0.15))
        kit.box((0.05, 0.05, 0.35), (-0.35, side, 0.18), "metal", STEEL)
    return Thing(kit.mesh(), "furniture", (block((1.6, 0.65, 0.7), "wheelbarrow"),))


def fence_panel() -> Thing:
    """A panel of welded wire, 3.5 x 2 m along x, on a concrete foot; not solid by itself."""
    kit = Kit()
    half = 0.5 * PANEL_M
    kit.panel([(-half, 0.0, 0.12), (half, 0.0, 0.12), (half, 0.0, 2.05), (-half, 0.0, 2.05)], "mesh_fence")
    kit.box((0.7, 0.24, 0.14), (half, 0.0, 0.07), "concrete")
    return Thing(kit.mesh(double_sided=True), "furniture")


def hoarding_panel() -> Thing:
    """A panel of a boarded fence, 3.5 x 2.2 m along x; pale, so that instances tint it; not solid by itself."""
    kit = Kit()
    kit.box((PANEL_M, 0.05, 2.2), (0.0, 0.0, 1.1), "corrugated", (0.92, 0.93, 0.92))
    kit.box((0.1, 0.14, 2.3), (0.5 * PANEL_M, 0.0, 1.15), "planks")
    return Thing(kit.mesh(), "furniture")
