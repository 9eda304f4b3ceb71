"""What snowfields, warehouses and building sites have in common: how a scene is made of a furnished yard."""

from __future__ import annotations

from collections.abc import Sequence

from sim_worlds.models.backpack import backpack_mesh, hook_mesh
from sim_worlds.models.person import nothing_mesh
from sim_worlds.models.vehicle import vehicle_meshes
from sim_worlds.placement import Yard
from sim_worlds.scene import Atmosphere, Ground, Instance, Mesh, Scene


def common_meshes() -> dict[str, Mesh]:
    """Return the meshes of target and vehicle, which every site needs."""
    return {"backpack": backpack_mesh(), "hook": hook_mesh(), "nothing": nothing_mesh(), **vehicle_meshes()}


def site_options(season: str, distance_m: float, *, still: bool, decoys: bool) -> dict[str, str | float | int | bool]:
    """Return how a site was made, for the record; a distance to the backpack only where that stays."""
    options: dict[str, str | float | int | bool] = {"season": season, "still": still, "decoys": decoys}
    return options | {"distance_m": distance_m} if still else options


def site_scene(
    name: str,
    seed: int,
    yard: Yard,
    grounds: Sequence[Instance],
    atmosphere: Atmosphere,
    options: dict[str, str | float | int | bool],
    *,
    half_size_m: float,
    ceiling_m: float,
    ground: Ground | None = None,
) -> Scene:
    """Return the scene of a furnished yard on its grounds."""
    return Scene(
        name=name,
        seed=seed,
        half_size_m=half_size_m,
        ceiling_m=ceiling_m,
        meshes=yard.meshes,
        instances=(*grounds, *yard.instances),
        colliders=tuple(yard.colliders),
        atmosphere=atmosphere,
        options=options,
        ground=ground,
    )
