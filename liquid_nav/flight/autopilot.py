"""The other side of the link: who it is, what it tells, what it is asked for. Knows nothing of the flight's states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_nav.errors import ConfigError
from liquid_nav.flight.ardupilot import ArduPilot
from liquid_nav.flight.config import FlightConfig
from liquid_nav.flight.dialect import Dialect, Finding, ModeRequest
from liquid_nav.flight.mavlink_link import MavlinkLink, Received
from liquid_nav.flight.message_rates import MessageRates
from liquid_nav.flight.preflight import ParameterReader, judge
from liquid_nav.flight.px4 import Px4
from liquid_nav.flight.setpoint import set_point
from liquid_nav.flight.telemetry import Telemetry
from liquid_nav.types import VelocityCommand

DIALECTS: dict[str, Dialect] = {"px4": Px4(), "ardupilot": ArduPilot()}
MULTICOPTERS = (2, 3, 4, 13, 14, 15, 29, 35)  # MAV_TYPE; other vehicles number their modes differently
ASK_EVERY_S = 1.0
LONGEST_ROUND_TRIP_S = 0.4  # a line with 200 ms each way is still flown
RATES_HZ = {
    mavlink.MAVLINK_MSG_ID_LOCAL_POSITION_NED: 30.0,
    mavlink.MAVLINK_MSG_ID_ATTITUDE_QUATERNION: 30.0,
    mavlink.MAVLINK_MSG_ID_SYS_STATUS: 2.0,
    mavlink.MAVLINK_MSG_ID_BATTERY_STATUS: 1.0,
    mavlink.MAVLINK_MSG_ID_GPS_RAW_INT: 2.0,
    mavlink.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: 5.0,
}
ESTIMATOR_HZ = 2.0
QUIET_RESULTS = (mavlink.MAV_RESULT_ACCEPTED, mavlink.MAV_RESULT_IN_PROGRESS)
Report = Callable[[bool, str], None]


def name_of(enum: str, value: int) -> str:
    """Return the name of a MAVLink enumeration's value, its number when it has none."""
    entry = mavlink.enums[enum].get(value)
    return entry.name if entry is not None else f"{enum} {value}"


