"""Targets on wheels: a cyclist with the backpack on the back, and a slow open car with it hung at its tail."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim_worlds.carrier import TICK_S, Carrier
from sim_worlds.mesh_tools import pose, rotation
from sim_worlds.models.buggy import LENGTH_M, PACK_ON_RACK_M, ROOF_M, WIDTH_M
from sim_worlds.models.gait import riding_poses
from sim_worlds.models.person import BACKPACK_OVER_HIP_M, person_instances
from sim_worlds.route import Tracks
from sim_worlds.scene import Collider, DynamicInstance, Float3

SLOWEST_M_S, FASTEST_M_S = 1.0, 3.0
CURVE_M_S = 1.8
ACCELERATION_M_S2, BRAKING_M_S2 = 0.5, 0.9
STOP_CHANCE = 0.2
CRANK_RAD_PER_M = 1.3
RIDER_BEFORE_PACK_M = 0.27
Vehicle = Literal["cyclist", "car"]


class RidingTarget(Carrier):
    """Implements :class:`sim_worlds.scene.Target`: goes round a lane, changing pace, now and then stopping.

    Needs the meshes ``backpack`` and, for a cyclist, ``bicycle`` and those of ``person_meshes("walker", ...)``;
    for a car, those of ``buggy_meshes``.

    Args:
        vehicle: ``"cyclist"`` or ``"car"``.
        lane: a closed track, the first of these.
        along_m: where it starts.
        rng: draws pace and stops.
        tint: of the backpack.
        paint: of the vehicle.
    """

    def __init__(
        self,
        vehicle: Vehicle,
        lane: Tracks,
        along_m: float,
        rng: np.random.Generator,
        *,
        tint: Float3 = (1.0, 1.0, 1.0),
        paint: Float3 = (0.9, 0.9, 0.88),
    ) -> None:
        super().__init__(tint)
        self._cycles = vehicle == "cyclist"
        self._lane, self._along, self._rng = lane, along_m, rng
        self._paint = paint
        self._speed = 0.0
        self._wanted = float(rng.uniform(SLOWEST_M_S, 2.0))
        self._next_change_s = float(rng.uniform(4.0, 8.0))
        self._crank = 0.0

    @property
    def speed_m_s(self) -> float:
        """Speed now."""
        return self._speed

    @property
    def heading_rad(self) -> float:
        """Direction of travel, counter-clockwise from east."""
        _, way = self._at(0.0)
        return float(np.arctan2(way[1], way[0]))

    def dynamic_instances(self) -> list[DynamicInstance]:
        """Vehicle, rider and backpack."""
        ground = self._ground_pose()
        if self._cycles:
            drawn = [DynamicInstance("bicycle", ground, self._paint, category="furniture")]
            drawn += person_instances("walker", ground, riding_poses(self._crank))
        else:
            middle = ground @ pose((0.0, 0.0, 0.5 * ROOF_M))
            drawn = [
                DynamicInstance("buggy", ground, self._paint, category="car"),
                DynamicInstance("buggy_trim", ground, category="car"),
                DynamicInstance("buggy_driver", ground, category="person"),
                DynamicInstance("nothing", middle, shadow_size_m=(1.5, ROOF_M)),
            ]
        return [*drawn, self.pack_instance()]

    def colliders(self) -> list[Collider]:
        """The vehicle with its rider, and the backpack."""
        x, y = (float(value) for value in self._ground_pose()[:2, 3])
        yaw = self.heading_rad
        pack = self.pack_collider()
        if self._cycles:
            ahead = RIDER_BEFORE_PACK_M * np.array([np.cos(yaw), np.sin(yaw)])  # the rider must not hide the backpack
            bx, by, _ = pack.centre_enu_m
            spot = (bx + float(ahead[0]), by + float(ahead[1]), 1.3)
            rider = Collider("cylinder", spot, (0.25, 0.25, 0.45), label="cyclist")
            return [Collider("box", (x, y, 0.5), (0.85, 0.25, 0.5), yaw, "bicycle"), rider, pack]
        half = (0.5 * LENGTH_M, 0.5 * WIDTH_M, 0.5 * ROOF_M)
        return [Collider("box", (x, y, half[2]), half, yaw, "buggy"), pack]

    def _tick(self) -> None:
        self._next_change_s -= TICK_S
        if self._next_change_s <= 0.0:
            self._change_pace()
        ways = [self._at(reach)[1] for reach in (0.0, 2.5)]
        wanted = min(self._wanted, CURVE_M_S) if float(ways[0] @ ways[1]) < 0.97 else self._wanted
        self._speed += float(np.clip(wanted - self._speed, -BRAKING_M_S2 * TICK_S, ACCELERATION_M_S2 * TICK_S))
        self._along += self._speed * TICK_S
        self._crank = (self._crank + CRANK_RAD_PER_M * self._speed * TICK_S) % (2.0 * np.pi)

    def _change_pace(self) -> None:
        if self._wanted > 0.0 and self._rng.random() < STOP_CHANCE:
            self._wanted = 0.0
            self._next_change_s = float(self._rng.uniform(3.5, 6.0))
            return
        self._wanted = float(self._rng.uniform(SLOWEST_M_S, FASTEST_M_S))
        self._next_change_s = float(self._rng.uniform(5.0, 12.0))

    def _at(self, reach_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        points, headings = self._lane.at(np.zeros(1, dtype=np.int64), np.array([self._along + reach_m]))
        return points[0], headings[0]

    def _ground_pose(self) -> NDArray[np.float64]:
        point, way = self._at(0.0)
        return pose((float(point[0]), float(point[1]), 0.0), rotation(float(np.arctan2(way[1], way[0]))))

    def _carried_pose(self) -> NDArray[np.float64]:
        back = rotation(np.pi)
        if not self._cycles:
            return np.asarray(self._ground_pose() @ pose(PACK_ON_RACK_M, back))
        torso = riding_poses(self._crank)[0]
        return np.asarray(self._ground_pose() @ torso @ pose(BACKPACK_OVER_HIP_M, back))
