"""Showing recordings, also those that are still being written: half a second behind the flight."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from mcap.records import Channel, Message, Schema

from liquid_nav.data.following import GrowingRecording
from liquid_nav.data.recording import PART_SUFFIX
from liquid_nav.data.salvage import Damage, readable_records
from liquid_nav.errors import LiquidNavError
from training.progress import CONSOLE
from training.viewers import Viewer

LOOK_AGAIN_S = 0.25
BETWEEN_NS = 1_000_000_000  # two flights on the viewer's time line

Entry = tuple[str, Schema, Message]


def view(path: Path, viewer: Viewer, *, follow: bool = False, speed: float = 0.0) -> int:
    """Show a recording from its start; return the number of messages.

    Args:
        path: ``.mcap``, or the ``.mcap.part`` of a recording that runs.
        viewer: where.
        follow: wait for more until the recording is finished.
        speed: recorded seconds per second; 0 for as fast as it goes.

    Raises:
        EpisodeError: when there is no such file or it is no MCAP file.
    """
    begun, first_ns, count = time.monotonic(), None, 0
    viewer.begin(path.name.removesuffix(PART_SUFFIX))
    for topic, schema, message in _followed(path, threading.Event()) if follow else _whole(path):
        first_ns = message.log_time if first_ns is None else first_ns
        if speed > 0.0:
            ahead_s = 1e-9 * (message.log_time - first_ns) / speed - (time.monotonic() - begun)
            if ahead_s > 0.0:
                time.sleep(ahead_s)
        viewer.show(topic, schema, message)
        count += 1
    return count


class Watching:
    """Shows every recording that is made in a folder, while it is made; use it in a ``with`` block.

    Several are shown one after another on one line of time. What is left at the end of the block is shown to its end.
    A viewer that fails ends the watching, not what is watched.

    Args:
        folder: that recordings appear in; what lies there already is not shown.
        viewer: where; it is closed at the end.
    """

    def __init__(self, folder: Path, viewer: Viewer) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._viewer = folder, viewer
        self._shown = {_name(path) for path in self._found()}
        self._shift_ns, self._end_ns = 0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watching", daemon=True)

    def __enter__(self) -> Watching:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._viewer.close()

    def _watch(self) -> None:
        try:
            while True:
                over = self._over.is_set()  # before the look, so that nothing is missed after it
                for path in self._found():
                    if _name(path) not in self._shown:
                        self._shown.add(_name(path))
                        self._show(path)
                if over:
                    return
                self._over.wait(LOOK_AGAIN_S)
        except (LiquidNavError, OSError) as error:
            CONSOLE.print(f"nothing is shown any more: {error}", style="yellow", highlight=False)

    def _found(self) -> list[Path]:
        return sorted([*self._folder.glob("*.mcap"), *self._folder.glob(f"*.mcap{PART_SUFFIX}")], key=_name)

    def _show(self, path: Path) -> None:
        self._viewer.begin(_name(path).removesuffix(".mcap"))
        first_ns = None
        for topic, schema, message in _followed(path, self._over):
            if first_ns is None:
                first_ns = message.log_time
                self._shift_ns = self._end_ns + BETWEEN_NS - first_ns if self._end_ns else 0
            logged_ns, made_ns = message.log_time + self._shift_ns, message.publish_time + self._shift_ns
            self._end_ns = max(self._end_ns, logged_ns)
            self._viewer.show(topic, schema, replace(message, log_time=logged_ns, publish_time=made_ns))


def _name(path: Path) -> str:
    return path.name.removesuffix(PART_SUFFIX)


def _whole(path: Path) -> Iterator[Entry]:
    yield from _Entries().of(readable_records(path, Damage()))


def _followed(path: Path, over: threading.Event) -> Iterator[Entry]:
    """Yield every message once, those that come while it is followed too, until the file is finished or all is over."""
    if not path.exists() and path.name.endswith(PART_SUFFIX):
        path = path.with_name(_name(path))  # finished since it was named
    entries = _Entries()
    with closing(GrowingRecording(path)) as recording:
        while not recording.finished:
            last = over.is_set()
            yield from entries.of(recording.records())
            if last:
                return
            if not recording.finished:
                over.wait(LOOK_AGAIN_S)


class _Entries:
    """Gives messages their topics and schemas."""

    def __init__(self) -> None:
        self._schemas: dict[int, Schema] = {}
        self._channels: dict[int, Channel] = {}

    def of(self, records: Iterator[object]) -> Iterator[Entry]:
        for record in records:
            if isinstance(record, Schema):
                self._schemas[record.id] = record
            elif isinstance(record, Channel):
                self._channels[record.id] = record
            elif isinstance(record, Message) and record.channel_id in self._channels:
                channel = self._channels[record.channel_id]
                yield channel.topic, self._schemas[channel.schema_id], record
