"""Pages say what was measured, and point at things that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from liquid_nav.errors import ConfigError
from training.readme_table import PAGES, RESULTS, with_table
from training.report import results_table

ROOT = Path(__file__).resolve().parent.parent
ALL_PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), PAGES[1]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_table_of_a_page_is_that_of_the_results(page: Path) -> None:
    table = results_table(json.loads(RESULTS.read_text()))
    assert table in page.read_text(), "run `make results`"


def test_the_city_mission_succeeds_more_often_than_not() -> None:
    conditions = {row["name"]: row for row in json.loads(RESULTS.read_text())["conditions"]}
    assert conditions["city-walking"]["success"] >= 0.5
    assert conditions["city-walking"]["episodes"] >= 10


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
