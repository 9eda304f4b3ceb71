"""Trees, undergrowth and stones of the woods, built for one season from a random generator."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import card, cylinder, merge, moved, pose, rotation, sphere, transformed
from sim_worlds.scene import Float3, Mesh

VARIANTS = 3
LEAF_COLOURS: dict[str, tuple[Float3, ...]] = {
    "summer": ((1.0, 1.0, 1.0), (0.9, 1.05, 0.8), (1.1, 1.1, 0.9)),
    "spring": ((1.25, 1.3, 1.0), (1.3, 1.25, 1.2), (1.1, 1.3, 0.9)),
    "autumn": ((1.9, 0.85, 0.55), (1.8, 1.15, 0.5), (1.5, 1.0, 0.7)),
    "winter": ((1.0, 1.0, 1.0),) * 3,
}
NEEDLE_COLOURS: dict[str, Float3] = {
    "summer": (1.0, 1.0, 1.0),
    "spring": (1.15, 1.2, 1.0),
    "autumn": (1.0, 0.95, 0.8),
    "winter": (1.5, 1.6, 1.75),
}


def pine(rng: np.random.Generator, season: str) -> Mesh:
    """A pine of about 11 m with a bare stem to 3 m."""
    height = float(rng.uniform(9.0, 13.0))
    parts = [cylinder(0.17, height, top_radius_m=0.03, material="bark_pine", sides=8, capped=False)]
    colour = NEEDLE_COLOURS[season]
    bottom = float(rng.uniform(2.6, 3.6))
    for z in np.arange(bottom, height - 0.3, 0.75):
        reach = 2.1 * (1.0 - (z - bottom) / (height - bottom + 0.5)) + 0.45
        count = 6 if reach > 1.0 else 4
        for k in range(count):
            yaw = 2.0 * np.pi * (k + float(rng.uniform(-0.25, 0.25))) / count + z
            shade = float(rng.uniform(0.8, 1.1))
            tint = (colour[0] * shade, colour[1] * shade, colour[2] * shade)
            branch = card(0.95 * reach, reach, material="needles", colour=tint, normal=(0.0, -0.7, 0.7))
            droop = rotation(yaw) @ rotation(roll_rad=-float(rng.uniform(1.55, 1.95)))
            parts.append(transformed(branch, pose((0.0, 0.0, float(z)), droop)))
    return merge(parts)


def broadleaf(rng: np.random.Generator, season: str, bark: str) -> Mesh:
    """A birch or oak: a stem, a few boughs and a crown of leaf cards (bare in winter)."""
    height = float(rng.uniform(7.0, 10.0))
    stem = 0.6 * height
    base = 0.13 if bark == "bark_birch" else 0.22
    parts = [cylinder(base, stem, top_radius_m=0.6 * base, material=bark, sides=8, capped=False)]
    crown: list[tuple[Float3, float]] = []
    boughs = 7
    for k in range(boughs):
        yaw = 2.0 * np.pi * k / boughs + float(rng.uniform(-0.4, 0.4))
        lean = float(rng.uniform(0.5, 1.1)) if k else 0.1
        length = float(rng.uniform(0.28, 0.42)) * height
        start = stem * float(rng.uniform(0.62, 0.98))
        bough = cylinder(0.35 * base, length, top_radius_m=0.01, material=bark, sides=5, capped=False)
        turn = rotation(yaw) @ rotation(pitch_rad=lean)
        parts.append(transformed(bough, pose((0.0, 0.0, start), turn)))
        tip = np.array([0.0, 0.0, start]) + turn @ np.array([0.0, 0.0, 0.85 * length])
        crown.append(((float(tip[0]), float(tip[1]), float(tip[2])), float(rng.uniform(1.0, 1.5))))
        if season == "winter":
            parts += _twigs(rng, tip, bark, base)
    if season != "winter":
        parts += _leaf_clusters(rng, crown, season)
    return merge(parts)


def _twigs(rng: np.random.Generator, tip: np.ndarray, bark: str, base: float) -> list[Mesh]:
    twigs = []
    for _ in range(3):
        turn = rotation(float(rng.uniform(0, 2 * np.pi))) @ rotation(pitch_rad=float(rng.uniform(0.2, 1.0)))
        twig = cylinder(0.15 * base, 1.1, top_radius_m=0.004, material=bark, sides=4, capped=False)
        twigs.append(transformed(twig, pose(tip - turn @ np.array([0.0, 0.0, 0.25]), turn)))
    return twigs


def _leaf_clusters(rng: np.random.Generator, crown: list[tuple[Float3, float]], season: str) -> list[Mesh]:
    cards = []
    colours = LEAF_COLOURS[season]
    for centre, radius in crown:
        for _ in range(5):
            size = radius * float(rng.uniform(0.9, 1.35))
            direction = rng.normal(size=3)
            direction /= np.linalg.norm(direction)
            shade = float(rng.uniform(0.75, 1.1))
            colour = colours[int(rng.integers(len(colours)))]
            tint = (colour[0] * shade, colour[1] * shade, colour[2] * shade)
            normal = (float(direction[0]), float(direction[1]), float(abs(direction[2])) + 0.4)
            leaf = moved(card(size * 1.3, size * 1.3, material="leaves", colour=tint), (0.0, 0.0, -0.65 * size))
            spot = np.array(centre) + 0.55 * radius * direction
            turned = transformed(leaf, pose(spot, rotation(*rng.uniform(0, np.pi, 3))))
            turned.normals[:] = np.array(normal, dtype=np.float32) / np.linalg.norm(normal)
            cards.append(turned)
    return cards


def bush(rng: np.random.Generator, season: str) -> Mesh:
    """Undergrowth of about 0.8 m."""
    colours = LEAF_COLOURS[season]
    parts = []
    for k in range(5):
        shade = float(rng.uniform(0.65, 0.95))
        colour = colours[k % len(colours)]
        tint = (colour[0] * shade, colour[1] * shade, colour[2] * shade)
        if season == "winter":
            tint = (1.1 * shade, 0.8 * shade, 0.7 * shade)
        leaf = card(0.9, 0.75, material="leaves", colour=tint, normal=(0.2, -0.3, 0.9))
        offset = (float(rng.uniform(-0.25, 0.25)), float(rng.uniform(-0.25, 0.25)), -0.08)
        parts.append(transformed(leaf, pose(offset, rotation(np.pi * k / 5))))
    return merge(parts)


def fern(rng: np.random.Generator, season: str) -> Mesh:
    """A tuft of grass or fern, 0.4 m."""
    tints: dict[str, Float3] = {
        "summer": (0.95, 0.95, 0.9),
        "spring": (1.05, 1.2, 0.9),
        "autumn": (1.35, 1.0, 0.75),
        "winter": (1.7, 1.25, 1.9),
    }
    blades = [
        transformed(
            card(0.6, float(rng.uniform(0.3, 0.45)), material="grass", colour=tints[season], normal=(0.0, -0.2, 1.0)),
            pose((0.0, 0.0, -0.02), rotation(yaw)),
        )
        for yaw in (0.2, 1.3, 2.4)
    ]
    return merge(blades)


def stone(rng: np.random.Generator) -> Mesh:
    """A boulder of about 0.7 m, half sunk in the ground."""
    mesh = sphere((0.4, 0.35, 0.3), material="rock", rings=5, sides=8)
    bumps = 1.0 + 0.12 * np.sin(7.0 * mesh.positions_m[:, :1] + 3.0 * mesh.positions_m[:, 1:2] + rng.uniform(0, 6))
    mesh.positions_m[:] *= bumps.astype(np.float32)
    return mesh


def log(rng: np.random.Generator, season: str) -> Mesh:
    """A fallen stem, 3 m long, lying along x."""
    bark = "bark_oak" if rng.random() < 0.5 else "bark_pine"
    stem = cylinder(0.16, 3.0, top_radius_m=0.12, material=bark, sides=7)
    return transformed(stem, pose((-1.5, 0.0, 0.12), rotation(pitch_rad=0.5 * np.pi)))


def forest_meshes(rng: np.random.Generator, season: str) -> dict[str, Mesh]:
    """Return every mesh of the woods, ``VARIANTS`` of each kind of tree."""
    meshes: dict[str, Mesh] = {}
    for k in range(VARIANTS):
        meshes[f"pine_{k}"] = pine(rng, season)
        meshes[f"birch_{k}"] = broadleaf(rng, season, "bark_birch")
        meshes[f"oak_{k}"] = broadleaf(rng, season, "bark_oak")
        meshes[f"bush_{k}"] = bush(rng, season)
        meshes[f"fern_{k}"] = fern(rng, season)
        meshes[f"stone_{k}"] = stone(rng)
    meshes["log"] = log(rng, season)
    return meshes
