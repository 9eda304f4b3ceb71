"""A web page to watch and fly from, for a graph that runs already.

``ros2 launch liquid_nav_ros cockpit.launch.py episodes:=data/teleop`` beside ``flight.launch.py``, or with
``use_sim_time:=true`` beside ``sim.launch.py``. The node prints the address with the pilot's token.
"""

from pathlib import Path

from liquid_nav_ros.launching import describe

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Start the nodes of the graph."""
    return describe("cockpit", Path(__file__).parent, use_sim_time=False)
