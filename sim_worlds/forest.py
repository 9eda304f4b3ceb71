"""Woods from a seed: pines, birches and oaks with undergrowth, and a red backpack hung on one of the trees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from sim_worlds.mesh_tools import quad
from sim_worlds.models.backpack import backpack_mesh, hook_mesh
from sim_worlds.models.nature import VARIANTS, forest_meshes
from sim_worlds.models.vehicle import vehicle_meshes
from sim_worlds.scene import Collider, Instance, Mesh, Scene, Setting, Start
from sim_worlds.targets import HangingBackpack
from sim_worlds.weather import check_weather, draw_atmosphere

TRUNK_RADIUS_M = {"pine": 0.18, "spruce": 0.19, "birch": 0.12, "oak": 0.24, "beech": 0.2}
TREE_GAP_M = 1.7
START_CLEARANCE_M = 1.5
GROUND_MATERIALS = {
    "summer": "forest_floor",
    "autumn": "leaf_litter",
    "winter": "forest_snow",
    "spring": "forest_moss",
}


@dataclass(frozen=True)
class _Tree:
    x: float
    y: float
    kind: str
    scale: float

    @property
    def radius_m(self) -> float:
        return TRUNK_RADIUS_M[self.kind] * self.scale


def make_forest(
    seed: int,
    *,
    season: str = "summer",
    hour: float | None = None,
    sky: str | None = None,
    density_per_m2: float | None = None,
    half_size_m: float = 35.0,
    distance_m: float | None = None,
) -> Setting:
    """Grow a forest.

    Args:
        seed: the same seed grows the same forest.
        season, hour, sky: see :func:`sim_worlds.weather.draw_atmosphere`.
        density_per_m2: trees per square metre, drawn from 0.02..0.05 when None.
        half_size_m: the wood covers [-half_size, half_size]^2.
        distance_m: distance from the start to the backpack, drawn from 6..18 m when None.

    Raises:
        WorldError: for an unknown season or numbers outside their ranges.
    """
    check_weather(season, hour, sky)
    if density_per_m2 is not None and not 0.0 <= density_per_m2 <= 0.12:
        raise WorldError(f"density_per_m2 is {density_per_m2}: use 0 to 0.12 trees per square metre")
    if distance_m is not None and not 3.0 <= distance_m <= 1.2 * half_size_m:
        raise WorldError(f"distance_m is {distance_m}: use 3 to {1.2 * half_size_m:.0f} m in a world of this size")
    rng = np.random.default_rng([seed, 0xF0])
    density = float(rng.uniform(0.02, 0.05)) if density_per_m2 is None else density_per_m2
    distance = float(rng.uniform(6.0, 18.0)) if distance_m is None else distance_m
    trees = _plant(rng, density, half_size_m, season)
    target, start, trees = _place_target(rng, trees, distance, half_size_m)
    instances, colliders = _grow(rng, trees, half_size_m, start)
    meshes: dict[str, Mesh] = {
        **forest_meshes(rng, season),
        **vehicle_meshes(),
        "backpack": backpack_mesh(),
        "hook": hook_mesh(),
        "ground": _ground(half_size_m + 25.0, season),
    }
    instances.append(Instance("ground", (0.0, 0.0, 0.0), category="ground"))
    scene = Scene(
        name="forest",
        seed=seed,
        half_size_m=half_size_m,
        ceiling_m=15.0,
        meshes=meshes,
        instances=tuple(instances),
        colliders=tuple(colliders),
        atmosphere=draw_atmosphere(rng, season, hour=hour, sky=sky),
        options={"season": season, "density_per_m2": density, "distance_m": distance},
    )
    return Setting(scene, target, start)


def _plant(rng: np.random.Generator, density: float, half_size: float, season: str) -> list[_Tree]:
    mix = rng.dirichlet([1.0] * 5)
    wanted = int(density * (2.0 * half_size) ** 2)
    spots: list[_Tree] = []
    taken = np.empty((0, 2))
    for _ in range(8 * wanted):
        if len(spots) >= wanted:
            break
        spot = rng.uniform(-half_size, half_size, 2)
        if len(taken) and np.hypot(*(taken - spot).T).min() < TREE_GAP_M:
            continue
        kind = str(rng.choice(tuple(TRUNK_RADIUS_M), p=mix))
        spots.append(_Tree(float(spot[0]), float(spot[1]), kind, float(rng.uniform(0.75, 1.25))))
        taken = np.vstack([taken, spot])
    return spots


def _place_target(
    rng: np.random.Generator, trees: list[_Tree], distance: float, half_size: float
) -> tuple[HangingBackpack, Start, list[_Tree]]:
    """Hang the backpack on a tree near the middle, and choose a start that sees it."""
    margin = half_size - 3.0
    for _ in range(400):
        yaw = float(rng.uniform(0, 2 * np.pi))
        hang_at = rng.uniform(-0.45, 0.45, 2) * half_size
        start_at = hang_at + distance * np.array([np.cos(yaw), np.sin(yaw)])
        if np.abs(start_at).max() > margin:
            continue
        facing = yaw + float(rng.uniform(-0.7, 0.7))
        tree = _Tree(float(hang_at[0]), float(hang_at[1]), "oak", float(rng.uniform(0.8, 1.1)))
        outward = np.array([np.cos(facing), np.sin(facing)])
        pack_at = hang_at + outward * (tree.radius_m + 0.14)
        kept = [other for other in trees if np.hypot(other.x - tree.x, other.y - tree.y) > TREE_GAP_M]
        kept = [t for t in kept if np.hypot(t.x - start_at[0], t.y - start_at[1]) > START_CLEARANCE_M]
        kept = [t for t in kept if np.hypot(*(pack_at + 2.0 * outward - (t.x, t.y))) > START_CLEARANCE_M]
        if _sight_clearance(start_at, pack_at, kept) < 0.1:
            continue
        height = float(rng.uniform(1.0, 2.0))
        turn = facing + float(rng.choice([0.0, np.pi])) + float(rng.uniform(-0.35, 0.35))
        shade = float(rng.uniform(0.85, 1.15))
        tint = (shade, shade * float(rng.uniform(0.8, 1.3)), shade * float(rng.uniform(0.8, 1.3)))
        target = HangingBackpack((float(pack_at[0]), float(pack_at[1]), height), turn, tint)
        towards = float(np.arctan2(*(pack_at - start_at)[::-1]))
        start_z = float(np.clip(height + rng.uniform(-0.5, 0.8), 1.0, 2.5))
        bearing = float(rng.uniform(-0.5, 0.5))
        start = Start((float(start_at[0]), float(start_at[1]), start_z), towards + bearing)
        return target, start, [*kept, tree]
    raise WorldError(f"no free line of {distance:.1f} m to a backpack was found: lower density_per_m2 or distance_m")


def _sight_clearance(start: NDArray[np.float64], end: NDArray[np.float64], trees: list[_Tree]) -> float:
    """Smallest gap between the line of sight and a trunk, in metres."""
    if not trees:
        return np.inf
    spots = np.array([(tree.x, tree.y) for tree in trees])
    radii = np.array([tree.radius_m for tree in trees])
    way = end - start
    along = np.clip((spots - start) @ way / (way @ way), 0.0, 1.0)
    gaps = np.hypot(*(start + along[:, None] * way - spots).T) - radii
    return float(gaps.min())


def _grow(
    rng: np.random.Generator, trees: list[_Tree], half_size: float, start: Start
) -> tuple[list[Instance], list[Collider]]:
    instances: list[Instance] = []
    colliders: list[Collider] = []
    for tree in trees:
        mesh = f"{tree.kind}_{int(rng.integers(VARIANTS))}"
        shade = float(rng.uniform(0.85, 1.15))
        scale = (tree.scale, tree.scale, tree.scale * float(rng.uniform(0.9, 1.15)))
        instances.append(
            Instance(mesh, (tree.x, tree.y, 0.0), float(rng.uniform(0, 6.28)), scale, (shade,) * 3, "tree")
        )
        colliders.append(
            Collider("cylinder", (tree.x, tree.y, 4.0), (tree.radius_m, tree.radius_m, 4.0), label=f"{tree.kind} trunk")
        )
    area = (2.0 * half_size) ** 2
    for kind, per_m2, low, high in (("fern", 0.18, 0.6, 1.5), ("bush", 0.025, 0.6, 1.1), ("stone", 0.008, 0.5, 1.2)):
        for _ in range(int(area * per_m2)):
            x, y = (float(v) for v in rng.uniform(-half_size, half_size, 2))
            size = float(rng.uniform(low, high))
            if np.hypot(x - start.position_enu_m[0], y - start.position_enu_m[1]) < 1.0:
                continue
            name = f"{kind}_{int(rng.integers(VARIANTS))}"
            category = "rock" if kind == "stone" else "undergrowth"
            shade = float(rng.uniform(0.8, 1.2))
            instances.append(
                Instance(name, (x, y, 0.0), float(rng.uniform(0, 6.28)), (size,) * 3, (shade,) * 3, category)
            )
            if category == "rock":
                colliders.append(Collider("sphere", (x, y, 0.0), (0.34 * size,) * 3, label="stone"))
    for _ in range(int(area * 0.003)):
        x, y = (float(v) for v in rng.uniform(-half_size, half_size, 2))
        instances.append(Instance("log_0", (x, y, 0.0), float(rng.uniform(0, 6.28)), category="tree"))
    return instances, colliders


def _ground(reach_m: float, season: str) -> Mesh:
    corners = [(-reach_m, -reach_m, 0.0), (reach_m, -reach_m, 0.0), (reach_m, reach_m, 0.0), (-reach_m, reach_m, 0.0)]
    material = GROUND_MATERIALS[season]
    return quad(corners, material=material, uv_size=(reach_m / 2.0, reach_m / 2.0))
