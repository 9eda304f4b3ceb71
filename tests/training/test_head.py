"""A fresh head learns behind an eye that stays as it is, and goes on after a kill with the same result."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from liquid_nav import load_policy
from liquid_nav.errors import ConfigError
from liquid_nav.policy.checkpoint import load_network
from liquid_nav.policy.config import GAZE_FEATURES
from tests.training.small_data import small_cache
from tests.training.train_worker import train_small
from training import head
from training.cli import app
from training.engine import Engine
from training.features import Sequences, name_of, see
from training.heads import (
    ASIDE_M_S,
    BACK_M_S,
    CLIMB_M_S,
    FAR_AREA,
    PATIENT_RAD_S,
    WAIT_M_S,
    HeadLearner,
    batch_of,
    kept,
    validation_loss,
)
from training.labels import LOST, SEARCH_RAD_S, SIDE_KNOWN_S
from training.recall import AREA
from training.settings import HeadSettings

SETTINGS = HeadSettings(passes=2, sequence_steps=4, batch=4, steps=60, validation_share=0.25, learning_rate=0.02)


@pytest.fixture(scope="module")
def eye(tmp_path_factory) -> Path:
    """A tiny trained policy."""
    folder = tmp_path_factory.mktemp("eye")
    train_small(folder, 1)
    return folder


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded episodes without files."""
    monkeypatch.setattr(head, "open_cache", lambda folders, where: small_cache())


