"""One flight for the training data: a forest of the training split, a pilot, disturbances, the expert's labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liquid_nav import __version__, load_policy
from liquid_nav.data import EpisodeMetadata, EpisodeWriter
from liquid_nav.data.writer import SCAN_REACH_M
from liquid_nav.policy.runtime import PolicyInFlight
from sim_worlds.forest_barriers import Frames
from sim_worlds.missions import FlyToTarget
from sim_worlds.placement import gaps_m
from sim_worlds.scene import Collider, Renderer, Start
from sim_worlds.world import World, make_world
from training.disturbance import Disturbance, Headwind
from training.expert import Expert
from training.origin import OPTIONS, options_text
from training.settings import CollectSettings, config_hash

Array = NDArray[np.float64]
SCAN_RAYS = 64
EASY_CLEARANCE_M = 0.5
BLOCKING_M = 1.2
WALL_HALF_LENGTH_M = 1.2
BROAD_M, ASIDE_M = 0.28, 0.6
GRAZING_M, BESIDE_BACK_M, BESIDE_FREE_M = (0.35, 0.75), (0.1, 1.8), 0.33  # beside what is passed, and before its middle
BORDER_M = 2.0
OPEN_DENSITIES_PER_M2 = (0.0005, 0.012)
OVER_TARGET_M, FAR_OVER_TARGET_M = (-0.6, 0.9), (-1.6, 1.4)  # the second puts a near target out of the image


@dataclass(frozen=True)
class Flight:
    """One flight to make: everything a worker needs to know.

    Attributes:
        seed: of the world.
        draw: of everything random in the flight.
        path: of the episode.
        policy: folder of the policy that flies, None for the expert.
    """

    seed: int
    draw: int
    path: Path
    policy: Path | None


def fly_and_record(settings: CollectSettings, flight: Flight, renderer: Renderer) -> tuple[int, bool]:
    """Grow the forest, fly and write the episode; return its number of steps and whether it ended in a collision."""
    rng = np.random.default_rng([flight.draw, 0xE1])
    options = _draw_options(settings, rng)
    world = make_world(settings.world, flight.seed, renderer=renderer, **options)
    kind, hidden = rng.random(), False
    if kind < settings.near_share:
        world.restart_at(_near_start(world, rng))
    elif kind < settings.near_share + settings.blocked_share:
        corner = ("barriers" in options or "frames" in options) and rng.random() < 0.6
        world.restart_at(_corner_start(world, rng) if corner else _blocked_start(world, rng))
    elif kind < settings.near_share + settings.blocked_share + settings.hidden_share:
        world.restart_at(_hidden_start(world, rng))
        hidden = True
    elif kind < settings.near_share + settings.blocked_share + settings.hidden_share + settings.beside_share:
        world.restart_at(_beside_start(world, rng))
    metadata = EpisodeMetadata(
        world=settings.world,
        seed=flight.seed,
        season=str(options["season"]),
        config_hash=config_hash(settings),
        software=__version__,
        pilot="expert" if flight.policy is None else flight.policy.name,
        horizontal_fov_rad=world.horizontal_fov_rad,
        extra={OPTIONS: options_text(options)},
    )
    try:
        return _fly(world, settings, flight, metadata, oblique_wind=hidden)
    finally:
        world.close()


def _draw_options(settings: CollectSettings, rng: np.random.Generator) -> dict[str, Any]:
    """Draw what the world's own seed does not: season, decoys, walls, clutter and clearings."""
    options: dict[str, Any] = {"season": str(rng.choice(settings.seasons))}
    if rng.random() < settings.decoy_share:
        options["decoys"] = True
    if rng.random() < settings.barrier_share:
        options["barriers"] = True
    if rng.random() < settings.clutter_share:
        options["clutter"] = True
    if settings.frame_share > 0.0 and rng.random() < settings.frame_share:
        options["frames"] = True
    if rng.random() < settings.open_share:
        options["density_per_m2"] = float(rng.uniform(*OPEN_DENSITIES_PER_M2))
    return options


