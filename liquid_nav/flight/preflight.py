"""May this vehicle be armed? Reads the autopilot's failsafe parameters and looks at its health."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_nav.flight.config import FlightConfig
from liquid_nav.flight.dialect import Dialect, Finding
from liquid_nav.flight.telemetry import Telemetry

ASK_EVERY_S = 0.5
ASKS = 8
ASK_AGAIN_S = 5.0  # what was asked for in vain may come yet: an autopilot that starts, a line that recovers
ASKS_PER_STEP = 4


class ParameterReader:
    """Reads parameters by name and keeps up with their changes.

    Args:
        dialect: tells which, and how whole numbers are sent.
        target: system and component of the autopilot.
        send: sends a message.
    """

    def __init__(self, dialect: Dialect, target: tuple[int, int], send: Callable[[Any], object]) -> None:
        self._dialect, self._target, self._send = dialect, target, send
        self._asked: dict[str, tuple[int, float]] = {name: (0, float("-inf")) for name in dialect.parameters}
        self.values: dict[str, float | None] = {}

    @property
    def complete(self) -> bool:
        """True when every parameter has come or was asked for in vain."""
        return len(self.values) == len(self._asked)

    def take(self, message: Any) -> None:
        """Take a PARAM_VALUE message."""
        if message.param_id in self._asked:
            self.values[message.param_id] = self._dialect.parameter_value(message)

    def step(self, now_s: float) -> None:
        """Ask for what is missing, a few at a time, seldom for what was asked for in vain."""
        missing = [name for name in self._asked if self.values.get(name) is None]
        pauses_s = {name: ASK_AGAIN_S if name in self.values else ASK_EVERY_S for name in missing}
        due = [name for name in missing if now_s - self._asked[name][1] >= pauses_s[name]]
        for name in due[:ASKS_PER_STEP]:
            count, _ = self._asked[name]
            if count >= ASKS and name not in self.values:
                self.values[name] = None
                continue
            self._asked[name] = (count + 1, now_s)
            self._send(mavlink.MAVLink_param_request_read_message(*self._target, name.encode(), -1))


def judge(
    dialect: Dialect, reader: ParameterReader, telemetry: Telemetry, config: FlightConfig, now_s: float
) -> list[Finding]:
    """Return everything that speaks against flying now; refusals first."""
    if not reader.complete:
        return [Finding(True, "the autopilot's parameters are still being read")]
    parameters = dialect.judge(reader.values, radio=telemetry.radio, system_id=config.system_id)
    found = [*parameters, *_health(telemetry, config, now_s)]
    return sorted(found, key=lambda finding: not finding.refuses)


def _health(telemetry: Telemetry, config: FlightConfig, now_s: float) -> list[Finding]:
    found: list[Finding] = []
    odometry, battery, estimator = telemetry.odometry, telemetry.battery, telemetry.estimator
    if odometry is None:
        found.append(Finding(True, "no LOCAL_POSITION_NED with ATTITUDE_QUATERNION has come: wait for the estimate"))
    elif now_s - odometry.stamp_s > config.estimate_timeout_s:
        found.append(Finding(True, f"the last position is {now_s - odometry.stamp_s:.1f} s old: check the link"))
    if estimator is None:
        found.append(Finding(True, "the autopilot has not reported the health of its estimate: wait or check the link"))
    elif estimator.lacks:
        found.append(Finding(True, f"the estimate lacks {', '.join(estimator.lacks)}: wait, or see to the sensors"))
    if telemetry.prearm_ok is False:
        last = f", last it said: {telemetry.texts[-1]}" if telemetry.texts else ""
        found.append(Finding(True, f"the autopilot's own checks fail{last}"))
    if battery is None or math.isnan(battery.remaining_percent):
        found.append(Finding(False, "the charge of the battery is unknown: watch the voltage"))
    elif battery.remaining_percent <= config.battery_low_percent:
        text = f"the battery is at {battery.remaining_percent:.0f}%: charge it above {config.battery_low_percent:g}%"
        found.append(Finding(True, text))
    return found
