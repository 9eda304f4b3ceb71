"""Which flights are shown: a typical one of each condition, and every kind of failure before a second of the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import cv2
import numpy as np
import pytest

from liquid_nav.errors import ConfigError
from sim_worlds.missions import MissionResult
from training.closed_loop import FlightReport
from training.flight_sheets import FlightSheets

WOODS, STREET = "woods", "street"
CONDITIONS = [WOODS, STREET]


def _png(grey: int, width: int = 10) -> bytes:
    return cv2.imencode(".png", np.full((6, width, 3), grey, np.uint8))[1].tobytes()


def _flight(condition: str, seed: int, *, success: bool = False, touched: str | None = None) -> FlightReport:
    result = MissionResult(success, touched is not None, 0.5, 4.0, 1.5, 1.75, "why")
    return FlightReport(condition, seed, 9.0, touched, result, _png(seed))


def _names(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*") if file.is_file()}


def test_every_kind_of_failure_comes_before_a_second_one_whichever_is_flown_first(tmp_path: Path) -> None:
    oaks = [_flight(WOODS, seed, touched="oak") for seed in (1, 2)]
    failures = [*oaks, _flight(WOODS, 3), _flight(STREET, 4)]
    for number, order in enumerate(permutations(failures)):
        sheets = FlightSheets(tmp_path / str(number), 3, CONDITIONS)
        for report in order:
            sheets.add(report)
        assert _names(tmp_path / str(number)) == {"woods_1.png", "woods_3.png", "street_4.png"}


def test_the_first_success_of_each_condition_is_typical(tmp_path: Path) -> None:
    sheets = FlightSheets(tmp_path, 1, CONDITIONS)
    for condition, seed in ((WOODS, 7), (STREET, 2), (WOODS, 5), (WOODS, 6)):
        sheets.add(_flight(condition, seed, success=True))
    assert _names(tmp_path / "typical") == {"woods_5.png", "street_2.png"}
    assert sheets.write() == [tmp_path / "typical.jpg"]


def test_the_overview_shows_them_in_the_order_of_the_suite(tmp_path: Path) -> None:
    sheets = FlightSheets(tmp_path, 3, CONDITIONS)
    for condition, seed in ((STREET, 40), (WOODS, 200), (WOODS, 120)):
        sheets.add(_flight(condition, seed))
    sheets.write()
    overview = cv2.imread(str(tmp_path / "failures.jpg"))
    assert overview.shape == (12, 20, 3)
    greys = [int(overview[y, x, 0]) for y, x in ((3, 5), (3, 15), (9, 5), (9, 15))]
    assert greys == pytest.approx([120, 200, 40, 0], abs=20)


def test_an_overview_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    sheets = FlightSheets(tmp_path, 1, CONDITIONS)
    sheets.add(replace(_flight(WOODS, 1), sheet=_png(1, width=40_000)))
    with pytest.raises(ConfigError, match=r"failures\.jpg cannot hold 80000 x 6 pixels"):
        sheets.write()


def test_what_was_flown_before_a_kill_stays_and_what_belongs_to_other_flights_goes(tmp_path: Path) -> None:
    killed = FlightSheets(tmp_path, 2, CONDITIONS)
    for report in (_flight(WOODS, 1), _flight(WOODS, 2), _flight(STREET, 3, success=True)):
        killed.add(report)
    again = FlightSheets(tmp_path, 2, CONDITIONS, [_flight(WOODS, 1), _flight(STREET, 3, success=True)])
    again.add(_flight(STREET, 9))
    again.write()
    assert _names(tmp_path) == {"woods_1.png", "street_9.png", "street_3.png", "typical.jpg", "failures.jpg"}
    assert FlightSheets(tmp_path, 2, CONDITIONS).write() == []
    assert _names(tmp_path) == set()


def test_nothing_is_kept_that_was_not_asked_for(tmp_path: Path) -> None:
    sheets = FlightSheets(tmp_path, 0, CONDITIONS)
    sheets.add(_flight(WOODS, 1))
    assert sheets.write() == [] and _names(tmp_path) == set()
