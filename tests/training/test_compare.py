"""Models are compared behind one eye with equal budgets, and a killed comparison goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from liquid_nav import load_policy
from liquid_nav.errors import ConfigError, LiquidNavError
from liquid_nav.policy.config import LIQUID_MODELS, RIVAL_MODELS
from tests.training.small_data import small_cache
from tests.training.train_worker import CONFIG, train_small
from training import compare as comparing
from training.compare import TRIALS, comparison_table, train_models
from training.features import name_of, see
from training.heads import HeadTrainer, draw_trials
from training.journal import provenance
from training.result_plots import plot_comparison
from training.settings import CompareSettings

SETTINGS = CompareSettings(
    models=("ncp-cfc", "gru"), trials=2, seeds=2, search_steps=3, steps=6, batch=2, passes=2, sequence_steps=4,
    validation_share=0.25,
)  # fmt: skip


@pytest.fixture(scope="module")
def eye(tmp_path_factory) -> Path:
    """A tiny trained policy."""
    folder = tmp_path_factory.mktemp("eye")
    train_small(folder, 1)
    return folder


def test_every_model_gets_as_many_trials_from_the_same_rates() -> None:
    settings = CompareSettings()
    for model in (*LIQUID_MODELS, *RIVAL_MODELS):
        trials = draw_trials(settings, model, 32)
        assert trials == draw_trials(settings, model, 32)
        assert len({trial.name for trial in trials}) == settings.trials
        assert all(settings.learning_rates[0] <= trial.learning_rate <= settings.learning_rates[1] for trial in trials)


def test_the_eye_looks_once_and_sees_what_a_flight_sees(eye: Path, tmp_path: Path) -> None:
    cache, network = small_cache(), load_policy(eye).network
    name = name_of(cache, network, eye, SETTINGS)
    learn, check = see(cache, network, SETTINGS, name, tmp_path)
    assert learn.features.shape == (2 * 9, 4, CONFIG.features) and check.features.shape == (3, 4, CONFIG.features)
    written = (tmp_path / "features.safetensors").stat().st_mtime_ns
    again, _ = see(cache, network, SETTINGS, name, tmp_path)
    assert torch.equal(learn.features, again.features)
    assert (tmp_path / "features.safetensors").stat().st_mtime_ns == written
    other = replace(SETTINGS, passes=1)
    assert name_of(cache, network, eye, other) != name, "another number of passes is another data set"


def test_models_are_tuned_trained_saved_and_not_done_twice(eye: Path, tmp_path: Path) -> None:
    cache = small_cache()
    finals, results, network, cpu_s = train_models(SETTINGS, cache, eye, tmp_path, workers=1)
    assert list(finals) == ["ncp-cfc", "gru"] and cpu_s > 0.0
    encoder = {key: value for key, value in network.state_dict().items() if key.startswith("encoder.")}
    policies = [load_policy(folder) for folder in sorted((tmp_path / "policies").iterdir())]
    assert [policy.config.model for policy in policies] == ["gru", "gru", "ncp-cfc", "ncp-cfc"]
    for policy in policies:
        state = policy.network.state_dict()
        assert all(torch.equal(state[key], value) for key, value in encoder.items()), "the eye was left alone"
        command, _ = policy.step(np.zeros((144, 256, 3), dtype=np.uint8), 0.05)
        assert command.is_finite
    log = tmp_path / TRIALS
    lines = log.read_text().splitlines()
    assert len(lines) == 2 * (2 + 2)
    log.write_text("\n".join(lines[:-1]) + '\n{"name": "cut off')  # killed while it wrote the last line
    _, again, _, _ = train_models(SETTINGS, cache, eye, tmp_path, workers=1)
    redone = {name for name in results if again[name].cpu_s != results[name].cpu_s}
    assert {name: again[name].loss for name in results} == {name: results[name].loss for name in results}
    assert redone <= {json.loads(lines[-1])["name"]}
    names = [sorted(json.loads(line)["name"] for line in rows) for rows in (lines, log.read_text().splitlines())]
    assert names[0] == names[1], "the torn line is gone, and nothing was written behind it"


def test_heads_of_a_comparison_learn_from_what_a_policy_learns_from(eye: Path, tmp_path: Path) -> None:
    cache, network = small_cache(), load_policy(eye).network
    learn, check = see(cache, network, SETTINGS, name_of(cache, network, eye, SETTINGS), tmp_path)
    trial = replace(draw_trials(SETTINGS, "gru", 16)[0], final=True)
    plain, noisy = (
        HeadTrainer(network.config, learn, check, changes)(trial).weights for changes in ({}, {"scene_noise": 0.8})
    )
    assert plain is not None and noisy is not None
    assert any(not np.array_equal(plain[key], noisy[key]) for key in plain)


def test_a_comparison_with_changed_gazes_needs_an_eye_with_a_gaze(eye: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"vanish_share is 0\.3, but the eye of .* has no gaze"):
        train_models(replace(SETTINGS, vanish_share=0.3), small_cache(), eye, tmp_path, workers=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"suites": ("city-walking", "city-wlking")}, "suite is 'city-wlking'"),
        ({"split": "tset"}, "split is 'tset'"),
        ({"flights": 10_001}, "flights is 10001: use 1 to 10000"),
        ({"eye": Path("no/such/eye")}, "is not a policy folder"),
    ],
)
def test_what_cannot_be_flown_is_refused_before_anything_is_decoded(
    eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object], reason: str
) -> None:
    monkeypatch.setattr(comparing, "open_cache", lambda folders, where: pytest.fail("decoded"))
    asked = {"eye": eye, "suites": ("city-walking",), "flights": 3, **wrong}
    with pytest.raises(LiquidNavError, match=reason):
        comparing.compare(SETTINGS, [], asked.pop("eye"), tmp_path, **asked)


def test_other_code_trains_and_flies_anew(eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, flown = ["first"], list[Path]()

    def flying(suite: str, flights: int, seed: int, out: Path, *, policy: Path, **_):
        flown.append(policy)
        rates = {"success": 1.0, "collisions": 0.0, "tsr": 1.0}
        answer = {**made_by(policy), "conditions": [{"name": suite, "episodes": flights, **rates}]}
        out.mkdir(parents=True, exist_ok=True)
        (out / "results.json").write_text(json.dumps(answer))
        return answer

    def made_by(policy: Path | None) -> dict[str, str]:
        return {**provenance(policy), "code": code[0]}

    monkeypatch.setattr(comparing, "provenance", made_by)
    monkeypatch.setattr(comparing, "evaluate", flying)
    monkeypatch.setattr(comparing, "open_cache", lambda episodes, where: small_cache())
    settings = replace(SETTINGS, models=("gru",), trials=1, seeds=1)

    def compare() -> tuple[int, int]:
        comparing.compare(settings, [], eye, tmp_path, suites=("city-walking",), flights=3, workers=1)
        return len((tmp_path / TRIALS).read_text().splitlines()), len(flown)

    assert compare() == (2, 1)
    assert compare() == (2, 1), "the same code goes on"
    code[0] = "second"
    assert compare() == (4, 2) and len(set(flown)) == 2
    description = flown[1] / "policy.json"
    description.write_text(description.read_text().replace('"name": "gru', '"name": "other'))
    assert compare() == (4, 3), "another policy in the folder is flown anew"


def test_each_training_flies_worlds_of_its_own_the_same_for_all_models(
    eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flown: dict[str, list[int]] = {}

    def flying(suite: str, flights: int, seed: int, out: Path, *, policy: Path, **_):
        model = json.loads((policy / "policy.json").read_text())["config"]["model"]
        flown.setdefault(model, []).append(seed)
        rates = {"success": float(model == "gru"), "collisions": 0.0, "tsr": 1.0}
        return {"conditions": [{"name": suite, "episodes": flights, **rates}]}

    monkeypatch.setattr(comparing, "evaluate", flying)
    monkeypatch.setattr(comparing, "open_cache", lambda episodes, where: small_cache())
    answer = comparing.compare(SETTINGS, [], eye, tmp_path, suites=("city-walking",), flights=3, seed=40, workers=1)
    assert flown == {"ncp-cfc": [40, 41], "gru": [40, 41]}
    assert [row["model"] for row in answer["models"]] == ["gru", "ncp-cfc"], "the best comes first"
    assert answer["models"][0]["conditions"]["city-walking"]["flights"] == 6
    assert (tmp_path / "comparison.png").stat().st_size and "| gru |" in (tmp_path / "comparison.md").read_text()


def test_the_table_pools_flights_and_shows_every_seed(tmp_path: Path) -> None:
    condition = {
        "flights": 20, "success": 0.8, "success_low": 0.58, "success_high": 0.92, "by_seed": [0.7, 0.9],
        "collisions": 0.1, "tsr": 0.5,
    }  # fmt: skip
    row = {
        "model": "gru", "units": 32, "learning_rate": 0.002, "parameters": 8100, "validation_loss": 0.2,
        "validation_loss_range": [0.19, 0.21], "train_cpu_s": 9.0, "conditions": {"city-walking": condition},
    }  # fmt: skip
    answer = {
        "software": "x", "eye": "e", "split": "validation", "seed": 0, "models": [row],
        "settings": {"trials": 8, "search_steps": 10, "seeds": 2, "steps": 40},
    }  # fmt: skip
    assert "| gru | 32 | 0.002 | 8100 | 0.200 (0.190 to 0.210) | 80% (58 to 92), [70, 90], 10% |" in comparison_table(
        answer
    )
    plot_comparison([row, {**row, "model": "ncp-cfc"}], tmp_path / "comparison.png")
    height, width, _ = cv2.imread(str(tmp_path / "comparison.png")).shape
    assert 100 < height < width


def test_unknown_models_and_rates_are_refused() -> None:
    with pytest.raises(ConfigError, match="mamba"):
        CompareSettings(models=("mamba",))
    with pytest.raises(ConfigError, match="lowest first"):
        CompareSettings(learning_rates=(0.1, 0.01))
