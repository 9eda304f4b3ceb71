"""Frame in, safe command out: when the policy begins anew, and what the safety filter is shown."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from liquid_nav.pipeline import FlightPipeline
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.policy.runtime import Policy
from liquid_nav.types import CameraFrame, Odometry, SafetyAction, SafetyVerdict, VelocityCommand
from sim_worlds.scene import Start
from tests.fakes import empty_world


@pytest.fixture(scope="module")
def policy() -> Policy:
    """An untrained policy."""
    torch.manual_seed(3)
    return Policy(LiquidPolicyNetwork(PolicyConfig(image_width_px=64, image_height_px=48)).eval(), "untrained")


def _image(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3)).astype(np.uint8)


def _wishes(policy: Policy, *stamps_s: float) -> list[VelocityCommand]:
    """Return what the policy wants after each image; the one at a stamp is always the same."""
    pipeline, wishes = FlightPipeline(policy), []
    for stamp_s in stamps_s:
        frame = CameraFrame(_image(round(1000 * stamp_s)), stamp_s)
        pipeline.step(frame, Odometry(stamp_s, np.array([0.0, 0.0, 3.0])), stamp_s)
        wishes.append(pipeline.raw_command)
    return wishes


def test_after_a_long_gap_the_policy_flies_as_if_it_had_seen_nothing(policy: Policy) -> None:
    assert _wishes(policy, 0.0, 0.05, 3.0, 3.05)[2:] == _wishes(policy, 3.0, 3.05)


def test_after_a_clock_that_was_set_back_the_policy_flies_as_if_it_had_seen_nothing(policy: Policy) -> None:
    assert _wishes(policy, 7.0, 7.05, 1.0, 1.05)[2:] == _wishes(policy, 1.0, 1.05)


def test_a_fast_camera_is_answered_at_each_image_and_looked_at_at_every_second(policy: Policy) -> None:
    stamps_s = [index / 60.0 for index in range(9)]
    wishes = _wishes(policy, *stamps_s)
    assert wishes[::2] == _wishes(policy, *stamps_s[::2])
    assert wishes[1::2] == wishes[:-1:2]


def test_lost_images_are_time_that_passed_for_the_same_neurons(policy: Policy) -> None:
    _, state = policy.step(_image(0), 0.05)
    wanted, _ = policy.step(_image(1500), 1.5, state)
    assert _wishes(policy, 0.0, 1.5)[-1] == wanted != _wishes(policy, 1.5)[-1]


class _SteadyPolicy:
    """Wants one velocity, whatever it sees."""

    def __init__(self, command: VelocityCommand) -> None:
        self.command = command

    def step(self, rgb: NDArray[np.uint8], elapsed_s: float, state: object) -> tuple[VelocityCommand, object]:
        return self.command, SimpleNamespace()


def _fly(images: list[NDArray[np.uint8]], speed_m_s: float) -> list[SafetyVerdict]:
    """Show images at 20 Hz to a vehicle that moves so fast; return the verdicts."""
    pipeline, verdicts = FlightPipeline(_SteadyPolicy(VelocityCommand(speed_m_s))), []  # type: ignore[arg-type]
    for index, rgb in enumerate(images):
        now_s = 0.05 * index
        where = Odometry(now_s, np.array([speed_m_s * now_s, 0.0, 3.0]), np.array([speed_m_s, 0.0, 0.0]))
        verdicts.append(pipeline.step(CameraFrame(rgb, now_s), where, now_s))
    return verdicts


def test_one_image_again_and_again_while_the_vehicle_moves_is_a_frozen_camera() -> None:
    verdicts = _fly([_image(0)] * 40, 1.0)
    frozen = [verdict.rule == "camera_frozen" for verdict in verdicts]
    assert 0.05 * frozen.index(True) == pytest.approx(0.55, abs=0.051)
    assert verdicts[-1].action is SafetyAction.HOVER and all(frozen[12:])
    assert verdicts[-1].command.forward_m_s == pytest.approx(0.0)


def test_images_that_change_or_a_vehicle_that_stands_are_no_frozen_camera() -> None:
    assert {verdict.rule for verdict in _fly([_image(index) for index in range(40)], 1.0)[20:]} == {"none"}
    assert {verdict.rule for verdict in _fly([_image(0)] * 40, 0.0)} == {"none"}


def test_images_that_the_policy_leaves_out_show_that_the_camera_is_not_frozen() -> None:
    pipeline = FlightPipeline(_SteadyPolicy(VelocityCommand(1.0)))  # type: ignore[arg-type]
    rules = []
    for index in range(120):
        now_s = index / 60.0
        image = _image(index % 2 * index)  # every second image is new: those that the policy looks at are all one
        where = Odometry(now_s, np.array([now_s, 0.0, 3.0]), np.array([1.0, 0.0, 0.0]))
        rules.append(pipeline.step(CameraFrame(image, now_s), where, now_s).rule)
    assert "camera_frozen" not in rules and set(rules[60:]) == {"none"}


def test_a_simulated_vehicle_may_hover_before_one_image_and_not_fly_on_before_it() -> None:
    pilot = _SteadyPolicy(VelocityCommand())
    pipeline, rules = FlightPipeline(pilot), []  # type: ignore[arg-type]
    with closing(empty_world(Start((0.0, 0.0, 3.0), 0.4), (10.0, 0.0, 3.0))) as world:  # whose images stay black
        for index in range(240):
            if index == 200:
                pilot.command = VelocityCommand(1.0)
            verdict = pipeline.step(world.camera_frame(), world.estimate, world.time_s)
            world.step(verdict.command, 0.05)
            rules.append(verdict.rule)
    assert set(rules[:200]) == {"none"}
    assert rules[-1] == "camera_frozen"
