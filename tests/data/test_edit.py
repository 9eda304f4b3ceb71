"""Cutting keeps every message once, whole files whole, and latched state known."""

from __future__ import annotations

from pathlib import Path

import pytest

from liquid_nav.data import messages, open_episode, read_episode
from liquid_nav.data.edit import Part, parts_at_gaps, parts_between, parts_every, split, trim
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.data.summary import summarize, summarize_all
from liquid_nav.errors import EpisodeError
from tests.data.makers import PERIOD_S, write_episode


def test_a_trimmed_part_holds_its_steps_and_its_origin(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap")
    trim(path, tmp_path / "b.mcap", Part(1.0, 2.0))
    whole, part = read_episode(path), read_episode(tmp_path / "b.mcap")
    assert [step.frame.stamp_s for step in part.steps] == [step.frame.stamp_s for step in whole.steps[20:40]]
    assert part.metadata.seed == 1 and part.metadata.pilot == "Ada"
    assert part.metadata.extra["cut_from"] == "a.mcap 1 to 2 s"


def test_parts_together_hold_every_step_once(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap")
    stamps = [step.frame.stamp_s for step in read_episode(path).steps]
    for number, parts in enumerate((parts_every(path, 1.3), parts_between(path, [0.5, 3.1]))):
        files = split(path, tmp_path / str(number), parts)
        assert [file.name for file in files] == [f"a-{index:02d}.mcap" for index in range(len(parts))]
        assert [step.frame.stamp_s for file in files for step in read_episode(file).steps] == stamps


def test_gaps_become_borders(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap", change=lambda index, values: None if 40 <= index < 60 else values)
    files = split(path, tmp_path / "parts", parts_at_gaps(path, 0.5))
    assert [len(read_episode(file).steps) for file in files] == [40, 20]


def test_latched_state_from_before_a_part_is_said_again(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "a.mcap")
    state, beat = writer.add_channel("/vehicle/state", messages.TEXT), writer.add_channel("/beat", messages.TEXT)
    text = bytes(messages.STORE.serialize_cdr(messages.make(messages.TEXT, data="engaged"), messages.TEXT))
    writer.write(state, 0, text, 0)
    for index in range(100):
        writer.write(beat, index * 100_000_000, text, 0)
    writer.close()
    trim(tmp_path / "a.mcap", tmp_path / "b.mcap", Part(5.0, 6.0))
    summary = summarize(tmp_path / "b.mcap")
    assert summary.topics == {"/vehicle/state": 1, "/beat": 10}
    assert summary.seconds == pytest.approx(0.9)


@pytest.mark.parametrize("part", [Part(-1.0, 2.0), Part(2.0, 1.0), Part(99.0, 100.0)])
def test_impossible_parts_are_refused_and_leave_nothing(tmp_path: Path, part: Part) -> None:
    path = write_episode(tmp_path / "a.mcap")
    with pytest.raises(EpisodeError, match="not within"):
        trim(path, tmp_path / "b.mcap", part)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mcap"]


def test_a_list_tells_whole_from_unfinished_and_damaged(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap")
    (tmp_path / "b.mcap.part").write_bytes(path.read_bytes()[:-500])
    (tmp_path / "c.mcap").write_bytes(path.read_bytes()[:-500])
    assert [summary.state for summary in summarize_all([tmp_path])] == ["whole", "unfinished", "damaged"]
    row = summarize(path).row()
    assert row["images"] == 80 and row["seconds"] == pytest.approx(79 * PERIOD_S, abs=0.01)
    assert open_episode(path).metadata.pilot == row["pilot"]
