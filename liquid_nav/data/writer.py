"""Writing episodes: a file bears its final name only when it is whole."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from mcap.writer import CompressionType, Writer
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
    TARGET_TOPIC,
    EpisodeMetadata,
)
from liquid_nav.errors import EpisodeError
from liquid_nav.types import CameraFrame, Odometry, VelocityCommand

PART_SUFFIX = ".part"
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
        if path.suffix != ".mcap":
            raise EpisodeError(f"{path} does not end in .mcap: choose another name")
        if path.exists():
            raise EpisodeError(f"{path} exists already: remove it or choose another name")
        self.path = path
        self.metadata = metadata
        self.steps = 0
        self._part = path.with_name(path.name + PART_SUFFIX)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("wb")
        except OSError as error:
            raise EpisodeError(f"{self._part} cannot be written ({error}): choose a folder you may write to") from error
        self._writer = Writer(self._file, compression=CompressionType.ZSTD)
        self._writer.start(profile="ros2", library=f"liquid_nav {metadata.software}".strip())
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        self._writer.add_metadata(METADATA_NAME, metadata.to_text())

    def write_step(
        self,
        frame: CameraFrame,
        odometry: Odometry,
        command: VelocityCommand,
        expert: VelocityCommand,
        target_position_enu_m: NDArray[np.float64],
        target_mask: NDArray[np.bool_] | None = None,
        obstacle_ranges_m: NDArray[np.float32] | None = None,
    ) -> None:
        """Write one moment; all its messages carry the frame's stamp.

        Raises:
            EpisodeError: when the disk is full or the file cannot be written any more.
        """
        stamp = frame.stamp_s
        height, width = frame.rgb.shape[:2]
        fov = self.metadata.horizontal_fov_rad
        position = messages.pose(target_position_enu_m, np.array([0.0, 0.0, 0.0, 1.0]))
        target = messages.make(messages.POSE, header=messages.header(stamp, "odom"), pose=position)
        try:
            self._write(IMAGE_TOPIC, messages.image_message(frame.rgb, stamp, "jpeg"), stamp)
            self._write(CAMERA_INFO_TOPIC, messages.camera_info_message(stamp, width, height, fov), stamp)
            self._write(ODOMETRY_TOPIC, messages.odometry_message(odometry), stamp)
            self._write(COMMAND_TOPIC, messages.command_message(command, stamp), stamp)
            self._write(EXPERT_TOPIC, messages.command_message(expert, stamp), stamp)
            self._write(TARGET_TOPIC, target, stamp)
            if target_mask is not None:
                picture = target_mask.astype(np.uint8) * 255
                self._write(MASK_TOPIC, messages.image_message(picture, stamp, "png"), stamp)
            if obstacle_ranges_m is not None:
                scan = messages.scan_message(obstacle_ranges_m, stamp, fov, SCAN_REACH_M)
                self._write(SCAN_TOPIC, scan, stamp)
        except OSError as error:
            raise EpisodeError(f"{self._part} cannot be written ({error}): free some space and fly again") from error
        self.steps += 1

    def close(self, *, complete: bool = True) -> None:
        """Finish the file; an incomplete one keeps its ``.part`` name."""
        if self._file.closed:
            return
        self._writer.finish()  # type: ignore[no-untyped-call]
        self._file.close()
        if complete:
            self._part.replace(self.path)

    def __enter__(self) -> EpisodeWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(complete=kind is None)

    def _write(self, topic: str, message: Any, stamp_s: float) -> None:
        if topic not in self._channels:
            self._channels[topic] = self._register(topic)
        nanoseconds = max(0, round(stamp_s * 1e9))
        data = bytes(messages.STORE.serialize_cdr(message, _TOPICS[topic]))
        self._writer.add_message(self._channels[topic], nanoseconds, data, nanoseconds)

    def _register(self, topic: str) -> int:
        name = _TOPICS[topic]
        if name not in self._schemas:
            text, _ = messages.STORE.generate_msgdef(name, ros_version=2)
            self._schemas[name] = self._writer.register_schema(name, "ros2msg", text.encode())
        return self._writer.register_channel(topic, "cdr", self._schemas[name])
