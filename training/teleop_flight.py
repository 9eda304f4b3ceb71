"""Flights of a person with a gamepad, alone or watching over a policy, recorded as episodes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from liquid_nav import __version__
from liquid_nav.data import EpisodeMetadata, EpisodeWriter, Step
from liquid_nav.data.writer import SCAN_REACH_M
from liquid_nav.policy.runtime import Policy
from liquid_nav.types import VelocityCommand
from sim_worlds.missions import FlyToTarget, MissionResult
from sim_worlds.scene import Renderer, Start
from sim_worlds.world import World, make_world
from training.against_pilot import TURNED, outcome_facts
from training.gamepad_pilot import GamepadPilot, draw_person, glimpse_of

PERIOD_S = 0.05
SCAN_RAYS = 64
LONGEST_S = 40.0
TAIL_S = 1.5
TURNED_SHARE = 0.35  # of flights that begin with the backpack out of view
WORRY_LOST_S = 1.0
WORRY_NEAR_M = 1.5
WORRY_CLOSE_M = 1.6  # to the backpack
SHORTEST_TURN_S = 2.0


@dataclass(frozen=True)
class TeleopFlight:
    """One flight to make.

    Attributes:
        seed: of the forest.
        draw: of the person and of everything random.
        path: of the episode.
        season: of the forest.
    """

    seed: int
    draw: int
    path: Path
    season: str = "summer"


@dataclass(frozen=True)
class TeleopReport:
    """How a flight went."""

    name: str
    steps: int
    labelled: int
    interventions: int
    result: MissionResult


def fly_teleop(flight: TeleopFlight, renderer: Renderer, policy: Policy | None = None) -> TeleopReport:
    """Grow the forest, fly and write the episode.

    The label of an image is what the person wanted a reaction time later, and there is one only where the person flew
    then: a policy that is merely watched is not imitated.

    Args:
        flight: which one.
        renderer: of the camera.
        policy: flies while the person watches; None when the person flies alone.
    """
    rng = np.random.default_rng([flight.draw, 0x6A])
    person = draw_person(rng)
    world = make_world("forest", flight.seed, renderer=renderer, season=flight.season)
    turned_rad = 0.0
    if rng.random() < TURNED_SHARE:
        start = world.start
        turned_rad = round(float(rng.choice([-1.0, 1.0]) * rng.uniform(0.8, 2.2)), 4)
        world.restart_at(Start(start.position_enu_m, start.yaw_rad + turned_rad))
    metadata = EpisodeMetadata(
        world="forest", seed=flight.seed, season=flight.season, software=__version__, pilot="gamepad",
        horizontal_fov_rad=world.horizontal_fov_rad,
        extra={"kind": "teleop" if policy is None else "intervention", "policy": policy.name if policy else "",
               "reaction_s": f"{person.reaction_s:.3f}", TURNED: str(turned_rad)},
    )  # fmt: skip
    pilot = GamepadPilot(person, world.horizontal_fov_rad, rng)
    try:
        with EpisodeWriter(flight.path, metadata) as writer:
            return _fly(world, pilot, policy, writer, flight.path.name)
    finally:
        world.close()


def _fly(world: World, pilot: GamepadPilot, policy: Policy | None, writer: EpisodeWriter, name: str) -> TeleopReport:
    mission, hand = FlyToTarget(world), _Hand(flying=policy is None)
    delay, waiting = round(pilot.person.reaction_s / PERIOD_S), deque[Step]()
    angles = np.linspace(-0.5 * world.horizontal_fov_rad, 0.5 * world.horizontal_fov_rad, SCAN_RAYS)
    state, end_s, labelled = None, LONGEST_S, 0
    while world.time_s < end_s and world.collision is None:
        frame = world.camera_frame()
        pilot.see(glimpse_of(world))
        wanted = pilot.command(world.time_s)
        proposed = wanted
        if policy is not None:
            proposed, state = policy.step(frame.rgb, PERIOD_S, state)
            hand.decide(pilot, proposed, world.time_s)
        flown = wanted if hand.flying else proposed
        if len(waiting) == delay:
            labelled += hand.flying
            writer.write(replace(waiting.popleft(), expert=wanted, labelled=hand.flying))
        waiting.append(Step(
            frame, world.odometry, flown, wanted, world.target.position_enu_m, world.target_mask,
            world.obstacle_ranges_m(angles, SCAN_REACH_M), False, "pilot" if hand.flying else "policy",
        ))  # fmt: skip
        world.step(flown, PERIOD_S)
        was_done = mission.done
        mission.update(world)
        if mission.done and not was_done:
            end_s = min(end_s, world.time_s + TAIL_S)
    for step in waiting:
        writer.write(step)
    result = mission.result()
    writer.add_facts(outcome_facts(result))
    return TeleopReport(name, writer.steps, labelled, hand.interventions, result)


@dataclass
class _Hand:
    """Who has the vehicle: a watching person takes it when worried, and gives it back when all is well."""

    flying: bool
    interventions: int = 0
    _since_s: float = 0.0

    def decide(self, pilot: GamepadPilot, proposed: VelocityCommand, time_s: float) -> None:
        near = pilot.danger_m < WORRY_NEAR_M and proposed.forward_m_s > 0.3
        close = pilot.distance_m < WORRY_CLOSE_M and proposed.forward_m_s > 0.3
        worried = pilot.lost_s > WORRY_LOST_S or near or close
        if not self.flying and worried:
            self.flying, self._since_s = True, time_s
            self.interventions += 1
        elif self.flying and time_s - self._since_s > SHORTEST_TURN_S:
            well = pilot.lost_s == 0.0 and pilot.danger_m > 2.0 * WORRY_NEAR_M
            self.flying = not well
