"""What is known of the vehicle, as the pages show it. It lives in the server's thread."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from liquid_nav.errors import LiquidNavError
from liquid_nav.flight.state_machine import ACTIONS, FlightState, FlightStateMachine

PATH_STEP_M = 0.15
PATH_POINTS = 4000
EVENTS = 60


@dataclass(frozen=True, slots=True)
class Picture:
    """Something to draw.

    Attributes:
        number: counts up.
        stamp_s: capture time on the clock of the graph.
        data: a JPEG, or the cells of an attention map row by row.
        rows, columns: of an attention map; 0 for a JPEG.
        came_s: when it came, on the server's own clock.
    """

    number: int
    stamp_s: float
    data: bytes
    rows: int
    columns: int
    came_s: float


@dataclass
class Board:
    """The latest of everything. Values are plain, ready for JSON; vectors are lists in the frames of ROS.

    Attributes:
        image, attention: the latest, None before the first.
        values: the latest of what has a name: ``vehicle``, ``target``, ``battery``, ``neurons``, ``verdict``,
            ``recording``, ``sim``, ``flight_state``, ``link``.
        commands: forward, left, up (m/s), yaw rate (rad/s) of ``policy``, ``pilot``, ``safe`` and ``flown``.
        facts: what seldom changes: ``fence``, ``wiring``, ``policy``.
        path: (east, north, 1 where the pilot flew or 0) of the vehicle so far.
        events: what happened, the latest last, each with number, time, level and text.
    """

    image: Picture | None = None
    attention: Picture | None = None
    values: dict[str, Any] = field(default_factory=dict)
    commands: dict[str, list[float]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    facts_number: int = 0
    path: deque[tuple[float, float, int]] = field(default_factory=lambda: deque(maxlen=PATH_POINTS))
    path_number: int = 0
    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=EVENTS))
    _event_number: int = 0
    _heard_s: dict[str, float] = field(default_factory=dict)
    _nodes_s: dict[str, float] = field(default_factory=dict)

    def set(self, name: str, value: Any) -> None:
        """Take the latest of a value."""
        self.values[name] = value
        self._heard_s[name] = time.monotonic()

    def set_command(self, source: str, values: list[float]) -> None:
        """Take the latest command of a source: forward, left, up (m/s), yaw rate (rad/s)."""
        self.commands[source] = values
        self._heard_s[source] = time.monotonic()

    def set_fact(self, name: str, value: Any) -> None:
        """Take something that seldom changes."""
        if self.facts.get(name) != value:
            self.facts[name] = value
            self.facts_number += 1

    def set_vehicle(self, position: list[float], velocity: list[float], yaw_rad: float) -> None:
        """Take where the vehicle is (m, ENU), how it moves (m/s, ENU) and where it looks; the path grows."""
        if not all(map(math.isfinite, (*position, *velocity, yaw_rad))):
            return
        self.set("vehicle", {"position": position, "velocity": velocity, "yaw": yaw_rad})
        if not self.path or math.dist(self.path[-1][:2], position[:2]) >= PATH_STEP_M:
            piloted = self.values.get("verdict", {}).get("source") == "pilot" and self.flight_state == "engaged"
            self.path.append((position[0], position[1], int(piloted)))

    def clear_path(self) -> None:
        """Forget the way: another flight begins."""
        self.path.clear()
        self.path_number += 1

    def set_image(self, jpeg: bytes, stamp_s: float) -> None:
        """Take an image."""
        number = 1 if self.image is None else self.image.number + 1
        self.image = Picture(number, stamp_s, jpeg, 0, 0, time.monotonic())
        self._heard_s["image"] = self.image.came_s

    def set_attention(self, cells: bytes, rows: int, columns: int, stamp_s: float) -> None:
        """Take an attention map."""
        number = 1 if self.attention is None else self.attention.number + 1
        self.attention = Picture(number, stamp_s, cells, rows, columns, time.monotonic())

    def hear_node(self, name: str) -> None:
        """Take a node's sign of life."""
        self._nodes_s[name] = time.monotonic()

    def tell(self, text: str, level: str = "info") -> None:
        """Note an event; ``level`` is ``info``, ``warn`` or ``bad``."""
        self._event_number += 1
        self.events.append({"number": self._event_number, "at": time.time(), "level": level, "text": text})

    @property
    def flight_state(self) -> str | None:
        """The state of the flight, None when no bridge has told it."""
        state: str | None = self.values.get("flight_state")
        return state

    @property
    def moves(self) -> bool:
        """True while the vehicle follows commands or climbs, as its state says."""
        return self.flight_state in (FlightState.ENGAGED.value, FlightState.TAKEOFF.value)

    @property
    def may_move(self) -> bool:
        """True while the vehicle follows commands or climbs, or when its state is not known."""
        return self.flight_state is None or self.moves

    def snapshot(self) -> dict[str, Any]:
        """Return what changes all the time, for JSON."""
        now_s = time.monotonic()
        state = self.flight_state
        return {
            "values": self.values,
            "commands": self.commands,
            "allowed": [] if state is None else _allowed(state),
            "ages": {name: round(now_s - at_s, 2) for name, at_s in self._heard_s.items()},
            "nodes": {name: round(now_s - at_s, 1) for name, at_s in self._nodes_s.items()},
            "path": {"number": self.path_number, "points": len(self.path)},
        }


def _allowed(state: str) -> list[str]:
    """Return the requests that are possible in a state."""
    try:
        machine = FlightStateMachine(FlightState(state))
    except ValueError:
        return list(ACTIONS)
    found = []
    for action in ACTIONS:
        try:
            machine.check(action)
        except LiquidNavError:
            continue
        found.append(action)
    return found
