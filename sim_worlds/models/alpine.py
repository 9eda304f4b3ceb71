"""What stands in a snowfield: firs under snow, a hut, a ski lift, fences, poles, rocks, and mountains around it."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import rotation
from sim_worlds.models.kit import Kit
from sim_worlds.models.thing import Thing, block, upright
from sim_worlds.scene import Collider, Float3, Mesh

SNOW: Float3 = (0.97, 0.98, 1.0)
STEEL: Float3 = (0.55, 0.58, 0.60)
DARK: Float3 = (0.20, 0.21, 0.23)
WOOD: Float3 = (0.62, 0.50, 0.40)
YELLOW: Float3 = (0.95, 0.76, 0.12)
BLUE: Float3 = (0.18, 0.34, 0.66)
CABLE_M = 8.6
MOUNTAINS_M, HILLS_M = 195.0, 120.0


def fir(rng: np.random.Generator) -> Thing:
    """A fir of about 7 m whose boughs carry snow."""
    kit = Kit()
    height = float(rng.uniform(6.0, 8.5))
    kit.tube(0.14, 1.2, (0, 0, 0), "bark_pine", sides=7, capped=False)
    tiers = 7
    for tier in range(tiers):
        low = 0.55 + (height - 1.6) * tier / tiers
        reach = 1.75 * (1.0 - tier / (tiers + 0.6)) + 0.15
        _boughs(kit, rng, low, low + 1.1 + 1.25 * height / tiers, reach)
    return Thing(kit.mesh(), "tree", (upright(0.9, 3.0, "fir"), upright(0.3, 6.0, "fir")))


def _boughs(kit: Kit, rng: np.random.Generator, low: float, top: float, reach: float) -> None:
    """A cone with a ragged, drooping rim."""
    tips = 11
    angles = np.arange(2 * tips) * np.pi / tips + float(rng.uniform(0.0, 2.0))
    radii = reach * np.where(np.arange(2 * tips) % 2, 0.62, 1.0) * rng.uniform(0.85, 1.12, 2 * tips)
    heights = low + np.where(np.arange(2 * tips) % 2, 0.28, 0.0) + rng.uniform(-0.1, 0.1, 2 * tips)
    rim = np.column_stack([radii * np.cos(angles), radii * np.sin(angles), heights])
    points = np.concatenate([rim, np.tile([0.0, 0.0, top], (2 * tips, 1))])
    out = np.column_stack([np.cos(angles), np.sin(angles), np.full(2 * tips, 0.75)]) / 1.25
    u = np.arange(2 * tips) / tips * 1.5
    uvs = np.concatenate([np.column_stack([u, np.full(2 * tips, 0.97)]), np.column_stack([u, np.full(2 * tips, 0.03)])])
    first = np.arange(2 * tips)
    following = (first + 1) % (2 * tips)
    kit.add(points, np.tile(out, (2, 1)), uvs, np.column_stack([first, following, first + 2 * tips]), "fir_snow", SNOW)


def rock(rng: np.random.Generator) -> Thing:
    """A boulder that pokes out of the snow and wears a cap of it."""
    kit = Kit()
    flat = float(rng.uniform(0.55, 0.8))
    kit.ball((0.75, 0.6, flat), (0.0, 0.0, 0.1), "rock", (0.62, 0.62, 0.65), turn=rotation(0.3, 0.2, 0.1))
    kit.ball((0.4, 0.5, 0.42), (0.55, 0.25, 0.05), "rock", (0.55, 0.55, 0.58), turn=rotation(1.0, -0.3, 0.2))
    kit.ball((0.55, 0.46, 0.22), (-0.03, 0.0, 0.02 + flat), "snow", SNOW)
    solid = Collider("sphere", (0.0, 0.0, 0.05), (0.75, 0.75, 0.75), label="rock")
    return Thing(kit.mesh(), "rock", (solid,))


def fence() -> Thing:
    """Three metres of a wooden rail fence along x, with snow on the rails."""
    kit = Kit()
    for x in (-1.5, 0.0, 1.5):
        kit.box((0.13, 0.13, 1.35), (x, 0.0, 0.55), "planks", WOOD)
        kit.box((0.17, 0.17, 0.07), (x, 0.0, 1.26), "snow", SNOW)
    for z in (0.45, 0.95):
        kit.box((3.0, 0.06, 0.14), (0.0, 0.06, z), "planks", WOOD)
        kit.box((3.0, 0.08, 0.04), (0.0, 0.06, z + 0.09), "snow", SNOW)
    return Thing(kit.mesh(), "furniture", (block((3.1, 0.2, 1.25), "fence"),))


def marker() -> Thing:
    """A piste marker of 1.9 m: an orange-and-black pole with a round blue board, its front to +x."""
    kit = Kit()
    for index, colour in enumerate(((0.95, 0.62, 0.10), DARK, (0.95, 0.62, 0.10), DARK)):
        kit.tube(0.035, 0.45, (0.0, 0.0, 0.45 * index), "paint", colour, sides=6, capped=False)
    kit.tube(0.24, 0.03, (0.03, 0.0, 1.75), "paint", BLUE, sides=14, turn=rotation(pitch_rad=0.5 * np.pi))
    kit.tube(0.11, 0.03, (0.04, 0.0, 1.75), "paint", SNOW, sides=8, turn=rotation(pitch_rad=0.5 * np.pi))
    return Thing(kit.mesh(), "furniture", (upright(0.08, 2.0, "marker pole"),))


def signpost() -> Thing:
    """A post of 2.7 m with three yellow arrows of a footpath, its front to +x."""
    kit = Kit()
    kit.tube(0.06, 2.7, (0, 0, 0), "planks", WOOD, sides=7)
    kit.ball((0.11, 0.11, 0.07), (0.0, 0.0, 2.72), "snow", SNOW, rings=4)
    for index, (side, z) in enumerate(((1.0, 2.5), (-1.0, 2.28), (1.0, 2.06))):
        turn = rotation(0.25 * (index - 1))
        kit.box((0.03, 0.62, 0.17), (0.07, side * 0.28, z), "paint", YELLOW, turn=turn)
        kit.box((0.032, 0.12, 0.12), (0.07, side * 0.60, z), "paint", YELLOW, turn=turn @ rotation(roll_rad=0.785))
        kit.box((0.034, 0.40, 0.045), (0.07, side * 0.26, z), "paint", DARK, turn=turn)
    return Thing(kit.mesh(), "furniture", (upright(0.1, 2.7, "signpost"),))


def skis() -> Thing:
    """A pair of skis of 1.9 m and two sticks that stand in the snow, their tops to +z."""
    kit = Kit()
    for side in (-1.0, 1.0):
        lean = rotation(pitch_rad=-0.04, roll_rad=0.05 * side)
        kit.box((0.025, 0.10, 1.9), (0.0, 0.09 * side, 0.95), "paint", BLUE, turn=lean)
        kit.box((0.028, 0.08, 0.3), (0.002, 0.1 * side, 0.9), "paint", DARK, turn=lean)
        kit.box((0.03, 0.09, 0.22), (-0.05, 0.045 * side, 1.96), "paint", YELLOW, turn=rotation(pitch_rad=-0.5))
        kit.tube(0.012, 1.3, (-0.1, 0.3 * side, 0), "metal", DARK, sides=5, turn=rotation(roll_rad=0.06 * side))
        kit.tube(0.05, 0.012, (-0.1, 0.3 * side, 0.1), "metal", DARK, sides=6)
    return Thing(kit.mesh(), "furniture", (upright(0.16, 1.9, "skis"),))


def hut() -> Thing:
    """A log hut of 6 x 5 m, its door to +x, a thick quilt of snow on the roof."""
    kit = Kit()
    kit.box((6.0, 5.0, 2.6), (0.0, 0.0, 1.3), "planks", (0.85, 0.72, 0.60))
    kit.box((6.2, 5.2, 0.5), (0.0, 0.0, 0.25), "rock", (0.8, 0.8, 0.82))
    for x in (-3.0, 3.0):
        side = 2.5 if x > 0 else -2.5
        gable: list[Float3] = [(x, -side, 2.6), (x, side, 2.6), (x, 0.0, 4.4), (x, 0.0, 4.4)]
        kit.panel(gable, "planks", (0.8, 0.68, 0.56), uv=(4.0, 1.5))
    slope = float(np.arctan2(1.8, 2.5))
    for side in (-1.0, 1.0):
        turn = rotation(roll_rad=-side * slope)
        kit.box((7.2, 3.7, 0.12), (0.0, side * 1.45, 3.42), "planks", (0.45, 0.36, 0.30), turn=turn)
        kit.box((7.3, 3.8, 0.34), (0.0, side * 1.48, 3.62), "snow", SNOW, turn=turn)
    kit.box((0.7, 0.7, 1.6), (-1.4, 0.9, 4.2), "rock", (0.72, 0.70, 0.68))
    kit.box((0.8, 0.8, 0.16), (-1.4, 0.9, 5.05), "snow", SNOW)
    kit.box((0.08, 1.0, 2.0), (3.02, 0.0, 1.0), "planks", (0.38, 0.26, 0.18))
    for y in (-1.6, 1.6):
        _window(kit, (3.03, y, 1.6))
    for x in (-1.6, 1.2):
        for y in (-2.53, 2.53):
            kit.box((1.0, 0.06, 0.9), (x, y, 1.6), "car_glass", (0.9, 0.85, 0.6))
            kit.box((1.2, 0.12, 0.10), (x, y, 1.08), "snow", SNOW)
    solids = (block((6.2, 5.2, 2.9), "hut"), block((7.3, 5.9, 2.4), "hut", base_m=2.5))
    return Thing(kit.mesh(), "building", solids)


def _window(kit: Kit, centre_m: Float3) -> None:
    """A lit window with shutters that faces +x."""
    x, y, z = centre_m
    kit.box((0.06, 0.8, 0.9), centre_m, "car_glass", (1.0, 0.9, 0.6))
    kit.box((0.08, 0.06, 0.9), centre_m, "paint", SNOW)
    kit.box((0.08, 0.8, 0.06), centre_m, "paint", SNOW)
    for side in (-1.0, 1.0):
        kit.box((0.06, 0.36, 0.94), (x, y + 0.6 * side, z), "planks", (0.35, 0.55, 0.40))


def pylon() -> Thing:
    """A ski lift's pylon; its cables run along x, 8.6 m up."""
    kit = Kit()
    kit.box((1.3, 1.3, 0.6), (0.0, 0.0, 0.2), "concrete", SNOW)
    kit.tube(0.34, 8.8, (0, 0, 0), "metal", STEEL, top_radius_m=0.24, sides=10)
    kit.box((0.35, 5.6, 0.3), (0.0, 0.0, 8.85), "metal", STEEL)
    kit.box((0.4, 5.7, 0.12), (0.0, 0.0, 9.05), "snow", SNOW)
    for y in (-2.6, 2.6):
        kit.box((2.4, 0.12, 0.14), (0.0, y, 8.45), "metal", DARK)
        for x in (-1.0, -0.5, 0.0, 0.5, 1.0):
            kit.tube(0.18, 0.1, (x, y - 0.05, 8.42), "metal", DARK, sides=8, turn=rotation(roll_rad=-0.5 * np.pi))
    for z in np.arange(1.0, 8.6, 0.5):
        kit.box((0.04, 0.36, 0.03), (0.36, 0.0, float(z)), "metal", DARK)
    kit.box((0.05, 0.5, 0.5), (0.36, 0.0, 3.0), "paint", YELLOW)
    solids = (upright(0.34, 9.0, "lift pylon"), block((2.4, 5.6, 0.8), "lift pylon", base_m=8.3))
    return Thing(kit.mesh(), "furniture", solids)