def _fly(
    world: World, settings: CollectSettings, flight: Flight, metadata: EpisodeMetadata, *, oblique_wind: bool
) -> tuple[int, bool]:
    rng = np.random.default_rng([flight.draw, 0xE0])
    expert, mission = Expert(world), FlyToTarget(world)
    strength = float(rng.uniform(0.3, 1.3)) if rng.random() < settings.noise_share else 0.0
    disturbance = Disturbance(rng, strength)
    windy = settings.headwind_share > 0.0 and rng.random() < settings.headwind_share
    wind = Headwind(rng, oblique=oblique_wind) if windy else None
    pilot = None if flight.policy is None else PolicyInFlight(load_policy(flight.policy))
    period_s, end_s = 1.0 / settings.camera_hz, settings.max_s
    half_view = 0.5 * world.horizontal_fov_rad
    angles = np.linspace(-half_view, half_view, SCAN_RAYS)
    with EpisodeWriter(flight.path, metadata) as writer:
        while world.time_s < end_s and world.collision is None:
            frame, label = world.camera_frame(), expert.command()
            wanted = label
            if pilot is not None:
                wanted = pilot.look(frame.rgb, frame.stamp_s)
            brave = courage(expert, world)
            flown = disturbance.apply(wanted, period_s, brave)
            if wind is not None:
                flown = wind.apply(flown, period_s, brave)
            ranges = world.obstacle_ranges_m(angles, SCAN_REACH_M)
            target = world.target.position_enu_m
            writer.write_step(frame, world.odometry, flown, label, target, world.target_mask, ranges)
            world.step(flown, period_s)
            was_done = mission.done
            mission.update(world)
            if mission.done and not was_done:
                end_s = min(end_s, world.time_s + settings.tail_s)
        return writer.steps, world.collision is not None


def courage(expert: Expert, world: World) -> float:
    """Disturb less where trunks or the ground are near: 0 at 0.4 m, 1 from 1.2 m on."""
    x, y, z = (float(value) for value in world.odometry.position_enu_m)
    clearance = min(expert.clearance_m(world.odometry.position_enu_m), z - world.scene.ground_height_m(x, y))
    return float(np.clip((clearance - 0.4) / 0.8, 0.0, 1.0))


def _near_start(world: World, rng: np.random.Generator) -> Start:
    """Draw a start close to the target, on its free side and clear of solids, looking anywhere."""
    target = world.target.position_enu_m
    away = np.array(world.start.position_enu_m[:2]) - target[:2]
    for _ in range(20):
        direction = float(np.arctan2(away[1], away[0]) + rng.uniform(-0.6, 0.6))
        spot = target[:2] + float(rng.uniform(1.3, 5.0)) * np.array([np.cos(direction), np.sin(direction)])
        if _is_free(world, spot):
            bearing_rad = float(rng.uniform(-1.0, 1.0)) * float(rng.choice([0.5, 1.0, 2.6]))
            over_m = OVER_TARGET_M if rng.random() < 0.5 else FAR_OVER_TARGET_M
            return _start_at(world, rng, spot, bearing_rad, over_m)
    return world.start


def _blocked_start(world: World, rng: np.random.Generator) -> Start:
    """Draw a start with a solid between the vehicle and the target, close enough to be flown into."""
    target = world.target.position_enu_m[:2]
    solids = [c for c in world.scene.colliders if _is_in_the_way(world, c)]
    for index in rng.permutation(len(solids))[:60]:
        solid = solids[index]
        middle, outward, aside, distance = _seen_from(target, solid)
        if not 1.0 < distance < 16.0:
            continue
        across = float(rng.uniform(-0.5, 0.5)) * aside
        spot = middle + outward * (min(solid.size_m[:2]) + float(rng.uniform(1.0, 3.5))) + across
        if _has_room(world, spot):
            return _start_at(world, rng, spot, float(rng.uniform(-0.4, 0.4)))
    return world.start


def _hidden_start(world: World, rng: np.random.Generator) -> Start:
    """Draw a start a few metres before something broad that hides the target, or that a step aside puts before it."""
    target = world.target.position_enu_m[:2]
    broad = [c for c in world.scene.colliders if min(c.size_m[:2]) > BROAD_M and _is_in_the_way(world, c)]
    for index in rng.permutation(len(broad)):
        radius = max(broad[index].size_m[:2])
        middle, outward, aside, distance = _seen_from(target, broad[index])
        if not radius + 0.8 < distance < 9.0:
            continue
        across = float(rng.uniform(-1.0, 1.0)) * (radius + ASIDE_M) * aside
        spot = middle + outward * (radius + float(rng.uniform(0.8, 3.0))) + across
        if _has_room(world, spot):
            return _start_at(world, rng, spot, float(rng.uniform(-0.4, 0.4)))
    return _blocked_start(world, rng)


