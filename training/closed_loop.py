"""One evaluated flight: camera, pipeline, safety filter and world in a loop, as in flight."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from liquid_nav.pipeline import FlightPipeline
from liquid_nav.policy.runtime import Policy
from liquid_nav.safety import SafetyConfig
from liquid_nav.types import CameraFrame, VelocityCommand
from sim_worlds.camera import named_camera
from sim_worlds.conditions import named_conditions
from sim_worlds.missions import MissionResult, make_mission
from sim_worlds.scene import Renderer, Scene
from sim_worlds.world import World, make_world
from training.album import Album
from training.expert import Expert
from training.flight_recording import FlightRecording
from training.suites import Condition

CONTROL_S = 0.05
FENCE_MARGIN_M = 20.0
CEILING_M, CEILING_MARGIN_M = 12.0, 1.0
FLOOR_M = 0.5


@dataclass(frozen=True)
class FlightReport:
    """One evaluated flight.

    Attributes:
        condition, seed: which one.
        distance_m: to the backpack at the start.
        touched: what the vehicle collided with, None for nothing.
        result: how it ended.
        sheet: PNG of what the camera saw, where asked for.
    """

    condition: str
    seed: int
    distance_m: float
    touched: str | None
    result: MissionResult
    sheet: bytes | None = None


class Observer(Protocol):
    """Looks on while a policy flies."""

    def look(self, frame: CameraFrame, command: VelocityCommand, distance_m: float) -> None:
        """Take in a frame that was received, the command flown after it and the true distance to the backpack."""


def fly_condition(
    condition: Condition,
    seed: int,
    policy: Policy | None,
    renderer: Renderer,
    *,
    sheets: bool = False,
    record: Path | None = None,
) -> FlightReport:
    """Build the world of a condition and fly its mission, by a policy or, with None, by the expert.

    Args:
        condition, seed: which flight.
        policy: who flies.
        renderer: of the world.
        sheets: draw what the camera saw on the flight of a policy.
        record: write a policy's flight into this ``.mcap`` file.
    """
    world = open_world(condition, seed, renderer)
    album = Album() if sheets and policy is not None else None
    observers: list[Observer] = [] if album is None else [album]
    try:
        distance_m = world.target_distance_m
        with ExitStack() as stack:
            if record is not None and policy is not None:
                observers.append(stack.enter_context(FlightRecording(record, world, condition, policy.name)))
            result = fly(world, condition, policy, *observers)
        sheet = None if album is None else album.sheet(f"{condition.name} {seed}: {result.reason}")
        return FlightReport(condition.name, seed, distance_m, world.collision, result, sheet)
    finally:
        world.close()


def open_world(condition: Condition, seed: int, renderer: Renderer) -> World:
    """Build the world of one flight with its camera and its air.

    Raises:
        WorldError: when an option or a name does not exist.
    """
    return make_world(
        condition.world,
        seed,
        renderer=renderer,
        camera=named_camera(condition.camera),
        conditions=replace(named_conditions(condition.conditions), seed=seed),
        **condition.options_of(seed),
    )


def safety_config(scene: Scene) -> SafetyConfig:
    """Return the limits of flights in a scene: a fence beyond its edge, floor and ceiling over its ground."""
    heights = (0.0,) if scene.ground is None else (scene.ground.heights_m.min(), scene.ground.heights_m.max())
    return SafetyConfig(
        geofence_half_size_m=scene.half_size_m + FENCE_MARGIN_M,
        floor_m=float(min(heights)) + FLOOR_M,
        ceiling_m=min(float(max(heights)) + CEILING_M, scene.ceiling_m - CEILING_MARGIN_M),
    )


def fly(world: World, condition: Condition, policy: Policy | None, *observers: Observer) -> MissionResult:
    """Fly one mission to its end, by a policy or by the expert.

    Commands go to the vehicle with every picture and at least every :data:`CONTROL_S`.
    """
    mission = make_mission(world, condition.follow_s)
    following = mission.name == "follow_target"
    pilot = _ExpertPilot(world, following) if policy is None else _PolicyPilot(world, policy, observers)
    per_picture = max(1, round(1.0 / (condition.camera_hz * CONTROL_S)))
    period_s = 1.0 / (condition.camera_hz * per_picture)
    step = 0
    while not mission.done:
        world.step(pilot.command(picture=step % per_picture == 0), period_s)
        mission.update(world)
        step += 1
    return mission.result()


class _ExpertPilot:
    """Sees the true state and needs no pictures."""

    def __init__(self, world: World, following: bool) -> None:
        self._expert = Expert(world, moving_target=following)

    def command(self, *, picture: bool) -> VelocityCommand:
        return self._expert.command()


class _PolicyPilot:
    """Sees what the camera delivers; its commands pass the safety filter, which sees an estimate of the state."""

    def __init__(self, world: World, policy: Policy, observers: Sequence[Observer]) -> None:
        self._world = world
        self._pipeline = FlightPipeline(policy, safety_config(world.scene))
        self._observers = observers

    def command(self, *, picture: bool) -> VelocityCommand:
        world = self._world
        frame = world.received_frame() if picture else None
        if frame is None:
            return self._pipeline.step_without_frame(world.estimate, world.time_s).command
        command = self._pipeline.step(frame, world.estimate, world.time_s).command
        for observer in self._observers:
            observer.look(frame, command, world.target_distance_m)
        return command
