"""Images of a bag, a video, a folder or a webcam through policy and safety filter, without a vehicle.

``ros2 launch liquid_nav_ros replay.launch.py source:=flight.mcap policy:=/path/to/policy``
"""

from pathlib import Path

from liquid_nav_ros.launching import describe

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Start the nodes of the graph."""
    return describe("replay", Path(__file__).parent, use_sim_time=False)
