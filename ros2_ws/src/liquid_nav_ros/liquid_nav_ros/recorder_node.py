"""Recording a flight: every topic as it is on the wire, into MCAP files."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from std_msgs.msg import String
from std_srvs.srv import Trigger

from liquid_nav import __version__
from liquid_nav.data.messages import STORE, TEXT
from liquid_nav.data.recorder import Recorder
from liquid_nav.data.stamps import has_stamp, stamp_ns
from liquid_nav.errors import ConfigError, EpisodeError
from liquid_nav_ros.heartbeat import is_anothers
from liquid_nav_ros.qos import LATCHED
from liquid_nav_ros.runner import parameter, run, set_period, topic_name, wall_timer

TOPICS = (
    "camera/image/compressed:sensor_msgs/msg/CompressedImage",
    "camera/camera_info:sensor_msgs/msg/CameraInfo",
    "odom:nav_msgs/msg/Odometry",
    "liquid_nav/cmd_vel_raw:geometry_msgs/msg/TwistStamped",
    "liquid_nav/cmd_vel:geometry_msgs/msg/TwistStamped",
    "teleop/cmd_vel:geometry_msgs/msg/TwistStamped",
    "vehicle/cmd_vel:geometry_msgs/msg/TwistStamped",
    "vehicle/state:std_msgs/msg/String",
    "battery:sensor_msgs/msg/BatteryState",
    "gps/fix:sensor_msgs/msg/NavSatFix",
    "joy:sensor_msgs/msg/Joy",
    "liquid_nav/attention:sensor_msgs/msg/Image",
    "liquid_nav/neurons:std_msgs/msg/Float32MultiArray",
    "target/pose:geometry_msgs/msg/PoseStamped",
    "sim/status:std_msgs/msg/String",
    "sim/collision:std_msgs/msg/Bool",
    "/diagnostics:diagnostic_msgs/msg/DiagnosticArray",
    "/clock:rosgraph_msgs/msg/Clock",
)
NOTES = "~/note"
CLOCK = "/clock"
DIAGNOSTICS = "/diagnostics"
# What this project publishes reliably. Everything else is subscribed to as best effort, which hears every publisher.
RELIABLE_TOPICS = (
    "liquid_nav/cmd_vel_raw", "liquid_nav/cmd_vel", "teleop/cmd_vel", "vehicle/cmd_vel", "sim/status", DIAGNOSTICS,
    NOTES,
)  # fmt: skip
LATCHED_TOPICS = ("vehicle/state", "sim/collision")
# Deeper than elsewhere: a recording must keep what comes between two looks, and while the machine is busy.
DEPTH = 120
PATIENT = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT)
CAREFUL = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=DEPTH, reliability=ReliabilityPolicy.RELIABLE)
POLL_S, QUIET_POLL_S = 0.1, 0.25
FEW = 10  # messages in a look: a flight brings more
STATUS_S = 0.5
MEGABYTE = 1_000_000


class Polled(CallbackGroup):
    """Of subscriptions that no executor waits for.

    Waking for every message costs ten times more than to take what has come ten times a second, or four where it is
    little; when each came is noted by DDS.
    """

    def can_execute(self, entity: Any) -> bool:
        """Never."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Never."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Nothing began."""


class RecorderNode(Node):
    """Services ``~/start``, ``~/stop`` and ``~/discard``; takes notes from ``~/note``, tells ``~/status`` as JSON.

    ``path`` is a file, or a folder in which each start makes a file named after the time. While it records the file is
    called ``<name>.mcap.part``; it gets its name when it is closed whole. What is latched is written again at each
    start. Messages bear the time of their coming and, where they have a header, its stamp as the time of making.
    Of ``/diagnostics``, which all vehicles share, what other vehicles of this project say is left out.
    """

    def __init__(self) -> None:
        super().__init__("recorder_node")
        path = parameter(self, "path", "recordings", "a file ending in .mcap, or a folder for many")
        self._path = Path(path).expanduser()
        topics = parameter(self, "topics", list(TOPICS), "name:type of what is recorded")
        autostart = parameter(self, "autostart", True, "record from the start")
        free = parameter(self, "min_free_mb", 500, "stop when less is free on the disk", low=1, high=1_000_000)
        sync = parameter(self, "sync", True, "have each half second on the disk itself, not only with the system")
        self._facts = self._mapping(parameter(self, "metadata", "{}", "JSON of texts, such as {\"pilot\": \"Ada\"}"))
        self._notes_topic, self._clock_topic = self.resolve_topic_name(NOTES), self.resolve_topic_name(CLOCK)
        self._diagnostics_topic = self.resolve_topic_name(DIAGNOSTICS)
        self._latched_topics = {self.resolve_topic_name(topic) for topic in LATCHED_TOPICS}
        kinds = self._kinds(topics) | {self._notes_topic: "std_msgs/msg/String"}
        library = f"liquid_nav {__version__}"
        self._recorder = Recorder(kinds, library=library, min_free_bytes=free * MEGABYTE, sync=sync)
        self._latched: dict[str, tuple[bytes, int]] = {}
        self._notes: list[str] = []
        self._problem = ""
        self._simulated = bool(self.get_parameter("use_sim_time").value)
        self._clock_ns = 0  # simulated, as of the message at hand
        if self._simulated:
            kinds[self._clock_topic] = "rosgraph_msgs/msg/Clock"
        self._subscriptions_of = self._subscribe(kinds)
        self._stamped = {topic: has_stamp(kind) for topic, kind in kinds.items()}
        self._status = self.create_publisher(String, "~/status", LATCHED)
        for name, act in (("start", self._start), ("stop", self._stop), ("discard", self._discard)):
            self.create_service(Trigger, f"~/{name}", _service(act))
        if autostart:
            self._start()
        self._poller = wall_timer(self, POLL_S, self._look)
        wall_timer(self, STATUS_S, self._tell)

    def health(self) -> dict[str, object]:
        """Values for the heartbeat."""
        state = self._recorder.state()
        return {"recording": state.recording, "path": state.path, "dropped": state.dropped, "problem": state.problem}

    def close(self) -> None:
        """Finish the file."""
        if self._recorder.recording:
            try:
                self._poll()
                self._finish()
            except EpisodeError as error:
                print(f"error: {error}", file=sys.stderr)

    def _kinds(self, entries: list[str]) -> dict[str, str]:
        """Return message types by the full names of topics."""
        kinds: dict[str, str] = {}
        for entry in entries:
            topic, _, kind = entry.rpartition(":")
            if not topic or not kind:
                raise ConfigError(
                    f"parameter topics holds {entry!r}: give name:type, such as odom:nav_msgs/msg/Odometry"
                )
            kinds[topic_name(self, "topics", topic)] = kind
        return kinds

    def _subscribe(self, kinds: dict[str, str]) -> dict[str, Any]:
        group, careful = Polled(), {self.resolve_topic_name(topic) for topic in RELIABLE_TOPICS}
        profiles = dict.fromkeys(careful, CAREFUL) | dict.fromkeys(self._latched_topics, LATCHED)
        return {
            topic: self.create_subscription(
                _message_class(kind), topic, _never, profiles.get(topic, PATIENT), raw=True, callback_group=group
            )
            for topic, kind in kinds.items()
        }

    def _mapping(self, text: str) -> dict[str, str]:
        try:
            values = json.loads(text or "{}")
        except json.JSONDecodeError as error:
            raise EpisodeError(f"parameter metadata is {text!r}: give a JSON object ({error})") from error
        if not isinstance(values, dict):
            raise EpisodeError(f"parameter metadata is {text!r}: give a JSON object")
        return {str(key): str(value) for key, value in values.items()}

    def _look(self) -> None:
        set_period(self._poller, POLL_S if self._poll() > FEW else QUIET_POLL_S)

    def _poll(self) -> int:
        """Hand over what has come since the last look, in the order of its coming; return how much it was."""
        taken = sorted(self._taken(), key=lambda entry: entry[0])
        for received_ns, topic, data in taken:
            made_ns = stamp_ns(data) if self._stamped[topic] else 0
            if topic == self._clock_topic:
                self._clock_ns = made_ns
            if topic in self._latched_topics:
                self._latched[topic] = (data, made_ns)
            if topic == self._notes_topic and self._recorder.recording:
                self._notes.append(STORE.deserialize_cdr(data, TEXT).data)
            if topic in self._recorder.topics and not self._of_another_vehicle(topic, data):
                # A simulated clock may not have come yet.
                now_ns = (self._clock_ns or made_ns) if self._simulated else received_ns
                self._recorder.put(topic, now_ns, data, made_ns or now_ns)
        return len(taken)

    def _of_another_vehicle(self, topic: str, data: bytes) -> bool:
        if topic != self._diagnostics_topic or not self._recorder.recording:
            return False
        statuses = deserialize_message(data, DiagnosticArray).status
        return bool(statuses) and all(is_anothers(self, status) for status in statuses)

    def _taken(self) -> Iterator[tuple[int, str, bytes]]:
        """Yield when it was received, topic and bytes of every message that waits."""
        for topic, subscription in self._subscriptions_of.items():
            for _ in range(DEPTH):
                taken = subscription.handle.take_message(subscription.msg_type, True)
                if taken is None:
                    break
                data, about = taken
                yield int(about["received_timestamp"]) or time.time_ns(), topic, bytes(data)

    def _start(self) -> str:
        path = self._path
        if path.suffix != ".mcap":
            name = datetime.now().strftime("episode-%Y%m%d-%H%M%S-%f")[:-3]
            path = path / f"{name}.mcap"
        facts = {"kind": "recording", "software": __version__, "started": datetime.now().isoformat(" ", "seconds")}
        self._recorder.start(path, facts | self._facts)
        self._notes, self._problem = [], ""
        now_ns = self.get_clock().now().nanoseconds
        for topic, (data, made_ns) in self._latched.items():
            self._recorder.put(topic, now_ns or made_ns, data, made_ns or now_ns)
        self._tell()
        return f"recording {path}"

    def _stop(self) -> str:
        self._poll()
        problem = self._recorder.state().problem
        path = self._finish()
        self._tell()
        if path is None:
            raise EpisodeError(problem or "nothing is being recorded")
        return f"{path} is finished"

    def _finish(self) -> Path | None:
        facts = {"dropped": str(self._recorder.state().dropped), "notes": "\n".join(self._notes)}
        return self._recorder.stop(facts)

    def _discard(self) -> str:
        if not self._recorder.discard():
            raise EpisodeError("nothing is being recorded")
        self._tell()
        return "the recording is gone"

    def _tell(self) -> None:
        """Publish how the recording stands; say once why it has stopped by itself."""
        state = self._recorder.state()
        if state.problem and state.problem != self._problem:
            self.get_logger().error(state.problem)
        self._problem = state.problem
        values = {
            "recording": state.recording,
            "path": None if state.path is None else str(state.path),
            "seconds": round(state.seconds, 2),
            "messages": state.messages,
            "bytes": state.bytes,
            "dropped": state.dropped,
            "free_bytes": state.free_bytes,
            "notes": self._notes,
            "problem": state.problem,
            "wall_s": round(time.time(), 3),
        }
        self._status.publish(String(data=json.dumps(values)))


def _service(act: Callable[[], str]) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
    """Answer a service with what an action says or refuses."""

    def handle(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            response.success, response.message = True, act()
        except EpisodeError as error:
            response.success, response.message = False, str(error)
        return response

    return handle


def _never(message: Any) -> None:
    """Polled subscriptions are not called."""


def _message_class(kind: str) -> Any:
    """Return the class of a type such as ``sensor_msgs/msg/Image``."""
    package, _, name = kind.partition("/msg/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except (ModuleNotFoundError, AttributeError, TypeError) as error:  # the last for a package without a name
        raise EpisodeError(f"message type {kind!r} is not installed: install {package} or drop the topic") from error


def main() -> None:
    """Run the node."""
    sys.exit(run(RecorderNode))


if __name__ == "__main__":
    main()
