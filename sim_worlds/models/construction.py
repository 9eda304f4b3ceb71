"""What stands on a building site: a concrete skeleton with scaffolds, machines, a crane, heaps, stacks and barriers."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import WHITE, rotation
from sim_worlds.models.kit import Kit
from sim_worlds.models.thing import Thing, block, upright
from sim_worlds.scene import Collider, Float3

STOREY_M, SLAB_M = 3.2, 0.25
YELLOW: Float3 = (0.96, 0.72, 0.10)
STEEL: Float3 = (0.60, 0.62, 0.64)
DARK: Float3 = (0.14, 0.14, 0.15)
RUST: Float3 = (0.46, 0.29, 0.20)
ORANGE: Float3 = (1.0, 0.50, 0.10)
BLUE: Float3 = (0.14, 0.34, 0.66)
CRANE_M = 24.0


def skeleton(rng: np.random.Generator, columns: tuple[int, int], storeys: int, grid_m: float = 4.5) -> Thing:
    """Floors on columns, about the origin, with some walls begun, formwork, and bars on the unfinished top."""
    kit = Kit()
    solids: list[Collider] = []
    width, depth = (grid_m * (count - 1) for count in columns)
    xs, ys = (np.linspace(-0.5 * size, 0.5 * size, n) for size, n in ((width, columns[0]), (depth, columns[1])))
    for storey in range(storeys):
        low = storey * STOREY_M
        last = storey == storeys - 1
        for x in map(float, xs):
            for y in map(float, ys):
                kit.box((0.4, 0.4, STOREY_M - SLAB_M), (x, y, low + 0.5 * (STOREY_M - SLAB_M)), "concrete")
                if last:
                    for bar in ((-0.12, -0.12), (0.12, -0.12), (0.12, 0.12), (-0.12, 0.12)):
                        kit.box((0.03, 0.03, 0.9), (x + bar[0], y + bar[1], low + STOREY_M + 0.4), "metal", RUST)
                if storey == 0:
                    solids.append(block((0.42, 0.42, storeys * STOREY_M), "column", (x, y)))
        kit.box((width + 1.2, depth + 1.2, SLAB_M), (0.0, 0.0, low + STOREY_M - 0.5 * SLAB_M), "concrete", uv_per_m=0.4)
        size = (width + 1.2, depth + 1.2, SLAB_M)
        solids.append(block(size, "floor slab", base_m=low + STOREY_M - SLAB_M))
        _begun_walls(kit, rng, xs, ys, low, solids)
        if not last:
            _edge_rails(kit, 0.5 * width + 0.55, 0.5 * depth + 0.55, low + STOREY_M)
    _props(kit, rng, 0.5 * width, 0.5 * depth, (storeys - 1) * STOREY_M)
    return Thing(kit.mesh(), "building", tuple(solids))


def _begun_walls(
    kit: Kit, rng: np.random.Generator, xs: np.ndarray, ys: np.ndarray, low: float, solids: list[Collider]
) -> None:
    """Brick walls between columns of the outer rows, some of them half as high; notes them in ``solids``."""
    step = float(xs[1] - xs[0])
    for y in (float(ys[0]), float(ys[-1])):
        for x in map(float, 0.5 * (xs[1:] + xs[:-1])):
            if rng.random() < 0.55:
                continue
            height = (STOREY_M - SLAB_M) * float(rng.choice([0.45, 1.0]))
            size = (step - 0.4, 0.25, height)
            kit.box(size, (x, y, low + 0.5 * height), "bricks", (1.05, 0.98, 0.92), uv_per_m=1.0)
            solids.append(block(size, "wall", (x, y), low))


def _edge_rails(kit: Kit, half_x: float, half_y: float, low: float) -> None:
    for z in (0.5, 1.0):
        for side in (-1.0, 1.0):
            kit.box((2.0 * half_x, 0.04, 0.12), (0.0, side * half_y, low + z), "plywood", (0.95, 0.85, 0.55))
            kit.box((0.04, 2.0 * half_y, 0.12), (side * half_x, 0.0, low + z), "plywood", (0.95, 0.85, 0.55))


def _props(kit: Kit, rng: np.random.Generator, half_x: float, half_y: float, low: float) -> None:
    """Formwork props under the topmost floor."""
    for x, y in rng.uniform(-1.0, 1.0, (14, 2)) * (half_x, half_y):
        kit.tube(0.05, STOREY_M - SLAB_M, (float(x), float(y), low), "paint", ORANGE, sides=5, capped=False)


def scaffold_bay(lifts: int, netted: bool) -> Thing:
    """Two and a half metres of scaffold along x, 0.9 m deep, two metres a lift; a net hangs on its -y side."""
    kit = Kit()
    height = 2.0 * lifts + 1.0
    for x in (-1.25, 1.25):
        for y in (-0.4, 0.4):
            kit.tube(0.035, height, (x, y, 0.0), "metal", STEEL, sides=5, capped=False)
            kit.box((0.18, 0.18, 0.03), (x, y, 0.015), "metal", DARK)
    for lift in range(1, lifts + 1):
        z = 2.0 * lift
        kit.box((2.5, 0.85, 0.05), (0.0, 0.0, z), "planks", (1.1, 1.0, 0.85))
        kit.box((2.5, 0.03, 0.15), (0.0, -0.42, z + 0.1), "planks", (1.1, 1.0, 0.85))
        for rail in (0.55, 1.0):
            kit.box((2.5, 0.04, 0.04), (0.0, -0.4, z + rail), "metal", STEEL)
    turn = rotation(pitch_rad=0.68)
    for lift in range(lifts):
        kit.box((3.1, 0.04, 0.04), (0.0, -0.4, 2.0 * lift + 1.0), "metal", STEEL, turn=turn if lift % 2 else turn.T)
    if netted:
        net: list[Float3] = [(-1.25, -0.46, 2.2), (1.25, -0.46, 2.2), (1.25, -0.46, height), (-1.25, -0.46, height)]
        kit.panel(net, "scaffold_net", uv=(1.0, 2.0))
    return Thing(kit.mesh(double_sided=True), "furniture", (block((2.56, 0.95, height), "scaffold"),))


def scaffold_pole() -> Thing:
    """A scaffold tube of 2.8 m held up by three raking tubes, with couplers and a lamp."""
    kit = Kit()
    kit.tube(0.045, 2.8, (0, 0, 0), "metal", STEEL, sides=8)
    kit.box((0.3, 0.3, 0.03), (0.0, 0.0, 0.015), "metal", DARK)
    for z in (0.72, 1.9, 2.6):
        kit.tube(0.07, 0.09, (0, 0, z), "metal", RUST, sides=6)
    for index in range(3):
        yaw = 0.5 * np.pi * (index + 1)  # none in front
        foot = (0.5 * float(np.cos(yaw)), 0.5 * float(np.sin(yaw)), 0.0)
        kit.tube(0.03, 0.9, foot, "metal", STEEL, sides=5, turn=rotation(yaw) @ rotation(pitch_rad=-0.6))
    kit.box((0.5, 0.05, 0.05), (0.0, 0.0, 2.55), "metal", STEEL)
    kit.ball((0.09, 0.09, 0.1), (0.0, 0.0, 2.88), "paint", YELLOW, rings=4)
    return Thing(kit.mesh(), "furniture", (upright(0.1, 2.8, "scaffold pole"),))


def site_sign() -> Thing:
    """A post of 2.7 m with a round blue sign and a board of rules, its front to +x."""
    kit = Kit()
    kit.box((0.5, 0.5, 0.14), (0.0, 0.0, 0.07), "concrete")
    kit.tube(0.04, 2.7, (0, 0, 0), "metal", STEEL, sides=7)
    kit.tube(0.26, 0.03, (0.04, 0.0, 2.42), "paint", BLUE, sides=14, turn=rotation(pitch_rad=0.5 * np.pi))
    kit.ball((0.02, 0.11, 0.1), (0.075, 0.0, 2.46), "paint", WHITE, rings=4)
    kit.box((0.03, 0.5, 0.3), (0.05, 0.0, 1.98), "lettering", (1.0, 0.9, 0.45))
    return Thing(kit.mesh(), "furniture", (upright(0.1, 2.7, "site sign"),))


def excavator() -> Thing:
    """A crawler excavator of 9 m, its bucket towards +x; pale where painted, so that instances tint it."""
    kit = Kit()
    paint: Float3 = (0.95, 0.95, 0.95)
    for y in (-0.95, 0.95):
        kit.box((3.2, 0.55, 0.6), (0.0, y, 0.45), "cloth", DARK)
        for x in (-1.6, 1.6):
            kit.tube(0.36, 0.55, (x, y + 0.275, 0.42), "cloth", DARK, sides=10, turn=rotation(roll_rad=0.5 * np.pi))
            kit.tube(0.36, 0.55, (x, y - 0.275, 0.42), "cloth", DARK, sides=10, turn=rotation(roll_rad=-0.5 * np.pi))
    kit.tube(0.7, 0.35, (0, 0, 0.7), "metal", DARK, sides=10)
    kit.box((3.2, 2.3, 0.5), (-0.35, 0.0, 1.25), "paint", paint)
    kit.box((1.6, 2.2, 0.9), (-1.2, 0.0, 1.85), "paint", paint)
    kit.box((0.5, 1.9, 0.7), (-2.0, 0.0, 1.5), "paint", DARK)
    kit.box((1.5, 1.0, 1.6), (0.45, 0.62, 2.25), "car_glass", (0.9, 0.95, 1.0))
    kit.box((1.55, 1.05, 0.1), (0.45, 0.62, 3.08), "paint", paint)
    for x in (-0.3, 1.2):
        for y in (0.13, 1.11):
            kit.box((0.09, 0.09, 1.6), (x, y, 2.25), "paint", paint)
    for start, end, thick in (
        ((0.9, -0.25, 1.5), (2.6, -0.25, 4.2), 0.45),
        ((2.5, -0.25, 4.1), (5.2, -0.25, 3.6), 0.40),
        ((5.3, -0.25, 3.9), (4.9, -0.25, 1.2), 0.32),
    ):
        _beam(kit, start, end, thick, paint)
    _beam(kit, (1.6, -0.25, 1.9), (3.2, -0.25, 3.8), 0.14, STEEL)
    _beam(kit, (3.6, -0.25, 4.3), (5.3, -0.25, 4.0), 0.14, STEEL)
    kit.box((0.9, 1.1, 0.75), (4.65, -0.25, 0.85), "metal", RUST, turn=rotation(pitch_rad=0.5))
    kit.box((0.2, 1.1, 0.5), (4.2, -0.25, 0.55), "metal", RUST, turn=rotation(pitch_rad=-0.4))
    solids = (block((4.4, 2.7, 3.2), "excavator", (-0.2, 0.0)), block((4.2, 1.2, 4.6), "excavator", (3.6, -0.25)))
    return Thing(kit.mesh(), "car", solids)


def _beam(kit: Kit, start: Float3, end: Float3, thick_m: float, colour: Float3) -> None:
    """A square beam between two points of one y."""
    way = np.array(end) - np.array(start)
    middle = 0.5 * (np.array(end) + np.array(start))
    turn = rotation(pitch_rad=float(-np.arctan2(way[2], way[0])))
    centre = (float(middle[0]), float(middle[1]), float(middle[2]))
    kit.box((float(np.linalg.norm(way)) + 0.2, thick_m, thick_m), centre, "paint", colour, turn=turn)


def dumper() -> Thing:
    """A small site dumper of 3 m, its skip towards +x; pale where painted, so that instances tint it."""
    kit = Kit()
    paint: Float3 = (0.95, 0.95, 0.95)
    kit.box((2.6, 0.9, 0.3), (0.0, 0.0, 0.6), "metal", DARK)
    kit.box((1.0, 1.3, 0.5), (-0.85, 0.0, 0.95), "paint", paint)
    kit.box((0.4, 0.6, 0.5), (-0.5, 0.0, 1.35), "cloth", DARK)
    kit.shell(((1.7, 1.5, 0.85), (0.2, 1.5, 0.85), (0.3, 0.8, 0.6), (1.2, 0.75, 0.6)), "paint", paint)
    kit.ball((0.7, 0.7, 0.25), (0.95, 0.0, 1.48), "sand")
    for x in (-0.9, 0.85):
        for side in (-1.0, 1.0):
            turn = rotation(roll_rad=-0.5 * np.pi * side)
            kit.tube(0.42, 0.32, (x, 0.45 * side, 0.42), "cloth", DARK, sides=11, turn=turn)
    for side in (-0.5, 0.5):
        kit.box((0.06, 0.06, 1.1), (-0.15, side, 1.75), "paint", DARK)
    kit.box((0.06, 1.06, 0.06), (-0.15, 0.0, 2.3), "paint", DARK)
    return Thing(kit.mesh(), "car", (block((3.1, 1.75, 2.3), "dumper", (0.15, 0.0)),))


def crane() -> Thing:
    """A tower crane of 24 m, its jib along +x."""
    kit = Kit()
    kit.box((3.6, 3.6, 0.7), (0.0, 0.0, 0.35), "concrete")
    for x in (-0.7, 0.7):
        for y in (-0.7, 0.7):
            kit.box((0.16, 0.16, CRANE_M), (x, y, 0.5 * CRANE_M), "paint", YELLOW)
    for index, z in enumerate(np.arange(1.6, CRANE_M - 1.0, 1.6)):
        lean = 0.85 if index % 2 else -0.85
        for side in (-0.7, 0.7):
            kit.box((0.07, 2.1, 0.07), (side, 0.0, float(z)), "paint", YELLOW, turn=rotation(roll_rad=lean))
            kit.box((2.1, 0.07, 0.07), (0.0, side, float(z)), "paint", YELLOW, turn=rotation(pitch_rad=lean))
    kit.box((1.3, 1.3, 1.7), (1.0, -1.1, CRANE_M + 0.2), "car_glass", (0.9, 0.95, 1.0))
    kit.box((9.5, 0.9, 0.25), (-4.7, 0.0, CRANE_M + 0.6), "paint", YELLOW)
    kit.box((1.8, 1.4, 2.2), (-8.2, 0.0, CRANE_M - 0.4), "concrete")
    for y, z in ((-0.55, 0.5), (0.55, 0.5), (0.0, 1.5)):
        kit.box((27.0, 0.12, 0.12), (13.5, y, CRANE_M + z), "paint", YELLOW)
    for index, x in enumerate(np.arange(1.0, 26.5, 1.3)):
        turn = rotation(pitch_rad=0.75 if index % 2 else -0.75)
        kit.box((1.6, 0.07, 0.07), (float(x), 0.0, CRANE_M + 1.0), "paint", YELLOW, turn=turn)
    _beam(kit, (0.0, 0.0, CRANE_M), (0.0, 0.0, CRANE_M + 4.6), 0.4, YELLOW)
    _beam(kit, (0.0, 0.0, CRANE_M + 4.5), (17.0, 0.0, CRANE_M + 1.6), 0.08, DARK)
    _beam(kit, (0.0, 0.0, CRANE_M + 4.5), (-8.2, 0.0, CRANE_M + 0.9), 0.08, DARK)
    kit.box((0.05, 0.05, 11.0), (18.0, 0.0, CRANE_M - 5.2), "paint", DARK)
    kit.box((0.5, 0.3, 0.6), (18.0, 0.0, CRANE_M - 10.8), "paint", YELLOW)
    solids = (block((3.6, 3.6, 0.7), "crane"), block((1.6, 1.6, CRANE_M), "crane"))
    return Thing(kit.mesh(), "furniture", solids)


def house_box(rng: np.random.Generator, size_m: Float3) -> Thing:
    """A plain house of the neighbourhood."""
    kit = Kit()
    facade = ("facade_plaster", "facade_panel", "facade_brick", "facade_stone")[int(rng.integers(4))]
    shade = float(rng.uniform(0.85, 1.05))
    kit.box(size_m, (0.0, 0.0, 0.5 * size_m[2]), facade, (shade, shade, 0.97 * shade), uv_per_m=1.0 / 7.0)
    kit.box((size_m[0] + 0.6, size_m[1] + 0.6, 0.5), (0.0, 0.0, size_m[2]), "concrete", (0.7, 0.7, 0.72))
    return Thing(kit.mesh(), "building")
