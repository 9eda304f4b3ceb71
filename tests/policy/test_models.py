"""Every model keeps the same promises: steps equal sequences, time matters, it learns, is saved, loaded, exported."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from liquid_nav import load_policy
from liquid_nav.errors import ConfigError, PolicyError
from liquid_nav.policy.checkpoint import save_policy
from liquid_nav.policy.config import LIQUID_MODELS, NCP_MODELS, RIVAL_MODELS, PolicyConfig
from liquid_nav.policy.heads import MODELS, make_head
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.policy.onnx_export import export_onnx
from liquid_nav.policy.runtime import PRETRAINED, Policy

NAMES = sorted(MODELS)
SMALL = PolicyConfig(image_width_px=64, image_height_px=48, features=12, units=8, window=5)
BATCH, STEPS = 3, 12


def _config(name: str) -> PolicyConfig:
    return replace(SMALL, model=name)


def _sequence(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(BATCH, STEPS, SMALL.features), torch.rand(BATCH, STEPS) * 2.0 + 0.2


def test_the_names_in_settings_are_those_of_the_heads() -> None:
    assert set(MODELS) == {*LIQUID_MODELS, *RIVAL_MODELS}
    assert {name for name, model in MODELS.items() if model.liquid} == set(LIQUID_MODELS)
    assert set(NCP_MODELS) < set(LIQUID_MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_steps_one_by_one_and_parts_equal_the_whole_sequence(name: str) -> None:
    features, elapsed = _sequence()
    head = make_head(_config(name)).eval()
    with torch.no_grad():
        whole, end = head(features, elapsed)
        for cuts in (range(1, STEPS), (7,)):  # longer than every window and shorter
            state, parts, first = None, [], 0
            for last in (*cuts, STEPS):
                part, state = head(features[:, first:last], elapsed[:, first:last], state)
                parts.append(part)
                first = last
            assert torch.allclose(torch.cat(parts, dim=1), whole, atol=1e-5)
            assert torch.allclose(state, end, atol=1e-5)
    assert whole.shape == (BATCH, STEPS, 4) and end.shape == (BATCH, head.state_size)


@pytest.mark.parametrize("name", NAMES)
def test_answers_do_not_depend_on_later_images(name: str) -> None:
    features, elapsed = _sequence()
    head = make_head(_config(name)).eval()
    changed = features.clone()
    changed[:, 8:] += 1.0
    with torch.no_grad():
        before, after = head(features, elapsed)[0], head(changed, elapsed)[0]
    assert torch.allclose(before[:, :8], after[:, :8], atol=1e-6)
    assert not torch.allclose(before[:, 8:], after[:, 8:], atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_each_sample_has_its_own_elapsed_time_and_it_matters(name: str) -> None:
    features, elapsed = _sequence()
    features = features[:1].expand(BATCH, -1, -1)
    head = make_head(_config(name)).eval()
    with torch.no_grad():
        together = head(features, elapsed)[0]
        alone = torch.cat([head(features[k : k + 1], elapsed[k : k + 1])[0] for k in range(BATCH)])
    assert torch.allclose(together, alone, atol=1e-5)
    assert (together[0] - together[1]).abs().max() > 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_the_past_matters(name: str) -> None:
    features, elapsed = _sequence()
    changed = features.clone()
    changed[:, -3] += 1.0
    head = make_head(_config(name)).eval()
    with torch.no_grad():
        assert not torch.allclose(head(features, elapsed)[0][:, -1], head(changed, elapsed)[0][:, -1], atol=1e-5)


@pytest.mark.parametrize("name", ["tcn", "frame-stack", "transformer"])
def test_a_bounded_memory_forgets_what_left_its_window(name: str) -> None:
    features, elapsed = _sequence()
    changed = features.clone()
    changed[:, 0] += 5.0
    head = make_head(_config(name)).eval()
    with torch.no_grad():
        difference = (head(features, elapsed)[0] - head(changed, elapsed)[0]).abs().amax(dim=(0, 2))
    reach = {"tcn": 7, "frame-stack": 5, "transformer": 2 * 4 + 1}[name]  # two blocks look back 4 images each
    assert difference[0] > 1e-4
    assert difference[reach:].max() < 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter_and_the_first_image_seen(name: str) -> None:
    features, elapsed = _sequence()
    features.requires_grad_()
    head = make_head(_config(name))
    head(features, elapsed)[0].square().sum().backward()
    silent = [key for key, value in head.named_parameters() if value.numel() and not value.grad.any()]
    assert silent == []
    assert features.grad[:, 0].any()


@pytest.mark.parametrize("name", NAMES)
def test_a_repeated_frame_without_time_stays_finite(name: str) -> None:
    features, elapsed = _sequence()
    outputs, state = make_head(_config(name))(features, torch.zeros_like(elapsed))
    assert torch.isfinite(outputs).all() and torch.isfinite(state).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_few_steps_of_learning_lower_the_loss(name: str) -> None:
    torch.manual_seed(4)
    features, elapsed = _sequence()
    wanted = torch.tanh(torch.cumsum(features, dim=1)[:, :, :4] * 0.3)
    head = make_head(_config(name))
    optimiser = torch.optim.Adam(head.parameters(), lr=0.02)
    losses = []
    for _ in range(40):
        loss = (head(features, elapsed)[0] - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_policy_flies_the_same(name: str, tmp_path: Path) -> None:
    torch.manual_seed(5)
    network = LiquidPolicyNetwork(_config(name)).eval()
    save_policy(network, tmp_path, name=name, training={}, card="# x\n")
    one, other = Policy(network, name), load_policy(tmp_path)
    assert other.config == network.config
    rgb = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    states = [None, None]
    for elapsed_s in (0.05, 0.12, 0.03):
        commands = []
        for index, policy in enumerate((one, other)):
            command, states[index] = policy.step(rgb, elapsed_s, states[index])
            commands.append(command)
        assert commands[0] == commands[1]
    assert states[0].neurons.shape == (network.head.state_size,)


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_exported_as_onnx(name: str, tmp_path: Path) -> None:
    torch.manual_seed(6)
    policy = Policy(LiquidPolicyNetwork(_config(name)).eval(), name)
    assert export_onnx(policy, tmp_path / "policy.onnx") < 1e-4


OUTPUTS = {"command": 0, "new_state": 1, "attention": 2}


def _answering(output: str, change: float) -> type:
    """Return a session of ONNX Runtime one of whose outputs is off by so much."""

    class Session(onnxruntime.InferenceSession):
        def run(self, *args: Any, **kwargs: Any) -> list[np.ndarray]:
            answers = super().run(*args, **kwargs)
            answers[OUTPUTS[output]] = answers[OUTPUTS[output]] + np.float32(change)
            return answers

    return Session


@pytest.mark.parametrize("change", [0.01, float("nan")])
@pytest.mark.parametrize("output", list(OUTPUTS))
def test_an_export_that_answers_otherwise_is_refused_and_leaves_nothing(
    output: str, change: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = Policy(LiquidPolicyNetwork(_config("gru")).eval(), "gru")
    monkeypatch.setattr(onnxruntime, "InferenceSession", _answering(output, change))
    with pytest.raises(PolicyError, match="differs by"):
        export_onnx(policy, tmp_path / "policy.onnx")
    assert not list(tmp_path.iterdir())


def test_an_export_that_breaks_half_way_leaves_nothing_and_what_was_there_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(step: object, example: object, path: str, **options: object) -> None:
        Path(path).write_bytes(b"half a file")
        raise RuntimeError("no such operator")

    (tmp_path / "policy.onnx").write_bytes(b"older")
    monkeypatch.setattr(torch.onnx, "export", break_off)
    with pytest.raises(RuntimeError, match="no such operator"):
        export_onnx(Policy(LiquidPolicyNetwork(SMALL).eval(), "small"), tmp_path / "policy.onnx")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"older"]


def test_an_export_to_a_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PolicyError, match="choose a folder"):
        export_onnx(Policy(LiquidPolicyNetwork(SMALL).eval(), "small"), tmp_path / "file" / "policy.onnx")


def test_a_state_of_another_model_is_refused() -> None:
    features, elapsed = _sequence()
    _, state = make_head(_config("gru"))(features, elapsed)
    with pytest.raises(ConfigError, match="as the same policy returned it"):
        make_head(_config("lstm"))(features, elapsed, state)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"model": "mamba"}, "mamba"),
        ({"window": 1}, "window"),
        ({"units": 0}, "units"),
        ({"model": "transformer", "units": 10}, "multiple of 4"),
    ],
)
def test_impossible_settings_are_refused(changes: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        replace(SMALL, **changes)


def test_files_of_earlier_versions_still_load(tmp_path: Path) -> None:
    description = json.loads((PRETRAINED / "policy.json").read_text())
    assert description["config"].pop("model") == "ncp-cfc"
    description["config"]["cell"] = "cfc"
    shutil.copy(PRETRAINED / "weights.safetensors", tmp_path)
    (tmp_path / "policy.json").write_text(json.dumps(description))
    assert load_policy(tmp_path).config == load_policy().config
    assert PolicyConfig.from_dict({"cell": "ltc"}).model == "ncp-ltc"
    with pytest.raises(ConfigError, match="cell is 'rnn'"):
        PolicyConfig.from_dict({"cell": "rnn"})
