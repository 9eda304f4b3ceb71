"""Relabelling writes today's expert into old flights and leaves what was seen and flown alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from liquid_nav.data import EpisodeWriter, list_episodes, read_episode
from liquid_nav.errors import ConfigError, EpisodeError
from liquid_nav.types import VelocityCommand
from sim_worlds.render import make_renderer
from training.collect import collect
from training.expert_flight import Flight, fly_and_record
from training.relabel import relabel
from training.settings import CollectSettings

SETTINGS = CollectSettings(max_s=0.6, near_share=0.0, noise_share=0.0, decoy_share=1.0, barrier_share=1.0)


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One flight whose labels are wrong."""
    folder = tmp_path_factory.mktemp("flights")
    collect(SETTINGS, folder, 1, workers=1)
    (file,) = list_episodes(folder)
    episode = read_episode(file)
    file.unlink()
    with EpisodeWriter(file, episode.metadata) as writer:
        for step in episode.steps:
            writer.write(replace(step, expert=VelocityCommand(-1.0, 0.0, 0.0, 0.0)))
    return folder


def test_labels_are_those_the_expert_gave_when_it_flew_itself(flights: Path, tmp_path: Path) -> None:
    counts = relabel(flights, tmp_path / "new")
    (old,), (new,) = (list_episodes(folder) for folder in (flights, tmp_path / "new"))
    flight = Flight(read_episode(old).metadata.seed, 0, tmp_path / "again.mcap", None)
    fly_and_record(SETTINGS, flight, make_renderer("auto"))
    labels, wanted = (
        np.stack([step.expert.as_array() for step in read_episode(file).steps])
        for file in (new, tmp_path / "again.mcap")
    )
    assert counts == {"episodes": 1, "relabelled": 1, "steps": len(wanted), "changed": len(wanted)}
    assert labels == pytest.approx(wanted, abs=1e-6)


def test_images_and_flown_commands_stay(flights: Path, tmp_path: Path) -> None:
    relabel(flights, tmp_path)
    (old,), (new,) = (list_episodes(folder) for folder in (flights, tmp_path))
    for before, after in zip(read_episode(old).steps, read_episode(new).steps, strict=True):
        assert np.abs(before.frame.rgb.astype(int) - after.frame.rgb).mean() < 4.0  # compressed once more
        assert after.command == before.command
        assert np.array_equal(after.odometry.position_enu_m, before.odometry.position_enu_m)


def test_labels_that_are_those_of_today_are_not_counted_as_changed(flights: Path, tmp_path: Path) -> None:
    relabel(flights, tmp_path / "once")
    counts = relabel(tmp_path / "once", tmp_path / "twice")
    assert counts["steps"] > 0 and counts["changed"] == 0


def test_finished_episodes_are_kept(flights: Path, tmp_path: Path) -> None:
    relabel(flights, tmp_path)
    assert relabel(flights, tmp_path)["relabelled"] == 0


def test_a_world_that_grows_differently_today_is_refused(flights: Path, tmp_path: Path) -> None:
    (file,) = list_episodes(flights)
    episode = read_episode(file)
    source = tmp_path / "source"
    source.mkdir()
    (source / "manifest.json").write_text((flights / "manifest.json").read_text())
    with EpisodeWriter(source / file.name, episode.metadata) as writer:
        for step in episode.steps:
            writer.write(replace(step, target_position_enu_m=step.target_position_enu_m + 0.5))
    with pytest.raises(EpisodeError, match=r"hung at .* and hangs at .*collect it again"):
        relabel(source, tmp_path / "new")
    assert list_episodes(tmp_path / "new") == []


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"manifest\.json is missing"):
        relabel(tmp_path, tmp_path / "new")
