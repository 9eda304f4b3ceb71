"""The page in Chromium: what keys, questions, gauges and lists do, with a graph that behaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from liquid_nav.cockpit.server import PAGE
from tests.cockpit.browser import MARKS, Seat, chromium, sync_api, take_seat

pytestmark = MARKS
LEGIBLE = 4.5  # WCAG 2.2, 1.4.3 (AA), for text of this size
ENGAGE = ".orders [data-order=engage]"


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def seat(browser: sync_api.Browser) -> Iterator[Seat]:
    with take_seat(browser) as taken:
        yield taken


def _hold_down(seat: Seat, key: str, axis: int) -> None:
    """Hold a key until it flies along an axis: 0 forward, 1 left, 2 up, 3 turn."""
    seat.page.keyboard.down(key)
    seat.until(lambda: seat.stick is not None and seat.stick[axis] != 0.0)


def _flies_not(seat: Seat) -> None:
    seat.until(lambda: seat.stick is None)


def _episode(name: str, *findings: str) -> dict[str, object]:
    told = [{"name": finding, "text": f"the reason of {finding}"} for finding in findings]
    return {"name": name, "seconds": 4.0, "findings": told, "images": 80, "notes": "", "megabytes": 1.0, "at": 1.0}


def _list(seat: Seat, **answer: object) -> None:
    """Let the page ask for the episodes, as it does after every order; without an answer nothing comes back."""
    seat.page.wait_for_selector("#record:enabled")
    seat.page.unroute_all()
    seat.page.route("**/episodes", lambda route: route.fulfill(**answer) if answer else route.abort())
    with seat.page.expect_request("**/episodes"):
        seat.page.keyboard.press("c")


def _replay(seat: Seat) -> None:
    """Open a replay and stop it, so that only the pilot moves its time."""
    _list(seat, json=[_episode("a.mcap")])
    timeline = {"name": "a.mcap", "seconds": 4.0, "stamps": [0.0, 2.0, 4.0], "moments": [{}, {}, {}], "path": []}
    seat.page.route("**/episodes/a.mcap/timeline", lambda route: route.fulfill(json=timeline))
    seat.page.click(".episode")
    seat.page.click("#player-play.playing")


@pytest.mark.parametrize("modifier", ["Control", "Alt"])
def test_a_key_let_go_under_a_modifier_flies_no_longer(seat: Seat, modifier: str) -> None:
    _hold_down(seat, "w", 0)
    seat.page.keyboard.down(modifier)
    seat.page.keyboard.up("w")
    _flies_not(seat)


def test_command_lets_go_of_the_keys_whose_end_a_mac_does_not_tell(seat: Seat) -> None:
    _hold_down(seat, "w", 0)
    seat.page.keyboard.down("Meta")
    _flies_not(seat)


def _lets_go(seat: Seat, distract: Callable[[], None]) -> None:
    """A key is down while something else takes the keyboard, and up after it."""
    seat.record()
    _hold_down(seat, "w", 0)
    distract()
    _flies_not(seat)
    seat.page.keyboard.up("w")


def test_a_question_lets_go_of_the_keys(seat: Seat) -> None:
    _lets_go(seat, lambda: seat.page.click("#discard"))
    seat.page.click("#confirm button[value=no]")
    _hold_down(seat, "q", 3)
    assert seat.stick is not None and seat.stick[0] == 0.0  # w is not among the keys any more


def test_the_note_lets_go_of_the_keys_and_takes_what_is_typed(seat: Seat) -> None:
    _lets_go(seat, lambda: seat.page.focus("#note input"))
    seat.page.keyboard.type("gust of wind")
    assert seat.page.input_value("#note input") == "gust of wind"
    assert seat.stick is None and "hold" not in seat.orders


def test_escape_holds_while_a_note_is_written(seat: Seat) -> None:
    seat.record()
    seat.page.focus("#note input")
    seat.page.keyboard.press("Space")
    seat.page.keyboard.press("Escape")
    seat.until(lambda: "hold" in seat.orders)
    assert seat.orders == ["record", "hold"]  # the space was a letter
    _hold_down(seat, "w", 0)  # the keys fly again


@pytest.mark.parametrize("key", ["Space", "Escape"])
def test_space_and_escape_hold_while_a_question_stands_and_answer_it_with_no(seat: Seat, key: str) -> None:
    seat.record()
    seat.page.click("#discard")
    seat.page.wait_for_selector("#confirm[open]")
    seat.page.keyboard.press(key)
    seat.until(lambda: "hold" in seat.orders)
    seat.page.wait_for_selector("#confirm", state="hidden")
    seat.page.keyboard.press("c")
    seat.until(lambda: "stop" in seat.orders)
    assert seat.orders == ["record", "hold", "stop"]


def test_a_question_that_stands_can_be_answered_by_hold(seat: Seat) -> None:
    """A phone has neither keys nor a gamepad, and the page's own button is behind the question."""
    seat.record()
    seat.page.click("#discard")
    seat.page.click("#confirm[open] [data-order=hold]")
    seat.until(lambda: "hold" in seat.orders)
    seat.page.wait_for_selector("#confirm", state="hidden")
    assert seat.orders == ["record", "hold"]


