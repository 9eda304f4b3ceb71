"""A training that runs away is told as such, leaves no policy behind, and stops no comparison."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from liquid_nav.errors import TrainingError
from tests.training.small_data import small_cache
from tests.training.test_engine import HERE, Rows
from tests.training.train_worker import train_small
from training import compare as comparing
from training import head
from training.engine import Engine, Plan
from training.features import Sequences
from training.heads import HeadLearner
from training.settings import CompareSettings, HeadSettings

SETTINGS = CompareSettings(
    models=("ncp-cfc", "gru"), trials=1, seeds=2, search_steps=2, steps=4, batch=2, passes=1, sequence_steps=4,
    validation_share=0.25,
)  # fmt: skip


class Runaway(nn.Module):
    """Its loss is no number from some step on."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.weight, self.calls, self.first = nn.Parameter(torch.ones(1)), 0, first

    def forward(self, batch: Rows) -> dict[str, Tensor]:
        self.calls += 1
        loss = (self.weight * batch.values).mean()
        return {"total": loss * (float("nan") if self.calls > self.first else 1.0)}


@pytest.fixture(scope="module")
def eye(tmp_path_factory) -> Path:
    """A tiny trained policy."""
    folder = tmp_path_factory.mktemp("eye")
    train_small(folder, 1)
    return folder


def _run_away(monkeypatch: pytest.MonkeyPatch, model: str, steps: int) -> None:
    """Let heads of a model run away in trainings that are so long."""
    answer, run = HeadLearner.forward, Engine.run

    def forward(self: HeadLearner, batch: Sequences) -> dict[str, Tensor]:
        losses = answer(self, batch)
        bad = self.training and self.network.config.model == model and self.total_steps == steps
        return {name: value * float("nan") for name, value in losses.items()} if bad else losses

    def running(self: Engine, *arguments):
        self.learner.total_steps = self.plan.steps
        return run(self, *arguments)

    monkeypatch.setattr(HeadLearner, "forward", forward)
    monkeypatch.setattr(Engine, "run", running)


def test_the_step_and_a_cure_are_told_and_the_checkpoint_is_from_before(tmp_path: Path) -> None:
    plan = Plan("toy", 9, 0.05, "same", checkpoint_steps=2, quiet=True)
    engine = Engine[Rows](plan, Runaway(first=5), tmp_path, HERE)
    with pytest.raises(TrainingError, match=r"at step 5 of 9 the loss total is nan .*lower learning rate"):
        engine.run(lambda step: Rows(torch.ones(3)))
    resumed = Engine[Rows](plan, Runaway(first=99), tmp_path, HERE)
    assert resumed.checkpoint.load(resumed.learner, resumed.optimiser, resumed.schedule) == 4
    assert torch.isfinite(resumed.learner.weight).all()


def test_a_head_whose_trainings_all_ran_away_becomes_no_policy(
    eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "open_cache", lambda folders, where: small_cache())
    _run_away(monkeypatch, "ncp-cfc", steps=5)
    settings = HeadSettings(passes=1, sequence_steps=4, batch=4, steps=5, validation_share=0.25, tries=2)
    with pytest.raises(TrainingError, match="all 2 trainings ran away"):
        head.train_head(settings, [tmp_path], eye, tmp_path / "out")
    assert not (tmp_path / "out" / "policy.json").exists()


def test_a_comparison_counts_it_as_flights_that_fail_and_goes_on(
    eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flying(suite: str, flights: int, seed: int, out: Path, **_):
        return {"conditions": [{"name": suite, "episodes": flights, "success": 1.0, "collisions": 0.0, "tsr": 1.0}]}

    _run_away(monkeypatch, "gru", SETTINGS.steps)
    monkeypatch.setattr(comparing, "evaluate", flying)
    monkeypatch.setattr(comparing, "open_cache", lambda episodes, where: small_cache())
    monkeypatch.setattr(comparing, "run_jobs", lambda jobs, make_worker, **_: _here(jobs, make_worker))
    for _ in range(2):  # the second finds all done
        answer = comparing.compare(SETTINGS, [], eye, tmp_path, suites=("city-walking",), flights=3, workers=1)
        rows = {row["model"]: row for row in answer["models"]}
        assert rows["ncp-cfc"]["ran_away"] == 0 and rows["ncp-cfc"]["conditions"]["city-walking"]["success"] == 1.0
        assert rows["gru"]["ran_away"] == 2 and rows["gru"]["validation_loss"] is None
        assert rows["gru"]["conditions"]["city-walking"]["flights"] == 6
        assert rows["gru"]["conditions"]["city-walking"]["success"] == 0.0
    assert "| 2 ran away | 0% (0 to 39), [0, 0], 0% |" in (tmp_path / "comparison.md").read_text()
    for name in ("comparison.json", "trials.jsonl"):
        assert "Infinity" not in (tmp_path / name).read_text()
    assert len((tmp_path / "trials.jsonl").read_text().splitlines()) == 2 * (1 + 2)


def _here(jobs, make_worker):
    """Do jobs in this process, where the heads that run away are."""
    worker = make_worker()
    yield from ((job, worker(job.payload)) for job in jobs)


def test_another_budget_is_another_trial_with_a_policy_of_its_own(
    eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "run_jobs", lambda jobs, make_worker, **_: _here(jobs, make_worker))
    one_model = replace(SETTINGS, models=("ncp-cfc",), seeds=1)
    policies = set()
    for settings in (one_model, replace(one_model, batch=3), replace(one_model, steps=5), one_model):
        finals, done, _, _ = comparing.train_models(settings, small_cache(), eye, tmp_path)
        [trial] = finals["ncp-cfc"]
        policy = done[trial.name].policy
        assert policy is not None
        facts = json.loads((policy / "policy.json").read_text())["training"]
        assert facts["trial"]["batch"] == settings.batch and facts["trial"]["steps"] == settings.steps
        assert facts["validation_command_loss"] == done[trial.name].loss
        policies.add(policy)
    assert len(policies) == 3
