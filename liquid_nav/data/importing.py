"""Importing bags of other people's drones as episodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader

from liquid_nav import __version__
from liquid_nav.data import messages
from liquid_nav.data.align import Tracks, align, crop, fit, with_velocities
from liquid_nav.data.episode import EpisodeMetadata, Step
from liquid_nav.data.images import rgb_of
from liquid_nav.data.topic_map import Topic, TopicMap
from liquid_nav.data.writer import EpisodeWriter
from liquid_nav.errors import EpisodeError
from liquid_nav.frames import enu_to_level_flu
from liquid_nav.types import Odometry, VelocityCommand

T = TypeVar("T")
UNUSED = "left out, since their values are no numbers or no attitude"
TURN_NORM = 0.1  # a quaternion whose length differs from 1 by more is no attitude


@dataclass(frozen=True)
class Imported:
    """One episode that was made of a bag.

    Attributes:
        path: of its file.
        steps, labelled: how many it has, and how many of them say what should have been flown.
        left_out: which messages of the bag were not used since their values are no numbers; empty for none.
    """

    path: Path
    steps: int
    labelled: int
    left_out: str = ""


def import_bag(bag: Path, topics: TopicMap, folder: Path) -> list[Imported]:
    """Write the episodes of a bag: ``<bag>-00.mcap``, ``-01`` and so on, a new one after each gap; all or none.

    Commands and states that hold NaN, infinity or a quaternion that is no attitude are left out, as if never sent.

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
    tracks, left_out = collector.finish(), collector.left_out
    extra = {"kind": "imported", "source": bag.name} | ({"left_out": left_out} if left_out else {})
    meta = EpisodeMetadata(
        world=topics.world, seed=-1, season="", software=__version__, pilot=topics.pilot_name,
        horizontal_fov_rad=collector.fov_rad, extra=extra,
    )  # fmt: skip
    done: list[Imported] = []
    try:
        for steps in align(tracks, topics.options):
            first = next(steps, None)
            if first is not None:
                path = folder / f"{_name(bag)}-{len(done):02d}.mcap"
                done.append(_write(path, meta, chain([first], steps), left_out))
    except BaseException:
        for each in done:
            each.path.unlink(missing_ok=True)
        raise
    if not done:
        cause = "do the clocks of the topics agree? try stamps: arrival"
        cause = f"{UNUSED}: {left_out}" if left_out else cause
        oldest_s = topics.options.oldest_s
        raise EpisodeError(f"{bag}: no image has a command before it and a state within {oldest_s:g} s: {cause}")
    return done


def _name(bag: Path) -> str:
    """Return what a bag is called; a folder's name may hold dots that end nothing."""
    whole = bag.resolve()
    return whole.name if whole.is_dir() else whole.stem


def _write(path: Path, meta: EpisodeMetadata, steps: Iterator[Step], left_out: str) -> Imported:
    writer, labelled = EpisodeWriter(path, meta), 0
    try:
        with writer:
            for step in steps:
                writer.write(step)
                labelled += step.labelled
    except BaseException:
        writer.discard()
        raise
    return Imported(path, writer.steps, labelled, left_out)


def bag_topics(bag: Path) -> dict[str, str]:
    """Return the topics of a bag with their types, for writing a topic map.

    Raises:
        EpisodeError: when the bag cannot be read.
    """
    with _opened(bag) as reader:
        return {connection.topic: connection.msgtype for connection in reader.connections}


@contextmanager
def _opened(bag: Path) -> Iterator[AnyReader]:
    """Open a bag; what goes wrong while it is read is one line, too."""
    if not bag.exists():
        raise EpisodeError(f"{bag} does not exist: give a rosbag2 folder, an .mcap, .db3 or .bag file")
    try:
        with AnyReader([bag], default_typestore=messages.STORE) as reader:
            yield reader
    except EpisodeError:
        raise
    except Exception as error:  # rosbags raises many kinds on foreign bytes
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise EpisodeError(f"{bag} cannot be read as a bag ({said}): is it whole, and a bag?") from error


def _messages(bag: Path, topics: TopicMap) -> Iterator[tuple[str, Any, float]]:
    """Yield what a message is for, the message, and when it arrived."""
    wanted: dict[str, list[str]] = {}
    for kind, topic in topics.topics.items():
        wanted.setdefault(topic.name, []).append(kind)
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


class _Collector:
    """Sorts messages into tracks."""

    def __init__(self, topics: TopicMap) -> None:
        self._topics = topics
        self._tracks = Tracks()
        self._velocities = False
        self._left_out: Counter[str] = Counter()
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
            state = self._state(message, stamp)
            self._keep(kind, tracks.odometry, stamp, state, _is_state(state))
        elif kind == "camera_info":
            self.fov_rad = _fov_rad(message, self._topics)
        elif kind == "target":
            place = _position(message)
            self._keep(kind, tracks.targets, stamp, place, bool(np.isfinite(place).all()))
        else:
            track = {"command": tracks.flown, "pilot": tracks.wanted, "label": tracks.labels}[kind]
            command = _command(message, kind)
            self._keep(kind, track, stamp, command, command.is_finite)

    @property
    def left_out(self) -> str:
        """How many messages were left out, by what they are for; empty for none."""
        counts = [f"{count} of {self._topics.topics[kind].name} ({kind})" for kind, count in self._left_out.items()]
        return ", ".join(counts)

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

    def _keep(self, kind: str, track: list[tuple[float, T]], stamp: float, value: T, good: bool) -> None:
        if good:
            track.append((stamp, value))
        else:
            self._left_out[kind] += 1

    def _state(self, message: Any, stamp: float) -> Odometry:
        if hasattr(message, "twist"):
            self._velocities = True
            with np.errstate(invalid="ignore"):  # what is no number is left out
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


def _is_state(state: Odometry) -> bool:
    """Say whether all values are numbers and the attitude is one: before an estimator has begun they are not."""
    values = (state.position_enu_m, state.velocity_enu_m_s, state.attitude_xyzw, state.angular_velocity_flu_rad_s)
    finite = np.isfinite(np.concatenate(values)).all()
    return bool(finite and abs(np.linalg.norm(state.attitude_xyzw) - 1.0) <= TURN_NORM)


def _command(message: Any, kind: str) -> VelocityCommand:
    twist = getattr(message, "twist", message)
    if not hasattr(twist, "linear"):
        raise EpisodeError(f"a {type(message).__name__} is no {kind}: map a topic of Twist or TwistStamped")
    return VelocityCommand(twist.linear.x, twist.linear.y, twist.linear.z, twist.angular.z)


def _fov_rad(message: Any, topics: TopicMap) -> float:
    """Return the horizontal view of what the crop keeps."""
    focal = float(np.asarray(message.K if hasattr(message, "K") else message.k)[0])  # ROS 1 writes it large
    if not 0.0 < focal < np.inf:
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
