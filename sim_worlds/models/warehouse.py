"""What fills a warehouse hall: racks with goods, pallets, drums, forklifts, pillars, posts, and the hall itself."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import WHITE, rotation
from sim_worlds.models.kit import Kit
from sim_worlds.models.thing import Thing, block, upright
from sim_worlds.scene import Float3, Mesh

BAY_M, RACK_DEPTH_M, LEVEL_M = 2.8, 2.4, 1.75
BLUE: Float3 = (0.16, 0.30, 0.58)
ORANGE: Float3 = (0.96, 0.58, 0.12)
YELLOW: Float3 = (0.96, 0.78, 0.12)
STEEL: Float3 = (0.50, 0.53, 0.56)
DARK: Float3 = (0.15, 0.16, 0.17)
GREEN: Float3 = (0.12, 0.50, 0.30)
LIGHT: Float3 = (1.7, 1.7, 1.6)
GOODS: tuple[tuple[str, Float3], ...] = (
    ("cardboard", WHITE),
    ("cardboard", (0.88, 0.86, 0.84)),
    ("cardboard", (1.12, 1.08, 1.0)),
    ("wrapped", WHITE),
    ("wrapped", (0.80, 0.88, 1.0)),
    ("plywood", WHITE),
    ("paint", (0.24, 0.44, 0.66)),
    ("paint", (0.34, 0.50, 0.36)),
    ("paint", (0.85, 0.85, 0.82)),
)


def rack_frame(levels: int) -> Mesh:
    """The upright frame between two bays of a double-sided pallet rack."""
    kit = Kit()
    height = levels * LEVEL_M + 0.5
    for y in (-1.15, 0.0, 1.15):
        kit.box((0.10, 0.09, height), (0.0, y, 0.5 * height), "paint", BLUE)
    for level in range(levels):
        for side in (-1.0, 1.0):
            lean = rotation(roll_rad=0.95 * side if level % 2 else -0.95 * side)
            kit.box((0.04, 1.35, 0.05), (0.0, 0.58 * side, (level + 0.5) * LEVEL_M), "paint", BLUE, turn=lean)
    return kit.mesh()


def rack_bay(rng: np.random.Generator, levels: int, beam: Float3) -> Mesh:
    """What is between two frames of a double-sided pallet rack along x: beams, and goods drawn by chance."""
    kit = Kit()
    for level in range(levels + 1):
        for side in (-1.0, 1.0):
            if level:
                kit.box((BAY_M, 0.05, 0.13), (0.0, side * 1.15, level * LEVEL_M - 0.07), "paint", beam)
            for x in (-0.9, 0.0, 0.9):
                if rng.random() < 0.85:
                    _pallet_load(kit, rng, (x, side * 0.64, level * LEVEL_M), 1.35 if level < levels else 1.0)
    return kit.mesh()


def _pallet_load(kit: Kit, rng: np.random.Generator, foot_m: Float3, highest_m: float) -> None:
    """A pallet of 0.8 x 1.0 m with goods up to a height."""
    x, y, z = foot_m
    material, colour = GOODS[int(rng.integers(len(GOODS)))]
    height = float(rng.uniform(0.55, 1.0)) * (highest_m - 0.15)
    width = float(rng.uniform(0.70, 0.82))
    kit.box((0.8, 1.0, 0.14), (x, y, z + 0.07), "pallet_wood", uv_per_m=1.2)
    kit.box((width, 0.94, height), (x, y, z + 0.14 + 0.5 * height), material, colour, uv_per_m=1.25)


def pallet_load(rng: np.random.Generator) -> Thing:
    """A pallet with goods on the floor."""
    kit = Kit()
    _pallet_load(kit, rng, (0.0, 0.0, 0.0), 1.6)
    return Thing(kit.mesh(), "furniture", (block((0.84, 1.02, 1.6), "pallet"),))


def pallet_stack(rng: np.random.Generator) -> Thing:
    """Empty pallets in a stack of about ten."""
    kit = Kit()
    count = int(rng.integers(6, 13))
    for index in range(count):
        spot = (float(rng.uniform(-0.04, 0.04)), float(rng.uniform(-0.04, 0.04)), 0.075 + 0.15 * index)
        kit.box((0.8, 1.2, 0.14), spot, "pallet_wood", turn=rotation(float(rng.uniform(-0.05, 0.05))), uv_per_m=1.2)
    return Thing(kit.mesh(), "furniture", (block((0.9, 1.3, 0.15 * count), "pallets"),))


def drums() -> Thing:
    """Four drums on a pallet; pale, so that instances tint them."""
    kit = Kit()
    kit.box((1.2, 1.2, 0.14), (0.0, 0.0, 0.07), "pallet_wood")
    for x in (-0.3, 0.3):
        for y in (-0.3, 0.3):
            kit.tube(0.29, 0.88, (x, y, 0.14), "paint", (0.92, 0.92, 0.92), sides=12)
            for z in (0.15, 0.43, 0.72, 1.0):
                kit.tube(0.305, 0.03, (x, y, z), "paint", (0.78, 0.78, 0.78), sides=12, capped=False)
            kit.tube(0.05, 0.03, (x + 0.14, y, 1.02), "metal", DARK, sides=6)
    return Thing(kit.mesh(), "furniture", (block((1.22, 1.22, 1.05), "drums"),))


def cage() -> Thing:
    """A wire box of 1.2 m with bundles in it; pale, so that instances tint it."""
    kit = Kit()
    for x in (-0.58, 0.58):
        for y in (-0.48, 0.48):
            kit.box((0.06, 0.06, 1.0), (x, y, 0.5), "metal", STEEL)
    kit.box((1.16, 0.96, 0.72), (0.0, 0.0, 0.5), "paint", (0.9, 0.9, 0.9))
    for z in (0.15, 0.4, 0.65, 0.95):
        for y in (-0.5, 0.5):
            kit.box((1.2, 0.02, 0.03), (0.0, y, z), "metal", STEEL)
        for x in (-0.6, 0.6):
            kit.box((0.02, 1.0, 0.03), (x, 0.0, z), "metal", STEEL)
    return Thing(kit.mesh(), "furniture", (block((1.24, 1.04, 1.0), "crate"),))


def forklift() -> Thing:
    """A counterbalance truck, its mast and forks towards +x; pale where painted, so that instances tint it."""
    kit = Kit()
    body: Float3 = (0.95, 0.95, 0.95)
    kit.box((1.5, 1.05, 0.55), (-0.2, 0.0, 0.55), "paint", body)
    kit.box((0.55, 1.08, 0.75), (-0.85, 0.0, 0.72), "paint", body)
    kit.box((0.5, 0.55, 0.12), (-0.35, 0.0, 0.95), "cloth", DARK)
    kit.box((0.12, 0.55, 0.55), (-0.6, 0.0, 1.25), "cloth", DARK)
    kit.box((0.30, 0.9, 0.35), (0.45, 0.0, 0.95), "paint", body)
    kit.tube(0.17, 0.03, (0.2, 0.0, 1.2), "cloth", DARK, sides=10, turn=rotation(pitch_rad=-0.6))
    for y in (-0.48, 0.48):
        kit.box((0.07, 0.07, 1.3), (0.42, y, 1.5), "paint", DARK, turn=rotation(pitch_rad=-0.12))
        kit.box((0.07, 0.07, 1.2), (-0.85, y, 1.6), "paint", DARK)
        kit.box((0.10, 0.14, 2.3), (0.78, 0.62 * y, 1.25), "metal", DARK)
        kit.box((1.1, 0.12, 0.05), (1.4, 0.55 * y, 0.14), "metal", STEEL)
        kit.box((0.05, 0.12, 0.55), (0.87, 0.55 * y, 0.38), "metal", STEEL)
        for x, radius in ((0.35, 0.30), (-0.8, 0.26)):
            spot = (x, y + 0.1, radius)
            kit.tube(radius, 0.2, spot, "cloth", DARK, sides=12, turn=rotation(roll_rad=0.5 * np.pi))
            kit.tube(radius, 0.2, (x, y - 0.1, radius), "cloth", DARK, sides=12, turn=rotation(roll_rad=-0.5 * np.pi))
    for z in (0.5, 1.2, 2.35):
        kit.box((0.06, 0.75, 0.10), (0.80, 0.0, z), "metal", DARK)
    for y in np.linspace(-0.45, 0.45, 5):
        kit.box((1.35, 0.05, 0.05), (-0.2, float(y), 2.18), "paint", DARK)
    kit.tube(0.06, 0.12, (-0.8, 0.0, 2.2), "paint", ORANGE, sides=8)
    solids = (block((2.4, 1.2, 2.2), "forklift", (0.0, 0.0)), block((1.0, 0.9, 0.3), "forklift", (1.5, 0.0)))
    return Thing(kit.mesh(), "car", solids)


def pallet_jack() -> Thing:
    """A hand pallet truck, its forks towards +x."""
    kit = Kit()
    for y in (-0.2, 0.2):
        kit.box((1.15, 0.16, 0.06), (0.2, y, 0.12), "paint", ORANGE)
    kit.box((0.3, 0.5, 0.4), (-0.45, 0.0, 0.3), "paint", ORANGE)
    kit.box((0.05, 0.05, 1.0), (-0.65, 0.0, 0.85), "metal", DARK, turn=rotation(pitch_rad=-0.25))
    kit.box((0.05, 0.4, 0.06), (-0.78, 0.0, 1.32), "paint", DARK)
    return Thing(kit.mesh(), "furniture", (block((1.6, 0.55, 1.3), "pallet truck"),))


def pillar(height_m: float) -> Thing:
    """A steel column that carries the roof, its foot in a striped guard; a fire extinguisher hangs beside it."""
    kit = Kit()
    for x in (-0.16, 0.16):
        kit.box((0.04, 0.34, height_m), (x, 0.0, 0.5 * height_m), "paint", (0.72, 0.74, 0.76))
    kit.box((0.30, 0.05, height_m), (0.0, 0.0, 0.5 * height_m), "paint", (0.66, 0.68, 0.70))
    kit.box((0.52, 0.52, 1.1), (0.0, 0.0, 0.55), "hazard_stripes", WHITE, uv_per_m=1.4)
    return Thing(kit.mesh(), "building", (block((0.54, 0.54, height_m), "pillar"),))


def aisle_sign() -> Thing:
    """A striped guard post of 2.6 m with a board that names an aisle, its front to +x."""
    kit = Kit()
    kit.box((0.30, 0.30, 0.03), (0.0, 0.0, 0.015), "metal", DARK)
    kit.tube(0.06, 0.9, (0, 0, 0), "hazard_stripes", WHITE, sides=8, uv_per_m=2.0)
    kit.tube(0.045, 2.1, (0, 0, 0), "paint", YELLOW, sides=8)
    kit.box((0.05, 0.62, 0.5), (0.0, 0.0, 2.35), "paint", (0.14, 0.30, 0.56))
    for side in (-1.0, 1.0):
        x = 0.03 * side
        corners: list[Float3] = [(x, -0.27 * side, 2.15), (x, 0.27 * side, 2.15), (x, 0.27 * side, 2.56)]
        kit.panel([*corners, (x, -0.27 * side, 2.56)], "lettering")
    return Thing(kit.mesh(), "furniture", (upright(0.1, 2.6, "sign post"),))


def guard_rail() -> Thing:
    """Two metres of a yellow crash barrier along x."""
    kit = Kit()
    for x in (-0.95, 0.95):
        kit.box((0.12, 0.12, 0.65), (x, 0.0, 0.325), "paint", YELLOW)
    for z in (0.3, 0.55):
        kit.box((2.0, 0.08, 0.14), (0.0, 0.06, z), "paint", YELLOW)
    return Thing(kit.mesh(), "furniture", (block((2.1, 0.24, 0.66), "guard rail"),))


def conveyor() -> Thing:
    """Six metres of a roller conveyor along x with cartons on it."""
    kit = Kit()
    for y in (-0.4, 0.4):
        kit.box((6.0, 0.05, 0.16), (0.0, y, 0.78), "paint", BLUE)
    for x in np.linspace(-2.9, 2.9, 30):
        kit.box((0.07, 0.76, 0.05), (float(x), 0.0, 0.81), "metal", STEEL)
    for x in (-2.8, 0.0, 2.8):
        for y in (-0.38, 0.38):
            kit.box((0.07, 0.07, 0.74), (x, y, 0.37), "metal", STEEL)
    for x, size in ((-2.2, 0.45), (-1.0, 0.36), (0.9, 0.5), (2.2, 0.38)):
        kit.box((size, size, 0.8 * size), (x, 0.02, 0.84 + 0.4 * size), "cardboard", uv_per_m=1.3)
    return Thing(kit.mesh(), "furniture", (block((6.0, 0.85, 1.25), "conveyor"),))


def extinguisher() -> Thing:
    """A fire extinguisher on its stand."""
    kit = Kit()
    kit.tube(0.075, 0.45, (0.0, 0.0, 0.12), "paint", (0.80, 0.07, 0.07), sides=9)
    kit.tube(0.04, 0.10, (0.0, 0.0, 0.57), "metal", DARK, sides=6)
    kit.box((0.26, 0.26, 0.1), (0.0, 0.0, 0.05), "metal", STEEL)
    return Thing(kit.mesh(), "decoy", (block((0.26, 0.26, 0.68), "fire extinguisher"),))


def hall(half_x_m: float, half_y_m: float, height_m: float, docks_x: float, tone: Float3) -> Mesh:
    """Walls, doors and the roof with its beams; daylight falls through open bands. ``docks_x`` is the dock wall's x."""
    kit = Kit()
    corners = [(-half_x_m, -half_y_m), (half_x_m, -half_y_m), (half_x_m, half_y_m), (-half_x_m, half_y_m)]
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        length = float(np.hypot(x1 - x0, y1 - y0))
        for low, high, material, colour in (
            (0.0, 2.2, "concrete", (0.95, 0.95, 0.95)),
            (2.2, height_m - 1.5, "corrugated", tone),
            (height_m - 1.5, height_m, "corrugated", WHITE),
        ):
            ends: list[Float3] = [(x1, y1, low), (x0, y0, low), (x0, y0, high), (x1, y1, high)]
            kit.panel(ends, material, colour, uv=(length / 1.25, high - low))
    _doors(kit, half_y_m, docks_x)
    bands = np.arange(-half_y_m, half_y_m - 1.0, 6.8)
    for low in bands:
        y0, y1 = float(low), min(float(low) + 5.2, half_y_m)
        roof: list[Float3] = [(-half_x_m, y0, height_m), (-half_x_m, y1, height_m), (half_x_m, y1, height_m)]
        kit.panel([*roof, (half_x_m, y0, height_m)], "corrugated", (0.85, 0.87, 0.88), uv=(y1 - y0, 2.0 * half_x_m))
    for x in np.arange(-half_x_m + 3.0, half_x_m, 6.0):
        kit.box((0.28, 2.0 * half_y_m, 0.55), (float(x), 0.0, height_m - 0.4), "paint", (0.62, 0.65, 0.68))
    for y in np.arange(-half_y_m + 2.6, half_y_m, 6.8):
        kit.box((2.0 * half_x_m, 0.14, 0.2), (0.0, float(y), height_m - 0.75), "paint", (0.55, 0.58, 0.6))
        for x in np.arange(-half_x_m + 3.0, half_x_m - 1.0, 4.0):
            kit.box((1.6, 0.34, 0.10), (float(x), float(y) + 0.02, height_m - 0.95), "white", LIGHT)
    return kit.mesh()


