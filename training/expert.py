"""The pilot with X-ray eyes: flies by the true state and labels what the network must learn.

Everything it does can be read off the image: it turns towards the target, approaches it in proportion
to the distance left, swerves early around what stands between and slows down before it. In proportion matters:
the same law that brakes before a backpack on a tree keeps pace with one that walks away. What stands beside the
way slows nothing, or walls would keep it from a walker's heels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liquid_nav.frames import enu_to_level_flu, wrap_angle
from liquid_nav.types import Odometry, VelocityCommand
from sim_worlds.world import World
from training.planner import WayField

EDGE_RAD = 0.15
LOWEST_SEARCH_M = 0.8
LOWEST_FLIGHT_M = 0.6
BAND_BELOW_M, BAND_ABOVE_M = 0.5, 0.8  # solids below and above the way do not matter
BLOCKED_M = 0.45  # a line that passes solids nearer than this is blocked
BRAKE_M, STOP_M = 2.4, 0.4  # brakes from this far before a solid in the line to the target; what stays beside it
SLOWEST = 0.3
SOON_S = 0.4  # what is beside the vehicle then stands at the edge of the image now
TIGHT_M = 0.6  # flies slower where less room than this is left


@dataclass(frozen=True)
class ExpertConfig:
    """Gains of the expert.

    Attributes:
        stand_off_m: horizontal distance from the target at which it hovers, once it is as high as that.
        steepest_rad: it hovers farther away where its line of sight would be steeper: the image still holds the target.
        height_over_target_m: it flies this much above the backpack's centre.
        approach_gain_per_s: speed per metre of way left.
        max_speed_m_s, max_up_m_s, max_yaw_rate_rad_s: limits of its commands.
        yaw_gain_per_s: yaw rate per radian of bearing.
        search_yaw_rate_rad_s: yaw rate while the target is out of view.
        reach_m: how far ahead on its way it aims.
        room_m: solids nearer than this to where it will soon be are kept away from.
        room_gain_per_s: speed aside per metre of room that lacks.
    """

    stand_off_m: float = 2.0
    steepest_rad: float = 0.35  # an image of 80 by 50 degrees ends at 0.44
    height_over_target_m: float = 0.15
    approach_gain_per_s: float = 0.8
    max_speed_m_s: float = 2.5
    max_up_m_s: float = 0.8
    max_yaw_rate_rad_s: float = 1.0
    yaw_gain_per_s: float = 1.8
    search_yaw_rate_rad_s: float = 0.8
    reach_m: float = 3.0
    room_m: float = 1.0
    room_gain_per_s: float = 0.8

    def speed_m_s(self, distance_m: float, above_m: float) -> float:
        """Return how fast to fly straight towards a target, horizontally so far away and so high above the vehicle."""
        left_m = distance_m - self.stand_off_at_m(above_m)
        return float(np.clip(self.approach_gain_per_s * left_m, -1.0, self.max_speed_m_s))

    def stand_off_at_m(self, above_m: float) -> float:
        """Return where to hover for a target so high above the vehicle."""
        return float(max(self.stand_off_m, abs(above_m) / np.tan(self.steepest_rad)))

    def up_m_s(self, above_m: float) -> float:
        """Return how fast to climb to a target so high above the vehicle."""
        return float(np.clip(above_m + self.height_over_target_m, -self.max_up_m_s, self.max_up_m_s))

    def yaw_rate_rad_s(self, bearing_rad: float) -> float:
        """Return how fast to turn to a target in sight."""
        return float(np.clip(self.yaw_gain_per_s * bearing_rad, -self.max_yaw_rate_rad_s, self.max_yaw_rate_rad_s))


class Expert:
    """Flies one world; make a new one for each flight."""

    def __init__(self, world: World, config: ExpertConfig | None = None, *, moving_target: bool = False) -> None:
        self.config = config or ExpertConfig()
        self.world = world
        self._search_direction = 1.0
        self._field: WayField | None = None
        if not moving_target:
            goal = np.asarray(world.target.position_enu_m[:2], dtype=float)
            heights = (float(world.target.position_enu_m[2]), world.start.position_enu_m[2])
            band = (min(heights) - BAND_BELOW_M, max(heights) + BAND_ABOVE_M)
            self._field = WayField(
                world.scene.colliders, world.scene.half_size_m, goal, self.config.stand_off_m, band
            )

    def command(self, odometry: Odometry | None = None) -> VelocityCommand:
        """Return what to fly now, from the true state of the world, or as if the vehicle were elsewhere in it."""
        config, odometry = self.config, odometry or self.world.odometry
        position = odometry.position_enu_m
        to_target = self.world.target.position_enu_m - position
        bearing = wrap_angle(float(np.arctan2(to_target[1], to_target[0])) - odometry.yaw_rad)
        half_view = 0.5 * self.world.horizontal_fov_rad
        in_frame = abs(bearing) < half_view
        if in_frame:
            self._search_direction = 1.0 if bearing >= 0.0 else -1.0
            yaw_rate = config.yaw_rate_rad_s(bearing)
        else:
            if abs(bearing) < half_view + EDGE_RAD:  # it can be seen to leave on that side
                self._search_direction = 1.0 if bearing >= 0.0 else -1.0
            yaw_rate = self._search_direction * config.search_yaw_rate_rad_s
        velocity = self._horizontal_velocity(position, to_target)
        if not in_frame:
            velocity = velocity * 0.0
        forward, left, _ = enu_to_level_flu([velocity[0], velocity[1], 0.0], odometry.yaw_rad)
        up = config.up_m_s(float(to_target[2]))
        over_ground_m = float(position[2]) - self.world.scene.ground_height_m(float(position[0]), float(position[1]))
        if not in_frame:
            up = 0.4 if over_ground_m < LOWEST_SEARCH_M else 0.0
        up = max(up, LOWEST_FLIGHT_M - over_ground_m)
        up = min(up, config.max_up_m_s)
        return VelocityCommand(float(forward), float(left), up, yaw_rate)

    def clearance_m(self, position_enu_m: NDArray[np.float64]) -> float:
        """Return the distance to the nearest solid at flying height, infinite where nobody mapped them."""
        return float("inf") if self._field is None else self._field.clearance_at_m(position_enu_m[:2])

    def _horizontal_velocity(
        self, position: NDArray[np.float64], to_target: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Velocity (2,) in the world frame."""
        config = self.config
        distance = float(np.hypot(to_target[0], to_target[1])) + 1e-9
        straight = to_target[:2] / distance
        above_m = float(to_target[2])
        stand_off_m = config.stand_off_at_m(above_m)
        left_m, point = distance - stand_off_m, position[:2]
        field, direct = self._field, straight * config.speed_m_s(distance, above_m)
        if field is None:
            return direct
        if distance < stand_off_m + 0.3:
            return self._with_room(field, point, direct)
        way = straight * left_m
        if field.segment_clearance(point, point + way) < config.room_m:
            way = field.look_ahead(point, config.reach_m) - point
        length = float(np.hypot(way[0], way[1]))
        if length < 1e-6:
            return self._with_room(field, point, direct)
        speed = config.approach_gain_per_s * max(left_m, min(length, 1.0))
        free_m = field.free_m(point, point + straight * min(BRAKE_M, left_m), BLOCKED_M)
        braked = 1.0 if free_m >= left_m else (free_m - STOP_M) / (BRAKE_M - STOP_M)
        slow = min(braked, field.clearance_at_m(point) / TIGHT_M)
        speed = min(speed, config.max_speed_m_s * float(np.clip(slow, SLOWEST, 1.0)))
        return self._with_room(field, point, way / length * speed)

    def _with_room(
        self, field: WayField, point: NDArray[np.float64], velocity: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return a velocity (2,) that keeps away from what is close to where it leads; the image still shows that."""
        config = self.config
        aside_m = field.aside_m(point + SOON_S * velocity, config.room_m)
        changed = velocity + config.room_gain_per_s * aside_m
        return changed * min(1.0, config.max_speed_m_s / (float(np.hypot(*changed)) + 1e-9))
