"""The policy as a lifecycle node: an image comes in, a raw velocity command with the image's stamp goes out."""

from __future__ import annotations

import array
import gc
import sys
from pathlib import Path

import numpy as np
from geometry_msgs.msg import TwistStamped
from numpy.typing import NDArray
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Float32MultiArray, MultiArrayDimension

from liquid_nav.data.images import rgb_of
from liquid_nav.errors import ConfigError, LiquidNavError, PolicyError
from liquid_nav.image_clock import FIRST_ELAPSED_S
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.runtime import Policy, PolicyInFlight, load_policy
from liquid_nav_ros.conversions import command_message, image_message, to_seconds
from liquid_nav_ros.heartbeat import Meter
from liquid_nav_ros.qos import LATEST, RELIABLE
from liquid_nav_ros.runner import Finished, now_s, parameter, run, wall_timer

TRANSPORTS = ("raw", "compressed")


class PolicyNode(LifecycleNode):
    """Takes ``camera/image_raw`` or ``camera/image/compressed``; gives ``liquid_nav/cmd_vel_raw``,
    ``liquid_nav/attention`` (mono8, where the target is believed to be) and ``liquid_nav/neurons``.

    Configuring loads the weights, activating starts from a fresh state of the network.
    """

    def __init__(self) -> None:
        super().__init__("policy_node")
        self._folder = parameter(self, "policy", "", "folder of the policy; empty for the shipped one")
        self._transport = parameter(self, "image_transport", "raw", "raw or compressed")
        if self._transport not in TRANSPORTS:
            raise ConfigError(f"image_transport is {self._transport!r}: use {' or '.join(TRANSPORTS)}")
        autostart = parameter(self, "autostart", False, "configure and activate without a lifecycle manager")
        parameter(self, "threads", 1, "threads of the arithmetic", low=1, high=16)
        self._policy: Policy | None = None
        self._flight: PolicyInFlight | None = None  # while active
        self._steps, self._problem = 0, ""
        self._meter = Meter()
        self._commands = self.create_publisher(TwistStamped, "liquid_nav/cmd_vel_raw", RELIABLE)
        self._attention = self.create_publisher(Image, "liquid_nav/attention", LATEST)
        self._neurons = self.create_publisher(Float32MultiArray, "liquid_nav/neurons", LATEST)
        if self._transport == "compressed":
            self.create_subscription(CompressedImage, "camera/image/compressed", self._on_image, LATEST)
        else:
            self.create_subscription(Image, "camera/image_raw", self._on_image, LATEST)
        if autostart:
            self._starter = wall_timer(self, 0.0, self._start)

    def health(self) -> dict[str, object]:
        """Values for the heartbeat."""
        name = "none" if self._policy is None else self._policy.name
        facts = {"active": self._flight is not None, "policy": name, "steps": self._steps, "problem": self._problem}
        return facts | self._meter.take()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the policy."""
        import torch

        torch.set_num_threads(self.get_parameter("threads").value)
        try:
            self._policy = load_policy(Path(self._folder).expanduser() if self._folder else None)
        except LiquidNavError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        config = self._policy.config
        blank = np.zeros((config.image_height_px, config.image_width_px, 3), dtype=np.uint8)
        self._policy.step(blank, FIRST_ELAPSED_S)  # the first call allocates; better now than in the air
        gc.collect()
        gc.freeze()  # what is loaded stays: looking through all of it in the air would take several images' time
        self.get_logger().info(f"policy {self._policy.name} with {config.neurons} liquid neurons is loaded")
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start with a network that has seen nothing."""
        assert self._policy is not None
        self._flight = PolicyInFlight(self._policy)
        return super().on_activate(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop for good: no transition leads back."""
        self._flight = self._policy = None
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop until somebody configures the node again."""
        self._flight = self._policy = None
        return super().on_error(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Fall silent; the safety node hovers when no command comes."""
        self._flight = None
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Forget the policy."""
        self._policy = None
        return TransitionCallbackReturn.SUCCESS

    def _start(self) -> None:
        self._starter.cancel()
        for trigger in (self.trigger_configure, self.trigger_activate):
            if trigger() != TransitionCallbackReturn.SUCCESS:
                raise Finished(2)

    def _on_image(self, message: Image | CompressedImage) -> None:
        """Answer an image; one that cannot be used is answered by silence, and the safety filter hovers."""
        flight = self._flight
        if flight is None:
            return
        stamp_s = to_seconds(message.header.stamp)
        try:
            command = flight.look(_picture(message, flight.policy.config), stamp_s)
        except LiquidNavError as error:
            self._problem = str(error)
            self.get_logger().error(self._problem, throttle_duration_sec=2.0)
            return
        self._steps, self._problem = self._steps + 1, ""
        self._commands.publish(command_message(command, stamp_s))
        self._meter.add(now_s(self) - stamp_s)
        self._explain(flight, stamp_s)

    def _explain(self, flight: PolicyInFlight, stamp_s: float) -> None:
        state = flight.state
        assert state is not None
        self._attention.publish(image_message((255.0 * state.attention).astype(np.uint8), stamp_s))
        message = Float32MultiArray(data=array.array("f", state.neurons.tolist()))
        message.layout.dim = [MultiArrayDimension(label="neurons", size=len(state.neurons), stride=1)]
        self._neurons.publish(message)


def _picture(message: Image | CompressedImage, config: PolicyConfig) -> NDArray[np.uint8]:
    """Decode an image; what is far smaller than the policy's own images would show it nothing."""
    rgb = rgb_of(message)
    height, width = rgb.shape[:2]
    if 2 * width < config.image_width_px or 2 * height < config.image_height_px:
        raise PolicyError(
            f"images are {width}x{height}, the policy sees {config.image_width_px}x{config.image_height_px}: "
            "publish larger ones"
        )
    return rgb


def main() -> None:
    """Run the node."""
    sys.exit(run(PolicyNode))


if __name__ == "__main__":
    main()
