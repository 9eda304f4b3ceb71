"""The Gymnasium environments keep Gymnasium's contract and ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import sim_worlds  # noqa: F401
from liquid_nav.errors import WorldError
from sim_worlds.camera import CameraConfig
from sim_worlds.catalogue import LARGEST_SEED, make_setting
from sim_worlds.envs import MAX_COMMAND, suited_worlds

FLY, FOLLOW = "LiquidNav/FlyToTarget-v0", "LiquidNav/FollowTarget-v0"
NAMES = (FLY, FOLLOW)
SMALL = (64, 48)
AHEAD = np.array([1.0, 0.0, 0.1, 0.2], dtype=np.float32)
PAGE_BYTES = 4096
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def flying() -> Iterator[gymnasium.Env]:
    env = gymnasium.make(FLY, render_size=SMALL, options={"density_per_m2": 0.003})
    env.reset(options={"world_seed": 77})
    yield env
    env.close()


def _resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / MIB


@pytest.mark.parametrize("name", NAMES)
def test_passes_the_env_checker(name: str) -> None:
    env = gymnasium.make(name, render_mode="rgb_array")
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


@pytest.mark.parametrize("name", NAMES)
def test_observations_and_info_hold_what_is_promised(name: str) -> None:
    env = gymnasium.make(name, render_size=(128, 72))
    observation, info = env.reset(seed=3)
    assert observation["rgb"].shape == (72, 128, 3) and observation["rgb"].dtype == np.uint8
    assert observation["elapsed_s"].shape == (1,) and observation["elapsed_s"].dtype == np.float32
    observation, _, _, _, info = env.step(np.zeros(4, dtype=np.float32))
    assert observation["elapsed_s"][0] == pytest.approx(0.05)
    assert {"success", "collision", "target_in_view", "distance_m"} <= set(info)
    env.close()


def test_options_choose_world_season_camera_and_conditions() -> None:
    env = gymnasium.make(
        FLY,
        world="city",
        season="winter",
        render_size=SMALL,
        camera="cheap-drone",
        conditions="gusts",
        options={"hour": 9.0},
    )
    env.reset(seed=1)
    world = env.unwrapped._world
    assert world.scene.name == "city" and world.scene.options["season"] == "winter"
    assert world.render_size == SMALL and world.camera.config.jpeg_quality == 60
    assert world.conditions.has_wind and not world.target.moves
    env.close()


def test_follow_target_walks_in_a_city_unless_told_otherwise() -> None:
    env = gymnasium.make(FOLLOW, render_size=SMALL)
    env.reset(seed=1)
    assert env.unwrapped._world.scene.name == "city" and env.unwrapped._world.target.moves
    env.close()


def test_the_world_seed_can_be_named() -> None:
    env = gymnasium.make(FLY, render_size=SMALL)
    _, info = env.reset(options={"world_seed": 77})
    assert info["seed"] == 77
    env.close()


def test_the_same_seed_gives_the_same_flight_and_the_next_reset_another_world() -> None:
    def flight() -> list[Any]:
        env = gymnasium.make(FLY, render_size=SMALL, camera="cheap-drone", conditions="gusts")
        seen = [env.reset(seed=5)[0]["rgb"].tobytes()]
        for _ in range(10):
            observation, reward, *_ = env.step(AHEAD)
            seen += [observation["rgb"].tobytes(), float(observation["elapsed_s"][0]), reward]
        seen.append(env.reset()[1]["seed"])
        env.close()
        return seen

    assert flight() == flight()


def test_elapsed_is_the_time_between_captures_when_frames_are_lost_or_late() -> None:
    camera = CameraConfig(drop_probability=0.4, latency_s=0.08, latency_jitter_s=0.04)
    env = gymnasium.make(FLY, render_size=SMALL, camera=camera)
    observation, _ = env.reset(seed=2)
    total, before, repeats = 0.0, observation["rgb"], 0
    for _ in range(60):
        observation, _, terminated, _, info = env.step(AHEAD)
        elapsed = float(observation["elapsed_s"][0])
        if elapsed == 0.0:
            assert (observation["rgb"] == before).all()
            repeats += 1
        total, before = total + elapsed, observation["rgb"]
        assert total <= info["time_s"] + 1e-6
        if terminated:
            break
    assert repeats > 10
    assert info["time_s"] - total < 0.6
    env.close()


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        (FLY, {"world": "moon"}, "world is 'moon': use one of forest"),
        (FOLLOW, {"world": "moon"}, "world is 'moon': use one of"),
        (FLY, {"camera": "nokia"}, "camera is 'nokia': use one of clean"),
        (FLY, {"conditions": "storm"}, "conditions are 'storm': use one of"),
        (FLY, {"render_size": (8, 8)}, "width_px is 8: use 16"),
        (FLY, {"render_size": (64, 48, 3)}, "use \\(width, height\\)"),
        (FLY, {"options": {"altitude": 3}}, "forest has no option 'altitude'"),
        (FOLLOW, {"world": "forest"}, "'forest': use one of city, snowfield, warehouse, construction for this mission"),
        (FLY, {"render_size": 5}, "render_size is 5: use \\(width, height\\)"),
        (FLY, {"render_size": (64.5, 48)}, "width_px is 64.5: use 16"),
        (FLY, {"conditions": 5}, "conditions is 5: use a name or a FlightConditions"),
        (FLY, {"camera": 5}, "camera is 5: use a name or a CameraConfig"),
        (FLY, {"options": 5}, "options is 5: use a mapping"),
    ],
)
def test_bad_arguments_are_refused_when_the_environment_is_made(
    name: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(WorldError, match=message):
        gymnasium.make(name, **arguments)


def test_a_target_that_does_not_suit_the_mission_is_refused() -> None:
    env = gymnasium.make(FOLLOW, render_size=SMALL, options={"still": True})
    with pytest.raises(WorldError, match="use FlyToTarget for targets that stay"):
        env.reset(seed=1)
    env.close()


def test_unknown_reset_options_are_refused() -> None:
    env = gymnasium.make(FLY, render_size=SMALL)
    with pytest.raises(WorldError, match="no option 'seed': use world_seed"):
        env.reset(options={"seed": 3})
    env.close()


@pytest.mark.parametrize("seed", [1.7, "a", None, True, -1, LARGEST_SEED + 1])
def test_a_world_seed_that_is_none_is_refused_and_the_flight_goes_on(flying: gymnasium.Env, seed: Any) -> None:
    with pytest.raises(WorldError, match=f"world_seed is {seed!r}: use a whole number from 0 to 2147483647"):
        flying.reset(options={"world_seed": seed})
    flying.step(AHEAD)


@pytest.mark.parametrize(
    "action",
    [np.zeros(3), np.zeros((1, 4)), 1.0, None, "left", [1.0, 0.0, 0.0, np.nan], [np.inf, 0.0, 0.0, 0.0], [[1.0], 2.0]],
)
def test_an_action_that_is_not_four_numbers_is_refused_and_not_flown(flying: gymnasium.Env, action: Any) -> None:
    before = flying.unwrapped._world.time_s
    with pytest.raises(WorldError, match=r"action is .*: use four finite numbers, forward, left, up \(m/s\) and yaw"):
        flying.step(action)
    assert flying.unwrapped._world.time_s == before


def test_an_action_beyond_the_space_is_held_to_its_bounds() -> None:
    positions = []
    for speed in (MAX_COMMAND[0], 9.0):
        env = gymnasium.make(FLY, render_size=SMALL)
        env.reset(options={"world_seed": 77})
        for _ in range(4):
            env.step(np.array([speed, 0.0, 0.0, 0.0], dtype=np.float32))
        positions.append(env.unwrapped._world.odometry.position_enu_m.tolist())
        env.close()
    assert positions[0] == positions[1]


@pytest.mark.parametrize("world", suited_worlds("follow"))
def test_targets_walk_in_every_world_to_follow_them_in(world: str) -> None:
    assert make_setting(world, 1, still=False).target.moves


def test_the_chase_view_can_be_rendered() -> None:
    env = gymnasium.make(FLY, render_size=SMALL, render_mode="rgb_array")
    env.reset(seed=1)
    picture = env.render()
    assert picture.shape == (360, 480, 3) and picture.dtype == np.uint8 and picture.std() > 5
    env.close()


def test_many_resets_do_not_pile_up_memory() -> None:
    env = gymnasium.make(FLY, render_size=SMALL, options={"density_per_m2": 0.003})
    for world_seed in range(4):
        env.reset(options={"world_seed": world_seed})
    before = _resident_mib()
    for turn in range(30):
        env.reset(options={"world_seed": turn % 4})
        env.step(AHEAD)
    assert _resident_mib() - before < 30
    env.close()
