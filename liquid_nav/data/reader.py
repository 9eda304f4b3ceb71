"""Reading episodes back, whole or damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mcap.records import Channel, Message, Metadata, Schema
from mcap.stream_reader import StreamReader

from liquid_nav.data import messages
from liquid_nav.data.episode import (
    COMMAND_TOPIC,
    EXPERT_TOPIC,
    IMAGE_TOPIC,
    MASK_TOPIC,
    METADATA_NAME,
    ODOMETRY_TOPIC,
    SCAN_TOPIC,
    TARGET_TOPIC,
    Episode,
    EpisodeMetadata,
    Step,
)
from liquid_nav.data.writer import PART_SUFFIX
from liquid_nav.errors import EpisodeError
from liquid_nav.types import CameraFrame

_NEEDED = (IMAGE_TOPIC, ODOMETRY_TOPIC, COMMAND_TOPIC, EXPERT_TOPIC, TARGET_TOPIC)


def list_episodes(folder: Path) -> list[Path]:
    """Return the whole episodes of a folder by name; unfinished ``.part`` files are left out.

    Raises:
        EpisodeError: when there is no such folder.
    """
    if not folder.is_dir():
        raise EpisodeError(f"{folder} is not a folder: give one with .mcap episodes")
    return sorted(folder.glob("*.mcap"))


def read_episode(path: Path, *, repair: bool = False) -> Episode:
    """Read an episode.

    Args:
        path: an ``.mcap`` or ``.mcap.part`` file.
        repair: read a damaged or unfinished file up to its break; what follows is counted in ``lost_bytes``.

    Raises:
        EpisodeError: when the file is missing, foreign or damaged, or lacks a topic.
    """
    if not path.is_file():
        raise EpisodeError(f"{path} does not exist: give an episode's .mcap file")
    if path.name.endswith(PART_SUFFIX) and not repair:
        raise EpisodeError(f"{path} was not finished: read it with repair=True")
    collector = _Collector()
    whole, lost = 0, 0
    with path.open("rb") as file:
        try:
            for record in StreamReader(file, validate_crcs=True).records:
                collector.take(record)
                whole = file.tell()
        except Exception as error:  # the reader raises many kinds on foreign bytes
            if isinstance(error, EpisodeError):
                raise
            if not repair:
                raise EpisodeError(
                    f"{path} is damaged or not an MCAP file ({type(error).__name__}: {error}): "
                    "read it with repair=True to save what is whole"
                ) from error
            lost = path.stat().st_size - whole
    missing = [topic for topic in _NEEDED if topic not in collector.topics]
    if missing and not (repair and collector.ours):
        raise EpisodeError(f"{path} holds no {missing[0]}: it is not an episode of this project")
    return Episode(collector.metadata, list(collector.steps()), lost)


class _Collector:
    """Gathers messages by stamp."""

    def __init__(self) -> None:
        self.metadata = EpisodeMetadata(world="", seed=-1)
        self.ours = False
        self._schemas: dict[int, str] = {}
        self._channels: dict[int, tuple[str, str]] = {}
        self._moments: dict[int, dict[str, Any]] = {}

    @property
    def topics(self) -> set[str]:
        return {topic for topic, _ in self._channels.values()}

    def take(self, record: object) -> None:
        if isinstance(record, Schema):
            self._schemas[record.id] = record.name
        elif isinstance(record, Channel):
            self._channels[record.id] = (record.topic, self._schemas[record.schema_id])
        elif isinstance(record, Metadata) and record.name == METADATA_NAME:
            self.metadata = EpisodeMetadata.from_text(record.metadata)
            self.ours = True
        elif isinstance(record, Message):
            topic, kind = self._channels[record.channel_id]
            if topic in _NEEDED or topic in (MASK_TOPIC, SCAN_TOPIC):
                message = messages.STORE.deserialize_cdr(record.data, kind)
                self._moments.setdefault(record.log_time, {})[topic] = message

    def steps(self) -> Iterator[Step]:
        for _, moment in sorted(self._moments.items()):
            if any(topic not in moment for topic in _NEEDED):
                continue
            mask, scan = moment.get(MASK_TOPIC), moment.get(SCAN_TOPIC)
            position = moment[TARGET_TOPIC].pose.position
            image = moment[IMAGE_TOPIC]
            yield Step(
                frame=CameraFrame(messages.picture_of(image), messages.stamp_of(image)),
                odometry=messages.odometry_of(moment[ODOMETRY_TOPIC]),
                command=messages.command_of(moment[COMMAND_TOPIC]),
                expert=messages.command_of(moment[EXPERT_TOPIC]),
                target_position_enu_m=np.array([position.x, position.y, position.z]),
                target_mask=None if mask is None else messages.picture_of(mask) > 127,
                obstacle_ranges_m=None if scan is None else np.asarray(scan.ranges, dtype=np.float32),
            )
