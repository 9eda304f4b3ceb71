"""Cutting keeps every message once, whole files whole, and latched state known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liquid_nav.data import messages, open_episode, read_episode
from liquid_nav.data.edit import Part, parts_at_gaps, parts_between, parts_every, split, trim
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.data.summary import summarize, summarize_all
from liquid_nav.errors import EpisodeError
from tests.data.makers import PERIOD_S, write_episode, write_without_schema


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


@pytest.mark.parametrize("every", [0.25, 0.5, 1.0])
def test_a_length_that_is_a_multiple_of_the_interval_makes_no_part_of_nothing(tmp_path: Path, every: float) -> None:
    path = write_episode(tmp_path / "a.mcap", steps=41)  # 2 s
    files = split(path, tmp_path / "parts", parts_every(path, every))
    counts = [len(read_episode(file).steps) for file in files]
    assert len(files) == 2 / every and sum(counts) == 41 and counts[-1] == counts[0] + 1


def test_a_cut_counts_once_and_not_at_the_end(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap", steps=41)
    parts = parts_between(path, [1.0, 1.0, 1.9995])
    assert [part.start_s for part in parts] == [0.0, 1.0]
    assert sum(len(read_episode(file).steps) for file in split(path, tmp_path / "parts", parts)) == 41


def test_a_split_that_cannot_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, out = write_episode(tmp_path / "a.mcap"), tmp_path / "parts"
    with pytest.raises(EpisodeError, match=r"1\.01 to 1\.02 s holds no messages"):
        split(path, out, [Part(0.0, 1.0), Part(1.01, 1.02)])
    assert not out.exists()
    out.mkdir()
    (out / "a-01.mcap").write_bytes(b"precious")
    with pytest.raises(EpisodeError, match=r"a-01\.mcap exists already"):
        split(path, out, parts_every(path, 1.0))
    assert [file.name for file in out.iterdir()] == ["a-01.mcap"]
    (out / "a-01.mcap").unlink()
    close, closed = RecordingWriter.close, list[Path]()

    def full(self: RecordingWriter) -> None:
        if len(closed) == 2:
            raise OSError(28, "No space left on device")
        close(self)
        closed.append(self.path)

    monkeypatch.setattr(RecordingWriter, "close", full)
    with pytest.raises(EpisodeError, match="No space left"):
        split(path, out, parts_every(path, 1.0))
    assert len(closed) == 2 and not list(out.iterdir())


def test_a_part_invents_no_label_and_no_target(tmp_path: Path) -> None:
    def change(index: int, values: dict[str, Any]) -> dict[str, Any]:
        unknown = {"expert": None, "target_position_enu_m": None, "target_mask": None, "source": ""}
        return values if index < 10 else values | unknown

    path = write_episode(tmp_path / "a.mcap", change=change)
    trim(path, tmp_path / "b.mcap", Part(1.0, 2.0))
    for step in read_episode(tmp_path / "b.mcap").steps:
        assert not step.labelled and step.source == "" and step.target_mask is None
        assert np.isnan(step.target_position_enu_m).all()


def test_topics_without_a_schema_are_cut_like_others(tmp_path: Path) -> None:
    path = write_without_schema(tmp_path / "a.mcap")
    assert trim(path, tmp_path / "b.mcap", Part(0.05, 0.15)) == 1
    assert summarize(tmp_path / "b.mcap").topics == {"/raw": 1}


def test_a_file_with_one_message_is_one_part(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap", steps=1)
    (file,) = split(path, tmp_path / "parts", parts_every(path, 1.0))
    assert len(read_episode(file).steps) == 1


def test_numbers_that_are_none_are_kept_as_text(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap", steps=3)
    writer = RecordingWriter(tmp_path / "b.mcap")
    writer.add_metadata("liquid_nav", {"seed": "seven", "horizontal_fov_rad": "wide", "pilot": "Ada"})
    writer.write(writer.add_channel("/beat", messages.TEXT), 0, b"", 0)
    writer.close()
    rows = [summary.row() for summary in summarize_all([tmp_path])]
    assert [(row["seed"], row["state"]) for row in rows] == [(1, "whole"), (-1, "whole")]
    metadata = summarize(tmp_path / "b.mcap").metadata
    assert np.isnan(metadata.horizontal_fov_rad) and metadata.pilot == "Ada"
    assert metadata.extra == {"seed": "seven", "horizontal_fov_rad": "wide"}
    assert summarize(path).metadata.extra == {}
