"""Flights of an evaluation as they end, so that one that was killed goes on instead of flying them again."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from liquid_nav.errors import ConfigError
from liquid_nav.policy.checkpoint import CONFIG_FILE, WEIGHTS_FILE
from sim_worlds.missions import MissionResult
from training.closed_loop import FlightReport
from training.machine import machine
from training.progress import CONSOLE

ROOT = Path(__file__).resolve().parent.parent
FLYING = ("liquid_nav", "sim_worlds", "training")  # packages whose code a flight depends on


def flown_by(made: dict[str, str]) -> str:
    """Return one word for what :func:`provenance` tells."""
    return hashlib.sha256(json.dumps(made).encode()).hexdigest()[:16]


def provenance(policy: Path | None) -> dict[str, str]:
    """Return what tells policies, the code they fly with and machines apart.

    Args:
        policy: its folder; None for the expert, who has no ``weights``.

    Returns:
        ``weights`` and ``code``, twelve hex digits each, and ``machine``.
    """
    weights = {} if policy is None else {"weights": _digest([policy / CONFIG_FILE, policy / WEIGHTS_FILE])}
    code = _digest(sorted(file for package in FLYING for file in (ROOT / package).rglob("*.py")))
    return {**weights, "code": code, "machine": machine()}


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


class FlightJournal:
    """A file with a line for each flight that has ended; without the pictures of those that failed.

    Args:
        path: of the file; written from the first flight on.
        origin: what flights depend on besides their condition and seed. What a file of another origin holds is dropped.

    Attributes:
        reports: flights of this origin that ended before, each once.

    Raises:
        ConfigError: when entered and the file cannot be written.
    """

    def __init__(self, path: Path, origin: dict[str, Any]) -> None:
        self._path, self._origin = path, {"origin": json.loads(json.dumps(origin))}
        self._before_s, self._began = 0.0, time.monotonic()
        self._lines: list[dict[str, Any]] = self._read()
        self.reports = list({(each.condition, each.seed): each for each in map(_report, self._lines)}.values())

    def __enter__(self) -> FlightJournal:
        new = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new.write_text("".join(json.dumps(line) + "\n" for line in (self._origin, *self._lines)))
            new.replace(self._path)
            self._file = self._path.open("a")
        except OSError as error:
            raise ConfigError(f"{self._path} cannot be written ({error}): choose another folder with --out") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    @property
    def seconds(self) -> float:
        """How long the flights took, those before a kill included."""
        return self._before_s + time.monotonic() - self._began

    def add(self, report: FlightReport) -> None:
        """Take in a flight that has ended."""
        line = {"flight": {**asdict(report), "sheet": None}, "seconds": round(self.seconds, 1)}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def remove(self) -> None:
        """Delete the file: everything stands elsewhere now."""
        self._path.unlink()

    def _read(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = []
        for text in self._path.read_text().splitlines() if self._path.exists() else []:
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                break  # it was killed within this line
        if not lines:
            return []
        first, *flights = lines
        if first != self._origin:
            CONSOLE.print(
                f"{self._path} has {len(flights)} flights of another policy, code, machine or suite: all are flown anew"
            )
            return []
        CONSOLE.print(f"{len(flights)} flights had ended before ({self._path}), the others are flown")
        self._before_s = flights[-1]["seconds"] if flights else 0.0
        return flights


def _report(line: dict[str, Any]) -> FlightReport:
    flight = line["flight"]
    return FlightReport(**{**flight, "result": MissionResult(**flight["result"])})
