"""Pictures of an evaluation: success by condition, against distance, image quality and time; with Wilson intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from liquid_nav.policy.config import LIQUID_MODELS
from training.statistics import wilson_interval
from training.suites import AIR, CONDITIONS, STRESS, TIME

GOOD, BAD, FAINT = "#1b6ca8", "#c0392b", "#9aa5b1"
RIVAL = "#7a6f5d"
BINS_M = (5.0, 8.0, 11.0, 14.0, 17.0, 20.0, 25.0, 30.0, 40.5)
Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class _Point:
    """A place on an axis and the flights that belong there."""

    label: str
    successes: int
    flights: int


def write_plots(results: dict[str, Any], flights: Sequence[dict[str, Any]], out: Path) -> list[Path]:
    """Draw what the results hold into PNG files.

    Args:
        results: contents of ``results.json``.
        flights: contents of ``flights.json``.
        out: existing folder.

    Returns:
        The files written; those of conditions that were not flown are missing.
    """
    rows = {row["name"]: row for row in results["conditions"]}
    makers: dict[str, Callable[[], Figure | None]] = {
        "conditions.png": lambda: _conditions(rows),
        "distance.png": lambda: _distance(flights),
        "stress.png": lambda: _stress(rows),
        "time.png": lambda: _time(rows),
    }
    written = []
    for name, make in makers.items():
        figure = make()
        (out / name).unlink(missing_ok=True)
        if figure is not None:
            figure.savefig(out / name, dpi=110)
            plt.close(figure)
            written.append(out / name)
    return written


def plot_comparison(models: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw success and collisions of compared models, the best first, a panel for each condition, into a PNG file.

    Args:
        models: rows of ``comparison.json``, best first.
        path: of the picture.
    """
    names = list(models[0]["conditions"])
    size = (2.0 + 3.4 * len(names), 0.3 * len(models) + 1.2)
    figure, panels = plt.subplots(1, len(names), figsize=size, sharey=True, squeeze=False, layout="constrained")
    for axes, name in zip(panels[0], names, strict=True):
        for place, model in enumerate(models):
            rates, colour = model["conditions"][name], GOOD if model["model"] in LIQUID_MODELS else RIVAL
            _interval(axes, rates, place, colour)
            axes.plot(100 * rates["collisions"], place, "x", color=BAD)
        axes.set_xlim(-2, 102)
        axes.set_title(f"{name}, {models[0]['conditions'][name]['flights']} flights each", fontsize=10)
        axes.set_xlabel("flights (%)")
        axes.grid(axis="x", color="#e3e7eb")
    labels = [f"{model['model']} ({model['parameters']})" for model in models]
    panels[0][0].set_yticks(range(len(models)), labels)
    panels[0][0].set_ylabel("model (parameters of its head)")
    panels[0][0].invert_yaxis()
    keys = {"liquid: success, 95% interval": ("o-", GOOD), "rival": ("o-", RIVAL), "collisions": ("x", BAD)}
    _legend(figure, keys)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def plot_sweep(runs: Sequence[tuple[dict[str, float], list[tuple[int, float]], bool]], path: Path) -> None:
    """Draw the losses of a sweep by steps, and the last ones by each setting that was drawn, into a PNG file.

    Args:
        runs: what was drawn, losses as (steps, loss), and whether it ended early; the best first.
        path: of the picture.
    """
    names = list(runs[0][0])
    figure, panels = plt.subplots(1, 1 + len(names), figsize=(3.2 + 2.8 * len(names), 3.4), layout="constrained")
    steps = panels[0]
    for place, (_, losses, early) in reversed(list(enumerate(runs))):
        colour = BAD if place == 0 else FAINT if early else GOOD
        steps.plot(*zip(*losses, strict=True), color=colour, lw=1.8 if place == 0 else 1.0)
        for axes, name in zip(panels[1:], names, strict=True):
            axes.plot(runs[place][0][name], losses[-1][1], "o", color=colour, mfc="none" if early else colour)
    steps.set_xlabel("steps")
    steps.set_ylabel("loss on sequences kept back")
    for axes, name in zip(panels[1:], names, strict=True):
        axes.set_xlabel(name)
        axes.tick_params(labelleft=False)
        axes.sharey(steps)
        if name == "learning_rate":
            axes.set_xscale("log")
    lasts = [losses[-1][1] for _, losses, _ in runs if np.isfinite(losses[-1][1])]
    if lasts:
        steps.set_ylim(0.98 * min(lasts), 1.05 * max(lasts))
    _legend(figure, {"best": ("o-", BAD), "to the end": ("o-", GOOD), "ended early": ("o-", FAINT)})
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _legend(figure: Figure, keys: dict[str, tuple[str, str]]) -> None:
    """Explain markers: text to style and colour."""
    handles = [Line2D([], [], marker=style[0], ls=style[1:], color=colour) for style, colour in keys.values()]
    figure.legend(handles, list(keys), loc="outside upper center", ncols=len(keys), frameon=False)


def _interval(axes: Axes, rates: dict[str, Any], place: int, colour: str) -> None:
    axes.plot([100 * rates["success_low"], 100 * rates["success_high"]], [place, place], color=colour, lw=2, alpha=0.4)
    axes.plot(100 * rates["success"], place, "o", color=colour)


