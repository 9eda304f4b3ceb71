"""Contact sheets of all worlds: what each looks like over seeds, seasons, hours and skies, and through bad cameras.

One question is asked of every picture: could you tell what you see at first glance?
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim_worlds.camera import CameraConfig
from sim_worlds.catalogue import WORLDS, world_options
from sim_worlds.render import make_renderer
from sim_worlds.render.palette import paint_categories, paint_depth
from sim_worlds.scene import Renderer
from sim_worlds.sheets import camera_sheet, contact_sheet, labelled
from sim_worlds.weather import SEASONS, SKIES
from sim_worlds.world import make_world
from training.contact_sheet import save_picture
from training.progress import progress_bar

TILE = (384, 216)
HOURS = (6.0, 8.0, 12.5, 17.0, 20.5)
SEEDS = (3, 11, 24, 42)
Picture = NDArray[np.uint8]


def draw_world_sheets(folder: Path, renderer: str = "auto") -> list[Path]:
    """Write every sheet as JPEG into a folder; return the files.

    Raises:
        ConfigError: when the folder cannot be written.
        RenderError: when the renderer cannot be started.
    """
    drawing = make_renderer(renderer)
    sheets: dict[str, Callable[[Renderer], Picture]] = {
        "worlds": _worlds,
        "seasons": _seasons,
        "hours": _hours,
        "decoys": _decoys,
        "labels": _labels,
        **{f"camera_{world}": _camera(world) for world in ("forest", "city")},
    }
    files = []
    with progress_bar("drawing", len(sheets)) as advance:
        for name, draw in sheets.items():
            files.append(save_picture(draw(drawing), folder / f"{name}.jpg"))
            advance(1, name)
    drawing.close()
    return files


def draw_some(world: str, seeds: Sequence[int], options: dict[str, Any], out: Path, renderer: str = "auto") -> None:
    """Write a PNG with the first camera image of some worlds."""
    drawing = make_renderer(renderer)
    save_picture(contact_sheet([look(world, seed, drawing, str(seed), **options) for seed in seeds], 3), out)
    drawing.close()


def look(world: str, seed: int, renderer: Renderer, title: str = "", **options: Any) -> Picture:
    """Return the first camera image of a world, uint8 (216, 384, 3), with a title."""
    made = make_world(world, seed, renderer=renderer, camera=CameraConfig(*TILE), **options)
    try:
        return labelled(made.camera_frame().rgb, title)
    finally:
        made.close()


def _worlds(renderer: Renderer) -> Picture:
    tiles = [look(world, seed, renderer, f"{world} {seed}") for world in WORLDS for seed in SEEDS]
    return contact_sheet(tiles, len(SEEDS))


def _seasons(renderer: Renderer) -> Picture:
    return contact_sheet(
        [
            look(world, seed, renderer, f"{world}, {season}", season=season, hour=11.0, sky="cloudy")
            for world, seed in (("forest", 3), ("forest", 24), ("city", 11))
            for season in SEASONS
        ],
        len(SEASONS),
    )


def _hours(renderer: Renderer) -> Picture:
    return contact_sheet(
        [
            look(world, 3, renderer, f"{world}, {hour:g} h, {sky}", hour=hour, sky=sky)
            for world in ("forest", "city")
            for sky in SKIES
            for hour in HOURS
        ],
        len(HOURS),
    )


def _decoys(renderer: Renderer) -> Picture:
    with_decoys = [world for world in WORLDS if "decoys" in world_options(world)]
    return contact_sheet(
        [look(world, seed, renderer, f"{world}, decoys", decoys=True) for world in with_decoys for seed in SEEDS],
        len(SEEDS),
    )


def _labels(renderer: Renderer) -> Picture:
    tiles = []
    for world in WORLDS:
        made = make_world(world, 3, renderer=renderer, camera=CameraConfig(*TILE))
        image = made.render(depth=True)
        assert image.depth_m is not None
        tiles += [
            labelled(image.rgb, world),
            labelled(paint_categories(image.categories), "categories"),
            labelled(paint_depth(image.depth_m), "depth"),
        ]
        made.close()
    return contact_sheet(tiles, 3)


def _camera(world: str) -> Callable[[Renderer], Picture]:
    def draw(renderer: Renderer) -> Picture:
        made = make_world(world, 3, renderer=renderer)
        try:
            return camera_sheet(made, renderer)
        finally:
            made.close()

    return draw
