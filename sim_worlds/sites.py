"""What snowfields, warehouses and building sites have in common: a furnished yard with a backpack in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim_worlds.mesh_tools import WHITE
from sim_worlds.models import crew
from sim_worlds.models.backpack import backpack_mesh, hook_mesh
from sim_worlds.models.person import nothing_mesh
from sim_worlds.models.vehicle import vehicle_meshes
from sim_worlds.placement import (
    SIGHT_CLEARANCE_M,
    WALK_CLEARANCE_M,
    Yard,
    draw_tint,
    samples,
    walk_with_backpack,
    with_run_up,
)
from sim_worlds.route import Path
from sim_worlds.scene import Atmosphere, Float3, Ground, Instance, Mesh, Options, Scene, Start
from sim_worlds.targets import HangingBackpack
from sim_worlds.walker import WalkingPerson

PACK_CLEARANCE_M = 3.2
Backpack = HangingBackpack | WalkingPerson


def common_meshes() -> dict[str, Mesh]:
    """Return the meshes of target and vehicle, which every site needs."""
    return {"backpack": backpack_mesh(), "hook": hook_mesh(), "nothing": nothing_mesh(), **vehicle_meshes()}


def keep_view_clear(
    yard: Yard, start_m: NDArray[np.float64], pack_m: NDArray[np.float64], start_clearance_m: float = 1.5
) -> None:
    """Keep a start (2,), a hanging backpack (2,) and the straight way between them clear."""
    yard.keep_clear(samples([tuple(start_m), tuple(pack_m)]), SIGHT_CLEARANCE_M)
    yard.keep_clear(start_m[None], start_clearance_m)
    yard.keep_clear(pack_m[None], PACK_CLEARANCE_M)


def send_walking(rng: np.random.Generator, yard: Yard, path: Path) -> tuple[WalkingPerson, Start]:
    """Let somebody in a safety vest walk a path with the backpack, and keep it clear."""
    target, start = walk_with_backpack(rng, path, draw_tint(rng))
    yard.keep_clear(with_run_up(path), WALK_CLEARANCE_M)
    yard.meshes |= crew.walker_meshes(rng, crew.VESTS)
    return target, start


def land(name: str, tint: Float3 = WHITE) -> Instance:
    """Return a mesh of ground in the place where it was made."""
    return Instance(name, (0.0, 0.0, 0.0), tint=tint, category="ground")


def site_options(season: str, distance_m: float, *, still: bool, decoys: bool) -> Options:
    """Return how a site was made, for the record; a distance to the backpack only where that stays."""
    options: Options = {"season": season, "still": still, "decoys": decoys}
    return options | {"distance_m": distance_m} if still else options


def site_scene(
    name: str,
    seed: int,
    yard: Yard,
    lands: Sequence[Instance],
    atmosphere: Atmosphere,
    options: Options,
    *,
    half_size_m: float,
    ceiling_m: float,
    ground: Ground | None = None,
) -> Scene:
    """Return the scene of a furnished yard on its lands."""
    return Scene(
        name=name,
        seed=seed,
        half_size_m=half_size_m,
        ceiling_m=ceiling_m,
        meshes=yard.meshes,
        instances=(*lands, *yard.instances),
        colliders=tuple(yard.colliders),
        atmosphere=atmosphere,
        options=options,
        ground=ground,
    )
