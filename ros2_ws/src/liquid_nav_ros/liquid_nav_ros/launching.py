"""A graph as a launch description; for the launch files alone, as ``launch`` comes with a ROS 2 installation only."""

from __future__ import annotations

from pathlib import Path

from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchDescription
from liquid_nav_ros.graph import ARGUMENTS, GRAPHS, NodeSpec, fastdds_profile


def describe(graph: str, launch_folder: Path, *, use_sim_time: bool) -> LaunchDescription:
    """Start the nodes of a graph, each in a process of its own.

    Args:
        graph: a name of :data:`liquid_nav_ros.graph.GRAPHS`.
        launch_folder: holds ``params/<graph>.yaml``.
        use_sim_time: default of the argument of this name.
    """
    arguments = [
        DeclareLaunchArgument("namespace", default_value="", description="of all nodes and relative topics"),
        DeclareLaunchArgument("use_sim_time", default_value=str(use_sim_time).lower(), description="take /clock"),
        DeclareLaunchArgument(
            "params_file",
            default_value=str(launch_folder / "params" / f"{graph}.yaml"),
            description="parameters of all nodes",
        ),
    ]
    arguments += [
        DeclareLaunchArgument(argument.name, default_value=argument.default, description=argument.description)
        for argument in ARGUMENTS.get(graph, ())
    ]
    sim_time = ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)
    nodes = [
        Node(
            package="liquid_nav_ros",
            executable=spec.executable,
            name=spec.name,
            namespace=LaunchConfiguration("namespace"),
            parameters=[LaunchConfiguration("params_file"), {"use_sim_time": sim_time, **_own(graph, spec)}],
            output="screen",
            on_exit=Shutdown(reason=f"{spec.name} has ended") if spec.ends_graph else None,
        )
        for spec in GRAPHS[graph]
    ]
    profile = SetEnvironmentVariable("FASTDDS_DEFAULT_PROFILES_FILE", str(fastdds_profile()))
    return LaunchDescription([*arguments, profile, *nodes])


def _own(graph: str, spec: NodeSpec) -> dict[str, ParameterValue]:
    """Return the parameters of a node that launch arguments set; as texts, since a camera may be called 0."""
    return {
        argument.parameter: ParameterValue(LaunchConfiguration(argument.name), value_type=str)
        for argument in ARGUMENTS.get(graph, ())
        if argument.node == spec.name
    }
