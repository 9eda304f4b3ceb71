"""Labelling flights anew: what today's expert would have flown at every moment of episodes that somebody flew.

Imitating a pilot or a policy's own flights needs the expert's answer where *they* went (DAgger; Ross et al., AISTATS
2011), and an expert that flies differently needs no new flights to teach what it does.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from liquid_nav.data import Episode, EpisodeWriter, list_episodes, read_episode
from liquid_nav.errors import EpisodeError
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.world import World, make_world
from training.collect import MANIFEST, read_manifest
from training.expert import Expert
from training.origin import options_of
from training.progress import progress_bar
from training.run_folder import write_json

SAME_PLACE_M = 0.01
SAME_COMMAND = 0.05  # m/s or rad/s


def relabel(source: Path, folder: Path) -> dict[str, int]:
    """Write the episodes of a folder into another one with the expert's labels of today; images are encoded anew.

    Args:
        source: folder that ``collect`` wrote.
        folder: for the new episodes; those that are there already are kept.

    Returns:
        Counts: ``episodes``, ``relabelled``, ``steps``, and of the steps those ``changed`` by more than
        :data:`SAME_COMMAND` in a component.

    Raises:
        ConfigError: when ``source`` has no manifest or holds other worlds than forests.
        EpisodeError: when an episode is damaged or its world grows differently today.
    """
    manifest = read_manifest(source)
    files = list_episodes(source)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / MANIFEST, {**manifest, "relabelled": source.name})
    missing = [file for file in files if not (folder / file.name).exists()]
    counts = {"episodes": len(files), "relabelled": 0, "steps": 0, "changed": 0}
    with progress_bar("relabelling", len(missing)) as advance:
        for file in missing:
            steps, changed = _relabel(file, folder / file.name)
            counts["steps"] += steps
            counts["changed"] += changed
            counts["relabelled"] += 1
            advance(1, f"{counts['steps']} steps")
    return counts


def _relabel(file: Path, path: Path) -> tuple[int, int]:
    """Write one episode; return its steps, and how many of them have another label now."""
    episode = read_episode(file)
    world, changed = _world_of(episode, file), 0
    try:
        expert = Expert(world)
        path.with_name(path.name + ".part").unlink(missing_ok=True)
        with EpisodeWriter(path, episode.metadata) as writer:
            for step in episode.steps:
                label = expert.command(step.odometry)
                moved = np.abs(label.as_array() - step.expert.as_array()).max() > SAME_COMMAND
                changed += moved or not step.labelled
                writer.write(replace(step, expert=label, labelled=True))
            return writer.steps, int(changed)
    finally:
        world.close()


def _world_of(episode: Episode, file: Path) -> World:
    """Grow the world of an episode again, without pictures."""
    metadata = episode.metadata
    world = make_world(metadata.world, metadata.seed, renderer=BlindRenderer(), **options_of(metadata))
    there = episode.steps[0].target_position_enu_m
    if not np.allclose(there, world.target.position_enu_m, atol=SAME_PLACE_M):
        place = world.target.position_enu_m.round(2).tolist()
        world.close()
        raise EpisodeError(
            f"{file}: the backpack hung at {there.round(2).tolist()} and hangs at {place} in today's "
            f"{metadata.world} {metadata.seed}: collect it again, version {metadata.software} grew other worlds"
        )
    return world
