"""Reading damaged MCAP files as far as they are whole, and mending them."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import zstandard
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Message, Metadata, Schema
from mcap.stream_reader import StreamReader, breakup_chunk

from liquid_nav.data.recording import NO_SCHEMA, PART_SUFFIX, RecordingWriter
from liquid_nav.errors import EpisodeError

MAGIC = b"\x89MCAP0\r\n"
HEAD = struct.Struct("<BQ")  # of a record: opcode, length
LONGEST_RECORD = 1 << 32
LONGEST_CHUNK = 1 << 28  # when it is unpacked


@dataclass
class Damage:
    """What could not be read.

    Attributes:
        lost_bytes: of the file that hold nothing readable any more.
        reason: what was found first, empty for a whole file.
    """

    lost_bytes: int = 0
    reason: str = ""

    def add(self, lost_bytes: int, reason: str) -> None:
        """Note one more damage."""
        self.lost_bytes += lost_bytes
        self.reason = self.reason or reason


@dataclass(frozen=True)
class Repair:
    """What :func:`repair` did.

    Attributes:
        path: of the mended file.
        messages: saved.
        seconds: of the recording that they span.
        damage: what was lost.
    """

    path: Path
    messages: int
    seconds: float
    damage: Damage


def readable_records(path: Path, damage: Damage) -> Iterator[Schema | Channel | Message | Metadata]:
    """Yield the data of a file in their order, whatever is broken.

    A damaged chunk is left out and the next one read; of a chunk that the end of the file cuts, what can be unpacked
    is yielded. Indexes are not used.

    Args:
        path: of the file.
        damage: where losses are noted.

    Raises:
        EpisodeError: when this is no MCAP file at all.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise EpisodeError(f"{path} is not an MCAP file: its first bytes are foreign")
        size = os.fstat(file.fileno()).st_size  # by the open file: a recording that ends is renamed while it is read
        while True:
            at = file.tell()
            head = file.read(HEAD.size)
            if len(head) < HEAD.size:
                damage.add(len(head), "the file was not finished")
                return
            opcode, length = HEAD.unpack(head)
            if opcode == 0 or length > LONGEST_RECORD or (opcode > Opcode.DATA_END and opcode < 0x80):
                damage.add(size - at, f"what follows byte {at} are no records")
                return
            body = file.read(length)
            if len(body) < length:
                saved = _cut_chunk(body) if opcode == Opcode.CHUNK else []
                yield from saved
                damage.add(0 if saved else HEAD.size + len(body), "the file was not finished")
                return
            if opcode == Opcode.DATA_END:
                if not _ends_well(file, size):
                    damage.add(0, "the index at the end of the file is cut")
                return
            yield from records_of(head + body, damage, at)


def _ends_well(file: BinaryIO, size: int) -> bool:
    file.seek(size - len(MAGIC))
    return file.read(len(MAGIC)) == MAGIC


def records_of(data: bytes, damage: Damage, at: int) -> Iterator[Schema | Channel | Message | Metadata]:
    """Yield what one whole record holds, of a chunk all its records.

    Args:
        data: the record with its opcode and length.
        damage: where a loss is noted.
        at: of the record's first byte in its file.
    """
    try:
        record = next(iter(StreamReader(BytesIO(data), skip_magic=True, emit_chunks=True).records), None)
        found = breakup_chunk(record, validate_crc=True) if isinstance(record, Chunk) else [record]
    except Exception as error:  # the reader raises many kinds on foreign bytes
        damage.add(len(data), f"the record at byte {at} is damaged ({type(error).__name__})")
        return
    for each in found:
        if isinstance(each, Schema | Channel | Message | Metadata):
            yield each


def _cut_chunk(body: bytes) -> list[Schema | Channel | Message]:
    """Return the whole records at the beginning of a chunk that is cut."""
    fixed = 8 + 8 + 8 + 4
    if len(body) < fixed + 4:
        return []
    name_length = int(struct.unpack_from("<I", body, fixed)[0])
    start = fixed + 4 + name_length + 8
    if name_length > 8 or len(body) < start:
        return []
    compression, data = body[fixed + 4 : fixed + 4 + name_length], body[start:]
    if compression == b"zstd":
        try:
            data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        except zstandard.ZstdError:
            return []
    elif compression:
        return []
    return list(_whole_records(data[:LONGEST_CHUNK]))


def _whole_records(data: bytes) -> Iterator[Schema | Channel | Message]:
    at = 0
    while at + HEAD.size <= len(data):
        _, length = HEAD.unpack_from(data, at)
        end = at + HEAD.size + length
        if end > len(data):
            return
        for record in records_of(data[at:end], Damage(), at):
            if isinstance(record, Schema | Channel | Message):
                yield record
        at = end


def mended_name(path: Path) -> Path:
    """Return where a mended file goes: beside the damaged one, which stays."""
    if path.name.endswith(PART_SUFFIX):
        return path.with_name(path.name.removesuffix(PART_SUFFIX))
    return path.with_name(f"{path.stem}-repaired.mcap")


def repair(path: Path, out: Path | None = None) -> Repair:
    """Write what can be read of a damaged or unfinished file as a whole one; the damaged file stays.

    Args:
        path: an ``.mcap`` or ``.mcap.part`` file.
        out: of the mended file; without it ``x.mcap`` for ``x.mcap.part`` and ``x-repaired.mcap`` for ``x.mcap``.

    Raises:
        EpisodeError: when it is no MCAP file, holds no message, or the mended file exists or cannot be written.
    """
    if not path.is_file():
        raise EpisodeError(f"{path} does not exist: give an .mcap or .mcap.part file")
    damage = Damage()
    target = out or mended_name(path)
    # Its own .part file must not be the one that is being read.
    writer = RecordingWriter(target.with_name(f"{target.stem}-mending.mcap"), library="liquid_nav repair")
    try:
        first, last = _copy(path, writer, damage)
        if target.exists():
            raise EpisodeError(f"{target} exists already: remove it or choose another name")
        if not writer.messages:
            raise EpisodeError(f"{path} holds no whole message: nothing can be saved")
        messages = writer.messages
        writer.close()
        writer.path.rename(target)
    except OSError as error:
        raise EpisodeError(f"{target} cannot be written ({error}): free some space") from error
    finally:
        writer.discard()
    return Repair(target, messages, 1e-9 * (last - first), damage)


def _copy(path: Path, writer: RecordingWriter, damage: Damage) -> tuple[int, int]:
    """Copy what is readable; return the first and last log time in nanoseconds."""
    schemas: dict[int, Schema] = {}
    known: dict[int, Channel] = {}
    channels: dict[int, int] = {}
    times: list[int] = []
    for record in readable_records(path, damage):
        if isinstance(record, Schema):
            schemas[record.id] = record
        elif isinstance(record, Channel):
            known[record.id] = record
        elif isinstance(record, Metadata):
            writer.add_metadata(record.name, record.metadata)
        elif record.channel_id in known and known[record.channel_id].schema_id in (NO_SCHEMA, *schemas):
            if record.channel_id not in channels:
                channel = known[record.channel_id]
                channels[record.channel_id] = writer.add_channel_like(channel, schemas.get(channel.schema_id))
            writer.write(channels[record.channel_id], record.log_time, record.data, record.publish_time)
            times.append(record.log_time)
        else:
            damage.add(len(record.data), "messages of a topic whose description is lost")
    return (min(times), max(times)) if times else (0, 0)