def test_space_holds_with_a_modifier_too(seat: Seat) -> None:
    seat.page.keyboard.press("Control+Space")
    seat.until(lambda: seat.orders == ["hold"])


def test_space_on_a_button_holds_and_does_not_click_however_long_it_is_pressed(seat: Seat) -> None:
    seat.page.wait_for_selector(f"{ENGAGE}:enabled")
    seat.page.evaluate("addEventListener('keyup', (event) => (window.prevented = event.defaultPrevented))")
    seat.page.focus(ENGAGE)
    for _ in range(3):  # the second and third are what a keyboard repeats
        seat.page.keyboard.down("Space")
    seat.page.keyboard.up("Space")
    assert seat.page.evaluate("prevented")  # Firefox would click otherwise
    seat.record()
    assert seat.orders == ["hold", "record"]


@pytest.mark.parametrize("slider", ["#overlay", "#player-time"])
def test_arrows_move_the_slider_that_has_the_focus_and_not_the_vehicle(seat: Seat, slider: str) -> None:
    _replay(seat)
    seat.page.focus(slider)
    before = seat.page.input_value(slider)
    seat.page.keyboard.down("ArrowRight")
    assert seat.page.input_value(slider) != before
    _hold_down(seat, "w", 0)  # the other keys fly as ever
    assert seat.stick is not None and seat.stick[3] == 0.0
    seat.page.keyboard.up("ArrowRight")
    seat.page.evaluate("document.activeElement.blur()")
    _hold_down(seat, "ArrowRight", 3)


def test_the_arrows_fly_again_after_the_mouse_has_set_the_attention(seat: Seat) -> None:
    seat.page.click("#overlay")
    _hold_down(seat, "ArrowLeft", 3)


@pytest.mark.parametrize("pilot", [True, False], ids=["pilot", "viewer"])
def test_only_a_pilots_page_tells_that_it_has_lost_the_focus(browser: sync_api.Browser, pilot: bool) -> None:
    with take_seat(browser, pilot=pilot) as seat:
        seat.page.evaluate("dispatchEvent(new Event('blur'))")
        beats = sum(message["kind"] == "beat" for message in seat.sent)
        seat.until(lambda: sum(message["kind"] == "beat" for message in seat.sent) > beats + 1)
        assert any(message["kind"] == "focus" for message in seat.sent) is pilot
        assert seat.page.is_hidden("#toast")


ECHOES = """async () => {
  const { Link } = await import("/page/link.js");
  class Deaf extends Link { connect() { this.socket = { readyState: WebSocket.CLOSED }; } }
  const link = new Deaf(), sent = performance.now() - 100;
  const state = { kind: "state", number: 1, controls: "free", delay_ms: 0 };
  for (const echo of [null, sent, sent, null, sent, 0]) link.takeText({ ...state, echo });
  return link.roundTrip;
}"""


def test_an_echo_counts_once_for_the_round_trip(seat: Seat) -> None:
    assert 10.0 <= seat.page.evaluate(ECHOES) < 18.0  # a tenth of 100 ms; counted twice it would be 19


WAY = """async (steps) => {
  const { extend } = await import("/page/way.js");
  const way = [];
  for (let step = 0; step < steps; step++) extend(way, [0.2 * step, 0, 2], step % 2 === 0);
  extend(way, [0.2 * (steps - 1) + 0.1, 0, 2], true);
  return [way.length, way[0], way.at(-1)];
}"""


