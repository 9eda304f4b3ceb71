"""The page's gamepad: Chromium with a gamepad that nobody plugged in, the real server, a graph that behaves."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run make setup")

from liquid_nav.cockpit.background import BackgroundCockpit  # noqa: E402
from liquid_nav.cockpit.board import Board  # noqa: E402
from liquid_nav.cockpit.config import CockpitConfig  # noqa: E402
from liquid_nav.cockpit.server import Cockpit  # noqa: E402
from tests.cockpit.fake_graph import FakeGraph  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.ros,  # it times a browser
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium"),
]
WAIT_S = 40.0
PLUG_IN = """() => {
  window.pad = {id: "Fake Pad (Vendor: 1)", connected: true, axes: [0.05, -0.04, 0.03, 0.02],
                buttons: Array.from({length: 17}, () => ({pressed: false, value: 0}))};
  navigator.getGamepads = () => [null, window.pad];
}"""
A, B, X, Y = 0, 1, 2, 3


class Pad:
    """A page with a gamepad, and what reaches the graph of it."""

    def __init__(self, page: sync_api.Page, graph: FakeGraph) -> None:
        self.page, self.graph = page, graph
        page.evaluate(PLUG_IN)

    def press(self, button: int) -> None:
        """Press a button for as long as a thumb does."""
        for pressed in ("true", "false"):
            self.page.evaluate(f"pad.buttons[{button}].pressed = {pressed}")
            self.page.wait_for_timeout(150)

    def lean(self, *axes: float) -> None:
        """Move the sticks: left across, left down, right across, right down."""
        self.page.evaluate(f"pad.axes = {list(axes)}")

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait; engage whenever a starved browser has lost the controls, as a pilot would."""
        end_s = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < end_s, f"it did not happen; flown last: {self.graph.flown[-1:]}"
            if self.graph.controller.state.value == "hold":
                self.press(A)
            self.page.wait_for_timeout(50)

    def flies(self, forward: float, left: float, up: float, yaw: float) -> bool:
        """Whether the graph was told to fly so last."""
        if not self.graph.flown or time.monotonic() - self.graph.flown[-1][0] > 1.0:
            return False
        return self.graph.flown[-1][1].as_array() == pytest.approx([forward, left, up, yaw], abs=0.02)


@pytest.fixture
def pad() -> Iterator[Pad]:
    graphs: list[FakeGraph] = []

    def make(loop: object) -> Cockpit:
        board = Board()
        board.set("sim", {"world": "forest", "seed": 1})
        graphs.append(FakeGraph(board))
        return Cockpit(CockpitConfig(port=0, loss_s=0.4, max_speed_m_s=1.5, max_yaw_rate_rad_s=1.0), graphs[0], board)

    server = BackgroundCockpit(make)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(1000 * WAIT_S)
        page.goto(server.address)
        page.wait_for_function("() => document.querySelector('#state').textContent.includes('hold')")
        yield Pad(page, graphs[0])
        browser.close()
    server.close()


def test_its_sticks_fly_and_its_buttons_order(pad: Pad) -> None:
    pad.page.wait_for_function("() => document.querySelector('#source').textContent === 'gamepad: Fake Pad'")
    pad.press(Y)
    pad.page.wait_for_selector("[data-mode=me][aria-checked=true]")
    pad.page.wait_for_selector("#record:enabled")
    pad.press(X)
    pad.page.wait_for_selector("#record.on")
    assert pad.graph.recording
    pad.until(lambda: pad.flies(0.0, 0.0, 0.0, 0.0))  # sticks that rest a little off their middle do nothing
    assert pad.graph.count("engage") >= 1
    pad.lean(0.0, 0.0, 0.0, -1.0)
    pad.until(lambda: pad.flies(1.5, 0.0, 0.0, 0.0))
    pad.lean(0.0, 0.0, 1.0, 0.0)
    pad.until(lambda: pad.flies(0.0, -1.5, 0.0, 0.0))
    pad.lean(-1.0, 0.0, 0.0, 0.0)
    pad.until(lambda: pad.flies(0.0, 0.0, 0.0, 1.0))
    pad.lean(0.0, -1.0, 0.0, 0.0)
    pad.until(lambda: pad.graph.flown[-1][1].up_m_s > 0.5)
    pad.lean(0.0, 0.0, 0.0, 0.56)  # half of the way beyond the dead zone, backwards
    pad.until(lambda: pad.flies(-0.75, 0.0, 0.0, 0.0))
    holds = pad.graph.count("hold")
    pad.press(B)
    pad.page.wait_for_function("() => document.querySelector('#state').textContent.includes('hold')")
    assert pad.graph.count("hold") > holds


def test_pulling_its_plug_lets_go_of_the_sticks(pad: Pad) -> None:
    pad.press(Y)
    pad.lean(0.0, 0.0, 0.0, -1.0)
    pad.until(lambda: pad.flies(1.5, 0.0, 0.0, 0.0))
    pad.page.evaluate("pad.connected = false")
    end_s = time.monotonic() + WAIT_S
    while pad.graph.flown[-1][1].as_array().any():
        assert time.monotonic() < end_s, "the stick still stands where it was"
        pad.page.wait_for_timeout(50)
    assert "gamepad" not in pad.page.inner_text("#source").split(",")[0]
