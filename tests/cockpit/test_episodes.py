"""Recorded episodes as the page lists and replays them."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import cv2
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
}
WAIT_S = 60.0


def record(path: Path, *, namespace: str = "", images: int = 80, lost: range = range(0)) -> Path:
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
        picture = np.full((36, 64, 3), index, dtype=np.uint8)
        write("camera/image/compressed", messages.image_message(picture, stamp_s, "jpeg"), stamp_s)
        write("odom", messages.odometry_message(Odometry(stamp_s, np.array([0.05 * index, 0.0, 2.0]))), stamp_s)
        write("liquid_nav/cmd_vel_raw", messages.command_message(VelocityCommand(1.0), stamp_s), stamp_s)
        write("liquid_nav/cmd_vel", messages.command_message(VelocityCommand(0.8), stamp_s), stamp_s)
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


def _listed(library: Library) -> list[dict[str, Any]]:
    """The list once everything in it has been judged."""
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        listed = library.entries()
        if all(facts["findings"] is not None for facts in listed):
            return listed
        time.sleep(0.05)
    raise AssertionError("the episodes were not judged in time")


def test_the_list_tells_duration_and_what_is_wrong(tmp_path: Path) -> None:
    record(tmp_path / "steady.mcap")
    record(tmp_path / "gaps.mcap", lost=range(30, 50))
    (tmp_path / "foreign.mcap").write_bytes(b"not an episode")
    facts = {facts["name"].removesuffix(".mcap"): facts for facts in _listed(Library(tmp_path))}
    findings = {name: {finding["name"] for finding in each["findings"]} for name, each in facts.items()}
    assert facts["steady"]["seconds"] == pytest.approx(3.95) and facts["steady"]["images"] == 80
    assert "time_gap" in findings["gaps"] and "time_gap" not in findings["steady"]
    assert findings["foreign"] == {"unreadable"}


def test_an_episode_is_judged_once(tmp_path: Path) -> None:
    judged: list[str] = []

    def judge(path: Path) -> list[dict[str, str]]:
        judged.append(path.name)
        return []

    library = Library(tmp_path, judge)
    record(tmp_path / "a.mcap")
    _listed(library)
    record(tmp_path / "b.mcap")
    _listed(library)
    assert judged == ["a.mcap", "b.mcap"]


def test_the_newest_episode_comes_first_and_a_changed_one_is_read_again(tmp_path: Path) -> None:
    library = Library(tmp_path, lambda path: [])
    assert library.entries() == []
    os.utime(record(tmp_path / "old.mcap"), (1.0, 1.0))
    record(tmp_path / "new.mcap")
    assert [facts["name"] for facts in library.entries()] == ["new.mcap", "old.mcap"]
    (tmp_path / "old.mcap").unlink()
    record(tmp_path / "old.mcap", images=100)
    assert [facts["images"] for facts in library.entries()] == [100, 80]


def test_a_damaged_episode_is_replayed_as_far_as_it_is_whole(tmp_path: Path) -> None:
    path = record(tmp_path / "cut.mcap")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    replay = read_replay(path)
    assert 0 < len(replay.shots) < 80
    assert replay.image(len(replay.shots) - 1)[:2] == b"\xff\xd8"


def test_a_long_recording_is_thinned_and_its_images_stay_in_the_file(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("liquid_nav.cockpit.replay.MOST_MOMENTS", 30)
    replay = read_replay(record(tmp_path / "long.mcap"))
    assert len(replay.shots) == 27 and replay.seconds == pytest.approx(3.9)
    assert all(shot.data is None for shot in replay.shots)
    picture = cv2.imdecode(np.frombuffer(replay.image(10), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert abs(float(picture.mean()) - 30.0) < 2.0  # every third image, each as bright as its number


def test_a_recording_without_images_is_replayed_as_nothing(tmp_path: Path) -> None:
    timeline = read_replay(record(tmp_path / "blind.mcap", images=0)).timeline()
    assert timeline["stamps"] == [] and timeline["seconds"] == 0.0


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
