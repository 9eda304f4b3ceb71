"""A gamepad that takes over from the policy, for a graph that runs already.

``ros2 launch liquid_nav_ros teleop.launch.py`` beside ``sim.launch.py``; ``flight.launch.py`` holds ``teleop_node``
itself and needs only the driver of the gamepad, ``ros2 run joy game_controller_node``.
"""

from pathlib import Path

from liquid_nav_ros.launching import describe

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Start the nodes of the graph."""
    return describe("teleop", Path(__file__).parent, use_sim_time=False)
