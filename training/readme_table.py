"""Puts the table of ``docs/results/results.json`` into README.md and the policy's card, between their markers.

``python -m training.readme_table``
"""

from __future__ import annotations

import json
from pathlib import Path

from liquid_nav.errors import ConfigError
from liquid_nav.policy.runtime import PRETRAINED
from training.report import results_table

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results" / "results.json"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
PAGES = (ROOT / "README.md", PRETRAINED / "CARD.md")


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
    table = results_table(json.loads(RESULTS.read_text()))
    for page in PAGES:
        page.write_text(with_table(page.read_text(), table))


if __name__ == "__main__":
    main()
