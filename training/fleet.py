"""Many independent flights at once, on the processes of this machine or on a Ray cluster.

A job has a name and something to work on; a worker is built once per process and then does one job after another.
Jobs are done exactly once as far as anybody can see: one whose worker dies is done again by a new worker, and only a
whole answer counts. A job must therefore leave nothing behind but its answer.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from liquid_nav.errors import ConfigError, WorkerError
from training.progress import CONSOLE

P = TypeVar("P")
R = TypeVar("R")
MOST_LOSSES = 3
STOP_S = 5.0


@dataclass(frozen=True)
class Job(Generic[P]):
    """One piece of work.

    Attributes:
        name: unique among its kind; errors show it.
        payload: what the worker is given; picklable.
    """

    name: str
    payload: P


Worker = Callable[[P], R]
WorkerFactory = Callable[[], Worker[P, R]]


def run_jobs(
    jobs: Sequence[Job[P]], make_worker: WorkerFactory[P, R], *, workers: int = 2, ray: str | None = None
) -> Generator[tuple[Job[P], R], None, None]:
    """Do all jobs and yield each with its result, in the order in which they are done.

    Close the generator when leaving it early (``contextlib.closing``): that ends the workers.

    Args:
        jobs: independent of each other.
        make_worker: builds what does the jobs, once in every process; picklable.
        workers: processes on this machine.
        ray: None for processes of this machine, else see :func:`training.ray_fleet.run_on_ray`.

    Raises:
        WorkerError: when a job has lost its worker :data:`MOST_LOSSES` times.
        ConfigError: when fewer than one worker is wanted or there is no such cluster.
        Exception: whatever a job or ``make_worker`` raised.
    """
    if workers < 1:
        raise ConfigError(f"workers is {workers}: use 1 or more")
    ledger = Ledger(jobs)
    if ray is None:
        return _run_here(ledger, make_worker, workers)
    from training.ray_fleet import run_on_ray

    return run_on_ray(ledger, make_worker, ray, workers)


class Ledger(Generic[P]):
    """Knows which jobs wait and how often each has lost its worker."""

    def __init__(self, jobs: Sequence[Job[P]]) -> None:
        twice = [name for name, count in Counter(job.name for job in jobs).items() if count > 1]
        if twice:
            raise ValueError(f"{twice[0]!r} names several jobs: names must be unique")
        self._waiting = deque(jobs)
        self._losses: Counter[str] = Counter()
        self.unfinished = len(jobs)

    def take(self) -> Job[P] | None:
        """Return the next job to begin, None when all have begun."""
        return self._waiting.popleft() if self._waiting else None

    def finish(self) -> None:
        """One more job is done."""
        self.unfinished -= 1

    def lose(self, job: Job[P], reason: str) -> None:
        """A worker died over a job: do it again.

        Raises:
            WorkerError: when it has happened too often.
        """
        self._losses[job.name] += 1
        if self._losses[job.name] >= MOST_LOSSES:
            raise WorkerError(
                f"{job.name} lost its worker {MOST_LOSSES} times (the last time {reason}): "
                "see that there is memory enough, or use fewer workers"
            )
        CONSOLE.print(f"{job.name} lost its worker ({reason}) and is done again", highlight=False)
        self._waiting.appendleft(job)


class Hand(Generic[P, R]):
    """Does jobs in a worker's process, whoever started it, and answers (True, result) or (False, error)."""

    def __init__(self, make_worker: WorkerFactory[P, R]) -> None:
        os.environ.update(LP_NUM_THREADS="0", OMP_NUM_THREADS="1")
        self._make_worker = make_worker
        self._worker: Worker[P, R] | None = None

    def do(self, payload: P) -> tuple[bool, Any]:
        """Do one job; the first builds the worker."""
        try:
            if self._worker is None:
                self._worker = self._make_worker()
                _one_thread()
            return True, self._worker(payload)
        except Exception as error:
            error.add_note(f"In the worker:\n{traceback.format_exc()}")
            return False, error


def _one_thread() -> None:
    """Keep PyTorch to one core, where it is used at all."""
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)


def _serve(make_worker: WorkerFactory[P, R], connection: Connection) -> None:
    """Do what comes along a connection until its other end is gone."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that temporary folders vanish
    threading.Thread(target=_end_with_parent, name="watch parent", daemon=True).start()
    hand = Hand(make_worker)
    try:
        while True:
            connection.send(hand.do(connection.recv()))
    except (EOFError, BrokenPipeError):
        return


def _end_with_parent() -> None:
    """End this worker once the process that started it is gone, however that ended, rather than finish a long job."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _start(make_worker: WorkerFactory[P, R]) -> tuple[Connection, BaseProcess]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(make_worker, there), daemon=True)
    # Ctrl-C goes to every process of the terminal, but only this one knows how to end the others. What starts with the
    # first worker (the resource tracker) would lift the block before the worker inherits it, so it starts first.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    there.close()  # or the end of the process would go unnoticed
    return here, process


def _run_here(
    ledger: Ledger[P], make_worker: WorkerFactory[P, R], workers: int
) -> Generator[tuple[Job[P], R], None, None]:
    crew: dict[Connection, BaseProcess] = {}
    busy: dict[Connection, Job[P]] = {}
    try:
        while ledger.unfinished:
            while len(busy) < workers and (job := ledger.take()) is not None:
                connection = next((each for each in crew if each not in busy), None)
                if connection is None:
                    connection, process = _start(make_worker)
                    crew[connection] = process
                busy[connection] = job
                _send(connection, job)
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                job = busy.pop(ready)
                try:
                    good, answer = ready.recv()
                except (EOFError, OSError):
                    ledger.lose(job, _end_of(crew.pop(ready)))
                    ready.close()
                    continue
                if not good:
                    raise answer
                ledger.finish()
                yield job, answer
    finally:
        _stop(crew)


def _send(connection: Connection, job: Job[P]) -> None:
    """Hand a job over; that a worker is gone shows when its answer is read."""
    try:
        connection.send(job.payload)
    except OSError:
        return


def _end_of(process: BaseProcess) -> str:
    process.join(STOP_S)
    code = process.exitcode
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit status {code}"


def _stop(crew: dict[Connection, BaseProcess]) -> None:
    for process in crew.values():
        process.terminate()
    for connection, process in crew.items():
        process.join(STOP_S)
        if process.is_alive():
            process.kill()
            process.join()
        connection.close()
