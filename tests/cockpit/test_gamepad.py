"""The page's gamepad: Chromium with a gamepad that nobody plugged in, the real server, a graph that behaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.cockpit.browser import MARKS, WAIT_S, Seat, chromium, take_seat

pytestmark = MARKS
PLUG_IN = """() => {
  window.pad = {id: "Fake Pad (Vendor: 1)", connected: true, axes: [0.05, -0.04, 0.03, 0.02],
                buttons: Array.from({length: 17}, () => ({pressed: false, value: 0}))};
  window.reads = 0;
  navigator.getGamepads = () => { window.reads += 1; return [null, window.pad]; };
}"""
A, B, X, Y = 0, 1, 2, 3


class Pad:
    """A page with a gamepad, and what reaches the graph of it."""

    def __init__(self, seat: Seat) -> None:
        self.seat, self.page, self.graph = seat, seat.page, seat.graph
        self.page.evaluate(PLUG_IN)

    def press(self, button: int) -> None:
        """Press a button until the page has seen it, and let go of it."""
        self.set(button, down=True)
        self.set(button, down=False)

    def set(self, button: int, *, down: bool) -> None:
        """Move a button and wait until the page has seen it."""
        self.page.evaluate(f"pad.buttons[{button}].pressed = {str(down).lower()}")
        self.wait_for_read()

    def wait_for_read(self) -> None:
        """Wait until the page has looked at the gamepad once more."""
        self.page.wait_for_function("before => reads > before", arg=self.page.evaluate("reads"))

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
def pad(request: pytest.FixtureRequest) -> Iterator[Pad]:
    with chromium() as browser, take_seat(browser, simulated=getattr(request, "param", True)) as seat:
        yield Pad(seat)


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


@pytest.mark.parametrize("pad", [pytest.param(False, id="real")], indirect=True)
def test_no_button_changes_the_question_that_stands_and_one_answer_answers_one(pad: Pad) -> None:
    pad.seat.record()
    pad.page.click("#discard")
    question = pad.page.inner_text("#confirm")
    for button in (A, X, Y):
        pad.press(button)
        assert pad.page.inner_text("#confirm") == question
    pad.page.click("#confirm .danger")
    pad.until(lambda: pad.graph.count("discard") == 1)
    pad.page.wait_for_selector("[data-mode=policy][aria-checked=true]")
    pad.press(B)
    pad.until(lambda: pad.graph.count("hold") == 1)
    assert pad.seat.orders == ["record", "discard", "hold"]


def test_hold_goes_through_while_a_question_stands_and_answers_it_with_no(pad: Pad) -> None:
    pad.seat.record()
    pad.page.click("#discard")
    pad.page.wait_for_selector("#confirm[open]")
    pad.press(B)
    pad.page.wait_for_selector("#confirm", state="hidden")
    pad.seat.until(lambda: pad.graph.count("hold") == 1)
    assert pad.seat.orders == ["record", "hold"]


def test_its_buttons_order_nothing_on_a_page_without_the_focus(pad: Pad) -> None:
    pad.page.evaluate("document.hasFocus = () => false")
    pad.press(X)
    pad.set(A, down=True)
    pad.page.evaluate("document.hasFocus = () => true")
    pad.wait_for_read()
    pad.set(A, down=False)
    pad.press(B)
    pad.seat.until(lambda: "hold" in pad.seat.orders)
    assert pad.seat.orders == ["hold"]
