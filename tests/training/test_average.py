"""The mean of policies: their weights, and a word on where it came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from liquid_nav.errors import ConfigError
from liquid_nav.policy.checkpoint import load_network, save_policy
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from training.average import average


def _policy(folder: Path, seed: int, **settings: object) -> Path:
    torch.manual_seed(seed)
    network = LiquidPolicyNetwork(PolicyConfig(**settings))  # type: ignore[arg-type]
    save_policy(network, folder, name="some", training={"seed": seed}, card="")
    return folder


def test_the_mean_of_two_policies_has_the_mean_of_their_weights(tmp_path: Path) -> None:
    first, second = _policy(tmp_path / "a", 1), _policy(tmp_path / "b", 2)
    average([first, second], tmp_path / "mean", name="mean")
    network, name = load_network(tmp_path / "mean")
    assert name == "mean"
    states = [load_network(folder)[0].state_dict() for folder in (first, second)]
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, 0.5 * (states[0][key] + states[1][key]))
    facts = json.loads((tmp_path / "mean" / "policy.json").read_text())["training"]
    assert [part["seed"] for part in facts["averaged"]] == [1, 2]


def test_policies_of_different_architectures_have_no_mean(tmp_path: Path) -> None:
    policies = [_policy(tmp_path / "a", 1), _policy(tmp_path / "b", 1, scene_columns=16)]
    with pytest.raises(ConfigError, match="another architecture"):
        average(policies, tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_one_policy_is_no_mean(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="1 policies: name two or more"):
        average([_policy(tmp_path / "a", 1)], tmp_path / "mean")


def test_a_policy_that_tells_nothing_of_its_training_has_a_mean(tmp_path: Path) -> None:
    policies = [_policy(tmp_path / "a", 1), _policy(tmp_path / "b", 2)]
    description = json.loads((policies[1] / "policy.json").read_text())
    del description["training"]
    (policies[1] / "policy.json").write_text(json.dumps(description))
    average(policies, tmp_path / "mean")
    facts = json.loads((tmp_path / "mean" / "policy.json").read_text())["training"]
    assert facts["averaged"] == [{"seed": 1}, {}]
