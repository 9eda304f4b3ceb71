"""What cannot be learned from is refused with the file, the reason and the cure."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from liquid_nav.data import EpisodeMetadata, EpisodeWriter
from liquid_nav.data.episode import Step
from liquid_nav.errors import ConfigError, EpisodeError
from liquid_nav.policy.runtime import PRETRAINED
from liquid_nav.types import CameraFrame, Odometry, VelocityCommand
from training.cache import HEIGHT, WIDTH, open_cache
from training.head import train_head
from training.settings import HeadSettings, TrainSettings
from training.train import split_episodes, train

COUNT = 24
META = EpisodeMetadata(world="forest", seed=1)


def _step(index: int, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Step:
    rgb = np.random.default_rng(index).integers(0, 255, (*size, 3)).astype(np.uint8)
    upright = np.array([0.0, 0.0, 0.0, 1.0])
    return Step(
        frame=CameraFrame(rgb, 0.05 * index),
        odometry=Odometry(0.05 * index, np.zeros(3), np.zeros(3), upright, np.zeros(3)),
        command=VelocityCommand(1.0),
        expert=VelocityCommand(1.0, 0.1, 0.0, 0.2),
        target_position_enu_m=np.array([5.0, 0.0, 1.0]),
        target_mask=np.zeros(size, dtype=bool),
        obstacle_ranges_m=np.full(32, 4.0, dtype=np.float32),
    )


def _folder(where: Path, steps: list[Step], metadata: EpisodeMetadata = META) -> Path:
    where.mkdir(exist_ok=True)
    (where / "manifest.json").write_text('{"worlds": ["forest"]}')
    with EpisodeWriter(where / "a.mcap", metadata) as writer:
        for step in steps:
            writer.write_step(
                step.frame,
                step.odometry,
                step.command,
                step.expert,
                step.target_position_enu_m,
                step.target_mask,
                step.obstacle_ranges_m,
            )
    return where


def _good() -> list[Step]:
    return [_step(index) for index in range(COUNT)]


def _replaced(index: int, **values: object) -> list[Step]:
    steps = _good()
    steps[index] = replace(steps[index], **values)
    return steps


NAN = float("nan")
SOMEWHERE = Odometry(0.2, np.array([0.0, NAN, 0.0]), np.zeros(3), np.array([0.0, 0.0, 0.0, 1.0]), np.zeros(3))
BROKEN = {
    "label": (_replaced(7, expert=VelocityCommand(NAN)), "the expert's command at step 7 is not a number"),
    "command": (_replaced(3, command=VelocityCommand(0.0, NAN)), "the flown command at step 3 is not a number"),
    "vehicle": (_replaced(4, odometry=SOMEWHERE), "the vehicle's position at step 4 is not a number"),
    "target": (_replaced(2, target_position_enu_m=np.array([NAN, 0.0, 0.0])), "the target's position at step 2"),
    "range": (_replaced(5, obstacle_ranges_m=np.full(32, NAN, dtype=np.float32)), "a free distance at step 5"),
    "mask": (_replaced(9, target_mask=None), r"no target masks \(step 9\)"),
    "ranges": (_replaced(9, obstacle_ranges_m=np.ones(7, dtype=np.float32)), r"no free distances \(step 9\)"),
    "size": ([_step(index, (48, 64)) for index in range(3)], "images of 64 x 48"),
    "nothing": ([], "holds no"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_damage_is_refused_with_file_reason_and_cure(what: str, tmp_path: Path) -> None:
    steps, reason = BROKEN[what]
    folder = _folder(tmp_path / "data", steps)
    with pytest.raises(EpisodeError, match=reason) as refusal:
        open_cache([folder], tmp_path / "cache")
    text = str(refusal.value)
    assert "a.mcap" in text and "\n" not in text
    assert any(cure in text for cure in ("collect it again", "remove", "is not an episode"))


def test_an_episode_that_was_cut_off_is_refused_and_an_unfinished_one_left_out(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "data", _good())
    whole = (folder / "a.mcap").read_bytes()
    (folder / "b.mcap.part").write_bytes(whole[: len(whole) // 2])
    assert open_cache([folder], tmp_path / "cache").steps == COUNT
    (folder / "c.mcap").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EpisodeError, match=r"c\.mcap is damaged .*repair"):
        open_cache([folder], tmp_path / "cache")


@pytest.mark.parametrize("name", ["images.u8", "masks.u8", "small.npz", "index.json"])
def test_a_cache_that_was_cut_off_is_made_again(name: str, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "data", _good())
    before = np.array(open_cache([folder], tmp_path / "cache").images)
    file = tmp_path / "cache" / name
    file.write_bytes(file.read_bytes()[:-9])
    assert np.array_equal(open_cache([folder], tmp_path / "cache").images, before)


def test_a_cache_whose_table_is_empty_is_made_again(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "data", _good())
    fingerprint = open_cache([folder], tmp_path / "cache").fingerprint
    (tmp_path / "cache" / "small.npz").write_bytes(b"")
    assert open_cache([folder], tmp_path / "cache").fingerprint == fingerprint


@pytest.mark.parametrize("what", ["image", "mask", "distance", "ranges"])
def test_episodes_that_differ_in_anything_that_is_learned_have_another_fingerprint(what: str, tmp_path: Path) -> None:
    step = _good()[5]
    rgb, mask = step.frame.rgb.copy(), np.zeros((HEIGHT, WIDTH), dtype=bool)
    rgb[:40], mask[3, 3] = 0, True
    changed = {
        "image": {"frame": CameraFrame(rgb, step.frame.stamp_s)},
        "mask": {"target_mask": mask},
        "distance": {"target_position_enu_m": np.array([6.0, 0.0, 1.0])},
        "ranges": {"obstacle_ranges_m": np.full(32, 2.0, dtype=np.float32)},
    }[what]
    one, other = _folder(tmp_path / "one", _good()), _folder(tmp_path / "other", _replaced(5, **changed))
    prints = {open_cache([folder], tmp_path / f"cache-{folder.name}").fingerprint for folder in (one, other)}
    assert len(prints) == 2


def test_weights_that_leave_nothing_to_learn_from_are_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "data", _good())
    for name in ("b.mcap", "c.mcap"):
        (folder / name).write_bytes((folder / "a.mcap").read_bytes())
    cache = open_cache([Path(f"{folder}=0.1")], tmp_path / "cache")
    with pytest.raises(ConfigError, match=r"2 episodes to learn from weigh 0\.2 together.*larger weights"):
        split_episodes(cache, TrainSettings())


def test_a_share_that_leaves_nothing_to_learn_from_is_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "data", _good())
    with pytest.raises(ConfigError, match="1 episodes are too few to train on"):
        split_episodes(open_cache([folder], tmp_path / "cache"), TrainSettings())
    (folder / "b.mcap").write_bytes((folder / "a.mcap").read_bytes())
    with pytest.raises(ConfigError, match=r"validation_share is 1\.0, which keeps all of 2 episodes back: use less"):
        split_episodes(open_cache([folder], tmp_path / "cache"), TrainSettings(validation_share=1.0))


@pytest.mark.parametrize(
    ("stage", "begin"),
    [
        ("joint", lambda folder, out: train(TrainSettings(device="cpu"), [folder], out)),
        ("head-0", lambda folder, out: train_head(HeadSettings(), [folder], PRETRAINED, out)),
    ],
)
def test_other_episodes_than_a_training_began_with_are_refused_before_they_are_decoded(
    stage: str, begin: Callable[[Path, Path], object], tmp_path: Path
) -> None:
    folder, work = _folder(tmp_path / "data", _good()), tmp_path / "out" / "work"
    open_cache([folder], work / "cache")
    (work / f"{stage}.safetensors").touch()
    before = {file.name: file.stat().st_mtime_ns for file in (work / "cache").iterdir()}
    (folder / "b.mcap").write_bytes((folder / "a.mcap").read_bytes())
    with pytest.raises(ConfigError, match="holds other episodes, which a training here has begun with"):
        begin(folder, tmp_path / "out")
    assert {file.name: file.stat().st_mtime_ns for file in (work / "cache").iterdir()} == before


def test_another_world_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "data", _good(), replace(META, world="city"))
    with pytest.raises(EpisodeError, match="forests only"):
        open_cache([folder], tmp_path / "cache")


def test_a_full_disk_is_told_and_left_as_it_was(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "flights", _good())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * HEIGHT * WIDTH * COUNT // 2, hard))
    try:
        with pytest.raises(EpisodeError, match=r"cannot be written .* free some space"):
            open_cache([folder], tmp_path / "cache")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((tmp_path / "cache").iterdir())
    assert open_cache([folder], tmp_path / "cache").steps == COUNT


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "flights", _good())
    (tmp_path / "out").write_text("mine")
    with pytest.raises(EpisodeError, match=r"out/work/cache cannot be written .*another folder with --out"):
        open_cache([folder], tmp_path / "out" / "work" / "cache")
    (folder / "b.mcap").symlink_to(tmp_path / "gone")
    with pytest.raises(EpisodeError, match=r"b\.mcap cannot be read .*copy it again or remove it"):
        open_cache([folder], tmp_path / "cache")
