"""Cutting recordings: parts of a file as files of their own, message by message."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mcap.records import Channel, Message, Metadata, Schema

from liquid_nav.data.episode import METADATA_NAME
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.data.salvage import Damage, readable_records
from liquid_nav.errors import EpisodeError

IMAGE_ENDINGS = ("/image/compressed", "/image_raw", "/image_raw/compressed")


@dataclass(frozen=True)
class Part:
    """A part of a file, in seconds from its first message."""

    start_s: float
    end_s: float


def times_of(path: Path) -> tuple[int, int, list[int]]:
    """Return the first and last log time of a file and those of its images, in nanoseconds.

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
    return min(times), max(times), sorted(images)


def trim(path: Path, out: Path, part: Part) -> int:
    """Write a part of a file as a file of its own; return its number of messages.

    What was last said before the part on topics that are silent in it (a latched state) is said again at its start.

    Raises:
        EpisodeError: when the file cannot be read, the part is empty or ``out`` cannot be written.
    """
    first, last, _ = times_of(path)
    total_s = 1e-9 * (last - first)
    if not 0.0 <= part.start_s < part.end_s or part.start_s >= total_s:
        raise EpisodeError(f"the part {part.start_s:g} to {part.end_s:g} s is not within the file's {total_s:.2f} s")
    start_ns, end_ns = first + round(part.start_s * 1e9), first + round(part.end_s * 1e9)
    writer = RecordingWriter(out, library="liquid_nav trim")
    try:
        _copy(path, writer, start_ns, end_ns)
        if not writer.messages:
            raise EpisodeError(f"the part {part.start_s:g} to {part.end_s:g} s of {path} holds no messages")
        writer.add_metadata(METADATA_NAME, {"cut_from": f"{path.name} {part.start_s:g} to {part.end_s:g} s"})
        writer.close()
    except OSError as error:
        raise EpisodeError(f"{out} cannot be written ({error}): free some space") from error
    finally:
        writer.discard()
    return writer.messages


def _copy(path: Path, writer: RecordingWriter, start_ns: int, end_ns: int) -> None:
    schemas: dict[int, Schema] = {}
    channels: dict[int, int] = {}
    before: dict[int, Message] = {}
    within: list[Message] = []
    for record in readable_records(path, Damage()):
        if isinstance(record, Schema):
            schemas[record.id] = record
        elif isinstance(record, Channel):
            schema = schemas[record.schema_id]
            if record.id not in channels:
                channels[record.id] = writer.add_foreign_channel(
                    record.topic, schema.name, schema.encoding, schema.data, record.message_encoding
                )
        elif isinstance(record, Metadata):
            writer.add_metadata(record.name, record.metadata)
        elif record.log_time < start_ns:
            before[record.channel_id] = record
        elif record.log_time < end_ns:
            within.append(record)
    spoken = {record.channel_id for record in within}
    for number, record in before.items():
        if number not in spoken:
            writer.write(channels[number], start_ns, record.data, record.publish_time)
    for record in within:
        writer.write(channels[record.channel_id], record.log_time, record.data, record.publish_time)


def parts_every(path: Path, seconds: float) -> list[Part]:
    """Return parts of equal length, the last one shorter."""
    if seconds <= 0.0:
        raise EpisodeError(f"every is {seconds:g} s: use more than 0")
    first, last, _ = times_of(path)
    total_s, starts = 1e-9 * (last - first) + 1e-6, [0.0]
    while starts[-1] + seconds < total_s:
        starts.append(starts[-1] + seconds)
    return [Part(start, min(start + seconds, total_s)) for start in starts]


def parts_between(path: Path, cuts_s: list[float]) -> list[Part]:
    """Return the parts between some moments.

    Raises:
        EpisodeError: when a moment lies outside the file.
    """
    first, last, _ = times_of(path)
    total_s = 1e-9 * (last - first) + 1e-6
    outside = [cut for cut in cuts_s if not 0.0 < cut < total_s]
    if outside:
        raise EpisodeError(f"{outside[0]:g} s is not within the file's {total_s:.2f} s")
    edges = [0.0, *sorted(cuts_s), total_s]
    return [Part(start, end) for start, end in pairwise(edges)]


def parts_at_gaps(path: Path, gap_s: float) -> list[Part]:
    """Return the parts between which no image came for longer than ``gap_s``."""
    first, last, images = times_of(path)
    cuts = [
        1e-9 * (after - first) - 1e-4
        for one, after in pairwise(images)
        if 1e-9 * (after - one) > gap_s
    ]
    edges = [0.0, *cuts, 1e-9 * (last - first) + 1e-6]
    return [Part(start, end) for start, end in pairwise(edges)]


def split(path: Path, folder: Path, parts: list[Part]) -> list[Path]:
    """Write every part as ``<name>-00.mcap``, ``-01`` and so on; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{path.stem}-{index:02d}.mcap" for index in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        trim(path, file, part)
    return files
