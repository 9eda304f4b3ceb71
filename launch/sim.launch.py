"""A flight in a simulated world: simulation, policy, safety filter, flight bridge, recorder.

``ros2 launch liquid_nav_ros sim.launch.py world:=forest seed:=7``
"""

from pathlib import Path

from liquid_nav_ros.launching import describe

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Start the nodes of the graph."""
    return describe("sim", Path(__file__).parent, use_sim_time=True)
