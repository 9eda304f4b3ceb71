"""A flight that cannot begin says why in one line and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import training.graph as graph
from liquid_nav.errors import ConfigError
from training.fly import FlightPlan, fly
from training.run_folder import link_latest, new_folder, write_json

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_full_disk_is_one_clear_error(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    with pytest.raises(ConfigError, match="5 MB are free"):
        new_folder(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("x")
    with pytest.raises(ConfigError, match="--out"):
        new_folder(tmp_path / "runs")


def test_two_runs_in_one_second_do_not_meet(tmp_path: Path) -> None:
    assert new_folder(tmp_path) != new_folder(tmp_path)


def test_latest_points_to_the_last_run(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_json(tmp_path / name / "summary.json", {"name": name})
        link_latest(tmp_path, tmp_path / name)
    assert '"two"' in (tmp_path / "latest" / "summary.json").read_text()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["latest", "one", "two"]


def test_a_folder_in_the_place_of_the_link_is_told_and_costs_nothing(tmp_path: Path, capsys) -> None:
    (tmp_path / "latest" / "logs").mkdir(parents=True)
    (tmp_path / "one").mkdir()
    link_latest(tmp_path, tmp_path / "one")
    assert "does not point to" in " ".join(capsys.readouterr().err.split())
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["latest", "one"]


STARTER = """
import sys, time
from pathlib import Path
from training.graph import Graph, end_as_interrupted
end_as_interrupted()
with Graph(Path(sys.argv[1])) as graph:
    print(graph.start("safety_node").pid, flush=True)
    time.sleep(60.0)
"""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nodes_end_with_the_program_that_started_them(tmp_path: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path / "logs")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as starter:
        assert starter.stdout is not None
        node = int(starter.stdout.readline())
        starter.send_signal(end)
        assert starter.wait(30.0) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(node, 0)


def test_a_program_under_nohup_does_not_end_with_its_terminal(monkeypatch) -> None:
    asked: dict[int, object] = {}
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_IGN)
    monkeypatch.setattr(signal, "signal", asked.__setitem__)
    graph.end_as_interrupted()
    assert set(asked) == {signal.SIGTERM}


@pytest.mark.parametrize(("status", "interrupted"), [({"done": True, "success": True, "tsr": 1.0}, False), ({}, True)])
def test_a_flight_without_a_recording_is_written_up(
    tmp_path: Path, monkeypatch, status: dict[str, object], interrupted: bool
) -> None:
    monkeypatch.setattr("training.fly._fly_graph", lambda *_: (status, interrupted))
    monkeypatch.setattr("training.fly.end_as_interrupted", lambda: None)
    summary = fly(FlightPlan(renderer="tiny"), tmp_path)
    assert summary["success"] is bool(status) and summary["images"] == 0
    assert "was the flight recorded?" in summary["recording"]
    assert json.loads((tmp_path / "latest" / "summary.json").read_text()) == summary


def test_without_a_free_domain_the_error_says_so(monkeypatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        domain = graph.free_domain_id()
        taken.bind(("", 7400 + 250 * domain + 10))
        monkeypatch.setattr(graph, "DOMAINS", range(domain, domain + 1))
        with pytest.raises(graph.GraphError, match="no ROS domain is free"):
            graph.free_domain_id()


def test_a_node_that_dies_is_named_with_its_last_words(tmp_path: Path) -> None:
    with graph.Graph(tmp_path / "logs") as running:
        running.start("flight_bridge_node", parameters={"backend": "warp"}).wait(30.0)
        with pytest.raises(graph.GraphError, match="backend is 'warp'"):
            running.check()


@pytest.mark.parametrize(("python", "word"), [("none", "not installed"), ("old", "Python 3.8.1 is too old or too new")])
def test_set_up_without_a_fitting_python_is_one_line(tmp_path: Path, python: str, word: str) -> None:
    old = tmp_path / "old"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.8.1\n')
    old.chmod(0o755)
    result = subprocess.run(
        ["sh", str(ROOT / "tools" / "setup.sh")],
        env={"PYTHON": str(tmp_path / python), "VENV": str(tmp_path / "venv"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and word in result.stderr
    assert not (tmp_path / "venv").exists()
