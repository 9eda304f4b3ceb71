"""The states of a flight and what leads from one to the other: only an engaged vehicle follows the policy.

Pure: it knows no autopilot and no clock. An operator *requests* (and may be refused), a controller *observes* what
the vehicle did, which always counts. :func:`mermaid` draws the table below for ``docs/flight.md``.
"""

from __future__ import annotations

from enum import Enum

from liquid_nav.errors import LiquidNavError
from liquid_nav.types import VelocityCommand

LANDING_SPEED_M_S = 0.4


class FlightError(LiquidNavError):
    """A vehicle refuses what it was asked to do."""


class FlightState(Enum):
    """States of a flight."""

    DISCONNECTED = "disconnected"
    PREFLIGHT = "preflight"
    READY = "ready"
    ARMING = "arming"
    ARMED = "armed"
    TAKEOFF = "takeoff"
    HOLD = "hold"
    ENGAGED = "engaged"
    LANDING = "landing"
    DISARMED = "disarmed"
    EXTERNAL = "external"
    FAULT = "fault"


class Event(Enum):
    """What a vehicle was observed to do or to suffer."""

    CONNECTED = "connected"
    LOST = "link lost"
    FIT = "checks passed"
    UNFIT = "checks failed"
    REFUSED = "arming refused"
    ARMED = "armed"
    REACHED = "height reached"
    STALE = "input lost"
    UNSAFE = "must land"
    TAKEN_OVER = "other mode"
    RETAKEN = "control confirmed"
    FAILED = "failed"
    DISARMED = "motors off"
    RELEASED = "mode left"


S = FlightState
IN_COMMAND = (S.ARMED, S.TAKEOFF, S.HOLD, S.ENGAGED, S.LANDING)
"""States in which this program has the vehicle."""
_LINKED = tuple(state for state in S if state is not S.DISCONNECTED)

_REQUESTS: dict[str, dict[FlightState, FlightState]] = {
    "arm": {S.READY: S.ARMING},
    "takeoff": {S.ARMED: S.TAKEOFF},
    "engage": {S.HOLD: S.ENGAGED},
    # Where another mode flies, the state stays until the autopilot has confirmed that it follows again.
    "hold": {
        S.ENGAGED: S.HOLD,
        S.HOLD: S.HOLD,
        S.TAKEOFF: S.HOLD,
        S.LANDING: S.LANDING,
        S.EXTERNAL: S.EXTERNAL,
        S.FAULT: S.FAULT,
    },
    "land": dict.fromkeys((S.ENGAGED, S.HOLD, S.TAKEOFF, S.LANDING, S.FAULT), S.LANDING),
    # The autopilot itself refuses to stop its motors in the air; they are off when its heartbeat says so.
    "disarm": {state: state for state in (S.ARMING, S.ARMED, S.LANDING, S.FAULT)},
}
ACTIONS = tuple(_REQUESTS)

_EVENTS: dict[Event, dict[FlightState, FlightState]] = {
    Event.CONNECTED: {S.DISCONNECTED: S.PREFLIGHT},
    Event.LOST: dict.fromkeys(_LINKED, S.DISCONNECTED),
    Event.FIT: {S.PREFLIGHT: S.READY},
    Event.UNFIT: {S.READY: S.PREFLIGHT},
    Event.REFUSED: {S.ARMING: S.PREFLIGHT},
    Event.ARMED: {S.ARMING: S.ARMED},
    Event.REACHED: {S.TAKEOFF: S.HOLD},
    Event.STALE: {S.ENGAGED: S.HOLD},
    Event.UNSAFE: dict.fromkeys((S.TAKEOFF, S.HOLD, S.ENGAGED, S.FAULT), S.LANDING),
    Event.TAKEN_OVER: dict.fromkeys((S.PREFLIGHT, S.READY, S.ARMING, *IN_COMMAND, S.FAULT), S.EXTERNAL),
    Event.RETAKEN: dict.fromkeys((S.LANDING, S.EXTERNAL, S.FAULT), S.HOLD),
    Event.FAILED: dict.fromkeys((S.ARMING, S.TAKEOFF), S.FAULT),
    Event.DISARMED: dict.fromkeys((*IN_COMMAND, S.EXTERNAL, S.FAULT), S.DISARMED),
    Event.RELEASED: {S.DISARMED: S.PREFLIGHT},
}


class FlightStateMachine:
    """The state of one vehicle.

    Args:
        state: to begin in.
    """

    def __init__(self, state: FlightState = FlightState.DISCONNECTED) -> None:
        self.state = state

    def check(self, action: str) -> None:
        """Raise :class:`FlightError` when a request is unknown or refused in this state."""
        if action not in _REQUESTS:
            raise FlightError(f"action is {action!r}: use one of {', '.join(ACTIONS)}")
        if self.state not in _REQUESTS[action]:
            names = ", ".join(state.value for state in _REQUESTS[action])
            raise FlightError(f"{action} is refused in state {self.state.value}: it is possible in {names}")

    def request(self, action: str) -> FlightState:
        """Carry out one of :data:`ACTIONS` for the operator and return the new state.

        Raises:
            FlightError: when the action is unknown or refused in this state; the state stays.
        """
        self.check(action)
        self.state = _REQUESTS[action][self.state]
        return self.state

    def observe(self, event: Event) -> bool:
        """Take what happened; return whether it means anything in this state."""
        after = _EVENTS[event].get(self.state)
        if after is None:
            return False
        self.state = after
        return True

    def command(self, wanted: VelocityCommand) -> VelocityCommand:
        """Return what may reach the vehicle: the wish when engaged, a descent when landing, else standing still."""
        if self.state is FlightState.ENGAGED:
            return wanted
        if self.state is FlightState.LANDING:
            return VelocityCommand(up_m_s=-LANDING_SPEED_M_S)
        return VelocityCommand()


def transitions() -> list[tuple[FlightState, FlightState, str]]:
    """Return every change of state as before, after and the request (``arm()``) or event that causes it."""
    rows = [(before, after, f"{name}()") for name, row in _REQUESTS.items() for before, after in row.items()]
    rows += [(before, after, event.value) for event, row in _EVENTS.items() for before, after in row.items()]
    return rows


def mermaid() -> str:
    """Return the states as a mermaid diagram; a request is written ``arm()``, an event in words."""
    arrows: dict[tuple[FlightState, FlightState], list[str]] = {}
    for before, after, label in transitions():
        if before is not after and label != Event.LOST.value:
            arrows.setdefault((before, after), []).append(label)
    lines = ["stateDiagram-v2", f"    [*] --> {S.DISCONNECTED.value}", "    state connected {"]
    inside = [(pair, labels) for pair, labels in arrows.items() if S.DISCONNECTED not in pair]
    lines += [f"        {before.value} --> {after.value}: {', '.join(labels)}" for (before, after), labels in inside]
    lines += ["    }", f"    {S.DISCONNECTED.value} --> {S.PREFLIGHT.value}: {Event.CONNECTED.value}"]
    lines += [f"    connected --> {S.DISCONNECTED.value}: {Event.LOST.value}"]
    return "\n".join(lines) + "\n"