@pytest.mark.usefixtures("made_up")
def test_the_head_learns_and_the_eye_stays(eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.losses.COMMAND_WEIGHTS", (1.0, 1.0, 1.0, 1.0))  # so small an eye tells no bearing
    seeing = load_policy(eye).network.state_dict()
    losses = [
        head.train_head(
            HeadSettings(**{**vars(SETTINGS), "steps": steps}), [tmp_path], eye, tmp_path / str(steps), name="small"
        ).validation_command
        for steps in (1, 60)
    ]
    assert losses[1] < 0.8 * losses[0]
    policy = load_policy(tmp_path / "60")
    state = policy.network.state_dict()
    assert all(torch.equal(state[key], value) for key, value in seeing.items() if key.startswith("encoder."))
    assert not torch.equal(state["motor_bias"], seeing["motor_bias"])
    command, _ = policy.step(np.zeros((144, 256, 3), dtype=np.uint8), 0.05)
    assert command.is_finite and policy.name == "small"


@pytest.mark.usefixtures("made_up")
def test_a_head_of_its_own_goes_on_where_it_was(eye: Path, tmp_path: Path) -> None:
    fresh = head.train_head(SETTINGS, [tmp_path], eye, tmp_path / "fresh", name="small")
    slow = {**vars(SETTINGS), "own_head": True, "steps": 1, "learning_rate": 1e-9}
    own = head.train_head(HeadSettings(**slow), [tmp_path], tmp_path / "fresh", tmp_path / "own", name="small")
    assert own.validation_command == pytest.approx(fresh.validation_command, rel=1e-4)
    with pytest.raises(ConfigError, match="model is 'gru', but own_head goes on with the ncp-cfc head"):
        head.train_head(HeadSettings(own_head=True), [tmp_path], eye, tmp_path / "out", model="gru")


@pytest.mark.usefixtures("made_up")
def test_a_killed_training_goes_on_with_the_same_result(
    eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = head.train_head(SETTINGS, [tmp_path], eye, tmp_path / "whole", name="small")
    monkeypatch.setattr(head, "CHECKPOINT_STEPS", 20)
    step = Engine._step
    count = iter(range(100))

    def dying(self, learner, batch):
        if next(count) == 30:
            raise KeyboardInterrupt
        return step(self, learner, batch)

    monkeypatch.setattr(Engine, "_step", dying)
    with pytest.raises(KeyboardInterrupt):
        head.train_head(SETTINGS, [tmp_path], eye, tmp_path / "killed", name="small")
    left = []

    def counting(self, learner, batch):
        left.append(batch)
        return step(self, learner, batch)

    monkeypatch.setattr(Engine, "_step", counting)
    resumed = head.train_head(SETTINGS, [tmp_path], eye, tmp_path / "killed", name="small")
    assert resumed.validation_command == whole.validation_command
    assert resumed.waiting_share >= 0.0
    assert len(left) == SETTINGS.steps - 20, "from the checkpoint after 20 steps, not from the beginning"


@pytest.mark.usefixtures("made_up")
def test_another_training_in_a_used_folder_is_refused_before_the_eye_looks(eye: Path, tmp_path: Path) -> None:
    out, settings = tmp_path / "out", replace(SETTINGS, steps=1)
    head.train_head(settings, [tmp_path], eye, out)
    before = (out / "work" / "features.safetensors").read_bytes()
    with pytest.raises(ConfigError, match=r"head-0\.safetensors belongs to other settings, model or data"):
        head.train_head(replace(settings, passes=1), [tmp_path], eye, out)
    assert (out / "work" / "features.safetensors").read_bytes() == before


@pytest.mark.usefixtures("made_up")
def test_of_several_tries_the_sequences_kept_back_choose_one(
    eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, steps = Engine._step, []
    monkeypatch.setattr(Engine, "_step", lambda self, *rest: steps.append(self.plan.name) or step(self, *rest))

    def taught(folder: str, **changes: int):
        settings = HeadSettings(**{**vars(SETTINGS), "steps": 5, **changes})
        outcome = head.train_head(settings, [tmp_path], eye, tmp_path / folder, name="small")
        return outcome.validation_command, load_policy(tmp_path / folder)

    loss, best = taught("three", tries=3)
    facts = json.loads((tmp_path / "three" / "policy.json").read_text())["training"]
    losses = facts["validation_command_losses"]
    assert len(set(losses.values())) == 3 and list(losses) == ["0", "1", "2"]
    assert loss == min(losses.values()) == losses[str(facts["seed"])]
    assert steps == ["head-0"] * 5 + ["head-1"] * 5 + ["head-2"] * 5
    again, _ = taught("three", tries=4)
    assert again <= loss and steps[15:] == ["head-3"] * 5, "finished tries are not taught again"
    alone, first = taught("one")
    assert alone == losses["0"]
    same = all(torch.equal(best.network.state_dict()[key], value) for key, value in first.network.state_dict().items())
    assert same == (facts["seed"] == 0)


@pytest.mark.usefixtures("made_up")
def test_a_try_that_ran_away_is_not_chosen(eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([float("nan"), 0.5, 0.7])
    monkeypatch.setattr(head, "validation_loss", lambda learner, check: next(losses))
    settings = HeadSettings(**{**vars(SETTINGS), "steps": 1, "tries": 3})
    assert head.train_head(settings, [tmp_path], eye, tmp_path / "out", name="small").validation_command == 0.5


@pytest.mark.usefixtures("made_up")
def test_any_model_can_be_the_head(eye: Path, tmp_path: Path) -> None:
    head.train_head(
        HeadSettings(**{**vars(SETTINGS), "steps": 2}), [tmp_path], eye, tmp_path / "gru", model="gru"
    )
    policy = load_policy(tmp_path / "gru")
    assert policy.config.model == "gru" and policy.name.startswith("gru_")


def test_what_is_random_in_training_is_not_in_the_validation(eye: Path, tmp_path: Path) -> None:
    network = load_policy(eye).network
    learner = HeadLearner(network)
    network.head = torch.nn.Sequential()  # only its mode matters here
    seen = []
    learner.register_forward_pre_hook(lambda module, batch: seen.append(module.training))
    learner.forward = lambda batch: {"command": torch.zeros(())}
    cache = small_cache()
    _, check = see(cache, network, SETTINGS, name_of(cache, network, eye, SETTINGS), tmp_path)
    validation_loss(learner.train(), check)
    assert seen and not any(seen)


def test_an_eye_and_a_start_exclude_each_other(eye: Path, tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["train", str(tmp_path), "--eye", str(eye), "--start-from", str(eye)])
    assert answer.exit_code != 0 and "use one" in str(answer.exception)


def test_noise_blurs_the_scene_and_leaves_the_gaze() -> None:
    features = torch.zeros(40, 5, 20)
    zeros = torch.zeros(40, 5)
    learn = Sequences(features, zeros, torch.zeros(40, 5, 4), zeros > 1, zeros < 1, zeros)
    noisy, again, later = (batch_of(learn, 20, 3, step, scene_noise=0.5).features for step in (0, 0, 1))
    scene, gaze = noisy.split([20 - GAZE_FEATURES, GAZE_FEATURES], dim=2)
    assert not gaze.any() and 0.4 < scene.std() < 0.6
    assert torch.equal(scene, scene[:, :1].expand_as(scene)), "the same through a sequence"
    assert torch.equal(noisy, again) and not torch.equal(noisy, later)
    assert not batch_of(learn, 20, 3, 0).features.any()


def test_a_head_learns_and_the_gain_of_its_motors_does_not(eye: Path) -> None:
    network, _ = load_network(eye)
    learns = {name for name, value in HeadLearner(network).network.named_parameters() if value.requires_grad}
    assert "motor_bias" in learns and any(name.startswith("head.") for name in learns)
    assert not any(name.startswith(("encoder.", "log_distance.", "motor_gain")) for name in learns)


def _half_seen() -> Sequences:
    """Return 40 sequences of 9 s: the first 20 see a target always, right or left in turn, the others never."""
    steps, tenth = torch.zeros(40, 90), torch.full((40, 90), 0.1)
    seen = torch.arange(40)[:, None].expand(40, 90) < 20
    place = torch.where(torch.arange(40) % 2 == 0, 0.4, -0.4)  # of the gaze, to the right and to the left
    features = torch.zeros(40, 90, GAZE_FEATURES + 3)
    features[..., -GAZE_FEATURES] = torch.where(seen, place[:, None], 0.0)
    return Sequences(features, tenth, torch.ones(40, 90, 4), seen, steps < 1, steps + 1.0)


def test_what_vanishes_is_searched_for_where_it_was_and_then_to_the_left() -> None:
    learn = _half_seen()
    batch, again = (batch_of(learn, 40, 3, 0, vanish_share=0.5) for _ in range(2))
    assert torch.equal(batch.features, again.features) and torch.equal(batch.commands, again.commands)
    lasting, vanishing = batch.visible.all(dim=1), batch.visible[:, 0] & ~batch.visible[:, -1]
    assert (batch.visible[:, 0] == lasting | vanishing).all() and 4 < vanishing.sum() < 16
    assert (batch.weight[~vanishing] == 1.0).all() and (batch.commands[~vanishing] == 1.0).all()
    gone, first = ~batch.visible[vanishing], batch.visible[vanishing].sum(dim=1)
    commands, weight = batch.commands[vanishing], batch.weight[vanishing]
    side = batch.features[vanishing][:, 0, -GAZE_FEATURES]
    assert not batch.features[vanishing][gone].any(), "what others show, who never see it"
    assert not commands[..., :3][gone].any() and (commands[~gone] == 1.0).all()
    for row, start in enumerate(first.tolist()):
        turned = commands[row, start:, 3]
        towards, later = turned[: round(10 * SIDE_KNOWN_S) - 2], turned[round(10 * SIDE_KNOWN_S) + 1 :]
        assert ((towards > 0.0) == (side[row] < 0.0)).all() and (later > 0.0).all()
        assert (turned.abs() == SEARCH_RAD_S).all()
        assert not weight[row, start : start + 9].any() and (weight[row, start + 12 :] == LOST).all()


def test_what_vanishes_is_waited_for_first_with_patience_and_looked_for_past_what_hides_it() -> None:
    batch = batch_of(_half_seen(), 40, 3, 0, vanish_share=1.0, patience_s=3.0)
    gone = batch.visible[:, 0] & (batch.visible.sum(dim=1) < 40)
    for row in torch.nonzero(gone).flatten().tolist():
        start = int(batch.visible[row].sum())
        side = -torch.sign(batch.features[row, 0, -GAZE_FEATURES])
        waiting, searching = batch.commands[row, start : start + 28], batch.commands[row, start + 31 : start + 78]
        assert torch.allclose(waiting[:, 3], side * PATIENT_RAD_S)
        assert torch.allclose(searching[:, 3], side * SEARCH_RAD_S)
        assert (waiting[:, 0] == WAIT_M_S).all() and not searching[:, 0].any()
        assert torch.allclose(waiting[:, 1], side * ASIDE_M_S) and not searching[:, 1].any()
        assert not batch.commands[row, start:, 2].any() and (batch.weight[row, start:] == LOST).all()
    assert gone.sum() > 4


@pytest.mark.parametrize(("below", "up_m_s"), [(-0.8, CLIMB_M_S), (0.8, -CLIMB_M_S)])
def test_what_vanishes_at_the_top_or_bottom_is_backed_off_and_climbed_or_sunk_to(below: float, up_m_s: float) -> None:
    learn = _half_seen()
    learn.features[:20, :, -GAZE_FEATURES + 1] = below
    batch = batch_of(learn, 40, 3, 0, vanish_share=1.0, patience_s=3.0)
    gone = batch.visible[:, 0] & (batch.visible.sum(dim=1) < 40)
    for row in torch.nonzero(gone).flatten().tolist():
        start = int(batch.visible[row].sum())
        waiting, searching = batch.commands[row, start : start + 28], batch.commands[row, start + 31 :]
        assert (waiting[:, 0] == BACK_M_S).all() and (waiting[:, 2] == up_m_s).all()
        assert not searching[:, :3].any()
    assert gone.sum() > 4


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize("name", ["scene_noise", "vanish_share"])
def test_changed_gazes_behind_an_eye_without_a_gaze_are_refused(eye: Path, tmp_path: Path, name: str) -> None:
    settings = HeadSettings(**{name: 0.3})
    with pytest.raises(ConfigError, match="has no gaze"):
        head.train_head(settings, [tmp_path], eye, tmp_path / "out")


def test_what_a_head_did_while_the_target_was_unseen_or_far_away_is_kept(eye: Path) -> None:
    network, _ = load_network(eye)
    steps = torch.zeros(3, 6)
    seen = torch.tensor([[0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0]]).bool()
    features = torch.randn(3, 6, network.config.features, generator=torch.Generator().manual_seed(1))
    features[:, :, AREA - GAZE_FEATURES] = torch.tensor([[0.4], [0.4], [FAR_AREA - 0.1]])
    batch = Sequences(features, steps + 0.05, torch.full((3, 6, 4), 9.0), seen, steps > 0, steps + 2.0)
    after, (commands, _) = kept(batch, network, 0.5), network.decide(features, steps + 0.05)
    keep = torch.tensor([[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1]]).bool()
    assert torch.equal(after.commands[keep], commands[keep]) and (after.commands[~keep] == 9.0).all()
    assert (after.weight[keep] == 0.5).all() and (after.weight[~keep] == 2.0).all()
    assert torch.equal(after.use_command, keep)


@pytest.mark.usefixtures("made_up")
def test_a_head_that_keeps_what_it_did_learns_from_itself(
    eye: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(head, "kept", lambda batch, before, weight: asked.append((before, weight)) or batch)
    settings = HeadSettings(**{**vars(SETTINGS), "steps": 3, "own_head": True, "keep_weight": 0.5})
    monkeypatch.setattr(head, "require_gaze", lambda *of: None)
    head.train_head(settings, [tmp_path], eye, tmp_path / "out", name="small")
    before = load_policy(eye).network.state_dict()
    assert [weight for _, weight in asked] == [0.5] * 3
    assert all(torch.equal(before[key], value) for key, value in asked[-1][0].state_dict().items())
    with pytest.raises(ConfigError, match=r"keep_weight is 0\.5, but a fresh head has nothing to keep"):
        HeadSettings(keep_weight=0.5)


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"vanish_share is 1\.5"):
        HeadSettings(vanish_share=1.5)
    with pytest.raises(ConfigError, match=r"patience_s is -1"):
        HeadSettings(patience_s=-1.0)
    with pytest.raises(ConfigError, match=r"patience_s is 3\.0, but nothing vanishes"):
        HeadSettings(patience_s=3.0)
