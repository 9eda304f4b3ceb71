"""The card of a data set: statistics and plots of a folder of episodes, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from liquid_nav import __version__
from liquid_nav.data import EpisodeFile, open_episode
from liquid_nav.data.quality import AXES, Quality, check

UNITS = ("m/s", "m/s", "m/s", "rad/s")
COLOURS = {"pilot": "#e0732a", "policy": "#3b82d6", "expert": "#4a9a4a", "": "#888888"}


@dataclass
class _Numbers:
    """What the plots show, of all episodes."""

    commands: list[NDArray[np.float32]] = field(default_factory=list)
    labels: list[NDArray[np.float32]] = field(default_factory=list)
    ways: list[tuple[NDArray[np.float64], str]] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)


def write_card(files: list[Path], folder: Path, name: str) -> Path:
    """Write ``CARD.md`` and its plots into a folder; return the card.

    Raises:
        EpisodeError: when an episode cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers, rows = _Numbers(), []
    for file in files:
        episode = open_episode(file)
        rows.append((episode, check(episode)))
        _collect(numbers, episode)
    _plot(numbers, [quality for _, quality in rows], folder / "card.png")
    card = folder / "CARD.md"
    card.write_text(_text(name, rows))
    return card


def _collect(numbers: _Numbers, episode: EpisodeFile) -> None:
    places, source = [], ""
    for step in episode.steps():
        numbers.commands.append(step.command.as_array())
        if step.labelled:
            numbers.labels.append(step.expert.as_array())
        way = step.odometry.position_enu_m - step.target_position_enu_m
        if np.isfinite(way).all():
            numbers.distances.append(float(np.linalg.norm(way)))
        places.append(way if np.isfinite(way).all() else step.odometry.position_enu_m)
        source = source or step.source
    if places:
        numbers.ways.append((np.stack(places), source or episode.metadata.pilot))


def _plot(numbers: _Numbers, qualities: list[Quality], path: Path) -> None:
    figure = Figure(figsize=(11, 6.2), layout="constrained")
    axes = figure.subplots(2, 4)
    commands = np.stack(numbers.commands) if numbers.commands else np.zeros((1, 4))
    labels = np.stack(numbers.labels) if numbers.labels else np.zeros((0, 4))
    for index, (name, unit) in enumerate(zip(AXES, UNITS, strict=True)):
        axis = axes[0, index]
        reach = max(0.1, float(np.abs(commands[:, index]).max()))
        bins = np.linspace(-reach, reach, 41)
        axis.hist(commands[:, index], bins, color="#b8b8b8", label="flown")
        if len(labels):
            axis.hist(labels[:, index], bins, histtype="step", color="#c03030", label="label")
        axis.set(title=name, xlabel=unit, yticks=[])
    axes[0, 0].legend(fontsize=7)
    for way, source in numbers.ways:
        axes[1, 0].plot(way[:, 0], way[:, 1], lw=0.8, color=COLOURS.get(source, "#888888"))
    axes[1, 0].plot(0, 0, "r^")
    axes[1, 0].set(title="ways around the target", xlabel="east, m", ylabel="north, m", aspect="equal")
    axes[1, 1].hist(numbers.distances, 30, color="#b8b8b8")
    axes[1, 1].set(title="distance to the target", xlabel="m", yticks=[])
    axes[1, 2].hist([quality.seconds for quality in qualities], 20, color="#b8b8b8")
    axes[1, 2].set(title="length of episodes", xlabel="s")
    shares = [quality.target_in_view for quality in qualities if quality.target_in_view is not None]
    axes[1, 3].hist(shares, np.linspace(0, 1, 21), color="#b8b8b8")
    axes[1, 3].set(title="share with target in view")
    figure.savefig(path, dpi=110)


def _text(name: str, rows: list[tuple[EpisodeFile, Quality]]) -> str:
    qualities = [quality for _, quality in rows]
    metas = [episode.metadata for episode, _ in rows]
    steps = sum(quality.steps for quality in qualities)
    minutes = sum(quality.seconds for quality in qualities) / 60
    labelled = sum(quality.labelled * quality.steps for quality in qualities) / max(1, steps)
    facts = {
        "episodes": len(rows),
        "minutes": f"{minutes:.1f}",
        "images": steps,
        "images with a label": f"{labelled:.0%}",
        "interventions": sum(quality.interventions for quality in qualities),
        "kilometres": f"{sum(quality.path_m for quality in qualities) / 1000:.2f}",
        "pilots": _counts(meta.pilot or "unknown" for meta in metas),
        "worlds": _counts(meta.world or "unknown" for meta in metas),
        "kinds": _counts(meta.extra.get("kind", "collected") for meta in metas),
        "written by": f"liquid_nav {__version__}",
    }
    lines = [f"# {name}", "", "| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in facts.items()), ""]
    lines += ["![Commands, ways and lengths](card.png)", "", "## What checks found", ""]
    found = [
        f"| {episode.path.name} | {finding.name} | {finding.text} |"
        for episode, quality in rows
        for finding in quality.findings
    ]
    if found:
        lines += ["| episode | finding | |", "|---|---|---|", *found]
    else:
        lines.append("Nothing is wrong with any episode.")
    return "\n".join(lines) + "\n"


def _counts(names: Iterable[str]) -> str:
    counts = Counter(names)
    return ", ".join(f"{name} ({count})" for name, count in counts.most_common())
