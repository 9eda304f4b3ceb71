"""Between the values of an episode and ROS 2 messages, without ROS: rosbags knows the message definitions."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rosbags.typesys import Stores, get_typestore

from liquid_nav.errors import EpisodeError
from liquid_nav.frames import quaternion_to_matrix
from liquid_nav.types import Odometry, VelocityCommand

JPEG_QUALITY = 92
STORE = get_typestore(Stores.ROS2_HUMBLE)
IMAGE = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
ODOMETRY = "nav_msgs/msg/Odometry"
TWIST = "geometry_msgs/msg/TwistStamped"
SCAN = "sensor_msgs/msg/LaserScan"
POSE = "geometry_msgs/msg/PoseStamped"
TEXT = "std_msgs/msg/String"


def make(name: str, **values: Any) -> Any:
    """Make a message by its short name, such as ``"geometry_msgs/msg/Vector3"``."""
    return STORE.types[name](**values)


def header(stamp_s: float, frame: str) -> Any:
    """Return a header; the stamp is rounded to nanoseconds."""
    nanoseconds = round(stamp_s * 1e9)
    stamp = make(
        "builtin_interfaces/msg/Time", sec=nanoseconds // 1_000_000_000, nanosec=nanoseconds % 1_000_000_000
    )
    return make("std_msgs/msg/Header", stamp=stamp, frame_id=frame)


def stamp_of(message: Any) -> float:
    """Return a message's stamp in seconds."""
    stamp = message.header.stamp
    return float(stamp.sec + 1e-9 * stamp.nanosec)


def vector(values: NDArray[np.float64] | list[float]) -> Any:
    """Return a Vector3."""
    x, y, z = (float(value) for value in values)
    return make("geometry_msgs/msg/Vector3", x=x, y=y, z=z)


def pose(position: NDArray[np.float64], attitude_xyzw: NDArray[np.float64]) -> Any:
    """Return a Pose."""
    x, y, z = (float(value) for value in position)
    qx, qy, qz, qw = (float(value) for value in attitude_xyzw)
    return make(
        "geometry_msgs/msg/Pose",
        position=make("geometry_msgs/msg/Point", x=x, y=y, z=z),
        orientation=make("geometry_msgs/msg/Quaternion", x=qx, y=qy, z=qz, w=qw),
    )


def image_message(picture: NDArray[np.uint8], stamp_s: float, kind: str) -> Any:
    """Return a CompressedImage of an RGB or grey picture; ``kind`` is ``"jpeg"`` or ``"png"``."""
    shown = picture[..., ::-1] if picture.ndim == 3 else picture
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if kind == "jpeg" else [cv2.IMWRITE_PNG_COMPRESSION, 1]
    done, data = cv2.imencode("." + kind, np.ascontiguousarray(shown), options)
    if not done:
        raise EpisodeError(f"a picture of shape {picture.shape} cannot be stored as {kind}: use uint8 RGB or grey")
    return make(IMAGE, header=header(stamp_s, "camera_optical_frame"), format=kind, data=data.ravel())


