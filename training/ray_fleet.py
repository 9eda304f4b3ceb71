"""The workers of :mod:`training.fleet` on a Ray cluster: one actor for every CPU, lost ones are replaced by our ledger.

Ray itself is told to restart and retry nothing: one place decides what is done again.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, TypeVar

from liquid_nav import __version__
from liquid_nav.errors import ConfigError, WorkerError
from training.fleet import Hand, Job, Ledger, WorkerFactory

P = TypeVar("P")
R = TypeVar("R")
AUTO = "auto"
CURRENT_CLUSTER = Path("/tmp/ray/ray_current_cluster")  # where Ray notes the cluster of this machine
LOOPBACK = "127.0.0.1"
STORE_BYTES = 256 * 1024**2
ANSWER_S = 3.0
POLL_S = 2.0
LONGEST_WAIT_S = 300.0
MOST_FAILED_STARTS = 3


def run_on_ray(
    ledger: Ledger[P], make_worker: WorkerFactory[P, R], address: str, workers: int
) -> Generator[tuple[Job[P], R], None, None]:
    """Do the jobs of a ledger on a cluster and yield each with its result.

    Args:
        ledger: the jobs.
        make_worker: see :func:`training.fleet.run_jobs`; liquid_nav must be installed on every machine.
        address: ``host:port`` of a cluster, or ``"auto"``: the one that runs on this machine, else a new one of
            ``workers`` CPUs that ends with the work and listens on loopback only.
        workers: CPUs of a cluster that is started here; in one that runs already every CPU takes part.

    Raises:
        ConfigError: without Ray, without a cluster at the address, or with another version on one of its machines.
        WorkerError: when actors do not start or a job keeps losing its worker.
    """
    # Ray prints what happens to its processes on stdout, where the answer for a program belongs.
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        ray = import_ray()
        with connection(ray, address, workers):
            yield from Crew(ray, ledger, make_worker).run()


class Actor:
    """A worker in a process of the cluster."""

    def __init__(self, make_worker: WorkerFactory[Any, Any]) -> None:
        self._hand = Hand(make_worker)

    def hello(self) -> str:
        """Return the version of liquid_nav on the machine."""
        return __version__

    def do(self, payload: Any) -> tuple[bool, Any]:
        """Do one job."""
        return self._hand.do(payload)


class Crew:
    """The actors at work. Each says hello before it is given a job, since nobody knows when a CPU becomes free."""

    def __init__(self, ray: Any, ledger: Ledger[Any], make_worker: WorkerFactory[Any, Any]) -> None:
        self._ray = ray
        self._ledger = ledger
        self._actor = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(Actor)
        self._make_worker = ray.put(make_worker)
        self._calls: dict[Any, tuple[Any, Job[Any] | None]] = {}  # pending answer: (actor, job or None for a hello)
        self._idle: list[Any] = []
        self._failed_starts = 0
        self._moved_s = time.monotonic()

    def run(self) -> Iterator[tuple[Job[Any], Any]]:
        """Yield every job with its result."""
        try:
            while self._ledger.unfinished:
                self._fill_up()
                if not self._calls:
                    time.sleep(POLL_S)  # no CPU at all: nodes may be on their way
                    continue
                ready, _ = self._ray.wait(list(self._calls), timeout=POLL_S)
                for reference in ready:
                    actor, job = self._calls.pop(reference)
                    try:
                        answer = self._ray.get(reference)
                    except self._ray.exceptions.RayError as error:
                        self._bury(actor, job, error)
                        continue
                    self._moved_s, self._failed_starts = time.monotonic(), 0
                    self._idle.append(actor)
                    if job is None:
                        check_version(answer)
                        continue
                    good, result = answer
                    if not good:
                        raise result
                    self._ledger.finish()
                    yield job, result
        finally:
            for actor in [*self._idle, *(actor for actor, _ in self._calls.values())]:
                self._ray.kill(actor)

    def _fill_up(self) -> None:
        """Have an actor for every CPU, and a job for every actor that waits."""
        cpus = int(self._ray.cluster_resources().get("CPU", 0))
        for _ in range(min(cpus, self._ledger.unfinished) - len(self._idle) - len(self._calls)):
            actor = self._actor.remote(self._make_worker)
            self._calls[actor.hello.remote()] = actor, None
        while self._idle and (job := self._ledger.take()) is not None:
            actor = self._idle.pop()
            self._calls[actor.do.remote(job.payload)] = actor, job
        if any(job for _, job in self._calls.values()):
            self._moved_s = time.monotonic()
        elif time.monotonic() - self._moved_s > LONGEST_WAIT_S:
            raise WorkerError(
                f"none of the {cpus} CPUs of the Ray cluster became free within {LONGEST_WAIT_S:.0f} s: "
                "start more nodes, or try again when others have finished"
            )

    def _bury(self, actor: Any, job: Job[Any] | None, error: Exception) -> None:
        self._ray.kill(actor)
        if job is not None:
            self._ledger.lose(job, type(error).__name__)
            return
        self._failed_starts += 1
        if self._failed_starts >= MOST_FAILED_STARTS:
            why = str(error).strip().splitlines()[-1]
            raise WorkerError(f"workers do not start on the Ray cluster ({why}): install liquid_nav on every machine")


def check_version(version: str) -> None:
    """Refuse a node whose liquid_nav is another than that of this machine.

    Raises:
        ConfigError: when it is.
    """
    if version != __version__:
        raise ConfigError(
            f"a machine of the Ray cluster has liquid_nav {version}, not {__version__}: install the same everywhere"
        )


def import_ray() -> Any:
    """Return Ray, which then sends no usage statistics.

    Raises:
        ConfigError: when it is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # silences a warning about GPUs nobody asked for
    try:
        import ray
    except ImportError as error:
        raise ConfigError("Ray is not installed: run `pip install 'liquid_nav[ray]'`, or leave --ray away") from error
    return ray


