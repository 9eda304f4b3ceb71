"""A camera as a node: a webcam, a stream, a video file or a folder of images."""

from __future__ import annotations

import sys
import time

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from liquid_nav.perception.source import open_source
from liquid_nav_ros.conversions import camera_info_message, compressed_message, image_message
from liquid_nav_ros.qos import SENSOR
from liquid_nav_ros.runner import Finished, now_s, parameter, run, wall_timer


class CameraNode(Node):
    """Gives ``camera/image_raw``, ``camera/image/compressed`` and ``camera/camera_info``.

    Images are scaled down to ``width`` so that they pass the shared memory of any middleware. Live sources are
    stamped at capture; files are played at ``rate_hz``, and their end ends the node.
    """

    def __init__(self) -> None:
        super().__init__("camera_node")
        source = parameter(self, "source", "0", "webcam number, URL, video file or folder of images")
        rate_hz = parameter(self, "rate_hz", 20.0, "images per second", low=0.5, high=120.0)
        loop = parameter(self, "loop", False, "play a file again and again")
        self._width = parameter(self, "width", 424, "pixels; larger images are scaled down", low=32, high=1920)
        self._fov = parameter(self, "horizontal_fov_rad", 1.396, "of the lens", low=0.2, high=3.0)
        wait_for = parameter(self, "wait_for_subscribers", 0, "start a file when so many listen", low=0, high=10)
        self._source = open_source(source, loop=loop)
        self._wait_for = wait_for
        self._began = time.monotonic()
        self._raw = self.create_publisher(Image, "camera/image_raw", SENSOR)
        self._compressed = self.create_publisher(CompressedImage, "camera/image/compressed", SENSOR)
        self._info = self.create_publisher(CameraInfo, "camera/camera_info", SENSOR)
        wall_timer(self, 1.0 / rate_hz, self._capture)

    def close(self) -> None:
        """Let the camera go."""
        self._source.close()

    def _capture(self) -> None:
        if self._raw.get_subscription_count() < self._wait_for and time.monotonic() - self._began < 20.0:
            return
        picture = self._source.read(self._width)
        stamp_s = now_s(self)
        if picture is None:
            self.get_logger().info("the source has ended")
            raise Finished(0)
        height, width = picture.shape[:2]
        self._raw.publish(image_message(picture, stamp_s))
        self._compressed.publish(compressed_message(picture, stamp_s))
        self._info.publish(camera_info_message(stamp_s, width, height, self._fov))


def main() -> None:
    """Run the node."""
    sys.exit(run(CameraNode))


if __name__ == "__main__":
    main()
