"""Recorded episodes as the page lists and replays them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from liquid_nav.cockpit.library import Library
from liquid_nav.cockpit.replay import read_replay
from liquid_nav.data import messages
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.errors import EpisodeError
from liquid_nav.types import Odometry, VelocityCommand
from tests.cockpit.fake_graph import bench

TOPICS = {
    "camera/image/compressed": messages.IMAGE,
    "odom": messages.ODOMETRY,
    "liquid_nav/cmd_vel_raw": messages.TWIST,
    "liquid_nav/cmd_vel": messages.TWIST,
    "recorder_node/note": "std_msgs/msg/String",
}


def record(path: Path, *, namespace: str = "", images: int = 80, lost: range = range(0), frozen: bool = False) -> Path:
    """Write a recording at 20 Hz as the recorder node would; the vehicle flies east at 1 m/s."""
    writer = RecordingWriter(path)
    channels = {topic: writer.add_channel(f"{namespace}/{topic}", kind) for topic, kind in TOPICS.items()}

    def write(topic: str, message: object, stamp_s: float) -> None:
        data = bytes(messages.STORE.serialize_cdr(message, TOPICS[topic]))
        nanoseconds = round(stamp_s * 1e9)
        writer.write(channels[topic], nanoseconds, data, nanoseconds)

    for index in range(images):
        stamp_s = 100.0 + 0.05 * index
        if index in lost:
            continue
        picture = np.full((36, 64, 3), 90 if frozen else index, dtype=np.uint8)
        write("camera/image/compressed", messages.image_message(picture, stamp_s, "jpeg"), stamp_s)
        write("odom", messages.odometry_message(Odometry(stamp_s, np.array([0.05 * index, 0.0, 2.0]))), stamp_s)
        write("liquid_nav/cmd_vel_raw", messages.command_message(VelocityCommand(1.0), stamp_s), stamp_s)
        write("liquid_nav/cmd_vel", messages.command_message(VelocityCommand(0.8), stamp_s), stamp_s)
    write("recorder_node/note", messages.make("std_msgs/msg/String", data="windy"), 100.1)
    writer.close()
    return path


@pytest.mark.parametrize("namespace", ["", "/uav1"])
def test_a_moment_of_a_replay_is_what_was_known_at_its_image(tmp_path: Path, namespace: str) -> None:
    timeline = read_replay(record(tmp_path / "a.mcap", namespace=namespace)).timeline()
    assert timeline["seconds"] == pytest.approx(3.95)
    assert timeline["stamps"][:3] == pytest.approx([0.0, 0.05, 0.1])
    moment = timeline["moments"][40]
    assert moment["vehicle"]["position"] == pytest.approx([2.0, 0.0, 2.0])
    assert moment["commands"]["policy"][0] == pytest.approx(1.0)
    assert moment["commands"]["safe"][0] == pytest.approx(0.8)
    assert "pilot" not in moment["commands"]
    assert timeline["path"][-1][:2] == pytest.approx([3.95, 0.0])


def test_the_list_tells_duration_notes_and_what_is_wrong(tmp_path: Path) -> None:
    record(tmp_path / "good.mcap")
    record(tmp_path / "short.mcap", images=20)
    record(tmp_path / "gaps.mcap", lost=range(30, 50))
    record(tmp_path / "frozen.mcap", frozen=True)
    (tmp_path / "foreign.mcap").write_bytes(b"not an episode")
    facts = {entry.facts["name"].removesuffix(".mcap"): entry.facts for entry in Library(tmp_path).entries()}
    assert facts["good"]["flags"] == [] and facts["good"]["notes"] == ["windy"]
    assert facts["short"]["flags"] == ["short"]
    assert facts["gaps"]["flags"] == ["gaps"]
    assert facts["frozen"]["flags"] == ["frozen camera"]
    assert facts["foreign"]["flags"] == ["unreadable"] and "\n" not in facts["foreign"]["error"]


def test_the_newest_episode_comes_first_and_a_changed_one_is_read_again(tmp_path: Path) -> None:
    import os

    library = Library(tmp_path)
    assert library.entries() == []
    os.utime(record(tmp_path / "old.mcap"), (1.0, 1.0))
    record(tmp_path / "new.mcap")
    assert [entry.facts["name"] for entry in library.entries()] == ["new.mcap", "old.mcap"]
    (tmp_path / "old.mcap").unlink()
    record(tmp_path / "old.mcap", images=100)
    assert [entry.facts["images"] for entry in library.entries()] == [100, 80]


def test_a_damaged_episode_is_shown_as_far_as_it_is_whole(tmp_path: Path) -> None:
    path = record(tmp_path / "cut.mcap")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    replay = read_replay(path)
    assert 0 < len(replay.images) < 80 and "damaged" in replay.flags()


@pytest.mark.parametrize("name", ["../secret.mcap", "a/b.mcap", "notes.txt", ".."])
def test_only_episodes_of_the_folder_can_be_opened(tmp_path: Path, name: str) -> None:
    record(tmp_path / "secret.mcap")
    (tmp_path / "inside").mkdir()
    with pytest.raises(EpisodeError, match="not the name of an episode"):
        Library(tmp_path / "inside").replay(name)


def test_the_page_gets_list_thumbnail_timeline_and_images(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap")

    async def run() -> None:
        async with bench(episodes=tmp_path) as there:
            await there.join()
            listed = await (await there.client.get("/episodes")).json()
            assert [episode["name"] for episode in listed] == ["a.mcap"]
            for address in ("/episodes/a.mcap/thumbnail", "/episodes/a.mcap/images/79"):
                response = await there.client.get(address)
                assert response.status == 200 and (await response.read())[:2] == b"\xff\xd8"
            timeline = await (await there.client.get("/episodes/a.mcap/timeline")).json()
            assert len(timeline["moments"]) == 80
            for address in ("a.mcap/images/80", "b.mcap/timeline", "..%2Fa.mcap/timeline"):
                assert (await there.client.get(f"/episodes/{address}")).status == 404

    asyncio.run(run())
