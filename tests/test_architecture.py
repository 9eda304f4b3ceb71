"""Imports point one way, and only the ROS package knows ROS."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "liquid_nav": {"sim_worlds", "training", "liquid_nav_ros", "rclpy", "pybullet", "moderngl", "gymnasium"},
    "sim_worlds": {"training", "liquid_nav_ros", "rclpy"},
    "training": {"liquid_nav_ros", "rclpy"},
    "ros2_ws/src/liquid_nav_ros/liquid_nav_ros": {"training"},
}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_imports_point_one_way(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert not _imports(path) & FORBIDDEN[package], path


def test_only_the_sim_node_knows_the_worlds() -> None:
    for path in (ROOT / "ros2_ws/src/liquid_nav_ros/liquid_nav_ros").glob("*.py"):
        assert path.name == "sim_node.py" or "sim_worlds" not in _imports(path), path


def test_nothing_loads_pickles() -> None:
    for package in ("liquid_nav", "sim_worlds", "training"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text()
            assert "import pickle" not in text and "torch.load(" not in text and "allow_pickle=True" not in text, path
