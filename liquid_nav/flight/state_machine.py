"""What a vehicle may do next, and which command reaches it: only an engaged vehicle follows the policy."""

from __future__ import annotations

from enum import Enum

from liquid_nav.errors import LiquidNavError
from liquid_nav.types import VelocityCommand

LANDING_SPEED_M_S = 0.4


class FlightError(LiquidNavError):
    """A vehicle refuses what it was asked to do."""


class FlightState(Enum):
    """States of a flight."""

    DISARMED = "disarmed"
    ARMED = "armed"
    HOLD = "hold"
    ENGAGED = "engaged"
    LANDING = "landing"


_ALLOWED: dict[str, tuple[tuple[FlightState, ...], FlightState]] = {
    "arm": ((FlightState.DISARMED,), FlightState.ARMED),
    "takeoff": ((FlightState.ARMED,), FlightState.HOLD),
    "engage": ((FlightState.HOLD,), FlightState.ENGAGED),
    "hold": ((FlightState.ENGAGED, FlightState.HOLD, FlightState.LANDING), FlightState.HOLD),
    "land": ((FlightState.ENGAGED, FlightState.HOLD, FlightState.LANDING), FlightState.LANDING),
}
ACTIONS = tuple(_ALLOWED)


class FlightStateMachine:
    """The state of one vehicle.

    Args:
        state: to begin in.
    """

    def __init__(self, state: FlightState = FlightState.DISARMED) -> None:
        self.state = state

    def request(self, action: str) -> FlightState:
        """Change the state by one of :data:`ACTIONS` and return the new one.

        Raises:
            FlightError: when the action is unknown or refused in this state; the state stays.
        """
        if action not in _ALLOWED:
            raise FlightError(f"action is {action!r}: use one of {', '.join(ACTIONS)}")
        before, after = _ALLOWED[action]
        if self.state not in before:
            names = ", ".join(state.value for state in before)
            raise FlightError(f"{action} is refused in state {self.state.value}: it is possible in {names}")
        self.state = after
        return after

    def command(self, wanted: VelocityCommand) -> VelocityCommand:
        """Return what reaches the vehicle: the wish when engaged, a descent when landing, else standing still."""
        if self.state is FlightState.ENGAGED:
            return wanted
        if self.state is FlightState.LANDING:
            return VelocityCommand(up_m_s=-LANDING_SPEED_M_S)
        return VelocityCommand()
