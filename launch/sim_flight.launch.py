"""A flight in a simulated world: simulation, policy, safety filter, recorder."""

from pathlib import Path

from liquid_nav_ros.launching import describe

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Start the nodes of the graph."""
    return describe("sim_flight", Path(__file__).parent, use_sim_time=True)
