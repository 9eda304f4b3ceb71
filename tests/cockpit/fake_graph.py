"""A graph that behaves: a simulated vehicle with its bridge and recorder, and pages that talk to a real server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import cv2
import numpy as np
from aiohttp import ClientWebSocketResponse, CookieJar, WSMsgType
from aiohttp.test_utils import TestClient, TestServer

from liquid_nav.cockpit.board import Board
from liquid_nav.cockpit.config import CockpitConfig
from liquid_nav.cockpit.server import Cockpit
from liquid_nav.cockpit.vehicle import FLIGHT_ORDERS, WORLD_ORDERS, Answer
from liquid_nav.errors import LiquidNavError
from liquid_nav.flight.controller import SimulatedController
from liquid_nav.types import VelocityCommand

TOKEN = "a-token-for-tests"
WAIT_S = 5.0


class FakeGraph:
    """Carries out orders as the real nodes would.

    Attributes:
        deaf_until_s: until then the bridge does not answer.
        gates: by order; it is carried out when its gate is opened.
        failures: by order, raised once instead of an answer.
        asked: the orders as they came, ``orders`` as they were carried out.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.controller = SimulatedController()
        self.asked: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.failures: dict[str, Exception] = {}
        self.orders: list[tuple[float, str]] = []
        self.flown: list[tuple[float, VelocityCommand]] = []
        self.notes: list[str] = []
        self.presence: list[tuple[float, bool]] = []
        self.recording = False
        self.deaf_until_s = 0.0
        self.tell()

    async def order(self, name: str) -> Answer:
        self.asked.append(name)
        if name in self.failures:
            raise self.failures.pop(name)
        if name in self.gates:
            await self.gates[name].wait()
        if time.monotonic() < self.deaf_until_s:
            await asyncio.sleep(60.0)
        await asyncio.sleep(0.002)  # the way through DDS
        self.orders.append((time.monotonic(), name))
        if name in FLIGHT_ORDERS:
            try:
                text = self.controller.request(name, 0.0)
            except LiquidNavError as error:
                return Answer(False, str(error))
            self.tell()
            return Answer(True, text)
        if name in WORLD_ORDERS:
            return Answer(True, "starts again")
        if self.recording == (name == "record"):
            return Answer(False, "nothing is being recorded")
        self.recording = name == "record"
        self.tell()
        return Answer(True, "recording" if self.recording else "finished")

    def fly(self, command: VelocityCommand) -> None:
        self.flown.append((time.monotonic(), command))

    def show_presence(self, held: bool) -> None:
        self.presence.append((time.monotonic(), held))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def tell(self) -> None:
        self.board.set("flight_state", self.controller.state.value)
        self.board.set("recording", {"recording": self.recording, "seconds": 0.0, "bytes": 0})

    def count(self, name: str) -> int:
        return sum(order == name for _, order in self.orders)


class Page:
    """A page without a browser: it keeps the latest state and every other message."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.state: dict[str, Any] = {}
        self.heard: list[dict[str, Any]] = []
        self.images: list[bytes] = []
        self.beating = False
        self.stick: list[float] | None = None
        self._reader = asyncio.create_task(self._read())
        self._beater = asyncio.create_task(self._beat())

    async def send(self, **values: Any) -> None:
        await self.socket.send_json(values)

    async def order(self, name: str, **values: Any) -> dict[str, Any]:
        """Press a button and return the answer."""
        number = 1 + sum(message["kind"] == "answer" for message in self.heard)
        await self.send(kind="order", name=name, number=number, **values)
        return await until(lambda: self.latest("answer", number=number))

    def latest(self, kind: str, **values: Any) -> dict[str, Any] | None:
        for message in reversed(self.heard):
            if message["kind"] == kind and all(message.get(key) == value for key, value in values.items()):
                return message
        return None

    async def close(self) -> None:
        self.beating = False
        self._beater.cancel()
        await self.socket.close()
        self._reader.cancel()

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type is WSMsgType.BINARY:
                self.images.append(message.data)
            elif (values := message.json())["kind"] == "state":
                self.state = values
                await self.send(kind="seen", state=True, number=values["number"])
            else:
                self.heard.append(values)

    async def _beat(self) -> None:
        while True:
            if self.beating:
                await self.send(kind="beat", stick=self.stick, sent=1.0)
            await asyncio.sleep(0.05)


class Bench:
    """A real server on a free port of the loopback, with a fake graph behind it."""

    def __init__(self, client: TestClient[Any, Any], cockpit: Cockpit, graph: FakeGraph) -> None:
        self.client, self.cockpit, self.graph = client, cockpit, graph

    async def join(self, *, token: str = TOKEN) -> None:
        """Open the address with a token, as a browser does."""
        response = await self.client.get("/", params={"token": token})
        assert response.status == 200

    async def page(self, *, beating: bool = True) -> Page:
        page = Page(await self.client.ws_connect("/socket"))
        page.beating = beating
        await until(lambda: page.latest("hello") and page.state)
        return page

    async def flying_page(self) -> Page:
        """A page that has the controls of an engaged vehicle."""
        await self.join()
        page = await self.page()
        assert (await page.order("engage"))["done"]
        await until(lambda: page.state["controls"] == "you" and page.state["values"]["flight_state"] == "engaged")
        return page


@asynccontextmanager
async def bench(**settings: Any) -> AsyncIterator[Bench]:
    """Serve a cockpit for the length of the block."""
    board = Board()
    graph = FakeGraph(board)
    cockpit = Cockpit(CockpitConfig(port=0, **settings), graph, board, token=TOKEN)
    async with TestClient(TestServer(cockpit.application()), cookie_jar=CookieJar(unsafe=True)) as client:
        yield Bench(client, cockpit, graph)


async def until(condition: Callable[[], Any]) -> Any:
    """Wait until something is true and return it."""
    end_s = time.monotonic() + WAIT_S
    while not (found := condition()):
        assert time.monotonic() < end_s, "it did not happen in time"
        await asyncio.sleep(0.005)
    return found


def jpeg(shade: int = 90) -> bytes:
    """A small picture of one shade."""
    done, data = cv2.imencode(".jpg", np.full((36, 64, 3), shade, dtype=np.uint8))
    assert done
    return data.tobytes()
