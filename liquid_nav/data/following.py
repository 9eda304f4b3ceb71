"""Reading a recording while it is being written, from where the last look ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mcap.opcode import Opcode
from mcap.records import Channel, Message, Metadata, Schema

from liquid_nav.data.salvage import HEAD, MAGIC, Damage, records_of
from liquid_nav.errors import EpisodeError


class GrowingRecording:
    """An MCAP file that somebody writes; close it when done.

    Attributes:
        finished: the writer has ended the file; no more will come.
        damage: what could not be read.

    Args:
        path: of the ``.mcap.part`` or ``.mcap`` file; when it gets its final name meanwhile, that does not matter.

    Raises:
        EpisodeError: when there is no such file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
        except FileNotFoundError as error:
            raise EpisodeError(f"{path} does not exist: give a recording's .mcap or .mcap.part file") from error
        self._path = path
        self._at = 0
        self.finished = False
        self.damage = Damage()

    def records(self) -> Iterator[Schema | Channel | Message | Metadata]:
        """Yield what has become whole since the last call.

        Raises:
            EpisodeError: when this is no MCAP file.
        """
        if self._at == 0 and not self._begins():
            return
        while not self.finished:
            self._file.seek(self._at)
            head = self._file.read(HEAD.size)
            if len(head) < HEAD.size:
                return
            opcode, length = HEAD.unpack(head)
            if opcode == Opcode.DATA_END:
                self.finished = True
                return
            body = self._file.read(length)
            if len(body) < length:
                return
            at, self._at = self._at, self._at + HEAD.size + length
            yield from records_of(head + body, self.damage, at)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _begins(self) -> bool:
        """Whether the file's first bytes are there."""
        self._file.seek(0)
        first = self._file.read(len(MAGIC))
        if first != MAGIC[: len(first)]:
            raise EpisodeError(f"{self._path} is not an MCAP file: its first bytes are foreign")
        if len(first) == len(MAGIC):
            self._at = len(MAGIC)
        return self._at > 0
