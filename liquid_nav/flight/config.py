"""How the bridge flies, checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from liquid_nav.errors import ConfigError

RANGES: dict[str, tuple[float, float]] = {
    "setpoint_hz": (20.0, 50.0),
    "takeoff_height_m": (0.5, 20.0),
    "takeoff_speed_m_s": (0.2, 2.0),
    "ramp_after_s": (0.05, 1.0),
    "hold_after_s": (0.1, 2.0),
    "land_after_s": (1.0, 60.0),
    "estimate_timeout_s": (0.1, 2.0),
    "blind_land_after_s": (0.5, 30.0),
    "mode_timeout_s": (1.5, 10.0),
    "link_timeout_s": (2.0, 30.0),
    "battery_low_percent": (0.0, 100.0),
    "battery_critical_percent": (0.0, 100.0),
    "system_id": (1, 255),
    "component_id": (1, 255),
    "target_system_id": (0, 255),
}
_WHOLE = ("system_id", "component_id", "target_system_id")


@dataclass(frozen=True)
class FlightConfig:
    """Settings of a MAVLink controller. Every value is checked; a bad one is refused with its range.

    Attributes:
        setpoint_hz: rate of the set-points, whatever the rate of the commands.
        takeoff_height_m, takeoff_speed_m_s: climb above the place of take-off.
        ramp_after_s: an older command fades to zero.
        hold_after_s: a command as old as this takes the vehicle out of engaged.
        land_after_s: so long after the last command it lands, when lost commands were the cause of holding.
        estimate_timeout_s: an older odometry takes the vehicle out of engaged.
        blind_land_after_s: so long after the last odometry it lands.
        mode_timeout_s: silence of the autopilot's heartbeat, which tells the mode, that ends engaged.
        link_timeout_s: silence of the heartbeat that counts as a lost link; nothing is sent from then on.
        battery_low_percent: at and below it nothing is engaged; it holds.
        battery_critical_percent: at and below it the vehicle lands.
        system_id, component_id: of this program on the MAVLink network; 191 is an on-board computer.
        target_system_id: of the vehicle; 0 takes the first that is heard.
    """

    setpoint_hz: float = 20.0
    takeoff_height_m: float = 2.0
    takeoff_speed_m_s: float = 1.0
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
        for name, (low, high) in RANGES.items():
            value: Any = getattr(self, name)
            kind = int if name in _WHOLE else (int, float)
            if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
                raise ConfigError(f"{name} is {value!r}: use a number from {low} to {high}")
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
