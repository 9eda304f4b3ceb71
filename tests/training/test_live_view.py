"""Flights are shown while they are flown: by Foxglove over a real WebSocket, by rerun, and one after another."""

from __future__ import annotations

import asyncio
import struct
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError, ClientSession, ClientWebSocketResponse, WSMsgType
from mcap.records import Message, Schema

from liquid_nav.data import messages, read_episode
from liquid_nav.errors import ConfigError
from sim_worlds.scene import Renderer
from tests.data.makers import write_episode
from tests.training.test_evaluation import _StillPolicy
from training.closed_loop import fly_condition
from training.evaluate import evaluate
from training.live_view import Watching, view
from training.suites import Condition
from training.viewers import FoxgloveViewer, make_viewer

DATA = struct.Struct("<BIQ")  # opcode, subscription, log time
UNKNOWN = "Unknown channel ID: "
WAIT_S = 60.0


class _Notes:
    """A viewer that keeps what it is shown."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.times: list[int] = []
        self.closed = False
        self.some = threading.Event()

    def begin(self, name: str) -> None:
        self.begun.append(name)

    def show(self, topic: str, schema: Schema, message: Message) -> None:
        self.times.append(message.log_time)
        self.some.set()

    def close(self) -> None:
        self.closed = True


def test_flights_of_a_folder_are_shown_one_after_another_on_one_line_of_time(tmp_path: Path) -> None:
    write_episode(tmp_path / "old.mcap", 5)
    notes = _Notes()
    with Watching(tmp_path, notes):
        write_episode(tmp_path / "a.mcap", 10)
        assert notes.some.wait(WAIT_S), "it is shown before the block ends"
        write_episode(tmp_path / "b.mcap", 10)
    assert notes.begun == ["a", "b"] and notes.closed
    assert notes.times == sorted(notes.times)
    first, second = notes.times[: len(notes.times) // 2], notes.times[len(notes.times) // 2 :]
    assert second[0] - first[-1] == 1_000_000_000 and len(first) == len(second)


def test_a_viewer_that_fails_does_not_end_what_is_watched(tmp_path: Path) -> None:
    class Broken(_Notes):
        def show(self, topic: str, schema: Schema, message: Message) -> None:
            raise OSError("the window is gone")

    with Watching(tmp_path, Broken()):
        write_episode(tmp_path / "a.mcap", 5)
    assert len(read_episode(tmp_path / "a.mcap").steps) == 5


async def _subscribe(socket: ClientWebSocketResponse, channels: Iterable[int]) -> None:
    asked = [{"id": channel, "channelId": channel} for channel in channels]
    await socket.send_json({"op": "subscribe", "subscriptions": asked})


async def _listen(port: int, topics: set[str], show: threading.Event) -> dict[str, list[tuple[int, bytes]]]:
    """Subscribe as Foxglove does and return what comes of some topics, by topic (log time, data)."""
    heard: dict[str, list[tuple[int, bytes]]] = {topic: [] for topic in topics}
    names: dict[int, str] = {}
    protocols = ("foxglove.sdk.v1", "foxglove.websocket.v1")
    async with (
        ClientSession() as session,
        session.ws_connect(f"ws://127.0.0.1:{port}", protocols=protocols) as socket,
        asyncio.timeout(WAIT_S),
    ):
        async for message in socket:
            if message.type is WSMsgType.BINARY and message.data[0] == 1:
                _, number, log_ns = DATA.unpack_from(message.data)
                heard[names[number]].append((log_ns, message.data[DATA.size :]))
            elif message.type is WSMsgType.TEXT and (said := message.json())["op"] == "advertise":
                wanted = {each["id"]: each["topic"] for each in said["channels"] if each["topic"] in topics}
                names |= wanted
                await _subscribe(socket, wanted)
            elif message.type is WSMsgType.TEXT and said["op"] == "status" and UNKNOWN in said["message"]:
                # the server tells of a channel a moment before it takes subscriptions to it
                await _subscribe(socket, [int(said["message"].removeprefix(UNKNOWN))])
            elif message.type is WSMsgType.TEXT and said["op"] == "serverInfo":
                show.set()
            if heard["/odom"] and len(heard["/camera/image/compressed"]) >= 5:
                return heard
    raise AssertionError("the server ended")


def test_foxglove_gets_the_messages_of_a_flight_as_they_were_written(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap", 100)
    viewer, joined, heard_enough = FoxgloveViewer(port=0), threading.Event(), threading.Event()

    def play() -> None:
        assert joined.wait(WAIT_S)
        while not heard_enough.is_set():  # who joins late must not miss it all
            view(path, viewer, speed=2.0)

    player = threading.Thread(target=play)
    player.start()
    try:
        heard = asyncio.run(_listen(viewer.port, {"/odom", "/camera/image/compressed", "/flight"}, joined))
    finally:
        heard_enough.set()
        player.join(WAIT_S)
    viewer.close()
    log_ns, data = heard["/odom"][0]
    state = messages.odometry_of(messages.STORE.deserialize_cdr(data, messages.ODOMETRY))
    assert state.stamp_s == pytest.approx(1e-9 * log_ns) and state.position_enu_m[2] == 1.5
    images = [messages.STORE.deserialize_cdr(data, messages.IMAGE) for _, data in heard["/camera/image/compressed"]]
    assert messages.picture_of(images[0]).shape == (36, 64, 3)


def test_a_port_in_use_is_said_in_one_line() -> None:
    first = FoxgloveViewer(port=0)
    with pytest.raises(ConfigError, match=f"port {first.port} cannot be used"):
        FoxgloveViewer(port=first.port)
    first.close()


def test_rerun_writes_a_file_of_what_was_shown(tmp_path: Path) -> None:
    pytest.importorskip("rerun", reason="rerun is not installed: pip install rerun-sdk, 490 MB")
    viewer = make_viewer(foxglove=False, rerun=True, save=tmp_path / "a.rrd")
    view(write_episode(tmp_path / "a.mcap", 20), viewer)
    viewer.close()
    assert (tmp_path / "a.rrd").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"foxglove": True, "rerun": True}, "not clear"), ({"save": Path("a.rrd")}, "give that too")],
)
def test_contradicting_wishes_are_refused(options: dict, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        make_viewer(**{"foxglove": False, "rerun": False, **options})
    assert make_viewer(foxglove=False, rerun=False) is None


def test_an_evaluated_flight_is_recorded_for_whoever_watches(tmp_path: Path, renderer: Renderer) -> None:
    policy = _StillPolicy()
    policy.name = "still"
    condition = Condition("c", "city", {"hour": 9.0}, follow_s=2.0)
    path = tmp_path / "c_1000001.mcap"
    for _ in range(2):  # the second replaces the first
        report = fly_condition(condition, 1_000_001, policy, renderer, record=path)
    episode = read_episode(path)
    assert len(episode.steps) == pytest.approx(20 * report.result.duration_s, abs=2)
    meta = episode.metadata
    assert (meta.world, meta.seed, meta.extra["options"], meta.pilot) == ("city", 1_000_001, "hour=9.0", "still")
    assert not any(step.labelled for step in episode.steps)


def test_the_expert_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sees no images"):
        evaluate("smoke", 1, 0, tmp_path, expert=True, viewer=_Notes())


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_whole_commands_show_their_flights_live(tmp_path: Path) -> None:
    """One after the other, since both serve on the same port."""
    for command in (
        ["evaluate", "--suite", "forest-unseen", "--episodes", "1", "--workers", "1", "--out", str(tmp_path / "r")],
        ["fly", "--world", "city", "--duration", "8", "--no-film", "--out", str(tmp_path / "runs")],
    ):
        with subprocess.Popen(
            [sys.executable, "-m", "training.cli", *command, "--foxglove"], stdout=subprocess.DEVNULL
        ) as running:
            heard = asyncio.run(_listen_to_command(running))
            assert running.wait(200.0) == 0
        states = [messages.STORE.deserialize_cdr(data, messages.ODOMETRY) for _, data in heard["/odom"]]
        assert messages.odometry_of(states[-1]).stamp_s == pytest.approx(1e-9 * heard["/odom"][-1][0], abs=2.0)
        assert len(heard["/camera/image/compressed"]) >= 5
        image = messages.STORE.deserialize_cdr(heard["/camera/image/compressed"][0][1], messages.IMAGE)
        assert messages.picture_of(image).shape == (144, 256, 3)


async def _listen_to_command(running: subprocess.Popen[bytes]) -> dict[str, list[tuple[int, bytes]]]:
    """Join as soon as the command serves."""
    async with asyncio.timeout(120.0):
        while running.poll() is None:
            try:
                return await _listen(8766, {"/odom", "/camera/image/compressed", "/flight"}, threading.Event())
            except ClientConnectorError:
                await asyncio.sleep(0.2)
    raise AssertionError("the command ended before it served")
