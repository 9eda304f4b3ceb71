"""Evaluations that are killed go on, with flights of the same policy, code and suite only."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from liquid_nav.errors import ConfigError
from liquid_nav.policy.runtime import PRETRAINED
from sim_worlds.missions import MissionResult
from training import evaluate as evaluation
from training.closed_loop import FlightReport
from training.evaluate import JOURNAL, evaluate
from training.journal import FlightJournal, flown_by, provenance

ORIGIN = {"suite": "forest", "seed": 3, "episodes": 2}


def _report(condition: str, seed: int, *, success: bool = True) -> FlightReport:
    return FlightReport(condition, seed, 9.125, None, MissionResult(success, False, 0.1 + 0.2, 4.0, 1.5, 1.75, "why"))


def _written(path: Path, *reports: FlightReport) -> Path:
    with FlightJournal(path, ORIGIN) as journal:
        for report in reports:
            journal.add(report)
    return path


def test_flights_come_back_as_they_were(tmp_path: Path) -> None:
    flights = [_report("a", 1), _report("b", 1, success=False)]
    path = _written(tmp_path / "new" / "flights", *flights)
    assert FlightJournal(path, ORIGIN).reports == flights
    assert list(path.parent.iterdir()) == [path]


def test_a_flight_whose_line_is_cut_off_is_flown_again_and_the_next_lines_are_whole(tmp_path: Path) -> None:
    path = _written(tmp_path / "flights", _report("a", 1), _report("a", 2))
    path.write_text(path.read_text()[:-20])
    _written(path, _report("a", 3))
    assert [report.seed for report in FlightJournal(path, ORIGIN).reports] == [1, 3]


def test_a_flight_that_was_flown_again_counts_once(tmp_path: Path) -> None:
    path = _written(tmp_path / "flights", _report("a", 1, success=False), _report("a", 1))
    assert FlightJournal(path, ORIGIN).reports == [_report("a", 1)]


@pytest.mark.parametrize("other", [{"seed": 4}, {"by": "another policy"}])
def test_flights_of_another_evaluation_do_not_count(tmp_path: Path, other: dict[str, object]) -> None:
    path = _written(tmp_path / "flights", _report("a", 1))
    with FlightJournal(path, {**ORIGIN, **other}) as journal:
        assert journal.reports == []
    assert FlightJournal(path, ORIGIN).reports == []


def test_the_time_goes_on_where_it_was(tmp_path: Path) -> None:
    path = _written(tmp_path / "flights", _report("a", 1))
    origin, flight = path.read_text().splitlines()
    path.write_text(f"{origin}\n{json.dumps({**json.loads(flight), 'seconds': 1000.0})}\n")
    assert 1000.0 <= FlightJournal(path, ORIGIN).seconds < 1010.0


def test_a_folder_that_cannot_be_written_is_told_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file/out/flights\.part\.jsonl cannot be written .*--out"):
        evaluate("forest-unseen", 1, 1, tmp_path / "file" / "out", expert=True, workers=1)


def test_policies_are_told_apart(tmp_path: Path) -> None:
    for name in ("policy.json", "weights.safetensors"):
        (tmp_path / name).write_bytes((PRETRAINED / name).read_bytes())
    assert flown_by(provenance(tmp_path)) == flown_by(provenance(PRETRAINED))
    (tmp_path / "weights.safetensors").write_bytes(b"others")
    assert len({flown_by(provenance(folder)) for folder in (tmp_path, PRETRAINED, None)}) == 3


def test_results_tell_weights_and_code(tmp_path: Path) -> None:
    results = evaluate("smoke", 1, 3, tmp_path, expert=True, workers=1)
    assert results["code"] == provenance(PRETRAINED)["code"] and "weights" not in results
    assert re.fullmatch("[0-9a-f]{12}", provenance(PRETRAINED)["weights"])


def test_an_evaluation_that_was_killed_goes_on_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluate("smoke", 2, 3, tmp_path / "whole", expert=True, workers=1)
    assert not (tmp_path / "whole" / JOURNAL).exists()
    _kill_at_the_third_flight(tmp_path / "killed", monkeypatch)
    flown = _listed_flights(monkeypatch)
    again = evaluate("smoke", 2, 3, tmp_path / "killed", expert=True, workers=1)
    assert len(flown) == 1
    assert {**again, "seconds": 0} == {**whole, "seconds": 0}
    for name in ("flights.json", "conditions.png"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    names = [{file.name for file in (tmp_path / folder).iterdir()} for folder in ("killed", "whole")]
    assert names[0] == names[1]


def test_an_evaluation_that_was_killed_while_it_wrote_has_nothing_left_to_fly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(evaluation, "write_reports", killed)
        evaluate("smoke", 1, 3, tmp_path, expert=True, workers=1)
    flown = _listed_flights(monkeypatch)
    results = evaluate("smoke", 1, 3, tmp_path, expert=True, workers=1)
    assert flown == []
    assert [row["success"] for row in results["conditions"]] == [1.0, 1.0]


def _kill_at_the_third_flight(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(FlightJournal):
        def add(self, report: FlightReport) -> None:
            super().add(report)
            if report.condition == "city-walking":
                raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(evaluation, "FlightJournal", Killed)
        evaluate("smoke", 2, 3, out, expert=True, workers=1)
    assert len((out / JOURNAL).read_text().splitlines()) == 4  # where from, and three flights


def _listed_flights(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that will hold the names of the flights that are flown."""
    names: list[str] = []
    run = evaluation.run_jobs

    def listed(jobs, *args, **kwargs):
        names.extend(job.name for job in jobs)
        return run(jobs, *args, **kwargs)

    monkeypatch.setattr(evaluation, "run_jobs", listed)
    return names
