"""Reading episodes back, whole or damaged: those of the collection and recordings of the ROS 2 graph."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from mcap.records import Channel, Metadata, Schema

from liquid_nav.data import messages
from liquid_nav.data.align import AlignOptions, align, fit
from liquid_nav.data.episode import (
    CAMERA_INFO_TOPIC,
    COMMAND_TOPIC,
    EXPERT_TOPIC,
    IMAGE_TOPIC,
    MASK_TOPIC,
    METADATA_NAME,
    ODOMETRY_TOPIC,
    SCAN_TOPIC,
    SOURCE_TOPIC,
    TARGET_TOPIC,
    Episode,
    EpisodeMetadata,
    Step,
)
from liquid_nav.data.recorded import recorded_tracks
from liquid_nav.data.recording import PART_SUFFIX
from liquid_nav.data.salvage import Damage, readable_records
from liquid_nav.errors import EpisodeError
from liquid_nav.types import CameraFrame

_NEEDED = (IMAGE_TOPIC, ODOMETRY_TOPIC, COMMAND_TOPIC)
_READ = {*_NEEDED, EXPERT_TOPIC, TARGET_TOPIC, MASK_TOPIC, SCAN_TOPIC, SOURCE_TOPIC}


def list_episodes(folder: Path) -> list[Path]:
    """Return the whole episodes of a folder by name; unfinished ``.part`` files are left out.

    Raises:
        EpisodeError: when there is no such folder.
    """
    if not folder.is_dir():
        raise EpisodeError(f"{folder} is not a folder: give one with .mcap episodes")
    return sorted(folder.glob("*.mcap"))


@dataclass
class EpisodeFile:
    """An episode whose images are decoded one by one, as they are asked for.

    Attributes:
        path: of the file.
        metadata: how it came about.
        recorded: True for a recording of the ROS 2 graph, whose topics keep their own times.
        lost_bytes, damage: of a damaged file that was read as far as it is whole.
        messages: by topic, (log time in ns, message type, data in CDR).
    """

    path: Path
    metadata: EpisodeMetadata
    recorded: bool
    lost_bytes: int = 0
    damage: str = ""
    messages: dict[str, list[tuple[int, str, bytes]]] = field(default_factory=dict)

    def steps(self, options: AlignOptions | None = None) -> Iterator[Step]:
        """Yield the steps in the order of time.

        Args:
            options: how a recording's topics are brought together; of collected episodes only the size counts.
        """
        options = options or AlignOptions(longest_gap_s=float("inf"))
        if self.recorded:
            for stretch in align(recorded_tracks(self.messages), options):
                yield from stretch
            return
        moments: dict[int, dict[str, tuple[str, bytes]]] = {}
        for topic in _READ & self.messages.keys():
            for log_ns, kind, data in self.messages[topic]:
                moments.setdefault(log_ns, {})[topic] = (kind, data)
        for _, moment in sorted(moments.items()):
            if all(topic in moment for topic in _NEEDED):
                yield _step({topic: _decode(*each) for topic, each in moment.items()}, options)


def open_episode(path: Path, *, repair: bool = False) -> EpisodeFile:
    """Read an episode without decoding its images.

    Args:
        path: an ``.mcap`` or ``.mcap.part`` file.
        repair: take what is whole of a damaged or unfinished file; what is not is counted in ``lost_bytes``.

    Raises:
        EpisodeError: when the file is missing, foreign or damaged, or lacks a topic.
    """
    if not path.is_file():
        raise EpisodeError(f"{path} does not exist: give an episode's .mcap file")
    if path.name.endswith(PART_SUFFIX) and not repair:
        raise EpisodeError(f"{path} was not finished: read it with repair=True or run `liquid-nav episodes repair`")
    damage, text, ours = Damage(), dict[str, str](), False
    schemas: dict[int, str] = {}
    channels: dict[int, tuple[str, str]] = {}
    found: dict[str, list[tuple[int, str, bytes]]] = {}
    for record in readable_records(path, damage):
        if isinstance(record, Schema):
            schemas[record.id] = record.name
        elif isinstance(record, Channel):
            channels[record.id] = (record.topic, schemas.get(record.schema_id, ""))
            found.setdefault(record.topic, [])
        elif isinstance(record, Metadata):
            if record.name == METADATA_NAME:
                text, ours = text | record.metadata, True
        elif record.channel_id in channels:
            topic, kind = channels[record.channel_id]
            found[topic].append((record.log_time, kind, record.data))
    if damage.reason and not repair:
        raise EpisodeError(
            f"{path} is damaged ({damage.reason}): read it with repair=True or run `liquid-nav episodes repair`"
        )
    recorded = COMMAND_TOPIC not in found and any(topic.endswith(IMAGE_TOPIC) for topic in found)
    missing = [] if recorded else [topic for topic in _NEEDED if topic not in found]
    if missing and not (repair and ours):
        raise EpisodeError(
            f"{path} holds no {missing[0]}: it is not an episode of this project; "
            "`liquid-nav episodes import` reads bags with other topics"
        )
    meta = EpisodeMetadata.from_text(text)
    if math.isnan(meta.horizontal_fov_rad):
        meta = replace(meta, horizontal_fov_rad=_view_of(found))
    return EpisodeFile(path, meta, recorded, damage.lost_bytes, damage.reason, found)


def read_episode(path: Path, *, repair: bool = False, options: AlignOptions | None = None) -> Episode:
    """Read an episode with all its images; see :func:`open_episode`."""
    file = open_episode(path, repair=repair)
    return Episode(file.metadata, list(file.steps(options)), file.lost_bytes)


def _view_of(found: dict[str, list[tuple[int, str, bytes]]]) -> float:
    """Return the camera's horizontal view in radians by its first calibration, NaN without one."""
    for topic, entries in found.items():
        if topic.endswith(CAMERA_INFO_TOPIC) and entries:
            info = _decode(*entries[0][1:])
            if info.k[0] > 0.0:
                return 2.0 * math.atan(0.5 * info.width / float(info.k[0]))
    return math.nan


def _decode(kind: str, data: bytes) -> Any:
    return messages.STORE.deserialize_cdr(data, kind)


def _step(moment: dict[str, Any], options: AlignOptions) -> Step:
    mask, scan, image = moment.get(MASK_TOPIC), moment.get(SCAN_TOPIC), moment[IMAGE_TOPIC]
    command, label, target = messages.command_of(moment[COMMAND_TOPIC]), moment.get(EXPERT_TOPIC), None
    if TARGET_TOPIC in moment:
        place = moment[TARGET_TOPIC].pose.position
        target = np.array([place.x, place.y, place.z])
    rgb = messages.picture_of(image)
    return Step(
        frame=CameraFrame(fit(rgb, options.size_px), messages.stamp_of(image)),
        odometry=messages.odometry_of(moment[ODOMETRY_TOPIC]),
        command=command,
        expert=command if label is None else messages.command_of(label),
        target_position_enu_m=np.full(3, np.nan) if target is None else target,
        target_mask=None if mask is None else fit(messages.mask_of(mask), options.size_px) > 127,
        obstacle_ranges_m=None if scan is None else np.asarray(scan.ranges, dtype=np.float32),
        labelled=label is not None,
        source=moment[SOURCE_TOPIC].data if SOURCE_TOPIC in moment else "",
    )