def lift_span(length_m: float) -> Thing:
    """Both cables of a lift along x from the origin, with chairs hanging from them."""
    kit = Kit()
    solids = []
    for y in (-2.6, 2.6):
        kit.box((length_m, 0.07, 0.07), (0.5 * length_m, y, CABLE_M), "paint", DARK)
        solids.append(block((length_m, 0.1, 0.1), "lift cable", (0.5 * length_m, y), CABLE_M - 0.05))
        for x in np.arange(3.0 + (y > 0) * 3.5, length_m - 2.0, 7.0):
            _chair(kit, float(x), y)
    return Thing(kit.mesh(), "furniture", tuple(solids))


def _chair(kit: Kit, x: float, y: float) -> None:
    kit.box((0.06, 0.06, 2.3), (x, y, CABLE_M - 1.1), "paint", DARK)
    kit.box((0.5, 1.5, 0.08), (x + 0.2, y, CABLE_M - 2.3), "paint", BLUE)
    kit.box((0.08, 1.5, 0.55), (x - 0.05, y, CABLE_M - 2.0), "paint", BLUE)


def sledge() -> Thing:
    """A wooden sledge of 1.1 m; instances tint it."""
    kit = Kit()
    for y in (-0.2, 0.2):
        kit.box((1.1, 0.05, 0.05), (0.0, y, 0.03), "metal", STEEL)
        kit.box((0.05, 0.05, 0.28), (0.45, y, 0.15), "paint", (0.9, 0.75, 0.55))
        kit.box((0.05, 0.05, 0.28), (-0.35, y, 0.15), "paint", (0.9, 0.75, 0.55))
    for y in (-0.22, -0.11, 0.0, 0.11, 0.22):
        kit.box((1.1, 0.08, 0.04), (0.0, y, 0.31), "paint", (0.95, 0.85, 0.68))
    return Thing(kit.mesh(), "furniture", (block((1.1, 0.5, 0.34), "sledge"),))


