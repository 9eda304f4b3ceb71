"""What every vehicle looks like to the rest of the program, and the simulated one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from liquid_nav.flight.state_machine import Event, FlightState, FlightStateMachine
from liquid_nav.types import VelocityCommand

REPEAT_S = 5.0


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the operator should read.

    Attributes:
        stamp_s: when, on the clock of the run.
        serious: it was refused, lost or failed.
        text: one line.
    """

    stamp_s: float
    serious: bool
    text: str


class Notices:
    """The latest notices, bounded; one that repeats itself is taken every few seconds only."""

    def __init__(self) -> None:
        self._kept: deque[Notice] = deque(maxlen=100)
        self._told_s: deque[tuple[str, float]] = deque(maxlen=32)

    def add(self, notice: Notice, *, always: bool = False) -> None:
        """Keep a notice; ``always`` even when the same was told just now."""
        recent = any(text == notice.text and notice.stamp_s - at < REPEAT_S for text, at in self._told_s)
        if always or not recent:
            self._told_s.append((notice.text, notice.stamp_s))
            self._kept.append(notice)

    def take(self) -> list[Notice]:
        """Return what was kept since the last call."""
        found = list(self._kept)
        self._kept.clear()
        return found


class FlightController(Protocol):
    """A vehicle that can be flown by velocities. It reads no clock: every call brings the time."""

    @property
    def state(self) -> FlightState:
        """The state of the flight."""

    def request(self, action: str, now_s: float) -> str:
        """Carry out an operator's request, one of :data:`~liquid_nav.flight.state_machine.ACTIONS`.

        Returns:
            One sentence about what happens now.

        Raises:
            FlightError: when it is refused, with the reason.
        """

    def take_command(self, command: VelocityCommand, made_s: float, now_s: float) -> VelocityCommand:
        """Take a wish made at ``made_s`` (the capture of its image) and return what is flown for it now."""

    def step(self, now_s: float) -> None:
        """Talk to the vehicle. Call it at least at the rate of the set-points; it never waits."""

    def notices(self) -> list[Notice]:
        """Return what has happened since the last call."""

    def close(self) -> None:
        """Let go of the vehicle."""


class SimulatedController:
    """The simulated vehicle: it is in the air from the start and does at once what it is told.

    Args:
        engaged: begin engaged instead of holding.
    """

    def __init__(self, *, engaged: bool = False) -> None:
        self._machine = FlightStateMachine(FlightState.ENGAGED if engaged else FlightState.HOLD)

    @property
    def state(self) -> FlightState:
        """The state of the flight."""
        return self._machine.state

    def request(self, action: str, now_s: float) -> str:
        """Carry out a request; the vehicle confirms it at once."""
        self._machine.request(action)
        if action == "hold":
            self._machine.observe(Event.RETAKEN)
        return f"the vehicle is in state {self.state.value}"

    def take_command(self, command: VelocityCommand, made_s: float, now_s: float) -> VelocityCommand:
        """Return the wish when engaged, a descent when landing, else standing still."""
        return self._machine.command(command)

    def step(self, now_s: float) -> None:
        """Do nothing: the simulated vehicle listens to what is published."""

    def notices(self) -> list[Notice]:
        """Return nothing: it does what it is told."""
        return []

    def close(self) -> None:
        """Do nothing."""
