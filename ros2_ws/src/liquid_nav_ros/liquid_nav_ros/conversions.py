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
from liquid_nav.perception.calibration import Calibration
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


def compressed_message(picture: NDArray[np.uint8], stamp_s: float) -> CompressedImage:
    """Return an RGB image as JPEG."""
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 90])
    message = CompressedImage(format="jpeg", data=array.array("B", data.tobytes()))
    message.header.stamp = to_time(stamp_s)
    message.header.frame_id = CAMERA_FRAME
    return message


def camera_info_message(
    stamp_s: float, width: int, height: int, horizontal_fov_rad: float, distortion: Sequence[float] = (0.0,) * 5
) -> CameraInfo:
    """Return the CameraInfo of a camera with the distortion k1, k2, p1, p2, k3."""
    focal = 0.5 * width / float(np.tan(0.5 * horizontal_fov_rad))
    cx, cy = 0.5 * (width - 1), 0.5 * (height - 1)  # whole numbers are the centres of pixels
    matrix = np.array([[focal, 0.0, cx], [0.0, focal, cy], [0.0, 0.0, 1.0]])
    return calibration_message(Calibration(width, height, matrix, np.array(distortion)), stamp_s)


def calibration_message(calibration: Calibration, stamp_s: float) -> CameraInfo:
    """Return a calibration as CameraInfo."""
    matrix = calibration.matrix
    message = CameraInfo(height=calibration.height_px, width=calibration.width_px)
    message.header.stamp = to_time(stamp_s)
    message.header.frame_id = CAMERA_FRAME
    message.distortion_model = "rational_polynomial" if len(calibration.distortion) == 8 else "plumb_bob"
    message.d = [float(value) for value in calibration.distortion]
    message.k = [float(value) for value in matrix.ravel()]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [float(value) for value in np.hstack([matrix, np.zeros((3, 1))]).ravel()]
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


def verdict_status(
    name: str, verdict: SafetyVerdict, source: str, hardware_id: str = "liquid_nav"
) -> DiagnosticStatus:
    """Return a verdict for ``/diagnostics``; ``source`` says whose command was judged (``policy``, ``pilot``)."""
    values = {"rule": verdict.rule, "action": verdict.action.value, "reason": verdict.reason, "source": source}
    return DiagnosticStatus(
        level=LEVELS[verdict.action],
        name=name,
        message=verdict.reason,
        hardware_id=hardware_id,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
