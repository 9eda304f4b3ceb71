"""The simulated world as a node: it takes commands and gives what a vehicle and its camera would."""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import replace
from typing import Any

from geometry_msgs.msg import PoseStamped, TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Bool, String
from std_srvs.srv import Trigger

from liquid_nav.errors import ConfigError, LiquidNavError
from liquid_nav.types import VelocityCommand
from liquid_nav_ros.conversions import (
    camera_info_message,
    command_of,
    compressed_message,
    image_message,
    odometry_message,
    pose_message,
    to_seconds,
    to_time,
)
from liquid_nav_ros.qos import LATCHED, RELIABLE, SENSOR
from liquid_nav_ros.runner import parameter, run, topic_name, wall_timer
from sim_worlds.camera import CameraConfig
from sim_worlds.catalogue import WORLDS
from sim_worlds.conditions import FlightConditions
from sim_worlds.config import from_mapping
from sim_worlds.missions import Mission, make_mission
from sim_worlds.world import World, make_world

POLL_S = 0.002
ODOMETRY_PER_IMAGE = 2
COMMAND_TIMEOUT_S = 0.6
RESET_PAUSE_S = 3.0
LONGEST_WAIT_S = 10.0
OWN_PARAMETERS = {
    "name": "world",
    "seed": "seed",
    "camera": "camera_options",
    "conditions": "conditions",
    "renderer": "renderer",
}  # of the node, by the argument of a world that they set


