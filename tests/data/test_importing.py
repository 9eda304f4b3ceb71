"""Bags of other people's drones: other names, types, encodings, clocks and rates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from liquid_nav.data import EpisodeWriter, messages, read_episode
from liquid_nav.data.importing import bag_topics, import_bag
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.data.topic_map import load_topic_map
from liquid_nav.errors import ConfigError, EpisodeError
from liquid_nav.types import Odometry, VelocityCommand

START_S = 1_700_000_000.0
SECONDS, CAMERA_HZ, STATE_HZ, COMMAND_HZ = 4.0, 30.0, 50.0, 10.0
YAW = np.pi / 2  # looks north, flies north
ARRIVAL_LAG_S = 0.08
MAVROS = """
image: /zed/left/image_rect_color
odometry: {topic: /mavros/local_position/odom, frame: body}
command: {topic: /mavros/setpoint_velocity/cmd_vel, frame: world}
pilot: {topic: /mavros/setpoint_velocity/cmd_vel, frame: world}
camera_info: /zed/left/camera_info
world: meadow
pilot_name: Ada
"""


def _raw(stamp_s: float, encoding: str, index: int) -> Any:
    """A red left half and a blue right half, brighter with time, in some encoding; 320x240."""
    rgb = np.zeros((240, 320, 3), dtype=np.uint8)
    rgb[:, :160, 0], rgb[:, 160:, 2] = 100 + index, 100 + index
    if encoding == "bgr8":
        data, step = rgb[..., ::-1], 960
    elif encoding == "bgra8":
        data, step = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA), 1280
    elif encoding == "bayer_rggb8":
        data, step = rgb[..., 1].copy(), 320
        data[0::2, 0::2], data[1::2, 1::2] = rgb[0::2, 0::2, 0], rgb[1::2, 1::2, 2]
    else:
        matrix = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]])
        yuv = np.array([16.0, 128.0, 128.0]) + (rgb / 255.0) @ matrix.T  # BT.601
        data, step = np.zeros((240, 320, 2), dtype=np.uint8), 640
        data[..., 1] = yuv[..., 0]
        data[:, 0::2, 0], data[:, 1::2, 0] = yuv[:, 0::2, 1], yuv[:, 0::2, 2]
    return messages.make(
        "sensor_msgs/msg/Image", header=messages.header(stamp_s, "zed"), height=240, width=320, encoding=encoding,
        is_bigendian=0, step=step, data=np.ascontiguousarray(data).ravel(),
    )  # fmt: skip


def _state(stamp_s: float) -> Any:
    turn = np.array([0.0, 0.0, np.sin(YAW / 2), np.cos(YAW / 2)])
    time_s = stamp_s - START_S
    return messages.odometry_message(
        Odometry(stamp_s, np.array([3.0, time_s, 2.0]), np.array([0.0, 1.0, 0.0]), turn)
    )


def _north(stamp_s: float) -> Any:
    """A velocity in the world's frame: north, more of it with time."""
    return messages.command_message(VelocityCommand(0.0, 0.5 + 0.1 * (stamp_s - START_S), 0.0, 0.2), stamp_s)


def _times(rate_hz: float) -> np.ndarray:
    return START_S + np.arange(0.0, SECONDS, 1.0 / rate_hz)


