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


def _prose(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def _anchors(text: str) -> set[str]:
    """The names of a page's headings as GitHub makes them; one that comes again is numbered."""
    seen: dict[str, int] = {}
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?)\s*$", _prose(text), flags=re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        count = seen[name] = seen.get(name, -1) + 1
        found.add(f"{name}-{count}" if count else name)
    return found


def _dead_links(page: Path) -> list[str]:
    """Links of a page to files that are not there or headings that they lack."""
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(page.read_text())):
        name, _, anchor = target.partition("#")
        other = page.parent / name if name else page
        if "://" in target or target.startswith("mailto:"):
            continue
        if not other.exists() or (anchor and other.suffix == ".md" and anchor not in _anchors(other.read_text())):
            dead.append(target)
    return dead


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_point_at_files_and_headings_that_exist(page: Path) -> None:
    assert _dead_links(page) == []


def test_a_link_to_a_heading_that_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# The `b` page\n## Again\n## Again\n```sh\n# no heading\n```\n")
    good = "[1](b.md#the-b-page) [2](b.md#again-1) [3](b.md) [4](#here-we-are) [5](https://x.org/#y)"
    bad = "[6](b.md#no-heading) [7](b.md#again-2) [8](#nowhere) [9](c.md#again)"
    (tmp_path / "a.md").write_text(f"# Here, we are\n{good} {bad}\n")
    assert _dead_links(tmp_path / "a.md") == ["b.md#no-heading", "b.md#again-2", "#nowhere", "c.md#again"]


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_nobody_is_asked_to_install_what_is_installed(page: Path) -> None:
    installed = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE))
    asked = re.findall(r"pip install ([a-z][\w.-]*)", page.read_text())
    assert not installed & set(asked)


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ConfigError, match="markers"):
        with_table("# page\n", "| a |\n")
