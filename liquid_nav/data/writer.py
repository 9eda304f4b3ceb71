"""Writing episodes: a file bears its final name only when it is whole."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from liquid_nav.data import messages
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
    EpisodeMetadata,
    Step,
)
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.errors import EpisodeError
from liquid_nav.types import CameraFrame, Odometry, VelocityCommand

SCAN_REACH_M = 8.0  # free distances are recorded up to here
_TOPICS = {
    IMAGE_TOPIC: messages.IMAGE,
    MASK_TOPIC: messages.IMAGE,
    SCAN_TOPIC: messages.SCAN,
    CAMERA_INFO_TOPIC: messages.CAMERA_INFO,
    ODOMETRY_TOPIC: messages.ODOMETRY,
    COMMAND_TOPIC: messages.TWIST,
    EXPERT_TOPIC: messages.TWIST,
    TARGET_TOPIC: messages.POSE,
    SOURCE_TOPIC: messages.TEXT,
}


class EpisodeWriter:
    """Writes one episode; use it in a ``with`` block.

    While it writes, the file is called ``<name>.mcap.part``. It gets its name when the block ends well. When the
    block ends with an exception the ``.part`` file stays, closed and readable with ``read_episode(repair=True)``.

    Args:
        path: of the finished file, ending in ``.mcap``.
        metadata: how the episode came about.

    Raises:
        EpisodeError: when the name is wrong, the file exists already or its folder cannot be written.
    """

    def __init__(self, path: Path, metadata: EpisodeMetadata) -> None:
        self.path = path
        self.metadata = metadata
        self.steps = 0
        self._writer = RecordingWriter(path, library=f"liquid_nav {metadata.software}".strip())
        self._channels: dict[str, int] = {}
        self._writer.add_metadata(METADATA_NAME, metadata.to_text())

    def write_step(
        self,
        frame: CameraFrame,
        odometry: Odometry,
        command: VelocityCommand,
        expert: VelocityCommand | None,
        target_position_enu_m: NDArray[np.float64] | None,
        target_mask: NDArray[np.bool_] | None = None,
        obstacle_ranges_m: NDArray[np.float32] | None = None,
        source: str = "",
    ) -> None:
        """Write one moment; all its messages carry the frame's stamp. What is None is not known.

        Raises:
            EpisodeError: when the disk is full or the file cannot be written any more.
        """
        stamp = frame.stamp_s
        height, width = frame.rgb.shape[:2]
        fov = self.metadata.horizontal_fov_rad
        try:
            self._write(IMAGE_TOPIC, messages.image_message(frame.rgb, stamp, "jpeg"), stamp)
            self._write(CAMERA_INFO_TOPIC, messages.camera_info_message(stamp, width, height, fov), stamp)
            self._write(ODOMETRY_TOPIC, messages.odometry_message(odometry), stamp)
            self._write(COMMAND_TOPIC, messages.command_message(command, stamp), stamp)
            if expert is not None:
                self._write(EXPERT_TOPIC, messages.command_message(expert, stamp), stamp)
            if target_position_enu_m is not None:
                place = messages.pose(target_position_enu_m, np.array([0.0, 0.0, 0.0, 1.0]))
                target = messages.make(messages.POSE, header=messages.header(stamp, "odom"), pose=place)
                self._write(TARGET_TOPIC, target, stamp)
            if target_mask is not None:
                picture = target_mask.astype(np.uint8) * 255
                self._write(MASK_TOPIC, messages.image_message(picture, stamp, "png"), stamp)
            if obstacle_ranges_m is not None:
                scan = messages.scan_message(obstacle_ranges_m, stamp, fov, SCAN_REACH_M)
                self._write(SCAN_TOPIC, scan, stamp)
            if source:
                self._write(SOURCE_TOPIC, messages.make(messages.TEXT, data=source), stamp)
        except OSError as error:
            part = self._writer.part
            raise EpisodeError(f"{part} cannot be written ({error}): free some space and fly again") from error
        self.steps += 1

    def write(self, step: Step) -> None:
        """Write one moment as it was read."""
        known = bool(np.isfinite(step.target_position_enu_m).all())
        self.write_step(
            step.frame,
            step.odometry,
            step.command,
            step.expert if step.labelled else None,
            step.target_position_enu_m if known else None,
            step.target_mask,
            step.obstacle_ranges_m,
            step.source,
        )

    def add_facts(self, facts: dict[str, str]) -> None:
        """Write what is known only at the end; it is read back as part of the metadata's ``extra``."""
        self._writer.add_metadata(METADATA_NAME, facts)

    def close(self, *, complete: bool = True) -> None:
        """Finish the file; an incomplete one keeps its ``.part`` name.

        Raises:
            EpisodeError: when the disk is full.
        """
        try:
            self._writer.close(complete=complete)
        except OSError as error:
            part = self._writer.part
            raise EpisodeError(f"{part} cannot be written ({error}): free some space and fly again") from error

    def discard(self) -> None:
        """Close and remove the file, unless it is finished."""
        self._writer.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(complete=kind is None)

    def _write(self, topic: str, message: Any, stamp_s: float) -> None:
        if topic not in self._channels:
            self._channels[topic] = self._writer.add_channel(topic, _TOPICS[topic])
        nanoseconds = max(0, round(stamp_s * 1e9))
        data = bytes(messages.STORE.serialize_cdr(message, _TOPICS[topic]))
        self._writer.write(self._channels[topic], nanoseconds, data, nanoseconds)
