"""Contact sheets of all worlds: what each looks like over seeds, seasons, hours and skies, and through bad cameras.

One question is asked of every picture: could you tell what you see at first glance?
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liquid_nav.types import Odometry
from sim_worlds.camera import CameraConfig
from sim_worlds.catalogue import WORLDS, check_world, world_options
from sim_worlds.render import make_renderer
from sim_worlds.render.palette import paint_categories, paint_depth
from sim_worlds.scene import Renderer
from sim_worlds.sheets import camera_sheet, contact_sheet, labelled, magnified
from sim_worlds.weather import SEASONS, SKIES
from sim_worlds.world import make_world
from training.pictures import save_picture
from training.progress import progress_bar

TILE = (384, 216)
SMALL_PX = 60
HOURS = (6.0, 8.0, 12.5, 17.0, 20.5)
SEEDS = (3, 11, 24, 42)
NOON: dict[str, Any] = {"hour": 12.5, "sky": "clear"}
TARGETS: tuple[tuple[str, str, int, dict[str, Any]], ...] = (
    ("hangs, 5 m away", "forest", 2, {"target": "hanging", "distance_m": 5.0, **NOON}),
    ("hangs, 20 m away", "forest", 2, {"target": "hanging", "distance_m": 20.0, **NOON}),
    ("lies on a rock", "forest", 1, {"target": "lying", "distance_m": 5.0, **NOON}),
    ("lies on wood", "forest", 7, {"target": "lying", "distance_m": 5.0, **NOON}),
    ("somebody walks", "city", 24, {}),
    ("a cyclist", "city", 3, {"target": "cyclist"}),
    ("a slow open car", "city", 1, {"target": "car"}),
    ("hangs on a lamp", "city", 2, {"target": "still"}),
    ("on a trail", "snowfield", 1, {"still": False}),
    ("in an aisle", "warehouse", 1, {"still": False}),
    ("across a site", "construction", 2, {"still": False}),
    ("hangs on a post", "warehouse", 24, {}),
)
WALLS = (
    ("barriers", ((9, "autumn"), (19, "spring"), (2, "winter"), (6, "winter"))),
    ("barriers", ((16, "summer"), (13, "autumn"), (31, "spring"), (10, "winter"))),
    ("clutter", ((7, "spring"), (1, "autumn"), (3, "spring"), (6, "winter"))),
    ("frames", ((15, "summer"), (26, "autumn"), (9, "spring"), (25, "winter"))),
)
OCCLUDED_SEED, OCCLUDED_STEPS = 1_000_100, (420, 446, 452, 466)
WALK_STEP_S, LATE_STEPS = 0.1, 30
EYE_M = 1.5
NOWHERE_ENU_M = np.array([500.0, 500.0, 5.0])  # a vehicle that nobody gives way to
Picture = NDArray[np.uint8]


def draw_world_sheets(folder: Path, renderer: str = "auto") -> list[Path]:
    """Write every sheet as JPEG into a folder; return the files.

    Raises:
        ConfigError: when the folder cannot be written.
        RenderError: when the renderer cannot be started.
    """
    drawing = make_renderer(renderer)
    files = []
    with progress_bar("drawing", len(SHEETS)) as advance:
        for name, draw in SHEETS.items():
            files.append(save_picture(draw(drawing), folder / f"{name}.jpg"))
            advance(1, name)
    drawing.close()
    return files


def draw_some(world: str, seeds: Sequence[int], options: dict[str, Any], out: Path, renderer: str = "auto") -> None:
    """Write a PNG with the first camera image of some worlds.

    Raises:
        ConfigError: when the file cannot be written.
        WorldError: for an unknown world, seed or option.
    """
    for seed in seeds:
        check_world(world, seed, options)
    drawing = make_renderer(renderer)
    save_picture(contact_sheet([look(world, seed, drawing, str(seed), **options) for seed in seeds], 3), out)
    drawing.close()


def look(
    world: str, seed: int, renderer: Renderer, title: str = "", *, magnify: bool = False, **options: Any
) -> Picture:
    """Return the first camera image of a world, uint8 (216, 384, 3), with a title.

    With ``magnify`` a target that is hard to see is shown large in a corner too.
    """
    made = make_world(world, seed, renderer=renderer, camera=CameraConfig(*TILE), **options)
    try:
        picture, place = made.camera_frame().rgb, made.target_pixel() if magnify else None
        if place is not None and np.count_nonzero(made.target_mask) < SMALL_PX:
            picture = magnified(picture, place)
        return labelled(picture, title)
    finally:
        made.close()


def _worlds(renderer: Renderer) -> Picture:
    tiles = [look(world, seed, renderer, f"{world} {seed}") for world in WORLDS for seed in SEEDS]
    return contact_sheet(tiles, len(SEEDS))


def _seasons(renderer: Renderer) -> Picture:
    return contact_sheet(
        [
            look(world, seed, renderer, f"{world}, {season}", season=season, hour=11.0, sky="cloudy")
            for world, seed in (("forest", 3), ("forest", 24), ("city", 11), ("construction", 24))
            for season in SEASONS
        ],
        len(SEASONS),
    )


def _hours(worlds: tuple[tuple[str, int], ...], renderer: Renderer) -> Picture:
    return contact_sheet(
        [
            look(world, seed, renderer, f"{world}, {hour:g} h, {sky}", hour=hour, sky=sky)
            for world, seed in worlds
            for sky in SKIES
            for hour in HOURS
        ],
        len(HOURS),
    )


def _targets(renderer: Renderer) -> Picture:
    return contact_sheet(
        [
            look(world, seed, renderer, f"{world}: {what}", magnify=True, **options)
            for what, world, seed, options in TARGETS
        ],
        4,
    )


def _walls(renderer: Renderer) -> Picture:
    return contact_sheet(
        [
            look("forest", seed, renderer, f"forest {seed}, {option}, {season}", season=season, **{option: True})
            for option, woods in WALLS
            for seed, season in woods
        ],
        4,
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


def _occluders(renderer: Renderer) -> Picture:
    """A walk past a column, as the camera sees it that comes the same way three seconds later."""
    made = make_world("city", OCCLUDED_SEED, renderer=renderer, camera=CameraConfig(*TILE), occluders=True, crowd=0.0)
    walked, tiles = [], []
    for step in range(max(OCCLUDED_STEPS) + 1):
        made.replay(WALK_STEP_S, NOWHERE_ENU_M)
        walked.append(made.target.position_enu_m)
        if step in OCCLUDED_STEPS:
            eye = np.array([*walked[step - LATE_STEPS][:2], EYE_M])
            picture = made.render(odometry=_looking(eye, walked[step])).rgb
            tiles.append(labelled(picture, f"city, occluders, {WALK_STEP_S * step:.1f} s"))
    made.close()
    return contact_sheet(tiles, len(OCCLUDED_STEPS))


def _looking(eye_enu_m: NDArray[np.float64], at_enu_m: NDArray[np.float64]) -> Odometry:
    """Return the level state of a vehicle at a point (3,) that faces another."""
    half_yaw = 0.5 * float(np.arctan2(*(at_enu_m - eye_enu_m)[1::-1]))
    return Odometry(0.0, eye_enu_m, attitude_xyzw=np.array([0.0, 0.0, np.sin(half_yaw), np.cos(half_yaw)]))


def _camera(world: str, renderer: Renderer) -> Picture:
    made = make_world(world, 3, renderer=renderer)
    try:
        return camera_sheet(made, renderer)
    finally:
        made.close()


SHEETS: dict[str, Callable[[Renderer], Picture]] = {
    "worlds": _worlds,
    "targets": _targets,
    "seasons": _seasons,
    "hours": partial(_hours, (("forest", 3), ("city", 3))),
    "hours_sites": partial(_hours, (("snowfield", 24), ("construction", 24))),
    "decoys": _decoys,
    "walls": _walls,
    "occluders": _occluders,
    "labels": _labels,
    "camera_forest": partial(_camera, "forest"),
    "camera_city": partial(_camera, "city"),
}
"""How each sheet is drawn, by the name of its file."""