def test_the_way_is_kept_for_three_kilometres_and_no_longer(seat: Seat) -> None:
    assert seat.page.evaluate(WAY, 15_000) == [15_000, [0, 0, 1], [pytest.approx(2999.8), 0, 0]]
    length, _, last = seat.page.evaluate(WAY, 60_000)
    assert length == 20_000 and last == [pytest.approx(11_999.8), 0, 0]


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 200, "body": "not JSON"}, {}], ids=str)
def test_episodes_that_cannot_be_listed_stay_and_the_page_says_so(seat: Seat, answer: dict[str, object]) -> None:
    _list(seat, json=[_episode("a.mcap")])
    seat.page.wait_for_selector(".episode")
    _list(seat, **answer)
    seat.page.wait_for_selector("text=The list of episodes could not be read")
    assert seat.page.locator(".episode").count() == 1
    assert "No episodes yet" not in seat.page.inner_text(".episodes")
    _list(seat, json=[])
    seat.page.wait_for_selector("text=No episodes yet")
    assert "could not be read" not in seat.page.inner_text(".episodes")


def test_a_cockpit_without_a_folder_does_not_promise_episodes(seat: Seat) -> None:
    seat.page.wait_for_selector("text=This cockpit has no folder of episodes")
    assert "No episodes yet" not in seat.page.inner_text(".episodes")


def test_an_episode_that_was_not_judged_is_neither_good_nor_bad(seat: Seat) -> None:
    names = {"good": [], "bad": ["time_gap"], "unknown": ["not_judged"]}
    _list(seat, json=[_episode(name, *findings) for name, findings in names.items()])
    seat.page.wait_for_selector(".episode")
    badges = {name: seat.page.locator(f"[data-name={name}] em") for name in names}
    assert [badge.inner_text() for badge in badges.values()] == ["good", "time gap", "not judged"]
    assert len({badge.evaluate("each => getComputedStyle(each).color") for badge in badges.values()}) == 3
    assert "the reason of not_judged" in str(seat.page.get_attribute("[data-name=unknown]", "title"))


def test_a_node_tells_its_name_and_state_without_colours(seat: Seat) -> None:
    for node in ("policy_node", "sim_node"):
        seat.server.post(seat.graph.board.hear_node, node)
    seat.page.wait_for_selector(".nodes [role=img][aria-label='sim_node: alive']")
    shape = "each => getComputedStyle(each).clipPath"
    alive = seat.page.eval_on_selector(".nodes i", shape)
    seat.page.wait_for_selector(".nodes [role=img][aria-label^='sim_node: silent for']")
    assert seat.page.eval_on_selector(".nodes [aria-label^=sim_node]", shape) != alive
    seat.server.post(seat.graph.board.hear_node, "sim_node")
    seat.page.wait_for_selector("[aria-label='sim_node: alive']")


def _luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_colours_of_small_text_stand_out_from_every_ground() -> None:
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", (PAGE / "cockpit.css").read_text()))
    for text, ground in product(("ink", "soft", "faint"), ("ground", "panel", "raised")):
        lighter, darker = _luminance(colours[text]), _luminance(colours[ground])
        assert (lighter + 0.05) / (darker + 0.05) >= LEGIBLE, f"--{text} on --{ground}"


RATIOS = """() => {
  const parse = (text) => [...text.match(/[\\d.]+/g).map(Number), 1].slice(0, 4); // red, green, blue, alpha
  const over = (top, below, alpha) => below.slice(0, 3).map((value, index) => alpha * top[index] + (1 - alpha) * value);
  const luminance = (colour) => colour.map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const line = (element) => (element ? [...line(element.parentElement), element] : []);
  const found = {};
  for (const element of document.body.querySelectorAll("*")) {
    const texts = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
    const text = texts.map(({ data }) => data.trim()).join("");
    if (!text || !element.checkVisibility() || element.closest(":disabled")) continue;
    const styles = line(element).map((each) => getComputedStyle(each));
    const grounds = styles.map(({ backgroundColor }) => parse(backgroundColor));
    const ground = grounds.reduce((below, each) => over(each, below, each[3]), [0, 0, 0]);
    const ink = parse(getComputedStyle(element).color);
    const opacity = styles.reduce((product, style) => product * style.opacity, ink[3]);
    const [dark, light] = [luminance(ground), luminance(over(ink, ground, opacity))].sort((a, b) => a - b);
    found[text] = (light + 0.05) / (dark + 0.05);
  }
  return found;
}"""


def test_every_text_of_the_page_can_be_read(seat: Seat) -> None:
    seat.page.wait_for_selector(f"{ENGAGE}:enabled")
    seat.record()
    ratios = seat.page.evaluate(RATIOS)
    assert {"Hold", "Space", "Stop", "takeoff", "forward", "Map"} <= ratios.keys()
    assert {text: round(ratio, 2) for text, ratio in ratios.items() if ratio < LEGIBLE} == {}
