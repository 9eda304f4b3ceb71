"""A fake ArduPilot Copter."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from tests.fake_autopilot import ACCEPTED, FAILED, INT32, REAL32, STEP_S, FakeAutopilot, Parameter


class FakeArduPilot(FakeAutopilot):
    """ArduPilot Copter: without set-points it stops after ``GUID_TIMEOUT`` and hovers in GUIDED; it takes no NaN, and
    set-points end a take-off.
    """

    autopilot = mavlink.MAV_AUTOPILOT_ARDUPILOTMEGA
    response_s = 0.9
    brakes_m_s2 = 2.5
    slow_to_notice_s = 0.4
    disarm_after_s = 0.5
    default_ready_s = 41.0
    first_mode = "STABILIZE"
    modes: ClassVar[dict[str, int]] = {"STABILIZE": 0, "GUIDED": 4, "LOITER": 5, "RTL": 6, "LAND": 9}
    default_parameters: ClassVar[dict[str, Parameter]] = {
        "GUID_TIMEOUT": (3.0, REAL32),
        "FENCE_ENABLE": (0, INT32),
        "FS_GCS_ENABLE": (0, INT32),
        "BATT_FS_LOW_ACT": (0, INT32),
        "ARMING_CHECK": (1, INT32),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._climb_to_m: float | None = None

    @classmethod
    def safe(cls, **options: Any) -> FakeArduPilot:
        """With the parameters that FLIGHT recommends, ready at once."""
        fake = cls(ready_s=0.0, **options)
        fake.parameters |= {"GUID_TIMEOUT": (1.0, REAL32), "FENCE_ENABLE": (1, INT32), "FS_GCS_ENABLE": (5, INT32)}
        return fake

    def custom_mode(self) -> int:
        return self.modes[self.mode]

    def set_mode(self, main: int, sub: int) -> int:
        wanted = next((name for name, code in self.modes.items() if code == main), None)
        if wanted is None or (wanted == "GUIDED" and not self.is_ready):
            return FAILED
        self.mode = wanted
        return ACCEPTED

    def may_arm(self) -> bool:
        return self.mode in ("GUIDED", "STABILIZE", "LOITER")

    def other_command(self, message: Any) -> int:
        if message.command == mavlink.MAV_CMD_NAV_TAKEOFF:
            if not self.armed or self.mode != "GUIDED" or not self.on_ground:
                return FAILED
            self._climb_to_m = message.param7
            return ACCEPTED
        return super().other_command(message)

    def take_setpoint(self, values: np.ndarray) -> None:
        if np.isfinite(values).all():
            self._climb_to_m = None
            self._accept_setpoint(values)

    def decide(self) -> None:
        if not self.armed:
            self._climb_to_m = None

    def lands(self) -> bool:
        return self.mode == "LAND"

    @property
    def times_out(self) -> bool:
        """The stream has ended."""
        assert self.now_s is not None
        return self.now_s - self.setpoint_s > self.parameters["GUID_TIMEOUT"][0] + self.slow_to_notice_s

    def target(self) -> tuple[np.ndarray, float]:
        if self.lands():
            return np.array([0.0, 0.0, self.descent_m_s]), 0.0
        if self.mode == "GUIDED" and self._climb_to_m is not None:
            return np.array([0.0, 0.0, -float(np.clip(0.7 * (self._climb_to_m - self.height_m), -1.0, 1.0))]), 0.0
        if self.mode == "GUIDED" and not self.times_out:
            return self.setpoint[:3], float(self.setpoint[3])
        return (self.sticks_ned_m_s if self.mode in ("LOITER", "STABILIZE") else np.zeros(3)), 0.0

    def respond(self, target: np.ndarray) -> np.ndarray:
        if self.mode == "GUIDED" and self._climb_to_m is None and self.times_out:
            speed = float(np.linalg.norm(self.velocity_ned_m_s))
            return self.velocity_ned_m_s * max(0.0, 1.0 - self.brakes_m_s2 * STEP_S / max(speed, 1e-9))
        return super().respond(target)
