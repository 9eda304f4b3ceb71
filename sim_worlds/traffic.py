"""Cars and cyclists that drive in their lanes, stop for whatever is ahead and take crossings in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim_worlds.city_builder import car_colliders
from sim_worlds.city_plan import HALF_ROAD_M, JUNCTION_M, ROADS_M, ZEBRA_M, junctions
from sim_worlds.mesh_tools import ground_poses
from sim_worlds.models.car import car_size_m
from sim_worlds.models.gait import riding_poses
from sim_worlds.models.person import person_instances
from sim_worlds.route import Tracks
from sim_worlds.scene import Collider, DynamicInstance, Float3

LOOK_M = np.arange(0.0, 15.0, 0.75)
LANE_GAP_M = 1.65
CROSSING_GAP_M = 5.4
"""Nobody drives onto a crossing while somebody on it is as near as this."""
TAKE_WITHIN_M = 9.0
STAND_OFF_M = 3.2
ACCELERATION_M_S2, BRAKING_M_S2, COMFORT_M_S2 = 1.3, 6.0, 2.2
CURVE_M_S = 3.2
CYCLIST = "cyclist"
CYCLE_LENGTH_M = 1.8
CRANK_RAD_PER_M = 1.1

Points = NDArray[np.float64]


@dataclass(frozen=True)
class RoadUser:
    """A car or cyclist.

    Attributes:
        kind: a kind of car, or ``"cyclist"``.
        tint: of the paint.
        category: of what is painted.
        prefix: of the cyclist's meshes.
    """

    kind: str
    tint: Float3
    category: str
    prefix: str = ""

    @property
    def length_m(self) -> float:
        """From end to end."""
        return CYCLE_LENGTH_M if self.kind == CYCLIST else car_size_m(self.kind)[0]


class Traffic:
    """Everything that drives.

    Args:
        tracks: closed lanes.
        users: what drives.
        track: (users,) lane of each.
        along_m: (users,) place of its middle on it.
        cruise_m_s: (users,) usual speed.
    """

    def __init__(
        self,
        tracks: Tracks,
        users: list[RoadUser],
        track: NDArray[np.int64],
        along_m: Points,
        cruise_m_s: Points,
    ) -> None:
        self._tracks, self.users, self._track, self._along = tracks, users, track, along_m.copy()
        self._cruise = cruise_m_s
        self._speed = 0.8 * cruise_m_s
        self._wanted = cruise_m_s.copy()
        self._half = np.array([0.5 * user.length_m for user in users])
        self._centres = np.array(junctions())
        inside = np.abs(tracks.points[:, None] - self._centres).max(axis=2) < JUNCTION_M
        self._junction = np.where(inside.any(axis=1), inside.argmax(axis=1), -1)
        self._owner: dict[int, int] = {}
        self._crank = np.zeros(len(users))
        self.positions, self.headings = tracks.at(track, self._along)
        self._stood: Points | None = None  # where all stand, worked out when somebody asks

    @property
    def speeds_m_s(self) -> Points:
        """(users,) speeds."""
        return self._speed

    def outline(self, seconds: float = 0.0) -> Points:
        """(users, 4, 2) points along every vehicle, the last where its front will be in ``seconds``."""
        reach = np.array([-0.7, 0.0, 0.7])
        spots = self.positions[:, None] + (self._half[:, None] * reach)[..., None] * self.headings[:, None]
        ahead, _ = self._tracks.at(self._track, self._along + self._half + self._speed * seconds)
        return np.concatenate([spots, ahead[:, None]], axis=1)

    def decide(self, people: Points, kept_free: Points) -> None:
        """Choose everybody's speed.

        Args:
            people: (points, 2) where anybody on foot or in the air is or will be shortly.
            kept_free: (points, 2) crossings within 14 m of these are not entered.
        """
        if not len(self.users):
            return
        look = self._half[:, None] + LOOK_M  # (users, steps)
        track = np.broadcast_to(self._track[:, None], look.shape)
        ahead, headings = self._tracks.at(track, self._along[:, None] + look)
        taken = np.zeros(look.shape, dtype=bool)
        if len(people):
            away = np.linalg.norm(ahead[:, :, None] - people, axis=3)  # (users, steps, people)
            on_crossing = self._on_crossing(ahead)
            entered = on_crossing & ~np.logical_and.accumulate(on_crossing, axis=1)  # not the one that it is on
            crossing = entered[:, :, None] & self._on_crossing(people) & (away < CROSSING_GAP_M)
            taken |= ((away < LANE_GAP_M) | crossing).any(axis=2)
        outline = self.outline()[:, :3]
        gaps = np.linalg.norm(ahead[:, :, None, None] - outline, axis=4) < LANE_GAP_M  # (users, steps, users, 3)
        gaps[np.arange(len(look)), :, np.arange(len(look))] = False
        taken |= gaps.any(axis=(2, 3))
        rows = self._tracks.row(track, self._along[:, None] + look)
        clear = np.where(taken.any(axis=1), LOOK_M[taken.argmax(axis=1)], np.inf)
        free = np.minimum(clear - STAND_OFF_M, self._wait_for_junctions(self._junction[rows], clear, kept_free))
        turning = (headings[:, :8] * self.headings[:, None]).sum(axis=2).min(axis=1) < 0.96
        limit = np.where(turning, np.minimum(self._cruise, CURVE_M_S), self._cruise)
        stopping = np.sqrt(2.0 * COMFORT_M_S2 * np.maximum(np.minimum(free, 1e6), 0.0))
        self._wanted = np.where(free < 0.3, 0.0, np.minimum(limit, stopping))

    def tick(self, tick_s: float) -> None:
        """Move everything on."""
        change = np.clip(self._wanted - self._speed, -BRAKING_M_S2 * tick_s, ACCELERATION_M_S2 * tick_s)
        self._speed = np.maximum(self._speed + change, 0.0)
        self._along = self._along + self._speed * tick_s
        self._crank = self._crank + CRANK_RAD_PER_M * self._speed * tick_s
        self.positions, self.headings = self._tracks.at(self._track, self._along)
        self._stood = None

    def dynamic_instances(self) -> list[DynamicInstance]:
        """All vehicles and riders."""
        drawn: list[DynamicInstance] = []
        stands = self._stands()
        for user, ground, crank in zip(self.users, ground_poses(stands[:, :2], stands[:, 2]), self._crank, strict=True):
            drawn.append(
                DynamicInstance("bicycle" if user.kind == CYCLIST else user.kind, ground, user.tint, user.category)
            )
            if user.kind == CYCLIST:
                drawn += person_instances(user.prefix, ground, riding_poses(float(crank)))
            else:
                drawn.append(DynamicInstance(f"{user.kind}_trim", ground, category="car"))
        return drawn

    def colliders(self) -> list[Collider]:
        """Boxes for all vehicles."""
        solids: list[Collider] = []
        for user, (x, y, yaw) in zip(self.users, self._stands().tolist(), strict=True):
            if user.kind == CYCLIST:
                solids.append(Collider("box", (x, y, 0.85), (0.9, 0.3, 0.85), yaw, "cyclist"))
            else:
                solids += car_colliders(user.kind, x, y, yaw)
        return solids

    def _stands(self) -> Points:
        """(users, 3) x, y and yaw of all middles: along the line between the axles, so that nobody cuts a curve."""
        if self._stood is None:
            reach = 0.6 * self._half[:, None] * np.array([-1.0, 1.0])
            track = np.broadcast_to(self._track[:, None], reach.shape)
            ends, _ = self._tracks.at(track, self._along[:, None] + reach)  # (users, 2, 2)
            way = ends[:, 1] - ends[:, 0]
            self._stood = np.column_stack([0.5 * ends.sum(axis=1), np.arctan2(way[:, 1], way[:, 0])])
        return self._stood

    def _on_crossing(self, points: Points) -> NDArray[np.bool_]:
        """Which of some points (..., 2) lie on a crossing for people on foot."""
        offsets = np.abs(points[..., :, None] - np.array(ROADS_M)).min(axis=-1)
        across, along = offsets.min(axis=-1), offsets.max(axis=-1)
        return np.asarray((across < HALF_ROAD_M + 0.5) & (along > ZEBRA_M[0] - 0.4) & (along < ZEBRA_M[1] + 0.4))

    def _wait_for_junctions(self, ahead: NDArray[np.int64], clear: Points, kept_free: Points) -> Points:
        """Free way (users,) to the first crossing that somebody else has.

        Takes those that are free, unless somebody is before them: he must go first.
        """
        self._leave_junctions()
        busy = np.zeros(len(self._centres), dtype=bool)
        if len(kept_free):
            busy = (np.linalg.norm(self._centres[:, None] - kept_free, axis=2) < 14.0).any(axis=1)
        free = np.full(len(ahead), np.inf)
        for index, row in enumerate(ahead):
            for step in np.flatnonzero(row >= 0):
                junction = int(row[step])
                if LOOK_M[step] > clear[index]:
                    break
                if self._owner.get(junction) == index:
                    continue
                if junction not in self._owner and not busy[junction] and LOOK_M[step] < TAKE_WITHIN_M:
                    self._owner[junction] = index
                    continue
                free[index] = LOOK_M[step] - 0.8
                break
        return free

    def _leave_junctions(self) -> None:
        for junction, index in list(self._owner.items()):
            reach = np.arange(-self._half[index] - 0.5, self._half[index] + TAKE_WITHIN_M + 1.0, 0.5)
            track = np.broadcast_to(self._track[index], reach.shape)
            if not (self._junction[self._tracks.row(track, self._along[index] + reach)] == junction).any():
                del self._owner[junction]
