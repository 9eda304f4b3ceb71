"""From flights to a policy, in small: collect, cache, augment, train, evaluate."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from liquid_nav import load_policy
from liquid_nav.data import read_episode
from liquid_nav.errors import ConfigError, EpisodeError
from liquid_nav.policy.runtime import PRETRAINED
from sim_worlds.seeds import split_of
from training.augment import apply_look, draw_look, plain_look
from training.cache import open_cache
from training.collect import collect
from training.engine import Engine
from training.expert_flight import OPEN_DENSITIES_PER_M2
from training.origin import options_of
from training.settings import CollectSettings, TrainSettings
from training.train import train

SHORT = CollectSettings(max_s=3.0, tail_s=0.5, seed=4)


@pytest.fixture(scope="module")
def episodes(tmp_path_factory) -> Path:
    """Three short flights."""
    folder = tmp_path_factory.mktemp("episodes")
    collect(SHORT, folder, 3, workers=1)
    return folder


def test_collected_episodes_come_from_training_forests(episodes: Path) -> None:
    manifest = json.loads((episodes / "manifest.json").read_text())
    assert manifest["worlds"] == ["forest"]
    assert {split_of(seed) for seed in manifest["seeds"]} == {"train"}
    files = sorted(episodes.glob("*.mcap"))
    assert len(files) == 3
    for file in files:
        episode = read_episode(file)
        assert episode.metadata.world == "forest"
        assert 20 <= len(episode.steps) <= 62
        assert np.diff([step.frame.stamp_s for step in episode.steps]) == pytest.approx(0.05, abs=0.005)


def test_clearings_are_forests_of_a_few_trees_and_are_remembered_as_such(tmp_path: Path) -> None:
    collect(CollectSettings(max_s=1.0, open_share=1.0, seed=4), tmp_path, 2, workers=1)
    for file in tmp_path.glob("*.mcap"):
        low, high = OPEN_DENSITIES_PER_M2
        assert low <= options_of(read_episode(file).metadata)["density_per_m2"] <= high


def test_a_headwind_changes_what_is_flown_and_not_the_label(tmp_path: Path) -> None:
    calm = CollectSettings(max_s=3.0, noise_share=0.0, near_share=0.0, blocked_share=0.0, seed=4)
    lost = {}
    for share in (0.0, 1.0):
        folder = tmp_path / str(share)
        collect(replace(calm, headwind_share=share), folder, 2, workers=1)
        steps = [step for file in folder.glob("*.mcap") for step in read_episode(file).steps]
        lost[share] = [step.expert.forward_m_s - step.command.forward_m_s for step in steps]
    assert max(map(abs, lost[0.0])) < 1e-6
    assert min(lost[1.0]) > -1e-6 and max(lost[1.0]) > 0.2


def test_collecting_again_keeps_what_is_there(episodes: Path) -> None:
    before = {file.name: file.stat().st_mtime_ns for file in episodes.glob("*.mcap")}
    assert collect(SHORT, episodes, 3, workers=1)["flown"] == 0
    assert before == {file.name: file.stat().st_mtime_ns for file in episodes.glob("*.mcap")}


def test_a_folder_grows_and_keeps_its_flights(tmp_path: Path) -> None:
    short = replace(SHORT, max_s=0.5)
    collect(short, tmp_path, 2, workers=1)
    before = sorted(file.name for file in tmp_path.glob("*.mcap"))
    assert collect(short, tmp_path, 4, workers=1)["flown"] == 2
    after = sorted(file.name for file in tmp_path.glob("*.mcap"))
    assert after[:2] == before and len(after) == 4
    assert collect(short, tmp_path, 1, workers=1) == {"episodes": 1, "flown": 0, "steps": 0, "collisions": 0}
    seeds = json.loads((tmp_path / "manifest.json").read_text())["seeds"]
    assert [int(name.split("_")[-1].removesuffix(".mcap")) for name in after] == seeds


def test_other_settings_need_another_folder(episodes: Path) -> None:
    with pytest.raises(ConfigError, match="other settings"):
        collect(CollectSettings(max_s=4.0, seed=4), episodes, 3, workers=1)


def test_another_pilot_needs_another_folder(episodes: Path, tmp_path: Path) -> None:
    for name in ("policy.json", "weights.safetensors"):
        (tmp_path / name).write_bytes((PRETRAINED / name).read_bytes())
    with pytest.raises(ConfigError, match=f"flown by the expert, not by {tmp_path.name}: choose another folder"):
        collect(SHORT, episodes, 3, workers=1, policy=tmp_path)


@pytest.mark.parametrize("damage", ["", "[]", '{"seeds": ['])
def test_a_damaged_manifest_is_refused_with_its_name(damage: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(damage)
    for use in (lambda: collect(SHORT, tmp_path, 1, workers=1), lambda: open_cache([tmp_path], tmp_path / "cache")):
        with pytest.raises(ConfigError, match=r"manifest\.json (is damaged|holds no manifest).*another folder"):
            use()
    assert (tmp_path / "manifest.json").read_text() == damage


def test_training_data_from_a_city_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="forests only"):
        CollectSettings(world="city")
    (tmp_path / "manifest.json").write_text('{"worlds": ["city"]}')
    with pytest.raises(ConfigError, match="forests only"):
        open_cache([tmp_path], tmp_path / "cache")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"worlds": ["forest"]}')
    with pytest.raises(EpisodeError, match="no episodes"):
        open_cache([tmp_path], tmp_path / "cache")


def test_the_cache_holds_what_the_episodes_hold(episodes: Path, tmp_path: Path) -> None:
    cache = open_cache([episodes], tmp_path)
    first = read_episode(sorted(episodes.glob("*.mcap"))[1])
    start = int(cache.starts[1])
    assert cache.starts[2] - cache.starts[1] == len(first.steps)
    step = first.steps[5]
    assert np.array_equal(cache.images[start + 5], step.frame.rgb)
    assert np.array_equal(cache.mask(start + 5), step.target_mask)
    assert np.allclose(cache.commands[start + 5], step.expert.as_array())


def test_augmentation_keeps_the_target_and_changes_the_rest() -> None:
    rng = np.random.default_rng(5)
    image = rng.integers(0, 255, (144, 256, 3)).astype(np.uint8)
    mask = np.zeros((144, 256), dtype=bool)
    mask[60:90, 100:120] = True
    same, _ = apply_look(plain_look(), image, mask, rng)
    assert np.array_equal(same, image)
    changed = 0
    for seed in range(12):
        look = draw_look(np.random.default_rng(seed), recolour=1.0, patches=4)
        bare = replace(plain_look(), matrix=look.matrix, shapes=look.shapes)
        result, _ = apply_look(bare, image, mask, rng)
        assert np.array_equal(result[mask], image[mask])
        changed += not np.array_equal(result[~mask], image[~mask])
    assert changed == 12


def test_some_surroundings_are_washed_out_as_snow_is_and_the_target_is_not() -> None:
    rng = np.random.default_rng(4)
    image, mask = rng.integers(0, 256, (144, 256, 3)).astype(np.uint8), np.zeros((144, 256), dtype=bool)
    mask[60:90, 100:130] = True
    washed = 0
    for _ in range(200):
        look = replace(plain_look(), matrix=draw_look(rng, 1.0, 0).matrix)
        changed, _ = apply_look(look, image, mask, rng)
        assert np.array_equal(changed[mask], image[mask])
        washed += changed[~mask].mean() > 110.0 and changed[~mask].std(axis=0).mean() < 30.0
    assert 10 <= washed <= 60


def test_some_images_are_as_dark_saturated_and_noisy_as_the_stress_suite() -> None:
    rng = np.random.default_rng(6)
    image = np.full((144, 256, 3), (150, 60, 50), dtype=np.uint8)
    mask = np.zeros((144, 256), dtype=bool)
    looks = [draw_look(rng, 0.0, 0) for _ in range(400)]
    alone = [replace(plain_look(), saturation=look.saturation, tables=look.tables, noise=look.noise) for look in looks]
    seen = [apply_look(look, image, mask, rng)[0].astype(float) for look in alone]
    assert 0.02 < np.mean([picture.mean() < 40.0 for picture in seen]) < 0.15
    assert 0.03 < np.mean([look.saturation > 2.0 for look in looks]) < 0.15
    noisy = [look.noise for look in looks if look.noise > 12.0]
    assert 0.03 < len(noisy) / len(looks) < 0.12
    assert max(noisy) > 45.0


def test_noise_beyond_the_usual_is_smoothed_as_in_flight() -> None:
    rng = np.random.default_rng(7)
    image, mask = np.full((144, 256, 3), 120, dtype=np.uint8), np.zeros((144, 256), dtype=bool)
    for noise in (8.0, 50.0):
        result, _ = apply_look(replace(plain_look(), noise=noise), image, mask, rng)
        assert 2.0 < result.astype(float).std() < 10.0


def test_mirroring_mirrors_image_and_mask() -> None:
    rng = np.random.default_rng(5)
    image = rng.integers(0, 255, (144, 256, 3)).astype(np.uint8)
    mask = np.zeros((144, 256), dtype=bool)
    mask[10:20, 5:30] = True
    look = plain_look()
    flipped, flipped_mask = apply_look(replace(look, flip=True), image, mask, rng)
    assert np.array_equal(flipped, image[:, ::-1]) and np.array_equal(flipped_mask, mask[:, ::-1])


def test_training_writes_a_policy_and_does_finished_stages_once(
    episodes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, stages = Engine._step, []
    monkeypatch.setattr(Engine, "_step", lambda self, *rest: stages.append(self.plan.name) or step(self, *rest))
    settings = TrainSettings(
        encoder_epochs=1, joint_epochs=1, encoder_batch=16, joint_batch=2, sequence_steps=8, threads=1
    )
    outcome = train(settings, [episodes], tmp_path / "policy", name="tiny")
    assert load_policy(outcome.policy).name == "tiny"
    assert np.isfinite(outcome.validation_command)
    assert set(stages) == {"encoder", "joint"}
    before = {file.name: file.read_bytes() for file in outcome.policy.iterdir() if file.is_file()}
    stages.clear()
    again = train(settings, [episodes], tmp_path / "policy", name="tiny")
    assert not stages, "finished stages are not run again"
    assert {file.name: file.read_bytes() for file in again.policy.iterdir() if file.is_file()} == before
