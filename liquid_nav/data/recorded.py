"""The topics of a recording of this project's ROS 2 graph, under any namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from liquid_nav.data import messages
from liquid_nav.data.align import Tracks
from liquid_nav.data.stamps import stamp_ns

IMAGES = "camera/image/compressed"
Recorded = Mapping[str, Sequence[tuple[int, str, bytes]]]
VERDICTS = "liquid_nav: safety"


def recorded_tracks(found: Recorded) -> Tracks:
    """Return the tracks of a recording.

    Args:
        found: by topic, (log time in ns, message type, data in CDR).
    """
    tracks = Tracks()
    for _, kind, data in _topic(found, IMAGES):
        message = _decode(kind, data)
        tracks.images.append((messages.stamp_of(message), partial(messages.picture_of, message)))
    tracks.odometry = [(state.stamp_s, state) for state in map(messages.odometry_of, _decoded(found, "odom"))]
    flown = _decoded(found, "vehicle/cmd_vel") or _decoded(found, "liquid_nav/cmd_vel")
    tracks.flown = [(messages.stamp_of(message), messages.command_of(message)) for message in flown]
    wanted = _decoded(found, "teleop/cmd_vel")
    tracks.wanted = [(messages.stamp_of(message), messages.command_of(message)) for message in wanted]
    for message in _decoded(found, "target/pose"):
        place = message.pose.position
        tracks.targets.append((messages.stamp_of(message), np.array([place.x, place.y, place.z])))
    for message in _decoded(found, "diagnostics"):
        for status in message.status:
            if status.name == VERDICTS:
                values = {item.key: item.value for item in status.values}
                tracks.sources.append((messages.stamp_of(message), values.get("source", "")))
    tracks.sort()
    return tracks


def image_stamps_ns(found: Recorded) -> list[int]:
    """Return the stamps of a recording's images in the order in which they came."""
    return [stamp_ns(data) for _, _, data in sorted(_topic(found, IMAGES), key=lambda entry: entry[0])]


def _topic(found: Recorded, name: str) -> Sequence[tuple[int, str, bytes]]:
    for topic, entries in found.items():
        if topic == name or topic.endswith(f"/{name}"):
            return entries
    return []


def _decoded(found: Recorded, name: str) -> list[Any]:
    return [_decode(kind, data) for _, kind, data in _topic(found, name)]


def _decode(kind: str, data: bytes) -> Any:
    return messages.STORE.deserialize_cdr(data, kind)
