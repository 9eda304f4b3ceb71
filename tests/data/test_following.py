"""A recording is read while it grows, from where the last look ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from mcap.records import Message

from liquid_nav.data import messages
from liquid_nav.data.following import GrowingRecording
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.errors import EpisodeError

TEXT = bytes(messages.STORE.serialize_cdr(messages.make(messages.TEXT, data="x" * 200), messages.TEXT))


class _Growing:
    """A writer that says something ten times at a time."""

    def __init__(self, path: Path) -> None:
        self.writer = RecordingWriter(path)
        self.channel = self.writer.add_channel("/beat", messages.TEXT)
        self.count = 0

    def grow(self) -> None:
        for _ in range(10):
            self.writer.write(self.channel, self.count, TEXT, self.count)
            self.count += 1
        self.writer.flush()
        self.writer._file.flush()


def _times(recording: GrowingRecording) -> list[int]:
    return [record.log_time for record in recording.records() if isinstance(record, Message)]


def test_every_message_comes_once_and_the_end_is_seen_under_the_new_name(tmp_path: Path) -> None:
    growing = _Growing(tmp_path / "a.mcap")
    growing.grow()
    recording = GrowingRecording(growing.writer.part)
    assert _times(recording) == list(range(10))
    assert _times(recording) == []
    growing.grow()
    assert _times(recording) == list(range(10, 20)) and not recording.finished
    growing.grow()
    growing.writer.close()
    assert not growing.writer.part.exists()
    assert _times(recording) == list(range(20, 30)) and recording.finished
    recording.close()


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    growing = _Growing(tmp_path / "a.mcap")
    growing.grow()
    recording = GrowingRecording(growing.writer.part)
    assert len(_times(recording)) == 10
    with growing.writer.part.open("r+b") as file:
        file.write(bytes(growing.writer.size_bytes))  # nothing of it can be read any more
    growing.grow()
    assert _times(recording) == list(range(10, 20)) and recording.damage.reason == ""
    growing.writer.close()
    recording.close()


def test_half_a_record_waits_for_its_other_half(tmp_path: Path) -> None:
    growing = _Growing(tmp_path / "whole.mcap")
    growing.grow()
    growing.writer.close()
    whole, half = growing.writer.path.read_bytes(), tmp_path / "half.mcap.part"
    half.write_bytes(b"")
    recording = GrowingRecording(half)
    seen = []
    for end in range(0, len(whole) + 37, 37):
        half.write_bytes(whole[:end])
        seen += _times(recording)
    assert seen == list(range(10)) and recording.finished and recording.damage.reason == ""
    recording.close()


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mcap").write_bytes(b"hello, I am no recording")
    with pytest.raises(EpisodeError, match="first bytes"):
        _times(GrowingRecording(tmp_path / "a.mcap"))
    with pytest.raises(EpisodeError, match="does not exist"):
        GrowingRecording(tmp_path / "b.mcap")
