"""The command line: help everywhere, one line per mistake, JSON where asked for."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMANDS = ("worlds", "collect", "train", "evaluate", "fly", "episodes", "export", "explain", "version")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = _run(command, "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("fly", "--world", "jungle"), "jungle"),
        (("fly", "--policy", "/no/such/policy"), "not a policy folder"),
        (("fly", "--camera", "/no/such/video.mp4"), "does not exist"),
        (("evaluate", "--suite", "moon"), "moon"),
        (("train", "/no/such/folder"), "is not a folder"),
        (("episodes", "show", "/no/such/file.mcap"), "does not exist"),
        (("collect", "--config", "/no/such/config.yaml"), "does not exist"),
        (("worlds", "forest", "--option", "season=monsoon"), "monsoon"),
        (("worlds", "forest", "--option", "season=[a"), "season=[a"),
        (("worlds", "forest", "--option", "magnify=true"), "forest has no option 'magnify'"),
        (("worlds", "forest", "--option", "renderer=gl"), "forest has no option 'renderer'"),
        (("fly", "--option", "camera=webcam"), "city has no option 'camera'"),
        (("fly", "--option", "backend=aviary"), "city has no option 'backend'"),
        (("fly", "--camera-preset", "fisheye-9"), "fisheye-9"),
        (("collect", "--out", "README.md"), "README.md"),
        (("episodes", "teleop", "--out", "README.md"), "README.md"),
    ],
)
def test_a_mistake_is_one_line_and_status_two(arguments: tuple[str, ...], word: str, tmp_path: Path) -> None:
    extra = ("--out", str(tmp_path / "out.png")) if arguments[0] == "worlds" else ()
    result = _run(*arguments, *extra)
    assert result.returncode == 2, result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ")
    assert word in lines[0]


def test_worlds_draws_a_picture(tmp_path: Path) -> None:
    out = tmp_path / "worlds.png"
    assert _run("worlds", "city", "--count", "2", "--out", str(out)).returncode == 0
    assert out.stat().st_size > 20_000


def test_export_writes_an_equal_onnx_policy(tmp_path: Path) -> None:
    result = _run("export", str(tmp_path / "policy.onnx"), "--json")
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["largest_difference"] < 1e-4
    assert [file.name for file in tmp_path.iterdir()] == ["policy.onnx"]


def test_explain_draws_where_the_policy_looks(tmp_path: Path) -> None:
    assert _run("worlds", "city", "--count", "1", "--out", str(tmp_path / "a.png")).returncode == 0
    result = _run("explain", str(tmp_path), "--out", str(tmp_path / "attention.png"))
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "attention.png").stat().st_size > 3_000


def test_evaluation_answers_in_json_alone(tmp_path: Path) -> None:
    result = _run("evaluate", "--suite", "smoke", "--episodes", "1", "--policy", "expert", "--workers", "1",
                  "--out", str(tmp_path), "--json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["policy"] == "expert"


@pytest.mark.ros
@pytest.mark.timeout(150)
def test_an_interrupted_flight_is_written_up_and_leaves_no_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.cli", "fly", "--duration", "50", "--out", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60.0
    part = None
    while part is None or part.stat().st_size < 500_000:
        assert time.monotonic() < deadline and process.poll() is None
        part = next(tmp_path.glob("*/flight.mcap.part"), None)
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    process.wait(80.0)
    summary = json.loads((tmp_path / "latest" / "summary.json").read_text())
    assert process.returncode == 1
    assert summary["reason"] == "interrupted by the user" and summary["success"] is False
    assert summary["images"] > 5
    for name in ("flight.mcap", "flight.mp4", "path.png"):
        assert (tmp_path / "latest" / name).stat().st_size > 1000
    assert not list(tmp_path.glob("*/*.part"))
