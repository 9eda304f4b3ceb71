"""A camera, the policy, the safety filter and the recorder, without a vehicle."""

from pathlib import Path

from liquid_nav_ros.launching import describe

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Start the nodes of the graph."""
    return describe("camera_only", Path(__file__).parent, use_sim_time=False)
