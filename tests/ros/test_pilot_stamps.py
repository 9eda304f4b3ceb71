"""A pilot takes a vehicle over and gives it back: stamps never run backward, so that the vehicle stays engaged."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("rclpy")

from training.graph import ROS_PACKAGE

sys.path.insert(0, str(ROS_PACKAGE))

from geometry_msgs.msg import TwistStamped
from liquid_nav_ros import safety_node
from liquid_nav_ros.conversions import command_message, command_of, odometry_message, to_seconds

from liquid_nav.flight.state_machine import FlightState
from liquid_nav.types import Odometry, VelocityCommand
from tests.fake_autopilot import STEP_S
from tests.fake_px4 import FakePx4
from tests.flight.bench import Bench
from tests.ros.inside import inside

pytestmark = [pytest.mark.ros, pytest.mark.timeout(60)]
POLICY, PILOT = VelocityCommand(0.5), VelocityCommand(0.0, 0.5)
TICK_MS = round(1e3 * STEP_S)


@dataclass
class Cockpit:
    """A vehicle, its safety node and who commands it, all on the vehicle's clock.

    Attributes:
        bench: controller and fake autopilot.
        node: the safety node, which speaks to the controller.
        image_ms: from image to image, None without a policy.
        age_ms: of an image when its command comes.
        pilot_ms: between the pilot's commands, None while nobody holds the switch.
        ahead_s: how much more the node's clock shows than the vehicle's.
        flown: what the vehicle made of the last command.
    """

    bench: Bench
    node: safety_node.SafetyNode
    image_ms: int | None = None
    age_ms: int = 80
    pilot_ms: int | None = None
    ahead_s: float = 0.0
    flown: VelocityCommand = POLICY

    def run(self, duration_s: float) -> None:
        """Go on for a while."""
        for _ in range(round(duration_s / STEP_S)):
            self.bench.tick()
            now_s, now_ms = self.clock_s, round(1e3 * self.bench.now_s)
            if now_ms % 50 == 0:
                self.node._on_odometry(odometry_message(Odometry(now_s, np.array([0.0, 0.0, 3.0]))))
                self.node._watch()
            if self.image_ms and (now_ms - self.age_ms) % self.image_ms < TICK_MS:
                self.node._on_command(command_message(POLICY, now_s - 1e-3 * self.age_ms))
            if self.pilot_ms and now_ms % self.pilot_ms < TICK_MS:
                self.node._on_pilot(command_message(PILOT, now_s))

    def engage(self) -> None:
        self.run(0.5)
        self.bench.request("engage")
        assert self.bench.state is FlightState.ENGAGED

    def stays_engaged(self, duration_s: float) -> bool:
        before = len(self.bench.notices)
        self.run(duration_s)
        assert [notice.text for notice in self.bench.notices[before:]] == []
        return self.bench.state is FlightState.ENGAGED

    @property
    def clock_s(self) -> float:
        return self.bench.now_s + self.ahead_s

    def take(self, message: TwistStamped) -> None:
        made_s = to_seconds(message.header.stamp) - self.ahead_s
        self.flown = self.bench.controller.take_command(command_of(message), made_s, self.bench.now_s)


@pytest.fixture
def sit_down(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Cockpit]]:
    """Start a cockpit in the air."""
    with ExitStack() as stack:

        def sit_down(pilot_timeout_s: float = 0.3) -> Cockpit:
            bench = Bench(FakePx4.safe())
            stack.callback(bench.close)
            monkeypatch.setattr(safety_node, "time", types.SimpleNamespace(monotonic=lambda: bench.now_s))
            node = stack.enter_context(inside(safety_node.SafetyNode, pilot_timeout_s=pilot_timeout_s))
            cockpit = Cockpit(bench, node)
            monkeypatch.setattr(safety_node, "now_s", lambda _: cockpit.clock_s)
            node._commands = types.SimpleNamespace(publish=cockpit.take)
            bench.fly_to_hold()
            return cockpit

        yield sit_down


@pytest.mark.parametrize("image_ms", [50, 110])
@pytest.mark.parametrize("pilot_ms", [50, 110])
def test_a_pilot_who_takes_over_from_a_policy_and_gives_back_keeps_the_vehicle_engaged(
    sit_down: Callable[..., Cockpit], image_ms: int, pilot_ms: int
) -> None:
    cockpit = sit_down()
    cockpit.image_ms = image_ms
    cockpit.engage()
    cockpit.pilot_ms = pilot_ms
    assert cockpit.stays_engaged(2.0)
    assert cockpit.flown.left_m_s == pytest.approx(0.5, abs=0.01)
    cockpit.pilot_ms = None
    assert cockpit.stays_engaged(2.0)
    assert cockpit.flown.forward_m_s == pytest.approx(0.5, abs=0.01)


def test_a_pilot_flies_where_no_policy_ever_ran(sit_down: Callable[..., Cockpit]) -> None:
    cockpit = sit_down()
    cockpit.pilot_ms = 110
    cockpit.engage()
    assert cockpit.stays_engaged(2.0)
    assert cockpit.flown.left_m_s == pytest.approx(0.5, abs=0.01)


def test_an_image_older_than_the_pilots_last_command_does_not_turn_stamps_back(
    sit_down: Callable[..., Cockpit],
) -> None:
    cockpit = sit_down(pilot_timeout_s=0.1)
    cockpit.image_ms, cockpit.age_ms = 50, 180
    cockpit.engage()
    cockpit.pilot_ms = 50
    assert cockpit.stays_engaged(1.0)
    cockpit.pilot_ms = None
    assert cockpit.stays_engaged(2.0)
    assert cockpit.flown.forward_m_s == pytest.approx(0.5, abs=0.01)


def test_a_policy_is_heard_after_the_clock_was_set_back_behind_the_pilots_last_command(
    sit_down: Callable[..., Cockpit],
) -> None:
    cockpit = sit_down()
    cockpit.ahead_s = 1000.0
    cockpit.pilot_ms = 50
    cockpit.engage()
    cockpit.pilot_ms, cockpit.image_ms, cockpit.ahead_s = None, 50, 0.0
    cockpit.run(1.0)
    cockpit.bench.request("hold")
    cockpit.engage()
    assert cockpit.stays_engaged(1.7)
    assert cockpit.flown.forward_m_s == pytest.approx(0.5, abs=0.01)
