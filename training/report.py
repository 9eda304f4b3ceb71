"""Results as JSON for programs, as tables and pictures for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from liquid_nav.policy.runtime import PRETRAINED
from training.result_plots import write_plots
from training.run_folder import write_json

CAPTIONS = {
    "conditions.png": "Success and collisions by condition (flights)",
    "distance.png": "Success in forests against the distance at the start (flights)",
    "stress.png": "Success in unseen forests against changes of the image (flights)",
    "time.png": "Success behind a walker: camera rates, lost and late frames, wind and mass (flights)",
    "typical.jpg": "What the camera saw on the first flight of each condition that succeeded",
    "failures.jpg": "What the camera saw on failed flights: the first of every kind, by condition and what was touched",
}


def write_reports(
    results: dict[str, Any], flights: list[dict[str, Any]], out: Path, sheets: Sequence[Path] = ()
) -> None:
    """Write ``results.json``, ``flights.json`` (a line for each flight), plots, and ``results.md`` with ``sheets``."""
    (out / "flights.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in flights) + "\n]\n")
    pictures = [*write_plots(results, flights, out), *sheets]
    (out / "results.md").write_text(results_page(results, pictures))
    write_json(out / "results.json", results)  # the last: where it stands, all is there


def results_page(results: dict[str, Any], pictures: Sequence[Path]) -> str:
    """Return a Markdown page of the conditions, how they were flown, and pictures."""
    lines = [results_table(results), _circumstances(results)]
    lines += [f"![{CAPTIONS[picture.name]}]({picture.name})\n" for picture in pictures]
    return "\n".join(lines)


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


def _circumstances(results: dict[str, Any]) -> str:
    """The command that makes the results again, where and how long it ran."""
    command = f"liquid-nav evaluate --suite {results['suite']} --seed {results['seed']}"
    command += f" --episodes {results['conditions'][0]['episodes']}"
    command += "" if results["split"] == "test" else f" --split {results['split']}"
    policy = "expert" if results["policy"] == "expert" else results.get("policy_folder")
    command += f" --policy {policy}" if policy else ""
    renderer = results.get("renderer", "auto")
    command += "" if renderer == "auto" else f" --renderer {renderer}"
    minutes = max(1, round(results["seconds"] / 60))
    text = f"`{command}`: {minutes} min on {results['machine']}.\n"
    if "policy_folder" not in results and results["policy"] not in ("expert", PRETRAINED.name):
        text += f"The folder of policy `{results['policy']}` was not recorded: add it as `--policy DIR`.\n"
    return text
