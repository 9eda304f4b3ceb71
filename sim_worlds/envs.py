"""Gymnasium environments ``LiquidNav/FlyToTarget-v0`` and ``LiquidNav/FollowTarget-v0``."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from liquid_nav.types import VelocityCommand
from sim_worlds.camera import CameraConfig
from sim_worlds.missions import FlyToTarget, FollowTarget, Mission
from sim_worlds.render import make_renderer
from sim_worlds.scene import Renderer
from sim_worlds.world import World, make_world

MAX_COMMAND = np.array([2.5, 1.5, 1.5, 1.5], dtype=np.float32)
PERIOD_S = 0.05
Observation = dict[str, NDArray[Any]]


class TargetEnv(gymnasium.Env[Observation, NDArray[np.float32]]):
    """A mission as an environment.

    Observation: ``rgb`` uint8 (height, width, 3) and ``elapsed_s`` float32 (1,), seconds since the image before.
    Action: float32 (4,), forward, left, up (m/s) and yaw rate (rad/s), level body frame.
    Reward: metres gained towards 2 m from the target, 0.1 per step in view, 10 for success, -10 for a collision.
    Info: ``success``, ``collision``, ``target_in_view``, ``distance_m``, ``time_s``, ``seed``.

    Args:
        mission: ``"fly_to"`` or ``"follow"``.
        world: ``"forest"`` or ``"city"``.
        render_size: (width, height) in pixels.
        season: of a forest.
        renderer: ``"auto"``, ``"gl"`` or ``"tiny"``.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 20}

    def __init__(
        self,
        mission: str,
        world: str,
        render_size: tuple[int, int] = (256, 144),
        season: str = "summer",
        renderer: str = "auto",
        render_mode: str | None = None,
    ) -> None:
        self.render_mode = render_mode
        self._mission_name = mission
        self._world_name = world
        self._size = render_size
        self._season = season
        self._renderer_name = renderer
        self._renderer: Renderer | None = None
        self._world: World | None = None
        self._mission: Mission | None = None
        self._seed = 0
        width, height = render_size
        self.observation_space = gymnasium.spaces.Dict(
            {
                "rgb": gymnasium.spaces.Box(0, 255, (height, width, 3), np.uint8),
                "elapsed_s": gymnasium.spaces.Box(0.0, 10.0, (1,), np.float32),
            }
        )
        self.action_space = gymnasium.spaces.Box(-MAX_COMMAND, MAX_COMMAND, dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start a flight. ``options["world_seed"]`` names the world; else the generator draws one."""
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(1_000_000))
        self._seed = int((options or {}).get("world_seed", drawn))
        if self._world is not None:
            self._world.close()
        if self._renderer is None:
            self._renderer = make_renderer(self._renderer_name)
        still = self._mission_name == "fly_to"
        options = {"season": self._season} | ({"still": still} if self._world_name != "forest" else {})
        camera = CameraConfig(*self._size)
        self._world = make_world(self._world_name, self._seed, renderer=self._renderer, camera=camera, **options)
        self._mission = FlyToTarget(self._world) if still else FollowTarget(self._world)
        return self._observation(0.0), self._info()

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Fly one action for 0.05 s."""
        if self._world is None or self._mission is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        command = VelocityCommand.from_array(np.clip(np.asarray(action, dtype=np.float32), -MAX_COMMAND, MAX_COMMAND))
        before = abs(self._world.target_distance_m - 2.0)
        self._world.step(command, PERIOD_S)
        self._mission.update(self._world)
        result = self._mission.result()
        reward = before - abs(self._world.target_distance_m - 2.0) + 0.1 * self._mission.target_in_view
        reward += 10.0 * result.success - 10.0 * result.collision
        terminated = result.success or result.collision
        truncated = self._mission.done and not terminated
        return self._observation(PERIOD_S), float(reward), terminated, truncated, self._info()

    def render(self) -> NDArray[np.uint8] | None:  # type: ignore[override]
        """Return the chase view, uint8 (360, 480, 3), in ``rgb_array`` mode."""
        if self.render_mode != "rgb_array" or self._world is None:
            return None
        return self._world.chase_image(480, 360)

    def close(self) -> None:
        """Free world and renderer."""
        if self._world is not None:
            self._world.close()
        if self._renderer is not None:
            self._renderer.close()
        self._world = self._renderer = None

    def _observation(self, elapsed_s: float) -> Observation:
        assert self._world is not None
        return {"rgb": self._world.camera_frame().rgb, "elapsed_s": np.array([elapsed_s], dtype=np.float32)}

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


def register() -> None:
    """Make the environments known to Gymnasium."""
    for name, mission, world in (("FlyToTarget", "fly_to", "forest"), ("FollowTarget", "follow", "city")):
        gymnasium.register(
            id=f"LiquidNav/{name}-v0",
            entry_point="sim_worlds.envs:TargetEnv",
            kwargs={"mission": mission, "world": world},
            max_episode_steps=2400,
        )
