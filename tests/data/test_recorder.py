"""Recordings: complete, stopped before the disk is full, mended after a crash at any byte."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.records import Message

from liquid_nav.data import messages
from liquid_nav.data.recorder import Recorder
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.data.salvage import Damage, readable_records, repair
from liquid_nav.data.stamps import stamp_ns
from liquid_nav.errors import EpisodeError
from liquid_nav.types import VelocityCommand
from tests.data.makers import write_without_schema

RATE_HZ, SECONDS = 30, 4
TOPICS = {"/camera/image/compressed": messages.IMAGE, "/cmd_vel": messages.TWIST}
PICTURE = np.random.default_rng(0).integers(0, 255, (72, 128, 3)).astype(np.uint8)


def _messages(index: int) -> list[tuple[str, int, bytes]]:
    stamp_s = 100.0 + index / RATE_HZ
    log_ns = round(stamp_s * 1e9)
    image = messages.image_message(PICTURE, stamp_s, "jpeg")
    command = messages.command_message(VelocityCommand(0.01 * index), stamp_s)
    return [
        ("/camera/image/compressed", log_ns, bytes(messages.STORE.serialize_cdr(image, messages.IMAGE))),
        ("/cmd_vel", log_ns, bytes(messages.STORE.serialize_cdr(command, messages.TWIST))),
    ]


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> bytes:
    """The bytes of a file of four seconds as they are on the disk before it is finished."""
    path = tmp_path_factory.mktemp("whole") / "a.mcap"
    writer = RecordingWriter(path)
    channels = {topic: writer.add_channel(topic, kind) for topic, kind in TOPICS.items()}
    writer.add_metadata("liquid_nav", {"pilot": "test"})
    for index in range(RATE_HZ * SECONDS):
        for topic, log_ns, data in _messages(index):
            writer.write(channels[topic], log_ns, data, log_ns)
    writer.flush()
    data = writer.part.read_bytes()
    writer.discard()
    return data


def _last_written(data: bytes) -> list[tuple[int, int]]:
    """For each chunk, where it ends in the file and the last log time in it."""
    from mcap.records import Chunk
    from mcap.stream_reader import StreamReader

    ends: list[tuple[int, int]] = []
    from io import BytesIO

    stream = BytesIO(data)
    try:
        for record in StreamReader(stream, emit_chunks=True).records:
            if isinstance(record, Chunk):
                ends.append((stream.tell(), record.message_end_time))
    except Exception:
        return ends
    return ends


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.0, 1.0))
def test_a_file_cut_at_any_byte_keeps_all_but_its_last_second(recording: bytes, tmp_path: Path, share: float) -> None:
    cut = max(1, int(share * len(recording)))
    whole = [last for end, last in _last_written(recording) if end <= cut]
    path, out = tmp_path / "cut.mcap.part", tmp_path / "mended.mcap"
    path.write_bytes(recording[:cut])
    out.unlink(missing_ok=True)
    if not whole:  # cut within the first half second
        try:
            repair(path, out)
        except EpisodeError:
            return
    else:
        repair(path, out)
    with out.open("rb") as file:
        times = [message.log_time for _, _, message in make_reader(file).iter_messages()]
    assert times == sorted(times)
    reached = (whole or [100 * 10**9])[-1]
    following = [last for _, last in _last_written(recording) if last > reached][:1] or [reached]
    assert following[0] - times[-1] <= 1e9  # what was being written when it was cut
    assert times[-1] >= reached


def test_every_byte_around_the_seams_can_be_the_last(recording: bytes, tmp_path: Path) -> None:
    """All offsets around two chunk borders: no cut is ever an error beyond the first chunk."""
    ends = [end for end, _ in _last_written(recording)]
    path = tmp_path / "cut.mcap.part"
    for border in (ends[1], ends[-1]):
        for cut in range(border - 40, min(border + 40, len(recording))):
            path.write_bytes(recording[:cut])
            damage = Damage()
            count = sum(1 for record in readable_records(path, damage) if hasattr(record, "log_time"))
            assert count >= 2 * (RATE_HZ // 2), cut


def test_a_damaged_chunk_is_left_out_and_what_follows_is_kept(recording: bytes, tmp_path: Path) -> None:
    data = bytearray(recording)
    ends = [end for end, _ in _last_written(recording)]
    data[(ends[2] + ends[3]) // 2] ^= 0xFF
    path = tmp_path / "bad.mcap"
    path.write_bytes(bytes(data))
    report = repair(path)
    assert report.path.name == "bad-repaired.mcap"
    assert 2 * RATE_HZ * (SECONDS - 1) <= report.messages < 2 * RATE_HZ * SECONDS
    assert report.damage.lost_bytes > 0 and "damaged" in report.damage.reason
    assert report.seconds == pytest.approx(SECONDS, abs=0.1)


def test_a_repair_refuses_what_it_cannot_mend_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.mcap.part"
    path.write_bytes(b"something else entirely")
    with pytest.raises(EpisodeError, match="not an MCAP file"):
        repair(path)
    assert [file.name for file in tmp_path.iterdir()] == ["x.mcap.part"]


def test_a_mended_file_never_replaces_another(recording: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mcap.part").write_bytes(recording)
    (tmp_path / "a.mcap").write_bytes(b"precious")
    with pytest.raises(EpisodeError, match="exists already"):
        repair(tmp_path / "a.mcap.part")
    assert (tmp_path / "a.mcap").read_bytes() == b"precious"


def test_all_that_is_put_is_written(tmp_path: Path) -> None:
    recorder = Recorder(TOPICS, min_free_bytes=1)
    path = tmp_path / "folder" / "a.mcap"
    recorder.start(path, {"pilot": "Ada"})
    for index in range(200):
        for topic, log_ns, data in _messages(index):
            recorder.put(topic, log_ns, data, log_ns)
    assert recorder.stop({"notes": "windy"}) == path
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        assert reader.get_summary().statistics.message_count == 400
        values = [record.metadata for record in reader.iter_metadata()]
    assert values == [{"pilot": "Ada"}, {"notes": "windy"}]
    assert recorder.state().dropped == 0


def test_it_stops_with_a_whole_file_before_the_disk_is_full(tmp_path: Path) -> None:
    free = [10_000_000]
    recorder = Recorder(TOPICS, min_free_bytes=5_000_000, free_bytes=lambda _: free[0])
    path = tmp_path / "a.mcap"
    recorder.start(path)
    for topic, log_ns, data in _messages(0):
        recorder.put(topic, log_ns, data, log_ns)
    free[0] = 4_000_000
    deadline = time.monotonic() + 20.0
    while recorder.recording:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    problem = recorder.state().problem
    assert "only 4 MB are free" in problem and "is whole" in problem
    with path.open("rb") as file:
        assert len(list(make_reader(file).iter_messages())) == 2
    assert recorder.stop() is None
    with pytest.raises(EpisodeError, match="free some space"):
        recorder.start(tmp_path / "b.mcap")
    free[0] = 10_000_000
    recorder.start(tmp_path / "b.mcap")
    assert recorder.discard() and not list(tmp_path.glob("b.*"))


def test_a_folder_that_cannot_be_used_is_an_error_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    recorder = Recorder(TOPICS, min_free_bytes=1)
    with pytest.raises(EpisodeError, match="choose a folder"):
        recorder.start(tmp_path / "file" / "a.mcap")
    with pytest.raises(EpisodeError, match="choose a folder"):
        recorder.start(tmp_path / f"{'long' * 100}.mcap")

    def gone(folder: Path) -> int:
        raise FileNotFoundError(2, "No such file or directory", str(folder))

    with pytest.raises(EpisodeError, match="choose a folder"):
        Recorder(TOPICS, free_bytes=gone).start(tmp_path / "a.mcap")
    recorder.start(tmp_path / "a.mcap")
    assert recorder.stop() == tmp_path / "a.mcap"


def test_a_disk_that_takes_no_more_is_said_and_the_rest_is_mended(tmp_path: Path) -> None:
    script = f"""