class SimNode(Node):
    """Gives camera topics, ``odom``, ``/clock``, ``target/pose``, ``sim/collision`` and ``sim/status`` (JSON).

    The world moves on when the command that answers the last image has come, and not faster than
    ``realtime_factor`` allows. When no answer comes within ``patience_s`` of wall time it moves on without, so
    that a silent policy does not stop the world. Before the first command the world stands still, and until
    the node ``wait_for``, such as a recorder, hears the compressed images, but no longer than 10 s. ``~/reset`` begins
    the same world again, ``~/next`` the one of the next seed; the clock goes on over both, so that no node sees time
    run backwards. Where the next world cannot be built the old one stays, and the answer says why.
    """

    def __init__(self) -> None:
        super().__init__("sim_node")
        self._declare()
        self._clock_s = 0.0  # on the ROS clock when the world began
        self._world = self._make_world()
        self._mission = self._make_mission(self._world)
        self._command = VelocityCommand()
        self._answered_s = -1.0
        self._stamp_s = -1.0
        self._stepped_at = 0.0
        self._command_at = 0.0
        self._started = False
        self._began_at: float | None = None  # when the first command had come
        self._raw = self.create_publisher(Image, "camera/image_raw", SENSOR)
        self._compressed = self.create_publisher(CompressedImage, "camera/image/compressed", SENSOR)
        self._info = self.create_publisher(CameraInfo, "camera/camera_info", SENSOR)
        self._odometry = self.create_publisher(OdometryMessage, "odom", SENSOR)
        self._time = self.create_publisher(Clock, "/clock", RELIABLE)
        self._target = self.create_publisher(PoseStamped, "target/pose", SENSOR)
        self._collision = self.create_publisher(Bool, "sim/collision", LATCHED)
        self._status = self.create_publisher(String, "sim/status", RELIABLE)
        self.create_subscription(TwistStamped, self._command_topic, self._on_command, RELIABLE)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self.create_service(Trigger, "~/next", self._on_next)
        self._collision.publish(Bool(data=False))
        wall_timer(self, POLL_S, self._poll)

    def close(self) -> None:
        """Free the world."""
        self._world.close()

    def _declare(self) -> None:
        self._name = parameter(self, "world", "city", f"one of {', '.join(WORLDS)}")
        self._seed = parameter(self, "seed", 2_000_001, "of the world", low=0, high=2_147_483_647)
        self._options = self._mapping("world_options", "of the world, JSON: {\"season\": \"winter\", \"hour\": 8.0}")
        for name in sorted(set(self._options) & set(OWN_PARAMETERS)):
            raise ConfigError(
                f"parameter world_options holds {name} = {self._options[name]!r}: "
                f"set the parameter {OWN_PARAMETERS[name]} instead"
            )
        self._camera = self._mapping("camera_options", "of the camera, JSON: fields of CameraConfig")
        self._conditions = self._mapping("conditions", "of the flight, JSON: fields of FlightConditions")
        self._duration_s = parameter(self, "duration_s", 60.0, "of a follow mission", low=1.0, high=3600.0)
        self._unhurried = parameter(self, "unhurried", False, "the mission has no limit of time, as pilots want it")
        self._size = (
            parameter(self, "render_width", 256, "pixels", low=16, high=1920),
            parameter(self, "render_height", 144, "pixels", low=16, high=1080),
        )
        self._period_s = 1.0 / parameter(self, "camera_hz", 20.0, "images per second", low=1.0, high=120.0)
        self._factor = parameter(
            self, "realtime_factor", 1.0, "simulated per wall second, 0 for no limit", low=0.0, high=100.0
        )
        self._patience_s = parameter(self, "patience_s", 0.25, "wall time to wait for a command", low=0.0, high=10.0)
        self._wait_for = parameter(self, "wait_for", "", "node of this namespace that shall hear all of the flight")
        topic = parameter(
            self, "command_topic", "liquid_nav/cmd_vel", "what is flown; vehicle/cmd_vel behind a flight bridge"
        )
        self._command_topic = topic_name(self, "command_topic", topic)
        self._renderer = parameter(self, "renderer", "auto", "auto, gl or tiny")

    def _make_world(self) -> World:
        width, height = self._size
        return make_world(
            self._name,
            self._seed,
            renderer=self._renderer,
            camera=from_mapping(CameraConfig, {**self._camera, "width_px": width, "height_px": height}),
            conditions=from_mapping(FlightConditions, self._conditions),
            **self._options,
        )

    def _make_mission(self, world: World) -> Mission:
        mission = make_mission(world, self._duration_s)
        if self._unhurried:
            mission.limit_s = math.inf
        return mission

    def _mapping(self, name: str, description: str) -> dict[str, Any]:
        """Declare a parameter that holds a JSON object."""
        text = parameter(self, name, "{}", description)
        try:
            value = json.loads(text or "{}")
        except json.JSONDecodeError as error:
            raise ConfigError(f"parameter {name} is {text!r}: give a JSON object ({error})") from error
        if not isinstance(value, dict):
            raise ConfigError(f"parameter {name} is {text!r}: give a JSON object")
        return value

    def _on_command(self, message: TwistStamped) -> None:
        self._command = command_of(message)
        self._answered_s = to_seconds(message.header.stamp)
        self._command_at = time.monotonic()

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            world = self._make_world()
        except LiquidNavError as error:
            response.success, response.message = False, f"the world stays as it is: {error}"
            return response
        now_s = self._clock_s + self._world.time_s
        self._world.close()
        self._world, self._mission = world, self._make_mission(world)
        self._clock_s = now_s + RESET_PAUSE_S
        self._command, self._answered_s, self._stamp_s, self._started = VelocityCommand(), -1.0, -1.0, False
        self._collision.publish(Bool(data=False))
        response.success, response.message = True, f"{self._name} {self._seed} starts again"
        return response

    def _on_next(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._seed += 1
        self._on_reset(request, response)
        if not response.success:
            self._seed -= 1
        return response

    def _poll(self) -> None:
        """Look whether it is time for the next step."""
        now = time.monotonic()
        if self._mission.done:
            return
        if self._stamp_s < 0.0:
            self._publish()
            self._stepped_at = now
            return
        waited = now - self._stepped_at
        answered = self._answered_s >= self._stamp_s - 1e-6
        if not self._started:
            if answered and self._is_heard(now):
                self._started = True
            elif waited > 0.2:
                self._publish()  # nobody has answered yet: the graph is still being built
                self._stepped_at = now
            return
        period = self._period_s / self._factor if self._factor > 0.0 else 0.0
        if waited < period or not (answered or waited >= self._patience_s):
            return
        # On a steady beat, unless the machine cannot keep up.
        self._stepped_at = max(self._stepped_at + period, now - period) if period else now
        self._step(now)

    def _is_heard(self, now: float) -> bool:
        self._began_at = now if self._began_at is None else self._began_at
        if not self._wait_for or now - self._began_at > LONGEST_WAIT_S:
            return True
        hearers = self.get_subscriptions_info_by_topic(self._compressed.topic_name)
        return (self._wait_for, self.get_namespace()) in [(each.node_name, each.node_namespace) for each in hearers]

    def _step(self, now: float) -> None:
        command = self._command if now - self._command_at < COMMAND_TIMEOUT_S else VelocityCommand()
        part = self._period_s / ODOMETRY_PER_IMAGE
        for index in range(ODOMETRY_PER_IMAGE):
            self._world.step(command, part)
            if index + 1 < ODOMETRY_PER_IMAGE:
                self._publish_odometry()
        self._mission.update(self._world)
        self._publish()
        if self._world.collision is not None:
            self._collision.publish(Bool(data=True))

    def _publish(self) -> None:
        world = self._world
        now_s = self._clock_s + world.time_s
        # Nothing is lost or late before the flight: the world stands still until the first image is answered.
        frame = world.received_frame() if self._started else world.camera_frame()
        self._time.publish(Clock(clock=to_time(now_s)))
        self._publish_odometry()
        self._target.publish(pose_message(world.target.position_enu_m, now_s))
        if frame is not None:
            self._stamp_s = self._clock_s + frame.stamp_s
            self._raw.publish(image_message(frame.rgb, self._stamp_s))
            self._compressed.publish(compressed_message(frame.rgb, self._stamp_s))
            lens = world.camera.config
            self._info.publish(
                camera_info_message(self._stamp_s, *self._size, lens.horizontal_fov_rad, lens.distortion.tolist())
            )
        self._status.publish(String(data=json.dumps(self._describe())))

    def _publish_odometry(self) -> None:
        odometry = self._world.estimate
        self._odometry.publish(odometry_message(replace(odometry, stamp_s=self._clock_s + odometry.stamp_s)))

    def _describe(self) -> dict[str, object]:
        mission = self._mission
        result = mission.result()
        return {
            "world": self._name,
            "seed": self._seed,
            "time_s": round(self._world.time_s, 3),
            "limit_s": mission.limit_s if math.isfinite(mission.limit_s) else None,
            "distance_m": round(self._world.target_distance_m, 2),
            "in_view": mission.target_in_view,
            "started": self._started,
            "done": mission.done,
            "success": result.success,
            "collision": result.collision,
            "tsr": round(result.tsr, 4),
            "tsr_counts": mission.tsr_counts,
            "duration_s": round(result.duration_s, 3),
            "min_distance_m": round(result.min_distance_m, 3) if math.isfinite(result.min_distance_m) else None,
            "reason": result.reason,
            "mission": mission.name,
        }


def main() -> None:
    """Run the node."""
    sys.exit(run(SimNode))


if __name__ == "__main__":
    main()