def snowman() -> Thing:
    """Three balls of snow with a hat, buttons and a carrot towards +x."""
    kit = Kit()
    for radius, z in ((0.45, 0.36), (0.33, 1.0), (0.23, 1.48)):
        kit.ball((radius, radius, radius), (0.0, 0.0, z), "snow", SNOW, rings=6, sides=9)
    kit.tube(0.22, 0.03, (0, 0, 1.64), "cloth", DARK, sides=9)
    kit.tube(0.15, 0.22, (0, 0, 1.66), "cloth", DARK, sides=9)
    kit.tube(0.04, 0.25, (0.2, 0, 1.48), "paint", (0.95, 0.5, 0.1), top_radius_m=0.005, turn=rotation(pitch_rad=1.57))
    for place in ((0.21, 0.08, 1.55), (0.21, -0.08, 1.55), (0.33, 0.0, 1.05), (0.31, 0.0, 0.9)):
        kit.box((0.05, 0.05, 0.05), place, "paint", DARK)
    return Thing(kit.mesh(), "furniture", (upright(0.45, 1.8, "snowman"),))


def skyline(rng: np.random.Generator, radius_m: float, heights_m: tuple[float, float], material: str) -> Mesh:
    """A closed ring of ridges seen from inside, each face with a shade of its own."""
    count = 72
    angles = np.linspace(0.0, 2.0 * np.pi, count + 1)[:-1]
    ridge = np.zeros(count)
    for waves, share in ((3, 0.30), (7, 0.30), (13, 0.25), (29, 0.15)):
        ridge += share * np.abs(np.sin(0.5 * waves * (angles + float(rng.uniform(0.0, 6.28)))))
    tops = heights_m[0] + (heights_m[1] - heights_m[0]) * ridge * rng.uniform(0.85, 1.15, count)
    rings = []
    for share, near in ((0.0, 0.80), (0.42, 0.90), (1.0, 1.0)):
        reach = radius_m * near * rng.uniform(0.96, 1.0, count)
        height = share * tops * rng.uniform(0.8, 1.2 - 0.2 * share, count) - 2.0 * (share == 0.0)
        rings.append(np.column_stack([reach * np.cos(angles), reach * np.sin(angles), height]))
    kit = Kit()
    for lower, upper, v in ((rings[0], rings[1], 1.0), (rings[1], rings[2], 0.0)):
        after_low, after_up = np.roll(lower, -1, axis=0), np.roll(upper, -1, axis=0)
        corners = np.stack([lower, upper, after_low, after_low, upper, after_up], axis=1).reshape(-1, 3)
        faces = corners.reshape(-1, 3, 3)
        normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        u = np.arange(count) * 0.5
        uvs = np.stack([u, u, u + 0.5, u + 0.5, u, u + 0.5], axis=1).ravel()
        heights = np.tile([v + 1.0, v, v + 1.0, v + 1.0, v, v], count)
        triangles = np.arange(len(corners)).reshape(-1, 3)
        kit.add(corners, np.repeat(normals, 3, axis=0), np.column_stack([uvs, heights]), triangles, material, SNOW)
    return kit.mesh()
