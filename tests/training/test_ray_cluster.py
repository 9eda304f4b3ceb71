"""A Ray cluster of two nodes: the same results as on this machine, whatever dies in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.training import fleet_workers as crew
from training.collect import collect
from training.evaluate import evaluate
from training.fleet import Job, run_jobs
from training.settings import CollectSettings

pytest.importorskip("ray")
SHORT = CollectSettings(max_s=2.0, tail_s=0.5, seed=4)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Two nodes of one CPU each, on loopback."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray._private import ray_constants
    from ray.cluster_utils import Cluster

    monkeypatch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", False)
    node = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": 128 * 1024**2, "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=node)
    nodes.second = nodes.add_node(num_cpus=1, num_gpus=0, object_store_memory=128 * 1024**2)
    yield nodes
    nodes.shutdown()


def _when(condition: Callable[[], bool], act: Callable[[], object]) -> threading.Thread:
    """Act in another thread as soon as a condition holds, at the latest after 100 s."""

    def wait() -> None:
        deadline = time.monotonic() + 100.0
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("loss", [False, True])
def test_both_nodes_work_and_the_loss_of_one_loses_and_doubles_nothing(cluster, tmp_path: Path, loss: bool) -> None:
    def act() -> None:
        if loss:
            cluster.remove_node(cluster.second, allow_graceful=False)
            flying = [int(file.suffix[1:]) for file in tmp_path.iterdir()]
            _when(lambda: not all(map(_is_alive, flying)), lambda: None).join()
        (tmp_path / "go").touch()

    jobs = [Job(str(number), (number, tmp_path)) for number in range(6)]
    thread = _when(lambda: len(list(tmp_path.iterdir())) == 2, act)
    done = [number for _, number in run_jobs(jobs, crew.meeting_worker, ray=cluster.address)]
    thread.join()
    begun = [file.name for file in tmp_path.iterdir() if file.name != "go"]
    assert sorted(done) == list(range(6))
    assert len({name.partition(".")[2] for name in begun}) >= 2  # both nodes took part
    assert len(begun) == (7 if loss else 6)  # one job was begun again


def test_evaluation_gives_the_same_files(cluster, tmp_path: Path) -> None:
    for name, ray in (("here", None), ("ray", cluster.address)):
        evaluate("smoke", 3, 3, tmp_path / name, split="validation", workers=2, ray=ray, keep_failures=2)
    here, there = (json.loads((tmp_path / name / "results.json").read_text()) for name in ("here", "ray"))
    assert {**here, "seconds": 0, "workers": 0} == {**there, "seconds": 0, "workers": 0}
    files = [{file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
             for folder in (tmp_path / "here", tmp_path / "ray")]  # fmt: skip
    assert files[0].keys() == files[1].keys() and Path("typical.jpg") in files[0]
    assert all(files[1][name] == data for name, data in files[0].items() if not name.match("results.*"))


def test_the_command_answers_in_json_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.cli", "evaluate", "--suite", "smoke", "--episodes", "1", "--json"]
    command += ["--policy", "expert", "--ray", "auto", "--workers", "1", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(done.stdout)["policy"] == "expert"
    assert done.stderr.split()[0] == "flying" and len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("victim", ["worker", "node"])
def test_collecting_survives_a_loss_in_the_middle(cluster, tmp_path: Path, victim: str) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    collect(SHORT, here, 8, workers=2)

    def kill() -> None:
        if victim == "node":
            cluster.remove_node(cluster.second, allow_graceful=False)
        else:
            os.kill(_flying_process(), signal.SIGKILL)

    killer = _when(lambda: any(there.glob("*.mcap")), kill)
    counts = collect(SHORT, there, 8, ray=cluster.address)
    killer.join()
    assert counts["flown"] == 8
    assert sorted(file.name for file in here.iterdir()) == sorted(file.name for file in there.iterdir())
    for file in here.iterdir():
        assert file.read_bytes() == (there / file.name).read_bytes()


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _flying_process() -> int:
    """Return the id of a process below this one that flies as an actor."""
    parents, flying = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if (folder / "cmdline").read_bytes().startswith(b"ray::Actor.do"):
                flying.append(int(folder.name))
        except OSError:
            continue  # has ended meanwhile
    for process in flying:
        ancestor = process
        while ancestor in parents:
            ancestor = parents[ancestor]
            if ancestor == os.getpid():
                return process
    raise AssertionError("no actor flies")
