"""A fake PX4."""

from __future__ import annotations

import struct
from typing import Any, ClassVar

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from tests.fake_autopilot import ACCEPTED, DENIED, INT32, REAL32, FakeAutopilot, Parameter


class FakePx4(FakeAutopilot):
    """PX4: OFFBOARD is acknowledged at once, entered once a stream has been seen for a second and the motors run, left
    without a stream, and back again after landing. Its ``COM_OBL_RC_ACT`` of 0 without a radio sinks in POSCTL.
    """

    autopilot = mavlink.MAV_AUTOPILOT_PX4
    response_s = 1.0
    share_of_speed = 0.8
    slow_to_notice_s = 0.4
    default_ready_s = 4.8
    first_mode = "AUTO.LOITER"
    modes: ClassVar[dict[str, tuple[int, int]]] = {
        "POSCTL": (3, 0), "AUTO.LOITER": (4, 3), "AUTO.RTL": (4, 5), "AUTO.LAND": (4, 6), "OFFBOARD": (6, 0),
        "MANUAL": (1, 0),
    }  # fmt: skip
    loss_modes: ClassVar[dict[int, str]] = {
        0: "POSCTL", 1: "POSCTL", 2: "MANUAL", 3: "AUTO.RTL", 4: "AUTO.LAND", 5: "AUTO.LOITER",
    }  # fmt: skip
    default_parameters: ClassVar[dict[str, Parameter]] = {
        "COM_OBL_RC_ACT": (0, INT32),
        "COM_OF_LOSS_T": (1.0, REAL32),
        "COM_LOW_BAT_ACT": (0, INT32),
        "GF_ACTION": (2, INT32),
        "GF_MAX_HOR_DIST": (0.0, REAL32),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._intended = self.mode
        self._at_arming = self.mode

    @classmethod
    def safe(cls, **options: Any) -> FakePx4:
        """With the parameters that FLIGHT recommends, ready at once."""
        fake = cls(ready_s=0.0, **options)
        fake.parameters |= {"COM_OBL_RC_ACT": (5, INT32), "COM_OF_LOSS_T": (0.5, REAL32)}
        return fake

    def custom_mode(self) -> int:
        main, sub = self.modes[self.mode]
        return (main << 16) | (sub << 24)

    def encode(self, value: float, kind: int) -> float:
        if kind == INT32:
            return float(struct.unpack("<f", struct.pack("<i", int(value)))[0])
        return value

    def switch(self, mode: str) -> None:
        self.mode = self._intended = mode

    def set_mode(self, main: int, sub: int) -> int:
        wanted = next((name for name, code in self.modes.items() if code == (main, sub)), None)
        if wanted is None:
            return DENIED
        self._intended = wanted
        if wanted != "OFFBOARD":
            self.mode = wanted
        return ACCEPTED

    @property
    def streams(self) -> bool:
        """Set-points have come for more than a second, and still do."""
        assert self.now_s is not None
        fresh = self.now_s - self.setpoint_s <= self.parameters["COM_OF_LOSS_T"][0] + self.slow_to_notice_s
        return fresh and self.now_s - self.stream_since_s > 1.0

    def may_arm(self) -> bool:
        if self._intended == "OFFBOARD":
            return self.streams
        return self.radio or self._intended not in ("POSCTL", "MANUAL")

    def on_armed(self) -> None:
        self._at_arming = self._intended

    def stop_motors(self) -> None:
        if self.armed:
            self.mode = self._intended = self._at_arming  # so it reports OFFBOARD again
        self.armed = False

    def take_setpoint(self, values: np.ndarray) -> None:
        self._accept_setpoint(np.where(np.isfinite(values), values, 0.0))

    def decide(self) -> None:
        if not self.armed:
            return
        if self._intended == "OFFBOARD" and self.mode != "OFFBOARD" and self.streams:
            self.mode = "OFFBOARD"
        elif self.mode == "OFFBOARD" and not self.streams:
            self.mode = self._intended = self.loss_modes[int(self.parameters["COM_OBL_RC_ACT"][0])]

    def lands(self) -> bool:
        return self.mode == "AUTO.LAND" or (self.mode == "POSCTL" and not self.radio)

    def target(self) -> tuple[np.ndarray, float]:
        if self.mode == "OFFBOARD":
            share = np.array([self.share_of_speed, self.share_of_speed, 1.0])
            return self.setpoint[:3] * share, float(self.setpoint[3])
        if self.lands():
            return np.array([0.0, 0.0, self.descent_m_s]), 0.0
        return (self.sticks_ned_m_s if self.mode == "POSCTL" else np.zeros(3)), 0.0
