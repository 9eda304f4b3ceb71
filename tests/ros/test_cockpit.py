"""The cockpit from end to end: a real browser, the real server and the real graph in a simulated forest."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("rclpy")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run make setup")

from liquid_nav.data import open_episode  # noqa: E402
from tests.ros.states import States  # noqa: E402
from training.cockpit import CockpitFlight, CockpitPlan  # noqa: E402
from training.fly import FlightPlan  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.ros,
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium"),
]
SEED = 1_000_021
HOLD_S = 0.5
IMAGES = "/camera/image/compressed"
WAIT_MS = 30_000
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def flight(tmp_path_factory) -> Iterator[CockpitFlight]:
    """A graph with a cockpit, its vehicle holding in the air."""
    folder = tmp_path_factory.mktemp("cockpit")
    plan = FlightPlan("forest", SEED, renderer="tiny")
    with CockpitFlight(plan, CockpitPlan(folder / "episodes", port=0), folder / "runs") as running:
        running.episodes = folder / "episodes"
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(flight: CockpitFlight, browser: sync_api.Browser) -> Iterator[Callable[..., sync_api.Page]]:
    """Opens pages that see the camera; the first one begins the flight again. No page may have an error."""
    contexts, errors = [], []

    def open_one(**screen: object) -> sync_api.Page:
        context = browser.new_context(**(screen or DESKTOP))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(flight.address)
        page.wait_for_selector("#no-image", state="hidden")
        if len(contexts) == 1:
            page.click(".orders [data-order=reset]")
            page.wait_for_function("() => document.querySelector('#events').textContent.includes('reset')")
            _wait_for_state(page, "hold")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def states(flight: CockpitFlight) -> Iterator[States]:
    listener = States(flight.graph.domain_id)
    yield listener
    listener.close()


def _wait_for_state(page: sync_api.Page, text: str) -> None:
    page.wait_for_function("text => document.querySelector('#state').textContent.includes(text)", arg=text)


def _engage_until(page: sync_api.Page, condition: Callable[[], bool]) -> None:
    """Engage, and again when a starved browser has lost the controls in between, as a pilot would."""
    end_s = time.monotonic() + WAIT_MS / 1000
    while not condition():
        assert time.monotonic() < end_s, f"it did not happen: the state is {page.inner_text('#state')}"
        if page.inner_text("#state") == "hold":
            page.evaluate("document.querySelector('.orders [data-order=engage]').click()")
        page.wait_for_timeout(200)


def _images_recorded(flight: CockpitFlight) -> int:
    """Return how many images of the present recording are on the disk."""
    (growing,) = flight.episodes.glob("*.mcap.part")
    return len(open_episode(growing, repair=True).messages.get(IMAGES, []))


def _height(page: sync_api.Page) -> float:
    return float(page.inner_text("#hud div:nth-child(2) b").split()[0])


PILOT_CLIMBS = "() => new DOMMatrix(document.querySelectorAll('.track i.pilot')[2].style.transform).a > 0.1"
SEEK_MIDDLE = """() => {
  const slider = document.querySelector('#player-time');
  slider.value = slider.max * 0.6;
  slider.dispatchEvent(new Event('input'));
}"""


def test_a_pilot_flies_records_and_replays(
    open_page: Callable[..., sync_api.Page], flight: CockpitFlight
) -> None:
    page = open_page()
    before = set(flight.episodes.glob("*.mcap"))
    page.click("[data-mode=me]")
    page.wait_for_selector("#record:enabled")  # the recorder has been heard
    page.keyboard.press("c")
    page.wait_for_selector("#record.on")
    _engage_until(page, lambda: "pilot flies" in page.inner_text("#state"))
    page.fill("#note input", "first flight")
    page.click("#note button")
    high_m = _height(page) + 0.7
    page.keyboard.down("r")  # up: nothing stands in the way there
    _engage_until(page, lambda: _height(page) >= high_m)
    page.keyboard.up("r")
    _engage_until(page, lambda: _images_recorded(flight) > 40)  # a slow machine's camera takes its time
    page.keyboard.press("Space")
    _wait_for_state(page, "hold")
    page.keyboard.press("c")
    page.wait_for_function("count => document.querySelectorAll('.episode').length === count", arg=len(before) + 1)
    page.click(".episode")
    page.wait_for_selector("body.replaying")
    page.wait_for_function("() => parseFloat(document.querySelector('#player-time').value) > 0.5")
    page.wait_for_selector("#player-play:not(.playing)")
    page.evaluate(SEEK_MIDDLE)
    page.wait_for_function(PILOT_CLIMBS)
    page.click("#player-close")
    page.wait_for_selector("#player", state="hidden")
    (path,) = set(flight.episodes.glob("*.mcap")) - before
    episode = open_episode(path)
    assert len(episode.messages["/teleop/cmd_vel"]) > 20
    assert len(episode.messages[IMAGES]) > 40
    assert [b"first flight" in data for _, _, data in episode.messages["/recorder_node/note"]] == [True]


CLOSE = "() => close()"
LEAVE = "() => dispatchEvent(new Event('blur'))"
FREEZE = "() => void setTimeout(() => { const end = Date.now() + 2500; while (Date.now() < end); })"


@pytest.mark.parametrize("loss", [CLOSE, LEAVE, FREEZE], ids=["closed", "left", "frozen"])
def test_the_vehicle_holds_within_half_a_second_of_losing_the_page(
    open_page: Callable[..., sync_api.Page], states: States, loss: str
) -> None:
    page = open_page()
    page.click("[data-mode=me]")
    _engage_until(page, lambda: "pilot flies" in page.inner_text("#state"))
    states.wait_for("engaged", 10.0)
    if loss == CLOSE:
        page.close()
    else:
        page.evaluate(loss)
    assert states.wait_for("hold", 5.0) < HOLD_S


def test_a_second_page_cannot_fly_until_it_takes_over(
    open_page: Callable[..., sync_api.Page], states: States
) -> None:
    first, second = open_page(), open_page()
    first.bring_to_front()  # a page behind another one lets go of the controls
    _engage_until(first, lambda: "engaged" in first.inner_text("#state"))
    second.wait_for_selector("#owner[data-who=other]")
    assert second.is_disabled(".orders [data-order=engage]")
    assert second.is_enabled(".orders [data-order=hold]")
    second.click("#owner-act")
    second.wait_for_selector("#owner[data-who=you]")
    assert states.wait_for("hold", 5.0) < HOLD_S


def test_a_phone_flies_with_its_thumbs(open_page: Callable[..., sync_api.Page]) -> None:
    page = open_page(**PHONE)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    for order in ("engage", "hold", "land"):
        assert page.locator(f".thumbs [data-order={order}]").is_visible()
    page.tap("[data-mode=me]")
    _engage_until(page, lambda: "pilot flies" in page.inner_text("#state"))
    box = page.locator("#stick-left").bounding_box()
    assert box is not None and box["y"] + box["height"] < 844 - 70  # above the thumb bar, without scrolling
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 0.35 * box["height"], steps=4)
    _engage_until(page, lambda: float(page.inner_text("#hud div:first-child b").split()[0]) > 0.2)
    page.mouse.up()
    page.tap(".thumbs [data-order=hold]")
    _wait_for_state(page, "hold")


def test_everything_is_on_one_screen_of_a_laptop(open_page: Callable[..., sync_api.Page]) -> None:
    page = open_page()
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [1440, 900]
    for panel in page.locator("main > .panel").all():
        box = panel.bounding_box()
        assert box is not None and box["width"] > 150 and box["height"] > 90
        assert box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= 1440 and box["y"] + box["height"] <= 900


def test_without_the_token_the_page_shows_nothing_and_says_how_to_get_in(
    flight: CockpitFlight, browser: sync_api.Browser
) -> None:
    context = browser.new_context(**DESKTOP)
    page = context.new_page()
    page.goto(flight.address.partition("?")[0])
    page.wait_for_function("() => document.querySelector('#no-image').textContent.includes('token')")
    assert page.is_disabled(".orders [data-order=hold]")
    assert page.inner_text("#episodes") == ""
    context.close()


def test_nothing_is_fetched_from_elsewhere(flight: CockpitFlight, browser: sync_api.Browser) -> None:
    context = browser.new_context(**DESKTOP)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(flight.address)
    page.wait_for_selector("#no-image", state="hidden")
    host = flight.address.partition("/?")[0]
    assert asked and all(url.startswith(host) for url in asked)
    context.close()
