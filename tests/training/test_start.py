"""A training that goes on from a policy, and gives it a wider eye."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from liquid_nav.errors import ConfigError
from liquid_nav.policy.checkpoint import save_policy
from liquid_nav.policy.config import GAZE_FEATURES, PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from tests.training.small_data import small_cache
from tests.training.train_worker import CONFIG
from training.cli import app
from training.settings import TrainSettings
from training.train import _stages, start_network

PLAIN = PolicyConfig()
WIDE = replace(PLAIN, context_channels=8)
GAZING = replace(WIDE, gaze_cells=4)


def test_a_network_that_gets_a_context_looks_where_it_looked(tmp_path: Path) -> None:
    network = LiquidPolicyNetwork(PLAIN)
    save_policy(network, tmp_path, name="plain", training={}, card="")
    grown, complete = start_network(tmp_path, WIDE)
    assert not complete and grown.config == WIDE
    images, elapsed = torch.rand(2, 3, 3, 144, 256) * 2.0 - 1.0, torch.full((2, 3), 0.05)
    output = grown(images, elapsed)
    assert torch.equal(output.target_logits, network(images, elapsed).target_logits)
    output.commands.square().sum().backward()
    assert grown.encoder.context is not None
    assert grown.encoder.context.wide[-1].weight.grad.abs().sum() > 0.0  # type: ignore[union-attr,operator]


def test_a_network_that_gets_a_gaze_keeps_the_features_that_it_has_room_for(tmp_path: Path) -> None:
    network = LiquidPolicyNetwork(WIDE).eval()
    save_policy(network, tmp_path, name="wide", training={}, card="")
    grown, complete = start_network(tmp_path, GAZING)
    assert not complete and grown.config == GAZING
    images, kept = torch.rand(2, 3, 144, 256) * 2.0 - 1.0, GAZING.features - GAZE_FEATURES
    assert torch.equal(grown.encoder(images).target_logits, network.encoder(images).target_logits)
    assert torch.equal(grown.encoder.dense.weight, network.encoder.dense.weight[:kept])


def test_a_network_with_all_that_is_asked_for_goes_on_as_it_is(tmp_path: Path) -> None:
    save_policy(LiquidPolicyNetwork(GAZING), tmp_path, name="wide", training={}, card="")
    for asked in (PLAIN, WIDE, GAZING, replace(PLAIN, context_channels=16, gaze_cells=2)):
        network, complete = start_network(tmp_path, asked)
        assert complete and network.config == GAZING


def test_a_policy_bears_the_name_of_the_model_it_went_on_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start, out, config = tmp_path / "start", tmp_path / "out", tmp_path / "tiny.yaml"
    save_policy(LiquidPolicyNetwork(replace(CONFIG, model="lstm")), start, name="first", training={}, card="")
    config.write_text("train: {joint_epochs: 1, joint_batch: 2, sequence_steps: 4, validation_share: 0.25}")
    monkeypatch.setattr("training.train.open_cache", lambda folders, where: small_cache())
    command = ["train", "data/flights", "--start-from", str(start), "--out", str(out), "--config", str(config)]
    CliRunner().invoke(app, command, catch_exceptions=False)
    description = json.loads((out / "policy.json").read_text())
    assert description["name"] == f"lstm_{CONFIG.units}"
    assert (description["training"]["start_from"], description["training"]["episodes"]) == ("start", ["flights"])


def test_an_eye_can_be_trained_alone() -> None:
    both, eye_alone = TrainSettings(), TrainSettings(joint_epochs=0)
    assert _stages(both, skip_eye=False) == [False, True] and _stages(both, skip_eye=True) == [True]
    assert _stages(eye_alone, skip_eye=False) == [False]
    assert _stages(eye_alone, skip_eye=True) == [False], "a complete eye goes on learning"
    with pytest.raises(ConfigError, match="joint_epochs is -1: use 0 or more"):
        TrainSettings(joint_epochs=-1)
