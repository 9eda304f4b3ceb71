"""Engage and takeoff under way: from the order on the vehicle may move, whatever its state says yet."""

from __future__ import annotations

from dataclasses import dataclass

from liquid_nav.cockpit.vehicle import Answer

CONFIRM_S = 2.0  # after the answer, until which the state must have told of it
LATE_S = 30.0  # after an order without an answer, in which it may still be carried out


@dataclass(eq=False)
class Move:
    """One order after which the vehicle moves.

    Attributes:
        name: of the order.
        called_off_by: ``hold`` or ``land``, None while the move is wanted.
        done: it has been carried out.
        told: the state has shown it although it had been called off, and somebody knows.
        until_s: when it is of the past; never before it has been answered.
    """

    name: str
    called_off_by: str | None = None
    done: bool = False
    told: bool = False
    until_s: float = float("inf")


class Moves:
    """The moves that are under way. It reads no clock: every call brings the time."""

    def __init__(self) -> None:
        self._moves: list[Move] = []

    def __bool__(self) -> bool:
        return bool(self._moves)

    def begin(self, name: str) -> Move:
        """Take an order; who gives one now wants what is still under way too."""
        self._moves.append(Move(name))
        for move in self._moves:
            move.called_off_by = None
        return self._moves[-1]

    def call_off(self, by: str) -> None:
        """Take that whatever is under way must end in ``hold`` or ``land``."""
        for move in self._moves:
            move.called_off_by = by

    def end(self, move: Move, answer: Answer, now_s: float) -> None:
        """Take what became of an order: one that was refused is of the past at once."""
        move.done, move.told = answer.done, False
        move.until_s = now_s + (CONFIRM_S if answer.done else LATE_S if answer.open else 0.0)
        self.look(now_s)

    def look(self, now_s: float) -> None:
        """Drop what is of the past."""
        self._moves = [move for move in self._moves if move.until_s > now_s]

    def carried_out_nonetheless(self) -> str | None:
        """Return what had called off a move that the state shows though nobody has answered; once of each."""
        for move in self._moves:
            if move.called_off_by and not move.done and not move.told:
                move.told = True
                return move.called_off_by
        return None

    def carried_out(self) -> list[Move]:
        """Return the moves that a hold given now would end for certain."""
        return [move for move in self._moves if move.done]

    def forget(self, moves: list[Move]) -> None:
        """Drop moves that have been ended."""
        self._moves = [move for move in self._moves if move not in moves]
