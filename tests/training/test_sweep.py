"""Sweeps on Ray Tune: drawn settings, poor trainings that end early, and a killed one that goes on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import yaml

from liquid_nav.errors import ConfigError, TrainingError
from tests.training.small_data import small_cache
from tests.training.train_worker import train_small
from training import head as heads
from training import sweep as sweeping
from training.settings import CONFIGS, HeadSettings, SweepSettings, load_settings
from training.sweep import HEAD_FILE, Run, sweep, sweep_table

pytest.importorskip("ray.tune")
HEAD = HeadSettings(passes=2, sequence_steps=4, batch=2, validation_share=0.25, seed=3)
SETTINGS = SweepSettings(trials=4, steps=12, report_steps=2, grace_steps=4, reduction=2)
RUNS = [Run({"learning_rate": 0.01}, [(2, 0.5), (4, 0.25)], False), Run({"learning_rate": 0.3}, [(2, 0.75)], True)]


def test_settings_that_cannot_be_drawn_are_refused() -> None:
    for space, reason in (
        ({}, "space is empty"),
        ({"wings": (0.0, 1.0)}, "wings"),
        ({"learning_rate": (0.0, 0.1)}, "learning_rate"),
        ({"scene_noise": (0.5, 0.1)}, "lowest first"),
    ):
        with pytest.raises(ConfigError, match=reason):
            replace(SETTINGS, space=space)
    with pytest.raises(ConfigError, match="grace_steps"):
        replace(SETTINGS, grace_steps=13)


def test_the_shipped_configuration_can_be_drawn_for_its_head() -> None:
    path = CONFIGS / "corrections.yaml"
    settings, head = load_settings(path, "sweep", SweepSettings), load_settings(path, "head", HeadSettings)
    for which in (0, 1):
        replace(head, **{name: span[which] for name, span in settings.space.items()})


def test_the_table_has_a_row_for_each_run() -> None:
    assert sweep_table(RUNS).splitlines()[2:] == ["| 0.01 | 4 | 0.2500 |", "| 0.3 | 2 | 0.7500 |"]


def test_a_sweep_goes_on_or_is_refused_before_the_eye_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "sweep"
    for number in (1, 2):
        train_small(tmp_path / f"eye-{number}", number)
    monkeypatch.setattr(heads, "open_cache", lambda episodes, where: small_cache())
    monkeypatch.setattr(sweeping, "connection", lambda *_: nullcontext())
    ran_away = [({"learning_rate": rate}, [(2, math.inf)]) for rate in (0.01, 0.02)]
    monkeypatch.setattr(sweeping, "_import_tune", lambda: lambda *_: ran_away)
    for _ in range(2):
        with pytest.raises(TrainingError, match="all 2 trainings ran away: use lower learning rates"):
            sweep(SETTINGS, HEAD, [], tmp_path / "eye-1", out)
    assert not (out / HEAD_FILE).exists()
    before = (out / "work" / "features.safetensors").read_bytes()
    with pytest.raises(ConfigError, match="another folder"):
        sweep(SETTINGS, HEAD, [], tmp_path / "eye-2", out)
    monkeypatch.setattr(sweeping, "require_episodes", lambda episodes, where: pytest.fail(str(where)))
    with pytest.raises(pytest.fail.Exception, match=str(out / "work" / "cache")):
        sweep(SETTINGS, HEAD, [], tmp_path / "eye-1", out)
    assert (out / "work" / "features.safetensors").read_bytes() == before


def test_a_training_that_ran_away_is_not_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train_small(tmp_path / "eye", 1)
    monkeypatch.setattr(heads, "open_cache", lambda episodes, where: small_cache())
    monkeypatch.setattr(sweeping, "connection", lambda *_: nullcontext())
    trainings = [({"learning_rate": 0.3}, [(12, math.inf)]), ({"learning_rate": 0.01}, [(4, 0.5)])]
    monkeypatch.setattr(sweeping, "_import_tune", lambda: lambda *_: trainings)
    runs = sweep(SETTINGS, HEAD, [], tmp_path / "eye", tmp_path / "sweep")
    assert [run.loss for run in runs] == [0.5, math.inf]
    assert load_settings(tmp_path / "sweep" / HEAD_FILE, "head", HeadSettings).learning_rate == 0.01


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_sweep_draws_ends_poor_trainings_and_is_not_done_twice(tmp_path: Path, monkeypatch) -> None:
    eye, out = tmp_path / "eye", tmp_path / "sweep"
    train_small(eye, 1)
    monkeypatch.setattr(heads, "open_cache", lambda episodes, where: small_cache())
    runs = sweep(SETTINGS, HEAD, [], eye, out, workers=2)
    assert len(runs) == 4 and len({run.drawn["learning_rate"] for run in runs}) == 4
    low, high = SETTINGS.space["learning_rate"]
    assert all(low <= run.drawn["learning_rate"] <= high for run in runs)
    assert not runs[0].ended_early and runs[0].losses[-1][0] == 12
    assert any(run.ended_early for run in runs) and all(run.losses[-1][0] >= 4 for run in runs)
    assert [run["loss"] for run in json.loads((out / "sweep.json").read_text())["runs"]] == [run.loss for run in runs]
    assert cv2.imread(str(out / "sweep.png")).std() > 10.0
    best = yaml.safe_load((out / HEAD_FILE).read_text())["head"]
    assert best["learning_rate"] == runs[0].drawn["learning_rate"]
    assert load_settings(out / HEAD_FILE, "head", HeadSettings).steps == HEAD.steps
    assert sweep(SETTINGS, HEAD, [], eye, out, workers=2) == runs  # nothing is left to do
    with pytest.raises(ConfigError, match="another folder"):
        sweep(replace(SETTINGS, seed=1), HEAD, [], eye, out)
    with pytest.raises(ConfigError, match="gaze"):
        sweep(replace(SETTINGS, space={"scene_noise": (0.0, 1.0)}), HEAD, [], eye, tmp_path / "other")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_sweep_that_was_killed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eye, out = tmp_path / "eye", tmp_path / "sweep"
    train_small(eye, 1)
    monkeypatch.setattr(heads, "open_cache", lambda episodes, where: small_cache())
    monkeypatch.setenv("TUNE_GLOBAL_CHECKPOINT_S", "0")
    ended: list[tuple[int, str]] = []

    @contextmanager
    def watched(title: str, total: int) -> Iterator[Callable[[int, str], None]]:
        def advance(trainings: int, note: str = "") -> None:
            ended.append((trainings, note))
            if len(ended) == 3:
                raise KeyboardInterrupt

        yield advance

    monkeypatch.setattr(sweeping, "progress_bar", watched)
    with pytest.raises(KeyboardInterrupt):
        sweep(SETTINGS, HEAD, [], eye, out, workers=1)
    assert not (out / "sweep.json").exists()
    runs = sweep(SETTINGS, HEAD, [], eye, out, workers=1)
    assert len(runs) == 4 and runs[0].losses[-1][0] == 12
    before, *after = ended[3:]
    assert before[0] in (2, 3), "what had ended is known"
    assert len(after) == 4 - before[0], "and is not done again"
