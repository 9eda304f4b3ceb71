"""The recorded episodes, as the page lists and replays them."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcap.reader import make_reader

from liquid_nav.cockpit.judge import judged, not_judged
from liquid_nav.cockpit.replay import IMAGES, Replay, read_replay
from liquid_nav.data import list_episodes, messages
from liquid_nav.data.summary import WHOLE, Summary, summarize
from liquid_nav.errors import EpisodeError

OPEN = 2  # replays kept in memory
NEWEST = 200
LARGEST = 150_000_000  # bytes: longer recordings are not judged here

Judge = Callable[[Path], list[dict[str, str]]]
Mark = tuple[int, int]  # modification time in ns and size of a file: when it changes, the file is another one


@dataclass
class Entry:
    """What the list shows of an episode.

    Attributes:
        mark: of the file when it was read.
        facts: plain values for JSON; ``findings`` is None until the episode has been judged.
        thumbnail: JPEG of an image in the middle, empty when there is none.
    """

    mark: Mark
    facts: dict[str, Any]
    thumbnail: bytes


class Library:
    """The episodes of a folder. Listing and reading take time: call them from a thread that may wait.

    Args:
        folder: of ``.mcap`` files; it need not exist yet.
        judge: says what is wrong with an episode.
    """

    def __init__(self, folder: Path, judge: Judge = judged) -> None:
        self._folder, self._judge = folder, judge
        self._entries: dict[str, Entry] = {}
        self._replays: OrderedDict[tuple[str, Mark], Replay] = OrderedDict()
        self._lock = threading.Lock()
        self._judging: threading.Thread | None = None

    def entries(self) -> list[dict[str, Any]]:
        """Return the facts of the episodes, the newest first; files that have not changed are not read again."""
        with self._lock:
            paths = list_episodes(self._folder) if self._folder.is_dir() else []
            found = [(path, status) for path in paths if (status := _status(path)) is not None]
            found.sort(key=lambda each: each[1].st_mtime_ns, reverse=True)
            self._entries = {path.name: self._entry(path, status) for path, status in found[:NEWEST]}
            if self._judging is None or not self._judging.is_alive():
                self._judging = threading.Thread(target=self._judge_all, name="judge", daemon=True)
                self._judging.start()
            return [dict(entry.facts) for entry in self._entries.values()]

    def thumbnail(self, name: str) -> bytes:
        """Return the JPEG that stands for an episode.

        Raises:
            EpisodeError: when there is no such episode, or no image in it.
        """
        found = self._entries.get(name)
        if found is None or not found.thumbnail:
            raise EpisodeError(f"there is no picture of {name!r}: list the episodes first")
        return found.thumbnail

    def replay(self, name: str) -> Replay:
        """Return an episode for replay.

        Raises:
            EpisodeError: when there is no such episode or it cannot be read.
        """
        if Path(name).name != name or not name.endswith(".mcap"):
            raise EpisodeError(f"{name!r} is not the name of an episode")
        path = self._folder / name
        with self._lock:
            try:
                key = name, _mark(path.stat())
                found = self._replays.get(key) or read_replay(path)
            except (OSError, ValueError) as error:
                raise EpisodeError(f"{name[:80]!r} cannot be read ({error}): list the episodes again") from error
            self._replays[key] = found
            self._replays.move_to_end(key)
            while len(self._replays) > OPEN:
                self._replays.popitem(last=False)
            return found

    def _entry(self, path: Path, status: os.stat_result) -> Entry:
        known = self._entries.get(path.name)
        if known is not None and known.mark == _mark(status):
            return known
        facts: dict[str, Any] = {
            "name": path.name,
            "at": status.st_mtime,
            "megabytes": round(status.st_size / 1e6, 2),
            "seconds": 0.0,
            "images": 0,
            "notes": "",
            "findings": None,
        }
        try:
            summary = summarize(path)
        except Exception as error:  # one odd file must not hide the others
            return Entry(_mark(status), {**facts, "findings": [{"name": "unreadable", "text": str(error)}]}, b"")
        facts["seconds"], facts["images"] = round(summary.seconds, 2), summary.images
        facts["notes"] = summary.metadata.extra.get("notes", "")
        return Entry(_mark(status), facts, _thumbnail(summary))

    def _judge_all(self) -> None:
        """Judge one episode after another until all are."""
        for entry in list(self._entries.values()):
            if entry.facts["findings"] is None and entry.mark[1] > LARGEST:
                entry.facts["findings"] = [not_judged(f"it is larger than {LARGEST / 1e6:g} MB")]
            elif entry.facts["findings"] is None:
                entry.facts["findings"] = self._judge(self._folder / entry.facts["name"])


def _status(path: Path) -> os.stat_result | None:
    """Return what is known of a file, of a link to nowhere the link's; None when it has been deleted meanwhile."""
    try:
        return path.stat() if path.exists() else path.lstat()
    except OSError:
        return None


def _mark(status: os.stat_result) -> Mark:
    return status.st_mtime_ns, status.st_size


def _thumbnail(summary: Summary) -> bytes:
    if summary.state != WHOLE or not summary.images:
        return b""
    try:
        topic = next(topic for topic in summary.topics or {} if topic.endswith(IMAGES))
        with summary.path.open("rb") as file:
            reader = make_reader(file)
            found = reader.get_summary()
            if found is None or found.statistics is None:
                return b""
            middle = (found.statistics.message_start_time + found.statistics.message_end_time) // 2
            for _, _, message in reader.iter_messages([topic], starting_at=middle):
                picture: Any = messages.STORE.deserialize_cdr(message.data, messages.IMAGE)
                return bytes(picture.data)
    except Exception:  # the list does without a picture, whatever reader and decoder raise on foreign bytes
        return b""
    return b""
