"""Recorded sessions: somebody flies to the backpack again and again in one forest, one file for all of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from liquid_nav import __version__
from liquid_nav.data import EpisodeMetadata, EpisodeWriter, Step
from liquid_nav.data.writer import SCAN_REACH_M
from liquid_nav.policy.runtime import Policy
from liquid_nav.types import CameraFrame
from sim_worlds.missions import FlyToTarget, MissionResult
from sim_worlds.placement import gaps_m
from sim_worlds.scene import Renderer, Start
from sim_worlds.world import World, make_world
from training.against_pilot import TURNED, outcome_facts
from training.gamepad_pilot import Person, draw_person
from training.teleop_pilots import (
    PERIOD_S,
    ExpertForComparison,
    PersonAlone,
    PersonWatching,
    SessionPilot,
)

SCAN_RAYS = 64
LONGEST_S = 40.0
TAIL_S = 1.5
TURNED_SHARE = 0.35  # of approaches that begin with the backpack out of view
PAUSE_S = 3.0  # on the session's clock while the vehicle is carried to another place
NEAREST_M, FARTHEST_M = 3.0, 18.0  # starts of further approaches
SHORTEST_APPROACH_S = 4.0
FREE_M = 0.5  # around a start
STARTS = 0x57  # tells the random numbers of the starts from the pilot's, so that every pilot has the same starts


@dataclass(frozen=True)
class TeleopFlight:
    """One session to fly.

    Attributes:
        seed: of the forest.
        draw: of the person and of everything random.
        path: of the episode.
        season: of the forest.
        session_s: approaches follow each other for so many seconds; 0 for a single one.
        expert: the expert flies the same approaches, to compare with.
    """

    seed: int
    draw: int
    path: Path
    season: str = "summer"
    session_s: float = 0.0
    expert: bool = False


@dataclass(frozen=True)
class TeleopReport:
    """How a session went: the results of its approaches, and what can be learned from it."""

    name: str
    steps: int
    labelled: int
    interventions: int
    results: tuple[MissionResult, ...]


def fly_teleop(flight: TeleopFlight, renderer: Renderer, policy: Policy | None = None) -> TeleopReport:
    """Grow the forest, fly and write the episode.

    The first approach begins where the world says, further ones where a helper has put the vehicle meanwhile. The label
    of an image is what the person wanted when the thumbs answered it, and there is one only where the person flew then:
    a policy that is merely watched is not imitated.

    Args:
        flight: which one.
        renderer: of the camera.
        policy: flies while the person watches; None when the person flies alone.
    """
    person = draw_person(np.random.default_rng([flight.draw, 0x6A]))
    world = make_world("forest", flight.seed, renderer=renderer, season=flight.season)
    starts = np.random.default_rng([flight.draw, STARTS])
    home = world.start
    first = _turned(home, starts)
    kind = "expert" if flight.expert else "teleop" if policy is None else "intervention"
    answer_s = ExpertForComparison.answer_s if flight.expert else person.answer_s
    metadata = EpisodeMetadata(
        world="forest", seed=flight.seed, season=flight.season, software=__version__,
        pilot="expert" if flight.expert else "gamepad", horizontal_fov_rad=world.horizontal_fov_rad,
        extra={"kind": kind, "policy": policy.name if policy else "", "answer_s": f"{answer_s:.3f}",
               TURNED: str(round(first.yaw_rad - home.yaw_rad, 4))},
    )  # fmt: skip
    try:
        with EpisodeWriter(flight.path, metadata) as writer:
            session = _Session(world, flight, person, policy, writer)
            session.approach(first)
            while session.left_s > SHORTEST_APPROACH_S:
                session.approach(_another_start(world, home, starts))
            writer.add_facts(outcome_facts(session.results[0]) | {"approaches": str(len(session.results))})
            return TeleopReport(
                flight.path.name, writer.steps, session.labelled, session.interventions, tuple(session.results)
            )
    finally:
        world.close()


class _Session:
    """Flies approach after approach on one clock.

    Attributes:
        results: of the approaches so far.
        labelled, interventions: counts.
    """

    def __init__(
        self, world: World, flight: TeleopFlight, person: Person, policy: Policy | None, writer: EpisodeWriter
    ) -> None:
        self.results: list[MissionResult] = []
        self.labelled = self.interventions = 0
        self._world, self._flight, self._person, self._policy = world, flight, person, policy
        self._writer, self._clock_s, self._flown_s = writer, 0.0, 0.0
        self._rng = np.random.default_rng([flight.draw, 0x6B])
        half = 0.5 * world.horizontal_fov_rad
        self._angles = np.linspace(-half, half, SCAN_RAYS)

    @property
    def left_s(self) -> float:
        """Seconds to fly in this session."""
        return self._flight.session_s - self._flown_s

    def approach(self, start: Start) -> None:
        """Fly to the backpack once; a contact, an arrival, or the end of patience or of the session ends it."""
        world, pilot = self._world, self._pilot_at(start)
        mission, delay, waiting = FlyToTarget(world), round(pilot.answer_s / PERIOD_S), deque[Step]()
        end_s = min(LONGEST_S, self.left_s) if self.left_s > 0.0 else LONGEST_S
        while world.time_s < end_s and world.collision is None:
            frame = world.camera_frame()
            move = pilot.move(world, frame)
            stamp_s = self._clock_s + frame.stamp_s
            waiting.append(Step(
                CameraFrame(frame.rgb, stamp_s), replace(world.odometry, stamp_s=stamp_s), move.flown, move.wanted,
                world.target.position_enu_m, world.target_mask,
                world.obstacle_ranges_m(self._angles, SCAN_REACH_M), False, move.source,
            ))  # fmt: skip
            if len(waiting) > delay:
                self.labelled += move.labelled
                self._writer.write(replace(waiting.popleft(), expert=move.wanted, labelled=move.labelled))
            world.step(move.flown, PERIOD_S)
            was_done = mission.done
            mission.update(world)
            if mission.done and not was_done:
                end_s = min(end_s, world.time_s + TAIL_S)
        for step in waiting:
            self._writer.write(step)
        self.interventions += pilot.interventions if isinstance(pilot, PersonWatching) else 0
        self._flown_s += world.time_s
        self._clock_s += world.time_s + PAUSE_S
        self.results.append(mission.result())

    def _pilot_at(self, start: Start) -> SessionPilot:
        """Put the vehicle down and return who flies it from there."""
        world = self._world
        world.restart_at(start)
        if self._flight.expert:
            return ExpertForComparison(world, self._rng)
        if self._policy is None:
            return PersonAlone(self._person, world.horizontal_fov_rad, self._rng)
        return PersonWatching(self._person, world.horizontal_fov_rad, self._rng, self._policy)


def _turned(start: Start, rng: np.random.Generator) -> Start:
    """Return a start, in some cases turned so far that the backpack is out of view."""
    if rng.random() >= TURNED_SHARE:
        return start
    turned_rad = round(float(rng.choice([-1.0, 1.0]) * rng.uniform(0.8, 2.2)), 4)
    return Start(start.position_enu_m, start.yaw_rad + turned_rad)


def _another_start(world: World, home: Start, rng: np.random.Generator) -> Start:
    """Draw a free place around the backpack, on the side it can be seen from."""
    target = np.asarray(world.target.position_enu_m, dtype=float)
    away = np.array(home.position_enu_m[:2]) - target[:2]
    for _ in range(50):
        direction = float(np.arctan2(away[1], away[0]) + rng.uniform(-1.0, 1.0))
        heading = np.array([np.cos(direction), np.sin(direction)])
        spot = target[:2] + float(rng.uniform(NEAREST_M, FARTHEST_M)) * heading
        within = np.abs(spot).max() < world.scene.half_size_m - 2.0
        if within and gaps_m(spot[None], world.scene.colliders)[0] > FREE_M:
            break
    else:
        return home
    ground_m = world.scene.ground_height_m(float(spot[0]), float(spot[1]))
    height_m = float(np.clip(target[2] + rng.uniform(-0.6, 0.9), ground_m + 0.8, ground_m + 3.0))
    yaw_rad = float(np.arctan2(*(target[:2] - spot)[::-1]) + rng.uniform(-0.4, 0.4))
    return _turned(Start((float(spot[0]), float(spot[1]), height_m), yaw_rad), rng)
