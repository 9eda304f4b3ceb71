"""The commands around episodes: answers for programs, statuses for scripts, one line per mistake."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from mcap.records import Message, Schema
from typer.testing import CliRunner

from liquid_nav.data import messages, read_episode
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.errors import EpisodeError
from tests.data.makers import write_episode
from training.cli import main
from training.episodes_cli import app
from training.live_view import view


def _run(*arguments: object, status: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)
    assert result.exit_code == status, result.output
    return json.loads(result.output) if "--json" in arguments else result.output


def test_list_and_show_answer_programs(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap", extra={"kind": "teleop"})
    (row,) = _run("list", tmp_path, "--json")
    assert row["file"] == "a.mcap" and row["kind"] == "teleop" and row["images"] == 80
    shown = _run("show", path, "--json")
    assert shown["steps"] == 80 and shown["topics"]["/odom"] == 80 and shown["metadata"]["pilot"] == "Ada"
    assert "a.mcap" in _run("list", tmp_path) and "rate_hz: 20.0" in _run("show", path)


def test_check_ends_with_one_when_something_is_wrong(tmp_path: Path) -> None:
    good = write_episode(tmp_path / "good.mcap")
    short = write_episode(tmp_path / "short.mcap", steps=10)
    assert "good" in _run("check", good)
    (answer,) = _run("check", short, "--json", status=1)
    assert [finding["name"] for finding in answer["findings"]] == ["short"]


def test_repair_mends_what_is_broken_and_passes_over_the_rest(tmp_path: Path) -> None:
    whole = write_episode(tmp_path / "a.mcap")
    (tmp_path / "b.mcap.part").write_bytes(whole.read_bytes()[:-600])
    (answer,) = _run("repair", tmp_path, "--json")
    assert answer["mended"].endswith("b.mcap") and answer["messages"] > 0
    assert len(read_episode(tmp_path / "b.mcap").steps) >= 60
    assert _run("repair", tmp_path, "--json") == []


def test_repair_goes_on_after_a_file_that_cannot_be_mended_and_counts_what_is_done(tmp_path: Path) -> None:
    half = write_episode(tmp_path / "whole.mcap").read_bytes()[:-600]
    for name in ("a.mcap", "c.mcap", "d.mcap.part"):
        (tmp_path / name).write_bytes(half)
    (tmp_path / "b.mcap").write_bytes(b"something else")
    answers = _run("repair", tmp_path, "--json", status=2)
    assert [answer["file"] for answer in answers] == ["a.mcap", "b.mcap", "c.mcap", "d.mcap.part"]
    assert "not an MCAP file" in answers[1]["error"] and not any("error" in answers[k] for k in (0, 2, 3))
    assert [answer["file"] for answer in _run("repair", tmp_path, "--json", status=2)] == ["b.mcap"]
    (tmp_path / "b.mcap").unlink()
    assert "every file is whole or mended" in _run("repair", tmp_path)


@pytest.mark.parametrize("size", ["0x0", "300x0", "\u00b2x4", "x", "256", "5000x300", f"{10**20}x16"])
@pytest.mark.parametrize("kind", ["lerobot", "folder"])
def test_a_size_that_no_image_has_is_one_line_and_status_two(
    tmp_path: Path, size: str, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_episode(tmp_path / "a.mcap", 5)
    arguments = ["episodes", "export", str(path), "--out", str(tmp_path / "out"), "--size", size, "--format", kind]
    monkeypatch.setattr("sys.argv", ["liquid-nav", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: size is") and said.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["a.mcap"]


def test_garbage_instead_of_a_bag_is_one_line_and_status_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.db3").write_bytes(b"garbage" * 100)
    monkeypatch.setattr("sys.argv", ["liquid-nav", "episodes", "import", str(tmp_path / "a.db3")])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_parts_and_pictures_and_cards_are_files(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap")
    _run("trim", path, tmp_path / "b.mcap", "--start", 1, "--end", 2)
    assert len(read_episode(tmp_path / "b.mcap").steps) == 20
    assert len(_run("split", path, tmp_path / "parts", "--every", 2, "--json")) == 2
    _run("sheet", path, "--out", tmp_path / "sheet.png")
    _run("card", path, "--out", tmp_path / "card", "--name", "Meadow")
    assert (tmp_path / "sheet.png").stat().st_size > 2000 and (tmp_path / "card" / "card.png").stat().st_size > 5000
    card = (tmp_path / "card" / "CARD.md").read_text()
    assert card.startswith("# Meadow") and "| episodes | 1 |" in card and "Nothing is wrong" in card


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("split", "{file}", "{folder}"), "--every"),
        (("export", "{file}", "--out", "{folder}/x", "--format", "zip"), "zip"),
        (("export", "{file}", "--out", "{folder}/x", "--size", "big"), "WIDTHxHEIGHT"),
        (("view", "{file}"), "--foxglove"),
        (("list", "{folder}/none"), "does not exist"),
    ],
)
def test_mistakes_are_told_with_their_cure(tmp_path: Path, arguments: tuple[str, ...], word: str) -> None:
    path = write_episode(tmp_path / "a.mcap", 5)
    named = [argument.format(file=path, folder=tmp_path) for argument in arguments]
    result = CliRunner().invoke(app, named)
    assert isinstance(result.exception, EpisodeError) and word in str(result.exception)


class _Listener:
    """A viewer that keeps what it is shown."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.first = threading.Event()

    def begin(self, name: str) -> None:
        assert name == "a.mcap"

    def close(self) -> None:
        """Nothing is left."""

    def show(self, topic: str, schema: Schema, message: Message) -> None:
        assert topic == "/beat" and schema.name == messages.TEXT
        self.seen.append(message.log_time)
        self.first.set()


def test_a_recording_is_followed_while_it_grows_and_every_message_shown_once(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "a.mcap")
    channel = writer.add_channel("/beat", messages.TEXT)
    text = bytes(messages.STORE.serialize_cdr(messages.make(messages.TEXT, data="x"), messages.TEXT))
    for index in range(10):
        writer.write(channel, index, text, index)
    writer.flush()
    listener = _Listener()
    thread = threading.Thread(target=view, args=(writer.part, listener), kwargs={"follow": True})
    thread.start()
    assert listener.first.wait(20.0)
    for index in range(10, 25):
        writer.write(channel, index, text, index)
    writer.close()
    thread.join(20.0)
    assert not thread.is_alive() and listener.seen == list(range(25))