import resource, sys, time
sys.path.insert(0, {str(Path(__file__).resolve().parents[2])!r})
from pathlib import Path
from liquid_nav.data.recorder import Recorder
from tests.data.test_recorder import TOPICS, _messages
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
recorder = Recorder(TOPICS, min_free_bytes=1)
recorder.start(Path({str(tmp_path / 'a.mcap')!r}))
index = 0
while recorder.recording and index < 3000:
    for topic, log_ns, data in _messages(index):
        recorder.put(topic, log_ns, data, log_ns)
    index += 1
    time.sleep(0.002)
print(recorder.state().problem)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert "cannot be written" in result.stdout and "episodes repair" in result.stdout
    report = repair(tmp_path / "a.mcap.part")
    assert report.messages > 20


def test_a_killed_process_loses_at_most_the_last_second(tmp_path: Path) -> None:
    """SIGKILL in the middle of a recording in real time."""
    script = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).resolve().parents[2])!r})
from pathlib import Path
from liquid_nav.data.recorder import Recorder
from tests.data.test_recorder import TOPICS, _messages
recorder = Recorder(TOPICS, min_free_bytes=1)
recorder.start(Path({str(tmp_path / 'a.mcap')!r}))
_, _, data = _messages(0)[0]
while True:
    now = time.time_ns()
    recorder.put("/camera/image/compressed", now, data, now)
    print(now, flush=True)
    time.sleep(0.02)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    last = 0
    for count, line in enumerate(process.stdout):
        last = int(line)
        if count == 120:
            process.send_signal(signal.SIGKILL)
            break
    process.wait(10.0)
    report = repair(tmp_path / "a.mcap.part")
    with report.path.open("rb") as file:
        reached = max(message.log_time for _, _, message in make_reader(file).iter_messages())
    assert last - reached <= 1_000_000_000


