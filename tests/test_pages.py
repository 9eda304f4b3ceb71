"""Pages say what was measured, and point at things that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from liquid_nav.errors import ConfigError
from training.readme_table import PAGES, RESULTS, measured, with_table
from training.report import results_table

ROOT = Path(__file__).resolve().parent.parent
ALL_PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), PAGES[1]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_table_of_a_page_is_that_of_the_results(page: Path) -> None:
    assert results_table(measured()) in page.read_text(), "run `make results` and `make hundred`"


def test_a_condition_stands_in_the_table_with_the_most_flights(tmp_path: Path) -> None:
    def write(name: str, seed: int, *rows: tuple[str, int]) -> None:
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        conditions = [{"name": condition, "episodes": flights} for condition, flights in rows]
        results = {"policy": "p", "software": "1", "split": "test", "seed": seed, "conditions": conditions}
        (tmp_path / name / "results.json").write_text(json.dumps(results))

    write(".", 14, ("woods", 15), ("city", 15))
    write("hundred/city", 14, ("city", 100))
    found = measured(tmp_path / "results.json", tmp_path / "hundred")
    assert [(row["name"], row["episodes"]) for row in found["conditions"]] == [("woods", 15), ("city", 100)]
    write("hundred/woods", 13, ("woods", 100))
    with pytest.raises(ConfigError, match="seed 13"):
        measured(tmp_path / "results.json", tmp_path / "hundred")


def test_the_walker_in_the_city_is_followed() -> None:
    conditions = {row["name"]: row for row in measured()["conditions"]}
    assert conditions["city-walking"]["success"] >= 0.92 and conditions["city-walking"]["tsr"] >= 0.9
    assert conditions["city-walking"]["episodes"] >= 100


def test_the_expert_reached_nearly_every_backpack_without_contact() -> None:
    results = json.loads((RESULTS.parent / "expert" / "results.json").read_text())
    row = results["conditions"][0]
    assert results["policy"] == "expert" and results["split"] == "test"
    assert row["episodes"] >= 200 and row["success"] >= 0.99 and row["collisions"] == 0.0


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_point_at_files_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} points at {target}"


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ConfigError, match="markers"):
        with_table("# page\n", "| a |\n")