@contextmanager
def connection(ray: Any, address: str, workers: int) -> Iterator[None]:
    """Be connected to a cluster; one that this process is connected to already is used and left as it is.

    Args:
        ray: see :func:`import_ray`.
        address, workers: see :func:`run_on_ray`.

    Raises:
        ConfigError: when there is no such cluster.
    """
    if ray.is_initialized():
        yield
        return
    folder = None
    found = _find_cluster(address)
    try:
        if found is not None:
            _join(ray, found)
        else:
            folder = tempfile.mkdtemp(prefix="ray_", dir="/tmp")  # short: names of sockets must fit into 107 bytes
            _start(ray, workers, folder)
        yield
    finally:
        ray.shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _find_cluster(address: str) -> str | None:
    """Return the address of a cluster that answers; None when none was named and none runs here.

    Ray itself would try for several minutes.
    """
    if address == AUTO and not os.environ.get("RAY_ADDRESS"):
        try:
            left = CURRENT_CLUSTER.read_text().strip()
        except OSError:
            return None
        return left if _answers(left) else None
    named = os.environ["RAY_ADDRESS"] if address == AUTO else address
    if not _answers(named):
        raise ConfigError(
            f"no Ray cluster answers at {named!r}: use host:port as `ray start --head` printed it, or 'auto'"
        )
    return named


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=ANSWER_S):
            return True
    except (OSError, ValueError, OverflowError):
        return False


def _join(ray: Any, address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except (ConnectionError, RuntimeError, ValueError, AssertionError) as error:
        why = str(error).strip().splitlines()[0]
        raise ConfigError(
            f"the Ray cluster at {address!r} cannot be joined ({why}): run the same Python and Ray on all machines, "
            "this one among them"
        ) from error


def _start(ray: Any, workers: int, folder: str) -> None:
    """Start a cluster of this machine alone. Its folder is its own: nobody joins it by accident."""
    from ray._private import ray_constants

    # Ray takes the machine's outward address for 127.0.0.1 and listens there, unless it thinks there is one machine.
    before, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    try:
        ray.init(
            address="local",
            num_cpus=workers,
            num_gpus=0,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            object_store_memory=STORE_BYTES,
            _node_ip_address=LOOPBACK,
            _temp_dir=folder,
        )
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before
