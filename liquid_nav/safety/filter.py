"""The last stage before the vehicle: turns the policy's wish into a command that may be flown, and says why."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

from liquid_nav.safety.config import SafetyConfig
from liquid_nav.safety.failsafes import FAILSAFES
from liquid_nav.safety.limits import LIMITS, speed_limit
from liquid_nav.safety.ramp import Command, Ramp
from liquid_nav.safety.situation import HOVER, STRICTNESS, Finding, Neighbour, Picture, Situation
from liquid_nav.safety.surroundings import nearest_echoes
from liquid_nav.types import Odometry, SafetyAction, SafetyVerdict, VelocityCommand

_ACTION_RANK = {action: rank for rank, action in enumerate(SafetyAction)}
FRESH_PERCENT = 20.0
ROUNDING_PERCENT = 0.5  # beyond empty and full, by rounding
_RULE_RANK = {rule: rank for rank, rule in enumerate(STRICTNESS)}


def image_digest(data: bytes | memoryview) -> int:
    """Return what tells an image from others, for :meth:`SafetyFilter.update_image`, from its bytes without a stamp."""
    return zlib.crc32(data)


class SafetyFilter:
    """Judges commands against what is known of the vehicle. It reads no clock: every call brings the time.

    Failsafes (no command, a stale or invalid one, a frozen camera, no estimate, a low battery) replace the command;
    limits (speed, obstacles, other drones, fence, floor, ceiling) make it milder; a ramp then bounds acceleration and
    jerk of whatever is left, so that even an emergency stop is one the vehicle can follow. The verdict is not latched:
    it is mild again as soon as its cause is gone.

    Args:
        config: the limits.
    """

    def __init__(self, config: SafetyConfig | None = None) -> None:
        self.config = config or SafetyConfig()
        self._ramp = Ramp(self.config)
        self._at = Situation()
        self._evaluated_s: float | None = None
        self._charge_doubted, self._remark = False, ""
        self._position = (0.0, 0.0, 0.0)
        self._velocity = (0.0, 0.0, 0.0)

    def reconfigure(self, config: SafetyConfig) -> None:
        """Go on under other limits; what is flown fits them from the next evaluation on."""
        flown = self._ramp.command
        self.config = config
        self._ramp = Ramp(config)
        capped = speed_limit(flown, self._at, config)
        self._ramp.reset(flown if capped is None else capped.command)

    def reset(self, flown: VelocityCommand | None = None) -> None:
        """Forget everything, and go on from a command that is flown already (none: from hovering)."""
        self._at = Situation()
        self._evaluated_s = None
        self._charge_doubted, self._remark = False, ""
        start = HOVER if flown is None else _values(flown)
        if not all(map(math.isfinite, start)):
            start = HOVER
        capped = speed_limit(start, self._at, self.config)
        self._ramp.reset(start if capped is None else capped.command)

    def update_command(self, command: VelocityCommand, stamp_s: float, now_s: float) -> None:
        """Take a command.

        Args:
            command: what the policy or the pilot wants; NaN and infinite values are refused in the verdict.
            stamp_s: when it was made; a stamp from the future counts as now.
            now_s: the present.
        """
        at = self._at
        values = _values(command)
        if at.estimate_s is None:
            at.estimate_s = now_s
        if not all(map(math.isfinite, (*values, stamp_s))):
            bad = ", ".join(f"{value:g}" for value in (*values, stamp_s) if not math.isfinite(value))
            self.refuse_command(f"the command holds {bad}", now_s)
            return
        at.command = values
        at.command_s = min(stamp_s, now_s)
        at.invalid_since_s = None

    def refuse_command(self, reason: str, now_s: float) -> None:
        """Count a command as invalid for a reason that its values do not show, such as its frame."""
        if self._at.invalid_since_s is None:
            self._at.invalid_since_s = now_s
        self._at.invalid_reason = reason

    def update_image(self, digest: int, now_s: float) -> None:
        """Take the digest of an image as it came; equal digests mean equal images."""
        at, picture = self._at, self._at.picture
        if picture is not None and picture.digest == digest:
            picture.repeats += 1
        else:
            at.picture = Picture(digest, now_s, 0, self._position, at.yaw_rad)

    def update_ranges(
        self, bearings_rad: Sequence[float], distances_m: Sequence[float], stamp_s: float, now_s: float
    ) -> None:
        """Take a look round; see :func:`~liquid_nav.safety.surroundings.nearest_echoes` for its values."""
        self._at.echoes = nearest_echoes(bearings_rad, distances_m)
        self._at.echoes_s = min(stamp_s, now_s)

    def update_neighbour(self, name: str, odometry: Odometry, now_s: float) -> None:
        """Take the estimate of another drone in the common world frame; one that is not finite is as good as none."""
        position, velocity = odometry.position_enu_m.tolist(), odometry.velocity_enu_m_s.tolist()
        stamp = float(odometry.stamp_s)
        if all(map(math.isfinite, (*position, *velocity, stamp))):
            self._at.neighbours[name] = Neighbour(tuple(position), tuple(velocity), min(stamp, now_s))

    def update_battery(self, percent: float) -> None:
        """Take the charge; it counts as grown only when a fresh battery shows, not when a load ends.

        NaN says that the charge is not known. So does a charge that no battery has, such as the -1 of some drivers;
        the next verdict that passes a command unchanged says so, once.
        """
        if math.isnan(percent):
            return
        doubted = not -ROUNDING_PERCENT <= percent <= 100.0 + ROUNDING_PERCENT
        if doubted and not self._charge_doubted:
            self._remark = f"the battery reports {percent:g}%, not 0 to 100%: it is not watched, watch its voltage"
        self._charge_doubted = doubted
        known = self._at.battery_percent
        if not doubted and (known is None or percent < known or percent > known + FRESH_PERCENT):
            self._at.battery_percent = percent

    def update_odometry(self, odometry: Odometry, now_s: float) -> None:
        """Take an estimate; one that is not finite is as good as none. A stamp from the future counts as now."""
        position = odometry.position_enu_m.tolist()
        velocity = odometry.velocity_enu_m_s.tolist()
        attitude = odometry.attitude_xyzw.tolist()
        stamp = float(odometry.stamp_s)
        x, y, z, w = attitude
        east, north = w * w + x * x - y * y - z * z, 2.0 * (w * z + x * y)  # of the nose; any length of quaternion
        if not all(map(math.isfinite, (*position, *velocity, stamp, east, north))) or east == north == 0.0:
            return
        if not self._at.estimated:
            self._at.picture = None  # where the vehicle was when it came is not known
        self._position = (position[0], position[1], position[2])
        self._velocity = (velocity[0], velocity[1], velocity[2])
        self._at.yaw_rad = math.atan2(north, east)
        self._at.estimate_s = min(stamp, now_s)
        self._at.estimated = True

    def evaluate(self, now_s: float) -> SafetyVerdict:
        """Return what may be flown now. Call it at the rate commands are flown; it takes some 10 microseconds."""
        self._at.now_s = now_s
        if self._evaluated_s is not None and now_s < self._evaluated_s:
            self._turn_back(now_s)
        self._predict()
        findings = [found for rule in FAILSAFES if (found := rule(self._at, self.config)) is not None]
        target = max(findings, key=_strictness).command if findings else self._at.command or HOVER
        if not findings:
            for limit in LIMITS:
                found = limit(target, self._at, self.config)
                if found is not None:
                    findings.append(found)
                    target = found.command
        held_by = self._ramp.advance(target, 0.0 if self._evaluated_s is None else now_s - self._evaluated_s)
        if math.isfinite(now_s):
            self._evaluated_s = now_s
        return self._verdict(findings, held_by, target)

    def _verdict(self, findings: list[Finding], held_by: str, target: Command) -> SafetyVerdict:
        flown = VelocityCommand(*self._ramp.command)
        if findings:
            strictest = max(findings, key=_strictness)
            return SafetyVerdict(flown, strictest.action, strictest.rule, strictest.reason)
        if held_by != "none":
            return SafetyVerdict(flown, SafetyAction.LIMIT, held_by, self._held_reason(held_by, target))
        if self._remark:
            remark, self._remark = self._remark, ""
            return SafetyVerdict(flown, SafetyAction.PASS, "battery", remark)
        return SafetyVerdict(flown)

    def _held_reason(self, held_by: str, target: Command) -> str:
        gap = math.dist(target[:3], self._ramp.command[:3])
        turn = abs(target[3] - self._ramp.command[3])
        config = self.config
        bound = (
            f"{config.max_acceleration_m_s2:g} m/s2 and {config.max_yaw_acceleration_rad_s2:g} rad/s2"
            if held_by == "acceleration_limit"
            else f"{config.max_jerk_m_s3:g} m/s3"
        )
        return f"the command changes faster than {bound}: {gap:.2f} m/s and {turn:.2f} rad/s are still to come"

    def _turn_back(self, now_s: float) -> None:
        """The clock was set back (a simulation restarted): nothing known may be younger than the present."""
        at = self._at
        at.command_s = min(at.command_s, now_s)
        at.estimate_s = None if at.estimate_s is None else min(at.estimate_s, now_s)
        at.invalid_since_s = None if at.invalid_since_s is None else min(at.invalid_since_s, now_s)
        at.echoes_s = None if at.echoes_s is None else min(at.echoes_s, now_s)
        at.neighbours = {name: one._replace(stamp_s=min(one.stamp_s, now_s)) for name, one in at.neighbours.items()}
        if at.picture is not None:
            at.picture.since_s = min(at.picture.since_s, now_s)

    def _predict(self) -> None:
        """Carry the estimate on to the present at its own speed."""
        at = self._at
        age_s = 0.0 if at.estimate_s is None else max(at.now_s - at.estimate_s, 0.0)
        age_s = min(age_s, self.config.estimate_timeout_s)
        (x, y, z), (vx, vy, vz) = self._position, self._velocity
        at.position_enu_m = (x + vx * age_s, y + vy * age_s, z + vz * age_s)


def _values(command: VelocityCommand) -> Command:
    return (
        float(command.forward_m_s),
        float(command.left_m_s),
        float(command.up_m_s),
        float(command.yaw_rate_rad_s),
    )


def _strictness(finding: Finding) -> tuple[int, int]:
    return _ACTION_RANK[finding.action], _RULE_RANK[finding.rule]
