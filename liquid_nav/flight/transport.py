"""Bytes to and from an autopilot by UDP, TCP or a serial line. Nothing here ever waits."""

from __future__ import annotations

import errno
import os
import re
import select
import socket
import termios
from collections import deque
from contextlib import suppress
from typing import Protocol

import serial

from liquid_nav.errors import ConfigError, LiquidNavError

Address = tuple[str, int]
LARGEST_READ = 65535
READS_PER_STEP = 64
QUEUED_FRAMES = 32
DEFAULT_BAUD = 57600
PASSING = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENOBUFS)
_SOCKET_URL = re.compile(r"(udpin|udpout|tcp):(?://)?([^:/]+):(\d{1,5})")
_SERIAL_URL = re.compile(r"serial:(?://)?(.+?)(?::(\d+))?")  # by-path names hold colons


class LinkError(LiquidNavError):
    """A connection to the autopilot cannot be made or has broken; it will be tried again."""


class Transport(Protocol):
    """One way to carry bytes. ``datagrams``: every piece that is read stands alone."""

    datagrams: bool

    def open(self) -> None:
        """Connect; raises :class:`LinkError`."""

    def read(self) -> list[tuple[bytes, Address | None]]:
        """Return what has come with its sender, at most :data:`READS_PER_STEP` pieces; raises :class:`LinkError`."""

    def write(self, frame: bytes, to: Address | None) -> bool:
        """Send or queue one frame, False when there is no room or nobody to send to; raises :class:`LinkError`."""

    def close(self) -> None:
        """Disconnect."""


def open_transport(url: str) -> Transport:
    """Return the unopened transport of an address.

    Args:
        url: ``udpin:HOST:PORT`` (listen, as PX4 and MAVProxy send), ``udpout:HOST:PORT``, ``tcp:HOST:PORT`` or
            ``serial:DEVICE:BAUD``.

    Raises:
        ConfigError: for anything else.
    """
    if found := _SOCKET_URL.fullmatch(url):
        kind, host, port = found[1], found[2], int(found[3])
        if 0 < port < 65536:
            return TcpTransport(host, port) if kind == "tcp" else UdpTransport(host, port, listen=kind == "udpin")
    elif found := _SERIAL_URL.fullmatch(url):
        return SerialTransport(found[1], int(found[2] or DEFAULT_BAUD))
    raise ConfigError(
        f"url is {url!r}: use udpin:0.0.0.0:14540, udpout:HOST:PORT, tcp:HOST:PORT or serial:/dev/ttyACM0:57600"
    )


def _resolve(host: str) -> str:
    """Return the address of a host; once, at the start, since asking for it may take seconds."""
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise ConfigError(f"host {host!r} of the url has no address: {error}") from error


class UdpTransport:
    """Datagrams: listening, it answers whom the link has adopted; sending, it hears only the host it sends to."""

    datagrams = True

    def __init__(self, host: str, port: int, *, listen: bool) -> None:
        self._place = (_resolve(host), port)
        self._remote: Address | None = None if listen else self._place
        self._socket: socket.socket | None = None

    def open(self) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind(("", 0) if self._remote else self._place)
        except OSError as error:
            sock.close()
            raise LinkError(f"udp {self._place[0]}:{self._place[1]} cannot be opened: {error}") from error
        self._socket = sock

    @property
    def port(self) -> int:
        """The local port, once open."""
        return int(self._socket.getsockname()[1]) if self._socket else 0

    def read(self) -> list[tuple[bytes, Address | None]]:
        found: list[tuple[bytes, Address | None]] = []
        if self._socket is None:
            return found
        for _ in range(READS_PER_STEP):
            try:
                data, sender = self._socket.recvfrom(LARGEST_READ)
            except BlockingIOError:
                break
            except ConnectionError:
                continue  # nobody listened to what was sent before
            except OSError as error:
                raise LinkError(f"udp {self._place[0]}:{self._place[1]} broke: {error}") from error
            if self._remote is None or sender[0] == self._remote[0]:
                found.append((data, (sender[0], sender[1])))
        return found

    def write(self, frame: bytes, to: Address | None) -> bool:
        target = self._remote or to
        if self._socket is None or target is None:
            return False
        try:
            self._socket.sendto(frame, target)
        except (BlockingIOError, ConnectionError):
            return False
        except OSError as error:
            if error.errno in PASSING:
                return False  # to open the socket again would take longer than the network
            raise LinkError(f"udp to {target[0]}:{target[1]} broke: {error}") from error
        return True

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


