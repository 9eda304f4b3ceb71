"""The cockpit's node in a graph of real processes, with a page but without a browser."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

rclpy = pytest.importorskip("rclpy")

from tests.cockpit.fake_graph import Page, until  # noqa: E402
from tests.ros.states import States  # noqa: E402
from training.graph import ROS_PACKAGE, Graph, free_domain_id  # noqa: E402

sys.path.insert(0, str(ROS_PACKAGE))

from liquid_nav_ros.cockpit_link import GraphVehicle  # noqa: E402
from liquid_nav_ros.qos import RELIABLE  # noqa: E402
from std_msgs.msg import Bool  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.timeout(120)]
HOLD_S = 0.5
WAIT_S = 40.0


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    """Bridge, teleoperation and cockpit on a domain of their own."""
    with Graph(tmp_path / "logs") as running:
        running.start("flight_bridge_node")
        running.start("teleop_node")
        running.start("cockpit_node", parameters={"port": 0, "address_file": str(tmp_path / "address")})
        yield running


def address(folder: Path) -> str:
    """The page's address, once the node has written it."""
    end_s = time.monotonic() + WAIT_S
    while not (folder / "address").exists():
        assert time.monotonic() < end_s, "the cockpit did not start"
        time.sleep(0.05)
    return (folder / "address").read_text().strip()


async def engaged_page(session: ClientSession, where: str) -> Page:
    """A page that has the controls of an engaged vehicle."""
    await session.get(where)
    page = Page(await session.ws_connect(where.partition("?")[0] + "socket"))
    page.beating = True
    end_s = time.monotonic() + WAIT_S
    while page.state.get("values", {}).get("flight_state") != "engaged":
        assert time.monotonic() < end_s, f"the vehicle does not engage: {page.heard}"
        await page.send(kind="order", name="engage", number=1)
        await asyncio.sleep(0.5)
    await until(lambda: page.state["controls"] == "you")
    return page


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_vehicle_holds_within_half_a_second_of_the_cockpits_end(
    graph: Graph, tmp_path: Path, end: signal.Signals
) -> None:
    states = States(graph.domain_id)

    async def run() -> None:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            page = await engaged_page(session, address(tmp_path))
            await asyncio.to_thread(states.wait_for, "engaged", 10.0)  # the page goes on beating
            graph.processes["cockpit_node"].send_signal(end)
            assert await asyncio.to_thread(states.wait_for, "hold", 5.0) < HOLD_S
            await page.close()

    try:
        asyncio.run(run())
    finally:
        states.close()
    if end != signal.SIGKILL:
        assert graph.processes["cockpit_node"].wait(10.0) == 0
        assert "Traceback" not in (tmp_path / "logs" / "cockpit_node.log").read_text()


def test_a_node_that_ends_does_not_say_that_a_pilot_let_go() -> None:
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=free_domain_id())
    node = rclpy.create_node("cockpit", context=context)
    executor = rclpy.executors.SingleThreadedExecutor(context=context)
    executor.add_node(node)
    heard: list[bool] = []
    node.create_subscription(Bool, "cockpit/presence", lambda message: heard.append(message.data), RELIABLE)
    last = node.create_publisher(Bool, "cockpit/presence", RELIABLE)
    vehicle, end_s = GraphVehicle(node), time.monotonic() + WAIT_S

    def say_until_heard(say: Callable[[], None]) -> None:
        count = len(heard)
        while len(heard) == count:
            assert time.monotonic() < end_s
            say()
            executor.spin_once(timeout_sec=0.05)

    try:
        say_until_heard(lambda: vehicle.show_presence(True))
        vehicle.fall_silent()
        vehicle.show_presence(False)
        for _ in range(2):
            say_until_heard(lambda: last.publish(Bool(data=True)))
        assert all(heard)
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown(context=context)


def test_it_does_not_engage_while_nobody_would_hold_the_vehicle_in_its_place(tmp_path: Path) -> None:
    async def run() -> None:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            where = address(tmp_path)
            await session.get(where)
            page = Page(await session.ws_connect(where.partition("?")[0] + "socket"))
            answer = await page.order("engage")
            assert not answer["done"] and "start teleop_node" in answer["text"]
            await page.close()

    with Graph(tmp_path / "logs") as graph:
        graph.start("flight_bridge_node")
        graph.start("cockpit_node", parameters={"port": 0, "address_file": str(tmp_path / "address")})
        asyncio.run(run())


def test_the_address_with_the_token_is_for_the_owner_alone(graph: Graph, tmp_path: Path) -> None:
    assert "token=" in address(tmp_path)
    assert (tmp_path / "address").stat().st_mode & 0o077 == 0
    assert "token" not in (tmp_path / "logs" / "cockpit_node.log").read_text()


def test_a_port_that_is_taken_ends_the_node_with_one_line(graph: Graph, tmp_path: Path) -> None:
    port = int(address(tmp_path).partition("/?")[0].rpartition(":")[2])
    graph.processes["first"] = graph.processes.pop("cockpit_node")  # both must end with the graph
    second = graph.start("cockpit_node", parameters={"port": port})
    assert second.wait(WAIT_S) == 2
    text = (tmp_path / "logs" / "cockpit_node.log").read_text()
    assert "choose another port" in text and "Traceback" not in text


def test_a_watcher_that_was_held_up_does_not_take_the_cockpit_for_gone(graph: Graph, tmp_path: Path) -> None:
    states = States(graph.domain_id)
    watcher = graph.processes["teleop_node"]

    async def run() -> None:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            page = await engaged_page(session, address(tmp_path))
            await asyncio.to_thread(states.wait_for, "engaged", 10.0)
            for _ in range(3):
                watcher.send_signal(signal.SIGSTOP)
                await asyncio.sleep(2.0 * HOLD_S)  # as on a machine that has no time for it
                watcher.send_signal(signal.SIGCONT)
                with pytest.raises(AssertionError, match="the state is engaged"):
                    await asyncio.to_thread(states.wait_for, "hold", 2.0 * HOLD_S)
            await page.close()

    try:
        asyncio.run(run())
    finally:
        watcher.send_signal(signal.SIGCONT)
        states.close()
