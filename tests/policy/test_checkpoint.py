"""Policy folders: written whole, read back exactly, refused with a cure when broken."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from liquid_nav import load_policy
from liquid_nav.errors import ConfigError, PolicyError
from liquid_nav.policy.checkpoint import load_network, save_policy
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.policy.runtime import Policy

SMALL = PolicyConfig(image_width_px=64, image_height_px=48)
NAN = float("nan")
RGB = np.random.default_rng(0).integers(0, 255, (144, 256, 3)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small policy on disk."""
    torch.manual_seed(3)
    network = LiquidPolicyNetwork(SMALL)
    save_policy(network, tmp_path / "policy", name="small", training={}, card="# small\n")
    return tmp_path / "policy"


def test_a_policy_read_back_answers_the_same(folder: Path) -> None:
    torch.manual_seed(3)
    network = LiquidPolicyNetwork(SMALL).eval()
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
    _change(folder, lambda description: description["config"].update(features=40))
    with pytest.raises(PolicyError, match="does not fit"):
        load_policy(folder)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"format": "other"}', b"\xff\xfe", b"[" * 100_000])
def test_a_foreign_description_is_refused(folder: Path, text: bytes) -> None:
    (folder / "policy.json").write_bytes(text)
    with pytest.raises(PolicyError, match=r"policy\.json"):
        load_policy(folder)


def _change(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "policy.json"
    description = json.loads(path.read_text())
    change(description)
    path.write_text(json.dumps(description))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("features", 48.0, "features is 48.0: use 1 to 1024, a whole number"),
        ("inter_neurons", 9.0, "inter_neurons is 9.0: use 1 to 1024, a whole number"),
        ("keypoints", True, "keypoints is True: use 1 to 1024"),
        ("units", None, "units is None: use 1 to 1024"),
        ("image_width_px", 72, "image_width_px is 72: use a multiple of 16 from 32 to 1024"),
        ("image_width_px", 1e99, "image_width_px is 1e\\+99: use 32 to 1024"),
        ("encoder_channels", 16, "encoder_channels are 16: use a list of 3, each 1 to 1024"),
        ("encoder_channels", [16, 32], "encoder_channels are .16, 32.: use a list of 3, each 1 to 1024"),
        ("wiring_seed", -1, "wiring_seed is -1: use 0 to 4294967295"),
        ("model", ["cfc"], "model is .'cfc'.: use 'ncp-cfc', .* or 'transformer'"),
        ("cfc_mode", "gated", "cfc_mode is 'gated': use 'default', 'pure' or 'no_gate'"),
        ("cell", [], "cell is ..: use 'cfc' or 'ltc'"),
        ("nominal_hz", "20", "nominal_hz is '20': use 0.1 to 1000, a number"),
        ("nominal_hz", NAN, "nominal_hz is nan: use 0.1 to 1000"),
        ("nominal_hz", -20, "nominal_hz is -20: use 0.1 to 1000"),
        ("nominal_hz", 10**400, "nominal_hz is 1000.*: use 0.1 to 1000"),
        ("command_scale", [NAN, 1.5, 1.5, 1.5], "command_scale is .nan, 1.5, 1.5, 1.5.: use a list of 4, each"),
        ("command_scale", [2.5, 1.5, 0.0, 1.5], "command_scale is .2.5, 1.5, 0.0, 1.5.: use a list of 4"),
        ("horizontal_fov_rad", float("inf"), "horizontal_fov_rad is inf: use 0.01 to 6.3"),
    ],
)
def test_a_damaged_setting_is_refused_with_file_value_and_range(
    folder: Path, name: str, value: object, reason: str
) -> None:
    _change(folder, lambda description: description["config"].update({name: value}))
    with pytest.raises(PolicyError, match=rf"policy\.json: {reason}"):
        load_policy(folder)


@pytest.mark.parametrize("config", ["abc", 5, None, [["features", 48]]])
def test_a_configuration_that_is_none_is_refused(folder: Path, config: object) -> None:
    _change(folder, lambda description: description.update(config=config))
    with pytest.raises(PolicyError, match=r"policy\.json: config is .*: use names and values"):
        load_policy(folder)


def test_whole_numbers_may_stand_for_others(folder: Path) -> None:
    _change(folder, lambda description: description["config"].update(nominal_hz=25, command_scale=[2, 1, 1, 1]))
    config = load_policy(folder).config
    assert config == replace(SMALL, nominal_hz=25.0, command_scale=(2.0, 1.0, 1.0, 1.0))
    assert isinstance(config.nominal_hz, float)


@pytest.mark.parametrize("model", ["ncp-cfc", "mixed-cfc", "ncp-ltc"])
def test_weights_of_another_wiring_are_refused(tmp_path: Path, model: str) -> None:
    save_policy(LiquidPolicyNetwork(replace(SMALL, model=model)), tmp_path, name="wired", training={}, card="")
    assert load_policy(tmp_path).config.model == model
    _change(tmp_path, lambda description: description["config"].update(wiring_seed=7))
    with pytest.raises(PolicyError, match=r"policy\.json: wiring_seed 7 gives other synapses .* same policy"):
        load_policy(tmp_path)


def test_a_description_that_does_not_name_its_wiring_is_read_as_before(folder: Path) -> None:
    _change(folder, lambda description: description.pop("wiring"))
    assert load_policy(folder).config == SMALL


@pytest.mark.parametrize("value", [NAN, float("inf")])
def test_weights_that_are_no_numbers_are_not_saved(folder: Path, tmp_path: Path, value: float) -> None:
    network, _ = load_network(folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with torch.no_grad():
        network.motor_bias[2] = value
    for where in (folder, tmp_path / "new"):
        with pytest.raises(PolicyError, match="runaway has NaN or infinite weights and is not saved"):
            save_policy(network, where, name="runaway", training={}, card="")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert not (tmp_path / "new").exists()


def test_a_card_that_somebody_wrote_into_stays_and_an_untouched_draft_does_not(folder: Path) -> None:
    network, _ = load_network(folder)

    def saved(draft: str) -> str:
        save_policy(network, folder, name="small", training={}, card=draft)
        return (folder / "CARD.md").read_text()

    assert saved("# second\n") == "# second\n"
    (folder / "CARD.md").write_text("# second\n98% of 100 flights.\n")
    for draft in ("# second\n", "# third\n"):
        assert saved(draft) == "# second\n98% of 100 flights.\n"
    (folder / "policy.json").write_text("{")
    assert saved("# third\n") == "# second\n98% of 100 flights.\n"


def test_a_full_disk_is_told_and_the_policy_before_stays(folder: Path) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    network = LiquidPolicyNetwork(SMALL)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(ConfigError, match=r"weights\.safetensors cannot be written .*free some space"):
            save_policy(network, folder, name="small", training={}, card="")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_file_in_the_place_of_a_policy_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    for where in (tmp_path / "out", tmp_path / "out" / "policy"):
        with pytest.raises(ConfigError, match=r"cannot be written .*another folder with --out"):
            save_policy(LiquidPolicyNetwork(SMALL), where, name="small", training={}, card="")
    assert (tmp_path / "out").read_text() == "mine"


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
