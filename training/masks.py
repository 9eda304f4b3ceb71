"""Giving recordings of the simulator what only the simulator knows: where the target and solids are in each image.

What flies for people records images, states and commands. The world of such a recording is grown again and drawn from
the recorded states; whether it is the right one, the images tell.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liquid_nav import __version__
from liquid_nav.data import EpisodeFile, EpisodeMetadata, EpisodeWriter, Step, list_episodes, open_episode
from liquid_nav.data.align import AlignOptions
from liquid_nav.data.recording import PART_SUFFIX
from liquid_nav.data.writer import SCAN_REACH_M
from liquid_nav.errors import EpisodeError
from sim_worlds.camera import CameraConfig
from sim_worlds.config import from_mapping
from sim_worlds.render import make_renderer
from sim_worlds.scene import Renderer
from sim_worlds.world import World, make_world
from training.collect import MANIFEST
from training.origin import CAMERA, FOREST, check_origin, options_of, origin_of, statuses
from training.progress import progress_bar

SIZE_PX = (256, 144)  # of a recording's images in the new episode: what policies see
SCAN_RAYS = 64
ENDED = ("success", "collision", "duration_s", "reason")  # what the simulation says at the end of a flight
LOOK_AGAIN = 20  # one of so many images is compared with the recorded one
LIKE = 14.0  # mean difference in grey values: compression makes 3 to 5, another season or a moved camera 20 and more


@dataclass(frozen=True)
class _Segment:
    """A part of a recording in one world."""

    seed: int
    start_ns: int
    facts: dict[str, str]


def add_masks(source: Path, folder: Path, renderer: str = "auto") -> dict[str, int]:
    """Write the episodes of a folder into another one with target masks and free distances; labels stay.

    A recording that went on through several worlds becomes an episode for each.

    Args:
        source: folder of recordings of the cockpit, or of other flights in simulated forests.
        folder: for the new episodes; those that are there already are kept.
        renderer: of the worlds.

    Returns:
        Counts: ``episodes``, ``steps``, ``labelled``.

    Raises:
        EpisodeError: when an episode is damaged, was not flown in a training forest, or its images do not look like the
            world that grows there today.
    """
    files = list_episodes(source)
    if not files:
        raise EpisodeError(f"no episodes in {source}: record some with `make cockpit`")
    folder.mkdir(parents=True, exist_ok=True)
    drawer, counts, seeds = make_renderer(renderer), {"episodes": 0, "steps": 0, "labelled": 0}, list[int]()
    try:
        with progress_bar("drawing masks", len(files)) as advance:
            for file in files:
                for made in _add(file, folder, drawer):
                    seeds.append(made.seed)
                    counts["episodes"] += 1
                    counts["steps"] += made.steps
                    counts["labelled"] += made.labelled
                advance(1, f"{counts['steps']} steps")
    finally:
        drawer.close()
    manifest = {
        "software": __version__, "config_hash": f"masks {source.name}", "worlds": [FOREST], "split": "train",
        "seeds": seeds, "masked": source.name,
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    return counts


@dataclass
class _Made:
    seed: int
    steps: int = 0
    labelled: int = 0


def _add(file: Path, folder: Path, renderer: Renderer) -> Iterator[_Made]:
    episode = open_episode(file)
    check_origin(episode)
    origin = origin_of(episode)
    segments = _segments(episode, origin.seed)
    starts = [segment.start_ns for segment in segments]
    options = AlignOptions(size_px=SIZE_PX, longest_gap_s=math.inf) if episode.recorded else None

    def number_of(step: Step) -> int:
        return max(0, bisect_right(starts, round(step.frame.stamp_s * 1e9) + 1_000_000) - 1)

    for number, steps in groupby(episode.steps(options), number_of):
        segment = segments[number]
        name = file.name if len(segments) == 1 else f"{file.stem}-{number:02d}.mcap"
        made = _Made(segment.seed)
        if (folder / name).exists():
            for step in steps:
                made.steps, made.labelled = made.steps + 1, made.labelled + step.labelled
        else:
            meta = replace(origin, seed=segment.seed, extra={**origin.extra, **segment.facts})
            _write(steps, folder / name, meta, renderer, file, made)
        yield made


def _segments(episode: EpisodeFile, seed: int) -> list[_Segment]:
    """Return the worlds that a recording went through, by what the simulation said, with how each flight ended."""
    segments: list[_Segment] = []
    for log_ns, values in statuses(episode):
        if not segments or segments[-1].seed != values["seed"]:
            segments.append(_Segment(int(values["seed"]), log_ns, {}))
        segments[-1].facts.update({key: str(values[key]) for key in ENDED if key in values})
    return segments or [_Segment(seed, 0, {})]


def _write(
    steps: Iterator[Step], path: Path, meta: EpisodeMetadata, renderer: Renderer, file: Path, made: _Made
) -> None:
    first = next(steps)
    world, differences = _world_of(meta, first, renderer), list[float]()
    half = 0.5 * world.horizontal_fov_rad
    angles = np.linspace(-half, half, SCAN_RAYS)
    path.with_name(path.name + PART_SUFFIX).unlink(missing_ok=True)
    try:
        with EpisodeWriter(path, replace(meta, horizontal_fov_rad=world.horizontal_fov_rad)) as writer:
            for recorded in chain([first], steps):
                # The target's recorded position may not have come yet, or be that in the world before.
                step = replace(recorded, target_position_enu_m=world.target.position_enu_m)
                seen = world.render(odometry=step.odometry)
                if made.steps % LOOK_AGAIN == 0:
                    differences.append(_difference(seen.rgb, step.frame.rgb))
                ranges = world.obstacle_ranges_m(angles, SCAN_REACH_M, step.odometry)
                writer.write(replace(step, target_mask=seen.target_mask, obstacle_ranges_m=ranges))
                made.steps += 1
                made.labelled += step.labelled
            unlike = float(np.median(differences))
            if unlike > LIKE:
                raise EpisodeError(
                    f"{file}: its images differ from {meta.world} {meta.seed} as it grows today by {unlike:.0f} grey "
                    "values: give the renderer it was flown with, or train on it without masks"
                )
    finally:
        world.close()


def _world_of(meta: EpisodeMetadata, step: Step, renderer: Renderer) -> World:
    height, width = step.frame.rgb.shape[:2]
    camera = json.loads(meta.extra.get(CAMERA, "{}"))
    lens = from_mapping(CameraConfig, {**camera, "width_px": width, "height_px": height})
    return make_world(meta.world, meta.seed, renderer=renderer, camera=lens, **options_of(meta))


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the mean difference of two images in grey values."""
    return float(np.abs(one.astype(np.int16) - other).mean())
