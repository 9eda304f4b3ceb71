"""Settings are read as they stand; what cannot be trained with is refused with its name, its value and the range."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from liquid_nav.errors import ConfigError
from liquid_nav.policy.config import PolicyConfig
from training.settings import (
    CONFIGS,
    RARE_SHARES,
    BehindEyeSettings,
    CollectSettings,
    CompareSettings,
    HeadSettings,
    SweepSettings,
    TrainSettings,
    load_settings,
)

KINDS: dict[str, type] = {
    "collect": CollectSettings,
    "train": TrainSettings,
    "head": HeadSettings,
    "sweep": SweepSettings,
    "compare": CompareSettings,
    "policy": PolicyConfig,
}


def _file(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def _plain(value: Any) -> Any:
    """Return a value with lists for tuples."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("section", KINDS)
@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_settings_are_read_as_they_stand(path: Path, section: str) -> None:
    written = yaml.safe_load(path.read_text()).get(section, {})
    read = _plain(asdict(load_settings(path, section, KINDS[section])))
    assert read == _plain(asdict(KINDS[section]())) | written
    assert all(type(read[name]) is type(value) for name, value in written.items())


def test_every_section_that_is_shipped_is_known() -> None:
    for path in CONFIGS.glob("*.yaml"):
        assert set(yaml.safe_load(path.read_text())) <= set(KINDS)


@pytest.mark.parametrize("text", ["", "policy: {units: 8}", "train: {}"])
def test_what_a_file_does_not_say_keeps_its_default(tmp_path: Path, text: str) -> None:
    assert load_settings(_file(tmp_path, text), "train", TrainSettings) == TrainSettings()


@pytest.mark.parametrize("text", ["1e-3", "1.0e-3", "1E-3", "+1e-03", ".1e-2", "0.001", "10e-4"])
def test_numbers_may_have_an_exponent(tmp_path: Path, text: str) -> None:
    path = _file(tmp_path, f"train: {{learning_rate: {text}}}")
    assert load_settings(path, "train", TrainSettings).learning_rate == pytest.approx(0.001, rel=1e-12)


def test_a_whole_number_means_what_its_fraction_means(tmp_path: Path) -> None:
    one = load_settings(_file(tmp_path, "train: {recolour: 1}"), "train", TrainSettings)
    assert one.identity == TrainSettings(recolour=1.0).identity