def picture_of(message: Any) -> NDArray[np.uint8]:
    """Return the RGB picture (height, width, 3) of a CompressedImage, whatever its channels, as the camera saw it."""
    picture = _decoded(message, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return np.ascontiguousarray(picture[..., ::-1], dtype=np.uint8)


def mask_of(message: Any) -> NDArray[np.uint8]:
    """Return the grey picture (height, width) of a CompressedImage that holds a mask."""
    return np.ascontiguousarray(_decoded(message, cv2.IMREAD_UNCHANGED), dtype=np.uint8)


def _decoded(message: Any, how: int) -> NDArray[Any]:
    picture = cv2.imdecode(np.frombuffer(message.data, dtype=np.uint8), how)
    if picture is None:
        raise EpisodeError(f"an image at {stamp_of(message):.3f} s cannot be decoded: the file is damaged")
    return np.asarray(picture)


def camera_info_message(stamp_s: float, width: int, height: int, horizontal_fov_rad: float) -> Any:
    """Return the CameraInfo of a pinhole camera without distortion."""
    focal = 0.5 * width / float(np.tan(0.5 * horizontal_fov_rad))
    cx, cy = 0.5 * (width - 1), 0.5 * (height - 1)  # whole numbers are the centres of pixels
    region = make(
        "sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
    )
    return make(
        CAMERA_INFO,
        header=header(stamp_s, "camera_optical_frame"),
        height=height,
        width=width,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=np.array([focal, 0, cx, 0, focal, cy, 0, 0, 1.0]),
        r=np.eye(3).ravel(),
        p=np.array([focal, 0, cx, 0, 0, focal, cy, 0, 0, 0, 1.0, 0]),
        binning_x=0,
        binning_y=0,
        roi=region,
    )


def scan_message(ranges_m: NDArray[np.float32], stamp_s: float, horizontal_fov_rad: float, reach_m: float) -> Any:
    """Return a LaserScan of free distances (rays,) across the image, from its right edge to its left edge."""
    half = 0.5 * horizontal_fov_rad
    return make(
        SCAN,
        header=header(stamp_s, "base_link"),
        angle_min=-half,
        angle_max=half,
        angle_increment=2.0 * half / max(1, len(ranges_m) - 1),
        time_increment=0.0,
        scan_time=0.0,
        range_min=0.0,
        range_max=reach_m,
        ranges=np.asarray(ranges_m, dtype=np.float32),
        intensities=np.zeros(0, dtype=np.float32),
    )


def odometry_message(odometry: Odometry) -> Any:
    """Return an Odometry; the twist is in the body frame, as the message wants it."""
    rotation = quaternion_to_matrix(odometry.attitude_xyzw)
    twist = make(
        "geometry_msgs/msg/Twist",
        linear=vector(rotation.T @ odometry.velocity_enu_m_s),
        angular=vector(odometry.angular_velocity_flu_rad_s),
    )
    none = np.zeros(36)
    return make(
        ODOMETRY,
        header=header(odometry.stamp_s, "odom"),
        child_frame_id="base_link",
        pose=make(
            "geometry_msgs/msg/PoseWithCovariance",
            pose=pose(odometry.position_enu_m, odometry.attitude_xyzw),
            covariance=none,
        ),
        twist=make("geometry_msgs/msg/TwistWithCovariance", twist=twist, covariance=none),
    )


def odometry_of(message: Any) -> Odometry:
    """Return the values of an Odometry message."""
    place, turn = message.pose.pose.position, message.pose.pose.orientation
    linear, angular = message.twist.twist.linear, message.twist.twist.angular
    attitude = np.array([turn.x, turn.y, turn.z, turn.w])
    rotation = quaternion_to_matrix(attitude)
    return Odometry(
        stamp_s=stamp_of(message),
        position_enu_m=np.array([place.x, place.y, place.z]),
        velocity_enu_m_s=rotation @ np.array([linear.x, linear.y, linear.z]),
        attitude_xyzw=attitude,
        angular_velocity_flu_rad_s=np.array([angular.x, angular.y, angular.z]),
    )


def command_message(command: VelocityCommand, stamp_s: float) -> Any:
    """Return a TwistStamped in ``base_link``."""
    linear = vector([command.forward_m_s, command.left_m_s, command.up_m_s])
    twist = make(
        "geometry_msgs/msg/Twist", linear=linear, angular=vector([0.0, 0.0, command.yaw_rate_rad_s])
    )
    return make(TWIST, header=header(stamp_s, "base_link"), twist=twist)


def command_of(message: Any) -> VelocityCommand:
    """Return the values of a TwistStamped."""
    linear = message.twist.linear
    return VelocityCommand(linear.x, linear.y, linear.z, message.twist.angular.z)
