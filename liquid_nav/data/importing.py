"""Importing bags of other people's drones as episodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.rosbag2 import ReaderError

from liquid_nav import __version__
from liquid_nav.data import messages
from liquid_nav.data.align import Tracks, align, crop, fit, with_velocities
from liquid_nav.data.episode import EpisodeMetadata
from liquid_nav.data.images import rgb_of
from liquid_nav.data.topic_map import Topic, TopicMap
from liquid_nav.data.writer import EpisodeWriter
from liquid_nav.errors import EpisodeError
from liquid_nav.frames import enu_to_level_flu
from liquid_nav.types import Odometry, VelocityCommand


@dataclass(frozen=True)
class Imported:
    """One episode that was made of a bag."""

    path: Path
    steps: int
    labelled: int


def import_bag(bag: Path, topics: TopicMap, folder: Path) -> list[Imported]:
    """Write the episodes of a bag: ``<bag>-00.mcap``, ``-01`` and so on, a new one after each gap.

    Args:
        bag: a rosbag2 folder, an ``.mcap``, ``.db3`` or ROS 1 ``.bag`` file.
        topics: what to take.
        folder: for the episodes.

    Raises:
        EpisodeError: when the bag cannot be read, a topic is missing or has a type that does not fit, nothing can be
            brought together, or an episode exists already.
    """
    collector = _Collector(topics)
    for kind, message, arrival_s in _messages(bag, topics):
        collector.take(kind, message, arrival_s)
    tracks = collector.finish()
    done: list[Imported] = []
    for steps in align(tracks, topics.options):
        first = next(steps, None)
        if first is None:
            continue
        path = folder / f"{bag.stem}-{len(done):02d}.mcap"
        meta = EpisodeMetadata(
            world=topics.world, seed=-1, season="", software=__version__, pilot=topics.pilot_name,
            horizontal_fov_rad=collector.fov_rad, extra={"kind": "imported", "source": bag.name},
        )  # fmt: skip
        labelled = 0
        with EpisodeWriter(path, meta) as writer:
            for step in chain([first], steps):
                writer.write(step)
                labelled += step.labelled
        done.append(Imported(path, writer.steps, labelled))
    if not done:
        raise EpisodeError(
            f"{bag}: no image has a command before it and a state within {topics.options.oldest_s:g} s: "
            "do the clocks of the topics agree? try stamps: arrival"
        )
    return done


def bag_topics(bag: Path) -> dict[str, str]:
    """Return the topics of a bag with their types, for writing a topic map.

    Raises:
        EpisodeError: when the bag cannot be read.
    """
    with _opened(bag) as reader:
        return {connection.topic: connection.msgtype for connection in reader.connections}


def _opened(bag: Path) -> AnyReader:
    if not bag.exists():
        raise EpisodeError(f"{bag} does not exist: give a rosbag2 folder, an .mcap, .db3 or .bag file")
    try:
        return AnyReader([bag], default_typestore=messages.STORE)
    except (AnyReaderError, ReaderError, OSError, ValueError) as error:
        raise EpisodeError(f"{bag} cannot be read as a bag ({error})") from error


def _messages(bag: Path, topics: TopicMap) -> Iterator[tuple[str, Any, float]]:
    """Yield what a message is for, the message, and when it arrived."""
    wanted: dict[str, list[str]] = {}
    for kind, topic in topics.topics.items():
        wanted.setdefault(topic.name, []).append(kind)
    try:
        with _opened(bag) as reader:
            there = {connection.topic for connection in reader.connections}
            missing = [name for name in wanted if name not in there]
            if missing:
                raise EpisodeError(f"{bag} holds no {missing[0]}: its topics are {', '.join(sorted(there))}")
            chosen = [connection for connection in reader.connections if connection.topic in wanted]
            for connection, arrival_ns, data in reader.messages(chosen):
                message = reader.deserialize(data, connection.msgtype)
                for kind in wanted[connection.topic]:
                    yield kind, message, 1e-9 * arrival_ns
    except (AnyReaderError, ReaderError, KeyError) as error:
        raise EpisodeError(f"{bag} cannot be read ({type(error).__name__}: {error})") from error


class _Collector:
    """Sorts messages into tracks."""

    def __init__(self, topics: TopicMap) -> None:
        self._topics = topics
        self._tracks = Tracks()
        self._velocities = False
        self.fov_rad = float(np.radians(topics.horizontal_fov_deg))

    def take(self, kind: str, message: Any, arrival_s: float) -> None:
        stamp = arrival_s
        if self._topics.stamps == "header" and hasattr(message, "header"):
            stamp = messages.stamp_of(message) or arrival_s
        tracks = self._tracks
        if kind == "image":
            picture = fit(rgb_of(message), self._topics.options.size_px)
            tracks.images.append((stamp, partial(_same, picture)))
        elif kind == "odometry":
            tracks.odometry.append((stamp, self._state(message, stamp)))
        elif kind == "camera_info":
            self.fov_rad = _fov_rad(message, self._topics)
        elif kind == "target":
            tracks.targets.append((stamp, _position(message)))
        else:
            track = {"command": tracks.flown, "pilot": tracks.wanted, "label": tracks.labels}[kind]
            track.append((stamp, _command(message, kind)))

    def finish(self) -> Tracks:
        """Return the tracks, velocities in the body's frame."""
        tracks = self._tracks
        tracks.sort()
        if not self._velocities:
            tracks.odometry = with_velocities(tracks.odometry)
        yaws = [(stamp, state.yaw_rad) for stamp, state in tracks.odometry]
        for track, topic in (
            (tracks.flown, self._topics.command), (tracks.wanted, self._topics.pilot),
            (tracks.labels, self._topics.label),
        ):  # fmt: skip
            if topic is not None and topic.frame == "world":
                track[:] = _to_body(track, yaws, topic)
        return tracks

    def _state(self, message: Any, stamp: float) -> Odometry:
        if hasattr(message, "twist"):
            self._velocities = True
            state = messages.odometry_of(message)
            velocity = state.velocity_enu_m_s
            if self._topics.odometry.frame == "world":
                linear = message.twist.twist.linear
                velocity = np.array([linear.x, linear.y, linear.z])
            return Odometry(
                stamp, state.position_enu_m, velocity, state.attitude_xyzw, state.angular_velocity_flu_rad_s
            )
        turn = _pose(message).orientation
        return Odometry(stamp, _position(message), attitude_xyzw=np.array([turn.x, turn.y, turn.z, turn.w]))


