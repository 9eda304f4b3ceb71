"""One recording, brought to the moments of its images, for replay in the page."""

from __future__ import annotations

import base64
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from liquid_nav.data import messages
from liquid_nav.data.reader import open_episode
from liquid_nav.errors import EpisodeError

SHORT_S = 3.0
GAP_FACTOR = 3.0
SAME_S = 1e-3
PATH_POINTS = 1500
STALE_S = 0.5
VERDICTS = "liquid_nav: safety"
COMMANDS = {
    "policy": ("liquid_nav/cmd_vel_raw",),
    "pilot": ("teleop/cmd_vel",),
    "safe": ("liquid_nav/cmd_vel", "cmd_vel"),
    "flown": ("vehicle/cmd_vel", "cmd_vel"),
}

Track = list[tuple[float, Any]]


@dataclass(frozen=True)
class Replay:
    """A recording.

    Attributes:
        path: of the file.
        images: (stamp in s, JPEG).
        tracks: by name (``vehicle``, ``target``, ``neurons``, ``attention``, ``verdict``, ``state`` and the sources of
            commands), each (time in s, plain value) in the order of time.
        notes: of the pilot.
        damage: why the file is not whole, or nothing.
    """

    path: Path
    images: list[tuple[float, bytes]]
    tracks: dict[str, Track]
    notes: list[str] = field(default_factory=list)
    damage: str = ""

    @property
    def seconds(self) -> float:
        """From the first image to the last."""
        return self.images[-1][0] - self.images[0][0] if self.images else 0.0

    def image(self, index: int) -> bytes:
        """Return a JPEG.

        Raises:
            EpisodeError: when there is none of this index.
        """
        if not 0 <= index < len(self.images):
            raise EpisodeError(f"image {index} of {self.path.name}: it has {len(self.images)}")
        return self.images[index][1]

    def thumbnail(self) -> bytes:
        """Return the JPEG in the middle, empty when there is none."""
        return self.images[len(self.images) // 2][1] if self.images else b""

    def facts(self) -> dict[str, Any]:
        """Return what the list shows."""
        return {
            "seconds": round(self.seconds, 2),
            "images": len(self.images),
            "notes": self.notes,
            "pilot": bool(self.tracks.get("pilot")),
            "flags": self.flags(),
        }

    def flags(self) -> list[str]:
        """Return what is wrong with it, in a word or two each."""
        gaps = np.diff([stamp for stamp, _ in self.images])
        found = {
            "damaged": bool(self.damage),
            "no images": not self.images,
            "short": bool(self.images) and self.seconds < SHORT_S,
            "gaps": len(gaps) > 2 and bool((gaps > GAP_FACTOR * np.median(gaps)).any()),
            "frozen camera": len(self.images) > 20 and self._repeats() > 0.5,
            "no vehicle": not self.tracks.get("vehicle"),
        }
        return [name for name, holds in found.items() if holds]

    def timeline(self) -> dict[str, Any]:
        """Return everything but the images at the moment of each, plain values for JSON."""
        first_s = self.images[0][0] if self.images else 0.0
        vehicle = self._track("vehicle")
        path = [self._waypoint(*each) for each in vehicle[:: max(1, len(vehicle) // PATH_POINTS)]]
        return {
            "name": self.path.name,
            "stamps": [round(stamp - first_s, 4) for stamp, _ in self.images],
            "moments": [self._moment(stamp) for stamp, _ in self.images],
            "path": path,
            **self.facts(),
        }

    def _moment(self, stamp_s: float) -> dict[str, Any]:
        commands = {name: _last(self._track(name), stamp_s, STALE_S) for name in COMMANDS}
        attention = _last(self._track("attention"), stamp_s, STALE_S)
        return {
            "vehicle": _last(self._track("vehicle"), stamp_s),
            "target": _last(self._track("target"), stamp_s),
            "commands": {name: value for name, value in commands.items() if value is not None},
            "neurons": _last(self._track("neurons"), stamp_s, STALE_S),
            "verdict": _last(self._track("verdict"), stamp_s),
            "state": _last(self._track("state"), stamp_s),
            "attention": attention,
        }

    def _waypoint(self, stamp_s: float, vehicle: dict[str, Any]) -> list[float]:
        east, north, _ = vehicle["position"]
        verdict = _last(self._track("verdict"), stamp_s) or {}
        return [round(east, 2), round(north, 2), int(verdict.get("source") == "pilot")]

    def _repeats(self) -> float:
        """Share of images that are the one before."""
        same = sum(one[1] == two[1] for one, two in zip(self.images, self.images[1:], strict=False))
        return same / max(1, len(self.images) - 1)

    def _track(self, name: str) -> Track:
        return self.tracks.get(name, [])


def read_replay(path: Path) -> Replay:
    """Read a recording, a damaged one as far as it is whole.

    Raises:
        EpisodeError: when the file is missing or foreign.
    """
    file = open_episode(path, repair=True)
    found = file.messages
    images = [
        (messages.stamp_of(message), bytes(message.data))
        for _, message in _decoded(found, "camera/image/compressed")
    ]
    images.sort(key=lambda each: each[0])
    tracks: dict[str, Track] = {name: _commands(found, topics) for name, topics in COMMANDS.items()}
    tracks["vehicle"] = [
        (messages.stamp_of(message), _vehicle(messages.odometry_of(message))) for _, message in _decoded(found, "odom")
    ]
    tracks["target"] = [
        (messages.stamp_of(message), _place(message.pose.position)) for _, message in _decoded(found, "target/pose")
    ]
    tracks["attention"] = [
        (messages.stamp_of(message), _attention(message)) for _, message in _decoded(found, "liquid_nav/attention")
    ]
    tracks["neurons"] = [(log_s, _numbers(message.data)) for log_s, message in _decoded(found, "liquid_nav/neurons")]
    tracks["state"] = [(log_s, message.data) for log_s, message in _decoded(found, "vehicle/state")]
    tracks["verdict"] = _verdicts(found)
    for track in tracks.values():
        track.sort(key=lambda entry: entry[0])
    notes = [str(message.data) for _, message in _decoded(found, "recorder_node/note")]
    return Replay(path, images, tracks, notes, file.damage)


def _decoded(found: Any, name: str) -> list[tuple[float, Any]]:
    """Return (log time in s, message) of a topic under any namespace."""
    for topic, entries in found.items():
        if topic == f"/{name}" or topic.endswith(f"/{name}"):
            return [(log_ns * 1e-9, messages.STORE.deserialize_cdr(data, kind)) for log_ns, kind, data in entries]
    return []


def _commands(found: Any, topics: Sequence[str]) -> Track:
    for topic in topics:
        track = [
            (messages.stamp_of(message), _numbers(messages.command_of(message).as_array()))
            for _, message in _decoded(found, topic)
        ]
        if track:
            return track
    return []


def _verdicts(found: Any) -> Track:
    return [
        (messages.stamp_of(message), {item.key: item.value for item in status.values})
        for _, message in _decoded(found, "diagnostics")
        for status in message.status
        if status.name == VERDICTS
    ]


def _vehicle(odometry: Any) -> dict[str, Any]:
    x, y, z, w = odometry.attitude_xyzw.tolist()
    return {
        "position": _numbers(odometry.position_enu_m),
        "velocity": _numbers(odometry.velocity_enu_m_s),
        "yaw": round(math.atan2(2.0 * (w * z + x * y), w * w + x * x - y * y - z * z), 4),
    }


def _place(place: Any) -> list[float]:
    return _numbers([place.x, place.y, place.z])


def _attention(message: Any) -> dict[str, Any]:
    cells = np.asarray(message.data, dtype=np.uint8).tobytes()
    return {"rows": message.height, "columns": message.width, "cells": base64.b64encode(cells).decode()}


def _numbers(values: Any) -> list[float]:
    """Return numbers for JSON, which knows no NaN: 0 stands for it."""
    return [round(float(value), 4) if math.isfinite(value) else 0.0 for value in values]


def _last(track: Track, stamp_s: float, oldest_s: float = math.inf) -> Any:
    """Return the latest value up to a time, None when there is none or it is too old."""
    index = bisect_right(track, stamp_s + SAME_S, key=lambda entry: entry[0]) - 1
    return track[index][1] if index >= 0 and stamp_s - track[index][0] <= oldest_s else None
