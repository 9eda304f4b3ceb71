"""Evaluation: rates with intervals, from seeds that derive from one number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_nav.errors import ConfigError
from sim_worlds.seeds import split_of
from training.evaluate import evaluate
from training.statistics import wilson_interval
from training.suites import CONDITIONS, SUITES, suite_conditions


def test_wilson_interval_of_known_cases() -> None:
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson_interval(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500), st.data())
def test_wilson_interval_holds_the_rate(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = wilson_interval(successes, trials)
    assert 0.0 <= low <= successes / trials <= high <= 1.0


def test_the_expert_flies_a_suite_and_the_report_holds_the_contract(tmp_path: Path) -> None:
    results = evaluate("smoke", 2, 3, tmp_path, expert=True, workers=1)
    written = json.loads((tmp_path / "results.json").read_text())
    assert written == results
    assert results["policy"] == "expert"
    for row in results["conditions"]:
        assert set(row) >= {
            "name", "world", "episodes", "success", "success_low", "success_high", "collisions", "tsr", "seeds",
        }
        assert row["success"] == 1.0 and row["collisions"] == 0.0
        assert {split_of(seed) for seed in row["seeds"]} == {"test"}
    assert "| forest-unseen | 2 | 100% |" in (tmp_path / "results.md").read_text()


def test_suites_name_conditions_that_exist() -> None:
    assert all(name in CONDITIONS for names in SUITES.values() for name in names)
    assert [condition.name for condition in suite_conditions("city-still")] == ["city-still"]


def test_unknown_suites_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="moon"):
        evaluate("moon", 1, 0, tmp_path, expert=True)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_expert_reaches_the_backpack_in_unseen_forests(tmp_path: Path) -> None:
    results = evaluate("forest-unseen", 200, 0, tmp_path, expert=True)
    row = results["conditions"][0]
    assert row["success"] >= 0.99
    assert row["collisions"] == 0.0
