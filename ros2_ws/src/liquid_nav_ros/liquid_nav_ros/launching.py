"""A graph as a launch description; for the launch files alone, as ``launch`` comes with a ROS 2 installation only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable, Shutdown
from launch.conditions import IfCondition, UnlessCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchDescription
from liquid_nav_ros.graph import ARGUMENTS, GRAPHS, NodeArgument, NodeSpec, fastdds_profile

PACKAGE = "liquid_nav_ros"


def describe(graph: str, launch_folder: Path, *, use_sim_time: bool) -> LaunchDescription:
    """Start the nodes of a graph, each in a process of its own, or with ``composed:=true`` in one process.

    Args:
        graph: a name of :data:`liquid_nav_ros.graph.GRAPHS`.
        launch_folder: holds ``params/<graph>.yaml``.
        use_sim_time: default of the argument of this name.
    """
    own, foreign = [], []
    for spec in GRAPHS[graph]:
        (own if spec.package == PACKAGE else foreign).append(spec)
    several, one = UnlessCondition(LaunchConfiguration("composed")), IfCondition(LaunchConfiguration("composed"))
    actions = [
        *_arguments(graph, launch_folder, use_sim_time),
        SetEnvironmentVariable("FASTDDS_DEFAULT_PROFILES_FILE", str(fastdds_profile())),
        *(_process(graph, spec) for spec in foreign),
        *(_process(graph, spec, condition=several) for spec in own),
        _composed(graph, own, condition=one),
    ]
    return LaunchDescription(actions)


def _arguments(graph: str, launch_folder: Path, use_sim_time: bool) -> list[DeclareLaunchArgument]:
    common = (
        ("namespace", "", "of all nodes and relative topics"),
        ("use_sim_time", str(use_sim_time).lower(), "take /clock"),
        ("params_file", str(launch_folder / "params" / f"{graph}.yaml"), "parameters of all nodes"),
        ("composed", "false", "all nodes of this package in one process"),
    )
    own = ((argument.name, argument.default, argument.description) for argument in ARGUMENTS.get(graph, ()))
    return [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, default, description in (*common, *own)
    ]


def _process(graph: str, spec: NodeSpec, **options: Any) -> Node:
    """Return a node in a process of its own."""
    own = {argument.parameter: _value(argument) for argument in ARGUMENTS.get(graph, ()) if argument.node == spec.name}
    return Node(
        package=spec.package,
        executable=spec.name,
        name=spec.name,
        namespace=LaunchConfiguration("namespace"),
        parameters=[LaunchConfiguration("params_file"), {"use_sim_time": _sim_time(), **own}],
        output="screen",
        on_exit=Shutdown(reason=f"{spec.name} has ended") if spec.ends_graph else None,
        **options,
    )


def _composed(graph: str, specs: list[NodeSpec], **options: Any) -> Node:
    """Return one process with several nodes; each takes of the parameters those that it knows."""
    own = {argument.parameter: _value(argument) for argument in ARGUMENTS.get(graph, ())}
    return Node(
        package=PACKAGE,
        executable="compose",
        namespace=LaunchConfiguration("namespace"),
        arguments=[spec.name for spec in specs],
        parameters=[LaunchConfiguration("params_file"), {"use_sim_time": _sim_time(), **own}],
        output="screen",
        on_exit=Shutdown(reason="the process of all nodes has ended"),
        **options,
    )


def _sim_time() -> ParameterValue:
    return ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)


def _value(argument: NodeArgument) -> ParameterValue:
    return ParameterValue(LaunchConfiguration(argument.name), value_type=argument.kind)
