"""One page: what it is sent. Only the latest counts, so that a slow network makes it jerk instead of lag."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections import deque
from contextlib import suppress
from typing import Any

from aiohttp import web

from liquid_nav.cockpit.access import Role
from liquid_nav.cockpit.board import Board, Picture

HEADER = struct.Struct("<BBHId")
"""Kind, rows, columns, number and stamp of a picture; its data follow."""
IMAGE, ATTENTION = 1, 2
ON_THE_WAY = 2
STATE_PERIOD_S = 0.05
FORGIVEN_S = 1.0
ANSWERS = 64
MISTAKES, MISTAKES_PER_S = 20, 0.5  # forgiven at once, and as time goes by


class Window:
    """What is on its way to a page: at most two of a kind, so that a slow page has nothing old to work off."""

    def __init__(self) -> None:
        self._sent_at: dict[int, float] = {}

    def open(self) -> bool:
        """Return whether one more may be sent; what a page has not taken for a second is forgiven."""
        if len(self._sent_at) >= ON_THE_WAY and time.monotonic() - min(self._sent_at.values()) > FORGIVEN_S:
            self._sent_at.clear()
        return len(self._sent_at) < ON_THE_WAY

    def send(self, number: int) -> None:
        """Take that one has been sent."""
        self._sent_at[number] = time.monotonic()

    def taken(self, number: int) -> None:
        """Take that the page has this one and all before."""
        self._sent_at = {sent: at_s for sent, at_s in self._sent_at.items() if sent > number}


class Connection:
    """A page's socket.

    Args:
        socket: that is open.
        role: what the page may do.
        board: what it shows.
    """

    def __init__(self, socket: web.WebSocketResponse, role: Role, board: Board) -> None:
        self.socket, self.role = socket, role
        self.echo: float | None = None  # the page's own time, which goes back once
        self._board = board
        self._answers: deque[dict[str, Any]] = deque(maxlen=ANSWERS)
        self._wake = asyncio.Event()
        self._mistakes, self._mistake_s = 0.0, 0.0
        self._state_at = 0.0
        self._sent_at: dict[int, float] = {}
        self._delay_s = 0.0
        self._since_s = time.monotonic()
        self._image = self._attention = self._event = self._state = 0
        self._images, self._states = Window(), Window()
        self._facts = self._path = -1

    def wake(self) -> None:
        """Say that there is something new on the board."""
        self._wake.set()

    def answer(self, **values: Any) -> None:
        """Send a message of its own; answers are not dropped."""
        self._answers.append(values)
        self._wake.set()

    def mistake(self, now_s: float) -> bool:
        """Take that a message could not be understood; return whether there were too many in a short time."""
        self._mistakes = max(0.0, self._mistakes - MISTAKES_PER_S * (now_s - self._mistake_s)) + 1.0
        self._mistake_s = now_s
        return self._mistakes >= MISTAKES

    def seen(self, number: int, *, state: bool) -> None:
        """Take that the page has drawn an image or taken a state."""
        now_s = time.monotonic()
        if state:
            self._states.taken(number)
            return
        came_s = self._sent_at.get(number)
        if came_s is not None:
            self._delay_s += 0.1 * (now_s - came_s - self._delay_s)
        self._images.taken(number)
        self._sent_at = {sent: at_s for sent, at_s in self._sent_at.items() if sent > number}

    async def send_all(self, controls: Any) -> None:
        """Send until the socket closes; ``controls()`` says who has the controls, as this page sees it."""
        with suppress(ConnectionError):
            while not self.socket.closed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), STATE_PERIOD_S)
                self._wake.clear()
                await self._send(controls)

    async def _send(self, controls: Any) -> None:
        while self._answers:
            await self._text(self._answers.popleft())
        await self._send_seldom()
        image = self._board.image
        if image is not None and image.number != self._image and self._images.open():
            self._image = image.number
            self._images.send(image.number)
            if image.came_s > self._since_s:  # one that came before the page says nothing of the way
                self._sent_at[image.number] = image.came_s
            await self._picture(IMAGE, image)
        attention = self._board.attention
        if attention is not None and attention.number != self._attention:
            self._attention = attention.number
            await self._picture(ATTENTION, attention)
        now_s = time.monotonic()
        if now_s - self._state_at >= STATE_PERIOD_S and self._states.open():
            self._state_at = now_s
            self._state += 1
            self._states.send(self._state)
            state = self._board.snapshot()
            own = {"number": self._state, "echo": self.echo, "controls": controls()}
            self.echo = None
            own["delay_ms"] = round(1e3 * self._delay_s, 1)
            await self._text({"kind": "state", **state, **own})

    async def _send_seldom(self) -> None:
        board = self._board
        if board.facts_number != self._facts:
            self._facts = board.facts_number
            await self._text({"kind": "facts", **board.facts})
        if board.path_number != self._path:
            self._path = board.path_number
            points = [[round(east, 2), round(north, 2), piloted] for east, north, piloted in board.path]
            await self._text({"kind": "path", "points": points})
        news = [event for event in board.events if event["number"] > self._event]
        if news:
            self._event = news[-1]["number"]
            await self._text({"kind": "events", "events": news})

    async def _picture(self, kind: int, picture: Picture) -> None:
        head = HEADER.pack(kind, picture.rows, picture.columns, picture.number, picture.stamp_s)
        await self.socket.send_bytes(head + picture.data)

    async def _text(self, values: dict[str, Any]) -> None:
        await self.socket.send_str(json.dumps(values, allow_nan=False))
