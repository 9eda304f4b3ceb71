"""A flight in a simulated world: simulation, policy, safety filter, recorder."""

import os

from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from liquid_nav_ros.graph import GRAPHS, fastdds_profile

from launch import LaunchDescription

GRAPH = "sim_flight"
HERE = os.path.dirname(os.path.abspath(__file__))


def generate_launch_description() -> LaunchDescription:
    """Start the nodes of the graph, each in a process of its own."""
    arguments = [
        DeclareLaunchArgument("namespace", default_value="", description="of all nodes and relative topics"),
        DeclareLaunchArgument(
            "params_file",
            default_value=os.path.join(HERE, "params", GRAPH + ".yaml"),
            description="parameters of all nodes",
        ),
    ]
    nodes = [
        Node(
            package="liquid_nav_ros",
            executable=spec.executable,
            name=spec.name,
            namespace=LaunchConfiguration("namespace"),
            parameters=[LaunchConfiguration("params_file")],
            output="screen",
        )
        for spec in GRAPHS[GRAPH]
    ]
    profile = SetEnvironmentVariable("FASTDDS_DEFAULT_PROFILES_FILE", str(fastdds_profile()))
    return LaunchDescription([*arguments, profile, *nodes])
