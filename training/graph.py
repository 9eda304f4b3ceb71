"""Starting a ROS 2 graph: every node a process of its own, all of them gone at the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import yaml

from liquid_nav.errors import LiquidNavError

ROOT = Path(__file__).resolve().parent.parent
ROS_PACKAGE = ROOT / "ros2_ws" / "src" / "liquid_nav_ros"
PARAMS = ROOT / "launch" / "params"
STOP_S = 6.0
DOMAINS = range(1, 200)


def end_as_interrupted() -> None:
    """Let SIGTERM and SIGHUP end this program as Ctrl-C does, so that its nodes end with it; in the main thread."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, signal.default_int_handler)


class GraphError(LiquidNavError):
    """A graph cannot be started, or one of its nodes ended when it should not."""


def free_domain_id() -> int:
    """Return a ROS domain whose discovery port nobody on this machine listens on.

    Raises:
        GraphError: when all are taken.
    """
    start = os.getpid()
    for offset in range(len(DOMAINS)):
        domain = DOMAINS[(start + offset) % len(DOMAINS)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", 7400 + 250 * domain + 10))
            except OSError:
                continue
            return domain
    raise GraphError("no ROS domain is free on this machine: end some ROS 2 programs")


def ros_environment(domain_id: int) -> dict[str, str]:
    """Return the environment of a node: local discovery, its own domain, large shared memory."""
    environment = dict(os.environ)
    environment.pop("_ROS_WHEELS_BOOTSTRAP_COMPLETE", None)
    paths = [str(ROOT), str(ROS_PACKAGE), environment.get("PYTHONPATH", "")]
    environment |= {
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "ROS_DOMAIN_ID": str(domain_id),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "FASTDDS_DEFAULT_PROFILES_FILE": str(ROS_PACKAGE / "liquid_nav_ros" / "fastdds.xml"),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "LP_NUM_THREADS": "0",
    }
    environment.setdefault("AMENT_PREFIX_PATH", sys.prefix)
    return environment


class Graph:
    """Processes of one graph; use it in a ``with`` block.

    Args:
        domain_id: of the graph, a free one when None.
        log_folder: takes one log per node.
    """

    def __init__(self, log_folder: Path, domain_id: int | None = None) -> None:
        self.domain_id = free_domain_id() if domain_id is None else domain_id
        self.log_folder = log_folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[IO[bytes]] = []
        log_folder.mkdir(parents=True, exist_ok=True)

    def start(
        self,
        name: str,
        *,
        params_file: Path | None = None,
        parameters: dict[str, object] | None = None,
        capture: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a node by name; with ``capture`` its standard output is a pipe."""
        command = [sys.executable, "-m", f"liquid_nav_ros.{name}", "--ros-args"]
        if params_file is not None:
            command += ["--params-file", str(params_file)]
        for key, value in (parameters or {}).items():
            command += ["-p", f"{name}:{key}:={_yaml(value)}"]
        log = (self.log_folder / f"{name}.log").open("wb")
        self._logs.append(log)
        process = subprocess.Popen(
            command,
            env=ros_environment(self.domain_id),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches the starter alone, which stops its nodes in order
        )
        self.processes[name] = process
        return process

    def start_graph(self, graph: str, own: dict[str, dict[str, object]]) -> dict[str, subprocess.Popen[bytes]]:
        """Start the nodes that ``launch/params/<graph>.yaml`` names, in its order, as the launch file does.

        Args:
            graph: such as ``"sim"``.
            own: parameters by node that come before those of the file.
        """
        params_file = PARAMS / f"{graph}.yaml"
        names = [key.removeprefix("/**/") for key in yaml.safe_load(params_file.read_text()) if key != "/**"]
        return {name: self.start(name, params_file=params_file, parameters=own.get(name)) for name in names}

    def check(self, *, but: tuple[str, ...] = ()) -> None:
        """Raise :class:`GraphError` when a node has ended, with the last line of its log."""
        for name, process in self.processes.items():
            if name not in but and process.poll() is not None:
                raise GraphError(f"{name} ended with status {process.returncode}: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """Return the last line of a node's log."""
        text = (self.log_folder / f"{name}.log").read_text(errors="replace").strip()
        return text.splitlines()[-1] if text else f"its log {self.log_folder / (name + '.log')} is empty"

    def memory_mb(self) -> float:
        """Return the memory of all nodes in megabytes, shared pages counted once per process (Linux; else 0)."""
        pages = 0
        for process in self.processes.values():
            with suppress(OSError, IndexError, ValueError):
                pages += int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self) -> None:
        """End all nodes: SIGINT, then SIGTERM, then SIGKILL; the next at once where this program is interrupted."""
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            running = [process for process in self.processes.values() if process.poll() is None]
            for process in running:
                with suppress(ProcessLookupError):
                    process.send_signal(sign)
            deadline = time.monotonic() + STOP_S
            with suppress(KeyboardInterrupt):
                for process in running:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(max(0.05, deadline - time.monotonic()))
        for log in self._logs:
            log.close()

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | int):
        return repr(value)
    return "'{}'".format(str(value).replace("'", "''"))
