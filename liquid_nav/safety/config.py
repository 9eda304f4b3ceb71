"""The limits a command has to respect, checked when they are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from liquid_nav.errors import ConfigError
from liquid_nav.safety.geofence import Corner, check_polygon, circle_corners, square_corners


class Setting(NamedTuple):
    """Range of a setting and what it does."""

    low: float
    high: float
    text: str


SETTINGS: dict[str, Setting] = {
    "max_forward_speed_m_s": Setting(0.1, 20.0, "forwards and backwards"),
    "max_horizontal_speed_m_s": Setting(0.1, 20.0, "forwards and sideways together"),
    "max_up_m_s": Setting(0.1, 5.0, "climb"),
    "max_down_m_s": Setting(0.1, 5.0, "descent"),
    "max_yaw_rate_rad_s": Setting(0.1, 6.0, "turning"),
    "max_acceleration_m_s2": Setting(0.5, 20.0, "change of the commanded velocity along each level body axis"),
    "max_jerk_m_s3": Setting(1.0, 1000.0, "change of that change"),
    "max_yaw_acceleration_rad_s2": Setting(0.5, 100.0, "change of the yaw rate"),
    "geofence_half_size_m": Setting(1.0, 100000.0, "half the side of a square fence"),
    "geofence_radius_m": Setting(1.0, 100000.0, "of a round fence, which replaces the square"),
    "brake_acceleration_m_s2": Setting(0.1, 10.0, "the vehicle is trusted to slow down so hard before limits in space"),
    "brake_reaction_s": Setting(0.0, 5.0, "it flies on for so long before it begins to"),
    "brake_margin_m": Setting(0.0, 20.0, "it stops so far inside the fence"),
    "floor_m": Setting(-1000.0, 10000.0, "lowest height in the world frame, but for landing"),
    "ceiling_m": Setting(-1000.0, 10000.0, "greatest height in the world frame"),
    "obstacle_stop_m": Setting(0.1, 20.0, "it stops so far from what a range sensor sees"),
    "obstacle_slow_m": Setting(0.2, 50.0, "nearer to it than this, obstacle_slow_speed_m_s counts"),
    "obstacle_slow_speed_m_s": Setting(0.1, 20.0, "greatest speed in any direction inside the slow zone"),
    "separation_m": Setting(0.5, 100.0, "distance kept from other drones"),
    "command_timeout_s": Setting(0.02, 10.0, "an older command is stale"),
    "estimate_timeout_s": Setting(0.02, 10.0, "an older estimate is stale"),
    "range_timeout_s": Setting(0.05, 10.0, "older ranges are stale, once ranges have come"),
    "frozen_after_s": Setting(0.0, 10.0, "an image that repeats itself for longer is frozen; 0 looks for none"),
    "frozen_motion_m": Setting(0.0, 10.0, "and the vehicle has moved so far (1 rad of turn counts as 1 m)"),
    "hold_after_s": Setting(0.0, 600.0, "from the moment an input is lost, hover turns into hold"),
    "land_after_s": Setting(0.0, 3600.0, "and into landing"),
    "blind_land_after_s": Setting(0.0, 600.0, "from the moment the estimate is lost, hover turns into landing"),
    "land_speed_m_s": Setting(0.05, 2.0, "descent when landing"),
    "battery_low_percent": Setting(0.0, 100.0, "at and below it the vehicle holds"),
    "battery_critical_percent": Setting(0.0, 100.0, "at and below it the vehicle lands"),
    "longest_step_s": Setting(0.01, 1.0, "a longer pause between evaluations counts as this in the limits of change"),
}
_MAY_BE_NONE = ("geofence_half_size_m", "geofence_radius_m")


@dataclass(frozen=True)
class SafetyConfig:
    """Limits of the safety filter. Every value is checked; a bad one is refused with its range.

    :data:`SETTINGS` tells what each number does. A polygon or a circle replaces the square fence; both together are
    refused.

    Attributes:
        geofence_centre_enu_m: (2,) east and north of the middle of square or circle.
        geofence_polygon_enu_m: corners (points, 2) of a fence, convex or not.
        fence_enu_m: the corners that count, none without a fence.
    """

    max_forward_speed_m_s: float = 2.5
    max_horizontal_speed_m_s: float = 2.5
    max_up_m_s: float = 1.0
    max_down_m_s: float = 0.8
    max_yaw_rate_rad_s: float = 1.5
    max_acceleration_m_s2: float = 4.0
    max_jerk_m_s3: float = 20.0
    max_yaw_acceleration_rad_s2: float = 6.0
    geofence_centre_enu_m: Corner = (0.0, 0.0)
    geofence_half_size_m: float | None = 100.0
    geofence_radius_m: float | None = None
    geofence_polygon_enu_m: tuple[Corner, ...] | None = None
    brake_acceleration_m_s2: float = 1.5
    brake_reaction_s: float = 0.6
    brake_margin_m: float = 1.0
    floor_m: float = 0.5
    ceiling_m: float = 12.0
    obstacle_stop_m: float = 1.0
    obstacle_slow_m: float = 2.5
    obstacle_slow_speed_m_s: float = 0.7
    separation_m: float = 3.0
    command_timeout_s: float = 0.5
    estimate_timeout_s: float = 0.5
    range_timeout_s: float = 0.5
    frozen_after_s: float = 0.5
    frozen_motion_m: float = 0.05
    hold_after_s: float = 2.0
    land_after_s: float = 15.0
    blind_land_after_s: float = 2.0
    land_speed_m_s: float = 0.4
    battery_low_percent: float = 25.0
    battery_critical_percent: float = 15.0
    longest_step_s: float = 0.1
    fence_enu_m: tuple[Corner, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        for name, (low, high, _) in SETTINGS.items():
            value = getattr(self, name)
            if value is not None or name not in _MAY_BE_NONE:
                object.__setattr__(self, name, _number(name, value, low, high))
        self._ordered("floor_m", "ceiling_m", "m")
        self._ordered("hold_after_s", "land_after_s", "s")
        self._ordered("brake_acceleration_m_s2", "max_acceleration_m_s2", "m/s2")
        self._ordered("land_speed_m_s", "max_down_m_s", "m/s")
        self._ordered("obstacle_stop_m", "obstacle_slow_m", "m")
        self._ordered("battery_critical_percent", "battery_low_percent", "%")
        object.__setattr__(self, "fence_enu_m", self._fence())

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SafetyConfig:
        """Read a configuration; what is not named keeps its default, lists become tuples.

        Raises:
            ConfigError: for an unknown key or a value of a wrong kind or out of range.
        """
        known = [item.name for item in fields(cls) if item.init]
        for name in values:
            if name not in known:
                raise ConfigError(f"safety has no setting {name!r}: use one of {', '.join(known)}")
        return cls(**values)

    def _ordered(self, lower: str, upper: str, unit: str) -> None:
        low, high = getattr(self, lower), getattr(self, upper)
        strict = lower in ("floor_m", "obstacle_stop_m")
        if low > high or (strict and low == high):
            word = "below" if strict else "at most"
            raise ConfigError(f"{lower} is {low}: use a value {word} {upper}, {high} {unit}")

    def _fence(self) -> tuple[Corner, ...]:
        centre = _point("geofence_centre_enu_m", self.geofence_centre_enu_m)
        object.__setattr__(self, "geofence_centre_enu_m", centre)
        if self.geofence_polygon_enu_m is not None:
            if self.geofence_radius_m is not None:
                raise ConfigError("geofence_radius_m and geofence_polygon_enu_m are both given: leave one out")
            corners = _points("geofence_polygon_enu_m", self.geofence_polygon_enu_m)
            object.__setattr__(self, "geofence_polygon_enu_m", corners)
            check_polygon(corners)
            return corners
        if self.geofence_radius_m is not None:
            return circle_corners(centre, self.geofence_radius_m)
        return () if self.geofence_half_size_m is None else square_corners(centre, self.geofence_half_size_m)


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}: use a number from {low} to {high}")
    return float(value)


def _points(name: str, value: object) -> tuple[Corner, ...]:
    if not isinstance(value, list | tuple):
        raise ConfigError(f"{name} is {value!r}: use a list of [east, north] corners")
    return tuple(_point(name, corner) for corner in value)


def _point(name: str, value: object) -> Corner:
    if isinstance(value, list | tuple) and len(value) == 2:
        x, y = value
        numbers = all(isinstance(part, int | float) and not isinstance(part, bool) for part in (x, y))
        if numbers and math.isfinite(x) and math.isfinite(y):
            return float(x), float(y)
    raise ConfigError(f"{name} holds {value!r}: use [east, north] in metres")
