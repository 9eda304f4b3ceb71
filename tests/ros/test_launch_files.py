"""Launch files, parameter files and what the package installs agree; where ``launch`` is there, it resolves them."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from training.graph import PARAMS, ROS_PACKAGE

sys.path.insert(0, str(ROS_PACKAGE))

from liquid_nav_ros.graph import ARGUMENTS, GRAPHS

LAUNCH = PARAMS.parent
NODES = ROS_PACKAGE / "liquid_nav_ros"


def _sections(graph: str) -> dict[str, dict[str, Any]]:
    """Parameters by node, as the file of a graph gives them."""
    text = yaml.safe_load((PARAMS / f"{graph}.yaml").read_text())
    return {key.removeprefix("/**/"): value["ros__parameters"] for key, value in text.items() if key != "/**"}


def _declared(node: str) -> set[str]:
    """Names that a node declares by ``parameter(self, "name", ...)`` or a table of them."""
    return set(re.findall(r'"([a-z_]+)"', (NODES / f"{node}.py").read_text()))


def _executables() -> set[str]:
    """Console scripts of the package, from its setup.py without running it."""
    tree = ast.parse((ROS_PACKAGE / "setup.py").read_text())
    names = next(
        node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "NODES"
    )
    return {f"{name}_node" for name in ast.literal_eval(names)} | {"compose"}


def test_there_is_a_launch_file_and_a_parameter_file_for_each_graph() -> None:
    assert {file.name.removesuffix(".launch.py") for file in LAUNCH.glob("*.launch.py")} == set(GRAPHS)
    assert {file.stem for file in PARAMS.glob("*.yaml")} >= set(GRAPHS)


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_launch_file_describes_its_own_graph_with_the_public_interface(graph: str) -> None:
    tree = ast.parse((LAUNCH / f"{graph}.launch.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    described = [call.args[0] for call in calls if getattr(call.func, "id", "") == "describe"]
    assert [ast.literal_eval(name) for name in described] == [graph]
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules <= {"launch", "pathlib", "liquid_nav_ros.launching"}
    assert [node.name for node in tree.body if isinstance(node, ast.FunctionDef)] == ["generate_launch_description"]


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_parameter_file_names_the_nodes_of_the_graph_in_order(graph: str) -> None:
    assert list(_sections(graph)) == [spec.name for spec in GRAPHS[graph]]


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_executable_is_installed_by_the_package_that_is_named(graph: str) -> None:
    packages = re.findall(r"depend>(\w+)<", (ROS_PACKAGE / "package.xml").read_text())
    for spec in GRAPHS[graph]:
        if spec.package == "liquid_nav_ros":
            assert spec.name in _executables() and (NODES / f"{spec.name}.py").exists()
        else:
            assert spec.package in packages


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_parameter_of_a_file_is_declared_by_its_node(graph: str) -> None:
    from liquid_nav.flight.config import SETTINGS as FLIGHT
    from liquid_nav.safety.config import SETTINGS as SAFETY

    for spec in GRAPHS[graph]:
        if spec.package == "liquid_nav_ros":
            values = _sections(graph)[spec.name]
            assert set(values.pop("limits", {})) <= {*SAFETY, "geofence_centre_enu_m", "geofence_polygon_enu_m"}
            assert set(values) <= _declared(spec.name) | set(FLIGHT if spec.name == "flight_bridge_node" else ())


def test_the_gamepads_driver_numbers_sticks_and_switch_as_the_parameters_say() -> None:
    pytest.importorskip("rclpy")
    from liquid_nav_ros.teleop_node import AXES, LEFT_SHOULDER

    assert [spec.name for spec in GRAPHS["teleop"]] == ["game_controller_node", "teleop_node"]
    for graph in ("teleop", "flight"):
        assert _sections(graph)["teleop_node"].items() >= {**AXES, "switch_button": LEFT_SHOULDER}.items()


def test_launch_arguments_set_parameters_that_nodes_declare_and_files_leave_open() -> None:
    for graph, arguments in ARGUMENTS.items():
        for argument in arguments:
            assert argument.parameter not in _sections(graph)[argument.node]
            assert argument.parameter in _declared(argument.node)


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("composed", ["false", "true"])
def test_launch_resolves_the_file_to_one_process_per_node_or_one_for_all(graph: str, composed: str) -> None:
    pytest.importorskip("launch_ros", reason="launch comes with a ROS 2 installation, not with the wheels")
    import runpy

    from launch.actions import DeclareLaunchArgument
    from launch.utilities import perform_substitutions
    from launch_ros.actions import Node

    from launch import LaunchContext

    description = runpy.run_path(str(LAUNCH / f"{graph}.launch.py"))["generate_launch_description"]()
    context = LaunchContext()
    context.launch_configurations.update(composed=composed, namespace="uav1")
    for entity in description.entities:
        if isinstance(entity, DeclareLaunchArgument):
            entity.execute(context)
    nodes = [entity for entity in description.entities if isinstance(entity, Node)]
    started = [node for node in nodes if node.condition is None or node.condition.evaluate(context)]
    own = [spec.name for spec in GRAPHS[graph] if spec.package == "liquid_nav_ros"]
    foreign = [spec.name for spec in GRAPHS[graph] if spec.package != "liquid_nav_ros"]
    names = [
        node.node_executable if isinstance(node.node_executable, str)
        else perform_substitutions(context, node.node_executable)
        for node in started
    ]  # fmt: skip
    assert names == foreign + (["compose"] if composed == "true" else own)
    for name in ("params_file", "use_sim_time"):
        assert context.launch_configurations[name]
    assert Path(context.launch_configurations["params_file"]).is_file()


def test_compose_knows_the_nodes_that_setup_installs() -> None:
    pytest.importorskip("rclpy")
    from liquid_nav_ros.compose import NODES as COMPOSED
    from liquid_nav_ros.compose import node_class

    assert {f"{name}_node" for name in COMPOSED} | {"compose"} == _executables()
    assert node_class("safety_node").__name__ == "SafetyNode"
    with pytest.raises(ValueError, match="there is no node"):
        node_class("os")
