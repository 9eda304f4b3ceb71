"""The recorded episodes, as the page lists and replays them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liquid_nav.cockpit.replay import Replay, read_replay
from liquid_nav.data import list_episodes
from liquid_nav.errors import EpisodeError, LiquidNavError

OPEN = 2  # replays kept in memory
NEWEST = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """What the list shows of an episode.

    Attributes:
        facts: name, duration, images, notes, flags, plain values for JSON.
        thumbnail: JPEG of an image in the middle, empty when there is none.
    """

    facts: dict[str, Any]
    thumbnail: bytes


class Library:
    """The episodes of a folder. Reading takes time: call it from a thread that may wait.

    Args:
        folder: of ``.mcap`` files; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: dict[str, tuple[tuple[int, int], Entry]] = {}
        self._replays: OrderedDict[str, Replay] = OrderedDict()
        self._lock = threading.Lock()

    def entries(self) -> list[Entry]:
        """Return the episodes, the newest first; files that have not changed are not read again."""
        with self._lock:
            paths = list_episodes(self._folder) if self._folder.is_dir() else []
            paths = sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True)[:NEWEST]
            known = self._entries
            self._entries = {path.name: self._entry(path, known.get(path.name)) for path in paths}
            return [entry for _, entry in self._entries.values()]

    def thumbnail(self, name: str) -> bytes:
        """Return the JPEG that stands for an episode.

        Raises:
            EpisodeError: when there is no such episode, or no image in it.
        """
        found = self._entries.get(name)
        if found is None or not found[1].thumbnail:
            raise EpisodeError(f"there is no picture of {name!r}: list the episodes first")
        return found[1].thumbnail

    def replay(self, name: str) -> Replay:
        """Return an episode for replay.

        Raises:
            EpisodeError: when there is no such episode or it cannot be read.
        """
        with self._lock:
            found = self._replays.get(name)
            if found is None:
                if Path(name).name != name or not name.endswith(".mcap"):
                    raise EpisodeError(f"{name!r} is not the name of an episode")
                found = self._replays[name] = read_replay(self._folder / name)
            self._replays.move_to_end(name)
            while len(self._replays) > OPEN:
                self._replays.popitem(last=False)
            return found

    @staticmethod
    def _entry(path: Path, known: tuple[tuple[int, int], Entry] | None) -> tuple[tuple[int, int], Entry]:
        status = path.stat()
        mark = (status.st_mtime_ns, status.st_size)
        if known is not None and known[0] == mark:
            return known
        facts: dict[str, Any] = {"name": path.name, "megabytes": round(status.st_size / 1e6, 2), "at": status.st_mtime}
        try:
            replay = read_replay(path)
        except LiquidNavError as error:
            return mark, Entry(facts | {"seconds": 0.0, "images": 0, "flags": ["unreadable"], "error": str(error)}, b"")
        return mark, Entry(facts | replay.facts(), replay.thumbnail())

