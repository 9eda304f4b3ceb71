"""The cockpit's server with a fake graph behind it: who may look, who may fly, and what a lost page does."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError, web

from liquid_nav.cockpit.access import Access, Role
from liquid_nav.cockpit.background import BackgroundCockpit
from liquid_nav.cockpit.board import Board
from liquid_nav.cockpit.config import CockpitConfig
from liquid_nav.cockpit.connection import HEADER, MISTAKES, MISTAKES_PER_S, Connection
from liquid_nav.cockpit.server import REFUSED, Cockpit
from liquid_nav.errors import ConfigError
from liquid_nav.types import VelocityCommand
from tests.cockpit.fake_graph import TOKEN, Bench, FakeGraph, Page, bench, jpeg, until

HOLD_S = 0.5  # the promise to the pilot


def served(test: Callable[[Bench], Awaitable[None]], **settings: object) -> None:
    """Run a test against a server."""

    async def run() -> None:
        async with bench(**settings) as there:
            await test(there)

    asyncio.run(run())


def test_without_the_token_nothing_is_shown() -> None:
    async def test(there: Bench) -> None:
        assert (await there.client.get("/")).status == 200  # the page itself knows nothing
        closed = await there.client.ws_connect("/socket")
        assert (await closed.receive()).type is WSMsgType.CLOSE
        assert closed.close_code == REFUSED

    served(test)


def test_without_the_token_episodes_are_not_shown_either(tmp_path) -> None:
    async def test(there: Bench) -> None:
        assert (await there.client.get("/episodes")).status == 403
        await there.join()
        assert await (await there.client.get("/episodes")).json() == []

    served(test, episodes=tmp_path)


def test_a_wrong_token_is_as_good_as_none() -> None:
    async def test(there: Bench) -> None:
        await there.join(token=TOKEN + "x")
        closed = await there.client.ws_connect("/socket")
        assert (await closed.receive()).type is WSMsgType.CLOSE

    served(test)


def test_a_token_with_broken_characters_is_as_good_as_none() -> None:
    assert not Access(8765, look=False).knows("\udcff\ud800")


def test_two_cockpits_on_free_ports_do_not_share_a_cookie() -> None:
    names = set()
    for access in (Access(0, look=False), Access(0, look=False)):
        response = web.Response()
        access.remember(response)
        names |= response.cookies.keys()
    assert len(names) == 2


def test_the_token_leaves_the_address_and_no_script_can_read_it() -> None:
    async def test(there: Bench) -> None:
        response = await there.client.get("/", params={"token": TOKEN}, allow_redirects=False)
        assert response.status == 303 and response.headers["Location"] == "/"
        cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert "script" not in response.headers["Content-Security-Policy"]

    served(test)


def test_a_page_of_another_site_cannot_open_the_socket() -> None:
    async def test(there: Bench) -> None:
        await there.join()
        with pytest.raises(WSServerHandshakeError, match="403"):
            await there.client.ws_connect("/socket", headers={"Origin": "http://elsewhere.example"})

    served(test)


def test_whoever_may_only_look_sees_everything_and_commands_nothing() -> None:
    async def test(there: Bench) -> None:
        page = await there.page()
        assert page.latest("hello")["role"] == "viewer"
        await page.send(kind="order", name="hold", number=1)
        await until(lambda: page.latest("refused"))
        page.stick = [1.0, 0.0, 0.0, 0.0]
        await asyncio.sleep(0.2)
        assert there.graph.orders == [] and there.graph.flown == []
        await page.close()

    served(test, look=True)


def test_a_viewer_may_look_away_as_often_as_it_likes() -> None:
    async def test(there: Bench) -> None:
        page = await there.page()
        for _ in range(2 * MISTAKES):
            await page.send(kind="focus")
        await page.send(kind="order", name="hold", number=1)
        await until(lambda: page.latest("refused"))
        assert len([message for message in page.heard if message["kind"] == "refused"]) == 1
        assert not page.socket.closed
        await page.close()

    served(test, look=True)


def test_what_a_viewer_may_not_do_does_not_close_its_page() -> None:
    async def test(there: Bench) -> None:
        page = await there.page()
        for number in range(2 * MISTAKES):
            await page.send(kind="order", name="hold", number=number)
        await until(lambda: sum(message["kind"] == "refused" for message in page.heard) == 2 * MISTAKES)
        assert not page.socket.closed
        await page.close()

    served(test, look=True)


def test_engaging_takes_the_free_controls_and_the_stick_flies_with_the_configured_speed() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        page.stick = [1.0, -0.5, 1.0, 0.5]
        await until(lambda: there.graph.flown)
        assert there.graph.flown[0][1] == VelocityCommand(2.0, -1.0, 1.0, 0.4)
        await page.close()

    served(test, max_speed_m_s=2.0, max_yaw_rate_rad_s=0.8)


async def _closes(page: Page) -> None:
    await page.close()


async def _falls_silent(page: Page) -> None:
    page.beating = False


async def _looks_away(page: Page) -> None:
    await page.send(kind="focus")


@pytest.mark.parametrize("lose", [_closes, _falls_silent, _looks_away])
def test_the_vehicle_holds_within_half_a_second_of_losing_the_page(lose: Callable[[Page], Awaitable[None]]) -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        page.stick = [1.0, 0.0, 0.0, 0.0]
        await until(lambda: len(there.graph.flown) > 3)
        lost_s = time.monotonic()
        await lose(page)
        await until(lambda: there.graph.controller.state.value == "hold")
        assert time.monotonic() - lost_s < HOLD_S
        assert there.graph.flown[-1][1] == VelocityCommand()  # it stands still even before the bridge has answered
        assert there.cockpit.controls.free
        await page.close()

    served(test)


def test_a_bridge_that_does_not_answer_is_asked_again_while_the_vehicle_is_kept_still() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        there.graph.deaf_until_s = time.monotonic() + 0.7
        await page.close()
        await until(lambda: there.graph.controller.state.value == "hold")
        still = [at_s for at_s, command in there.graph.flown if command == VelocityCommand()]
        assert len(still) > 5 and max(b - a for a, b in pairwise(still)) < 0.25

    served(test)


def test_the_presence_of_a_page_is_shown_steadily_and_its_end_at_once() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        await asyncio.sleep(0.5)
        shown = [at_s for at_s, held in there.graph.presence if held]
        assert len(shown) >= 3 and max(b - a for a, b in pairwise(shown)) < 0.3
        await page.send(kind="release")
        await until(lambda: there.graph.presence[-1][1] is False)
        await page.close()

    served(test)


def test_who_watches_knows_that_a_page_has_the_controls_before_the_vehicle_moves() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        shown = next(at_s for at_s, held in there.graph.presence if held)
        assert shown <= next(at_s for at_s, name in there.graph.orders if name == "engage")
        await page.close()

    served(test)


def test_a_page_without_the_controls_may_go_without_consequence() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        other = await there.page()
        await other.close()
        await asyncio.sleep(0.4)
        assert there.graph.count("hold") == 0 and page.state["controls"] == "you"
        await page.close()

    served(test)


def test_after_letting_go_the_vehicle_flies_on_without_the_page() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        await page.send(kind="release")
        await until(lambda: page.state["controls"] == "free")
        await page.close()
        await asyncio.sleep(0.4)
        assert there.graph.controller.state.value == "engaged" and there.graph.count("hold") == 0

    served(test)


def test_only_one_of_two_pages_flies_but_both_can_stop() -> None:
    async def test(there: Bench) -> None:
        first = await there.flying_page()
        second = await there.page()
        await until(lambda: second.state["controls"] == "other")
        assert not (await second.order("takeoff", confirmed=True))["done"]
        second.stick = [1.0, 0.0, 0.0, 0.0]
        await asyncio.sleep(0.2)
        assert there.graph.flown == []
        assert (await second.order("hold"))["done"]
        await first.close()
        await second.close()

    served(test)


def test_taking_over_holds_and_gives_the_controls_to_the_other_page() -> None:
    async def test(there: Bench) -> None:
        first = await there.flying_page()
        second = await there.page()
        await second.send(kind="take")
        await until(lambda: second.state["controls"] == "you" and first.state["controls"] == "other")
        await until(lambda: there.graph.controller.state.value == "hold")
        await first.close()
        await asyncio.sleep(0.05)
        assert second.state["controls"] == "you"
        await second.close()

    served(test)


@pytest.mark.parametrize("name", ["arm", "takeoff", "disarm", "discard"])
def test_what_is_dangerous_must_be_confirmed(name: str) -> None:
    async def test(there: Bench) -> None:
        await there.join()
        page = await there.page()
        answer = await page.order(name)
        assert not answer["done"] and "confirmed" in answer["text"]
        assert there.graph.orders == []
        await page.order(name, confirmed=True)
        assert there.graph.count(name) == 1
        await page.close()

    served(test)


def test_what_cannot_be_understood_is_refused_and_the_flight_goes_on() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        for text in ("", "{", "[]", "null", '{"kind": 3}', '{"kind": "beat", "stick": [1, 2]}', "x" * 5000):
            await page.socket.send_str(text)
        await page.socket.send_bytes(b"\x00\xff")
        await until(lambda: sum(message["kind"] == "refused" for message in page.heard) == 7)
        assert (await page.order("record"))["done"]
        assert there.graph.controller.state.value == "engaged"
        await page.close()

    served(test)


def test_a_page_that_never_makes_sense_is_closed_and_the_vehicle_holds() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        page.beating = False
        for _ in range(25):
            await page.socket.send_str("nonsense")
        await until(lambda: page.socket.closed and there.graph.controller.state.value == "hold")

    served(test)


def test_mistakes_now_and_then_are_forgiven() -> None:
    connection = Connection(web.WebSocketResponse(), Role.PILOT, Board())
    assert not any(connection.mistake(number / MISTAKES_PER_S) for number in range(3 * MISTAKES))
    assert any(connection.mistake(1e6) for _ in range(MISTAKES))


def test_a_page_that_nothing_can_be_sent_to_is_closed_and_the_vehicle_holds() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        there.cockpit.board.set("sim", {"time_s": float("nan")})
        await until(lambda: page.socket.closed and there.graph.controller.state.value == "hold")
        assert any("nothing can be sent" in event["text"] for event in there.cockpit.board.events)
        page.beating = False
        await page.close()

    served(test)


def test_the_time_of_a_beat_comes_back_once() -> None:
    async def test(there: Bench) -> None:
        await there.join()
        socket = await there.client.ws_connect("/socket")
        await socket.send_json({"kind": "beat", "stick": None, "sent": 7.0})
        echoes: list[float | None] = []
        while echoes.count(None) < 3 or 7.0 not in echoes:
            message = await socket.receive_json(timeout=5.0)
            if message["kind"] == "state":
                echoes.append(message["echo"])
                await socket.send_json({"kind": "seen", "state": True, "number": message["number"]})
        assert echoes.count(7.0) == 1 and set(echoes) == {None, 7.0}
        await socket.close()

    served(test)


def test_recording_and_notes_need_no_controls() -> None:
    async def test(there: Bench) -> None:
        first = await there.flying_page()
        second = await there.page()
        assert (await second.order("record"))["done"]
        await second.send(kind="note", text="  the sun \n dazzles ")
        await until(lambda: there.graph.notes == ["the sun dazzles"])
        assert (await second.order("stop"))["done"]
        await first.close()
        await second.close()

    served(test)


def test_another_flight_begins_in_hold() -> None:
    async def test(there: Bench) -> None:
        page = await there.flying_page()
        there.cockpit.board.set_vehicle([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], 0.0)
        assert (await page.order("next"))["done"]
        assert [name for _, name in there.graph.orders][-2:] == ["hold", "next"]
        assert not there.cockpit.board.path
        await page.close()

    served(test)


def test_a_slow_page_gets_the_latest_image_instead_of_all() -> None:
    async def test(there: Bench) -> None:
        await there.join()
        page = await there.page()
        for shade in range(20):
            there.cockpit.board.set_image(jpeg(shade), 0.05 * shade)
            there.cockpit.wake()
            await asyncio.sleep(0.01)
        await until(lambda: len(page.images) == 2)  # none of them has been drawn yet
        await page.send(kind="seen", number=HEADER.unpack_from(page.images[-1])[3])
        await until(lambda: len(page.images) == 3)
        assert HEADER.unpack_from(page.images[-1])[3:] == (20, pytest.approx(0.95))
        await page.close()

    served(test)


def test_a_page_that_takes_no_states_is_not_buried_in_them() -> None:
    async def test(there: Bench) -> None:
        await there.join()
        socket = await there.client.ws_connect("/socket")
        kinds = []
        end_s = time.monotonic() + 0.7
        while time.monotonic() < end_s:
            with suppress(TimeoutError):
                kinds.append((await socket.receive_json(timeout=0.1))["kind"])
        assert kinds.count("state") == 2
        await socket.close()

    served(test)


def test_states_with_numbers_that_json_does_not_know_do_not_silence_a_page() -> None:
    async def test(there: Bench) -> None:
        await there.join()
        page = await there.page()
        there.cockpit.board.set_vehicle([float("nan"), 0.0, 1.0], [0.0, 0.0, 0.0], 0.0)
        there.cockpit.board.set("neurons", [1.0])
        await until(lambda: page.state["values"].get("neurons"))
        assert "vehicle" not in page.state["values"]
        await page.close()

    served(test)


def _cockpit(config: CockpitConfig) -> Cockpit:
    board = Board()
    return Cockpit(config, FakeGraph(board), board)


def test_a_port_that_is_taken_is_named_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be listened on.*choose another port"):
            BackgroundCockpit(lambda loop: _cockpit(CockpitConfig(port=port)))


def test_the_server_runs_beside_its_starter_on_the_loopback_alone_and_ends_with_it() -> None:
    cockpit = BackgroundCockpit(lambda loop: _cockpit(CockpitConfig(port=0)))
    address = cockpit.address.removeprefix("http://").partition("/")[0]
    host, port = address.split(":")
    assert host == "127.0.0.1" and "token=" in cockpit.address
    socket.create_connection((host, int(port)), timeout=2.0).close()
    cockpit.close()
    with pytest.raises(OSError):
        socket.create_connection((host, int(port)), timeout=0.5)


@pytest.mark.parametrize("host", ["::1", "::"])
def test_an_address_of_six_numbers_is_bracketed_and_opens_on_this_machine(host: str) -> None:
    try:
        socket.create_server((host, 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    cockpit = BackgroundCockpit(lambda loop: _cockpit(CockpitConfig(host=host, port=0)))
    assert cockpit.address.startswith("http://[::1]:")
    cockpit.close()


@pytest.mark.parametrize(
    ("name", "value"), [("port", 70000), ("loss_s", 0.6), ("max_speed_m_s", 9.0), ("host", "")]
)
def test_settings_out_of_range_are_refused_with_their_range(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=name):
        CockpitConfig(**{name: value})
