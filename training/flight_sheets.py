"""Pictures of evaluated flights: the first success of each condition, and the first of every kind of failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import EpisodeError
from training.closed_loop import FlightReport
from training.pictures import save_picture

TYPICAL, FAILURES = "typical", "failures"
COLUMNS, QUALITY = 2, 80


class FlightSheets:
    """Sheets in files from the moment a flight ends: one success of each condition, and failures.

    Of the failures the first of every kind come first (what was touched, under which condition), then the second of
    every kind, and so on. The order is that of the suite and of seeds, whichever is flown first.

    Args:
        out: gets ``typical/CONDITION_SEED.png`` and ``failures/CONDITION_SEED.png``.
        limit: most failures to keep; with 0 nothing is kept.
        conditions: names in the order of the suite.
        before: flights of this evaluation that ended before it was killed; sheets of other flights vanish.
    """

    def __init__(self, out: Path, limit: int, conditions: list[str], before: Sequence[FlightReport] = ()) -> None:
        self._out, self._limit = out, limit
        self._places = {name: place for place, name in enumerate(conditions)}
        known = {self._file(report): report for report in before}
        self._kept: dict[bool, list[FlightReport]] = {True: [], False: []}
        for file in (file for name in (TYPICAL, FAILURES) for file in (out / name).glob("*.png")):
            if limit and file in known:
                self._kept[known[file].result.success].append(known[file])
            else:
                file.unlink()

    def add(self, report: FlightReport) -> None:
        """Take in the sheet of a flight that has ended, if it has one."""
        if report.sheet is None or not self._limit:
            return
        file, success = self._file(report), report.result.success
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(report.sheet)
        ranked = self._ranked([*self._kept[success], replace(report, sheet=None)])
        most = sum(repeated == 0 for repeated, _ in ranked) if success else self._limit
        self._kept[success] = [each for _, each in ranked[:most]]
        for _, each in ranked[most:]:
            self._file(each).unlink()

    def write(self) -> list[Path]:
        """Write an overview of each, ``typical.jpg`` and ``failures.jpg``; return those with something in them.

        Raises:
            EpisodeError: when a sheet is gone.
            ConfigError: when an overview cannot be written.
        """
        written = []
        for success, name in ((True, TYPICAL), (False, FAILURES)):
            overview = self._out / f"{name}.jpg"
            overview.unlink(missing_ok=True)
            sheets = [_read(self._file(report)) for report in sorted(self._kept[success], key=self._order)]
            if sheets:
                sheets += [np.zeros_like(sheets[0])] * (-len(sheets) % COLUMNS)
                rows = [np.hstack(sheets[first : first + COLUMNS]) for first in range(0, len(sheets), COLUMNS)]
                written.append(save_picture(np.vstack(rows)[..., ::-1], overview, QUALITY))
        return written

    def _file(self, report: FlightReport) -> Path:
        return self._out / (TYPICAL if report.result.success else FAILURES) / f"{report.condition}_{report.seed}.png"

    def _order(self, report: FlightReport) -> tuple[int, int]:
        return self._places[report.condition], report.seed

    def _ranked(self, reports: list[FlightReport]) -> list[tuple[int, FlightReport]]:
        """Return each after the how many others of its kind, the one to keep first first."""
        count: Counter[tuple[str, str | None]] = Counter()
        ranked = []
        for report in sorted(reports, key=self._order):
            kind = (report.condition, report.touched)
            ranked.append((count[kind], report))
            count[kind] += 1
        return sorted(ranked, key=lambda each: (each[0], self._order(each[1])))


def _read(path: Path) -> NDArray[Any]:
    picture = cv2.imread(str(path))
    if picture is None:
        raise EpisodeError(f"{path} is gone or no picture: evaluate again")
    return picture
