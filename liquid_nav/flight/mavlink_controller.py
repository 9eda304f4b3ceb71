"""Flies PX4 and ArduPilot by velocities over MAVLink.

What the vehicle does is known from its heartbeat alone: an acknowledged command is only a promise. So every state asks
for what it needs again and again, at most once a second, until the heartbeat shows it. A mode that nobody here asked
for belongs to the pilot, the ground station or a failsafe: it ends control at once and is never fought.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_nav.flight.autopilot import Autopilot
from liquid_nav.flight.config import FlightConfig
from liquid_nav.flight.controller import Notice, Notices
from liquid_nav.flight.inputs import Inputs, demands, unfit_to_engage
from liquid_nav.flight.mavlink_link import MavlinkLink
from liquid_nav.flight.setpoint import CommandGate, eased
from liquid_nav.flight.state_machine import (
    LANDING_SPEED_M_S,
    Event,
    FlightError,
    FlightState,
    FlightStateMachine,
)
from liquid_nav.flight.telemetry import Telemetry
from liquid_nav.types import VelocityCommand

S = FlightState
ARMING_S = 10.0
DISARM_S = 5.0
CLIMBING_M = 0.3
RETAKE_S = 6.0
TAKEOFF_SLACK_S = 15.0
LEAVE_S = 10.0
REACHED_M = 0.15
APPROACH_HZ = 0.6  # m/s per metre still to climb: slow enough for a response of a second not to overshoot
SLOWEST_M_S = 0.25
GROUNDED_S = 2.0
LEFT_MODE_S = 2.5  # two heartbeats: the first after landing may still tell the mode of the landing
STEPS_PER_SET_POINT = 4
RESTING_S = {S.DISCONNECTED: 0.2, S.PREFLIGHT: 0.05, S.READY: 0.05, S.DISARMED: 0.05}
STILL = VelocityCommand()
CALLED_OFF = "the operator has called arming off"
DESCENT = VelocityCommand(up_m_s=-LANDING_SPEED_M_S)


@dataclass
class _Retake:
    """An attempt to take control back: when it began, the mode it began in, when the mode was asked for."""

    since_s: float
    old_mode: int
    asked_s: float | None = None


class MavlinkController:
    """A :class:`~liquid_nav.flight.controller.FlightController` for real autopilots.

    Args:
        link: to the autopilot.
        config: how to fly.
        autopilot: ``px4``, ``ardupilot`` or ``auto``.
    """

    def __init__(self, link: MavlinkLink, config: FlightConfig | None = None, autopilot: str = "auto") -> None:
        self.config = config or FlightConfig()
        self._machine = FlightStateMachine()
        self._notices = Notices()
        self._now_s = self._since_s = 0.0
        self._pilot = Autopilot(link, self.config, autopilot, self._note)
        self._gate = CommandGate(self.config)
        self._due_s: float | None = None
        self._retake: _Retake | None = None
        self._disarming_s: float | None = None  # since when the operator wants the motors off
        self._mode_at_arming = 0
        self._has_followed = False  # since arming began
        self._commands_lost = False  # is why it holds
        self._ground_up_m = 0.0
        self._grounded_s: float | None = None
        self._acts: dict[FlightState, Callable[[float], None]] = {
            S.PREFLIGHT: self._check,
            S.READY: self._check,
            S.ARMING: self._arm,
            S.TAKEOFF: self._climb,
            S.LANDING: self._land,
            S.DISARMED: self._leave,
        }

    @property
    def state(self) -> FlightState:
        """The state of the flight."""
        return self._machine.state

    @property
    def telemetry(self) -> Telemetry:
        """What the autopilot tells, on the clock of :meth:`step`."""
        return self._pilot.telemetry

    @property
    def period_s(self) -> float:
        """How often to call :meth:`step` now: seldom while there are no set-points and nobody has asked for them."""
        if self._retake is None and self.state in RESTING_S:
            return RESTING_S[self.state]
        return 1.0 / (self.config.setpoint_hz * STEPS_PER_SET_POINT)

    def request(self, action: str, now_s: float) -> str:
        """Carry out an operator's request; see :class:`~liquid_nav.flight.controller.FlightController`."""
        self._now_s = now_s
        try:
            self._machine.check(action)
        except FlightError as error:
            if action == "arm" and self.state is S.PREFLIGHT:
                refusals = [finding.text for finding in self._pilot.findings(now_s) if finding.refuses]
                raise FlightError(f"{error}; {'; '.join(refusals)}") from None
            raise
        if action == "engage" and (reason := unfit_to_engage(self._inputs(now_s), self.config)):
            raise FlightError(f"engage is refused: {reason}")
        if action == "takeoff":
            self._mark_ground(now_s)
        before, retake = self.state, self._retake
        state = self._machine.request(action)
        self._commands_lost = False
        self._retake = self._disarming_s = None
        asked_to_arm = self._pilot.asked_to_arm
        self._pilot.begin()
        if state is not before:
            self._since_s = now_s
        if action == "arm":
            self._mode_at_arming, self._has_followed = self._pilot.custom_mode, False
        if action == "disarm" and state is S.ARMING and not asked_to_arm:
            self._move(Event.REFUSED, CALLED_OFF)
        elif action == "disarm":
            self._disarming_s = now_s
            self._pilot.ask_armed(False, now_s)
            return "the motors are off when the vehicle's heartbeat says so"
        if action == "hold" and state is not S.HOLD:
            self._retake = retake or _Retake(now_s, self._pilot.custom_mode)  # asking again does not begin again
            return "the vehicle holds when its heartbeat confirms it"
        return f"the vehicle is in state {self.state.value}"

    def take_command(self, command: VelocityCommand, made_s: float, now_s: float) -> VelocityCommand:
        """Take a wish; what cannot be flown makes an engaged vehicle hold, with the reason as a notice."""
        self._now_s = now_s
        problem = self._gate.take(command, made_s, now_s)
        if problem:
            self._lose_commands(problem)
        return self._wanted(now_s) or STILL

    def step(self, now_s: float) -> None:
        """Receive, decide, send."""
        self._now_s = now_s
        self._pilot.receive(now_s)
        self._watch_link(now_s)
        if self._pilot.is_connected(now_s):
            self._watch_mode()
            self._watch_inputs(now_s)
            if self._disarming_s is not None:
                self._disarm(self._disarming_s, now_s)
            if self._retake is not None:
                self._take_back(self._retake, now_s)
            elif self._disarming_s is not None and self.state is S.ARMING:
                pass  # neither armed nor given up until the heartbeat tells
            elif act := self._acts.get(self.state):
                act(now_s)
            self._stream(now_s)
        self._pilot.keep_up(now_s)

    def notices(self) -> list[Notice]:
        """Return what has happened since the last call."""
        return self._notices.take()

    def health(self, now_s: float) -> dict[str, object]:
        """Return values for diagnostics."""
        link, battery = self._pilot.link, self.telemetry.battery
        findings = self._pilot.findings(now_s) if self.state in (S.PREFLIGHT, S.READY) else []
        return {
            "state": self.state.value,
            "mode": self._pilot.mode,
            "armed": self._pilot.armed,
            "battery_percent": battery.remaining_percent if battery else "unknown",
            "command_age_s": round(self._gate.age_s(now_s), 3),
            "estimate_age_s": round(self._pilot.estimate_age_s(now_s), 3),
            "estimate_lacks": ", ".join(self.telemetry.estimator.lacks) if self.telemetry.estimator else "unknown",
            "sent": link.sent,
            "unsent": link.unsent,
            "received": link.received,
            "broken": link.broken,
            "strangers": link.strangers,
            "link": link.trouble or "open",
            "refusals": "; ".join(finding.text for finding in findings if finding.refuses),
            "recommendations": "; ".join(finding.text for finding in findings if not finding.refuses),
        }

    def close(self) -> None:
        """Stop sending; in the air, the autopilot's own failsafe acts."""
        self._pilot.link.close()

    def _note(self, serious: bool, text: str) -> None:
        self._notices.add(Notice(self._now_s, serious, text))

    def _move(self, event: Event, reason: str, *, serious: bool = False) -> bool:
        before = self.state
        if not self._machine.observe(event):
            return False
        self._since_s = self._now_s
        self._retake = self._grounded_s = None
        if not self._pilot.armed:
            self._disarming_s = None
        text = f"{before.value} -> {self.state.value}: {reason}"
        self._notices.add(Notice(self._now_s, serious, text), always=True)
        return True

    def _watch_link(self, now_s: float) -> None:
        pilot = self._pilot
        if pilot.is_connected(now_s):
            name = pilot.dialect.name if pilot.dialect else ""
            self._move(Event.CONNECTED, f"{name} of system {pilot.target[0]} is heard, in {pilot.mode}")
        elif self.state is not S.DISCONNECTED:
            self._move(Event.LOST, f"no heartbeat for {self.config.link_timeout_s:g} s", serious=True)
            pilot.forget()

    def _watch_mode(self) -> None:
        """Let the heartbeat decide who flies."""
        pilot = self._pilot
        if self.state is S.ARMING:
            self._has_followed |= pilot.follows
            if not pilot.follows and (self._has_followed or pilot.custom_mode != self._mode_at_arming):
                event = Event.TAKEN_OVER if pilot.armed else Event.REFUSED
                self._move(event, f"the vehicle went to {pilot.mode}", serious=True)
        elif not pilot.armed:
            self._move(Event.DISARMED, "the motors are off")
        elif self.state in (S.PREFLIGHT, S.READY):
            self._move(Event.TAKEN_OVER, f"armed in {pilot.mode} by somebody else", serious=True)
        elif self.state in (S.ARMED, S.TAKEOFF, S.HOLD, S.ENGAGED):
            if not pilot.follows:
                self._move(Event.TAKEN_OVER, f"the vehicle went to {pilot.mode}", serious=True)
        elif self.state in (S.LANDING, S.FAULT) and not (pilot.follows or pilot.lands):
            self._move(Event.TAKEN_OVER, f"the vehicle went to {pilot.mode}", serious=True)

    def _watch_inputs(self, now_s: float) -> None:
        config, clock, inputs = self.config, self.telemetry.clock, self._inputs(now_s)
        if clock.jumped:
            clock.jumped = False
            self._move(Event.STALE, "the autopilot's clock has jumped", serious=True)
        for event, reason in demands(inputs, config):
            self._move(event, reason, serious=True)
        if inputs.command_age_s > config.hold_after_s:
            self._lose_commands(f"the last command is {inputs.command_age_s:.2f} s old")
        if self._commands_lost and inputs.command_age_s > config.land_after_s:
            self._move(Event.UNSAFE, f"no command for {inputs.command_age_s:.1f} s", serious=True)

    def _inputs(self, now_s: float) -> Inputs:
        battery = self.telemetry.battery
        return Inputs(
            self._gate.age_s(now_s),
            self._pilot.estimate_age_s(now_s),
            now_s - self._pilot.heartbeat_s,
            battery.remaining_percent if battery else float("nan"),
            self.telemetry.on_ground,
        )

    def _lose_commands(self, reason: str) -> None:
        if self._move(Event.STALE, reason, serious=True):
            self._commands_lost = True

    def _mark_ground(self, now_s: float) -> None:
        odometry = self.telemetry.odometry
        if odometry is None or self._pilot.estimate_age_s(now_s) > self.config.estimate_timeout_s:
            raise FlightError("takeoff is refused: the estimate is too old: wait for it")
        self._ground_up_m = float(odometry.position_enu_m[2])

    def _check(self, now_s: float) -> None:
        refusals = [finding.text for finding in self._pilot.findings(now_s) if finding.refuses]
        if not refusals:
            self._move(Event.FIT, "every check has passed")
        else:
            self._move(Event.UNFIT, refusals[0], serious=True)

    def _arm(self, now_s: float) -> None:
        """Show set-points, ask for the mode, then for the motors."""
        pilot, dialect = self._pilot, self._pilot.dialect
        rejected = pilot.rejected.get(mavlink.MAV_CMD_COMPONENT_ARM_DISARM) or pilot.rejected.get(
            mavlink.MAV_CMD_DO_SET_MODE
        )
        if pilot.armed and pilot.follows:
            self._move(Event.ARMED, f"the motors run in {pilot.mode}")
        elif rejected and not pilot.armed:
            text = f" ({pilot.telemetry.texts[-1]})" if pilot.telemetry.texts else ""
            self._move(Event.REFUSED, rejected + text, serious=True)
        elif now_s - self._since_s > ARMING_S and pilot.armed:
            self._move(Event.FAILED, f"armed, but in {pilot.mode} after {ARMING_S:g} s", serious=True)
            pilot.ask_armed(False, now_s)
        elif now_s - self._since_s > ARMING_S:
            self._move(Event.REFUSED, f"the autopilot has not armed within {ARMING_S:g} s", serious=True)
        elif dialect is not None and now_s - self._since_s >= dialect.stream_before_mode_s:
            if not pilot.follows:
                pilot.ask_mode(dialect.command_mode_request, now_s)
            # PX4 may show the mode only once armed; ArduPilot would arm in the mode it is in.
            if not pilot.armed and (pilot.follows or dialect.climbs_by_set_points):
                pilot.ask_armed(True, now_s)

    def _climb(self, now_s: float) -> None:
        pilot, config = self._pilot, self.config
        height_m = self._height_m()
        climbs = height_m > CLIMBING_M or pilot.telemetry.on_ground is False
        limit_s = TAKEOFF_SLACK_S + 2.0 * config.takeoff_height_m / config.takeoff_speed_m_s
        if height_m >= config.takeoff_height_m - REACHED_M:
            self._move(Event.REACHED, f"{height_m:.1f} m above the ground")
        elif (rejected := pilot.rejected.get(mavlink.MAV_CMD_NAV_TAKEOFF)) and not climbs:
            self._move(Event.FAILED, rejected, serious=True)
        elif now_s - self._since_s > limit_s:
            self._move(Event.FAILED, f"only {height_m:.1f} m high after {limit_s:.0f} s", serious=True)
        elif pilot.dialect is None or pilot.dialect.climbs_by_set_points:
            return
        elif mavlink.MAV_CMD_NAV_TAKEOFF not in pilot.accepted and not climbs:  # in the air it would be refused
            pilot.ask(mavlink.MAV_CMD_NAV_TAKEOFF, now_s, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, config.takeoff_height_m)

    def _height_m(self) -> float:
        odometry = self.telemetry.odometry
        return 0.0 if odometry is None else float(odometry.position_enu_m[2]) - self._ground_up_m

    def _land(self, now_s: float) -> None:
        """Ask for the autopilot's own landing; until it begins, descend by set-points."""
        pilot = self._pilot
        if not pilot.telemetry.on_ground:
            self._grounded_s = None
        elif self._grounded_s is None:
            self._grounded_s = now_s
        if self._grounded_s is not None and now_s - self._grounded_s > GROUNDED_S:
            pilot.ask_armed(False, now_s)
        elif pilot.dialect is not None and not pilot.lands:
            pilot.ask_mode(pilot.dialect.land_request, now_s)

    def _disarm(self, since_s: float, now_s: float) -> None:
        """Ask for the motors to stop until the heartbeat says so, the autopilot refuses, or it has taken too long."""
        pilot = self._pilot
        if not pilot.armed and pilot.answers_since(since_s):
            self._disarming_s = None
            self._move(Event.REFUSED, CALLED_OFF)
        elif mavlink.MAV_CMD_COMPONENT_ARM_DISARM in pilot.rejected:
            self._disarming_s = None  # it has been told
        elif now_s - since_s > DISARM_S:
            self._disarming_s = None
            self._note(True, f"the motors could not be stopped within {DISARM_S:g} s: ask again, or use the radio")
        else:
            pilot.ask_armed(False, now_s)

    def _leave(self, now_s: float) -> None:
        """Lead it out of the mode that follows set-points, in which nobody should arm it by hand."""
        pilot = self._pilot
        if pilot.follows and now_s - self._since_s > LEAVE_S:
            self._move(Event.RELEASED, f"the vehicle stays in {pilot.mode}: change its mode by hand", serious=True)
        elif pilot.follows and pilot.dialect is not None:
            pilot.ask_mode(pilot.dialect.exit_request, now_s)
        elif now_s - self._since_s > LEFT_MODE_S:
            self._move(Event.RELEASED, f"the vehicle stands in {pilot.mode}")

    def _take_back(self, retake: _Retake, now_s: float) -> None:
        """After the operator's request: show set-points, ask for the mode, hold once the heartbeat confirms it.

        A heartbeat from before the mode was asked for confirms nothing: it may tell the mode before the landing.
        """
        pilot = self._pilot
        expected = pilot.follows or pilot.custom_mode == retake.old_mode or (self.state is S.LANDING and pilot.lands)
        if retake.asked_s is not None and pilot.follows and pilot.answers_since(retake.asked_s):
            self._move(Event.RETAKEN, f"the vehicle follows again in {pilot.mode}")
        elif not expected:
            self._retake = None
            self._note(True, f"the vehicle went to {pilot.mode}: control is not taken back")
        elif now_s - retake.since_s > RETAKE_S:
            self._retake = None
            self._note(True, f"the vehicle stays in {pilot.mode}: control could not be taken back")
        elif pilot.dialect is not None and now_s - retake.since_s >= pilot.dialect.stream_before_mode_s:
            pilot.ask_mode(pilot.dialect.command_mode_request, now_s)
            retake.asked_s = now_s if retake.asked_s is None else retake.asked_s

    def _wanted(self, now_s: float) -> VelocityCommand | None:
        """Return the velocity to send, None for silence."""
        pilot, state = self._pilot, self.state
        by_set_points = pilot.dialect is not None and pilot.dialect.climbs_by_set_points
        if self._retake is not None or state is S.HOLD:
            return STILL
        if state is S.ENGAGED:
            return eased(self._gate.wish(now_s), now_s - self._since_s, self.config.engage_ramp_s)
        if state is S.TAKEOFF and by_set_points:
            rest_m = self.config.takeoff_height_m - self._height_m()
            return VelocityCommand(up_m_s=min(self.config.takeoff_speed_m_s, max(SLOWEST_M_S, APPROACH_HZ * rest_m)))
        if state in (S.ARMING, S.ARMED) and by_set_points:
            return STILL
        if state is S.LANDING and pilot.follows:
            return DESCENT
        return STILL if state is S.FAULT and pilot.follows else None

    def _stream(self, now_s: float) -> None:
        """Send set-points at a steady rate, however irregularly this is called."""
        command, period_s = self._wanted(now_s), 1.0 / self.config.setpoint_hz
        if command is None:
            self._due_s = None
        elif self._due_s is None or now_s >= self._due_s - period_s / 8.0:
            self._pilot.send_velocity(command, now_s)
            late = self._due_s is None or now_s - self._due_s > period_s
            self._due_s = now_s + period_s if late or self._due_s is None else self._due_s + period_s
