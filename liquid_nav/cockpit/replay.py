"""One recording, brought to the moments of its images, for replay in the page."""

from __future__ import annotations

import base64
import json
import math
import threading
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from mcap.reader import McapReader, make_reader
from mcap.records import Channel, Message, Schema

from liquid_nav.data import messages
from liquid_nav.data.salvage import Damage, readable_records
from liquid_nav.data.stamps import stamp_ns
from liquid_nav.data.summary import WHOLE, summarize
from liquid_nav.errors import EpisodeError

SAME_S = 1e-3
STALE_S = 0.5
MOST_MOMENTS = 6000  # of a longer recording every second, third, ... image is replayed
PATH_POINTS = 1500
VERDICTS = "liquid_nav: safety"
IMAGES = "camera/image/compressed"
COMMANDS = {
    "policy": ("liquid_nav/cmd_vel_raw",),
    "pilot": ("teleop/cmd_vel",),
    "safe": ("liquid_nav/cmd_vel", "cmd_vel"),
    "flown": ("vehicle/cmd_vel", "cmd_vel"),
}

Track = list[tuple[float, Any]]


@dataclass(frozen=True, slots=True)
class Shot:
    """An image of a recording: its stamp, where the file has it, and its data where they are kept."""

    stamp_s: float
    topic: str
    log_ns: int
    data: bytes | None


