"""Recording while messages come in: taken at once, written by a thread of its own, stopped before the disk is full."""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from liquid_nav.data.episode import METADATA_NAME
from liquid_nav.data.recording import FLUSH_S, PART_SUFFIX, RecordingWriter
from liquid_nav.errors import EpisodeError

POLL_S = 0.1
MOST_WAITING = 256_000_000  # bytes in the queue of a disk that is too slow


@dataclass(frozen=True)
class RecorderState:
    """How a recording stands.

    Attributes:
        recording: whether it runs.
        path: of the last file; it gets this name when it is finished.
        messages, bytes, seconds: in the file so far.
        dropped: messages that found the queue full.
        free_bytes: on the disk.
        problem: one line when it has stopped by itself, else empty.
    """

    recording: bool
    path: Path | None
    messages: int
    bytes: int
    seconds: float
    dropped: int
    free_bytes: int
    problem: str


@dataclass(frozen=True, slots=True)
class _Item:
    channel: int
    log_ns: int
    data: bytes
    publish_ns: int


class Recorder:
    """Writes one file after another. All methods may be called from one thread; the writing is done by another.

    Args:
        topics: message type by topic.
        library: who writes, for the files' headers.
        min_free_bytes: the recording is finished when less is left on its disk, and none begins.
        sync: see :class:`liquid_nav.data.recording.RecordingWriter`.
        free_bytes: on the disk of a folder.
    """

    def __init__(
        self,
        topics: Mapping[str, str],
        *,
        library: str = "liquid_nav",
        min_free_bytes: int = 500_000_000,
        sync: bool = True,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self.topics = dict(topics)
        self._library, self._min_free, self._sync, self._free_bytes = library, min_free_bytes, sync, free_bytes
        self._channels: dict[str, int] = {}
        self._queue: deque[_Item] = deque()
        self._waiting = 0
        self._writer: RecordingWriter | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._path: Path | None = None
        self._started = 0.0
        self._seconds, self._bytes, self._messages, self._dropped, self._free = 0.0, 0, 0, 0, 0
        self._problem = ""

    @property
    def recording(self) -> bool:
        """Whether messages are being taken."""
        return self._writer is not None and not self._problem

    def state(self) -> RecorderState:
        """Return how the recording stands."""
        seconds = time.monotonic() - self._started if self.recording else self._seconds
        return RecorderState(
            self.recording, self._path, self._messages, self._bytes, seconds, self._dropped, self._free, self._problem
        )

    def start(self, path: Path, metadata: Mapping[str, str] | None = None) -> None:
        """Begin a file.

        Raises:
            EpisodeError: when one is being written, the file exists or what a crash left of it, it cannot be written or
                the disk is nearly full.
        """
        if self.recording:
            raise EpisodeError(f"{self._path} is being recorded already: stop it first")
        self._end()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._free = self._free_bytes(path.parent)
            if self._free < self._min_free:
                raise EpisodeError(f"{self._short(path.parent)}: free some space before recording")
            part = path.with_name(path.name + PART_SUFFIX)
            if part.exists():
                raise EpisodeError(
                    f"{part} was never finished: run `liquid-nav episodes repair` on it and move it away, "
                    "or choose another name"
                )
            writer = RecordingWriter(path, library=self._library, sync=self._sync)
        except OSError as error:
            raise EpisodeError(f"{path} cannot be written ({error}): choose a folder you may write to") from error
        try:
            self._channels = {topic: writer.add_channel(topic, kind) for topic, kind in self.topics.items()}
        except EpisodeError:
            writer.discard()
            raise
        if metadata:
            writer.add_metadata(METADATA_NAME, dict(metadata))
        self._path, self._problem = path, ""
        self._queue.clear()
        self._waiting = self._bytes = self._messages = self._dropped = 0
        self._started = time.monotonic()
        self._stop.clear()
        self._writer = writer
        self._thread = threading.Thread(target=self._work, args=(writer,), name="recorder", daemon=True)
        self._thread.start()

    def put(self, topic: str, log_ns: int, data: bytes, publish_ns: int) -> None:
        """Take one serialized message; nothing happens while nothing is recorded."""
        if not self.recording:
            return
        if self._waiting + len(data) > MOST_WAITING:
            self._dropped += 1
            return
        with self._lock:
            self._waiting += len(data)
        self._queue.append(_Item(self._channels[topic], log_ns, data, publish_ns))

    def stop(self, metadata: Mapping[str, str] | None = None) -> Path | None:
        """Finish the file; return it, None when nothing was being recorded.

        Args:
            metadata: what is known only at the end; added to that of the start.

        Raises:
            EpisodeError: when it cannot be finished; what is on the disk can be mended.
        """
        writer = self._end()
        if writer is None:
            return None
        try:
            if metadata:
                writer.add_metadata(METADATA_NAME, dict(metadata))
            writer.close()
        except EpisodeError as error:
            self._problem = str(error)
            raise
        except OSError as error:
            self._problem = self._unwritable(writer, error)
            raise EpisodeError(self._problem) from error
        self._bytes = writer.size_bytes
        return writer.path

    def discard(self) -> bool:
        """Throw the recording away; False when there was none."""
        writer = self._end()
        if writer is None:
            return False
        writer.discard()
        return True

    def _end(self) -> RecordingWriter | None:
        """Stop the thread once the queue is empty; return the writer when its file is still open."""
        writer, thread = self._writer, self._thread
        if writer is None or thread is None:
            return None
        if not self._problem:
            self._seconds = time.monotonic() - self._started
        self._stop.set()
        thread.join()
        self._writer = self._thread = None
        return None if self._problem else writer

    def _work(self, writer: RecordingWriter) -> None:
        """Write what comes until it is told to stop, the disk is nearly full or cannot be written."""
        flushed = time.monotonic()
        try:
            while True:
                stopping = self._stop.is_set()
                self._drain(writer)
                now = time.monotonic()
                if stopping or now - flushed >= FLUSH_S:
                    flushed = now
                    writer.flush()
                    self._bytes, self._free = writer.size_bytes, self._free_bytes(writer.path.parent)
                    if self._free < self._min_free and not stopping:
                        writer.close()
                        self._give_up(f"{self._short(writer.path.parent)}: recording stopped, {writer.path} is whole")
                        return
                if stopping:
                    return
                self._stop.wait(POLL_S)
        except Exception as error:  # or the thread would end while all goes on as if messages were written
            writer.abandon()
            self._give_up(self._unwritable(writer, error))

    def _drain(self, writer: RecordingWriter) -> None:
        while self._queue:
            item = self._queue.popleft()
            with self._lock:
                self._waiting -= len(item.data)
            writer.write(item.channel, item.log_ns, item.data, item.publish_ns)
            self._messages += 1

    def _give_up(self, problem: str) -> None:
        self._seconds = time.monotonic() - self._started
        self._problem = problem

    def _short(self, folder: Path) -> str:
        return f"only {self._free / 1e6:.0f} MB are free in {folder}, fewer than {self._min_free / 1e6:.0f} MB"

    @staticmethod
    def _unwritable(writer: RecordingWriter, error: Exception) -> str:
        what = str(error) if isinstance(error, EpisodeError | OSError) else f"{type(error).__name__}: {error}"
        cure = "free some space and run" if isinstance(error, OSError) else "run"
        return f"{writer.part} cannot be written ({what}): {cure} `liquid-nav episodes repair` on it"
