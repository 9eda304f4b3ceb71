"""Frame in, safe command out: the stages of a flight in one process, on the caller's clock.

Evaluation flies through this object; the ROS 2 nodes host the same stages in separate processes. Collection steps a
policy by the same clock of its images, but flies what it and disturbances want without the safety filter.
"""

from __future__ import annotations

import numpy as np

from liquid_nav.policy.runtime import Policy, PolicyInFlight
from liquid_nav.safety import SafetyConfig, SafetyFilter
from liquid_nav.safety.filter import image_digest
from liquid_nav.types import CameraFrame, Odometry, SafetyVerdict, VelocityCommand


class FlightPipeline:
    """Policy and safety filter of one flight; make a new one for each."""

    def __init__(self, policy: Policy, safety: SafetyConfig | None = None) -> None:
        self.policy = PolicyInFlight(policy)
        self.safety = SafetyFilter(safety)
        self.raw_command = VelocityCommand()

    def step(self, frame: CameraFrame, odometry: Odometry, now_s: float) -> SafetyVerdict:
        """Look at a frame and return what may be flown; after a long gap the policy begins anew.

        The safety filter is shown every frame, the policy none that follows too closely on the last one it looked at.

        Args:
            frame: what the camera saw.
            odometry: the latest estimate of the state.
            now_s: time now on the clock of the frame's stamp.
        """
        self.raw_command = self.policy.look(frame.rgb, frame.stamp_s)
        self.safety.update_command(self.raw_command, frame.stamp_s, now_s)
        self.safety.update_odometry(odometry, now_s)  # before the image, which is kept with the place it came at
        self.safety.update_image(image_digest(np.ascontiguousarray(frame.rgb).data), now_s)
        return self.safety.evaluate(now_s)

    def step_without_frame(self, odometry: Odometry, now_s: float) -> SafetyVerdict:
        """Return what may be flown while no new frame has come: the last command, as long as it is not stale."""
        self.safety.update_odometry(odometry, now_s)
        return self.safety.evaluate(now_s)
