"""The limits a command has to respect, checked when they are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from liquid_nav.errors import ConfigError
from liquid_nav.safety.geofence import Plane, box_planes, polygon_planes

_RANGES: dict[str, tuple[float, float]] = {
    "max_forward_speed_m_s": (0.1, 20.0),
    "max_horizontal_speed_m_s": (0.1, 20.0),
    "max_up_m_s": (0.1, 5.0),
    "max_down_m_s": (0.1, 5.0),
    "max_yaw_rate_rad_s": (0.1, 6.0),
    "max_acceleration_m_s2": (0.5, 20.0),
    "max_jerk_m_s3": (1.0, 1000.0),
    "max_yaw_acceleration_rad_s2": (0.5, 100.0),
    "brake_acceleration_m_s2": (0.1, 10.0),
    "brake_reaction_s": (0.0, 5.0),
    "brake_margin_m": (0.0, 20.0),
    "floor_m": (-1000.0, 10000.0),
    "ceiling_m": (-1000.0, 10000.0),
    "command_timeout_s": (0.02, 10.0),
    "estimate_timeout_s": (0.02, 10.0),
    "hold_after_s": (0.0, 600.0),
    "land_after_s": (0.0, 3600.0),
    "blind_land_after_s": (0.0, 600.0),
    "land_speed_m_s": (0.05, 2.0),
    "longest_step_s": (0.01, 1.0),
}


@dataclass(frozen=True)
class SafetyConfig:
    """Limits of the safety filter. Every value is checked; a bad one is refused with its range.

    Attributes:
        max_forward_speed_m_s: forwards and backwards.
        max_horizontal_speed_m_s: forwards and sideways together.
        max_up_m_s, max_down_m_s: vertical speed.
        max_yaw_rate_rad_s: turning.
        max_acceleration_m_s2, max_jerk_m_s3: change of the commanded velocity along each axis of the level body frame,
            and change of that change.
        max_yaw_acceleration_rad_s2: change of the yaw rate.
        geofence_centre_enu_m: (2,) east and north of the middle of a square fence.
        geofence_half_size_m: half the side of the square; None for no fence.
        geofence_polygon_enu_m: corners (points, 2) of a convex fence that replaces the square.
        brake_acceleration_m_s2, brake_reaction_s: how the vehicle is trusted to stop before fence, floor and ceiling:
            it flies on for the reaction time and then slows down at this rate.
        brake_margin_m: it stops this far inside the fence.
        floor_m, ceiling_m: heights in the world frame between which commands keep the vehicle; landing may go below.
        command_timeout_s, estimate_timeout_s: older commands and estimates are stale.
        hold_after_s, land_after_s: from the moment the command is lost, hover turns into hold and then into landing.
        blind_land_after_s: from the moment the estimate is lost, hover turns into landing.
        land_speed_m_s: descent when landing.
        longest_step_s: a longer pause between two evaluations counts as this long in the limits of change.
    """

    max_forward_speed_m_s: float = 2.5
    max_horizontal_speed_m_s: float = 2.5
    max_up_m_s: float = 1.0
    max_down_m_s: float = 0.8
    max_yaw_rate_rad_s: float = 1.5
    max_acceleration_m_s2: float = 4.0
    max_jerk_m_s3: float = 20.0
    max_yaw_acceleration_rad_s2: float = 6.0
    geofence_centre_enu_m: tuple[float, float] = (0.0, 0.0)
    geofence_half_size_m: float | None = 100.0
    geofence_polygon_enu_m: tuple[tuple[float, float], ...] | None = None
    brake_acceleration_m_s2: float = 1.5
    brake_reaction_s: float = 0.6
    brake_margin_m: float = 1.0
    floor_m: float = 0.5
    ceiling_m: float = 12.0
    command_timeout_s: float = 0.5
    estimate_timeout_s: float = 0.5
    hold_after_s: float = 2.0
    land_after_s: float = 15.0
    blind_land_after_s: float = 2.0
    land_speed_m_s: float = 0.4
    longest_step_s: float = 0.1
    fence_planes: tuple[Plane, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            object.__setattr__(self, name, _number(name, getattr(self, name), low, high))
        _require(self.floor_m < self.ceiling_m, "floor_m", self.floor_m, f"below ceiling_m, {self.ceiling_m} m")
        _require(
            self.hold_after_s <= self.land_after_s, "hold_after_s", self.hold_after_s,
            f"at most land_after_s, {self.land_after_s} s",
        )
        _require(
            self.brake_acceleration_m_s2 <= self.max_acceleration_m_s2, "brake_acceleration_m_s2",
            self.brake_acceleration_m_s2, f"at most max_acceleration_m_s2, {self.max_acceleration_m_s2} m/s2",
        )
        _require(
            self.land_speed_m_s <= self.max_down_m_s, "land_speed_m_s", self.land_speed_m_s,
            f"at most max_down_m_s, {self.max_down_m_s} m/s",
        )
        object.__setattr__(self, "fence_planes", self._planes())

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

    def _planes(self) -> tuple[Plane, ...]:
        centre = _point("geofence_centre_enu_m", self.geofence_centre_enu_m)
        object.__setattr__(self, "geofence_centre_enu_m", centre)
        if self.geofence_polygon_enu_m is not None:
            if isinstance(self.geofence_polygon_enu_m, str | bytes) or not hasattr(
                self.geofence_polygon_enu_m, "__iter__"
            ):
                raise ConfigError(
                    f"geofence_polygon_enu_m is {self.geofence_polygon_enu_m!r}: use a list of [east, north] corners"
                )
            corners = tuple(_point("geofence_polygon_enu_m", corner) for corner in self.geofence_polygon_enu_m)
            object.__setattr__(self, "geofence_polygon_enu_m", corners)
            return polygon_planes(corners)
        if self.geofence_half_size_m is None:
            return ()
        half = _number("geofence_half_size_m", self.geofence_half_size_m, 1.0, 100000.0)
        object.__setattr__(self, "geofence_half_size_m", half)
        return box_planes(centre, half)


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}: use a number from {low} to {high}")
    return float(value)


def _point(name: str, value: object) -> tuple[float, float]:
    if isinstance(value, list | tuple) and len(value) == 2:
        x, y = value
        numbers = all(isinstance(part, int | float) and not isinstance(part, bool) for part in (x, y))
        if numbers and math.isfinite(x) and math.isfinite(y):
            return float(x), float(y)
    raise ConfigError(f"{name} holds {value!r}: use [east, north] in metres")


def _require(good: bool, name: str, value: float, rule: str) -> None:
    if not good:
        raise ConfigError(f"{name} is {value}: use a value {rule}")
