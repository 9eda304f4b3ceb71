"""Frame in, safe command out: the stages of a flight in one process, on the caller's clock.

Evaluation and collection use this object; the ROS 2 nodes host the same stages in separate processes.
"""

from __future__ import annotations

from liquid_nav.policy.runtime import Policy, PolicyState
from liquid_nav.safety import SafetyConfig, SafetyFilter
from liquid_nav.types import CameraFrame, Odometry, SafetyVerdict, VelocityCommand

FIRST_ELAPSED_S = 0.05


class FlightPipeline:
    """Policy and safety filter of one flight; make a new one for each."""

    def __init__(self, policy: Policy, safety: SafetyConfig | None = None) -> None:
        self.policy = policy
        self.safety = SafetyFilter(safety)
        self.state: PolicyState | None = None
        self.raw_command = VelocityCommand()
        self._last_stamp_s: float | None = None

    def step(self, frame: CameraFrame, odometry: Odometry, now_s: float) -> SafetyVerdict:
        """Look at a frame and return what may be flown.

        Args:
            frame: what the camera saw.
            odometry: the latest estimate of the state.
            now_s: time now on the clock of the frame's stamp.
        """
        elapsed = FIRST_ELAPSED_S if self._last_stamp_s is None else max(0.0, frame.stamp_s - self._last_stamp_s)
        self._last_stamp_s = frame.stamp_s
        self.raw_command, self.state = self.policy.step(frame.rgb, elapsed, self.state)
        self.safety.update_command(self.raw_command, frame.stamp_s, now_s)
        return self.step_without_frame(odometry, now_s)

    def step_without_frame(self, odometry: Odometry, now_s: float) -> SafetyVerdict:
        """Return what may be flown while no new frame has come: the last command, as long as it is not stale."""
        self.safety.update_odometry(odometry, now_s)
        return self.safety.evaluate(now_s)
