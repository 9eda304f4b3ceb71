"""What the rules of the safety filter look at, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from liquid_nav.safety.ramp import Command
from liquid_nav.types import SafetyAction

STRICTNESS: tuple[str, ...] = (
    "none",
    "jerk_limit",
    "acceleration_limit",
    "speed_limit",
    "obstacle",
    "separation",
    "ceiling",
    "floor",
    "geofence",
    "waiting",
    "range_stale",
    "battery",
    "camera_frozen",
    "command_stale",
    "command_invalid",
    "estimate_stale",
)
"""Every rule name, the mildest first: of two that act equally strongly the later one is reported."""

HOVER: Command = (0.0, 0.0, 0.0, 0.0)
CLOSE = 1e-9

Vector = tuple[float, float, float]


class Neighbour(NamedTuple):
    """Another drone as it was last heard of, in the common world frame.

    Attributes:
        position_enu_m, velocity_enu_m_s: (3,).
        stamp_s: of that estimate.
    """

    position_enu_m: Vector
    velocity_enu_m_s: Vector
    stamp_s: float


class Echo(NamedTuple):
    """The nearest thing in one direction.

    Attributes:
        bearing_rad: in the level body frame, left is positive.
        distance_m: to it.
    """

    bearing_rad: float
    distance_m: float


@dataclass(slots=True)
class Picture:
    """Since when the camera has shown the same image, and where the vehicle was then.

    Attributes:
        digest: of the image.
        since_s: when it first came.
        repeats: how often it has come again.
        position_enu_m, yaw_rad: of the vehicle then.
    """

    digest: int
    since_s: float
    repeats: int
    position_enu_m: Vector
    yaw_rad: float


@dataclass(slots=True)
class Situation:
    """What is known at the moment of an evaluation; times in seconds on the clock of the run.

    Attributes:
        now_s: the moment.
        command: the last valid command, None before the first.
        command_s: when that command was made.
        invalid_since_s: when the first of the latest run of invalid commands came, None after a valid one.
        invalid_reason: what was wrong with it.
        estimate_s: when the last valid estimate was made; the first command's time when none came yet.
        estimated: an estimate has come.
        position_enu_m: (3,) where the vehicle should be now.
        yaw_rad: heading, counter-clockwise from east.
        echoes: what the range sensor sees, one per direction; empty without a sensor.
        echoes_s: when it looked, None before its first look.
        neighbours: other drones by name.
        picture: the image that the camera shows, None before the first.
        battery_percent: charge, None when nobody tells it.
    """

    now_s: float = 0.0
    command: Command | None = None
    command_s: float = 0.0
    invalid_since_s: float | None = None
    invalid_reason: str = ""
    estimate_s: float | None = None
    estimated: bool = False
    position_enu_m: Vector = (0.0, 0.0, 0.0)
    yaw_rad: float = 0.0
    echoes: tuple[Echo, ...] = ()
    echoes_s: float | None = None
    neighbours: dict[str, Neighbour] = field(default_factory=dict)
    picture: Picture | None = None
    battery_percent: float | None = None


class Finding(NamedTuple):
    """What a rule answers: its name, how strongly it acts, the command it leaves and why."""

    rule: str
    action: SafetyAction
    command: Command
    reason: str
