"""What the cockpit asks of the vehicle and of the recorder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from liquid_nav.types import VelocityCommand

FLIGHT_ORDERS = ("arm", "takeoff", "engage", "hold", "land", "disarm")
SAFE_ORDERS = ("hold", "land")
"""Orders that everyone with the token may give, whoever has the controls."""
MOVE_ORDERS = ("takeoff", "engage")
"""Orders after which the vehicle moves by itself."""
DATA_ORDERS = ("record", "stop", "discard")
WORLD_ORDERS = ("reset", "next")
"""Orders to a simulated world: begin again, or the next one."""
DANGEROUS_ORDERS = ("arm", "takeoff", "disarm", "discard")
"""Orders that the page must have confirmed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an order.

    Attributes:
        done: it was carried out.
        text: one sentence for the pilot.
        open: nobody knows; it may still be carried out.
    """

    done: bool
    text: str
    open: bool = False


class Vehicle(Protocol):
    """A vehicle with its recorder, as the cockpit commands it. Called from the server's thread; nothing may block."""

    async def order(self, name: str) -> Answer:
        """Carry out one of the orders above; answer within a few seconds whatever happens, and raise nothing."""

    def fly(self, command: VelocityCommand) -> None:
        """Fly a command of the pilot, in the level body frame; the safety filter judges it as any other."""

    def show_presence(self, held: bool) -> None:
        """Say, several times a second, whether a page has the controls; another process holds when this ends."""

    def note(self, text: str) -> None:
        """Write a remark of the pilot into the recording."""