def _beside_start(world: World, rng: np.random.Generator) -> Start:
    """Draw a start close beside something that the straight way to the target passes too near, as inside of a bend."""
    target = world.target.position_enu_m[:2]
    solids = [c for c in world.scene.colliders if _is_in_the_way(world, c)]
    broad = [min(c.size_m[:2]) > BROAD_M for c in solids]
    order = sorted(rng.permutation(len(solids)), key=lambda index: not broad[index])
    for index in order[:60]:
        radius = max(solids[index].size_m[:2])
        middle, outward, aside, distance = _seen_from(target, solids[index])
        if not radius + 1.5 < distance < 10.0:
            continue
        side, back_m = float(rng.choice([-1.0, 1.0])), float(rng.uniform(*BESIDE_BACK_M))
        spot = middle + back_m * outward + side * (radius + float(rng.uniform(*GRAZING_M))) * aside
        if _has_room(world, spot, BESIDE_FREE_M):
            return _start_at(world, rng, spot, float(rng.uniform(-0.5, 0.5)))
    return _blocked_start(world, rng)


def _seen_from(target: Array, solid: Collider) -> tuple[Array, Array, Array, float]:
    """Return a solid's middle, the ways past it away from a target and across, all (2,), and how far it is from it."""
    middle = np.array(solid.centre_enu_m[:2])
    distance = float(np.hypot(*(middle - target)))
    outward = (middle - target) / distance
    return middle, outward, np.array([-outward[1], outward[0]]), distance


def _is_in_the_way(world: World, solid: Collider) -> bool:
    """True for what stands on the ground as high as vehicles fly and is no wall."""
    x, y, z = solid.centre_enu_m
    ground = world.scene.ground_height_m(x, y)
    wide = solid.shape == "box" and max(solid.size_m[:2]) > WALL_HALF_LENGTH_M
    return not wide and z - solid.size_m[2] < ground + 0.3 and z + solid.size_m[2] > ground + BLOCKING_M


def _corner_start(world: World, rng: np.random.Generator) -> Start:
    """Draw a start that sees the target past the corner of a wall, or just not yet, or through an open frame."""
    target = world.target.position_enu_m[:2]
    walls = [c for c in world.scene.colliders if c.shape == "box" and max(c.size_m[:2]) > WALL_HALF_LENGTH_M]
    corners = [(wall, a, b) for wall in walls for a in (-1.0, 1.0) for b in (-1.0, 1.0)]
    for index in rng.permutation(len(corners)):
        wall, a, b = corners[index]
        cos, sin = np.cos(wall.yaw_rad), np.sin(wall.yaw_rad)
        arm = np.array([[cos, -sin], [sin, cos]]) @ np.array([a * wall.size_m[0], b * wall.size_m[1]])
        way = np.array(wall.centre_enu_m[:2]) + arm - target
        distance = float(np.hypot(*way))
        aside = np.array([-way[1], way[0]]) / distance
        if not 3.0 < distance < 16.0 or abs(float(arm @ aside)) < 0.8 * np.hypot(*arm):
            continue  # not a corner whose wall stands beside the line from the target
        behind = 0.8 * abs(float(arm @ aside)) if wall.label in Frames.kinds else 0.3
        graze = target + way + np.sign(float(arm @ aside)) * float(rng.uniform(-behind, 0.6)) * aside
        back = float(rng.uniform(0.8, 4.0))
        spot = target + (graze - target) * (1.0 + back / distance)
        if _has_room(world, spot):
            return _start_at(world, rng, spot, float(rng.uniform(-0.4, 0.4)))
    return _blocked_start(world, rng)


def _is_free(world: World, spot: Array, room_m: float = EASY_CLEARANCE_M) -> bool:
    """True when no solid is nearer than that to a point (2,)."""
    return bool(gaps_m(spot[None], world.scene.colliders)[0] > room_m)


def _has_room(world: World, spot: Array, room_m: float = EASY_CLEARANCE_M) -> bool:
    """True for a free point (2,) that is not at the border."""
    return bool(np.abs(spot).max() < world.scene.half_size_m - BORDER_M) and _is_free(world, spot, room_m)


def _start_at(
    world: World,
    rng: np.random.Generator,
    spot: Array,
    bearing_rad: float,
    over_target_m: tuple[float, float] = OVER_TARGET_M,
) -> Start:
    """Return a start at a point (2,), so much higher than the target, which it sees ``bearing_rad`` off the nose."""
    target = world.target.position_enu_m
    ground = world.scene.ground_height_m(float(spot[0]), float(spot[1]))
    height = float(np.clip(target[2] + rng.uniform(*over_target_m), ground + 0.8, ground + 3.0))
    towards = float(np.arctan2(*(target[:2] - spot)[::-1]))
    return Start((float(spot[0]), float(spot[1]), height), towards - bearing_rad)
