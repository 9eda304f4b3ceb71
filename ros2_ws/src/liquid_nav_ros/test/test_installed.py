"""What ``colcon build`` has installed, for ``colcon test``; the tests of the nodes are in ``tests/ros``."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml

index = pytest.importorskip("ament_index_python.packages", reason="the ament index comes with ROS 2")

from liquid_nav_ros.graph import GRAPHS, fastdds_profile  # noqa: E402

PACKAGE = "liquid_nav_ros"
OWN = sorted({spec.name for graph in GRAPHS.values() for spec in graph if spec.package == PACKAGE})


@pytest.fixture(scope="module")
def prefix() -> Path:
    """Where the package is installed."""
    return Path(index.get_package_prefix(PACKAGE))


@pytest.mark.parametrize("name", OWN)
def test_a_node_of_a_graph_is_an_executable_that_can_be_imported(prefix: Path, name: str) -> None:
    assert (prefix / "lib" / PACKAGE / name).is_file()
    script = next(point for point in entry_points(group="console_scripts") if point.name == name)
    assert callable(getattr(importlib.import_module(script.module), script.attr))


@pytest.mark.parametrize("graph", GRAPHS)
def test_launch_and_parameter_files_are_installed_side_by_side(prefix: Path, graph: str) -> None:
    folder = prefix / "share" / PACKAGE / "launch"
    assert (folder / f"{graph}.launch.py").is_file()
    assert yaml.safe_load((folder / "params" / f"{graph}.yaml").read_text())


def test_the_middlewares_profile_lies_beside_the_code() -> None:
    assert fastdds_profile().is_file()
