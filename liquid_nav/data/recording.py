"""Writing MCAP so that a crash at any byte loses at most the last second."""

from __future__ import annotations

import os
from io import BufferedWriter
from pathlib import Path

from mcap.records import Channel, Schema
from mcap.writer import CompressionType, Writer

from liquid_nav.data.messages import STORE
from liquid_nav.errors import EpisodeError

PART_SUFFIX = ".part"
FLUSH_S = 0.5  # of the recording's time in one chunk: what a crash can take, with as much again in the queue
LAST_NS = (1 << 64) - 1  # MCAP has no later time, and none before 0
NO_SCHEMA = 0


class RecordingWriter:
    """Writes messages in chunks of at most half a second, each whole on the disk before the next one begins.

    While it writes, the file is called ``<name>.mcap.part``. :meth:`close` gives it its name. What a crash leaves is
    mended by :func:`liquid_nav.data.salvage.repair`.

    Args:
        path: of the finished file, ending in ``.mcap``.
        library: who writes, for the file's header.
        sync: have every chunk on the disk itself, not only with the operating system, so that a lost battery takes no
            more than a crash.

    Raises:
        EpisodeError: when the name is wrong, the file exists already or its folder cannot be written.
    """

    def __init__(self, path: Path, *, library: str = "liquid_nav", sync: bool = False) -> None:
        if path.suffix != ".mcap":
            raise EpisodeError(f"{path} does not end in .mcap: choose another name")
        if path.exists():
            raise EpisodeError(f"{path} exists already: remove it or choose another name")
        self.path = path
        self.part = path.with_name(path.name + PART_SUFFIX)
        self.messages = 0
        self._sync = sync
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BufferedWriter = self.part.open("wb")
        except OSError as error:
            raise EpisodeError(f"{self.part} cannot be written ({error}): choose a folder you may write to") from error
        self._writer = Writer(self._file, compression=CompressionType.ZSTD)
        self._writer.start(profile="ros2", library=library)
        self._schemas: dict[str, int] = {}
        self._chunk_ns: int | None = None

    @property
    def size_bytes(self) -> int:
        """Length of the file so far."""
        return self.path.stat().st_size if self._file.closed else self._file.tell()

    def add_channel(self, topic: str, kind: str) -> int:
        """Announce a topic of a message type such as ``"nav_msgs/msg/Odometry"``; return the channel's number.

        Raises:
            EpisodeError: when the definition of the type is not known.
        """
        try:
            text, _ = STORE.generate_msgdef(kind, ros_version=2)
        except KeyError as error:
            raise EpisodeError(f"{topic} has type {kind!r}, whose definition is not known: leave it out") from error
        return self._announce(topic, kind, "ros2msg", text.encode(), "cdr")

    def add_channel_like(self, channel: Channel, schema: Schema | None) -> int:
        """Announce a topic of another file, without a schema where it had none; return the channel's number."""
        if schema is None:
            return self._writer.register_channel(channel.topic, channel.message_encoding, NO_SCHEMA)
        return self._announce(channel.topic, schema.name, schema.encoding, schema.data, channel.message_encoding)

    def write(self, channel: int, log_ns: int, data: bytes, publish_ns: int) -> None:
        """Write one serialized message.

        Args:
            channel: see :meth:`add_channel`.
            log_ns: when it was received.
            data: in CDR.
            publish_ns: when it was made: of what has a header, the stamp, which is the capture time of an image.
                ``log_ns`` is written for one that the format cannot hold, such as that of a stamp before 1970.

        Raises:
            EpisodeError: when the format cannot hold ``log_ns``; the file stays as it was.
            OSError: when the disk is full.
        """
        if not 0 <= log_ns <= LAST_NS:
            raise EpisodeError(f"a message came at {log_ns} ns: set the clock, times are 0 to {LAST_NS} ns")
        made_ns = publish_ns if 0 <= publish_ns <= LAST_NS else log_ns
        if self._chunk_ns is None:
            self._chunk_ns = log_ns
        elif not 0 <= log_ns - self._chunk_ns < FLUSH_S * 1e9:
            self.flush()
            self._chunk_ns = log_ns
        self._writer.add_message(channel, log_ns, data, made_ns)
        self.messages += 1

    def flush(self) -> None:
        """End the chunk and have it written."""
        self._writer.flush()  # type: ignore[no-untyped-call]
        self._chunk_ns = None
        if self._sync:
            os.fdatasync(self._file.fileno())

    def add_metadata(self, name: str, values: dict[str, str]) -> None:
        """Write a metadata record."""
        self._writer.add_metadata(name, values)

    def close(self, *, complete: bool = True) -> None:
        """Finish the file; an incomplete one keeps its ``.part`` name.

        Raises:
            EpisodeError: when another file has got the name meanwhile; both stay.
            OSError: when the disk is full; the file stays as it is, to be mended.
        """
        if self._file.closed:
            return
        try:
            self._writer.finish()  # type: ignore[no-untyped-call]
            self._file.flush()
            if self._sync:
                os.fsync(self._file.fileno())
        finally:
            self.abandon()
        if not complete:
            return
        if self.path.exists():
            raise EpisodeError(f"{self.path} was written meanwhile: the recording is whole in {self.part}, rename it")
        self.part.replace(self.path)

    def abandon(self) -> None:
        """Let go of a file that can no longer be written."""
        try:
            self._file.close()
        except OSError:
            self._file.raw.close()  # what is left in the buffer has no room on the disk

    def discard(self) -> None:
        """Close and remove the file."""
        self.abandon()
        self.part.unlink(missing_ok=True)

    def _announce(self, topic: str, kind: str, encoding: str, definition: bytes, message: str) -> int:
        if kind not in self._schemas:
            self._schemas[kind] = self._writer.register_schema(kind, encoding, definition)
        return self._writer.register_channel(topic, message, self._schemas[kind])