def _doors(kit: Kit, half_y_m: float, docks_x: float) -> None:
    """Dock shutters with bumpers on the dock wall, a green exit door on each side wall."""
    inward = -1.0 if docks_x > 0 else 1.0
    for y in np.arange(-half_y_m + 5.0, half_y_m - 3.0, 6.4):
        x, y0, y1 = docks_x + 0.06 * inward, float(y) + 1.7 * inward, float(y) - 1.7 * inward
        shutter: list[Float3] = [(x, y0, 0.0), (x, y1, 0.0), (x, y1, 4.0), (x, y0, 4.0)]
        kit.panel(shutter, "roller_door", (0.85, 0.90, 0.95))
        for side in (-1.85, 1.85):
            kit.box((0.22, 0.24, 1.4), (docks_x + 0.3 * inward, float(y) + side, 0.7), "hazard_stripes", uv_per_m=1.5)
        kit.box((0.08, 0.9, 0.7), (docks_x + 0.06 * inward, float(y), 4.6), "lettering")
        kit.box((0.12, 4.1, 0.25), (docks_x + 0.06 * inward, float(y), 4.12), "paint", (0.25, 0.27, 0.30))
    for side in (-1.0, 1.0):
        y = side * (half_y_m - 0.06)
        for x in (-0.35 * docks_x, 0.6 * docks_x):
            kit.box((1.1, 0.1, 2.2), (x, y, 1.1), "paint", GREEN)
            kit.box((1.0, 0.12, 0.3), (x, y, 2.6), "paint", (0.1, 0.75, 0.4))
            kit.box((0.5, 0.13, 0.1), (x, y, 2.6), "white", LIGHT)
