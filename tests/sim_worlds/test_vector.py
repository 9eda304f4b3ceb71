"""Environments in processes of their own fly as they would alone, and their death is told."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest

import sim_worlds
from liquid_nav.errors import RenderError, WorldError
from sim_worlds.render import make_renderer
from sim_worlds.vector import WorkerEnvs

FLY = "LiquidNav/FlyToTarget-v0"
OPTIONS: dict[str, Any] = {"render_size": (64, 48), "camera": "cheap-drone", "conditions": "gusts"}
ACTIONS = np.array([[1.0, 0.0, 0.1, 0.2], [0.5, 0.3, 0.0, -0.4]], dtype=np.float32)


@pytest.fixture
def pair() -> Iterator[WorkerEnvs]:
    envs = sim_worlds.make_vector_env(FLY, 2, **OPTIONS)
    yield envs
    if not envs.closed:
        envs.close()


def test_two_processes_observe_what_two_single_environments_do(pair: WorkerEnvs) -> None:
    singles = [gymnasium.make(FLY, **OPTIONS) for _ in range(2)]
    observations, infos = pair.reset(seed=[11, 12])
    for index, single in enumerate(singles):
        alone, info = single.reset(seed=11 + index)
        assert (observations["rgb"][index] == alone["rgb"]).all() and infos["seed"][index] == info["seed"]
    for _ in range(8):
        observations, rewards, *_ = pair.step(ACTIONS)
        for index, single in enumerate(singles):
            alone, reward, *_ = single.step(ACTIONS[index])
            assert (observations["rgb"][index] == alone["rgb"]).all()
            assert observations["elapsed_s"][index] == alone["elapsed_s"] and rewards[index] == reward
    for single in singles:
        single.close()


def test_gymnasiums_own_batch_interface_works() -> None:
    envs = gymnasium.make_vec(
        FLY,
        num_envs=2,
        vectorization_mode="async",
        vector_kwargs={"shared_memory": True, "context": "spawn"},
        render_size=(64, 48),
    )
    observations, _ = envs.reset(seed=1)
    assert observations["rgb"].shape == (2, 48, 64, 3)
    observations, *_ = envs.step(ACTIONS)
    assert observations["elapsed_s"] == pytest.approx(0.05)
    envs.close()


def test_the_death_of_a_worker_is_told_with_its_number(pair: WorkerEnvs) -> None:
    pair.reset(seed=1)
    os.kill(pair.processes[1].pid, signal.SIGKILL)
    pair.processes[1].join(10)
    with pytest.raises(WorldError, match=r"worker 1 \(exit code -9\) of 2 died"):
        pair.step(ACTIONS)
    assert pair.closed and not any(process.is_alive() for process in pair.processes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_envs": 0}, "num_envs is 0: use 1 or more"),
        ({"num_envs": 1, "context": "fork"}, "context is 'fork': use one of spawn, forkserver"),
        ({"num_envs": 1, "name": "LiquidNav/Swim-v0"}, "'LiquidNav/Swim-v0': use one of LiquidNav/FlyToTarget-v0"),
        ({"num_envs": 1, "camera": "nokia"}, "camera is 'nokia'"),
    ],
)
def test_bad_arguments_are_refused_before_any_process_starts(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(WorldError, match=message):
        sim_worlds.make_vector_env(**({"name": FLY} | arguments))


def _try_to_draw(answers: Any) -> None:
    try:
        make_renderer("gl")
    except RenderError as error:
        answers.send(str(error))


def test_a_fork_of_a_process_that_draws_is_refused_instead_of_hanging() -> None:
    try:
        make_renderer("gl").close()
    except RenderError as error:
        pytest.skip(str(error))
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_try_to_draw, args=(theirs,))
    process.start()
    process.join(20)
    assert process.exitcode == 0 and "'spawn' or 'forkserver'" in ours.recv()
