"""A camera as a node: a webcam, a stream, a pipeline, a video file, a recording or a folder of images."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from liquid_nav.errors import ConfigError
from liquid_nav.perception.calibration import Calibration, load_calibration
from liquid_nav.perception.source import Shot, open_source
from liquid_nav_ros.conversions import calibration_message, camera_info_message, compressed_message, image_message
from liquid_nav_ros.qos import SENSOR
from liquid_nav_ros.runner import Finished, now_s, parameter, run, wall_timer

LISTEN_S = 20.0
POLL_S = 0.02
EARLY = 0.8


class CameraNode(Node):
    """Gives ``camera/image_raw``, ``camera/image/compressed`` and ``camera/camera_info``.

    Images are scaled down to ``width`` so that they pass the shared memory of any middleware. A live camera's images
    are published as they come, at most at ``rate_hz``, and bear the time of their capture; one that is unplugged is
    waited for. Files are played at their own rate, folders at ``rate_hz``, and their end ends the node.
    """

    def __init__(self) -> None:
        super().__init__("camera_node")
        source = parameter(
            self, "source", "0", "webcam number, URL, GStreamer pipeline, video file, recording or folder of images"
        )
        rate_hz = parameter(self, "rate_hz", 20.0, "images per second, at most of a live camera", low=0.5, high=120.0)
        loop = parameter(self, "loop", False, "play a file again and again")
        self._width = parameter(self, "width", 424, "pixels; larger images are scaled down", low=32, high=1920)
        self._fov = parameter(self, "horizontal_fov_rad", 1.396, "of the lens, without calibration", low=0.2, high=3.0)
        file = parameter(self, "calibration", "", "YAML file of `liquid-nav calibrate` or camera_calibration")
        self._wait_for = parameter(
            self, "wait_for_subscribers", 0, "start a file when so many listen", low=0, high=10
        )
        self._calibration = load_calibration(Path(file).expanduser()) if file else None
        self._lens: Calibration | None = None
        self._raw = self.create_publisher(Image, "camera/image_raw", SENSOR)
        self._compressed = self.create_publisher(CompressedImage, "camera/image/compressed", SENSOR)
        self._info = self.create_publisher(CameraInfo, "camera/camera_info", SENSOR)
        self._period_s = 1.0 / rate_hz
        self._published = 0
        self._published_s = self._first_s = float("-inf")
        self._began_s = time.monotonic()
        self._next: Shot | None = None
        arrived = self.create_guard_condition(self._on_live)
        self._source = open_source(source, loop=loop, rate_hz=rate_hz, on_image=arrived.trigger)
        if not self._source.live:
            self._timer = wall_timer(self, POLL_S, self._on_time)

    def health(self) -> dict[str, object]:
        """Values for the heartbeat."""
        age_s = time.monotonic() - self._published_s if self._published else float("inf")
        return {"source": self._source.status(), "images": self._published, "age_s": round(age_s, 2)}

    def close(self) -> None:
        """Let the camera go."""
        self._source.close()

    def _on_live(self) -> None:
        """Publish what a live camera has just taken, unless it is faster than it should be."""
        now = time.monotonic()
        if now - self._published_s < EARLY * self._period_s:
            return
        shot = self._source.read(self._width)
        if shot is not None:
            self._publish(shot, now_s(self) - (time.monotonic() - shot.taken_s))

    def _on_time(self) -> None:
        """Publish the image of a file whose time has come, and sleep until the next one."""
        now = time.monotonic()
        if self._next is None:
            if self._raw.get_subscription_count() < self._wait_for and now - self._began_s < LISTEN_S:
                return
            self._next = self._read()
            self._first_s = now - self._next.taken_s
        while self._next.taken_s <= now - self._first_s + 1e-3:
            self._publish(self._next, now_s(self))
            self._next = self._read()
            if self._next.taken_s <= now - self._first_s - self._period_s:
                self._first_s = now - self._next.taken_s  # the machine is too slow: later, not faster
        self._sleep(self._first_s + self._next.taken_s - time.monotonic())

    def _sleep(self, pause_s: float) -> None:
        self._timer.cancel()
        self.destroy_timer(self._timer)
        self._timer = wall_timer(self, max(pause_s, 1e-3), self._on_time)

    def _read(self) -> Shot:
        shot = self._source.read(self._width)
        if shot is None:
            self.get_logger().info("the source has ended")
            raise Finished(0)
        return shot

    def _publish(self, shot: Shot, stamp_s: float) -> None:
        self._published += 1
        self._published_s = time.monotonic()
        height, width = shot.rgb.shape[:2]
        self._raw.publish(image_message(shot.rgb, stamp_s))
        if self._compressed.get_subscription_count():
            self._compressed.publish(compressed_message(shot.rgb, stamp_s))
        self._info.publish(self._describe(width, height, stamp_s))

    def _describe(self, width: int, height: int, stamp_s: float) -> CameraInfo:
        if self._calibration is None:
            return camera_info_message(stamp_s, width, height, self._fov)
        if self._lens is None or (self._lens.width_px, self._lens.height_px) != (width, height):
            try:
                self._lens = self._calibration.scaled(width, height)
            except ConfigError as error:
                print(f"error: {error}", file=sys.stderr)
                raise Finished(2) from error
        return calibration_message(self._lens, stamp_s)


def main() -> None:
    """Run the node."""
    sys.exit(run(CameraNode))


if __name__ == "__main__":
    main()
