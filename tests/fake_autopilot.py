"""What fake autopilots have in common: they behave, over real UDP on loopback, as real ones were measured to.

They run on whatever time they are stepped with, so that a flight of a minute is a test of a second; or, for tests with
other processes, in a thread on the machine's time (:meth:`FakeAutopilot.running`).
"""

from __future__ import annotations

import heapq
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink

STEP_S = 0.01
NEVER = float("-inf")
Parameter = tuple[float, int]
INT32, REAL32 = mavlink.MAV_PARAM_TYPE_INT32, mavlink.MAV_PARAM_TYPE_REAL32
ACCEPTED, DENIED = mavlink.MAV_RESULT_ACCEPTED, mavlink.MAV_RESULT_DENIED
TEMPORARILY_REJECTED, FAILED = mavlink.MAV_RESULT_TEMPORARILY_REJECTED, mavlink.MAV_RESULT_FAILED


class FakeAutopilot:
    """What both have in common: the line, the body, telemetry, parameters.

    Args:
        peer: port on loopback to send to; without it the first sender is answered.
        loss, delay_s: of the line, both ways.
        key: signs what it sends and hears only what is signed.
        ready_s: after the start until it may be armed.
    """

    autopilot: int
    response_s: float
    descent_m_s = 0.7

    def __init__(
        self,
        *,
        peer: int | None = None,
        loss: float = 0.0,
        delay_s: float = 0.0,
        key: bytes | None = None,
        ready_s: float | None = None,
    ) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._peer = ("127.0.0.1", peer) if peer else None
        self.loss, self.delay_s = loss, delay_s
        self._random = np.random.default_rng(7)
        self._wire: list[tuple[float, int, bytes, bool]] = []
        self._codec = mavlink.MAVLink(None, srcSystem=1, srcComponent=1)
        self._codec.robust_parsing = True
        if key is not None:
            self._codec.signing.secret_key, self._codec.signing.sign_outgoing = key, True
            self._codec.signing.timestamp = int((time.time() - 1420070400) * 1e5)
        self.ready_s = self.default_ready_s if ready_s is None else ready_s
        self.now_s: float | None = None
        self.started_s = 0.0
        self.clock_offset_s = 0.0
        self.position_ned_m = np.zeros(3)
        self.velocity_ned_m_s = np.zeros(3)
        self.yaw_ned_rad = 0.3
        self.yaw_rate_ned_rad_s = 0.0
        self.armed = False
        self.mode = self.first_mode
        self.radio = False
        self.sticks_ned_m_s = np.zeros(3)
        self.battery_percent = 90
        self.estimator_flags = 0x03FF & ~128
        self.reject_arming = False
        self.silent = self.no_heartbeat = self.no_position = False
        self.parameters: dict[str, Parameter] = dict(self.default_parameters)
        self.setpoint_s = NEVER
        self.stream_since_s = NEVER
        self.setpoint = np.zeros(4)
        self.setpoints: list[tuple[float, Any]] = []
        self.heartbeats_heard = 0
        self.intervals: dict[int, float] = {}
        self._sent_s: dict[int, float] = {}
        self._grounded_s: float | None = None
        self._frames = 0

    default_ready_s = 0.0
    first_mode = ""
    default_parameters: ClassVar[dict[str, Parameter]] = {}

    def step(self, now_s: float) -> None:
        """Go on to this time."""
        if self.now_s is None:
            self.now_s = self.started_s = now_s
        while self.now_s + STEP_S <= now_s + 1e-9:
            self.now_s += STEP_S
            self._receive()
            self._decide()
            self._move()
            self._tell()
            self._deliver()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run on the machine's time in a thread."""
        ended = threading.Event()

        def loop() -> None:
            while not ended.wait(0.004):
                self.step(time.monotonic())

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(5.0)
            self.close()

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()

    @property
    def height_m(self) -> float:
        """Above the ground."""
        return float(-self.position_ned_m[2])

    @property
    def on_ground(self) -> bool:
        """Standing on it."""
        return self.height_m < 0.02

    def rates_since(self, start_s: float) -> float:
        """Set-points per second from a time on."""
        times = [at for at, _ in self.setpoints if at >= start_s]
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 2 else 0.0

    def switch(self, mode: str) -> None:
        """The pilot or a ground station changes the mode."""
        self.mode = mode

    # -- to be said by each autopilot

    def custom_mode(self) -> int:
        raise NotImplementedError

    def set_mode(self, main: int, sub: int) -> int:
        raise NotImplementedError

    def may_arm(self) -> bool:
        raise NotImplementedError

    def take_setpoint(self, values: np.ndarray) -> None:
        raise NotImplementedError

    def target(self) -> tuple[np.ndarray, float]:
        """Return the velocity aimed at (NED) and the yaw rate."""
        raise NotImplementedError

    def decide(self) -> None:
        raise NotImplementedError

    def other_command(self, message: Any) -> int:
        return mavlink.MAV_RESULT_UNSUPPORTED

    # -- the line

    def send(self, message: Any) -> None:
        """Put a message on the line."""
        frame = message.pack(self._codec)
        self._codec.seq = (self._codec.seq + 1) % 256
        self._put(frame, outward=True)

    def _put(self, data: bytes, *, outward: bool) -> None:
        assert self.now_s is not None
        if self.silent or self._random.random() < self.loss:
            return
        self._frames += 1
        heapq.heappush(self._wire, (self.now_s + self.delay_s, self._frames, data, outward))

    def _receive(self) -> None:
        while True:
            try:
                data, sender = self._socket.recvfrom(65535)
            except BlockingIOError:
                break
            except ConnectionError:
                continue
            self._peer = self._peer or sender
            self._put(data, outward=False)

    def _deliver(self) -> None:
        assert self.now_s is not None
        while self._wire and self._wire[0][0] <= self.now_s:
            _, _, data, outward = heapq.heappop(self._wire)
            if not outward:
                for message in self._codec.parse_buffer(data) or []:
                    self._take(message)
            elif self._peer is not None:
                try:
                    self._socket.sendto(data, self._peer)
                except (BlockingIOError, ConnectionError):
                    continue

    def _take(self, message: Any) -> None:
        kind = message.get_type()
        assert self.now_s is not None
        if kind == "HEARTBEAT":
            self.heartbeats_heard += 1
        elif kind == "COMMAND_LONG":
            self._command(message)
        elif kind == "PARAM_REQUEST_READ":
            self._answer_parameter(message.param_id)
        elif kind == "TIMESYNC" and message.tc1 == 0:
            self.send(mavlink.MAVLink_timesync_message(int(self._boot_s() * 1e9), message.ts1))
        elif kind == "SET_POSITION_TARGET_LOCAL_NED":
            self.setpoints.append((self.now_s, message))
            assert message.type_mask == 1479, "velocity and yaw rate, nothing else"
            values = np.array([message.vx, message.vy, message.vz, message.yaw_rate])
            self.take_setpoint(values)

    def _accept_setpoint(self, values: np.ndarray) -> None:
        """Both turn a body velocity by their yaw, once, when it comes."""
        assert self.now_s is not None
        if self.now_s - self.setpoint_s > 0.5:
            self.stream_since_s = self.now_s
        self.setpoint_s = self.now_s
        cos, sin = math.cos(self.yaw_ned_rad), math.sin(self.yaw_ned_rad)
        forward, right, down, yaw_rate = values
        self.setpoint = np.array([cos * forward - sin * right, sin * forward + cos * right, down, yaw_rate])

    def _command(self, message: Any) -> None:
        if message.command == mavlink.MAV_CMD_SET_MESSAGE_INTERVAL:
            self.intervals[int(message.param1)] = message.param2 * 1e-6
            result = ACCEPTED
        elif message.command == mavlink.MAV_CMD_DO_SET_MODE:
            result = self.set_mode(int(message.param2), int(message.param3))
        elif message.command == mavlink.MAV_CMD_COMPONENT_ARM_DISARM:
            result = self._arm() if message.param1 == 1.0 else self._disarm()
        else:
            result = self.other_command(message)
        self.send(mavlink.MAVLink_command_ack_message(message.command, result, 0, 0, 1, 191))

    def _arm(self) -> int:
        if self.armed:
            return ACCEPTED
        if self.reject_arming or not self.is_ready or not self.may_arm():
            self.send(mavlink.MAVLink_statustext_message(mavlink.MAV_SEVERITY_CRITICAL, b"Arming denied: check it"))
            return TEMPORARILY_REJECTED
        self.armed = True
        self.on_armed()
        return ACCEPTED

    def _disarm(self) -> int:
        if not self.on_ground:
            return DENIED
        self.stop_motors()
        return ACCEPTED

    def on_armed(self) -> None:
        """What follows from starting the motors."""

    def stop_motors(self) -> None:
        """The motors are off."""
        self.armed = False

    @property
    def is_ready(self) -> bool:
        """The estimate has settled."""
        assert self.now_s is not None
        return self.now_s - self.started_s >= self.ready_s

    def _answer_parameter(self, name: str) -> None:
        if name not in self.parameters:
            return
        value, kind = self.parameters[name]
        self.send(mavlink.MAVLink_param_value_message(name.encode(), self.encode(value, kind), kind, 1, 0))

    def encode(self, value: float, kind: int) -> float:
        """Put a parameter into the message's float."""
        return value

    # -- the body

    def _decide(self) -> None:
        assert self.now_s is not None
        if self.armed and self.on_ground and self.velocity_ned_m_s[2] >= -1e-3 and self.lands():
            self._grounded_s = self.now_s if self._grounded_s is None else self._grounded_s
            if self.now_s - self._grounded_s > self.disarm_after_s:
                self.stop_motors()
        else:
            self._grounded_s = None
        self.decide()

    disarm_after_s = 2.0

    def lands(self) -> bool:
        """Landing by itself."""
        return False

    def _move(self) -> None:
        target, yaw_rate = self.target() if self.armed else (np.zeros(3), 0.0)
        self.velocity_ned_m_s = self.respond(target)
        self.yaw_rate_ned_rad_s = yaw_rate
        self.position_ned_m = self.position_ned_m + STEP_S * self.velocity_ned_m_s
        self.yaw_ned_rad += STEP_S * yaw_rate
        if self.position_ned_m[2] >= 0.0:
            self.position_ned_m[2] = 0.0
            self.velocity_ned_m_s = np.array([0.0, 0.0, min(self.velocity_ned_m_s[2], 0.0)])
        if not self.armed:
            self.velocity_ned_m_s = np.zeros(3)

    def respond(self, target: np.ndarray) -> np.ndarray:
        """First order."""
        return self.velocity_ned_m_s + (target - self.velocity_ned_m_s) * STEP_S / self.response_s

    # -- telemetry

    def _boot_s(self) -> float:
        assert self.now_s is not None
        return self.now_s - self.started_s + 100.0 + self.clock_offset_s

    def _tell(self) -> None:
        assert self.now_s is not None
        messages = {
            mavlink.MAVLINK_MSG_ID_LOCAL_POSITION_NED: self._local_position,
            mavlink.MAVLINK_MSG_ID_ATTITUDE_QUATERNION: self._attitude,
            mavlink.MAVLINK_MSG_ID_SYS_STATUS: self._sys_status,
            mavlink.MAVLINK_MSG_ID_GPS_RAW_INT: self._gps,
            mavlink.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: self._landed,
            mavlink.MAVLINK_MSG_ID_ESTIMATOR_STATUS: self._estimator_status,
            mavlink.MAVLINK_MSG_ID_EKF_STATUS_REPORT: self._ekf_status,
        }
        if not self.no_heartbeat and self.now_s - self._sent_s.get(0, NEVER) >= 1.0 - 1e-9:
            self._sent_s[0] = self.now_s
            base = mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | (128 if self.armed else 0)
            self.send(mavlink.MAVLink_heartbeat_message(2, self.autopilot, base, self.custom_mode(), 4, 3))
        for message_id, make in messages.items():
            interval_s = self.intervals.get(message_id)
            if interval_s and self.now_s - self._sent_s.get(message_id, NEVER) >= interval_s - 1e-9:
                self._sent_s[message_id] = self.now_s
                message = make()
                if message is not None:
                    self.send(message)

    def _local_position(self) -> Any:
        if self.no_position or not self.is_ready:
            return None
        values = (*self.position_ned_m, *self.velocity_ned_m_s)
        return mavlink.MAVLink_local_position_ned_message(int(self._boot_s() * 1e3), *map(float, values))

    def _attitude(self) -> Any:
        w, z = math.cos(self.yaw_ned_rad / 2.0), math.sin(self.yaw_ned_rad / 2.0)
        boot_ms = int(self._boot_s() * 1e3)
        rate = self.yaw_rate_ned_rad_s
        return mavlink.MAVLink_attitude_quaternion_message(boot_ms, w, 0.0, 0.0, z, 0.0, 0.0, rate)

    def _sys_status(self) -> Any:
        radio = mavlink.MAV_SYS_STATUS_SENSOR_RC_RECEIVER if self.radio else 0
        sensors = mavlink.MAV_SYS_STATUS_PREARM_CHECK | radio
        health = sensors if self.is_ready else radio
        return mavlink.MAVLink_sys_status_message(
            sensors, sensors, health, 100, 15200, 500, self.battery_percent, 0, 0, 0, 0, 0, 0
        )

    def _gps(self) -> Any:
        return mavlink.MAVLink_gps_raw_int_message(0, 3, 473977418, 85455939, 488000, 90, 120, 0, 0, 12)

    def _landed(self) -> Any:
        return mavlink.MAVLink_extended_sys_state_message(0, 1 if self.on_ground else 2)

    def _estimator_status(self) -> Any:
        flags = self.estimator_flags if self.is_ready else 1
        flags |= 128 if self.on_ground else 0  # "constant position", as PX4 says of any vehicle at rest
        return mavlink.MAVLink_estimator_status_message(0, flags, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)

    def _ekf_status(self) -> Any:
        flags = self.estimator_flags if self.is_ready else 1
        return mavlink.MAVLink_ekf_status_report_message(flags, 0.1, 0.1, 0.1, 0.1, 0.1)
