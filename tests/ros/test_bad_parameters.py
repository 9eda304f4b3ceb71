"""Parameters that no node can use: one line with parameter, value and cure, and exit status 2."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy")

from training.graph import Graph

pytestmark = [pytest.mark.ros, pytest.mark.timeout(60)]


@pytest.mark.parametrize(
    ("node", "name", "value", "says"),
    [
        ("sim_node", "world_options", '{"seed": 5}', "world_options holds seed = 5: set the parameter seed instead"),
        ("sim_node", "world_options", '{"name": "city"}', "set the parameter world instead"),
        ("sim_node", "world_options", '{"camera": {}}', "set the parameter camera_options instead"),
        ("sim_node", "command_topic", "bad topic!", "command_topic names the topic 'bad topic!'"),
        ("safety_node", "neighbours", ["uav2/odom", "bad topic!"], "neighbours names the topic 'bad topic!': use"),
        ("recorder_node", "topics", ["odom"], "topics holds 'odom': give name:type"),
        ("recorder_node", "topics", ["odom:"], "topics holds 'odom:': give name:type"),
        ("recorder_node", "topics", ["a b:std_msgs/msg/String"], "topics names the topic 'a b'"),
        ("recorder_node", "topics", ["odom:/msg/Odometry"], "'/msg/Odometry' is not installed"),
    ],
)
def test_a_parameter_that_cannot_be_used_ends_the_node_with_one_line(
    tmp_path: Path, node: str, name: str, value: object, says: str
) -> None:
    params = tmp_path / "params.yaml"
    params.write_text(yaml.safe_dump({f"/{node}": {"ros__parameters": {name: value}}}))
    with Graph(tmp_path / "logs") as graph:
        process = graph.start(node, params_file=params)
        assert process.wait(30.0) == 2
        text = graph.last_words(node)
        assert text.startswith("error: ") and says in text
        assert "Traceback" not in (graph.log_folder / f"{node}.log").read_text()