def test_rosbags_opens_a_recording(tmp_path: Path) -> None:
    from rosbags.highlevel import AnyReader

    recorder = Recorder(TOPICS, min_free_bytes=1)
    recorder.start(tmp_path / "a.mcap")
    for index in range(40):
        for topic, log_ns, data in _messages(index):
            recorder.put(topic, log_ns, data, log_ns - 5)
    recorder.stop()
    with AnyReader([tmp_path / "a.mcap"]) as reader:
        assert {each.topic: each.msgcount for each in reader.connections} == dict.fromkeys(TOPICS, 40)
        for connection, _, data in reader.messages():
            reader.deserialize(data, connection.msgtype)


def test_a_file_that_is_finished_and_renamed_while_it_is_read_is_read_to_its_end(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "a.mcap")
    channel = writer.add_channel("/cmd_vel", messages.TWIST)
    for index in range(3):
        writer.write(channel, index, _messages(index)[1][2], index)
    writer.flush()
    damage = Damage()
    records = readable_records(writer.part, damage)
    read = [next(records)]
    writer.close()
    read += list(records)
    assert not writer.part.exists()
    assert sum(isinstance(record, Message) for record in read) == 3
    assert damage.lost_bytes == 0


def _early(stamp_s: float) -> bytes:
    """A command with a stamp of its own."""
    message = messages.command_message(VelocityCommand(1.0), stamp_s)
    return bytes(messages.STORE.serialize_cdr(message, messages.TWIST))


def test_a_stamp_before_1970_costs_nothing_but_itself(tmp_path: Path) -> None:
    assert stamp_ns(_early(-0.5)) == 0 and stamp_ns(_early(1.5)) == 1_500_000_000
    recorder = Recorder(TOPICS, min_free_bytes=1)
    recorder.start(tmp_path / "a.mcap")
    for index, publish_ns in enumerate((1_000, -500_000_000, 1 << 64, 3_000)):
        recorder.put("/cmd_vel", 1_000_000 + index, _early(-0.5), publish_ns)
    path = recorder.stop()
    assert path is not None and recorder.state().problem == ""
    with path.open("rb") as file:
        times = [message.publish_time for _, _, message in make_reader(file, validate_crcs=True).iter_messages()]
    assert times == [1_000, 1_000_001, 1_000_002, 3_000]


def test_what_cannot_be_written_ends_the_recording_with_a_word(tmp_path: Path) -> None:
    recorder = Recorder(TOPICS, min_free_bytes=1)
    recorder.start(tmp_path / "a.mcap")
    recorder.put("/cmd_vel", -5, _early(1.0), 5)
    assert recorder.stop() is None
    state = recorder.state()
    assert not state.recording and "-5 ns" in state.problem and "episodes repair" in state.problem
    assert not (tmp_path / "a.mcap").exists()


def test_a_thread_that_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(TOPICS, min_free_bytes=1)
    recorder.start(tmp_path / "a.mcap")
    monkeypatch.setattr(RecordingWriter, "write", lambda *_: 1 / 0)
    recorder.put("/cmd_vel", 1, _early(1.0), 1)
    assert recorder.stop() is None
    assert "ZeroDivisionError" in recorder.state().problem and not recorder.state().recording


def test_a_time_that_the_format_lacks_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "a.mcap")
    channel = writer.add_channel("/cmd_vel", messages.TWIST)
    writer.write(channel, 1, _early(1.0), 1)
    with pytest.raises(EpisodeError, match="came at -1 ns"):
        writer.write(channel, -1, _early(1.0), 1)
    writer.write(channel, 2, _early(1.0), 2)
    writer.close()
    with writer.path.open("rb") as file:
        times = [message.log_time for _, _, message in make_reader(file, validate_crcs=True).iter_messages()]
    assert times == [1, 2]


def test_what_a_crash_left_is_not_recorded_over(recording: bytes, tmp_path: Path) -> None:
    part = tmp_path / "a.mcap.part"
    part.write_bytes(recording)
    recorder = Recorder(TOPICS, min_free_bytes=1)
    with pytest.raises(EpisodeError, match="episodes repair"):
        recorder.start(tmp_path / "a.mcap")
    assert part.read_bytes() == recording and not recorder.recording
    repair(part)
    part.unlink()
    (tmp_path / "a.mcap").rename(tmp_path / "before.mcap")
    recorder.start(tmp_path / "a.mcap")
    assert recorder.stop() == tmp_path / "a.mcap"


def test_a_file_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    recorder = Recorder(TOPICS, min_free_bytes=1)
    path = tmp_path / "a.mcap"
    recorder.start(path)
    recorder.put("/cmd_vel", 1, _early(1.0), 1)
    path.write_bytes(b"precious")
    with pytest.raises(EpisodeError, match="was written meanwhile"):
        recorder.stop()
    assert path.read_bytes() == b"precious" and "was written meanwhile" in recorder.state().problem
    with (tmp_path / "a.mcap.part").open("rb") as file:
        assert len(list(make_reader(file, validate_crcs=True).iter_messages())) == 1


def test_topics_without_a_schema_are_mended_too(tmp_path: Path) -> None:
    file = write_without_schema(tmp_path / "a.mcap.part")
    report = repair(file)
    assert report.messages == 3 and report.damage.lost_bytes == 0
