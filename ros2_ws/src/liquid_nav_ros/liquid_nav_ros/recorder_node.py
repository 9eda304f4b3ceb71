"""Recording a flight: every topic as it is on the wire, into one MCAP file."""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from mcap.writer import CompressionType, Writer
from rclpy.node import Node
from std_srvs.srv import Trigger

from liquid_nav import __version__
from liquid_nav.data.messages import STORE
from liquid_nav.errors import EpisodeError
from liquid_nav_ros.qos import RELIABLE, SENSOR
from liquid_nav_ros.runner import now_s, parameter, run

TOPICS = (
    "camera/image/compressed:sensor_msgs/msg/CompressedImage",
    "camera/camera_info:sensor_msgs/msg/CameraInfo",
    "odom:nav_msgs/msg/Odometry",
    "liquid_nav/cmd_vel_raw:geometry_msgs/msg/TwistStamped",
    "liquid_nav/cmd_vel:geometry_msgs/msg/TwistStamped",
    "vehicle/cmd_vel:geometry_msgs/msg/TwistStamped",
    "vehicle/state:std_msgs/msg/String",
    "liquid_nav/attention:sensor_msgs/msg/Image",
    "liquid_nav/neurons:std_msgs/msg/Float32MultiArray",
    "target/pose:geometry_msgs/msg/PoseStamped",
    "sim/status:std_msgs/msg/String",
    "sim/collision:std_msgs/msg/Bool",
    "/diagnostics:diagnostic_msgs/msg/DiagnosticArray",
    "/clock:rosgraph_msgs/msg/Clock",
)
SENSOR_TOPICS = ("camera/", "odom", "target/", "liquid_nav/attention", "liquid_nav/neurons")


class RecorderNode(Node):
    """Services ``~/start``, ``~/stop`` and ``~/discard``.

    While it records the file is called ``<name>.mcap.part``; it gets its name when it is closed whole.
    """

    def __init__(self) -> None:
        super().__init__("recorder_node")
        self._path = Path(parameter(self, "path", "flight.mcap", "of the recording"))
        topics = parameter(self, "topics", list(TOPICS), "name:type of what is recorded")
        autostart = parameter(self, "autostart", True, "record from the start")
        self._writer: Writer | None = None
        self._file: BinaryIO | None = None
        self._channels: dict[str, int] = {}
        self._entries = [tuple(entry.rsplit(":", 1)) for entry in topics]
        for topic, kind in self._entries:
            profile = SENSOR if topic.startswith(SENSOR_TOPICS) else RELIABLE
            self.create_subscription(_message_class(kind), topic, self._callback(topic), profile, raw=True)
        self.create_service(Trigger, "~/start", self._on_start)
        self.create_service(Trigger, "~/stop", self._on_stop)
        self.create_service(Trigger, "~/discard", self._on_discard)
        if autostart:
            self._start()

    def health(self) -> dict[str, object]:
        """Values for the heartbeat."""
        return {"recording": self._writer is not None, "path": self._path}

    def close(self) -> None:
        """Finish the file."""
        self._stop(keep=True)

    @property
    def _part(self) -> Path:
        return self._path.with_name(self._path.name + ".part")

    def _start(self) -> None:
        if self._writer is not None:
            raise EpisodeError(f"{self._path} is being recorded already: stop it first")
        if self._path.exists():
            raise EpisodeError(f"{self._path} exists already: choose another path")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("wb")
        except OSError as error:
            raise EpisodeError(f"{self._part} cannot be written ({error}): choose another path") from error
        self._writer = Writer(self._file, compression=CompressionType.ZSTD)
        self._writer.start(profile="ros2", library=f"liquid_nav {__version__}")
        schemas: dict[str, int] = {}
        for topic, kind in self._entries:
            if kind not in schemas:
                text, _ = STORE.generate_msgdef(kind, ros_version=2)
                schemas[kind] = self._writer.register_schema(kind, "ros2msg", text.encode())
            full = self.resolve_topic_name(topic)
            self._channels[topic] = self._writer.register_channel(full, "cdr", schemas[kind])

    def _stop(self, *, keep: bool) -> None:
        if self._writer is None or self._file is None:
            return
        writer, self._writer = self._writer, None
        writer.finish()
        self._file.close()
        if keep:
            self._part.replace(self._path)
        else:
            self._part.unlink()

    def _callback(self, topic: str) -> Any:
        def store(data: bytes) -> None:
            if self._writer is None:
                return
            try:
                self._writer.add_message(
                    self._channels[topic], max(0, int(now_s(self) * 1e9)), bytes(data), time.time_ns()
                )
            except OSError as error:
                self.get_logger().error(f"{self._part} cannot be written any more ({error}): free some space")
                self._writer = None

        return store

    def _on_start(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            self._start()
            response.success, response.message = True, f"recording {self._path}"
        except EpisodeError as error:
            response.success, response.message = False, str(error)
        return response

    def _on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._writer is not None
        self._stop(keep=True)
        response.message = f"{self._path} is finished" if response.success else "nothing is being recorded"
        return response

    def _on_discard(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._writer is not None
        self._stop(keep=False)
        response.message = "the recording is gone" if response.success else "nothing is being recorded"
        return response


def _message_class(kind: str) -> Any:
    """Return the class of a type such as ``sensor_msgs/msg/Image``."""
    package, _, name = kind.partition("/msg/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except (ModuleNotFoundError, AttributeError) as error:
        raise EpisodeError(f"message type {kind!r} is not installed: install {package} or drop the topic") from error


def main() -> None:
    """Run the node."""
    sys.exit(run(RecorderNode))


if __name__ == "__main__":
    main()
