"""Where things grow: stems that keep their distance, undergrowth, stones and dead wood, as instances with solids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sim_worlds.forest_ground import TRAIL_FREE_M, TRAIL_HALF_WIDTH_M, Trail, heights_at
from sim_worlds.models.deadwood import LOG_LENGTH_M, LOG_RADIUS_M, STONE_RADIUS_M, STUMP_HEIGHT_M, STUMP_RADIUS_M
from sim_worlds.models.nature import VARIANTS
from sim_worlds.scene import Collider, Float3, Ground, Instance

Array = NDArray[np.float64]
TREE_GAP_M = 1.8
TRUNK_HALF_HEIGHT_M = 4.0
SUNK_M = 0.04


@dataclass(frozen=True)
class Species:
    """How a kind of tree is planted.

    Attributes:
        radius_m: of the stem at breast height, at scale 1.
        scale: smallest and largest.
        stem_half_height_m: of the solid.
        low_crown_m: radius of what grows at flying height, 0 for a bare stem.
        share: how common it is, as weight of a Dirichlet distribution.
    """

    radius_m: float
    scale: tuple[float, float]
    stem_half_height_m: float
    low_crown_m: float
    share: float


SPECIES = {
    "pine": Species(0.18, (0.8, 1.2), TRUNK_HALF_HEIGHT_M, 0.0, 1.4),
    "spruce": Species(0.19, (0.8, 1.2), TRUNK_HALF_HEIGHT_M, 0.0, 1.4),
    "birch": Species(0.12, (0.8, 1.25), TRUNK_HALF_HEIGHT_M, 0.0, 1.1),
    "oak": Species(0.24, (0.8, 1.2), TRUNK_HALF_HEIGHT_M, 0.0, 1.0),
    "beech": Species(0.20, (0.8, 1.25), TRUNK_HALF_HEIGHT_M, 0.0, 1.1),
    "sapling": Species(0.05, (0.85, 1.15), 2.1, 0.6, 0.6),
    "young spruce": Species(0.06, (0.85, 1.1), 2.1, 1.0, 0.35),
    "dead tree": Species(0.16, (0.8, 1.15), 2.3, 0.0, 0.25),
}
KINDS = tuple(SPECIES)
RADII_M = np.array([species.radius_m for species in SPECIES.values()])
LOW_CROWNS_M = np.array([species.low_crown_m for species in SPECIES.values()])


@dataclass(frozen=True)
class Stand:
    """Trees as columns of a table.

    Attributes:
        spots_m: (trees, 2).
        kinds: (trees,), indices into ``KINDS``.
        scales: (trees,).
    """

    spots_m: Array
    kinds: NDArray[np.int64]
    scales: Array

    @property
    def radii_m(self) -> Array:
        """(trees,) radii of the stems."""
        return np.asarray(RADII_M[self.kinds] * self.scales)

    @property
    def hiding_radii_m(self) -> Array:
        """(trees,) radii of what hides things behind it at flying height: stem or low crown."""
        return np.maximum(self.radii_m, LOW_CROWNS_M[self.kinds] * self.scales)

    def where(self, keep: NDArray[np.bool_]) -> Stand:
        """Return the trees that are kept."""
        return Stand(self.spots_m[keep], self.kinds[keep], self.scales[keep])


def plant(rng: np.random.Generator, density_per_m2: float, half_size_m: float, trail: Trail | None) -> Stand:
    """Return a stand of mixed trees, denser in some places than in others, none nearer to each other than the gap."""
    wanted = int(density_per_m2 * (2.0 * half_size_m) ** 2)
    mix = rng.dirichlet([species.share for species in SPECIES.values()])
    spots = rng.uniform(-half_size_m, half_size_m, (4 * wanted, 2))
    ways = 2.0 * np.pi / rng.uniform(14.0, 40.0, (3, 1)) * rng.normal(0.0, 0.7, (3, 2))
    lushness = np.sin(spots @ ways.T + rng.uniform(0.0, 6.28, 3)).sum(axis=1)
    spots = spots[np.argsort(rng.exponential(1.0, len(spots)) * np.exp(-0.35 * lushness), kind="stable")]
    if trail is not None and len(spots):
        spots = spots[trail.distance_m(spots) > TRAIL_FREE_M]
    alive = np.ones(len(spots), dtype=bool)
    pairs = cKDTree(spots).query_pairs(TREE_GAP_M, output_type="ndarray") if len(spots) else np.zeros((0, 2), int)
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if alive[first]:
            alive[second] = False
    spots = spots[alive][:wanted]
    kinds = rng.choice(len(KINDS), len(spots), p=mix)
    low, high = np.array([species.scale for species in SPECIES.values()])[kinds].T
    return Stand(spots, kinds, rng.uniform(low, high))


class Planter:
    """Collects instances and colliders that stand on the ground.

    Args:
        rng: draws kinds, sizes, turns and tones.
        ground: what everything stands on.
        half_size_m: the wood covers [-half_size, half_size]^2.
    """

    def __init__(self, rng: np.random.Generator, ground: Ground, half_size_m: float) -> None:
        self._rng = rng
        self._ground = ground
        self._half_size_m = half_size_m
        self.instances: list[Instance] = []
        self.colliders: list[Collider] = []

    def add_trees(self, stand: Stand) -> None:
        """Put every tree on the ground, with a cylinder as its solid."""
        rng, count = self._rng, len(stand.spots_m)
        heights = heights_at(self._ground, stand.spots_m)
        variants, yaws = rng.integers(0, VARIANTS, count), rng.uniform(0.0, 2.0 * np.pi, count)
        shades, stretches = rng.uniform(0.88, 1.12, count), rng.uniform(1.0, 1.12, count)
        columns = zip(stand.spots_m.tolist(), stand.kinds, stand.scales.tolist(), heights.tolist(), strict=True)
        for index, ((x, y), kind, size, z) in enumerate(columns):
            name, shade = KINDS[kind], float(shades[index])
            scale = (size, size, max(size, 0.95) * float(stretches[index]))
            position = (x, y, z - SUNK_M)
            mesh = f"{name}_{variants[index]}"
            self.instances.append(Instance(mesh, position, float(yaws[index]), scale, (shade,) * 3, "tree"))
            radius, half = SPECIES[name].radius_m * size, SPECIES[name].stem_half_height_m
            label = name if name == "dead tree" else f"{name} trunk"
            self.colliders.append(Collider("cylinder", (x, y, z + half), (radius, radius, half), label=label))

    def spots(self, per_m2: float) -> Array:
        """Draw places (n, 2) all over the wood."""
        count = int(per_m2 * (2.0 * self._half_size_m) ** 2)
        return self._rng.uniform(-self._half_size_m, self._half_size_m, (count, 2))

    def scatter(self, kind: str, spots: Array, sizes: tuple[float, float], category: str = "undergrowth") -> Array:
        """Put a thing without a solid on every spot; return the sizes."""
        rng, count = self._rng, len(spots)
        scales = rng.uniform(*sizes, count)
        variants, yaws = rng.integers(0, VARIANTS, count), rng.uniform(0.0, 2.0 * np.pi, count)
        shades, heights = rng.uniform(0.82, 1.15, count), heights_at(self._ground, spots)
        columns = (scales, variants, yaws, shades, heights)
        rows = zip(spots.tolist(), *(column.tolist() for column in columns), strict=True)
        for (x, y), size, variant, yaw, shade, z in rows:
            place: Float3 = (x, y, z)
            self.instances.append(Instance(f"{kind}_{variant}", place, yaw, (size,) * 3, (shade,) * 3, category))
        return scales

    def add_stones(self, spots: Array) -> None:
        """Put boulders, half sunk, with spheres as their solids."""
        sizes = self.scatter("stone", spots, (0.35, 1.5), "rock")
        heights = heights_at(self._ground, spots)
        for (x, y), size, z in zip(spots.tolist(), sizes.tolist(), heights.tolist(), strict=True):
            self.colliders.append(Collider("sphere", (x, y, z), (STONE_RADIUS_M * size,) * 3, label="stone"))

    def add_stumps(self, spots: Array) -> None:
        """Put stumps with cylinders as their solids."""
        sizes = self.scatter("stump", spots, (0.7, 1.2), "tree")
        heights = heights_at(self._ground, spots)
        for (x, y), size, z in zip(spots.tolist(), sizes.tolist(), heights.tolist(), strict=True):
            half, radius = 0.5 * STUMP_HEIGHT_M * size, STUMP_RADIUS_M * size
            self.colliders.append(Collider("cylinder", (x, y, z + half), (radius, radius, half), label="stump"))

    def add_logs(self, spots: Array) -> None:
        """Lay fallen stems across the slope, where they fit the ground, with boxes as their solids."""
        east, north = np.array([0.5, 0.0]), np.array([0.0, 0.5])
        rise_x = heights_at(self._ground, spots + east) - heights_at(self._ground, spots - east)
        rise_y = heights_at(self._ground, spots + north) - heights_at(self._ground, spots - north)
        yaws = np.arctan2(rise_y, rise_x) + 0.5 * np.pi + self._rng.uniform(-0.3, 0.3, len(spots))
        sizes = self._rng.uniform(0.7, 1.3, len(spots))
        heights = heights_at(self._ground, spots) - 0.08
        variants = self._rng.integers(0, VARIANTS, len(spots))
        rows = zip(spots.tolist(), yaws.tolist(), sizes.tolist(), heights.tolist(), variants.tolist(), strict=True)
        for (x, y), yaw, size, z, variant in rows:
            self.instances.append(Instance(f"log_{variant}", (x, y, z), yaw, (size,) * 3, category="tree"))
            radius = LOG_RADIUS_M * size
            half: Float3 = (0.5 * LOG_LENGTH_M * size, radius, radius)
            self.colliders.append(Collider("box", (x, y, z + radius), half, yaw, label="log"))


def off_trail(spots: Array, trail: Trail | None, gap_m: float = TRAIL_HALF_WIDTH_M) -> Array:
    """Return those of the spots (n, 2) that are not on the trail."""
    return spots if trail is None or not len(spots) else spots[trail.distance_m(spots) > gap_m]
