"""Where the backpack is and where the flight begins: one in sight of the other, both clear of stems."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from sim_worlds.forest_ground import Trail, heights_at
from sim_worlds.forest_planting import KINDS, SPECIES, TREE_GAP_M, TRUNK_HALF_HEIGHT_M, Stand
from sim_worlds.models.deadwood import PILE_SIZE_M, STUMP_HEIGHT_M, STUMP_RADIUS_M
from sim_worlds.models.nature import VARIANTS
from sim_worlds.scene import Collider, Float3, Ground, Instance, Start
from sim_worlds.targets import HangingBackpack, LyingBackpack, StillBackpack

Array = NDArray[np.float64]
BORDER_M = 3.0
START_CLEARANCE_M = 1.5
SIGHT_GAP_M = 0.12
LOWEST_PACK_M = 0.95  # above z = 0, where the safety filter's floor is 0.5 m
OVER_GROUND_M = 0.3  # the line of sight keeps so far from the ground
HANGERS = ("oak", "pine", "spruce", "beech")
REST_ON = ("stump", "block", "wood pile")


@dataclass(frozen=True)
class Plan:
    """Start and target from above.

    Attributes:
        start_m, pack_m: (2,) each.
        support_m: (2,) middle of the tree or of what the backpack lies on.
        outward_rad: bearing from the support to the backpack.
        tree: index into ``KINDS`` of the tree it hangs on; None when it lies.
        scale: of that tree.
    """

    start_m: Array
    pack_m: Array
    support_m: Array
    outward_rad: float
    tree: int | None
    scale: float


def plan_flight(
    rng: np.random.Generator,
    stand: Stand,
    distance_m: float,
    half_size_m: float,
    lying: bool,
    trail: Trail | None,
) -> tuple[Plan, Stand]:
    """Choose where the backpack is and a start that sees it; return the trees that may stay.

    Raises:
        WorldError: when the wood is too dense for a free line.
    """
    margin = half_size_m - BORDER_M
    for _ in range(600):
        plan = _draw_plan(rng, distance_m, half_size_m, lying)
        if max(np.abs(plan.start_m).max(), np.abs(plan.support_m).max()) > margin:
            continue
        if trail is not None and trail.distance_m(plan.support_m[None])[0] < START_CLEARANCE_M:
            continue
        front = plan.pack_m + 2.0 * np.array([np.cos(plan.outward_rad), np.sin(plan.outward_rad)])
        gaps = [
            np.hypot(*(stand.spots_m - spot).T) - stand.hiding_radii_m - room
            for spot, room in ((plan.support_m, TREE_GAP_M - 0.3), (plan.start_m, START_CLEARANCE_M), (front, 1.3))
        ]
        kept = stand.where(np.min(gaps, axis=0) > 0.0)
        if _sight_clearance(plan.start_m, plan.pack_m, kept) > SIGHT_GAP_M:
            return plan, kept
    raise WorldError(f"no free line of {distance_m:.1f} m to a backpack was found: lower density_per_m2 or distance_m")


def _draw_plan(rng: np.random.Generator, distance_m: float, half_size_m: float, lying: bool) -> Plan:
    yaw = float(rng.uniform(0.0, 2.0 * np.pi))
    way = np.array([np.cos(yaw), np.sin(yaw)])
    middle = rng.uniform(-0.4, 0.4, 2) * max(half_size_m - 0.5 * distance_m, 0.0)
    support = middle - 0.5 * distance_m * way
    outward = yaw + float(rng.uniform(-0.7, 0.7))
    name = HANGERS[int(rng.integers(len(HANGERS)))]
    scale = float(rng.uniform(0.85, 1.1))
    tree = None if lying else KINDS.index(name)
    off = 0.0 if lying else SPECIES[name].radius_m * scale + 0.14
    pack = support + off * np.array([np.cos(outward), np.sin(outward)])
    return Plan(pack + distance_m * way, pack, support, outward, tree, scale)


def _sight_clearance(start: Array, end: Array, stand: Stand) -> float:
    """Smallest gap between the line of sight and what hides things, in metres."""
    if not len(stand.spots_m):
        return np.inf
    return float((line_distances(start, end, stand.spots_m)[0] - stand.hiding_radii_m).min())


def line_distances(start: Array, end: Array, spots: Array) -> tuple[Array, Array]:
    """Return how far spots (n, 2) are from the line between two points, and where along it (0..1) they are nearest."""
    way = end - start
    along = np.clip((spots - start) @ way / (way @ way + 1e-12), 0.0, 1.0)
    return np.hypot(*(start + along[:, None] * way - spots).T), along


@dataclass(frozen=True)
class Hung:
    """The target with what it needs in the scene."""

    target: StillBackpack
    start: Start
    support: Instance
    collider: Collider


def place_target(rng: np.random.Generator, plan: Plan, ground: Ground) -> Hung:
    """Give start and backpack their heights above the ground, such that the ground does not come between them."""
    shade = float(rng.uniform(0.85, 1.15))
    tint: Float3 = (shade, shade * float(rng.uniform(0.8, 1.3)), shade * float(rng.uniform(0.8, 1.3)))
    floor = float(heights_at(ground, plan.pack_m[None])[0])
    draw = float(rng.uniform(0.0, 1.0))
    bearing, rise = float(rng.uniform(-0.5, 0.5)), float(rng.uniform(-0.5, 0.8))
    if plan.tree is None:
        target, support, collider = _lay(rng, plan, floor, draw, tint)
    else:
        height = float(np.clip(floor + 0.9 + 1.05 * draw, max(LOWEST_PACK_M, floor + 0.4), floor + 2.0))
        turn = plan.outward_rad + float(rng.choice([0.0, np.pi])) + float(rng.uniform(-0.35, 0.35))
        x, y = (float(value) for value in plan.pack_m)
        target = HangingBackpack((x, y, height), turn, tint, outward_rad=plan.outward_rad)
        support, collider = _tree(rng, plan)
    pack_z = float(target.position_enu_m[2])
    start_z = float(np.clip(pack_z + rise, 1.0, 2.5))
    start_z = _above_ground(plan, ground, start_z, pack_z)
    towards = float(np.arctan2(*(plan.pack_m - plan.start_m)[::-1]))
    start = Start((float(plan.start_m[0]), float(plan.start_m[1]), start_z), towards + bearing)
    foot = float(heights_at(ground, plan.support_m[None])[0])
    lifted = replace(support, position_enu_m=(*support.position_enu_m[:2], support.position_enu_m[2] + foot))
    x, y, z = collider.centre_enu_m
    return Hung(target, start, lifted, replace(collider, centre_enu_m=(x, y, z + foot)))


def _above_ground(plan: Plan, ground: Ground, start_z: float, pack_z: float) -> float:
    """Return the lowest start height of at least ``start_z`` whose view of the backpack passes over all crests."""
    share = np.linspace(0.0, 0.95, 40)
    floor = heights_at(ground, plan.start_m + share[:, None] * (plan.pack_m - plan.start_m)) + OVER_GROUND_M
    needed = (floor - share * (pack_z - 0.2)) / (1.0 - share)
    return max(start_z, min(float(needed.max()), 2.5))


def _tree(rng: np.random.Generator, plan: Plan) -> tuple[Instance, Collider]:
    assert plan.tree is not None
    name, size = KINDS[plan.tree], plan.scale
    x, y = (float(value) for value in plan.support_m)
    mesh = f"{name}_{int(rng.integers(VARIANTS))}"
    tree = Instance(mesh, (x, y, 0.0), float(rng.uniform(0, 6.28)), (size, size, 1.05), category="tree")
    radius = SPECIES[name].radius_m * size
    half = TRUNK_HALF_HEIGHT_M
    return tree, Collider("cylinder", (x, y, half), (radius, radius, half), label=f"{name} trunk")


def _lay(
    rng: np.random.Generator, plan: Plan, floor: float, draw: float, tint: Float3
) -> tuple[StillBackpack, Instance, Collider]:
    """Lay or stand the backpack on a stump, a rock or stacked wood; heights of the support count from the floor."""
    x, y = (float(value) for value in plan.support_m)
    flat = bool(rng.random() < 0.5)
    above = LyingBackpack.HALF_THICK_M if flat else LyingBackpack.HALF_TALL_M
    top = max(LOWEST_PACK_M - above + 0.02, floor + 0.55) + 0.25 * draw - floor
    kind = REST_ON[int(rng.integers(len(REST_ON)))]
    yaw = plan.outward_rad + float(rng.uniform(-0.6, 0.6))
    mesh = f"{kind}_{int(rng.integers(VARIANTS))}"
    if kind == "stump":
        scale: Float3 = (1.2, 1.2, top / STUMP_HEIGHT_M)
        radius = 1.2 * STUMP_RADIUS_M
        solid = Collider("cylinder", (x, y, 0.5 * top), (radius, radius, 0.5 * top), label="stump")
    elif kind == "block":
        scale = (1.0, 1.0, top)
        solid = Collider("cylinder", (x, y, 0.5 * top), (0.58, 0.58, 0.5 * top), label="rock")
    else:
        scale = (1.0, 1.0, top / PILE_SIZE_M[2])
        half: Float3 = (0.5 * PILE_SIZE_M[0], 0.5 * PILE_SIZE_M[1], 0.5 * top)
        yaw = plan.outward_rad + 0.5 * np.pi
        solid = Collider("box", (x, y, 0.5 * top), half, yaw, label="wood pile")
    target = LyingBackpack((x, y, floor + top + above), float(rng.uniform(0, 6.28)), tint, flat=flat)
    category = "rock" if kind == "block" else "tree"
    return target, Instance(mesh, (x, y, 0.0), yaw, scale, category=category), solid