def _write_bag(folder: Path, plugin: StoragePlugin, encoding: str, hole: tuple[float, float] = (99.0, 99.0)) -> Path:
    """A bag as MAVROS and a ZED record it; no images within ``hole``, in seconds."""
    entries: list[tuple[float, str, str, Any]] = []
    for index, stamp in enumerate(_times(CAMERA_HZ)):
        if not hole[0] <= stamp - START_S < hole[1]:
            image = _raw(stamp, encoding, index)
            entries.append((stamp, "/zed/left/image_rect_color", "sensor_msgs/msg/Image", image))
            info = messages.camera_info_message(stamp, 320, 240, 1.2)
            entries.append((stamp, "/zed/left/camera_info", messages.CAMERA_INFO, info))
    for stamp in _times(STATE_HZ):
        entries.append((stamp, "/mavros/local_position/odom", messages.ODOMETRY, _state(stamp)))
    for stamp in _times(COMMAND_HZ):
        entries.append((stamp, "/mavros/setpoint_velocity/cmd_vel", messages.TWIST, _north(stamp)))
    entries.append((START_S, "/rosout", messages.TEXT, messages.make(messages.TEXT, data="hello")))
    store = get_typestore(Stores.ROS2_HUMBLE)
    with Writer(folder, version=9, storage_plugin=plugin) as writer:
        channels: dict[str, Any] = {}
        for stamp, topic, kind, message in sorted(entries, key=lambda entry: entry[0]):
            if topic not in channels:
                channels[topic] = writer.add_connection(topic, kind, typestore=store)
            arrival_ns = round((stamp + ARRIVAL_LAG_S) * 1e9)
            writer.write(channels[topic], arrival_ns, store.serialize_cdr(message, kind))
    return folder


def _map(tmp_path: Path, text: str = MAVROS) -> Any:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    return load_topic_map(path)


@pytest.mark.parametrize(
    ("plugin", "encoding"),
    [
        (StoragePlugin.SQLITE3, "bgr8"), (StoragePlugin.MCAP, "bgra8"), (StoragePlugin.SQLITE3, "yuv422"),
        (StoragePlugin.MCAP, "bayer_rggb8"),
    ],
)  # fmt: skip
def test_a_mavros_bag_becomes_an_episode(tmp_path: Path, plugin: StoragePlugin, encoding: str) -> None:
    bag = _write_bag(tmp_path / "flight", plugin, encoding)
    assert bag_topics(bag)["/zed/left/image_rect_color"] == "sensor_msgs/msg/Image"
    (done,) = import_bag(bag, _map(tmp_path), tmp_path / "out")
    episode = read_episode(done.path)
    assert done.path.name == "flight-00.mcap" and len(episode.steps) == done.steps
    assert episode.metadata.world == "meadow" and episode.metadata.pilot == "Ada"
    stamps = np.array([step.frame.stamp_s for step in episode.steps])
    assert np.diff(stamps).mean() == pytest.approx(0.05, rel=0.03), "30 images per second became 20"
    # 320x240 is cropped to 16:9 before it is scaled: the view's width stays.
    assert episode.steps[0].frame.rgb.shape == (144, 256, 3)
    assert episode.metadata.horizontal_fov_rad == pytest.approx(1.2, abs=1e-3)
    for step in episode.steps[10:-12:7]:
        time_s = step.frame.stamp_s - START_S
        left, right = step.frame.rgb[:, 20:100].mean((0, 1)), step.frame.rgb[:, 156:236].mean((0, 1))
        assert left[0] > 90 and left[2] < 40 and right[2] > 90 and right[0] < 40, "red left, blue right"
        assert left[0] == pytest.approx(100 + time_s * CAMERA_HZ, abs=6), "the image of this very moment"
        assert step.odometry.position_enu_m == pytest.approx([3.0, time_s, 2.0], abs=1e-3)
        assert step.odometry.velocity_enu_m_s == pytest.approx([0.0, 1.0, 0.0], abs=1e-6)
        # North is ahead for who looks north; the last command up to now holds.
        held = np.floor(time_s * COMMAND_HZ + 1e-3) / COMMAND_HZ
        assert step.command.as_array() == pytest.approx([0.5 + 0.1 * held, 0.0, 0.0, 0.2], abs=1e-3)
        wanted = np.floor((time_s + 0.25) * COMMAND_HZ + 1e-2) / COMMAND_HZ
        assert step.labelled and step.expert.forward_m_s == pytest.approx(0.5 + 0.1 * wanted, abs=1e-3)


