"""Recordings without masks, as of real drones: their images teach commands and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from liquid_nav.data import EpisodeMetadata, EpisodeWriter, read_episode
from liquid_nav.errors import EpisodeError
from liquid_nav.perception.preprocess import noise_of, prepare
from liquid_nav.types import CameraFrame, Odometry, VelocityCommand
from tests.training.small_data import small_cache
from training.batches import Batch, BatchMaker
from training.cache import HEIGHT, WIDTH, open_cache
from training.losses import policy_loss
from training.settings import TrainSettings
from training.train import split_episodes, train

UPRIGHT = np.array([0.0, 0.0, 0.0, 1.0])


def _episode(
    path: Path, steps: int = 40, *, pause_at: int = 0, labelled: bool = True, noise: float = 60.0, **metadata: object
) -> Path:
    """Write a flight of which nobody knows where the target was; its images are grey and ``noise`` grey values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(steps)
    with EpisodeWriter(path, EpisodeMetadata(**{"world": "meadow", "seed": -1, **metadata})) as writer:
        for index in range(steps):
            stamp_s = 0.05 * index + (3.0 if pause_at and index >= pause_at else 0.0)
            rgb = np.clip(rng.normal(120.0, noise, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)
            frame = CameraFrame(rgb, stamp_s)
            odometry = Odometry(stamp_s, np.zeros(3), np.zeros(3), UPRIGHT, np.zeros(3))
            writer.write_step(frame, odometry, VelocityCommand(1.0), VelocityCommand(0.5) if labelled else None, None)
    return path


def _batch(has_mask: np.ndarray, *, augment: bool = False) -> Batch:
    cache = small_cache(4, 12)
    maker = BatchMaker(replace(cache, has_mask=has_mask), TrainSettings(), np.arange(4), augment=augment)
    return maker.sequences(np.random.default_rng(0), np.array([0, 12, 24]), 8)


def _losses(batch: Batch, commands: float, everything_else: float) -> dict[str, float]:
    size = batch.visible.shape
    answers = (
        torch.full((*size, 4), commands),
        torch.full(batch.heat.shape, everything_else) * torch.linspace(-1.0, 1.0, batch.heat.shape[-1]),
        torch.full(size, everything_else),
        torch.full(batch.nearness.shape, everything_else),
        torch.full(batch.heat.shape, everything_else),
    )
    return {name: float(value) for name, value in policy_loss(*answers, batch, only_visible=True)._asdict().items()}


def test_without_masks_only_the_command_is_learned_and_in_full() -> None:
    batch = _batch(np.zeros(48, dtype=bool))
    assert batch.visible.all() and not batch.has_mask.any() and torch.isfinite(batch.log_distance).all()
    losses = _losses(batch, 0.0, 3.0)
    assert losses["heat"] == losses["distance"] == losses["nearness"] == losses["fill"] == 0.0
    assert losses["total"] == losses["command"] == _losses(batch, 0.0, -3.0)["total"]
    assert _losses(batch, -1.0, 3.0)["total"] > losses["total"] > 0.0


def test_images_with_masks_teach_the_same_beside_images_without() -> None:
    mixed = np.ones(48, dtype=bool)
    mixed[24:] = False
    alone, beside = _batch(np.ones(48, dtype=bool)), _batch(mixed)
    first_two = Batch(**{name: getattr(alone, name)[:2] for name in alone.__dataclass_fields__})
    expected, found = _losses(first_two, 0.0, 2.0), _losses(beside, 0.0, 2.0)
    for name in ("heat", "distance", "nearness", "fill"):
        assert found[name] == pytest.approx(expected[name], rel=1e-5)


def test_a_backpack_that_nobody_marked_is_neither_recoloured_nor_covered() -> None:
    settings = TrainSettings(recolour=1.0, patches=6, replace_background=1.0)
    cache = small_cache(4, 12)
    cache = replace(cache, images=np.full_like(cache.images, (40, 160, 80)), has_mask=np.zeros(48, dtype=bool))
    maker = BatchMaker(cache, settings, np.arange(4), augment=True)
    for seed in range(12):
        batch = maker.images(np.random.default_rng(seed), np.array([5]))
        assert batch.use_command.all()
        mean = batch.images[0, 0].float().mean(dim=(0, 1))
        assert mean[1] > mean[2] > mean[0], "brightness may change, the order of its colours does not"
        assert float(batch.images[0, 0].float().std(dim=(0, 1)).max()) < 12.0, "nothing lies over it but noise"


def test_a_folder_of_a_real_drone_trains_without_masks_or_manifest(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        _episode(tmp_path / "meadow" / f"{name}.mcap")
    settings = TrainSettings(
        encoder_epochs=1, joint_epochs=1, encoder_batch=16, joint_batch=2, sequence_steps=8, threads=1
    )
    outcome = train(settings, [tmp_path / "meadow"], tmp_path / "policy", name="tiny")
    assert np.isfinite(outcome.validation_command)


def test_flights_are_cut_where_their_images_pause(tmp_path: Path) -> None:
    _episode(tmp_path / "m" / "a.mcap", 30, pause_at=12)
    _episode(tmp_path / "m" / "b.mcap", 20)
    cache = open_cache([Path(f"{tmp_path / 'm'}=2")], tmp_path / "cache")
    assert cache.starts.tolist() == [0, 12, 30, 50] and cache.weights.tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(("noise", "smoothed"), [(6.0, False), (40.0, True)])
def test_images_are_learned_from_as_they_are_flown_with(tmp_path: Path, noise: float, smoothed: bool) -> None:
    steps = read_episode(_episode(tmp_path / "m" / "a.mcap", 3, noise=noise)).steps
    for step, image in zip(steps, open_cache([tmp_path / "m"], tmp_path / "cache").images, strict=True):
        assert np.array_equal(image, prepare(step.frame.rgb, WIDTH, HEIGHT))
        assert np.array_equal(image, step.frame.rgb) is not smoothed
        assert (noise_of(image) < 0.5 * noise_of(step.frame.rgb)) is smoothed


def test_flights_of_one_recording_lie_on_one_side(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        _episode(tmp_path / "m" / f"{name}.mcap", 6, pause_at=0 if name == "b" else 3)
    cache = open_cache([tmp_path / "m"], tmp_path / "cache")
    assert cache.files.tolist() == [0, 0, 1, 2, 2, 3, 3]
    for seed in range(6):
        learn, check = split_episodes(cache, TrainSettings(validation_share=0.5, seed=seed))
        flights = [np.searchsorted(cache.starts, part.steps, side="right") - 1 for part in (learn, check)]
        learned, checked = (set(cache.files[each]) for each in flights)
        assert len(learned) == len(checked) == 2 and not learned & checked
    assert replace(cache, files=np.array([0, 1, 1, 2, 2, 3, 3])).fingerprint != cache.fingerprint


def test_of_a_single_recording_some_flights_are_kept_back(tmp_path: Path) -> None:
    _episode(tmp_path / "m" / "a.mcap", 6, pause_at=3)
    learn, check = split_episodes(open_cache([tmp_path / "m"], tmp_path / "cache"), TrainSettings())
    assert sorted([learn.steps.tolist(), check.steps.tolist()]) == [[0, 1, 2], [3, 4, 5]]


def test_episodes_of_one_flight_each_are_split_as_ever() -> None:
    cache, order = small_cache(8, 12), np.random.default_rng([3, 5]).permutation(8)
    learn, check = split_episodes(cache, TrainSettings(validation_share=0.25, seed=3))
    for part, flights in ((learn, order[2:]), (check, order[:2])):
        assert part.steps[::12].tolist() == (12 * np.sort(flights)).tolist()


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"world": "city", "seed": 3}, "forests only"),
        ({"world": "forest", "seed": 2_000_001}, "kept for test"),
        ({"labelled": False}, "nothing can be learned"),
    ],
)
def test_what_must_not_or_cannot_teach_is_refused(tmp_path: Path, metadata: dict, reason: str) -> None:
    _episode(tmp_path / "m" / "a.mcap", 10, **metadata)
    with pytest.raises(EpisodeError, match=reason):
        open_cache([tmp_path / "m"], tmp_path / "cache")
