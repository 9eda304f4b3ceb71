"""Cutting recordings: parts of a file as files of their own, message by message."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mcap.records import Channel, Message, Metadata, Schema

from liquid_nav.data.episode import METADATA_NAME
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.data.salvage import Damage, readable_records
from liquid_nav.errors import EpisodeError

IMAGE_ENDINGS = ("/image/compressed", "/image_raw", "/image_raw/compressed")
# What holds until something else is said. All else belongs to its moment: a label is none for the images after it.
STATE_ENDINGS = ("/vehicle/state", "/sim/collision", "/sim/status", "/camera_info", "/tf_static")
LEAST_S = 1e-3  # no part begins later before the end
BEYOND_S = 1e-6  # what is cut ends before its end, and the last message is to be in the last part


@dataclass(frozen=True)
class Part:
    """A part of a file, in seconds from its first message; what comes at its end is not in it."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class _Times:
    """Log times of a file's messages and of its images among them, in nanoseconds, in their order."""

    messages: list[int]
    images: list[int]

    @property
    def total_s(self) -> float:
        return 1e-9 * (self.messages[-1] - self.messages[0])

    def window(self, part: Part) -> tuple[int, int]:
        """Return the log times where a part begins and ends.

        Raises:
            EpisodeError: when it lies outside the file or is empty.
        """
        if not 0.0 <= part.start_s < part.end_s or part.start_s > self.total_s:
            raise EpisodeError(f"the part {_span(part)} is not within the file's {self.total_s:.2f} s")
        first = self.messages[0]
        end_s = min(part.end_s, self.total_s + 1.0)
        start_ns, end_ns = first + round(part.start_s * 1e9), first + round(end_s * 1e9)
        if bisect_left(self.messages, start_ns) == bisect_left(self.messages, end_ns):
            raise EpisodeError(f"the part {_span(part)} holds no messages: cut elsewhere")
        return start_ns, end_ns


def trim(path: Path, out: Path, part: Part) -> int:
    """Write a part of a file as a file of its own; return its number of messages.

    What was last said before the part about a state that holds on (see ``STATE_ENDINGS``) is said again at its start
    when it is not said within the part.

    Raises:
        EpisodeError: when the file cannot be read, the part is empty or ``out`` cannot be written.
    """
    return _write(path, out, part, _times(path).window(part))


def split(path: Path, folder: Path, parts: list[Part]) -> list[Path]:
    """Write every part as ``<name>-00.mcap``, ``-01`` and so on, all or none; return the files.

    Raises:
        EpisodeError: when the file cannot be read, a part is empty, or a file exists or cannot be written.
    """
    times = _times(path)
    windows = [times.window(part) for part in parts]
    files = [folder / f"{path.stem}-{index:02d}.mcap" for index in range(len(parts))]
    there = [file for file in files if file.exists()]
    if there:
        raise EpisodeError(f"{there[0]} exists already: remove it or choose another folder")
    done: list[Path] = []
    try:
        for file, part, window in zip(files, parts, windows, strict=True):
            _write(path, file, part, window)
            done.append(file)
    except BaseException:
        for file in done:
            file.unlink(missing_ok=True)
        raise
    return files


def parts_every(path: Path, seconds: float) -> list[Part]:
    """Return parts of equal length; the last one is shorter, or longer by less than ``LEAST_S``."""
    if seconds < LEAST_S:
        raise EpisodeError(f"every is {seconds:g} s: use {LEAST_S:g} s or more")
    total_s = _times(path).total_s
    return _parts(total_s, [seconds * number for number in range(1, int(total_s / seconds) + 1)])


def parts_between(path: Path, cuts_s: list[float]) -> list[Part]:
    """Return the parts between some moments.

    Raises:
        EpisodeError: when a moment lies outside the file.
    """
    total_s = _times(path).total_s
    outside = [cut for cut in cuts_s if not 0.0 < cut < total_s + BEYOND_S]
    if outside:
        raise EpisodeError(f"{outside[0]:g} s is not within the file's {total_s:.2f} s")
    return _parts(total_s, cuts_s)


def parts_at_gaps(path: Path, gap_s: float) -> list[Part]:
    """Return the parts between which no image came for longer than ``gap_s``."""
    times = _times(path)
    first = times.messages[0]
    cuts = [
        1e-9 * (after - first) - 1e-4
        for one, after in pairwise(times.images)
        if 1e-9 * (after - one) > gap_s
    ]
    return _parts(times.total_s, cuts)


def _parts(total_s: float, cuts_s: Iterable[float]) -> list[Part]:
    """Return the parts between cuts, each cut taken once; one just before the end is left out."""
    inner = sorted({cut for cut in cuts_s if cut < total_s - LEAST_S})
    return [Part(start, end) for start, end in pairwise([0.0, *inner, total_s + BEYOND_S])]


def _times(path: Path) -> _Times:
    """Return when the messages of a file came.

    Raises:
        EpisodeError: when the file is missing, foreign, damaged or empty.
    """
    if not path.is_file():
        raise EpisodeError(f"{path} does not exist: give an .mcap file")
    damage, times, images = Damage(), list[int](), list[int]()
    topics: dict[int, str] = {}
    for record in readable_records(path, damage):
        if isinstance(record, Channel):
            topics[record.id] = record.topic
        elif isinstance(record, Message):
            times.append(record.log_time)
            if topics.get(record.channel_id, "").endswith(IMAGE_ENDINGS):
                images.append(record.log_time)
    if damage.reason:
        raise EpisodeError(f"{path} is damaged ({damage.reason}): run `liquid-nav episodes repair` first")
    if not times:
        raise EpisodeError(f"{path} holds no messages: there is nothing to cut")
    return _Times(sorted(times), sorted(images))


def _write(path: Path, out: Path, part: Part, window: tuple[int, int]) -> int:
    """Write what lies within a window of log times; return the number of messages."""
    writer = RecordingWriter(out, library="liquid_nav trim")
    try:
        _copy(path, writer, *window)
        writer.add_metadata(METADATA_NAME, {"cut_from": f"{path.name} {_span(part)}"})
        writer.close()
    except OSError as error:
        raise EpisodeError(f"{out} cannot be written ({error}): free some space") from error
    finally:
        writer.discard()
    return writer.messages


def _copy(path: Path, writer: RecordingWriter, start_ns: int, end_ns: int) -> None:
    schemas: dict[int, Schema] = {}
    channels: dict[int, int] = {}
    states: set[int] = set()
    before: dict[int, Message] = {}
    within: list[Message] = []
    for record in readable_records(path, Damage()):
        if isinstance(record, Schema):
            schemas[record.id] = record
        elif isinstance(record, Channel):
            if record.id not in channels:
                channels[record.id] = writer.add_channel_like(record, schemas.get(record.schema_id))
            if record.topic.endswith(STATE_ENDINGS):
                states.add(record.id)
        elif isinstance(record, Metadata):
            writer.add_metadata(record.name, record.metadata)
        elif record.log_time >= start_ns:
            if record.log_time < end_ns:
                within.append(record)
        elif record.channel_id in states:
            before[record.channel_id] = record
    spoken = {record.channel_id for record in within}
    for number, record in before.items():
        if number not in spoken:
            writer.write(channels[number], start_ns, record.data, record.publish_time)
    for record in within:
        writer.write(channels[record.channel_id], record.log_time, record.data, record.publish_time)


def _span(part: Part) -> str:
    return f"{part.start_s:g} to {part.end_s:g} s"