def test_a_gap_makes_two_episodes(tmp_path: Path) -> None:
    bag = _write_bag(tmp_path / "flight", StoragePlugin.MCAP, "bgr8", hole=(1.0, 2.6))
    first, second = import_bag(bag, _map(tmp_path), tmp_path / "out")
    assert (first.path.name, second.path.name) == ("flight-00.mcap", "flight-01.mcap")
    assert first.steps == pytest.approx(20, abs=1) and second.steps == pytest.approx(28, abs=1)


def test_a_single_mcap_file_and_poses_without_velocity_do(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "phone.mcap")
    image = writer.add_channel("/cam/compressed", messages.IMAGE)
    pose = writer.add_channel("/vicon/drone", messages.POSE)
    stick = writer.add_channel("/cmd_vel", "geometry_msgs/msg/Twist")
    for index in range(60):
        stamp_s = START_S + 0.05 * index
        now = round(stamp_s * 1e9)
        place = messages.pose(np.array([0.05 * index, 0.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0]))
        for channel, kind, message in (
            (image, messages.IMAGE, messages.image_message(np.full((90, 160, 3), 99, np.uint8), stamp_s, "png")),
            (pose, messages.POSE, messages.make(messages.POSE, header=messages.header(stamp_s, "map"), pose=place)),
            (stick, "geometry_msgs/msg/Twist", messages.command_message(VelocityCommand(1.0), 0.0).twist),
        ):
            writer.write(channel, now, bytes(messages.STORE.serialize_cdr(message, kind)), now)
    writer.close()
    text = "image: /cam/compressed\nodometry: /vicon/drone\ncommand: /cmd_vel\nhorizontal_fov_deg: 90\n"
    (done,) = import_bag(tmp_path / "phone.mcap", _map(tmp_path, text), tmp_path / "out")
    episode = read_episode(done.path)
    assert done.steps == 60 and done.labelled == 0
    assert episode.steps[30].odometry.velocity_enu_m_s == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)
    assert episode.metadata.horizontal_fov_rad == pytest.approx(np.pi / 2)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("image: /a\nodometry: /b\n", "names no command"),
        (MAVROS + "colour: red\n", "colour"),
        (MAVROS + "rate_hz: 0\n", "rate_hz is 0"),
        (MAVROS + "stamps: never\n", "never"),
        (MAVROS.replace("frame: body", "frame: moon"), "moon"),
        ("- a list\n", "no mapping"),
        ("image: [", "not YAML"),
    ],
)
def test_a_wrong_map_is_refused_with_its_cause(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        _map(tmp_path, text)


def test_wrong_bags_are_refused_with_their_cause(tmp_path: Path) -> None:
    bag = _write_bag(tmp_path / "flight", StoragePlugin.SQLITE3, "bgr8")
    with pytest.raises(EpisodeError, match="holds no /cam"):
        import_bag(bag, _map(tmp_path, MAVROS.replace("/zed/left/image_rect_color", "/cam")), tmp_path / "out")
    with pytest.raises(EpisodeError, match="no pose"):
        import_bag(bag, _map(tmp_path, MAVROS.replace("/mavros/local_position/odom", "/rosout")), tmp_path / "out")
    with pytest.raises(EpisodeError, match="is no command"):
        import_bag(bag, _map(tmp_path, MAVROS.replace("/mavros/setpoint_velocity/cmd_vel", "/rosout")), tmp_path)
    (tmp_path / "no.mcap").write_bytes(b"nothing")
    with pytest.raises(EpisodeError, match="cannot be read"):
        import_bag(tmp_path / "no.mcap", _map(tmp_path), tmp_path / "out")
    with pytest.raises(EpisodeError, match="does not exist"):
        import_bag(tmp_path / "none", _map(tmp_path), tmp_path / "out")


PLAIN = "image: /image\nodometry: /odom\ncommand: /cmd\npilot: /cmd\ncamera_info: /info\n"
ROS1 = get_typestore(Stores.ROS1_NOETIC)


def _ros1(name: str, **values: Any) -> Any:
    return ROS1.types[name](**values)


def _write_ros1_bag(path: Path) -> Path:
    """A second of a ROS 1 bag, where a CameraInfo's matrix is called K."""
    zero, nine = np.zeros(5), np.array([80.0, 0, 32, 0, 80, 18, 0, 0, 1])
    region = _ros1("sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
    with Ros1Writer(path) as writer:
        channels: dict[str, Any] = {}
        for index in range(20):
            stamp = _ros1("builtin_interfaces/msg/Time", sec=100 + index // 20, nanosec=50_000_000 * (index % 20))
            header = _ros1("std_msgs/msg/Header", seq=index, stamp=stamp, frame_id="x")
            ros2 = messages.odometry_message(Odometry(0.0, np.array([0.0, 0.05 * index, 1.0])))
            values: dict[str, tuple[str, dict[str, Any]]] = {
                "/cmd": ("geometry_msgs/msg/TwistStamped", {"twist": ros2.twist.twist}),
                "/odom": ("nav_msgs/msg/Odometry",
                          {"child_frame_id": "base", "pose": ros2.pose, "twist": ros2.twist}),
                "/image": ("sensor_msgs/msg/Image",
                           {"height": 36, "width": 64, "encoding": "rgb8", "is_bigendian": 0, "step": 192,
                            "data": np.full(36 * 192, 90, np.uint8)}),
                "/info": ("sensor_msgs/msg/CameraInfo",
                          {"height": 36, "width": 64, "distortion_model": "plumb_bob", "D": zero, "K": nine,
                           "R": np.eye(3).ravel(), "P": np.zeros(12), "binning_x": 0, "binning_y": 0, "roi": region}),
            }  # fmt: skip
            for topic, (kind, fields) in values.items():
                if topic not in channels:
                    channels[topic] = writer.add_connection(topic, kind, typestore=ROS1)
                data = ROS1.serialize_ros1(_ros1(kind, header=header, **fields), kind)
                writer.write(channels[topic], (100 + index // 20) * 10**9 + 50_000_000 * (index % 20), data)
    return path


def test_a_ros1_bag_with_a_calibration_becomes_an_episode(tmp_path: Path) -> None:
    (done,) = import_bag(_write_ros1_bag(tmp_path / "old.bag"), _map(tmp_path, PLAIN), tmp_path / "out")
    episode = read_episode(done.path)
    assert done.path.name == "old-00.mcap" and done.steps == 20 and done.left_out == ""
    assert episode.metadata.horizontal_fov_rad == pytest.approx(2 * np.arctan(32 / 80), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.bag", b"garbage" * 100), ("a.db3", b"garbage" * 100), ("a.mcap", b"garbage" * 100),
        ("b.mcap", b"\x89MCAP0\r\n" + b"garbage" * 100), ("b.bag", None), ("c.bag", b""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_bag_is_one_line(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    path.write_bytes(_write_ros1_bag(tmp_path / "whole.bag").read_bytes()[:3000] if content is None else content)
    for act in (lambda: bag_topics(path), lambda: import_bag(path, _map(tmp_path, PLAIN), tmp_path / "out")):
        with pytest.raises(EpisodeError, match=f"{name} cannot be read as a bag") as caught:
            act()
        assert "\n" not in str(caught.value)


def _write_plain(
    path: Path, steps: int = 40, change: Callable[[int, dict[str, Any]], None] = lambda index, values: None
) -> Path:
    """Twenty images a second, flown by hand; ``change`` spoils single messages."""
    kinds = {"/image": messages.IMAGE, "/odom": messages.ODOMETRY, "/cmd": messages.TWIST}
    writer = RecordingWriter(path)
    channels = {topic: writer.add_channel(topic, kind) for topic, kind in kinds.items()}
    for index in range(steps):
        stamp_s = START_S + 0.05 * index
        values = {
            "/image": messages.image_message(np.full((36, 64, 3), 99, np.uint8), stamp_s, "jpeg"),
            "/odom": messages.odometry_message(Odometry(stamp_s, np.array([0.05 * index, 0.0, 1.0]))),
            "/cmd": messages.command_message(VelocityCommand(1.0 + index), stamp_s),
        }
        change(index, values)
        for topic, message in values.items():
            data = bytes(messages.STORE.serialize_cdr(message, kinds[topic]))
            writer.write(channels[topic], round(stamp_s * 1e9), data, round(stamp_s * 1e9))
    writer.close()
    return path


def test_values_that_are_no_numbers_become_no_labels_and_no_states(tmp_path: Path) -> None:
    def spoil(index: int, values: dict[str, Any]) -> None:
        if index < 4:
            turn = values["/odom"].pose.pose.orientation
            turn.x = turn.y = turn.z = turn.w = 0.0
        if 20 <= index < 30:
            values["/cmd"].twist.linear.y = np.nan
        if index == 35:
            values["/odom"].twist.twist.linear.x = np.inf

    bag = _write_plain(tmp_path / "a.mcap", change=spoil)
    text = PLAIN.replace("camera_info: /info\n", "reaction_s: 0\n")
    (done,) = import_bag(bag, _map(tmp_path, text), tmp_path / "out")
    assert done.left_out == "5 of /odom (odometry), 10 of /cmd (command), 10 of /cmd (pilot)"
    episode = read_episode(done.path)
    assert episode.metadata.extra["left_out"] == done.left_out and len(episode.steps) == 40
    for index, step in enumerate(episode.steps):
        assert step.expert.is_finite and np.linalg.norm(step.odometry.attitude_xyzw) == pytest.approx(1.0)
        assert np.isfinite(step.odometry.velocity_enu_m_s).all()
        assert step.command.forward_m_s == (20.0 if 20 <= index < 30 else 1.0 + index)
        assert step.labelled is (not 25 <= index < 30), "an old word of the pilot is no label"


def test_a_bag_without_a_single_number_is_refused_with_the_cause(tmp_path: Path) -> None:
    def spoil(index: int, values: dict[str, Any]) -> None:
        values["/cmd"].twist.angular.z = np.nan

    bag = _write_plain(tmp_path / "a.mcap", change=spoil)
    with pytest.raises(EpisodeError, match=r"no numbers.*40 of /cmd \(command\)"):
        import_bag(bag, _map(tmp_path, PLAIN.replace("camera_info: /info\n", "")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_bags_whose_names_hold_dots_keep_them(tmp_path: Path) -> None:
    names = []
    for number in (1, 2):
        bag = _write_bag(tmp_path / f"run.{number}", StoragePlugin.SQLITE3, "bgr8")
        (done,) = import_bag(bag, _map(tmp_path), tmp_path / "out")
        names.append(done.path.name)
    assert names == ["run.1-00.mcap", "run.2-00.mcap"]


def test_an_import_that_fails_leaves_what_was_there_and_no_more(tmp_path: Path) -> None:
    bag, out = _write_bag(tmp_path / "flight", StoragePlugin.MCAP, "bgr8", hole=(1.0, 2.6)), tmp_path / "out"
    out.mkdir()
    (out / "flight-01.mcap").write_bytes(b"precious")
    with pytest.raises(EpisodeError, match=r"flight-01\.mcap exists already"):
        import_bag(bag, _map(tmp_path), out)
    assert [file.name for file in out.iterdir()] == ["flight-01.mcap"]
    (out / "flight-01.mcap").unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EpisodeWriter, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            import_bag(bag, _map(tmp_path), out)
    assert not list(out.iterdir()) and len(import_bag(bag, _map(tmp_path), out)) == 2
