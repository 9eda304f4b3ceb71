"""The shipped policy: small, from forests alone, described by its card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from liquid_nav import load_policy
from liquid_nav.policy.runtime import PRETRAINED
from sim_worlds.seeds import split_of

RECORDED = Path(__file__).parents[2] / "docs" / "results" / "policy-r" / "policy"  # flown, and not shipped


def test_it_has_nineteen_liquid_neurons() -> None:
    policy = load_policy()
    assert policy.config.neurons == 19
    _, state = policy.step(np.zeros((144, 256, 3), dtype=np.uint8), 0.05)
    assert state.neurons.shape == (19,)


@pytest.mark.parametrize("folder", [PRETRAINED, RECORDED], ids=["shipped", "recorded"])
def test_its_data_come_from_forests_of_the_training_split_alone(folder: Path) -> None:
    manifests = sorted((folder / "data").glob("*.json"))
    assert manifests
    for path in manifests:
        manifest = json.loads(path.read_text())
        assert manifest["worlds"] == ["forest"]
        assert {split_of(seed) for seed in manifest["seeds"]} == {"train"}


def test_its_card_names_data_results_and_licence() -> None:
    card = (PRETRAINED / "CARD.md").read_text()
    for word in ("forest", "liquid-nav collect", "liquid-nav train", "Apache-2.0", "interval"):
        assert word in card
