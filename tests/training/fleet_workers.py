"""Workers for the tests of fleets; in a module of its own, so that other processes can import them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from liquid_nav.errors import WorldError


def square_worker() -> Callable[[int], tuple[int, int]]:
    """Square numbers; the answer names the process too."""
    return lambda number: (number * number, os.getpid())


def thread_worker() -> Callable[[int], str]:
    """Tell how many threads a renderer may use."""
    return lambda _: os.environ["LP_NUM_THREADS"]


def failing_worker() -> Callable[[int], int]:
    """Refuse every job."""

    def work(number: int) -> int:
        raise WorldError(f"number is {number}: use another")

    return work


def broken_factory() -> Callable[[int], int]:
    """Cannot even be built."""
    raise WorldError("no worker today: try tomorrow")


def dying_worker() -> Callable[[tuple[int, Path | None]], int]:
    """Double a number; where a marker file is named that does not exist yet, make it and die first."""

    def work(payload: tuple[int, Path | None]) -> int:
        number, marker = payload
        if marker is not None and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 2 * number

    return work


def deadly_worker() -> Callable[[int], int]:
    """Die of the number 3."""

    def work(number: int) -> int:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    return work


def slow_worker() -> Callable[[Path], None]:
    """Write down the own process id and never finish."""

    def work(folder: Path) -> None:
        (folder / str(os.getpid())).touch()
        time.sleep(600.0)

    return work


def masked_worker() -> Callable[[int], bool]:
    """Tell whether Ctrl-C in the terminal leaves this process alone."""
    return lambda _: signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def meeting_worker() -> Callable[[tuple[int, Path]], int]:
    """Write down job and process, and wait for a file called ``go``."""

    def work(payload: tuple[int, Path]) -> int:
        number, folder = payload
        (folder / f"{number}.{os.getpid()}").touch()
        deadline = time.monotonic() + 60.0
        while not (folder / "go").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        return number

    return work
