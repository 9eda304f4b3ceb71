"""Same seed, same options, same commands: the same flight to the last bit, in any process."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from liquid_nav.types import VelocityCommand
from sim_worlds.camera import named_camera
from sim_worlds.catalogue import WORLDS
from sim_worlds.conditions import named_conditions
from sim_worlds.render import make_renderer
from sim_worlds.scene import Renderer
from sim_worlds.world import make_world

SIZE_PX = (128, 72)
SEED = 31
STEPS, PERIOD_S = 20, 0.1
Flight = tuple[list[tuple[float, ...]], list[str]]


def fly(name: str, seed: int, drawing: Renderer, camera: str = "clean", conditions: str = "calm") -> Flight:
    """Fly 2 s by fixed commands; return exact states and digests of every image as it was received."""
    world = make_world(
        name,
        seed,
        renderer=drawing,
        camera=named_camera(camera, SIZE_PX),
        conditions=named_conditions(conditions),
    )
    states, digests = [], []
    for step in range(STEPS):
        world.step(VelocityCommand(0.8, 0.2 * np.sin(step), 0.2, 0.3), PERIOD_S)
        odometry = world.odometry
        states.append(
            tuple(
                float(value)
                for part in (
                    odometry.position_enu_m,
                    odometry.velocity_enu_m_s,
                    odometry.attitude_xyzw,
                    world.target.position_enu_m,
                    world.estimate.position_enu_m,
                )
                for value in part
            )
        )
        frame = world.received_frame()
        picture = b"" if frame is None else frame.rgb.tobytes()
        digests.append(hashlib.sha256(picture + world.render().categories.tobytes()).hexdigest())
    world.close()
    return states, digests


@pytest.mark.parametrize("name", WORLDS)
def test_the_same_seed_repeats_a_flight_to_the_last_bit(name: str, renderer: Renderer) -> None:
    assert fly(name, SEED, renderer) == fly(name, SEED, renderer)


@pytest.mark.parametrize("name", WORLDS)
def test_a_poor_camera_and_gusts_repeat_too(name: str, renderer: Renderer) -> None:
    rough = {"camera": "cheap-drone", "conditions": "gusts"}
    first = fly(name, SEED, renderer, **rough)
    assert first == fly(name, SEED, renderer, **rough)
    clean = fly(name, SEED, renderer)
    assert first[0] != clean[0] and first[1] != clean[1]


@pytest.mark.parametrize("name", WORLDS)
def test_another_seed_is_another_flight(name: str, renderer: Renderer) -> None:
    first, second = fly(name, SEED, renderer), fly(name, SEED + 1, renderer)
    assert first[0] != second[0] and not set(first[1]) & set(second[1])


def test_a_noisy_estimate_repeats(renderer: Renderer) -> None:
    first, second = (fly("forest", SEED, renderer, conditions="noisy-estimate") for _ in range(2))
    assert first == second


def test_two_processes_fly_the_same_flight() -> None:
    code = (
        "from tests.sim_worlds.test_determinism import SEED, fly\n"
        "from sim_worlds.render import make_renderer\n"
        "print(repr(fly('city', SEED, make_renderer('auto'), 'cheap-drone', 'gusts')))\n"
    )
    answers = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True) for _ in range(2)]
    assert all(answer.returncode == 0 for answer in answers), answers[0].stderr
    assert answers[0].stdout == answers[1].stdout
    own = make_renderer("auto")
    assert answers[0].stdout.strip() == repr(fly("city", SEED, own, "cheap-drone", "gusts"))
    own.close()