class Autopilot:
    """One autopilot on a link.

    Args:
        link: to it.
        config: identities and time-outs.
        kind: ``px4``, ``ardupilot``, or ``auto`` to take what the heartbeat says.
        report: takes whether it is serious, and one line.

    Raises:
        ConfigError: for another kind.
    """

    def __init__(self, link: MavlinkLink, config: FlightConfig, kind: str, report: Report) -> None:
        if kind != "auto" and kind not in DIALECTS:
            raise ConfigError(f"autopilot is {kind!r}: use auto, {' or '.join(DIALECTS)}")
        self.link, self._config, self._kind, self._report = link, config, kind, report
        self._beat_s = self._sync_s = float("-inf")
        self.forget()

    def forget(self) -> None:
        """Know nothing of it any more."""
        self.dialect: Dialect | None = None
        self.telemetry = Telemetry()
        self.target = (0, 0)
        self.armed = False
        self.custom_mode = 0
        self.heartbeat_s = float("-inf")
        self.rejected: dict[int, str] = {}
        self.accepted: set[int] = set()
        self._reader: ParameterReader | None = None
        self._asked: dict[tuple[float, ...], tuple[float, int]] = {}
        self._rates: MessageRates | None = None

    @property
    def mode(self) -> str:
        """Name of the mode that the last heartbeat told."""
        return self.dialect.mode_name(self.custom_mode) if self.dialect else "unknown"

    @property
    def follows(self) -> bool:
        """True in the mode that follows set-points."""
        return self.dialect is not None and self.dialect.is_command(self.custom_mode)

    @property
    def lands(self) -> bool:
        """True in a mode in which it lands by itself."""
        return self.dialect is not None and self.dialect.is_landing(self.custom_mode)

    def is_connected(self, now_s: float) -> bool:
        """Tell whether its heartbeat has come lately."""
        return self.dialect is not None and now_s - self.heartbeat_s <= self._config.link_timeout_s

    def findings(self, now_s: float) -> list[Finding]:
        """Return what speaks against flying."""
        if self.dialect is None or self._reader is None:
            return [Finding(True, "no autopilot has been heard: check the url, the cable and the vehicle's power")]
        return judge(self.dialect, self._reader, self.telemetry, self._config, now_s)

    @property
    def asked_to_arm(self) -> bool:
        """True when it was asked to start its motors since an operator last asked for anything."""
        return (mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1.0) in self._asked

    def begin(self) -> None:
        """An operator has asked for something: what was asked for and answered before does not count any more."""
        self.rejected.clear()
        self.accepted.clear()
        self._asked.clear()

    def estimate_age_s(self, now_s: float) -> float:
        """Return the age of the odometry, infinity when there is none."""
        odometry = self.telemetry.odometry
        return float("inf") if odometry is None else now_s - odometry.stamp_s

    def receive(self, now_s: float) -> None:
        """Take everything that has come."""
        for received in self.link.receive(now_s):
            if received.kind == "HEARTBEAT":
                self._heartbeat(received, now_s)
            elif (received.system_id, received.component_id) == self.target:
                self._take(received, now_s)
        if self.link.trouble:
            self._report(True, self.link.trouble)

    def answers_since(self, asked_s: float) -> bool:
        """Tell whether a heartbeat has come that can be no older than a request, had the line delayed both."""
        return self.heartbeat_s > asked_s + LONGEST_ROUND_TRIP_S

    def ask(self, command: int, now_s: float, *parameters: float) -> None:
        """Send a command; again only after a second and another heartbeat, so that no pilot's change is overrun."""
        key = (command, *parameters)
        asked_s, count = self._asked.get(key, (float("-inf"), 0))
        if now_s - asked_s < ASK_EVERY_S or self.heartbeat_s <= asked_s:
            return
        self._asked[key] = (now_s, count + 1)
        filled = (*parameters, *(0.0,) * (7 - len(parameters)))
        self.link.send(mavlink.MAVLink_command_long_message(*self.target, command, count % 256, *filled), now_s)

    def ask_mode(self, request: ModeRequest, now_s: float) -> None:
        """Ask for a mode."""
        self.ask(mavlink.MAV_CMD_DO_SET_MODE, now_s, *request)

    def ask_armed(self, armed: bool, now_s: float) -> None:
        """Ask it to start or stop its motors; it decides, nothing is forced."""
        self.ask(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, now_s, float(armed))

    def send_velocity(self, command: VelocityCommand, now_s: float) -> bool:
        """Send a set-point."""
        if self.dialect is None:
            return False
        return self.link.send(set_point(command, self.dialect, self.target, now_s), now_s)

    def keep_up(self, now_s: float) -> None:
        """Send our heartbeat, ask for the time, for missing messages and parameters."""
        if now_s - self._beat_s >= 1.0:
            self._beat_s = now_s
            beat = mavlink.MAVLink_heartbeat_message(
                mavlink.MAV_TYPE_ONBOARD_CONTROLLER, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, mavlink.MAV_STATE_ACTIVE, 3
            )
            self.link.send(beat, now_s)
        if self._rates is None or self._reader is None:
            return
        if now_s - self._sync_s >= 1.0:
            self._sync_s = now_s
            self.link.send(mavlink.MAVLink_timesync_message(0, int(now_s * 1e9)), now_s)
        self._reader.step(now_s)
        self._rates.step(now_s)

    def _ask_rate(self, message_id: int, rate_hz: float) -> None:
        filled = (float(message_id), 1e6 / rate_hz, 0.0, 0.0, 0.0, 0.0, 0.0)
        command = mavlink.MAV_CMD_SET_MESSAGE_INTERVAL
        self.link.send(mavlink.MAVLink_command_long_message(*self.target, command, 0, *filled), self.heartbeat_s)

    def _heartbeat(self, received: Received, now_s: float) -> None:
        message = received.message
        if self.dialect is None:
            self._meet(received, now_s)
        if (received.system_id, received.component_id) != self.target or self.dialect is None:
            return
        self.link.adopt(received.address, now_s)
        self.heartbeat_s = now_s
        self.custom_mode = message.custom_mode
        self.armed = bool(message.base_mode & mavlink.MAV_MODE_FLAG_SAFETY_ARMED)

    def _meet(self, received: Received, now_s: float) -> None:
        """Decide whether this heartbeat is that of our vehicle."""
        message, wanted = received.message, self._config.target_system_id
        dialect = next((known for known in DIALECTS.values() if known.autopilot == message.autopilot), None)
        if dialect is None or wanted not in (0, received.system_id):
            return
        if self._kind not in ("auto", dialect.name):
            self._report(True, f"system {received.system_id} is {dialect.name}: set autopilot to it, not {self._kind}")
        elif message.type not in MULTICOPTERS:
            kind = name_of("MAV_TYPE", message.type)
            self._report(True, f"system {received.system_id} is a {kind}: only multicopters are flown")
        else:
            self.dialect = dialect
            self.target = (received.system_id, received.component_id)
            self._reader = ParameterReader(dialect, self.target, lambda asked: self.link.send(asked, self.heartbeat_s))
            self._rates = MessageRates({**RATES_HZ, dialect.estimator_message: ESTIMATOR_HZ}, self._ask_rate)

    def _take(self, received: Received, now_s: float) -> None:
        message = received.message
        if self._rates is not None:
            self._rates.heard(message.get_msgId())
        if received.kind == "COMMAND_ACK":
            self._answer(message)
        elif received.kind == "PARAM_VALUE" and self._reader is not None:
            self._reader.take(message)
        elif received.kind == "TIMESYNC" and message.tc1 > 0:
            self.telemetry.clock.take_round_trip(message.ts1 * 1e-9, message.tc1 * 1e-9, now_s)
        else:
            self.telemetry.take(received, now_s)
            if received.kind == "STATUSTEXT":
                serious = message.severity <= mavlink.MAV_SEVERITY_ERROR
                self._report(serious, f"the autopilot says: {self.telemetry.texts[-1]}")

    def _answer(self, message: Any) -> None:
        ours = (self._config.system_id, self._config.component_id)
        if (message.target_system, message.target_component) not in (ours, (0, 0)):
            return
        if message.result in QUIET_RESULTS:
            self.accepted.add(message.command)
            return
        command, result = name_of("MAV_CMD", message.command), name_of("MAV_RESULT", message.result)
        self.rejected[message.command] = f"{command} was answered by {result}"
        self._report(message.command != mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, self.rejected[message.command])
