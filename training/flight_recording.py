"""Recording evaluated flights, so that they can be watched while they are flown, and again later."""

from __future__ import annotations

from pathlib import Path

from liquid_nav import __version__
from liquid_nav.data import EpisodeMetadata, EpisodeWriter
from liquid_nav.data.recording import PART_SUFFIX
from liquid_nav.types import CameraFrame, VelocityCommand
from sim_worlds.world import World
from training.origin import OPTIONS, options_text
from training.suites import Condition


class FlightRecording(EpisodeWriter):
    """An episode of an evaluated flight: what the camera delivered, the true state and what was flown; no labels.

    Args:
        path: of the file; one that is there is replaced.
        world: flown in.
        condition: under which.
        policy: name of the policy that flies.
    """

    def __init__(self, path: Path, world: World, condition: Condition, policy: str) -> None:
        for old in (path, path.with_name(path.name + PART_SUFFIX)):
            old.unlink(missing_ok=True)
        options = condition.options_of(world.scene.seed)
        metadata = EpisodeMetadata(
            world=condition.world, seed=world.scene.seed, season=str(options.get("season", "")), software=__version__,
            pilot=policy, horizontal_fov_rad=world.horizontal_fov_rad,
            extra={"kind": "evaluation", "condition": condition.name, OPTIONS: options_text(options)},
        )  # fmt: skip
        super().__init__(path, metadata)
        self._world = world

    def look(self, frame: CameraFrame, command: VelocityCommand, distance_m: float) -> None:
        """Take in a frame that was received and the command flown after it."""
        target = self._world.target.position_enu_m
        self.write_step(frame, self._world.odometry, command, None, target, source="policy")