class _Queue:
    """Whole frames that wait for a slow line, the oldest dropped first, but for one that is half gone."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._rest = b""

    def put(self, frame: bytes) -> bool:
        full = len(self._frames) >= QUEUED_FRAMES
        if full:
            self._frames.popleft()
        self._frames.append(frame)
        return not full

    def next(self) -> bytes:
        if not self._rest and self._frames:
            self._rest = self._frames.popleft()
        return self._rest

    def gone(self, count: int) -> None:
        self._rest = self._rest[count:]


class TcpTransport:
    """A stream to a server, connected in the background."""

    datagrams = False

    def __init__(self, host: str, port: int) -> None:
        self._place = (_resolve(host), port)
        self._name = f"tcp {host}:{port}"
        self._socket: socket.socket | None = None
        self._connected = False
        self._queue = _Queue()

    def open(self) -> None:
        self._queue, self._connected = _Queue(), False
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(BlockingIOError):
                sock.connect(self._place)
        except OSError as error:
            sock.close()
            raise LinkError(f"{self._name} cannot be reached: {error}") from error
        self._socket = sock

    def read(self) -> list[tuple[bytes, Address | None]]:
        sock = self._ready()
        if sock is None:
            return []
        try:
            data = sock.recv(LARGEST_READ)
        except BlockingIOError:
            return []
        except OSError as error:
            raise LinkError(f"{self._name} broke: {error}") from error
        if not data:
            raise LinkError(f"{self._name} was closed by the other side")
        return [(data, None)]

    def write(self, frame: bytes, to: Address | None) -> bool:
        sock = self._ready()
        if sock is None:
            return False  # what is sent before the connection stands would be stale when it does
        room = self._queue.put(frame)
        try:
            while data := self._queue.next():
                self._queue.gone(sock.send(data))
        except BlockingIOError:
            pass  # the rest stays queued; ``room`` tells when the queue is full
        except OSError as error:
            raise LinkError(f"{self._name} broke: {error}") from error
        return room

    def _ready(self) -> socket.socket | None:
        """Return the socket once it is connected."""
        if self._socket is None or self._connected:
            return self._socket
        if not select.select([], [self._socket], [], 0.0)[1]:
            return None
        if problem := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise LinkError(f"{self._name} cannot be reached: {os.strerror(problem)}")
        self._connected = True
        return self._socket

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


class SerialTransport:
    """A serial line, for telemetry ports and radios."""

    datagrams = False

    def __init__(self, device: str, baud: int) -> None:
        self._device, self._baud = device, baud
        self._port: serial.Serial | None = None
        self._queue = _Queue()

    def open(self) -> None:
        self._queue = _Queue()
        try:
            self._port = serial.Serial(
                self._device, self._baud, timeout=0, write_timeout=0, exclusive=True
            )
        except (OSError, ValueError, termios.error) as error:
            raise LinkError(f"serial {self._device} at {self._baud} baud cannot be opened: {error}") from error

    def read(self) -> list[tuple[bytes, Address | None]]:
        if self._port is None:
            return []
        try:
            data = self._port.read(LARGEST_READ)
        except (OSError, TypeError) as error:
            raise LinkError(f"serial {self._device} broke: {error}") from error
        return [(data, None)] if data else []

    def write(self, frame: bytes, to: Address | None) -> bool:
        room = self._queue.put(frame)
        try:
            while self._port is not None and (data := self._queue.next()):
                # pyserial's own write waits for room, whatever its time-out.
                self._queue.gone(os.write(self._port.fileno(), data))
        except BlockingIOError:
            pass  # the rest stays queued; ``room`` tells when the queue is full
        except OSError as error:
            raise LinkError(f"serial {self._device} broke: {error}") from error
        return room

    def close(self) -> None:
        if self._port is not None:
            with suppress(OSError):
                self._port.close()
        self._port = None
