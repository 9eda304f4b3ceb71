"""Recordings get masks and free distances from the world that grows again; labels and states stay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from liquid_nav.data import Episode, EpisodeWriter, read_episode
from liquid_nav.errors import EpisodeError
from sim_worlds.scene import Renderer
from training.cache import open_cache
from training.collect import MANIFEST, read_manifest
from training.masks import add_masks
from training.teleop_flight import TeleopFlight, fly_teleop

SEED = 5000


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory, renderer: Renderer) -> Path:
    """Two seconds of a session in autumn, with everything the simulator knows."""
    path = tmp_path_factory.mktemp("flown") / "a.mcap"
    fly_teleop(TeleopFlight(SEED, 0, path, season="autumn", session_s=2.0), renderer)
    return path


def _bare(episode: Episode, path: Path, **metadata: object) -> Path:
    """Write an episode as a cockpit would have recorded it: without masks and free distances."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with EpisodeWriter(path, replace(episode.metadata, **metadata)) as writer:
        for step in episode.steps:
            writer.write(replace(step, target_mask=None, obstacle_ranges_m=None))
    return path.parent


def test_masks_and_distances_are_those_the_simulator_knew(flown: Path, tmp_path: Path) -> None:
    episode = read_episode(flown)
    counts = add_masks(_bare(episode, tmp_path / "bare" / "a.mcap"), tmp_path / "masked")
    again = read_episode(tmp_path / "masked" / "a.mcap")
    assert counts == {"episodes": 1, "steps": len(episode.steps), "labelled": sum(s.labelled for s in episode.steps)}
    assert any(step.target_mask.any() for step in episode.steps)
    for before, after in zip(episode.steps, again.steps, strict=True):
        assert np.array_equal(before.target_mask, after.target_mask)
        assert np.allclose(before.obstacle_ranges_m, after.obstacle_ranges_m, atol=1e-4)
        assert (after.labelled, after.expert, after.source) == (before.labelled, before.expert, before.source)


def test_what_was_masked_is_training_data_with_masks(flown: Path, tmp_path: Path) -> None:
    add_masks(_bare(read_episode(flown), tmp_path / "bare" / "a.mcap"), tmp_path / "masked")
    assert read_manifest(tmp_path / "masked")["seeds"] == [SEED]
    assert open_cache([tmp_path / "masked"], tmp_path / "cache").has_mask.all()
    assert not open_cache([tmp_path / "bare"], tmp_path / "other").has_mask.any()


def test_a_recording_that_began_before_it_heard_of_the_target_can_be_trained_on(flown: Path, tmp_path: Path) -> None:
    episode = read_episode(flown)
    for step in episode.steps[:3]:
        step.target_position_enu_m[:] = np.nan
    add_masks(_bare(episode, tmp_path / "bare" / "a.mcap"), tmp_path / "masked")
    known = [step.target_position_enu_m for step in read_episode(tmp_path / "masked" / "a.mcap").steps]
    assert np.allclose(known, episode.steps[-1].target_position_enu_m, atol=1e-3)
    assert np.isfinite(open_cache([tmp_path / "masked"], tmp_path / "cache").distances_m).all()


def test_finished_episodes_are_kept(flown: Path, tmp_path: Path) -> None:
    bare = _bare(read_episode(flown), tmp_path / "bare" / "a.mcap")
    first = add_masks(bare, tmp_path / "masked")
    made_ns = (tmp_path / "masked" / "a.mcap").stat().st_mtime_ns
    assert add_masks(bare, tmp_path / "masked") == first
    assert (tmp_path / "masked" / "a.mcap").stat().st_mtime_ns == made_ns


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"season": "winter"}, "its images differ"),
        ({"seed": SEED + 1}, "its images differ"),
        ({"seed": 1_000_001}, "kept for validation"),
        ({"world": "city"}, "forests only"),
        ({"world": "meadow", "seed": -1}, "no simulated world"),
    ],
)
def test_another_world_than_that_of_the_images_is_refused(
    flown: Path, tmp_path: Path, metadata: dict[str, object], reason: str
) -> None:
    bare = _bare(read_episode(flown), tmp_path / "bare" / "a.mcap", **metadata)
    with pytest.raises(EpisodeError, match=reason):
        add_masks(bare, tmp_path / "masked")
    assert not list((tmp_path / "masked").glob("*.mcap")) and not (tmp_path / "masked" / MANIFEST).exists()


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(EpisodeError, match="make cockpit"):
        add_masks(tmp_path, tmp_path / "masked")
