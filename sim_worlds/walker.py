"""A person who walks along a path with the red backpack: changing pace, turning, now and then standing still."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from liquid_nav.frames import wrap_angle
from sim_worlds.carrier import TICK_S, Carrier
from sim_worlds.mesh_tools import pose, rotation
from sim_worlds.models.gait import HEIGHT_M, stride_m, swing_of, walking_poses
from sim_worlds.models.person import BACKPACK_OVER_HIP_M, BODY_RADIUS_M, person_instances
from sim_worlds.route import Path
from sim_worlds.scene import Collider, DynamicInstance, Float3

SLOWEST_M_S, FASTEST_M_S = 0.5, 1.8
ACCELERATION_M_S2 = 0.8
TURN_RATE_RAD_S = 1.3
CARROT_M = 1.0


class WalkingPerson(Carrier):
    """Implements :class:`sim_worlds.scene.Target`; the meshes of ``person_meshes(prefix, ...)`` and ``backpack``
    must be in the scene.

    Args:
        path: where to walk.
        rng: draws pace and stops.
        prefix: of the person's meshes.
        tint: of the backpack.
    """

    def __init__(
        self, path: Path, rng: np.random.Generator, *, prefix: str = "walker", tint: Float3 = (1.0, 1.0, 1.0)
    ) -> None:
        super().__init__(tint)
        self.path = path
        self._rng = rng
        self._prefix = prefix
        self._along_m = CARROT_M
        self._position = path.at(0.0)
        way = path.at(CARROT_M) - self._position
        self._yaw = float(np.arctan2(way[1], way[0]))
        self._phase = 0.0
        self._speed = 0.0
        self._wanted_speed = float(rng.uniform(0.8, 1.4))
        self._next_change_s = float(rng.uniform(4.0, 9.0))

    @property
    def speed_m_s(self) -> float:
        """Walking speed now."""
        return self._speed

    @property
    def heading_rad(self) -> float:
        """Direction of walking, counter-clockwise from east."""
        return self._yaw

    def dynamic_instances(self) -> list[DynamicInstance]:
        """The person and the backpack."""
        return [*person_instances(self._prefix, self._ground_pose(), self._body_poses()), self.pack_instance()]

    def colliders(self) -> list[Collider]:
        """The body, and the backpack on it."""
        x, y = self._position.tolist()
        half = 0.5 * HEIGHT_M
        body = Collider("cylinder", (x, y, half), (BODY_RADIUS_M, BODY_RADIUS_M, half), label="person")
        return [body, self.pack_collider()]

    def _tick(self) -> None:
        self._next_change_s -= TICK_S
        if self._next_change_s <= 0.0:
            self._change_pace()
        at_end = self._along_m >= self.path.length_m and self._distance_to_carrot() < 0.3
        wanted = 0.0 if at_end else self._wanted_speed
        self._speed += float(np.clip(wanted - self._speed, -ACCELERATION_M_S2 * TICK_S, ACCELERATION_M_S2 * TICK_S))
        while self._along_m < self.path.length_m and self._distance_to_carrot() < CARROT_M:
            self._along_m += 0.02
        way = self.path.at(self._along_m) - self._position
        turn = wrap_angle(float(np.arctan2(way[1], way[0])) - self._yaw)
        if not at_end:
            limit = TURN_RATE_RAD_S * TICK_S * min(1.0, self._speed / 0.4)
            self._yaw = wrap_angle(self._yaw + float(np.clip(turn, -limit, limit)))
        heading = np.array([np.cos(self._yaw), np.sin(self._yaw)])
        self._position = self._position + heading * self._speed * TICK_S
        self._phase = (self._phase + 2.0 * np.pi * self._speed / stride_m(self._speed) * TICK_S) % (2.0 * np.pi)

    def _change_pace(self) -> None:
        if self._wanted_speed > 0.0 and self._rng.random() < 0.25:
            self._wanted_speed = 0.0
            self._next_change_s = float(self._rng.uniform(2.0, 4.0))
            return
        self._wanted_speed = float(self._rng.uniform(SLOWEST_M_S, FASTEST_M_S))
        self._next_change_s = float(self._rng.uniform(4.0, 12.0))

    def _distance_to_carrot(self) -> float:
        way = self.path.at(self._along_m) - self._position
        return float(np.hypot(way[0], way[1]))

    def _ground_pose(self) -> NDArray[np.float64]:
        return pose((float(self._position[0]), float(self._position[1]), 0.0), rotation(self._yaw))

    def _body_poses(self) -> NDArray[np.float64]:
        return walking_poses(self._phase, swing_of(self._speed))

    def _carried_pose(self) -> NDArray[np.float64]:
        torso = self._body_poses()[0]
        return np.asarray(self._ground_pose() @ torso @ pose(BACKPACK_OVER_HIP_M, rotation(np.pi)))
