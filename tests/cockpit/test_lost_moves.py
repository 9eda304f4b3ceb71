"""An engage or takeoff that is under way when the page is lost or the pilot holds ends in hold all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from liquid_nav.cockpit.moves import CONFIRM_S, LATE_S, Moves
from liquid_nav.cockpit.vehicle import Answer
from liquid_nav.types import VelocityCommand
from tests.cockpit.fake_graph import Bench, Page, until
from tests.cockpit.test_server import served


async def _closes(page: Page) -> None:
    await page.close()


async def _falls_silent(page: Page) -> None:
    page.beating = False


async def _looks_away(page: Page) -> None:
    page.beating = False
    await page.send(kind="focus")


async def _begins(there: Bench, name: str) -> Page:
    """A page whose order is under way until its gate is opened."""
    await there.join()
    page = await there.page()
    there.graph.gates[name] = asyncio.Event()
    await page.send(kind="order", name=name, number=1, confirmed=True)
    await until(lambda: name in there.graph.asked)
    return page


async def _ends_in_hold(there: Bench, name: str) -> None:
    """The order is carried out now; the vehicle must hold after it."""
    there.graph.gates[name].set()
    await until(lambda: there.graph.count(name))
    await until(lambda: there.graph.controller.state.value == "hold" and there.graph.orders[-1][1] == "hold")


@pytest.mark.parametrize("lose", [_closes, _falls_silent, _looks_away])
def test_a_page_lost_while_engage_is_under_way_leaves_the_vehicle_in_hold(
    lose: Callable[[Page], Awaitable[None]],
) -> None:
    async def test(there: Bench) -> None:
        page = await _begins(there, "engage")
        await until(lambda: not there.cockpit.controls.free)
        await lose(page)
        await until(lambda: there.cockpit.controls.free)
        await _ends_in_hold(there, "engage")
        await page.close()

    served(test)


def test_a_page_lost_before_the_state_has_told_of_engage_leaves_the_vehicle_in_hold() -> None:
    async def test(there: Bench) -> None:
        await there.join()
        page = await there.page()
        tell = there.graph.tell
        there.graph.tell = lambda: None  # the topic takes its time
        assert (await page.order("engage"))["done"]
        await page.close()
        await until(lambda: there.graph.controller.state.value == "hold")
        tell()

    served(test)


def test_a_page_taken_over_while_engage_is_under_way_leaves_the_vehicle_in_hold() -> None:
    async def test(there: Bench) -> None:
        first = await _begins(there, "engage")
        second = await there.page()
        await second.send(kind="take")
        await until(lambda: second.state["controls"] == "you")
        await _ends_in_hold(there, "engage")
        await first.close()
        await second.close()

    served(test)


def test_a_page_that_let_go_on_purpose_while_engage_is_under_way_leaves_the_vehicle_engaged() -> None:
    async def test(there: Bench) -> None:
        page = await _begins(there, "engage")
        await page.send(kind="release")
        await until(lambda: page.state["controls"] == "free")
        there.graph.gates["engage"].set()
        assert (await until(lambda: page.latest("answer", number=1)))["done"]
        await page.close()
        other = await there.page()
        assert (there.graph.controller.state.value, there.graph.asked) == ("engaged", ["engage"])
        await other.close()

    served(test)


def test_an_engage_that_nobody_answered_is_held_when_it_comes_late() -> None:
    async def test(there: Bench) -> None:
        await there.join()
        page = await there.page()
        order = there.graph.order

        async def unanswered(name: str) -> Answer:
            return Answer(False, "no answer within 5 s", open=True) if name == "engage" else await order(name)

        there.graph.order = unanswered
        assert not (await page.order("engage"))["done"]
        await page.close()
        await until(lambda: there.graph.count("hold"))
        there.graph.controller.request("engage", 0.0)
        there.graph.tell()
        await until(lambda: there.graph.controller.state.value == "hold")

    served(test)


def test_hold_is_not_overtaken_by_an_engage_under_way() -> None:
    async def test(there: Bench) -> None:
        page = await _begins(there, "engage")
        await page.send(kind="order", name="hold", number=2)
        await until(lambda: page.latest("answer", number=2))
        await _ends_in_hold(there, "engage")
        await until(lambda: page.latest("answer", number=1))
        assert there.cockpit.controls.holder is not None, "the pilot is still there"
        await page.close()

    served(test)


def test_who_engages_again_after_hold_is_engaged() -> None:
    async def test(there: Bench) -> None:
        page = await _begins(there, "engage")
        await page.send(kind="order", name="hold", number=2)
        await until(lambda: page.latest("answer", number=2))
        await page.send(kind="order", name="engage", number=3)
        await until(lambda: there.graph.asked.count("engage") == 2)
        there.graph.gates["engage"].set()
        await until(lambda: page.latest("answer", number=1) and page.latest("answer", number=3))
        assert (there.graph.controller.state.value, there.graph.count("hold")) == ("engaged", 1)
        await page.close()

    served(test)


def test_a_link_that_raises_is_asked_again_while_the_vehicle_is_kept_still() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        there.graph.failures["hold"] = RuntimeError("the service is gone")
        await page.close()
        await until(lambda: there.graph.controller.state.value == "hold")
        assert there.graph.flown[-1][1] == VelocityCommand()

    served(test)


def test_an_order_that_raises_is_answered() -> None:
    async def test(there: Bench) -> None:
        await there.join()
        page = await there.page()
        there.graph.failures["record"] = RuntimeError("the service is gone")
        answer = await page.order("record")
        assert not answer["done"] and "the service is gone" in answer["text"]
        await page.close()

    served(test)


def test_a_deaf_bridge_is_asked_until_it_holds_and_the_pages_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liquid_nav.cockpit.pilot.STOP_TOLD_S", 0.2)

    async def test(there: Bench) -> None:
        page = await there.flying_page()
        there.graph.deaf_until_s = time.monotonic() + 1.0
        await page.close()
        await until(lambda: there.graph.controller.state.value == "hold")
        still = [at_s for at_s, command in there.graph.flown if command == VelocityCommand()]
        assert max(b - a for a, b in pairwise(still)) < 0.25
        assert there.graph.deaf_until_s - max(at_s for at_s in still if at_s < there.graph.deaf_until_s) < 0.25
        told = [event["text"] for event in there.cockpit.board.events if event["level"] == "bad"]
        assert told == ["hold was not confirmed: is the flight bridge running?"]

    served(test)


def test_a_deaf_bridge_is_left_to_whoever_takes_the_controls() -> None:
    async def test(there: Bench) -> None:
        page, other = await there.flying_page(), await there.page()
        there.graph.deaf_until_s = time.monotonic() + 60.0
        await page.close()
        await until(lambda: there.graph.flown)
        other.stick = [1.0, 0.0, 0.0, 0.0]
        await until(lambda: other.state["controls"] == "you")
        await until(lambda: all(command.forward_m_s > 0.0 for _, command in there.graph.flown[-10:]))
        await other.close()

    served(test)


def test_a_landing_that_another_page_asks_for_is_not_undone_by_the_hold_of_a_lost_one() -> None:
    async def test(there: Bench) -> None:
        page, other = await there.flying_page(), await there.page()
        there.graph.gates["hold"] = asyncio.Event()  # the bridge takes its time
        await page.close()
        await until(lambda: "hold" in there.graph.asked)
        assert (await other.order("land"))["done"]
        await until(lambda: there.graph.count("land") == 2)  # the other page's, and the one for the page that is lost
        there.graph.gates["hold"].set()
        assert (await other.order("record"))["done"]
        assert (there.graph.controller.state.value, there.graph.count("hold")) == ("landing", 0)
        await other.close()

    served(test)


@pytest.mark.parametrize("name", ["engage", "takeoff"])
def test_nothing_moves_into_a_world_that_is_being_made(name: str) -> None:
    async def test(there: Bench) -> None:
        page = await _begins(there, "next")
        await page.send(kind="order", name=name, number=2, confirmed=True)
        answer = await until(lambda: page.latest("answer", number=2))
        assert not answer["done"] and "while the world begins again" in answer["text"]
        there.graph.gates["next"].set()
        assert (await until(lambda: page.latest("answer", number=1)))["done"]
        assert name not in there.graph.asked
        await page.close()

    served(test)


def test_what_another_has_engaged_while_the_world_was_made_is_held() -> None:
    async def test(there: Bench) -> None:
        page = await _begins(there, "next")
        there.graph.controller.request("engage", 0.0)
        there.graph.tell()
        there.graph.gates["next"].set()
        await until(lambda: there.graph.controller.state.value == "hold")
        await page.close()

    served(test)


def test_the_world_stays_when_the_vehicle_does_not_hold() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        there.graph.failures["hold"] = RuntimeError("the service is gone")
        answer = await page.order("reset")
        assert not answer["done"] and "does not hold" in answer["text"]
        assert "reset" not in there.graph.asked
        await page.close()

    served(test)


def test_a_move_is_under_way_until_it_is_refused_or_its_time_is_over() -> None:
    moves = Moves()
    moves.end(moves.begin("engage"), Answer(False, "refused"), 0.0)
    assert not moves
    moves.end(moves.begin("engage"), Answer(True, "engaged"), 0.0)
    moves.look(CONFIRM_S - 0.1)
    assert moves
    moves.look(CONFIRM_S + 0.1)
    assert not moves
    moves.end(moves.begin("engage"), Answer(False, "no answer", open=True), 0.0)
    moves.look(LATE_S - 0.1)
    assert moves
    moves.look(LATE_S + 0.1)
    assert not moves


def test_what_has_called_off_a_move_is_told_once_before_and_once_after_its_end() -> None:
    moves = Moves()
    move = moves.begin("takeoff")
    assert moves.carried_out_nonetheless() is None, "it is wanted"
    moves.call_off("land")
    assert [moves.carried_out_nonetheless() for _ in range(2)] == ["land", None]
    moves.end(move, Answer(False, "no answer", open=True), 0.0)
    assert [moves.carried_out_nonetheless() for _ in range(2)] == ["land", None]
