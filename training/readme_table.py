"""Puts the table of results into README.md and the policy's card, between their markers.

Each condition stands there with its hundred flights (``docs/results/hundred``) where it was flown so often, else with
those of ``docs/results/results.json``.

``python -m training.readme_table``
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from liquid_nav.errors import ConfigError
from liquid_nav.policy.runtime import PRETRAINED
from training.report import results_table

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results" / "results.json"
HUNDRED = RESULTS.parent / "hundred"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
PAGES = (ROOT / "README.md", PRETRAINED / "CARD.md")


def measured(results_file: Path = RESULTS, hundred: Path = HUNDRED) -> dict[str, Any]:
    """Return results whose rows are those with the most flights.

    Raises:
        ConfigError: when a hundred flights are of another policy or of other seeds than the results.
            Results from before weights were told are known by the policy's name.
    """
    results: dict[str, Any] = json.loads(results_file.read_text())
    rows = {row["name"]: row for row in results["conditions"]}
    for file in sorted(hundred.glob("*/results.json")):
        more = json.loads(file.read_text())
        for key in ("policy", "weights", "software", "split", "seed"):
            if key in more and key in results and more[key] != results[key]:
                raise ConfigError(f"{file} has {key} {more[key]!r}, {results_file} has {results[key]!r}: fly it again")
        rows |= {row["name"]: row for row in more["conditions"]}
    return {**results, "conditions": list(rows.values())}


def with_table(text: str, table: str) -> str:
    """Return a page with ``table`` between its markers.

    Raises:
        ConfigError: when the page lacks them.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ConfigError(f"the page has no markers {BEGIN} ... {END}: add them where the table should stand")
    return f"{head}{BEGIN}\n{table}{END}{tail}"


def main() -> None:
    """Update all pages."""
    table = results_table(measured())
    for page in PAGES:
        page.write_text(with_table(page.read_text(), table))


if __name__ == "__main__":
    main()
