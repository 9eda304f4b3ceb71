"""What grows below the trees: ferns, bushes, grass, sprigs, flowers and mushrooms. Soft: nothing here has a solid."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import cylinder, merge, moved, sphere
from sim_worlds.models.plant_parts import Array, cards, directions, tones
from sim_worlds.scene import Float3, Mesh

GREENS: dict[str, Array] = {
    "summer": np.array([(0.36, 0.46, 0.20), (0.40, 0.49, 0.23), (0.33, 0.42, 0.18)]),
    "spring": np.array([(0.46, 0.60, 0.25), (0.52, 0.64, 0.28), (0.42, 0.55, 0.22)]),
    "autumn": np.array([(0.62, 0.47, 0.20), (0.52, 0.36, 0.18), (0.48, 0.46, 0.22), (0.66, 0.38, 0.18)]),
    "winter": np.array([(0.50, 0.42, 0.33), (0.56, 0.48, 0.38)]),
}
FERNS: dict[str, Array] = {
    "summer": np.array([(0.36, 0.50, 0.20), (0.41, 0.53, 0.24)]),
    "spring": np.array([(0.47, 0.63, 0.25), (0.52, 0.66, 0.28)]),
    "autumn": np.array([(0.60, 0.43, 0.22), (0.68, 0.52, 0.26)]),
    "winter": np.array([(0.46, 0.36, 0.27), (0.52, 0.42, 0.32)]),
}
STRAW: dict[str, Array] = {
    "summer": np.array([(0.44, 0.52, 0.25), (0.50, 0.53, 0.29)]),
    "spring": np.array([(0.44, 0.58, 0.24), (0.50, 0.61, 0.28)]),
    "autumn": np.array([(0.62, 0.56, 0.32), (0.54, 0.52, 0.28)]),
    "winter": np.array([(0.66, 0.60, 0.46), (0.60, 0.55, 0.44)]),
}
FLOWER_TONES: tuple[Float3, ...] = ((0.95, 0.95, 0.92), (0.95, 0.84, 0.25), (0.62, 0.58, 0.95))
BERRY: Float3 = (0.72, 0.10, 0.10)


def fern(rng: np.random.Generator, season: str) -> Mesh:
    """A rosette of arching fronds, 0.6 m high."""
    count = 7
    yaw = 2.0 * np.pi * np.arange(count) / count + rng.uniform(-0.3, 0.3, count)
    flat = 0.25 if season == "winter" else 0.75
    ups = rng.uniform(0.62, 0.85, (count, 1)) * directions(yaw, rng.uniform(flat - 0.25, flat + 0.15, count))
    rights = 0.19 * np.column_stack([-np.sin(yaw), np.cos(yaw), np.zeros(count)])
    return cards(
        np.tile([0.0, 0.0, -0.02], (count, 1)),
        rights,
        ups,
        material="fern",
        colours=tones(rng, FERNS[season], count),
        normals=np.column_stack([0.5 * np.cos(yaw), 0.5 * np.sin(yaw), np.ones(count)]),
        shade_at_foot=0.6,
    )


def grass(rng: np.random.Generator, season: str) -> Mesh:
    """A tuft of grass, 0.35 m high."""
    return _upright(rng, STRAW[season], "grass", 3, 0.5, 0.36, spread_m=0.06)


def flowers(rng: np.random.Generator, season: str) -> Mesh:
    """A patch of spring flowers, 0.25 m high; grass in other seasons."""
    if season != "spring":
        return grass(rng, season)
    tone = np.array([FLOWER_TONES[int(rng.integers(len(FLOWER_TONES)))]])
    return _upright(rng, tone, "flowers", 4, 0.42, 0.26, spread_m=0.2)


def sprig(rng: np.random.Generator, season: str) -> Mesh:
    """A seedling of 0.7 m: a few twigs with leaves."""
    return _upright(rng, GREENS[season], "twigs" if season == "winter" else "leaves_fine", 2, 0.5, 0.7, spread_m=0.05)


def bush(rng: np.random.Generator, season: str, berries: bool = False) -> Mesh:
    """A bush of about 0.9 m, bare in winter, in blossom now and then in spring; with red berries if wanted."""
    count = 8
    yaw = 2.4 * np.arange(count)
    out = 0.32 * np.sqrt((np.arange(count) + 0.3) / count)
    feet = np.column_stack([out * np.cos(yaw), out * np.sin(yaw), np.full(count, -0.08)])
    lean = np.column_stack([0.9 * np.cos(yaw), 0.9 * np.sin(yaw), np.zeros(count)]) * out[:, None]
    ups = np.array([0.0, 0.0, 1.0]) * rng.uniform(0.75, 1.0, (count, 1)) + lean
    turn = yaw + 0.5 * np.pi + rng.uniform(-0.5, 0.5, count)
    rights = 0.42 * np.column_stack([np.cos(turn), np.sin(turn), np.zeros(count)])
    blossoming = season == "spring" and rng.random() < 0.5
    material = "twigs" if season == "winter" else "blossom" if blossoming else "leaves"
    palette = np.array([(0.97, 0.95, 0.93)]) if blossoming else GREENS[season]
    normals = np.column_stack([np.cos(yaw) * 0.8, np.sin(yaw) * 0.8, np.ones(count)])
    colours = tones(rng, palette, count)
    leaves = cards(feet, rights, ups, material=material, colours=colours, normals=normals, shade_at_foot=0.6)
    return merge([leaves, *_berries(rng)]) if berries else leaves


def _berries(rng: np.random.Generator) -> list[Mesh]:
    found = []
    for yaw, height in zip(rng.uniform(0, 6.28, 14), rng.uniform(0.25, 0.85, 14), strict=True):
        reach = 0.42 * np.sqrt(1.0 - (height - 0.4) ** 2)
        ball = sphere(0.045, material="white", colour=BERRY, rings=3, sides=5)
        found.append(moved(ball, (float(reach * np.cos(yaw)), float(reach * np.sin(yaw)), float(height))))
    return found


def mushrooms(rng: np.random.Generator) -> Mesh:
    """Three brown mushrooms, 0.12 m high."""
    parts = []
    for x, y in rng.uniform(-0.15, 0.15, (3, 2)):
        height = float(rng.uniform(0.07, 0.12))
        cap = sphere((0.06, 0.06, 0.035), material="paint", colour=(0.52, 0.36, 0.22), rings=4, sides=6)
        foot = cylinder(0.018, height, material="paint", colour=(0.85, 0.80, 0.70), sides=5, capped=False)
        parts += [moved(cap, (float(x), float(y), height)), moved(foot, (float(x), float(y), 0.0))]
    return merge(parts)


def _upright(
    rng: np.random.Generator,
    palette: Array,
    material: str,
    count: int,
    width_m: float,
    height_m: float,
    *,
    spread_m: float,
) -> Mesh:
    yaw = np.pi * np.arange(count) / count + rng.uniform(-0.2, 0.2, count)
    feet = np.column_stack([rng.uniform(-spread_m, spread_m, (count, 2)), np.full(count, -0.03)])
    rights = 0.5 * width_m * np.column_stack([np.cos(yaw), np.sin(yaw), np.zeros(count)])
    ups = np.column_stack([np.zeros((count, 2)), height_m * rng.uniform(0.8, 1.15, count)])
    normals = np.column_stack([-0.3 * np.sin(yaw), 0.3 * np.cos(yaw), np.ones(count)])
    colours = tones(rng, palette, count)
    return cards(feet, rights, ups, material=material, colours=colours, normals=normals, shade_at_foot=0.65)
