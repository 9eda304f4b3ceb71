"""Fleets: every job done exactly once, whoever dies in between; the same on processes and on a Ray cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from liquid_nav.errors import ConfigError, WorkerError, WorldError
from tests.training import fleet_workers as crew
from training import ray_fleet
from training.fleet import Job, Ledger, run_jobs


def _numbers(count: int) -> list[Job[int]]:
    return [Job(f"number {value}", value) for value in range(count)]


def test_every_job_is_done_once_and_workers_are_kept() -> None:
    done = list(run_jobs(_numbers(7), crew.square_worker, workers=2))
    assert sorted((job.payload, square) for job, (square, _) in done) == [(n, n * n) for n in range(7)]
    assert len({process for _, (_, process) in done}) == 2


def test_nothing_to_do_starts_no_worker() -> None:
    assert list(run_jobs([], crew.broken_factory)) == []


def test_workers_use_one_thread_each() -> None:
    assert [answer for _, answer in run_jobs(_numbers(1), crew.thread_worker, workers=1)] == ["0"]


def test_the_job_of_a_killed_worker_is_done_again(tmp_path: Path) -> None:
    jobs = [Job(f"n{n}", (n, tmp_path / "died" if n == 1 else None)) for n in range(4)]
    done = list(run_jobs(jobs, crew.dying_worker, workers=2))
    assert (tmp_path / "died").exists()
    assert sorted((job.payload[0], double) for job, double in done) == [(n, 2 * n) for n in range(4)]


def test_a_job_that_keeps_killing_workers_is_named() -> None:
    with pytest.raises(WorkerError, match=r"number 3 lost its worker 3 times .*SIGKILL"):
        list(run_jobs(_numbers(4), crew.deadly_worker, workers=1))


@pytest.mark.parametrize(("factory", "word"), [(crew.failing_worker, "number is 0"), (crew.broken_factory, "tomorrow")])
def test_what_a_worker_raises_arrives_as_it_is(factory, word: str) -> None:
    with pytest.raises(WorldError, match=word):
        list(run_jobs(_numbers(1), factory, workers=1))


def test_leaving_early_ends_the_workers() -> None:
    with closing(run_jobs(_numbers(50), crew.square_worker, workers=1)) as done:
        _, (_, process) = next(done)
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_every_worker_leaves_ctrl_c_to_the_process_that_started_it() -> None:
    """The first of a process too, with which the resource tracker of Python starts."""
    code = (
        "from tests.training import fleet_workers as crew; from training.fleet import Job, run_jobs\n"
        "print(*(masked for _, masked in run_jobs([Job('first', 1), Job('next', 2)], crew.masked_worker, workers=1)))"
    )
    program = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert program.stdout.split() == ["True", "True"]


def _busy_script(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a program whose one worker is at a job that never ends; return it and the worker's process id."""
    code = (
        "from pathlib import Path; from tests.training import fleet_workers as crew\n"
        "from training.fleet import Job, run_jobs\n"
        f"if __name__ == '__main__': list(run_jobs([Job('slow', Path({str(folder)!r}))], crew.slow_worker))"
    )
    script = folder / "script.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment
    )
    deadline = time.monotonic() + 60.0
    while not (begun := [int(file.name) for file in folder.iterdir() if file.name.isdigit()]):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    return process, begun[0]


def test_interrupting_ends_the_workers_without_a_word(tmp_path: Path) -> None:
    process, worker = _busy_script(tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, errors = process.communicate(timeout=30.0)
    assert errors.count("Traceback") == 1 and "KeyboardInterrupt" in errors  # that of the script itself
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_process_that_started_them(tmp_path: Path, how: signal.Signals) -> None:
    process, worker = _busy_script(tmp_path)
    process.send_signal(how)
    _, errors = process.communicate(timeout=30.0)  # the worker holds the other end of this pipe
    assert "Traceback" not in errors
    deadline = time.monotonic() + 10.0
    while Path(f"/proc/{worker}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_names_of_jobs_are_unique() -> None:
    with pytest.raises(ValueError, match="'a' names several"):
        Ledger([Job("a", 1), Job("a", 2)])


def test_no_workers_are_refused() -> None:
    with pytest.raises(ConfigError, match="workers is 0"):
        run_jobs(_numbers(1), crew.square_worker, workers=0)


def test_without_ray_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"liquid_nav\[ray\]"):
        list(run_jobs(_numbers(1), crew.square_worker, ray="auto"))


class _RayWithoutCpus:
    """As much of Ray as is used while no node has a CPU."""

    @staticmethod
    def put(value):
        return value

    @staticmethod
    def remote(**options):
        return lambda kind: kind

    @staticmethod
    def cluster_resources() -> dict[str, float]:
        return {"memory": 1e9}


def test_a_cluster_without_a_free_cpu_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_fleet, "LONGEST_WAIT_S", 0.02)
    monkeypatch.setattr(ray_fleet, "POLL_S", 0.03)
    with pytest.raises(WorkerError, match="none of the 0 CPUs"):
        list(ray_fleet.Crew(_RayWithoutCpus, Ledger(_numbers(1)), crew.square_worker).run())


def test_a_node_with_another_version_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"liquid_nav 0\.0\.1, not"):
        ray_fleet.check_version("0.0.1")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "localhost:port"])
def test_a_cluster_that_does_not_answer_is_refused_at_once(address: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(ConfigError, match=rf"answers at '{address}'"):
        list(run_jobs(_numbers(1), crew.square_worker, ray=address))


def test_a_local_ray_cluster_does_every_job_once_and_prints_nothing(tmp_path: Path, capfd) -> None:
    pytest.importorskip("ray")
    jobs = [Job(f"n{n}", (n, tmp_path / "died" if n == 1 else None)) for n in range(4)]
    done = list(run_jobs(jobs, crew.dying_worker, workers=1, ray="auto"))
    assert sorted((job.payload[0], double) for job, double in done) == [(n, 2 * n) for n in range(4)]
    assert (tmp_path / "died").exists()
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.strip() == "n1 lost its worker (ActorDiedError) and is done again"
