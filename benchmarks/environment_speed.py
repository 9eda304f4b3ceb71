"""Steps per second of our environment against the vision environment of gym-pybullet-drones, one process each.

``python benchmarks/environment_speed.py`` measures the environments whose packages are installed. Each step makes one
picture of 256x144 and flies for 1/20 s (ours) or 1/24 s (theirs, whose picture rate is fixed) in 10 to 12 physics
ticks. Theirs stands among 200 trees of two plain solids each, of the places of our forest; shadows are left on, as
it has them. CPU seconds are those of this process; with ``LP_NUM_THREADS=0`` drawing takes no thread of its own.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import gymnasium
import numpy as np
from rich.console import Console
from rich.table import Table

import sim_worlds  # noqa: F401
from liquid_nav.types import VelocityCommand
from sim_worlds.bullet import pybullet
from sim_worlds.catalogue import make_setting
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.world import World, make_world

SEED = 3
WIDTH_PX, HEIGHT_PX = 256, 144
TREES = 200
WARM_UP, STEPS, PHYSICS_STEPS = 10, 150, 600
TRUNK_M, TRUNK_HALF_M, CROWN_M = 0.2, 3.0, 1.5
PEER_HZ = 24  # gym-pybullet-drones takes 24 pictures per second, whatever the control rate


def steps_per_second(step: Callable[[], None], count: int) -> tuple[float, float]:
    """Return steps per second of wall time and of CPU time."""
    for _ in range(WARM_UP):
        step()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        step()
    return count / (time.perf_counter() - wall), count / (time.process_time() - cpu)


def ours(world: str, mission: str) -> tuple[float, float]:
    """Our environment with its renderer, hovering."""
    env = gymnasium.make(f"LiquidNav/{mission}-v0", world=world, render_size=(WIDTH_PX, HEIGHT_PX)).unwrapped
    env.reset(seed=0, options={"world_seed": SEED})
    rates = steps_per_second(lambda: env.step(np.zeros(4, np.float32)), STEPS)
    env.close()
    return rates


def physics_alone(name: str, backend: str = "bullet") -> tuple[float, float]:
    """``World.step`` of 1/20 s without pictures, hovering among everything solid."""
    world: World = make_world(name, SEED, renderer=BlindRenderer(), backend=backend)
    rates = steps_per_second(lambda: world.step(VelocityCommand(), 0.05), PHYSICS_STEPS)
    world.close()
    return rates


def peer() -> tuple[float, float]:
    """HoverAviary with pictures, at the size of ours and among as many trees."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from gym_pybullet_drones.envs.HoverAviary import HoverAviary
        from gym_pybullet_drones.utils.enums import ActionType, ObservationType

        env = HoverAviary(obs=ObservationType.RGB, act=ActionType.VEL, ctrl_freq=PEER_HZ)
        env.IMG_RES = np.array([WIDTH_PX, HEIGHT_PX])
        env.rgb = np.zeros((1, HEIGHT_PX, WIDTH_PX, 4))
        env.dep, env.seg = (np.zeros((1, HEIGHT_PX, WIDTH_PX)) for _ in range(2))
        env.reset(seed=0)
        _plant_trees(env)
        rates = steps_per_second(lambda: env.step(np.zeros((1, 4))), STEPS)
        env.close()
    return rates


def _plant_trees(env: Any) -> None:
    """Put trunks and crowns where our forest has trees, as seen from its start."""
    client = env.getPyBulletClient()
    trunk = {"radius": TRUNK_M, "physicsClientId": client}
    solid = pybullet.createCollisionShape(pybullet.GEOM_CYLINDER, height=2.0 * TRUNK_HALF_M, **trunk)
    bark = pybullet.createVisualShape(
        pybullet.GEOM_CYLINDER, length=2.0 * TRUNK_HALF_M, rgbaColor=(0.4, 0.3, 0.2, 1.0), **trunk
    )
    crown = pybullet.createVisualShape(
        pybullet.GEOM_SPHERE, radius=CROWN_M, rgbaColor=(0.2, 0.45, 0.2, 1.0), physicsClientId=client
    )
    setting = make_setting("forest", SEED)
    trunks = [item for item in setting.scene.colliders if item.label.endswith("trunk")][:TREES]
    cos, sin = np.cos(setting.start.yaw_rad), np.sin(setting.start.yaw_rad)
    for item in trunks:
        dx, dy = np.array(item.centre_enu_m[:2]) - setting.start.position_enu_m[:2]
        place = (cos * dx + sin * dy, cos * dy - sin * dx)
        for visual, collision, height in ((bark, solid, TRUNK_HALF_M), (crown, -1, 2.0 * TRUNK_HALF_M)):
            pybullet.createMultiBody(0.0, collision, visual, (*place, height), physicsClientId=client)


def main() -> None:
    """Print a table."""
    console = Console(width=110)
    table = Table("environment", "steps/s", "steps per CPU s", "real time x")
    rows: dict[str, tuple[Callable[[], tuple[float, float]], float]] = {
        "LiquidNav/FlyToTarget-v0, forest": (lambda: ours("forest", "FlyToTarget"), 20.0),
        "LiquidNav/FollowTarget-v0, city": (lambda: ours("city", "FollowTarget"), 20.0),
        "physics alone, forest": (lambda: physics_alone("forest"), 20.0),
        "physics alone, city": (lambda: physics_alone("city"), 20.0),
    }
    if importlib.util.find_spec("gym_pybullet_drones"):
        rows["gym-pybullet-drones HoverAviary, pictures"] = (peer, float(PEER_HZ))
        rows["physics alone, forest, backend aviary"] = (lambda: physics_alone("forest", "aviary"), 20.0)
    else:
        console.print("gym-pybullet-drones is not installed: ours alone; docs/dynamics.md says how to add it")
    for name, (measure, hertz) in rows.items():
        wall, cpu = measure()
        table.add_row(name, f"{wall:.0f}", f"{cpu:.0f}", f"{wall / hertz:.1f}")
    console.print(f"{WIDTH_PX}x{HEIGHT_PX} pixels, one process, {TREES} trees for the peer")
    console.print(table)


if __name__ == "__main__":
    main()
