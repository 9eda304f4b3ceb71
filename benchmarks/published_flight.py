"""A process that publishes what a flight publishes, for :mod:`benchmarks.recording`; it needs the graph's environment.

``python benchmarks/published_flight.py WIDTH HEIGHT HZ SECONDS`` prints how many messages were sent, as JSON.
"""

from __future__ import annotations

import json
import sys
import time

import cv2
import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from liquid_nav_ros.conversions import (
    camera_info_message,
    command_message,
    compressed_message,
    to_time,
    verdict_status,
)
from liquid_nav_ros.qos import RELIABLE, SENSOR
from nav_msgs.msg import Odometry
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, CompressedImage

from liquid_nav.types import SafetyVerdict, VelocityCommand

COMMANDS = ("liquid_nav/cmd_vel_raw", "liquid_nav/cmd_vel", "vehicle/cmd_vel")
ODOMETRY_HZ = 80.0
DISCOVERY_S = 20.0


def draw_pictures(width: int, height: int, count: int = 20) -> list[NDArray[np.uint8]]:
    """Return images (height, width, 3) that compress about as well as a forest does."""
    rng = np.random.default_rng(0)
    soft = cv2.resize(rng.integers(0, 255, (height // 16, width // 16, 3)).astype(np.uint8), (width, height))
    noise = rng.normal(0.0, 12.0, (count, height, width, 1))
    return [np.clip(soft + each, 0, 255).astype(np.uint8) for each in noise]


class Flight:
    """The publishers of all nodes of a flight.

    Args:
        width, height: of the images.
    """

    def __init__(self, width: int, height: int) -> None:
        self.node = rclpy.create_node("flight")
        self.size = (width, height)
        self._images = self.node.create_publisher(CompressedImage, "camera/image/compressed", SENSOR)
        self._infos = self.node.create_publisher(CameraInfo, "camera/camera_info", SENSOR)
        self._states = self.node.create_publisher(Odometry, "odom", SENSOR)
        self._commands = [self.node.create_publisher(TwistStamped, name, RELIABLE) for name in COMMANDS]
        self._verdicts = self.node.create_publisher(DiagnosticArray, "/diagnostics", RELIABLE)
        self._pictures = [compressed_message(picture, 0.0) for picture in draw_pictures(width, height)]
        self.sent = {"images": 0, "others": 0}

    def wait_for_a_listener(self) -> None:
        """Wait until somebody listens to every topic, and a second more for the last handshakes."""
        topics = [self._images, self._infos, self._states, *self._commands, self._verdicts]
        deadline = time.monotonic() + DISCOVERY_S
        while any(topic.get_subscription_count() < 1 for topic in topics) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.0)

    def send_state(self) -> None:
        """Publish an odometry."""
        state = Odometry(child_frame_id="base_link")
        state.header.stamp = to_time(time.time())
        self._states.publish(state)
        self.sent["others"] += 1

    def send_image(self) -> None:
        """Publish an image and what follows from it."""
        stamp_s = time.time()
        image = self._pictures[self.sent["images"] % len(self._pictures)]
        image.header.stamp = to_time(stamp_s)
        self._images.publish(image)
        self._infos.publish(camera_info_message(stamp_s, *self.size, 1.4))
        for publisher in self._commands:
            publisher.publish(command_message(VelocityCommand(1.0), stamp_s))
        verdict = verdict_status("liquid_nav: safety", SafetyVerdict(VelocityCommand()), "policy")
        array = DiagnosticArray(status=[verdict])
        array.header.stamp = to_time(stamp_s)
        self._verdicts.publish(array)
        self.sent["images"] += 1
        self.sent["others"] += 2 + len(self._commands)


def main() -> None:
    """Fly and print the counts."""
    width, height, hz, seconds = (float(value) for value in sys.argv[1:])
    rclpy.init()
    flight = Flight(int(width), int(height))
    flight.wait_for_a_listener()
    begun = next_image = next_state = time.monotonic()
    while (now := time.monotonic()) - begun < seconds:
        if now >= next_state:
            next_state += 1.0 / ODOMETRY_HZ
            flight.send_state()
        if now >= next_image:
            next_image += 1.0 / hz
            flight.send_image()
        time.sleep(max(0.0, min(next_image, next_state) - time.monotonic()))
    time.sleep(1.0)  # until the last ones are out
    print(json.dumps(flight.sent), flush=True)
    flight.node.destroy_node()
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