def _same(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture


def _pose(message: Any) -> Any:
    """Return the Pose in a PoseStamped, PoseWithCovarianceStamped or Odometry."""
    inner = getattr(message, "pose", None)
    inner = getattr(inner, "pose", inner)
    if not hasattr(inner, "orientation"):
        raise EpisodeError(f"a {type(message).__name__} holds no pose: map a topic of Odometry or PoseStamped")
    return inner


def _position(message: Any) -> NDArray[np.float64]:
    place = message.point if hasattr(message, "point") else _pose(message).position
    return np.array([place.x, place.y, place.z])


def _command(message: Any, kind: str) -> VelocityCommand:
    twist = getattr(message, "twist", message)
    if not hasattr(twist, "linear"):
        raise EpisodeError(f"a {type(message).__name__} is no {kind}: map a topic of Twist or TwistStamped")
    return VelocityCommand(twist.linear.x, twist.linear.y, twist.linear.z, twist.angular.z)


def _fov_rad(message: Any, topics: TopicMap) -> float:
    """Return the horizontal view of what the crop keeps."""
    focal = float(np.asarray(message.k)[0])
    if focal <= 0.0:
        return float(np.radians(topics.horizontal_fov_deg))
    _, _, width, _ = crop(message.width, message.height, (topics.width_px, topics.height_px))
    return float(2.0 * np.arctan(0.5 * width / focal))


def _to_body(
    track: list[tuple[float, VelocityCommand]], yaws: list[tuple[float, float]], topic: Topic
) -> list[tuple[float, VelocityCommand]]:
    """Turn velocities from the world into the level body frame."""
    if not yaws:
        raise EpisodeError(f"{topic.name} is in the world's frame, but no state says where the vehicle looks")
    times = np.array([stamp for stamp, _ in yaws])
    unwrapped = np.unwrap([yaw for _, yaw in yaws])
    turned = []
    for stamp, command in track:
        yaw = float(np.interp(stamp, times, unwrapped))
        forward, left, up = enu_to_level_flu([command.forward_m_s, command.left_m_s, command.up_m_s], yaw)
        turned.append((stamp, VelocityCommand(float(forward), float(left), float(up), command.yaw_rate_rad_s)))
    return turned
