"""Results as JSON for programs and as a table for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_reports(results: dict[str, Any], out: Path) -> None:
    """Write ``results.json`` and ``results.md``."""
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (out / "results.md").write_text(results_table(results))


def results_table(results: dict[str, Any]) -> str:
    """Return a Markdown table of the conditions."""
    lines = [
        f"Policy `{results['policy']}`, liquid_nav {results['software']}, "
        f"{results['split']} seeds derived from {results['seed']}.",
        "",
        "| condition | flights | success | 95% interval | collisions | TSR |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["conditions"]:
        lines.append(
            f"| {row['name']} | {row['episodes']} | {round(100 * row['success'], 1):g}% | "
            f"{100 * row['success_low']:.0f} to {100 * row['success_high']:.0f}% | "
            f"{round(100 * row['collisions'], 1):g}% | {100 * row['tsr']:.0f}% |"
        )
    return "\n".join(lines) + "\n"
