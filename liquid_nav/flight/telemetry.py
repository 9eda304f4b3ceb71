"""What an autopilot tells of itself, in ROS frames and on our clock."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_nav.flight.mavlink_link import Received
from liquid_nav.frames import attitude_ned_frd_to_enu_flu, frd_to_flu, ned_to_enu
from liquid_nav.types import Odometry

FARTHEST_M = 1e6
FASTEST_M_S = 200.0
ATTITUDE_AGE_S = 0.3
CLOCK_JUMP_S = 1.0
LONGEST_DELAY_S = 3.0
CLOCK_SAMPLES = 10
UNKNOWN_16 = 0xFFFF
PREARM = mavlink.MAV_SYS_STATUS_PREARM_CHECK
RADIO = mavlink.MAV_SYS_STATUS_SENSOR_RC_RECEIVER
ESTIMATOR_NEEDS = {1: "attitude", 2: "horizontal velocity", 4: "vertical velocity"}
HORIZONTAL_POSITION = 8 | 16  # relative to the start, or absolute


@dataclass(frozen=True, slots=True)
class Battery:
    """State of the battery; NaN is what the autopilot does not know."""

    stamp_s: float
    voltage_v: float = math.nan
    current_a: float = math.nan
    remaining_percent: float = math.nan


@dataclass(frozen=True, slots=True)
class GpsFix:
    """A satellite fix; ``fix_type`` is GPS_FIX_TYPE (3 and more: position in space), NaN is unknown."""

    stamp_s: float
    fix_type: int
    satellites: int
    latitude_deg: float
    longitude_deg: float
    altitude_msl_m: float
    horizontal_accuracy_m: float = math.nan
    vertical_accuracy_m: float = math.nan


@dataclass(frozen=True, slots=True)
class Estimator:
    """Health of the autopilot's estimate: what it lacks for flying by velocity, empty when nothing."""

    stamp_s: float
    lacks: tuple[str, ...]


