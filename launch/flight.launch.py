"""A camera and a vehicle with policy, safety filter, teleoperation, flight bridge and recorder.

``ros2 launch liquid_nav_ros flight.launch.py url:=serial:/dev/ttyACM0:57600 camera:=0 policy:=/path/to/policy``
"""

from pathlib import Path

from liquid_nav_ros.launching import describe

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Start the nodes of the graph."""
    return describe("flight", Path(__file__).parent, use_sim_time=False)