class Replay:
    """A recording.

    Args:
        path: of the file.
        shots: the images.
        tracks: by name (``vehicle``, ``target``, ``neurons``, ``attention``, ``verdict``, ``state`` and the sources of
            commands), each (time in s, plain value).
    """

    def __init__(self, path: Path, shots: list[Shot], tracks: dict[str, Track]) -> None:
        shots = sorted(shots, key=lambda shot: shot.stamp_s)
        self.path = path
        self._file = IndexedFile(path)
        self.shots = shots[:: len(shots) // MOST_MOMENTS + 1]
        self.tracks = {name: sorted(track, key=lambda entry: entry[0]) for name, track in tracks.items()}

    @property
    def seconds(self) -> float:
        """From the first image to the last."""
        return self.shots[-1].stamp_s - self.shots[0].stamp_s if self.shots else 0.0

    def image(self, index: int) -> bytes:
        """Return a JPEG.

        Raises:
            EpisodeError: when there is none of this index, or it cannot be read.
        """
        if not 0 <= index < len(self.shots):
            raise EpisodeError(f"image {index} of {self.path.name}: it has {len(self.shots)}")
        shot = self.shots[index]
        data = shot.data if shot.data is not None else self._file.read(shot.topic, shot.log_ns)
        try:
            message: Any = messages.STORE.deserialize_cdr(data, messages.IMAGE)
        except Exception as error:  # the decoder raises many kinds on foreign bytes
            raise EpisodeError(f"image {index} of {self.path.name} is damaged ({type(error).__name__})") from error
        return bytes(message.data)

    @cached_property
    def timeline_json(self) -> bytes:
        """:meth:`timeline` as JSON, made moment by moment: one long call would keep all other threads waiting."""
        rest = self.timeline()
        moments = ",".join(json.dumps(moment, allow_nan=False) for moment in rest.pop("moments"))
        return f'{{"moments": [{moments}], {json.dumps(rest, allow_nan=False)[1:]}'.encode()

    def timeline(self) -> dict[str, Any]:
        """Return everything but the images at the moment of each, plain values for JSON."""
        first_s = self.shots[0].stamp_s if self.shots else 0.0
        vehicle = self._track("vehicle")
        return {
            "name": self.path.name,
            "seconds": round(self.seconds, 2),
            "stamps": [round(shot.stamp_s - first_s, 4) for shot in self.shots],
            "moments": [self._moment(shot.stamp_s) for shot in self.shots],
            "path": [self._waypoint(*each) for each in vehicle[:: max(1, len(vehicle) // PATH_POINTS)]],
        }

    def _moment(self, stamp_s: float) -> dict[str, Any]:
        commands = {name: _last(self._track(name), stamp_s, STALE_S) for name in COMMANDS}
        return {
            "vehicle": _last(self._track("vehicle"), stamp_s),
            "target": _last(self._track("target"), stamp_s),
            "commands": {name: value for name, value in commands.items() if value is not None},
            "neurons": _last(self._track("neurons"), stamp_s, STALE_S),
            "verdict": _last(self._track("verdict"), stamp_s),
            "state": _last(self._track("state"), stamp_s),
            "attention": _last(self._track("attention"), stamp_s, STALE_S),
        }

    def _waypoint(self, stamp_s: float, vehicle: dict[str, Any]) -> list[float]:
        east, north, _ = vehicle["position"]
        verdict = _last(self._track("verdict"), stamp_s) or {}
        return [round(east, 2), round(north, 2), int(verdict.get("source") == "pilot")]

    def _track(self, name: str) -> Track:
        return self.tracks.get(name, [])


def read_replay(path: Path) -> Replay:
    """Read a recording, a damaged one as far as it is whole; images of a whole one stay in the file.

    A message that cannot be decoded is left out.

    Raises:
        EpisodeError: when the file is missing or foreign.
    """
    keep = summarize(path).state != WHOLE
    reader = _Reader(keep)
    for record in readable_records(path, Damage()):
        with suppress(Exception):  # the decoder raises many kinds on foreign bytes
            reader.take(record)
    tracks = dict(reader.tracks)
    for source, topics in COMMANDS.items():
        tracks[source] = next((reader.tracks[topic] for topic in topics if reader.tracks.get(topic)), [])
    return Replay(path, reader.shots, tracks)


class IndexedFile:
    """A whole file whose messages are found by its index, which is read once. Several threads may read.

    Args:
        path: of the file; opened when it is first read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: McapReader | None = None
        self._lock = threading.Lock()

    def read(self, topic: str, log_ns: int) -> bytes:
        """Return the message of a topic at a time, in CDR.

        Raises:
            EpisodeError: when there is none.
        """
        with self._lock:
            try:
                if self._reader is None:
                    self._reader = make_reader(self._path.open("rb"))
                found = self._reader.iter_messages([topic], starting_at=log_ns, ending_at=log_ns)
                return bytes(next(iter(found))[2].data)
            except Exception as error:  # the reader raises many kinds when the file is another one now
                raise EpisodeError(
                    f"{self._path} has no image at {log_ns * 1e-9:.3f} s any more: list the episodes again"
                ) from error


class _Reader:
    """Sorts the messages of a recording into tracks, whatever its namespace."""

    def __init__(self, keep_images: bool) -> None:
        self.shots: list[Shot] = []
        self.tracks: dict[str, Track] = {}
        self._keep = keep_images
        self._schemas: dict[int, str] = {}
        self._channels: dict[int, tuple[str, str, str]] = {}  # topic, name without namespace, message type

    def take(self, record: object) -> None:
        if isinstance(record, Schema):
            self._schemas[record.id] = record.name
        elif isinstance(record, Channel):
            name = next((each for each in (IMAGES, *_VALUES) if f"/{record.topic}".endswith(f"/{each}")), "")
            self._channels[record.id] = (record.topic, name, self._schemas.get(record.schema_id, ""))
        elif isinstance(record, Message) and record.channel_id in self._channels:
            topic, name, kind = self._channels[record.channel_id]
            if name == IMAGES:
                stamp_s = stamp_ns(record.data) * 1e-9
                self.shots.append(Shot(stamp_s, topic, record.log_time, record.data if self._keep else None))
            elif name:
                self._take_value(name, messages.STORE.deserialize_cdr(record.data, kind), record.log_time * 1e-9)

    def _take_value(self, name: str, message: Any, log_s: float) -> None:
        track, read = _VALUES[name]
        value = read(message)
        if value is not None:
            stamp_s = messages.stamp_of(message) if hasattr(message, "header") else log_s
            self.tracks.setdefault(track, []).append((stamp_s, value))


def _command(message: Any) -> list[float | None]:
    return _numbers(messages.command_of(message).as_array())


def _verdict(message: Any) -> dict[str, str] | None:
    for status in message.status:
        if status.name == VERDICTS:
            return {item.key: item.value for item in status.values}
    return None


def _vehicle(message: Any) -> dict[str, Any] | None:
    """Return where the vehicle is; None when it does not know itself, so that the last place known counts."""
    odometry = messages.odometry_of(message)
    x, y, z, w = odometry.attitude_xyzw.tolist()
    position, velocity = _numbers(odometry.position_enu_m), _numbers(odometry.velocity_enu_m_s)
    (yaw,) = _numbers([math.atan2(2.0 * (w * z + x * y), w * w + x * x - y * y - z * z)])
    if None in (*position, *velocity, yaw):
        return None
    return {"position": position, "velocity": velocity, "yaw": yaw}


def _target(message: Any) -> list[float | None] | None:
    place = message.pose.position
    position = _numbers([place.x, place.y, place.z])
    return None if None in position else position


def _attention(message: Any) -> dict[str, Any]:
    cells = np.asarray(message.data, dtype=np.uint8).tobytes()
    return {"rows": message.height, "columns": message.width, "cells": base64.b64encode(cells).decode()}


def _numbers(values: Any) -> list[float | None]:
    """Return numbers for JSON, which knows no NaN: None stands for it."""
    return [round(float(value), 4) if math.isfinite(value) else None for value in values]


def _last(track: Track, stamp_s: float, oldest_s: float = math.inf) -> Any:
    """Return the latest value up to a time, None when there is none or it is too old."""
    index = bisect_right(track, stamp_s + SAME_S, key=lambda entry: entry[0]) - 1
    return track[index][1] if index >= 0 and stamp_s - track[index][0] <= oldest_s else None


# Longer names first: "liquid_nav/cmd_vel" ends in "cmd_vel" too.
_VALUES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    **{name: (name, _command) for names in COMMANDS.values() for name in names if "/" in name},
    "expert/cmd_vel": ("expert", _command),
    "cmd_vel": ("cmd_vel", _command),
    "odom": ("vehicle", _vehicle),
    "target/pose": ("target", _target),
    "liquid_nav/attention": ("attention", _attention),
    "liquid_nav/neurons": ("neurons", lambda message: _numbers(message.data)),
    "vehicle/state": ("state", lambda message: message.data),
    "diagnostics": ("verdict", _verdict),
}
