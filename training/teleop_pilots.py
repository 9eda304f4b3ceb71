"""Who flies a recorded session: a person with a gamepad, one who watches a policy, or the expert to compare with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from liquid_nav.policy.runtime import Policy, PolicyInFlight
from liquid_nav.types import CameraFrame, VelocityCommand
from sim_worlds.world import World
from training.disturbance import Disturbance
from training.expert import Expert
from training.expert_flight import courage
from training.gamepad_pilot import GamepadPilot, Person, glimpse_of

PERIOD_S = 0.05
WORRY_LOST_S = 1.0
WORRY_NEAR_M = 1.5
WORRY_CLOSE_M = 1.6  # to the backpack
SHORTEST_TURN_S = 2.0
DISTURBED_SHARE = 0.75  # of the expert's approaches, as `liquid-nav collect` disturbs them


@dataclass(frozen=True)
class Move:
    """What is flown at one moment.

    Attributes:
        wanted: by the person or the expert.
        flown: by the vehicle.
        labelled: ``wanted`` answers what was seen the pilot's :attr:`SessionPilot.answer_s` ago.
        source: who flies.
    """

    wanted: VelocityCommand
    flown: VelocityCommand
    labelled: bool
    source: str


class SessionPilot(Protocol):
    """Flies one approach."""

    @property
    def answer_s(self) -> float:
        """From an image to the answer to it."""

    def move(self, world: World, frame: CameraFrame) -> Move:
        """Return what to fly now."""


class PersonAlone:
    """The scripted person flies."""

    def __init__(self, person: Person, horizontal_fov_rad: float, rng: np.random.Generator) -> None:
        self._pilot = GamepadPilot(person, horizontal_fov_rad, rng)
        self.answer_s = person.answer_s

    def move(self, world: World, frame: CameraFrame) -> Move:
        """Return what the gamepad says."""
        self._pilot.see(glimpse_of(world))
        wanted = self._pilot.command(world.time_s)
        return Move(wanted, wanted, True, "pilot")


class PersonWatching:
    """A policy flies; the person takes the vehicle when worried, and gives it back when all is well.

    Attributes:
        interventions: how often it was taken.
    """

    def __init__(self, person: Person, horizontal_fov_rad: float, rng: np.random.Generator, policy: Policy) -> None:
        self._pilot = GamepadPilot(person, horizontal_fov_rad, rng)
        self._policy = PolicyInFlight(policy)
        self.answer_s = person.answer_s
        self._flying, self._since_s = False, 0.0
        self.interventions = 0

    def move(self, world: World, frame: CameraFrame) -> Move:
        """Return the policy's command, or the gamepad's while the person has the vehicle; only that is a label."""
        self._pilot.see(glimpse_of(world))
        wanted = self._pilot.command(world.time_s)
        proposed = self._policy.look(frame.rgb, frame.stamp_s)
        self._decide(proposed, world.time_s)
        if self._flying:
            return Move(wanted, wanted, True, "pilot")
        return Move(wanted, proposed, False, "policy")

    def _decide(self, proposed: VelocityCommand, time_s: float) -> None:
        pilot = self._pilot
        near = pilot.danger_m < WORRY_NEAR_M and proposed.forward_m_s > 0.3
        close = pilot.distance_m < WORRY_CLOSE_M and proposed.forward_m_s > 0.3
        worried = pilot.lost_s > WORRY_LOST_S or near or close
        if not self._flying and worried:
            self._flying, self._since_s = True, time_s
            self.interventions += 1
        elif self._flying and time_s - self._since_s > SHORTEST_TURN_S:
            well = pilot.lost_s == 0.0 and pilot.danger_m > 2.0 * WORRY_NEAR_M
            self._flying = not well


class ExpertForComparison:
    """The expert with its X-ray eyes, disturbed as in its own collections; answers without delay."""

    answer_s = 0.0

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        self._expert = Expert(world)
        strength = float(rng.uniform(0.3, 1.3)) if rng.random() < DISTURBED_SHARE else 0.0
        self._disturbance = Disturbance(rng, strength)

    def move(self, world: World, frame: CameraFrame) -> Move:
        """Return the expert's command as the label, and what a disturbance makes of it."""
        wanted = self._expert.command()
        flown = self._disturbance.apply(wanted, PERIOD_S, courage(self._expert, world))
        return Move(wanted, flown, True, "expert")
