"""Between ROS messages and the values of liquid_nav."""

from __future__ import annotations

import array
from collections.abc import Sequence

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped, TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from liquid_nav.frames import quaternion_to_matrix
from liquid_nav.types import Odometry, SafetyAction, SafetyVerdict, VelocityCommand

CAMERA_FRAME = "camera_optical_frame"
BODY_FRAME = "base_link"
WORLD_FRAME = "odom"
LEVELS = {
    SafetyAction.PASS: DiagnosticStatus.OK,
    SafetyAction.LIMIT: DiagnosticStatus.OK,
    SafetyAction.HOVER: DiagnosticStatus.WARN,
    SafetyAction.HOLD: DiagnosticStatus.WARN,
    SafetyAction.LAND: DiagnosticStatus.ERROR,
}


def to_time(stamp_s: float) -> Time:
    """Return seconds as a stamp."""
    nanoseconds = round(stamp_s * 1e9)
    return Time(sec=nanoseconds // 1_000_000_000, nanosec=nanoseconds % 1_000_000_000)


def to_seconds(stamp: Time) -> float:
    """Return a stamp in seconds."""
    return stamp.sec + 1e-9 * stamp.nanosec


def image_message(picture: NDArray[np.uint8], stamp_s: float) -> Image:
    """Return an rgb8 (height, width, 3) or mono8 (height, width) image."""
    message = Image()
    message.header.stamp = to_time(stamp_s)
    message.header.frame_id = CAMERA_FRAME
    message.height, message.width = picture.shape[:2]
    message.encoding = "rgb8" if picture.ndim == 3 else "mono8"
    message.step = picture.shape[1] * (3 if picture.ndim == 3 else 1)
    message.data = array.array("B", np.ascontiguousarray(picture).tobytes())
    return message


def rgb_of(message: Image) -> NDArray[np.uint8]:
    """Return an image as RGB (height, width, 3).

    Raises:
        ValueError: for an encoding other than rgb8, bgr8 and mono8, or data that do not fill the image.
    """
    channels = {"rgb8": 3, "bgr8": 3, "mono8": 1}.get(message.encoding)
    if channels is None:
        raise ValueError(f"image encoding is {message.encoding!r}: publish rgb8, bgr8 or mono8")
    data = np.frombuffer(message.data, dtype=np.uint8)
    if len(data) != message.height * message.step or message.step < message.width * channels:
        raise ValueError(f"{len(data)} bytes do not fill {message.width}x{message.height} {message.encoding}")
    rows = data.reshape(message.height, message.step)[:, : message.width * channels]
    picture = rows.reshape(message.height, message.width, channels)
    if message.encoding == "bgr8":
        return picture[..., ::-1]
    return np.repeat(picture, 3, axis=2) if channels == 1 else picture


def compressed_message(picture: NDArray[np.uint8], stamp_s: float) -> CompressedImage:
    """Return an RGB image as JPEG."""
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 90])
    message = CompressedImage(format="jpeg", data=array.array("B", data.tobytes()))
    message.header.stamp = to_time(stamp_s)
    message.header.frame_id = CAMERA_FRAME
    return message


def rgb_of_compressed(message: CompressedImage) -> NDArray[np.uint8]:
    """Return a JPEG or PNG image as RGB (height, width, 3).

    Raises:
        ValueError: when it cannot be decoded.
    """
    picture = cv2.imdecode(np.frombuffer(message.data, dtype=np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"a compressed image of format {message.format!r} cannot be decoded: publish jpeg or png")
    return np.asarray(picture[..., ::-1], dtype=np.uint8)


def camera_info_message(
    stamp_s: float, width: int, height: int, horizontal_fov_rad: float, distortion: Sequence[float] = (0.0,) * 5
) -> CameraInfo:
    """Return the CameraInfo of a camera with the distortion k1, k2, p1, p2, k3."""
    focal = 0.5 * width / float(np.tan(0.5 * horizontal_fov_rad))
    cx, cy = 0.5 * (width - 1), 0.5 * (height - 1)  # whole numbers are the centres of pixels
    message = CameraInfo(height=height, width=width, distortion_model="plumb_bob", d=[float(v) for v in distortion])
    message.header.stamp = to_time(stamp_s)
    message.header.frame_id = CAMERA_FRAME
    message.k = [focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message


def command_message(command: VelocityCommand, stamp_s: float) -> TwistStamped:
    """Return a command in ``base_link``."""
    message = TwistStamped()
    message.header.stamp = to_time(stamp_s)
    message.header.frame_id = BODY_FRAME
    message.twist.linear.x = float(command.forward_m_s)
    message.twist.linear.y = float(command.left_m_s)
    message.twist.linear.z = float(command.up_m_s)
    message.twist.angular.z = float(command.yaw_rate_rad_s)
    return message


def command_of(message: TwistStamped) -> VelocityCommand:
    """Return the command of a message."""
    linear = message.twist.linear
    return VelocityCommand(linear.x, linear.y, linear.z, message.twist.angular.z)


def odometry_message(odometry: Odometry) -> OdometryMessage:
    """Return an odometry message; its twist is in the body frame, as REP-147 and nav_msgs want it."""
    message = OdometryMessage(child_frame_id=BODY_FRAME)
    message.header.stamp = to_time(odometry.stamp_s)
    message.header.frame_id = WORLD_FRAME
    place, turn = message.pose.pose.position, message.pose.pose.orientation
    place.x, place.y, place.z = (float(value) for value in odometry.position_enu_m)
    turn.x, turn.y, turn.z, turn.w = (float(value) for value in odometry.attitude_xyzw)
    linear, angular = message.twist.twist.linear, message.twist.twist.angular
    velocity_flu = quaternion_to_matrix(odometry.attitude_xyzw).T @ odometry.velocity_enu_m_s
    linear.x, linear.y, linear.z = (float(value) for value in velocity_flu)
    angular.x, angular.y, angular.z = (float(value) for value in odometry.angular_velocity_flu_rad_s)
    return message


def odometry_of(message: OdometryMessage) -> Odometry:
    """Return the values of an odometry message."""
    place, turn = message.pose.pose.position, message.pose.pose.orientation
    linear, angular = message.twist.twist.linear, message.twist.twist.angular
    attitude = np.array([turn.x, turn.y, turn.z, turn.w])
    stamp_s = to_seconds(message.header.stamp)
    position = np.array([place.x, place.y, place.z])
    rates = np.array([angular.x, angular.y, angular.z])
    velocity = quaternion_to_matrix(attitude) @ np.array([linear.x, linear.y, linear.z])
    return Odometry(stamp_s, position, velocity, attitude, rates)


def pose_message(position_enu_m: NDArray[np.float64], stamp_s: float) -> PoseStamped:
    """Return a position in the world frame as a pose."""
    message = PoseStamped()
    message.header.stamp = to_time(stamp_s)
    message.header.frame_id = WORLD_FRAME
    place = message.pose.position
    place.x, place.y, place.z = (float(value) for value in position_enu_m)
    return message


def verdict_status(name: str, verdict: SafetyVerdict, source: str) -> DiagnosticStatus:
    """Return a verdict for ``/diagnostics``; ``source`` says whose command was judged (``policy``, ``pilot``)."""
    values = {"rule": verdict.rule, "action": verdict.action.value, "reason": verdict.reason, "source": source}
    return DiagnosticStatus(
        level=LEVELS[verdict.action],
        name=name,
        message=verdict.reason,
        hardware_id="liquid_nav",
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
