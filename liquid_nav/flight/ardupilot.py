"""ArduPilot Copter by GUIDED. Without set-points it stops and hovers in GUIDED after ``GUID_TIMEOUT``, silently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_nav.flight.dialect import CUSTOM_MODE, Dialect, Finding, whole

MODES = {
    0: "STABILIZE", 1: "ACRO", 2: "ALT_HOLD", 3: "AUTO", 4: "GUIDED", 5: "LOITER", 6: "RTL", 7: "CIRCLE", 9: "LAND",
    11: "DRIFT", 13: "SPORT", 14: "FLIP", 15: "AUTOTUNE", 16: "POSHOLD", 17: "BRAKE", 18: "THROW", 20: "GUIDED_NOGPS",
    21: "SMART_RTL", 22: "FLOWHOLD", 23: "FOLLOW", 24: "ZIGZAG",
}  # fmt: skip
LONGEST_TIMEOUT_S = 5.0
CHECKS = ("ARMING_CHECK", "ARMING_SKIPCHK")  # what is checked, to 4.6; what is not checked, from 4.7 on
MY_GCS = ("SYSID_MYGCS", "MAV_GCS_SYSID")  # to 4.6; from 4.7 on


class ArduPilot(Dialect):
    """ArduPilot Copter."""

    name = "ardupilot"
    autopilot = mavlink.MAV_AUTOPILOT_ARDUPILOTMEGA
    command_mode = "GUIDED"
    body_frame = mavlink.MAV_FRAME_BODY_OFFSET_NED
    command_mode_request = (CUSTOM_MODE, 4.0, 0.0)
    land_request = (CUSTOM_MODE, 9.0, 0.0)
    exit_request = (CUSTOM_MODE, 5.0, 0.0)
    stream_before_mode_s = 0.0
    climbs_by_set_points = False
    estimator_message = mavlink.MAVLINK_MSG_ID_EKF_STATUS_REPORT
    parameters = (
        "GUID_TIMEOUT", "FENCE_ENABLE", "FENCE_ACTION", "FS_GCS_ENABLE", *MY_GCS, "BATT_FS_LOW_ACT", *CHECKS,
    )  # fmt: skip

    def mode_name(self, custom_mode: int) -> str:
        """Return a name such as ``GUIDED``."""
        return MODES.get(custom_mode, f"mode {custom_mode}")

    def is_landing(self, custom_mode: int) -> bool:
        """True in LAND."""
        return self.mode_name(custom_mode) == "LAND"

    def parameter_value(self, message: Any) -> float:
        """Return the value; ArduPilot sends whole numbers as floats."""
        return float(message.param_value)

    def judge(self, values: Mapping[str, float | None], *, radio: bool, system_id: int) -> list[Finding]:
        """Refuse what makes it fly on when the set-points end, or take off untested."""
        found: list[Finding] = []
        timeout_s = values.get("GUID_TIMEOUT")
        if timeout_s is None:
            found.append(Finding(True, "GUID_TIMEOUT could not be read: check the link; Copter 4.1 or newer is needed"))
        elif not 0.0 < timeout_s <= LONGEST_TIMEOUT_S:
            text = f"GUID_TIMEOUT is {timeout_s:g} s: ArduPilot would fly on blindly for so long; set it to 1 or less"
            found.append(Finding(True, text))
        elif timeout_s > 1.0:
            found.append(Finding(False, f"GUID_TIMEOUT is {timeout_s:g} s: 1 or less is recommended"))
        found += _checks(*(whole(values.get(name)) for name in CHECKS))
        watched = next((whole(values[name]) for name in MY_GCS if values.get(name) is not None), None)
        if not radio and whole(values.get("FS_GCS_ENABLE")) in (0, None):
            text = "FS_GCS_ENABLE is 0 and there is no radio: 5 (land without a ground station) is recommended"
            found.append(Finding(False, text))
        elif not radio and watched not in (None, system_id):
            text = (
                f"FS_GCS_ENABLE watches the ground station {watched} and not this program, system {system_id}: when "
                "it dies, ArduPilot hovers until somebody or the battery's failsafe lands it"
            )
            found.append(Finding(False, text))
        if whole(values.get("BATT_FS_LOW_ACT")) == 0:
            text = "BATT_FS_LOW_ACT is 0: ArduPilot only warns of a low battery; 1 (land) is recommended"
            found.append(Finding(False, text))
        if whole(values.get("FENCE_ENABLE")) in (0, None):
            found.append(Finding(False, "no fence is set: set FENCE_ENABLE to 1 and FENCE_RADIUS, FENCE_ALT_MAX"))
        elif whole(values.get("FENCE_ACTION")) == 0:
            found.append(Finding(False, "FENCE_ACTION is 0: the fence only reports; 4 (brake or land) is recommended"))
        return found


def _checks(checked: int | None, skipped: int | None) -> list[Finding]:
    """Judge the autopilot's own checks before arming."""
    if checked == 0:
        return [Finding(True, "ARMING_CHECK is 0: ArduPilot would arm unchecked; set it to 1")]
    if skipped == -1:
        return [Finding(True, "ARMING_SKIPCHK is -1: ArduPilot would arm unchecked; set it to 0")]
    if skipped not in (0, None):
        return [Finding(False, f"ARMING_SKIPCHK is {skipped}: some checks are left out; 0 is recommended")]
    if checked is None and skipped is None:
        return [Finding(True, "neither ARMING_CHECK nor ARMING_SKIPCHK could be read: check the link")]
    return []
