"""Gymnasium environments ``LiquidNav/FlyToTarget-v0`` and ``LiquidNav/FollowTarget-v0``."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from liquid_nav.types import CameraFrame, VelocityCommand
from sim_worlds.camera import Camera, CameraConfig, named_camera
from sim_worlds.catalogue import LARGEST_SEED, WORLDS, world_options
from sim_worlds.conditions import FlightConditions, named_conditions
from sim_worlds.config import is_whole
from sim_worlds.missions import FlyToTarget, FollowTarget, Mission
from sim_worlds.render import make_renderer
from sim_worlds.scene import Renderer
from sim_worlds.world import World, make_world

MAX_COMMAND = np.array([2.5, 1.5, 1.5, 1.5], dtype=np.float32)
PERIOD_S = 0.05
LONGEST_GAP_S = 600.0
CHASE_SIZE_PX = (480, 360)
FIRST_SEEDS = 1_000_000  # the training range: what reset() draws worlds from
MISSIONS: dict[str, type[FlyToTarget] | type[FollowTarget]] = {"fly_to": FlyToTarget, "follow": FollowTarget}
STILL_WORLDS = ("forest",)  # whose targets never walk
Observation = dict[str, NDArray[Any]]
T = TypeVar("T")


class TargetEnv(gymnasium.Env[Observation, NDArray[np.float32]]):
    """A mission as an environment.

    Observation: ``rgb`` uint8 (height, width, 3), the last image that arrived, and ``elapsed_s`` float32 (1,), the
    time between its capture and that of the image observed a step before; 0 when no new one arrived.
    Action: float32 (4,), forward, left, up (m/s) and yaw rate (rad/s), level body frame.
    Reward: metres gained towards 2 m from the target, 0.1 per step in view, 10 for success, -10 for a collision.
    Info: ``success``, ``collision``, ``target_in_view``, ``distance_m``, ``time_s``, ``seed``.

    Args:
        mission: ``"fly_to"`` or ``"follow"``.
        world: one of :data:`sim_worlds.catalogue.WORLDS` that suits the mission.
        render_size: (width, height) in pixels; that of the camera when None.
        season: of the world; the world's own choice when None.
        camera: a configuration, or a name of :data:`sim_worlds.camera.CAMERAS`.
        conditions: a configuration, or a name of :data:`sim_worlds.conditions.CONDITIONS`.
        options: further options of the world, see :func:`sim_worlds.catalogue.world_options`.
        renderer: ``"auto"``, ``"gl"`` or ``"tiny"``.
        render_mode: ``"rgb_array"`` for :meth:`render`, or None.

    Raises:
        WorldError: for an argument that is unknown or out of range.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 20}  # type: ignore[misc]

    def __init__(
        self,
        mission: str,
        world: str,
        render_size: tuple[int, int] | None = None,
        season: str | None = None,
        camera: CameraConfig | str = "clean",
        conditions: FlightConditions | str = "calm",
        options: Mapping[str, Any] | None = None,
        renderer: str = "auto",
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise WorldError(f"render_mode is {render_mode!r}: use 'rgb_array' or None")
        self.render_mode = render_mode
        self._mission_name = mission
        self._world_name = world
        self._world_options = _checked_options(mission, world, season, options or {})
        self._camera = _sized_camera(camera, render_size)
        self._conditions = _settings(conditions, "conditions", FlightConditions, named_conditions)
        self._renderer_name = renderer
        self._renderer: Renderer | None = None
        self._world: World | None = None
        self._mission: Mission | None = None
        self._seed = 0
        self._frame = CameraFrame(np.zeros((self._camera.height_px, self._camera.width_px, 3), np.uint8), 0.0)
        spaces: Any = gymnasium.spaces.Dict(
            {
                "rgb": gymnasium.spaces.Box(0, 255, self._frame.rgb.shape, np.uint8),
                "elapsed_s": gymnasium.spaces.Box(0.0, LONGEST_GAP_S, (1,), np.float32),
            }
        )
        self.observation_space = spaces
        self.action_space = gymnasium.spaces.Box(-MAX_COMMAND, MAX_COMMAND, dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start a flight. ``options["world_seed"]`` names the world; else the generator draws one.

        Raises:
            WorldError: for unknown options, a seed that is none, or a world whose target does not suit the mission.
        """
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(FIRST_SEEDS))
        self._seed = _world_seed(options or {}, drawn)
        self._close_world()
        self._world = make_world(
            self._world_name,
            self._seed,
            renderer=self._lazy_renderer(),
            camera=self._camera,
            conditions=self._conditions,
            **self._world_options,
        )
        if self._world.target.moves != (self._mission_name == "follow"):
            walks = "walks" if self._world.target.moves else "stays"
            raise WorldError(
                f"the target of {self._world_name!r} with options {self._world_options} {walks}: "
                "use FlyToTarget for targets that stay and FollowTarget for those that move"
            )
        self._mission = MISSIONS[self._mission_name](self._world)
        self._frame = self._world.camera_frame()  # a flight begins with an image in hand
        return self._observation(0.0), self._info()

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Fly one action for 0.05 s, held to the bounds of the action space.

        Raises:
            WorldError: for anything but four finite numbers.
        """
        if self._world is None or self._mission is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        command = _command(action)
        before = abs(self._world.target_distance_m - 2.0)
        self._world.step(command, PERIOD_S)
        self._mission.update(self._world)
        result = self._mission.result()
        reward = before - abs(self._world.target_distance_m - 2.0) + 0.1 * self._mission.target_in_view
        reward += 10.0 * result.success - 10.0 * result.collision
        terminated = result.success or result.collision
        truncated = self._mission.done and not terminated
        return self._observation(self._look()), float(reward), terminated, truncated, self._info()

    def render(self) -> NDArray[np.uint8] | None:
        """Return the chase view, uint8 (360, 480, 3), in ``rgb_array`` mode."""
        if self.render_mode != "rgb_array" or self._world is None:
            return None
        return self._world.chase_image(*CHASE_SIZE_PX)

    def close(self) -> None:
        """Free world and renderer. Calling it twice is harmless."""
        self._close_world()
        if self._renderer is not None:
            self._renderer.close()
        self._renderer = None

    def _close_world(self) -> None:
        if self._world is not None:
            self._world.close()
        self._world = self._mission = None

    def _lazy_renderer(self) -> Renderer:
        """Start drawing only when a flight begins, in the process that flies: contexts do not survive a fork."""
        if self._renderer is None:
            if multiprocessing.parent_process() is not None:
                os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa draws in the thread that asks, not on every core
            self._renderer = make_renderer(self._renderer_name)
        return self._renderer

    def _look(self) -> float:
        """Take over the newest image that has arrived; return the seconds since the one before, 0 without a new one."""
        assert self._world is not None
        frame, before = self._world.received_frame(), self._frame
        if frame is None:
            return 0.0
        self._frame = frame
        return frame.stamp_s - before.stamp_s

    def _observation(self, elapsed_s: float) -> Observation:
        # a copy: the same frame may be observed again, and observations belong to whoever got them
        return {"rgb": self._frame.rgb.copy(), "elapsed_s": np.array([elapsed_s], dtype=np.float32)}

    def _info(self) -> dict[str, Any]:
        assert self._world is not None and self._mission is not None
        result = self._mission.result()
        return {
            "success": result.success,
            "collision": result.collision,
            "target_in_view": self._world.target_in_view(),
            "distance_m": self._world.target_distance_m,
            "time_s": self._world.time_s,
            "seed": self._seed,
        }


def suited_worlds(mission: str) -> tuple[str, ...]:
    """Return the worlds for a mission: a target hangs still everywhere, and walks in all but :data:`STILL_WORLDS`.

    Raises:
        WorldError: for an unknown mission.
    """
    if mission not in MISSIONS:
        raise WorldError(f"mission is {mission!r}: use one of {', '.join(MISSIONS)}")
    return tuple(name for name in WORLDS if mission == "fly_to" or name not in STILL_WORLDS)


def register() -> None:
    """Make the environments known to Gymnasium."""
    for name, mission, world in (("FlyToTarget", "fly_to", "forest"), ("FollowTarget", "follow", "city")):
        gymnasium.register(
            id=f"LiquidNav/{name}-v0",
            entry_point="sim_worlds.envs:TargetEnv",
            kwargs={"mission": mission, "world": world},
            max_episode_steps=2400,
        )


def _checked_options(mission: str, world: str, season: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return all options of the world, with a target that suits the mission."""
    suited = suited_worlds(mission)
    if world not in suited:
        raise WorldError(f"world is {world!r}: use one of {', '.join(suited)} for this mission")
    known = world_options(world)
    _check_mapping("options", options)
    given = dict(options) | ({} if season is None else {"season": season})
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise WorldError(f"{world} has no option {unknown[0]!r}: use {', '.join(known)}")
    if "still" in known and "target" not in given:
        given.setdefault("still", mission == "fly_to")
    return given


def _sized_camera(camera: CameraConfig | str, render_size: tuple[int, int] | None) -> CameraConfig:
    """Return the camera's settings in the size asked for; an impossible lens is refused here, not in a flight."""
    config = _settings(camera, "camera", CameraConfig, named_camera)
    if render_size is not None:
        try:
            width, height = render_size
        except (TypeError, ValueError) as error:
            raise WorldError(f"render_size is {render_size!r}: use (width, height) in pixels") from error
        config = replace(config, width_px=width, height_px=height)
    Camera(config)
    return config


def _settings(given: Any, what: str, kind: type[T], by_name: Callable[[str], T]) -> T:
    """Return settings given as such or by name."""
    if isinstance(given, str):
        return by_name(given)
    if not isinstance(given, kind):
        raise WorldError(f"{what} is {given!r}: use a name or a {kind.__name__}")
    return given


def _world_seed(options: Mapping[str, Any], drawn: int) -> int:
    """Return the seed that reset() was asked for, or the drawn one."""
    _check_mapping("options", options)
    unknown = sorted(set(options) - {"world_seed"})
    if unknown:
        raise WorldError(f"reset() has no option {unknown[0]!r}: use world_seed")
    seed = options.get("world_seed", drawn)
    if not is_whole(seed) or not 0 <= seed <= LARGEST_SEED:
        raise WorldError(f"world_seed is {seed!r}: use a whole number from 0 to {LARGEST_SEED}")
    return int(seed)


def _check_mapping(what: str, given: Any) -> None:
    if not isinstance(given, Mapping):
        raise WorldError(f"{what} is {given!r}: use a mapping from names to values")


def _command(action: Any) -> VelocityCommand:
    """Return an action as the command that is flown."""
    try:
        values = np.asarray(action, dtype=np.float32)
    except (TypeError, ValueError, OverflowError):
        values = np.empty(0, dtype=np.float32)
    if values.shape != MAX_COMMAND.shape or not np.isfinite(values).all():
        raise WorldError(f"action is {action!r}: use four finite numbers, forward, left, up (m/s) and yaw rate (rad/s)")
    return VelocityCommand.from_array(np.clip(values, -MAX_COMMAND, MAX_COMMAND))
