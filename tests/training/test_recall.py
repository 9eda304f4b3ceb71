"""Neurons are asked where the target was, and learn to remember it; what flies is the same network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from liquid_nav.errors import ConfigError
from liquid_nav.policy.checkpoint import save_policy
from liquid_nav.policy.config import GAZE_FEATURES, PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from tests.training.small_data import small_cache
from tests.training.train_worker import train_small
from training import head
from training.features import Sequences
from training.heads import HeadLearner
from training.labels import SIDE_KNOWN_S
from training.recall import AREA_SCALE, Recall, last_sight
from training.settings import HeadSettings

CONFIG = PolicyConfig(features=GAZE_FEATURES + 3, context_channels=8, gaze_cells=3)
PLACES = torch.tensor([[0.5, -0.4], [-0.5, 0.4], [0.5, 0.4], [-0.5, -0.4]])  # right, below


def sequences(steps: int = 30, seen: int = 4) -> Sequences:
    """Return four sequences whose target is in sight, right or left, above or below, at the beginning alone."""
    visible = (torch.arange(steps) < seen).expand(4, steps)
    features = torch.zeros(4, steps, CONFIG.features)
    features[..., -GAZE_FEATURES:][..., :2] = torch.where(visible[..., None], PLACES[:, None], 0.0)
    features[..., -GAZE_FEATURES + 4] = torch.where(visible, 0.25, -0.9)
    elapsed_s = torch.full((4, steps), 0.1)
    return Sequences(features, elapsed_s, torch.zeros(4, steps, 4), visible, visible | True, torch.ones(4, steps))


def test_the_last_sight_is_kept_until_the_next() -> None:
    batch = sequences(steps=6, seen=2)
    batch = replace(batch, visible=torch.tensor([[False, True, True, False, False, True]]).expand(4, 6))
    batch.features[..., -GAZE_FEATURES] = torch.arange(6.0)
    place, _, since_s = last_sight(batch)
    assert place[0, 1:, 0].tolist() == [1.0, 2.0, 2.0, 2.0, 5.0]
    assert since_s[0, 0] == torch.inf
    assert torch.allclose(since_s[0, 1:], torch.tensor([0.0, 0.0, 0.1, 0.2, 0.0]), atol=1e-6)


def test_right_answers_cost_nothing_and_wrong_ones_most_out_of_sight() -> None:
    batch, recall = sequences(), Recall(3)
    with torch.no_grad():
        recall.ask.weight.copy_(torch.eye(3))
        recall.ask.bias.zero_()
    sides = PLACES.sign()[:, None].expand(4, 30, 2) * 50.0
    right = torch.cat([sides, torch.full((4, 30, 1), AREA_SCALE * 0.25)], dim=2)
    assert recall(right, batch) < 1e-6
    for question in (0, 1):
        seen_wrong, lost_wrong = right.clone(), right.clone()
        seen_wrong[:, 3, question] *= -1.0
        lost_wrong[:, 4, question] *= -1.0
        assert recall(seen_wrong, batch) > 0.1
        assert torch.allclose(recall(lost_wrong, batch), 3.0 * recall(seen_wrong, batch))


def test_what_was_never_or_long_ago_in_sight_is_not_asked_for() -> None:
    recall, steps = Recall(3), 90
    long_ago = sequences(steps)
    states = torch.randn(4, steps, 3)
    forgotten = states.clone()
    forgotten[:, 4 + round(10 * SIDE_KNOWN_S) + 1 :] = 9.0
    assert torch.equal(recall(states, long_ago), recall(forgotten, long_ago))
    assert recall(states, replace(long_ago, visible=long_ago.visible & False)) == 0.0


def test_asked_neurons_remember_the_sides() -> None:
    torch.manual_seed(0)
    learner, batch = HeadLearner(LiquidPolicyNetwork(CONFIG), recall_weight=1.0), sequences()
    learned = [value for value in learner.parameters() if value.requires_grad]
    optimiser = torch.optim.Adam(learned, lr=0.03)
    for _ in range(600):
        optimiser.zero_grad()
        losses = learner(batch)
        losses["total"].backward()
        optimiser.step()
    assert torch.allclose(losses["total"], losses["command"] + losses["recall"])
    answers = learner.recall.ask(learner.network.states(batch.features, batch.elapsed_s))[:, -1, :2]
    assert ((answers > 0.0) == (PLACES > 0.0)).all(), "26 images after the target went out of sight"


def test_the_question_changes_no_command() -> None:
    torch.manual_seed(0)
    learner, batch = HeadLearner(LiquidPolicyNetwork(CONFIG), recall_weight=1.0), sequences()
    asked, plain = learner.train()(batch), learner.eval()(batch)
    assert torch.allclose(asked["command"], plain["command"], atol=1e-6) and "recall" not in plain


@pytest.mark.parametrize("model", ["gru", "cfc", "mixed-cfc", "ncp-ltc"])
def test_heads_that_cannot_be_asked_are_refused(model: str) -> None:
    network = LiquidPolicyNetwork(replace(CONFIG, model=model))
    with pytest.raises(ConfigError, match=rf"recall_weight is 0\.3, but neurons of a {model} head"):
        HeadLearner(network, recall_weight=0.3)


def test_a_question_behind_an_eye_without_a_gaze_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "open_cache", lambda folders, where: small_cache())
    train_small(tmp_path / "eye", 1)
    with pytest.raises(ConfigError, match=r"recall_weight is 0\.3, but the eye of .* has no gaze"):
        head.train_head(HeadSettings(recall_weight=0.3), [tmp_path], tmp_path / "eye", tmp_path / "out")


def test_a_head_that_cannot_be_asked_is_refused_before_the_eye_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "open_cache", lambda folders, where: small_cache())
    network = LiquidPolicyNetwork(replace(CONFIG, image_width_px=256, image_height_px=144))
    save_policy(network, tmp_path / "eye", name="eye", training={}, card="# eye\n")
    with pytest.raises(ConfigError, match="neurons of a gru head"):
        head.train_head(HeadSettings(recall_weight=0.3), [tmp_path], tmp_path / "eye", tmp_path / "out", model="gru")
    assert not list((tmp_path / "out").rglob("features*"))


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"recall_weight is -1"):
        HeadSettings(recall_weight=-1.0)
