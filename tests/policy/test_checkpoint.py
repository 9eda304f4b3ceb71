"""Policy folders: written whole, read back exactly, refused with a cure when broken."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from liquid_nav import load_policy
from liquid_nav.errors import ConfigError, PolicyError
from liquid_nav.policy.checkpoint import save_policy
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.policy.runtime import Policy

RGB = np.random.default_rng(0).integers(0, 255, (144, 256, 3)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small policy on disk."""
    torch.manual_seed(3)
    network = LiquidPolicyNetwork(PolicyConfig(image_width_px=64, image_height_px=48))
    save_policy(network, tmp_path / "policy", name="small", training={}, card="# small\n")
    return tmp_path / "policy"


def test_a_policy_read_back_answers_the_same(folder: Path) -> None:
    torch.manual_seed(3)
    network = LiquidPolicyNetwork(PolicyConfig(image_width_px=64, image_height_px=48)).eval()
    images = torch.rand(1, 3, 3, 48, 64)
    elapsed = torch.full((1, 3), 0.05)
    with torch.inference_mode():
        wanted = Policy(network, "never written").network(images, elapsed).commands
        found = load_policy(folder).network(images, elapsed).commands
    assert torch.equal(wanted, found)


@pytest.mark.parametrize("name", ["weights.safetensors", "policy.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(PolicyError, match=name):
        load_policy(folder)


@pytest.mark.parametrize("size", [0, 7, 3000])
def test_truncated_weights_are_refused(folder: Path, size: int) -> None:
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:size])
    with pytest.raises(PolicyError, match="truncated or foreign"):
        load_policy(folder)


def test_a_pickle_is_never_loaded(folder: Path) -> None:
    torch.save({"a": torch.zeros(1)}, folder / "weights.safetensors")
    with pytest.raises(PolicyError, match="foreign"):
        load_policy(folder)


def test_weights_of_another_architecture_are_refused(folder: Path) -> None:
    path = folder / "policy.json"
    description = json.loads(path.read_text())
    description["config"]["features"] = 40
    path.write_text(json.dumps(description))
    with pytest.raises(PolicyError, match="does not fit"):
        load_policy(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "other"}'])
def test_a_foreign_description_is_refused(folder: Path, text: str) -> None:
    (folder / "policy.json").write_text(text)
    with pytest.raises(PolicyError, match=r"policy\.json"):
        load_policy(folder)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="wings"):
        PolicyConfig.from_dict({"wings": 2})


@pytest.mark.parametrize("rgb", [RGB.astype(np.float32), RGB[..., 0], RGB[..., :2], RGB[:0]])
def test_images_of_a_wrong_kind_are_refused(folder: Path, rgb: np.ndarray) -> None:
    with pytest.raises(PolicyError, match="uint8 RGB"):
        load_policy(folder).step(rgb, 0.05)


@pytest.mark.parametrize("elapsed_s", [-0.1, float("nan"), float("inf")])
def test_times_that_cannot_be_are_refused(folder: Path, elapsed_s: float) -> None:
    with pytest.raises(PolicyError, match="elapsed_s"):
        load_policy(folder).step(RGB, elapsed_s)


def test_steps_one_by_one_equal_the_sequence(folder: Path) -> None:
    policy = load_policy(folder)
    images = torch.rand(1, 4, 3, 48, 64)
    elapsed = torch.tensor([[0.05, 0.05, 0.1, 0.02]])
    with torch.inference_mode():
        whole = policy.network(images, elapsed).commands
        state, parts = None, []
        for step in range(4):
            output = policy.network(images[:, step : step + 1], elapsed[:, step : step + 1], state)
            state = output.state
            parts.append(output.commands)
    assert torch.allclose(whole, torch.cat(parts, dim=1), atol=1e-5)


def test_elapsed_time_matters(folder: Path) -> None:
    policy = load_policy(folder)
    _, state = policy.step(RGB, 0.05)
    short, _ = policy.step(RGB, 0.01, state)
    long, _ = policy.step(RGB, 0.5, state)
    assert short != long


def test_any_image_size_is_taken(folder: Path) -> None:
    policy = load_policy(folder)
    for size in ((480, 640), (72, 128), (1080, 1920)):
        command, _ = policy.step(np.full((*size, 3), 90, dtype=np.uint8), 0.05)
        assert command.is_finite
