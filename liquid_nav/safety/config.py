"""Limits of the safety filter, with ranges that catch a slip of the keyboard."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from liquid_nav.errors import ConfigError

_RANGES: dict[str, tuple[float, float]] = {
    "max_horizontal_speed_m_s": (0.1, 20.0),
    "max_up_m_s": (0.1, 10.0),
    "max_down_m_s": (0.1, 10.0),
    "max_yaw_rate_rad_s": (0.1, 6.0),
    "max_acceleration_m_s2": (0.2, 20.0),
    "max_jerk_m_s3": (1.0, 200.0),
    "max_yaw_acceleration_rad_s2": (0.5, 60.0),
    "braking_m_s2": (0.1, 10.0),
    "reaction_s": (0.0, 2.0),
    "fence_centre_east_m": (-1e5, 1e5),
    "fence_centre_north_m": (-1e5, 1e5),
    "fence_half_size_m": (2.0, 1e5),
    "floor_m": (-1000.0, 1e4),
    "ceiling_m": (-1000.0, 1e4),
    "command_timeout_s": (0.05, 5.0),
    "estimate_timeout_s": (0.05, 5.0),
    "hold_after_s": (0.1, 60.0),
    "land_after_s": (0.2, 600.0),
    "landing_speed_m_s": (0.1, 2.0),
}


@dataclass(frozen=True)
class SafetyConfig:
    """What the filter allows. World frame ENU.

    Attributes:
        max_horizontal_speed_m_s, max_up_m_s, max_down_m_s, max_yaw_rate_rad_s: largest commands.
        max_acceleration_m_s2, max_jerk_m_s3: of each velocity component.
        max_yaw_acceleration_rad_s2: of the yaw rate.
        braking_m_s2, reaction_s: what the vehicle is trusted with when it brakes before a fence.
        fence_centre_east_m, fence_centre_north_m, fence_half_size_m: square that is not left.
        floor_m, ceiling_m: heights that are not crossed by command.
        command_timeout_s, estimate_timeout_s: age at which a command or an estimate of the state is stale.
        hold_after_s, land_after_s: time without a usable command after which hovering becomes holding, then landing.
        landing_speed_m_s: of the descent.
    """

    max_horizontal_speed_m_s: float = 2.5
    max_up_m_s: float = 1.2
    max_down_m_s: float = 1.0
    max_yaw_rate_rad_s: float = 1.5
    max_acceleration_m_s2: float = 4.0
    max_jerk_m_s3: float = 20.0
    max_yaw_acceleration_rad_s2: float = 8.0
    braking_m_s2: float = 1.5
    reaction_s: float = 0.4
    fence_centre_east_m: float = 0.0
    fence_centre_north_m: float = 0.0
    fence_half_size_m: float = 100.0
    floor_m: float = 0.5
    ceiling_m: float = 12.0
    command_timeout_s: float = 0.5
    estimate_timeout_s: float = 0.5
    hold_after_s: float = 2.0
    land_after_s: float = 10.0
    landing_speed_m_s: float = 0.4

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not isinstance(value, int | float) or not math.isfinite(value) or not low <= value <= high:
                raise ConfigError(f"{name} is {value}: use {low:g} to {high:g}")
        if self.ceiling_m - self.floor_m < 1.0:
            raise ConfigError(f"ceiling_m {self.ceiling_m} must lie at least 1 m above floor_m {self.floor_m}")
        if self.land_after_s <= self.hold_after_s:
            raise ConfigError(f"land_after_s {self.land_after_s} must be longer than hold_after_s {self.hold_after_s}")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SafetyConfig:
        """Make a configuration from plain values; unknown keys raise :class:`ConfigError`."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(f"unknown safety settings {unknown}: known are {sorted(known)}")
        return cls(**values)
