"""How the bridge flies, checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from liquid_nav.errors import ConfigError


class Setting(NamedTuple):
    """Range of a setting and what it does."""

    low: float
    high: float
    text: str


SETTINGS: dict[str, Setting] = {
    "setpoint_hz": Setting(20.0, 50.0, "rate of the set-points, whatever the rate of the commands"),
    "takeoff_height_m": Setting(0.5, 20.0, "climb so high above the place of take-off"),
    "takeoff_speed_m_s": Setting(0.2, 2.0, "climb so fast where take-off is a commanded climb (PX4)"),
    "ceiling_m": Setting(0.5, 120.0, "take-off stays below it; keep it at the safety filter's ceiling"),
    "engage_ramp_s": Setting(0.0, 5.0, "commands grow from nothing to their size so long after engage"),
    "ramp_after_s": Setting(0.05, 1.0, "an older command fades to zero"),
    "hold_after_s": Setting(0.1, 2.0, "a command as old as this takes the vehicle out of engaged"),
    "land_after_s": Setting(1.0, 60.0, "so long after the last command it lands, when lost commands made it hold"),
    "estimate_timeout_s": Setting(0.1, 2.0, "an older odometry takes the vehicle out of engaged"),
    "blind_land_after_s": Setting(0.5, 30.0, "so long after the last odometry it lands"),
    "mode_timeout_s": Setting(1.5, 10.0, "silence of the heartbeat, which tells the mode, that ends engaged"),
    "link_timeout_s": Setting(2.0, 30.0, "silence of the heartbeat that counts as a lost link: nothing more is sent"),
    "battery_low_percent": Setting(0.0, 100.0, "at and below it the vehicle is not armed or engaged, and holds"),
    "battery_critical_percent": Setting(0.0, 100.0, "at and below it the vehicle lands"),
    "system_id": Setting(1, 255, "of this program on the MAVLink network; the vehicle's own for an on-board computer"),
    "component_id": Setting(1, 255, "of this program on the MAVLink network; 191 is an on-board computer"),
    "target_system_id": Setting(0, 255, "of the vehicle; 0 takes the first that is heard"),
}
_WHOLE = ("system_id", "component_id", "target_system_id")


@dataclass(frozen=True)
class FlightConfig:
    """Settings of a MAVLink controller. Every value is checked; a bad one is refused with its range.

    :data:`SETTINGS` tells what each does.
    """

    setpoint_hz: float = 20.0
    takeoff_height_m: float = 2.0
    takeoff_speed_m_s: float = 1.0
    ceiling_m: float = 12.0
    engage_ramp_s: float = 1.5
    ramp_after_s: float = 0.2
    hold_after_s: float = 0.5
    land_after_s: float = 5.0
    estimate_timeout_s: float = 0.3
    blind_land_after_s: float = 2.0
    mode_timeout_s: float = 2.5
    link_timeout_s: float = 5.0
    battery_low_percent: float = 25.0
    battery_critical_percent: float = 15.0
    system_id: int = 1
    component_id: int = 191
    target_system_id: int = 0

    def __post_init__(self) -> None:
        for name, (low, high, _) in SETTINGS.items():
            value: Any = getattr(self, name)
            kind = int if name in _WHOLE else (int, float)
            if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
                raise ConfigError(f"{name} is {value!r}: use a number from {low} to {high}")
        self._ordered("takeoff_height_m", "ceiling_m")
        self._ordered("ramp_after_s", "hold_after_s")
        self._ordered("hold_after_s", "land_after_s")
        self._ordered("estimate_timeout_s", "blind_land_after_s")
        self._ordered("mode_timeout_s", "link_timeout_s")
        self._ordered("battery_critical_percent", "battery_low_percent")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FlightConfig:
        """Read settings; what is not named keeps its default.

        Raises:
            ConfigError: for an unknown key or a value of a wrong kind or out of range.
        """
        known = [item.name for item in fields(cls)]
        for name in values:
            if name not in known:
                raise ConfigError(f"flight has no setting {name!r}: use one of {', '.join(known)}")
        return cls(**values)

    def _ordered(self, lower: str, upper: str) -> None:
        if not getattr(self, lower) < getattr(self, upper):
            raise ConfigError(f"{lower} is {getattr(self, lower)}: use a value below {upper}, {getattr(self, upper)}")