def _conditions(rows: Rows) -> Figure | None:
    """Rates of all conditions that differ in world, not in camera, time or air."""
    apart = {condition.name for condition in (*STRESS, *TIME, *AIR)}
    names = [name for name in CONDITIONS if name in rows and name not in apart]
    if len(names) < 2:
        return None
    figure, axes = plt.subplots(figsize=(7.6, 0.28 * len(names) + 1.2), layout="constrained")
    for place, name in enumerate(names):
        _interval(axes, rows[name], place, GOOD)
        axes.plot(100 * rows[name]["collisions"], place, "x", color=BAD)
    axes.set_yticks(range(len(names)), [f"{name} ({rows[name]['episodes']})" for name in names])
    axes.invert_yaxis()
    axes.set_xlim(-2, 102)
    axes.set_xlabel("flights (%)")
    axes.grid(axis="x", color="#e3e7eb")
    _legend(figure, {"success, 95% interval": ("o-", GOOD), "collisions": ("x", BAD)})
    return figure


def _distance(flights: Sequence[dict[str, Any]]) -> Figure | None:
    """Success in forests without decoys against the distance at the start."""
    woods = [row for row in flights if row["condition"].startswith("forest-") and row["condition"] != "forest-decoys"]
    points = []
    for low, high in pairwise(BINS_M):
        inside = [row["success"] for row in woods if low <= row["distance_m"] < high]
        if inside:
            points.append(_Point(f"{low:g} to {int(high)}", sum(inside), len(inside)))
    if len(points) < 2:
        return None
    figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    _curve(axes, points)
    trained = sum(1 for low in BINS_M if low < 20.0) - 0.5
    if len(points) == len(BINS_M) - 1:
        axes.axvline(trained, color=FAINT, ls="--")
        axes.annotate("farther than trained", (trained + 0.05, 104), color="#5b6773", fontsize=8, annotation_clip=False)
    axes.set_xlabel("distance to the backpack at the start (m)")
    return figure


def _stress(rows: Rows) -> Figure | None:
    """Success in unseen forests against the strength of each change of the image."""
    families = {
        "noise, sigma of 255": "stress-noise-",
        "brightness (%)": "stress-brightness",
        "contrast (factor)": "stress-contrast-",
        "saturation (factor)": "stress-saturation-",
    }
    neutral = {"noise, sigma of 255": 0.0, "brightness (%)": 0.0, "contrast (factor)": 1.0, "saturation (factor)": 1.0}
    if not any(name.startswith("stress-") for name in rows):
        return None
    clean = rows.get("forest-unseen")
    found = {
        title: {float(name.removeprefix(prefix)): row for name, row in rows.items() if name.startswith(prefix)}
        | ({} if clean is None else {neutral[title]: clean})
        for title, prefix in families.items()
    }
    widths = [len(levels) + 1 for levels in found.values()]
    figure, panels = plt.subplots(1, 4, figsize=(11.0, 2.9), sharey=True, layout="constrained", width_ratios=widths)
    for axes, (title, levels) in zip(panels, found.items(), strict=True):
        _curve(axes, [_point(f"{level:g}", levels[level]) for level in sorted(levels)])
        axes.set_xlabel(title)
        if axes is not panels[0]:
            axes.set_ylabel("")
    return figure


def _time(rows: Rows) -> Figure | None:
    """Success behind a walker in the city against the camera's rate, with lost and late frames, and in moving air."""
    names = {
        **{f"rate-{rate}": f"{rate} Hz" for rate in (5, 10, 30, 60)},
        "city-walking": "20 Hz",
        "drop-30": "30% lost",
        "jitter": "late",
        "wind-gusts": "gusts",
        "mass-heavy": "+30% mass",
        "mass-light": "-30% mass",
    }
    order = ["rate-5", "rate-10", "city-walking", *list(names)[2:4], *list(names)[5:]]
    points = [_point(names[name], rows[name]) for name in order if name in rows]
    if len(points) < 3:
        return None
    figure, axes = plt.subplots(figsize=(7.6, 3.2), layout="constrained")
    _curve(axes, points, joined=False)
    axes.set_xlabel("city, walking target")
    return figure


def _point(label: str, row: dict[str, Any]) -> _Point:
    return _Point(label, round(row["success"] * row["episodes"]), row["episodes"])


def _curve(axes: Axes, points: Sequence[_Point], *, joined: bool = True) -> None:
    places = np.arange(len(points))
    rates = np.array([100.0 * point.successes / point.flights for point in points])
    bounds = 100.0 * np.array([wilson_interval(point.successes, point.flights) for point in points]).reshape(-1, 2)
    axes.vlines(places, bounds[:, 0], bounds[:, 1], color=GOOD, lw=2, alpha=0.4)
    axes.plot(places, rates, "o-" if joined else "o", color=GOOD)
    axes.set_xticks(places, [f"{point.label}\n({point.flights})" for point in points], fontsize=8)
    axes.set_ylim(-3, 103)
    axes.set_xlim(-0.5, max(1, len(points)) - 0.5)
    axes.set_ylabel("success (%), 95% interval")
    axes.grid(axis="y", color="#e3e7eb")