@pytest.mark.parametrize(
    ("section", "text", "reason"),
    [
        ("train", "learning_rate: -1", "learning_rate is -1: use 1e-12 to 1, a number"),
        ("train", "learning_rate: '1e-3'", "learning_rate is '1e-3': use 1e-12 to 1, a number"),
        ("train", "learning_rate: .nan", "learning_rate is nan: use 1e-12 to 1"),
        ("train", "joint_learning_rate: 2024-05-06", r"joint_learning_rate is datetime.*: use 1e-12 to 1"),
        ("train", "patches: -3", "patches is -3: use 0 to 1000, a whole number"),
        ("train", "patches: true", "patches is True: use 0 to 1000, a whole number"),
        ("train", "validation_share: 1.7", "validation_share is 1.7: use 0 to 1, a number"),
        ("train", "validation_share:", "validation_share is None: use 0 to 1"),
        ("train", "encoder_epochs: 2.5", "encoder_epochs is 2.5: use 1 or more, a whole number"),
        ("train", "encoder_epochs: .inf", "encoder_epochs is inf: use 1 or more, a whole number"),
        ("train", "recolour: high", "recolour is 'high': use 0 to 1, a number"),
        ("train", "recolour: [0.5]", r"recolour is \[0.5\]: use 0 to 1, a number"),
        ("train", "passage_share: high", "passage_share is 'high': use a number"),
        ("train", "passage_share: .nan", "passage_share is nan: use a number"),
        ("train", "{passage_share: 0.6, search_share: 0.6}", "the shares are .*: use 0 or more, together at most 1"),
        ("train", "seed: abc", "seed is 'abc': use 0 to 4294967295, a whole number"),
        ("train", "seed: -1", "seed is -1: use 0 to 4294967295"),
        ("train", "strides: 2", "strides are 2: use a list of 1 or more, each 1 or more, a whole number"),
        ("train", "strides: [1, [2]]", r"strides are \[1, \[2\]\]: use a list"),
        ("train", "precision: fp16", "precision is 'fp16': use 'bf16' or 'fp32'"),
        ("train", "device: tpu", "device is 'tpu': use 'auto', 'cpu' or 'cuda'"),
        ("train", "threads: 0", "threads is 0: use 1 to 1024"),
        ("collect", "seasons: winter", "seasons are 'winter': use a list of 1 or more, each 'summer', 'autumn'"),
        ("collect", "seasons: [monsoon]", r"seasons are \['monsoon'\]: use a list"),
        ("collect", "seasons: []", r"seasons are \[\]: use a list of 1 or more"),
        ("collect", "world: 5", "world is 5: use a text"),
        ("collect", "camera_hz: 0", "camera_hz is 0: use 1 to 240, a number"),
        ("collect", "max_s: -5", "max_s is -5: use 0.1 to 3600, a number"),
        ("collect", "noise_share: 1.5", "noise_share is 1.5: use 0 to 1"),
        ("head", "steps: '100'", "steps is '100': use 1 or more, a whole number"),
        ("head", "own_head: 1", "own_head is 1: use true or false"),
        ("head", "own_head: 'yes'", "own_head is 'yes': use true or false"),
        ("head", "{sequence_steps: 1, vanish_share: 0.3}", "sequence_steps is 1: use 2 or more with vanish_share"),
        ("head", "sequence_steps: 0", "sequence_steps is 0: use 1 or more"),
        ("compare", "learning_rates: [0.001, 0.01, 0.1]", r"learning_rates are \[.*0.1\]: use a list of 2, each 1e-12"),
        ("compare", "learning_rates: 0.01", "learning_rates are 0.01: use a list of 2, each 1e-12 to 1, a number"),
        ("compare", "models: cfc", "models are 'cfc': use a list of 1 or more, each 'ncp-cfc'"),
        ("compare", "models: []", r"models are \[\]: use a list of 1 or more"),
        ("sweep", "space: [1, 2]", r"space is \[1, 2\]: use names, each with a list of 2, each a number"),
        ("sweep", "space: {scene_noise: 1}", "space of scene_noise is 1: use a list of 2, each a number"),
        ("sweep", "space: {vanish_share: [0.1, 1.5]}", "space of vanish_share is 1.5: use 0 to 1, a number"),
        ("sweep", "space: {1: [0.1, 0.5]}", "space has 1: use some of learning_rate"),
        ("sweep", "reduction: 1", "reduction is 1: use 2 or more, a whole number"),
        ("policy", "features: 48.5", "features is 48.5: use 1 to 1024, a whole number"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_name_value_and_range(
    tmp_path: Path, section: str, text: str, reason: str
) -> None:
    path = _file(tmp_path, f"{section}:\n  {text}\n")
    with pytest.raises(ConfigError, match=rf"config\.yaml, '{section}': {reason}") as refusal:
        load_settings(path, section, KINDS[section])
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"train:\n", "'train' is empty: give its settings, or leave it out"),
        (b"train: 5\n", "'train' is 5: give its settings"),
        (b"train: [recolour, 0.5]\n", r"'train' is \['recolour', 0.5\]: give its settings"),
        (b"- train\n- head\n", "holds list, not sections: see .*forest.yaml"),
        (b"0\n", "holds int, not sections"),
        (b"train: {recolour: 0.5\n", r"is not YAML \(.*\): correct it"),
        (b"train: {seed: 2024-13-45}\n", r"is not YAML \(.*month.*\): correct it"),
        ("train: {device: größer}".encode("latin-1"), r"is not YAML \(.*utf-8.*\): correct it"),
        (b"trian: {recolour: 0.5}\n5: {}\n", r"unknown sections \['5', 'trian'\]: known are \['collect', .*'train'\]"),
        (b"train: {epochs: 4, 5: 6}\n", r"unknown settings \['5', 'epochs'\] in 'train': known are"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"config\.yaml:? {reason}") as refusal:
        load_settings(path, "train", TrainSettings)
    assert "\n" not in str(refusal.value)


def test_rare_moments_may_take_all_sequences_however_their_shares_are_rounded() -> None:
    shares = (0.2, 0.4, 0.3, 0.1)
    assert sum(shares) > 1.0
    assert TrainSettings(**dict(zip(RARE_SHARES, shares, strict=True))).search_share == 0.1


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .*: give a YAML file"):
        load_settings(tmp_path, "train", TrainSettings)
    with pytest.raises(ConfigError, match=r"none\.yaml does not exist: shipped configurations are .*forest\.yaml"):
        load_settings(tmp_path / "none.yaml", "train", TrainSettings)


def test_single_images_are_sequences_where_nothing_vanishes() -> None:
    assert BehindEyeSettings(sequence_steps=1).changes["vanish_share"] == 0.0
