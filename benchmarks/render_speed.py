"""Frames per second, reset time and memory of the renderer, against PyBullet's own on the same content.

``python benchmarks/render_speed.py [--json]``: one process, one thread, 256 x 144 pixels.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.table import Table

from liquid_nav.types import VelocityCommand
from sim_worlds.catalogue import WORLDS, make_setting
from sim_worlds.render import make_renderer
from sim_worlds.render.projection import look_at
from sim_worlds.render.tiny import TinyRenderer
from sim_worlds.scene import CameraView, Renderer, Setting
from sim_worlds.world import make_world

SEED = 1_000_011
WIDTH_PX, HEIGHT_PX, FOV_RAD = 256, 144, 1.396
VIEWS, PEER_VIEWS, ROUNDS = 30, 6, 3
HALF_SIZE_M = 35.0
DENSE_PER_M2 = 0.12
TREE_COUNTS = (50, 200, 800)
STEP_S, STEPS = 0.05, 40
MEANINGS = f"""
frames/s        images per second of wall time, {VIEWS} views in all directions from the start, best of {ROUNDS} rounds
per CPU s       the same per second of CPU time of all threads: what counts on a machine that does other work too
PyBullet        images per CPU second by PyBullet's TinyRenderer: the same triangles from the same places, but in up to
                four flat colours a mesh, without the textures, cut-out leaves, fog, sky and shadows that ours has
ratio           ours by PyBullet's, per CPU second
reset CPU s     to make the next world of another seed, load it and draw one image; mean of {ROUNDS} seeds
peak MB         largest resident set of a fresh process that flies 10 steps in the world (VmHWM), its Python included
trees           so many in a forest at least {2 * HALF_SIZE_M:.0f} m wide, at most {DENSE_PER_M2} per m2;
                a step flies {STEP_S} s and draws an image
"""
HOVER = VelocityCommand(0.0, 0.0, 0.0, 0.2)


def views(setting: Setting) -> list[CameraView]:
    """Return views from around the start, at its height, in all directions."""
    rng = np.random.default_rng(7)
    made = []
    for _ in range(VIEWS):
        eye = np.array(setting.start.position_enu_m) + np.array([*rng.uniform(-1.5, 1.5, 2), 0.0])
        yaw = float(rng.uniform(0.0, 2.0 * np.pi))
        ahead = eye + np.array([np.cos(yaw), np.sin(yaw), -0.05])
        made.append(look_at(eye, ahead, width_px=WIDTH_PX, height_px=HEIGHT_PX, horizontal_fov_rad=FOV_RAD))
    return made


def seconds(run: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the least wall and CPU time of some rounds."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def frames_per_second(renderer: Renderer, setting: Setting, count: int, rounds: int = ROUNDS) -> tuple[float, float]:
    """Return frames per second of wall time and of CPU time."""
    chosen = views(setting)[:count]
    moving = [item for each in (setting.target, *setting.actors) for item in each.dynamic_instances()]
    renderer.render(chosen[0], moving)
    wall, cpu = seconds(lambda: [renderer.render(view, moving) for view in chosen], rounds)
    return count / wall, count / cpu


def measure_world(name: str, options: dict[str, Any], renderer: Renderer, peer: TinyRenderer) -> dict[str, float]:
    """Return speed, ratio to PyBullet's renderer and reset time of one world."""
    setting = make_setting(name, SEED, **options)
    renderer.load(setting.scene)
    wall, cpu = frames_per_second(renderer, setting, VIEWS)

    first = views(setting)[0]
    before = time.process_time()
    for seed in range(SEED + 1, SEED + 1 + ROUNDS):
        renderer.load(make_setting(name, seed, **options).scene)
        renderer.render(first)
    reset_s = (time.process_time() - before) / ROUNDS
    peer.load(setting.scene)
    peer_cpu = frames_per_second(peer, setting, PEER_VIEWS, rounds=1)[1]
    return {
        "frames_per_s": wall,
        "frames_per_cpu_s": cpu,
        "pybullet_frames_per_cpu_s": peer_cpu,
        "ratio": cpu / peer_cpu,
        "reset_cpu_s": reset_s,
        "peak_memory_mb": peak_memory_mb(name, options),
    }


def peak_memory_mb(name: str, options: dict[str, Any]) -> float:
    """Return the largest resident set of a fresh process that flies in one world."""
    command = [sys.executable, __file__, "--memory-of", json.dumps([name, options])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def report_memory(what: str) -> None:
    """Fly a moment in one world and print the peak of this process's resident set in MB."""
    name, options = json.loads(what)
    world = make_world(name, SEED, **options)
    for _ in range(10):
        world.step(HOVER, STEP_S)
        world.camera_frame()
    # Not getrusage(): its peak is handed down from the process that started this one.
    status = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    print(int(status.split()[0]) / 1024.0)


def measure_trees(count: int, renderer: Renderer) -> dict[str, float]:
    """Return frames, and steps with an image at 20 Hz, per CPU second in a wood of so many trees."""
    half_size_m = max(HALF_SIZE_M, 0.5 * float(np.sqrt(count / DENSE_PER_M2)))
    options = {"density_per_m2": count / (2.0 * half_size_m) ** 2, "half_size_m": half_size_m}
    setting = make_setting("forest", SEED, **options)
    renderer.load(setting.scene)
    frames = frames_per_second(renderer, setting, VIEWS)[1]
    world = make_world("forest", SEED, renderer=renderer, **options)

    def fly() -> None:
        for _ in range(STEPS):
            world.step(HOVER, STEP_S)
            world.camera_frame()

    steps = STEPS / seconds(fly, rounds=2)[1]
    world.close()
    return {"frames_per_cpu_s": frames, "steps_per_cpu_s": steps}


def main() -> None:
    """Print tables, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.memory_of:
        report_memory(arguments.memory_of)
        return
    renderer, peer = make_renderer("auto"), TinyRenderer(everything=True)
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        "dense forest": ("forest", {"density_per_m2": DENSE_PER_M2, "half_size_m": HALF_SIZE_M})
    }
    cases |= {name: (name, {}) for name in WORLDS}
    worlds = {label: measure_world(name, options, renderer, peer) for label, (name, options) in cases.items()}
    trees = {count: measure_trees(count, renderer) for count in TREE_COUNTS}
    if arguments.json:
        print(json.dumps({"renderer": renderer.name, "worlds": worlds, "trees": trees}, indent=2))
    else:
        _print_tables(renderer.name, worlds, trees)


def _print_tables(name: str, worlds: dict[str, dict[str, float]], trees: dict[int, dict[str, float]]) -> None:
    console = Console()
    console.print(f"renderer {name}, {WIDTH_PX} x {HEIGHT_PX} pixels, one process, one thread")
    console.print(MEANINGS, soft_wrap=True)
    table = Table("world", "frames/s", "per CPU s", "PyBullet", "ratio", "reset CPU s", "peak MB")
    for world, found in worlds.items():
        table.add_row(
            world,
            f"{found['frames_per_s']:.0f}",
            f"{found['frames_per_cpu_s']:.0f}",
            f"{found['pybullet_frames_per_cpu_s']:.1f}",
            f"{found['ratio']:.1f}",
            f"{found['reset_cpu_s']:.2f}",
            f"{found['peak_memory_mb']:.0f}",
        )
    console.print(table)
    growth = Table("trees", "frames per CPU s", "steps at 20 Hz with image, per CPU s")
    for count, found in trees.items():
        growth.add_row(str(count), f"{found['frames_per_cpu_s']:.0f}", f"{found['steps_per_cpu_s']:.0f}")
    console.print(growth)


if __name__ == "__main__":
    main()