class BootClock:
    """Turns the autopilot's time since boot into ours.

    A time's arrival bounds it from above; an answer to TIMESYNC tells it to half the round trip, and of the last
    answers the quickest counts.
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._round_trips: deque[tuple[float, float]] = deque(maxlen=CLOCK_SAMPLES)  # duration, offset
        self.jumped = False

    def to_ours(self, boot_s: float, now_s: float) -> float:
        """Return when it was ``boot_s`` for the autopilot; never in the future. Notices jumps of its clock."""
        arrival = now_s - boot_s
        if self._offset_s is None or not -CLOCK_JUMP_S < arrival - self._offset_s < LONGEST_DELAY_S:
            self._jump(arrival)  # its clock was set, or the line stood still; or this is the first time
        elif not self._round_trips:
            self._offset_s = min(self._offset_s, arrival)
        assert self._offset_s is not None
        return min(boot_s + self._offset_s, now_s)

    def take_round_trip(self, sent_s: float, remote_s: float, now_s: float) -> None:
        """Take the answer to a TIMESYNC sent at ``sent_s`` (all in seconds)."""
        if not 0.0 <= now_s - sent_s < CLOCK_JUMP_S:
            return
        self._round_trips.append((now_s - sent_s, 0.5 * (sent_s + now_s) - remote_s))
        self._offset_s = min(self._round_trips)[1]

    def _jump(self, offset_s: float) -> None:
        self.jumped = self.jumped or self._offset_s is not None
        self._offset_s = offset_s
        self._round_trips.clear()


class Telemetry:
    """The latest of everything. Values that are not finite or not plausible are not taken."""

    def __init__(self) -> None:
        self.clock = BootClock()
        self.odometry: Odometry | None = None
        self.battery: Battery | None = None
        self.gps: GpsFix | None = None
        self.estimator: Estimator | None = None
        self.radio = False
        self.prearm_ok: bool | None = None
        self.on_ground: bool | None = None
        self.texts: deque[str] = deque(maxlen=8)
        self._attitude: tuple[float, Any, Any] | None = None
        self._takers = {
            "LOCAL_POSITION_NED": self._position,
            "ATTITUDE_QUATERNION": self._take_attitude,
            "SYS_STATUS": self._status,
            "BATTERY_STATUS": self._battery,
            "GPS_RAW_INT": self._gps,
            "ESTIMATOR_STATUS": self._estimator,
            "EKF_STATUS_REPORT": self._estimator,
            "EXTENDED_SYS_STATE": self._landed,
            "STATUSTEXT": self._text,
        }

    def take(self, received: Received, now_s: float) -> None:
        """Take a message, if it is one that tells something."""
        taker = self._takers.get(received.kind)
        if taker is not None:
            taker(received.message, now_s)

    def _take_attitude(self, message: Any, now_s: float) -> None:
        wxyz = np.array([message.q1, message.q2, message.q3, message.q4], dtype=float)
        rates = np.array([message.rollspeed, message.pitchspeed, message.yawspeed], dtype=float)
        length = float(np.linalg.norm(wxyz))
        if not (math.isfinite(length) and 0.9 < length < 1.1 and np.isfinite(rates).all()):
            return
        self._attitude = (now_s, attitude_ned_frd_to_enu_flu(wxyz / length), frd_to_flu(rates))

    def _position(self, message: Any, now_s: float) -> None:
        position = np.array([message.x, message.y, message.z], dtype=float)
        velocity = np.array([message.vx, message.vy, message.vz], dtype=float)
        if not ((np.abs(position) < FARTHEST_M).all() and (np.abs(velocity) < FASTEST_M_S).all()):
            return  # NaN compares as false
        stamp_s = self.clock.to_ours(message.time_boot_ms * 1e-3, now_s)
        if self._attitude is None or now_s - self._attitude[0] > ATTITUDE_AGE_S:
            return
        _, attitude, rates = self._attitude
        self.odometry = Odometry(stamp_s, ned_to_enu(position), ned_to_enu(velocity), attitude, rates)

    def _status(self, message: Any, now_s: float) -> None:
        present, enabled, healthy = (
            message.onboard_control_sensors_present,
            message.onboard_control_sensors_enabled,
            message.onboard_control_sensors_health,
        )
        self.radio = bool(present & enabled & healthy & RADIO)
        self.prearm_ok = bool(healthy & PREARM) if present & PREARM else None
        self.battery = Battery(
            now_s,
            math.nan if message.voltage_battery == UNKNOWN_16 else message.voltage_battery * 1e-3,
            math.nan if message.current_battery < 0 else message.current_battery * 1e-2,
            float(message.battery_remaining) if 0 <= message.battery_remaining <= 100 else math.nan,
        )

    def _battery(self, message: Any, now_s: float) -> None:
        if message.id != 0:
            return
        cells = [cell for cell in message.voltages if cell != UNKNOWN_16]
        self.battery = Battery(
            now_s,
            sum(cells) * 1e-3 if cells else math.nan,
            math.nan if message.current_battery < 0 else message.current_battery * 1e-2,
            float(message.battery_remaining) if 0 <= message.battery_remaining <= 100 else math.nan,
        )

    def _gps(self, message: Any, now_s: float) -> None:
        self.gps = GpsFix(
            now_s,
            message.fix_type,
            0 if message.satellites_visible == 255 else message.satellites_visible,
            message.lat * 1e-7,
            message.lon * 1e-7,
            message.alt * 1e-3,
            message.h_acc * 1e-3 if message.h_acc else math.nan,
            message.v_acc * 1e-3 if message.v_acc else math.nan,
        )

    def _estimator(self, message: Any, now_s: float) -> None:
        lacks = [name for bit, name in ESTIMATOR_NEEDS.items() if not message.flags & bit]
        if not message.flags & HORIZONTAL_POSITION:  # bit 128, "constant position", PX4 sets whenever it stands still
            lacks.append("position")
        self.estimator = Estimator(now_s, tuple(lacks))

    def _landed(self, message: Any, now_s: float) -> None:
        if message.landed_state != mavlink.MAV_LANDED_STATE_UNDEFINED:
            self.on_ground = message.landed_state == mavlink.MAV_LANDED_STATE_ON_GROUND

    def _text(self, message: Any, now_s: float) -> None:
        text = "".join(letter if letter.isprintable() else "?" for letter in str(message.text))
        self.texts.append(text)
