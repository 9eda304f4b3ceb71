"""A real browser before the real server, with a graph that behaves."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run make setup")

from liquid_nav.cockpit.background import BackgroundCockpit  # noqa: E402
from liquid_nav.cockpit.board import Board  # noqa: E402
from liquid_nav.cockpit.config import CockpitConfig  # noqa: E402
from liquid_nav.cockpit.server import Cockpit  # noqa: E402
from tests.cockpit.fake_graph import FakeGraph  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MARKS = [
    pytest.mark.ros,  # it times a browser
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium"),
]
WAIT_S = 40.0


class Seat:
    """A page, the graph it commands, and what the page has sent."""

    def __init__(self, page: sync_api.Page, server: BackgroundCockpit, graph: FakeGraph) -> None:
        self.page, self.server, self.graph = page, server, graph
        self.sent: list[dict[str, Any]] = []
        self.errors: list[str] = []
        page.set_default_timeout(1000 * WAIT_S)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("websocket", lambda socket: socket.on("framesent", self._take))

    def _take(self, frame: str) -> None:
        self.sent.append(json.loads(frame))

    @property
    def stick(self) -> list[float] | None:
        """Forward, left, up and turn of the latest beat, None while the pilot does not fly."""
        return next((message["stick"] for message in reversed(self.sent) if message["kind"] == "beat"), None)

    @property
    def orders(self) -> list[str]:
        """What the graph was asked for so far."""
        return [name for _, name in self.graph.orders]

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true."""
        end_s = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < end_s, f"it did not happen; ordered: {self.orders}, stick: {self.stick}"
            self.page.wait_for_timeout(50)

    def record(self) -> None:
        """Begin a recording, which makes the note and Discard possible."""
        self.page.wait_for_selector("#record:enabled")
        self.page.click("#record")
        self.page.wait_for_selector("#record.on")
        self.page.wait_for_selector("#discard:enabled")


@contextmanager
def chromium() -> Iterator[sync_api.Browser]:
    """Run the browser for the length of the block."""
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@contextmanager
def take_seat(browser: sync_api.Browser, *, simulated: bool = True, pilot: bool = True) -> Iterator[Seat]:
    """Open a page whose vehicle holds in the air; without ``pilot`` it has no token and may only look."""
    graphs: list[FakeGraph] = []

    def make(loop: object) -> Cockpit:
        board = Board()
        if simulated:
            board.set("sim", {"world": "forest", "seed": 1, "time_s": 1.0})
        graphs.append(FakeGraph(board))
        config = CockpitConfig(port=0, look=True, loss_s=0.4, max_speed_m_s=1.5, max_yaw_rate_rad_s=1.0)
        return Cockpit(config, graphs[0], board)

    server = BackgroundCockpit(make)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        seat = Seat(context.new_page(), server, graphs[0])
        seat.page.goto(server.address if pilot else server.address.partition("?")[0])
        seat.page.wait_for_function("() => document.querySelector('#state').textContent.includes('hold')")
        yield seat
        assert seat.errors == []
    finally:
        context.close()
        server.close()
