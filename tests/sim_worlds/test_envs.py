"""The Gymnasium environments keep Gymnasium's contract and ours."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import sim_worlds  # noqa: F401

NAMES = ("LiquidNav/FlyToTarget-v0", "LiquidNav/FollowTarget-v0")


@pytest.mark.parametrize("name", NAMES)
def test_passes_the_env_checker(name: str) -> None:
    env = gymnasium.make(name)
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


def test_options_choose_world_and_season() -> None:
    env = gymnasium.make("LiquidNav/FlyToTarget-v0", world="city", render_size=(64, 48))
    env.reset(seed=1)
    assert env.unwrapped._world.scene.name == "city"
    env.close()


def test_the_world_seed_can_be_named() -> None:
    env = gymnasium.make("LiquidNav/FlyToTarget-v0", render_size=(64, 48))
    _, info = env.reset(options={"world_seed": 77})
    assert info["seed"] == 77
    env.close()
