"""What counts as success: the one definition that every suite, node and environment uses."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim_worlds.world import World

REACHED_M = 2.5
HOVER_SPEED_M_S = 0.5
HOVER_S = 2.0
CENTRAL_SHARE = 1.0 / 3.0
SLOWEST_WAY_M_S = 0.7
EXTRA_TIME_S = 15.0

FOLLOW_S = 60.0
FOLLOW_GRACE_S = 10.0
FOLLOW_NEAR_M, FOLLOW_FAR_M = 1.5, 6.0
FOLLOW_TSR = 0.8


@dataclass(frozen=True)
class MissionResult:
    """How a flight ended.

    Attributes:
        success: the mission's definition is met.
        collision: the vehicle touched something or left the world.
        tsr: tracking success rate in 0..1, the share of steps with the target in view and near.
        duration_s: simulated time flown.
        min_distance_m, final_distance_m: to the centre of the backpack.
        reason: one sentence for a person.
    """

    success: bool
    collision: bool
    tsr: float
    duration_s: float
    min_distance_m: float
    final_distance_m: float
    reason: str


class _Mission:
    """Shared bookkeeping: distances, time in view, collisions."""

    def __init__(self, world: World, grace_s: float) -> None:
        self._grace_s = grace_s
        self._counted = 0
        self._tracked = 0
        self._start_s = world.time_s
        self._duration_s = 0.0
        self._collision: str | None = None
        self._min_distance_m = math.inf
        self._distance_m = world.target_distance_m
        self.done = False
        self.success = False
        self.target_in_view = False
        self._reason = "the flight goes on"

    @property
    def tsr(self) -> float:
        """Share of the counted steps with the target in view and 1.5 to 6 m away, 0..1."""
        return self._tracked / self._counted if self._counted else 0.0

    @property
    def tsr_counts(self) -> bool:
        """True once steps count towards the tracking success rate."""
        return self._counted > 0

    def result(self) -> MissionResult:
        """Return how it went so far, or ended."""
        return MissionResult(
            success=self.success,
            collision=self._collision is not None,
            tsr=self.tsr,
            duration_s=self._duration_s,
            min_distance_m=self._min_distance_m,
            final_distance_m=self._distance_m,
            reason=self._reason,
        )

    def _observe(self, world: World) -> None:
        self._duration_s = world.time_s - self._start_s
        self._distance_m = world.target_distance_m
        self._min_distance_m = min(self._min_distance_m, self._distance_m)
        self.target_in_view = world.target_in_view()
        if self._duration_s > self._grace_s:
            self._counted += 1
            near = FOLLOW_NEAR_M <= self._distance_m <= FOLLOW_FAR_M
            self._tracked += self.target_in_view and near
        if world.collision is not None:
            self._collision = world.collision
            self._finish(False, f"touched {world.collision} after {self._duration_s:.1f} s")

    def _finish(self, success: bool, reason: str) -> None:
        self.done, self.success, self._reason = True, success, reason


class FlyToTarget(_Mission):
    """Reach the backpack and hover before it with the backpack in the middle of the image."""

    name = "fly_to_target"

    def __init__(self, world: World) -> None:
        super().__init__(world, grace_s=0.0)
        self.limit_s = world.target_distance_m / SLOWEST_WAY_M_S + EXTRA_TIME_S
        self._hover_since_s: float | None = None

    def update(self, world: World) -> None:
        """Look at the world after a step."""
        if self.done:
            return
        self._observe(world)
        if self.done:
            return
        if self._hovers(world):
            if self._hover_since_s is None:
                self._hover_since_s = self._duration_s
            if self._duration_s - self._hover_since_s >= HOVER_S - 1e-6:
                self._finish(True, f"hovers {self._distance_m:.1f} m from the backpack")
        else:
            self._hover_since_s = None
        if not self.done and self._duration_s >= self.limit_s:
            self._finish(False, f"not there after {self._duration_s:.1f} s, {self._distance_m:.1f} m away")

    def _hovers(self, world: World) -> bool:
        vx, vy, vz = (float(value) for value in world.odometry.velocity_enu_m_s)
        if self._distance_m > REACHED_M or math.sqrt(vx * vx + vy * vy + vz * vz) >= HOVER_SPEED_M_S:
            return False
        pixel = world.target_pixel()
        if pixel is None or not self.target_in_view:
            return False
        shares = (place / size for place, size in zip(pixel, world.render_size, strict=True))
        return all(abs(share - 0.5) <= 0.5 * CENTRAL_SHARE for share in shares)


class FollowTarget(_Mission):
    """Stay behind a walking person for a minute."""

    name = "follow_target"

    def __init__(self, world: World, duration_s: float = FOLLOW_S) -> None:
        super().__init__(world, grace_s=min(FOLLOW_GRACE_S, 0.25 * duration_s))
        self.limit_s = duration_s

    def update(self, world: World) -> None:
        """Look at the world after a step."""
        if self.done:
            return
        self._observe(world)
        if not self.done and self._duration_s >= self.limit_s - 1e-6:
            success = self.tsr >= FOLLOW_TSR
            self._finish(success, f"had the target in view and near for {100 * self.tsr:.0f}% of the time")


Mission = FlyToTarget | FollowTarget


def make_mission(world: World, duration_s: float = FOLLOW_S) -> Mission:
    """Return the mission that suits a world: follow what moves, fly to what stays."""
    if world.target.moves:
        return FollowTarget(world, duration_s)
    return FlyToTarget(world)
