"""MAVLink frames over a transport: framing, signing, and who is listened to.

pymavlink encodes and decodes single frames; where frames begin and end is found here, so that a broken one costs no
more than itself. Every byte from outside counts as hostile: it may be lost, but neither raises nor waits.
"""

from __future__ import annotations

import hashlib
import hmac
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_nav.errors import ConfigError
from liquid_nav.flight.transport import Address, LinkError, Transport

MAVLINK_2, MAVLINK_1 = 0xFD, 0xFE
LARGEST_BUFFER = 8192
MESSAGES_PER_STEP = 256
BROKEN_PER_PIECE = 32  # more of them is noise, and looking on would only take time
RETRY_S = 1.0
PEER_SILENT_S = 3.0
SIGNING_EPOCH_S = 1420070400.0  # 2015-01-01, in units of 10 microseconds
mavlink.MAVLINK_IGNORE_CRC = 0  # pymavlink would take broken frames if the environment said so


@dataclass(frozen=True, slots=True)
class Received:
    """One decoded message, its sender on the MAVLink network and on the transport."""

    message: Any
    system_id: int
    component_id: int
    address: Address | None

    @property
    def kind(self) -> str:
        """The message's name, such as ``HEARTBEAT``."""
        return str(self.message.get_type())


def read_signing_key(path: Path) -> bytes:
    """Return the 32 bytes of a signing key; the file holds them raw or as 64 hexadecimal digits.

    Raises:
        ConfigError: when it is missing, readable by others or of another size.
    """
    try:
        mode, data = stat.S_IMODE(path.stat().st_mode), path.read_bytes()
    except OSError as error:
        raise ConfigError(f"signing key {path} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise ConfigError(f"signing key {path} has mode {mode:04o}: only its owner may read it, run chmod 600 {path}")
    if len(data) == 32:
        return data
    try:
        key = bytes.fromhex(data.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ConfigError(f"signing key {path} holds {len(data)} bytes: use 32 bytes or 64 hexadecimal digits")
    return key


class Framer:
    """Cuts a stream of bytes into frames and decodes them; after a broken one it looks for the next beginning.

    Args:
        codec: decodes single frames.
        key: when given, only frames that it has signed pass.
    """

    def __init__(self, codec: Any, key: bytes | None = None) -> None:
        self._codec, self._key = codec, key
        self._buffer = bytearray()
        self.broken = self.undated = 0

    def feed(self, data: bytes, *, alone: bool) -> Iterator[Any]:
        """Yield the messages in a piece of data; ``alone`` when none goes on in the next piece."""
        if alone:
            self._buffer.clear()
        self._buffer += data[-LARGEST_BUFFER:]
        del self._buffer[:-LARGEST_BUFFER]
        start, broken_before = 0, self.broken
        while (start := self._beginning(start)) >= 0:
            size = self._size(start)
            if size is None or start + size > len(self._buffer):
                if not alone:
                    break
                start += 1  # a length that lies must not hide what follows
                continue
            message = self._decode(self._buffer[start : start + size])
            if message is None:
                self.broken += 1
                if self.broken - broken_before > BROKEN_PER_PIECE:
                    start = -1
                    break
                start += 1
                continue
            start += size
            if not isinstance(message, mavlink.MAVLink_unknown):  # pymavlink checks nothing of those
                yield message
        if start < 0 or alone:
            self._buffer.clear()
        else:
            del self._buffer[:start]

    def _beginning(self, start: int) -> int:
        places = [place for mark in (MAVLINK_2, MAVLINK_1) if (place := self._buffer.find(mark, start)) >= 0]
        return min(places, default=-1)

    def _size(self, start: int) -> int | None:
        """Length of the frame that begins here, None when too little has come to tell."""
        head = self._buffer[start : start + 3]
        if len(head) < 3:
            return None
        if head[0] == MAVLINK_1:
            return 8 + head[1]
        return 12 + head[1] + (13 if head[2] & 1 else 0)

    def _decode(self, frame: bytearray) -> Any | None:
        if frame[0] == MAVLINK_2 and frame[2] & ~1:
            return None  # a flag that must not be ignored, and is not known
        if self._key is not None and not self._signed(frame):
            return None
        try:
            return self._codec.decode(frame)
        except Exception:  # whatever pymavlink makes of hostile bytes, they are not worth more than a count
            self.undated += self._key is not None  # signed by the key, so it is its time that does not fit
            return None

    def _signed(self, frame: bytearray) -> bool:
        """Check the signature before pymavlink does: that notes a forged frame's time as the stream's."""
        if self._key is None or frame[0] != MAVLINK_2 or not frame[2] & 1:
            return False
        wanted = hashlib.sha256(self._key + frame[:-6]).digest()[:6]
        return hmac.compare_digest(wanted, bytes(frame[-6:]))


class MavlinkLink:
    """A connection that is opened again when it breaks.

    Args:
        transport: carries the bytes.
        system_id, component_id: of this program.
        key: 32 bytes; when given, everything sent is signed, and only what is signed is heard.
    """

    def __init__(self, transport: Transport, system_id: int, component_id: int, key: bytes | None = None) -> None:
        self._transport = transport
        self._codec = mavlink.MAVLink(None, srcSystem=system_id, srcComponent=component_id)
        if key is not None:
            signing = self._codec.signing
            signing.secret_key, signing.sign_outgoing = key, True
            signing.timestamp = int((time.time() - SIGNING_EPOCH_S) * 1e5)  # must grow from start to start
        self._framer = Framer(self._codec, key)
        self._is_open = False
        self._next_try_s = float("-inf")
        self._peer: Address | None = None
        self._caller: Address | None = None  # signs, but by a clock that is behind ours: it learns the time from us
        self._peer_heard_s = float("-inf")
        self.sent = self.unsent = self.received = self.strangers = 0
        self.trouble = ""

    @property
    def broken(self) -> int:
        """How many frames were broken or not signed."""
        return self._framer.broken

    def receive(self, now_s: float) -> list[Received]:
        """Return what has come, at most :data:`MESSAGES_PER_STEP` messages; opens the connection where needed."""
        if not self._opened(now_s):
            return []
        try:
            pieces = self._transport.read()
        except LinkError as error:
            self._break(error, now_s)
            return []
        found: list[Received] = []
        for data, sender in pieces:
            if self._is_stranger(sender, now_s):
                self.strangers += 1
                continue
            undated = self._framer.undated
            for message in self._framer.feed(data, alone=self._transport.datagrams):
                self.received += 1
                found.append(Received(message, message.get_srcSystem(), message.get_srcComponent(), sender))
            if self._framer.undated > undated:
                self._caller = sender
        return found[-MESSAGES_PER_STEP:]

    def adopt(self, sender: Address | None, now_s: float) -> None:
        """Answer this sender, and hear nobody else while it is heard."""
        self._peer, self._peer_heard_s = sender, now_s

    def send(self, message: Any, now_s: float) -> bool:
        """Send a message; False when it could not leave."""
        if not self._opened(now_s):
            self.unsent += 1
            return False
        try:
            frame = message.pack(self._codec)
            gone = self._transport.write(frame, self._peer or self._caller)
        except LinkError as error:
            self._break(error, now_s)
            gone = False
        self._codec.seq = (self._codec.seq + 1) % 256
        self.sent += gone
        self.unsent += not gone
        return gone

    def close(self) -> None:
        """Disconnect for good."""
        self._transport.close()
        self._is_open, self._next_try_s = False, float("inf")

    def _is_stranger(self, sender: Address | None, now_s: float) -> bool:
        return (
            self._peer is not None
            and sender is not None
            and sender != self._peer
            and now_s - self._peer_heard_s < PEER_SILENT_S
        )

    def _opened(self, now_s: float) -> bool:
        if not self._is_open and now_s >= self._next_try_s:
            try:
                self._transport.open()
                self._is_open, self.trouble = True, ""
            except LinkError as error:
                self._break(error, now_s)
        return self._is_open

    def _break(self, error: LinkError, now_s: float) -> None:
        self._transport.close()
        self._is_open, self._next_try_s, self.trouble = False, now_s + RETRY_S, str(error)
