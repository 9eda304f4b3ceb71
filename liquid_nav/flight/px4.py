"""PX4 by OFFBOARD. It wants to see set-points for more than a second before it enters, and leaves without them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_nav.flight.dialect import CUSTOM_MODE, Dialect, Finding, whole

MAIN = {1: "MANUAL", 2: "ALTCTL", 3: "POSCTL", 4: "AUTO", 5: "ACRO", 6: "OFFBOARD", 7: "STABILIZED", 8: "RATTITUDE"}
AUTO = {1: "READY", 2: "TAKEOFF", 3: "LOITER", 4: "MISSION", 5: "RTL", 6: "LAND", 8: "FOLLOW_TARGET", 9: "PRECLAND"}
LOSS_ACTIONS = {
    0: "Position", 1: "Altitude", 2: "Manual", 3: "Return", 4: "Land", 5: "Hold", 6: "Terminate", 7: "Disarm",
}  # fmt: skip
STICKS_NEEDED = (0, 1, 2)
FALLS = (6, 7)
LONGEST_LOSS_S = 2.0
_WHOLE_TYPES = {1: "<Bxxx", 2: "<bxxx", 3: "<Hxx", 4: "<hxx", 5: "<I", 6: "<i"}


class Px4(Dialect):
    """PX4's multicopters."""

    name = "px4"
    autopilot = mavlink.MAV_AUTOPILOT_PX4
    command_mode = "OFFBOARD"
    body_frame = mavlink.MAV_FRAME_BODY_NED
    command_mode_request = (CUSTOM_MODE, 6.0, 0.0)
    land_request = (CUSTOM_MODE, 4.0, 6.0)
    exit_request = (CUSTOM_MODE, 4.0, 3.0)
    stream_before_mode_s = 1.2
    climbs_by_set_points = True
    estimator_message = mavlink.MAVLINK_MSG_ID_ESTIMATOR_STATUS
    parameters = ("COM_OBL_RC_ACT", "COM_OF_LOSS_T", "COM_LOW_BAT_ACT", "GF_ACTION", "GF_MAX_HOR_DIST")

    def mode_name(self, custom_mode: int) -> str:
        """Return a name such as ``OFFBOARD`` or ``AUTO.LAND``."""
        main, sub = (custom_mode >> 16) & 0xFF, (custom_mode >> 24) & 0xFF
        name = MAIN.get(main, f"mode {main}")
        return f"{name}.{AUTO.get(sub, str(sub))}" if main == 4 else name

    def is_landing(self, custom_mode: int) -> bool:
        """True in AUTO.LAND and in a precision landing."""
        return self.mode_name(custom_mode) in ("AUTO.LAND", "AUTO.PRECLAND")

    def parameter_value(self, message: Any) -> float:
        """Return the value; PX4 puts the bytes of whole numbers into the float."""
        layout = _WHOLE_TYPES.get(message.param_type)
        value = float(message.param_value)
        return float(struct.unpack(layout, struct.pack("<f", value))[0]) if layout else value

    def judge(self, values: Mapping[str, float | None], *, radio: bool, system_id: int) -> list[Finding]:
        """Refuse what lets the vehicle sink or fall when the set-points end."""
        found: list[Finding] = []
        action, loss_s = whole(values.get("COM_OBL_RC_ACT")), values.get("COM_OF_LOSS_T")
        if action is None:
            found.append(Finding(True, "COM_OBL_RC_ACT could not be read: check the link and the version of PX4"))
        elif action in STICKS_NEEDED and not radio:
            found.append(
                Finding(
                    True,
                    f"COM_OBL_RC_ACT is {action} ({LOSS_ACTIONS[action]}) and there is no radio: without set-points "
                    "PX4 would sink to the ground in a mode that needs sticks; set it to 5 (Hold) or 4 (Land)",
                )
            )
        elif action in FALLS:
            text = f"COM_OBL_RC_ACT is {action} ({LOSS_ACTIONS[action]}): without set-points PX4 falls; set it to 5"
            found.append(Finding(True, text))
        elif action not in (4, 5):
            name = LOSS_ACTIONS.get(action, "unknown")
            found.append(Finding(False, f"COM_OBL_RC_ACT is {action} ({name}): 5 (Hold) or 4 (Land) is recommended"))
        if loss_s is None:
            found.append(Finding(True, "COM_OF_LOSS_T could not be read: check the link and the version of PX4"))
        elif not loss_s <= LONGEST_LOSS_S:
            text = f"COM_OF_LOSS_T is {loss_s:g} s: PX4 would fly on blindly for so long; set it to 0.5"
            found.append(Finding(True, text))
        elif loss_s > 0.5:
            found.append(Finding(False, f"COM_OF_LOSS_T is {loss_s:g} s: 0.5 is recommended"))
        if whole(values.get("COM_LOW_BAT_ACT")) == 0:
            found.append(Finding(False, "COM_LOW_BAT_ACT is 0: PX4 only warns of a low battery; 3 is recommended"))
        if not (values.get("GF_MAX_HOR_DIST") or 0.0) > 0.0 or whole(values.get("GF_ACTION")) in (0, 1, None):
            text = "no fence stops it: set GF_MAX_HOR_DIST, 3 m inside the room there is, and GF_ACTION to 2 (Hold)"
            found.append(Finding(False, text))
        return found
