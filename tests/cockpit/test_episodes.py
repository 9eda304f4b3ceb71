"""Recorded episodes as the page lists and replays them."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

import liquid_nav.cockpit.judge
import liquid_nav.cockpit.library
from liquid_nav.cockpit.judge import judged
from liquid_nav.cockpit.library import Library
from liquid_nav.cockpit.replay import Replay, read_replay
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


def record(
    path: Path, *, namespace: str = "", images: int = 80, lost: range = range(0), unknown: range = range(0)
) -> Path:
    """Write a recording at 20 Hz as the recorder node would; the vehicle flies east at 1 m/s.

    Args:
        path: of the file.
        namespace: of the topics.
        images: how many moments.
        lost: moments at which nothing is written.
        unknown: moments at which numbers are NaN.
    """
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
        odometry: Any = messages.odometry_message(Odometry(stamp_s, np.array([0.05 * index, 0.0, 2.0])))
        policy: Any = messages.command_message(VelocityCommand(1.0), stamp_s)
        if index in unknown:
            odometry.pose.pose.orientation.x = policy.twist.linear.x = float("nan")
        write("odom", odometry, stamp_s)
        write("liquid_nav/cmd_vel_raw", policy, stamp_s)
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


def junk(path: Path) -> Path:
    """Write a whole recording whose images are none."""
    writer = RecordingWriter(path)
    channel = writer.add_channel("/camera/image/compressed", messages.IMAGE)
    for index in range(5):
        writer.write(channel, 10**9 + 50_000_000 * index, b"\x00\x01\x00\x00" + b"\xff" * 30, 10**9)
    writer.close()
    return path


def test_one_odd_file_does_not_hide_the_others(tmp_path: Path) -> None:
    record(tmp_path / "good.mcap")
    junk(tmp_path / "junk.mcap")
    (tmp_path / "folder.mcap").mkdir()
    (tmp_path / "gone.mcap").symlink_to(tmp_path / "nowhere")
    library = Library(tmp_path, lambda path: [])
    facts = {facts["name"]: facts for facts in library.entries()}
    assert set(facts) == {"good.mcap", "junk.mcap", "folder.mcap", "gone.mcap"}
    assert facts["good.mcap"]["images"] == 80
    for name in ("folder.mcap", "gone.mcap"):
        assert [finding["name"] for finding in facts[name]["findings"]] == ["unreadable"]
        with pytest.raises(EpisodeError):
            library.replay(name)
    with pytest.raises(EpisodeError, match="no picture"):
        library.thumbnail("junk.mcap")
    with pytest.raises(EpisodeError, match=r"image 0 of junk.mcap is damaged"):
        library.replay("junk.mcap").image(0)
    assert [finding["name"] for finding in judged(tmp_path / "junk.mcap")] == ["unreadable"]


def test_a_file_that_is_deleted_while_the_list_is_made_is_left_out(tmp_path: Path, monkeypatch) -> None:
    record(tmp_path / "good.mcap")
    monkeypatch.setattr(
        liquid_nav.cockpit.library, "list_episodes", lambda folder: [folder / "deleted.mcap", folder / "good.mcap"]
    )
    assert [facts["name"] for facts in Library(tmp_path, lambda path: []).entries()] == ["good.mcap"]


@pytest.mark.parametrize("name", ["x" * 300 + ".mcap", "a\0.mcap", "none.mcap"])
def test_a_name_that_no_file_can_have_is_one_of_no_episode(tmp_path: Path, name: str) -> None:
    with pytest.raises(EpisodeError):
        Library(tmp_path).replay(name)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exec sleep 60", "longer than 0.5 s"),
        ("echo Traceback >&2; echo MemoryError: too much >&2; exit 1", "MemoryError: too much"),
        ("kill -9 $$", "status -9"),
        ("echo half an ans", "cannot be asked"),
        (None, "cannot be asked"),
    ],
)
def test_an_episode_that_could_not_be_judged_is_not_called_good(
    tmp_path: Path, monkeypatch, script: str | None, reason: str
) -> None:
    python = tmp_path / "python"
    if script is not None:
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
    monkeypatch.setattr(liquid_nav.cockpit.judge, "sys", SimpleNamespace(executable=str(python)))
    if reason.startswith("longer"):
        monkeypatch.setattr(liquid_nav.cockpit.judge, "LONGEST_S", 0.5)
    (finding,) = judged(record(tmp_path / "a.mcap"))
    assert finding["name"] == "not_judged" and reason in finding["text"]


def test_a_recording_that_is_too_large_is_not_called_good(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(liquid_nav.cockpit.library, "LARGEST", 1000)
    record(tmp_path / "a.mcap")
    (facts,) = _listed(Library(tmp_path, lambda path: []))
    (finding,) = facts["findings"]
    assert finding["name"] == "not_judged" and "larger than" in finding["text"]


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


def test_a_changed_episode_is_replayed_anew(tmp_path: Path) -> None:
    library = Library(tmp_path)
    path = record(tmp_path / "a.mcap")
    assert library.replay("a.mcap") is library.replay("a.mcap")
    path.unlink()
    record(path, images=100)
    assert len(library.replay("a.mcap").shots) == 100


def test_a_vehicle_that_does_not_know_where_it_is_stands_where_it_was(tmp_path: Path) -> None:
    path = record(tmp_path / "a.mcap", images=10, unknown=range(4, 10))
    timeline = json.loads(read_replay(path).timeline_json, parse_constant=_refuse)
    assert timeline["moments"][9]["vehicle"] == timeline["moments"][3]["vehicle"]
    assert timeline["moments"][9]["commands"]["policy"] == [None, 0.0, 0.0, 0.0]
    assert len(timeline["path"]) == 4


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_the_timeline_goes_out_as_it_is(tmp_path: Path) -> None:
    replay = read_replay(record(tmp_path / "a.mcap"))
    assert json.loads(replay.timeline_json) == replay.timeline()
    assert replay.timeline_json is replay.timeline_json
    empty = read_replay(record(tmp_path / "blind.mcap", images=0))
    assert json.loads(empty.timeline_json) == empty.timeline()


def test_timelines_are_made_one_at_a_time_and_not_in_the_servers_thread(tmp_path: Path, monkeypatch) -> None:
    record(tmp_path / "a.mcap")
    lock, threads, most = threading.Lock(), list[str](), [0, 0]

    def slow(replay: Replay) -> bytes:
        with lock:
            threads.append(threading.current_thread().name)
            most[0] += 1
            most[1] = max(most)
        time.sleep(0.05)
        with lock:
            most[0] -= 1
        return b"{}"

    monkeypatch.setattr(Replay, "timeline_json", property(slow))

    async def run() -> None:
        async with bench(episodes=tmp_path) as there:
            await there.join()
            answers = await asyncio.gather(*(there.client.get("/episodes/a.mcap/timeline") for _ in range(4)))
            assert [answer.status for answer in answers] == [200] * 4

    asyncio.run(run())
    assert len(threads) == 4 and threading.main_thread().name not in threads and most[1] == 1


def test_only_what_its_address_dates_is_kept_by_the_browser(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap")

    async def run() -> None:
        async with bench(episodes=tmp_path) as there:
            await there.join()
            kept = {}
            for address in ("", "/a.mcap/thumbnail?123.4", "/a.mcap/timeline", "/a.mcap/images/3"):
                kept[address] = (await there.client.get(f"/episodes{address}")).headers["Cache-Control"]
            assert kept.pop("/a.mcap/thumbnail?123.4") == "private, max-age=3600"
            assert set(kept.values()) == {"no-cache"}

    asyncio.run(run())


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
