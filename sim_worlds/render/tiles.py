"""Large ground meshes cut into tiles, so that only those in view are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from sim_worlds.render.lod import compact
from sim_worlds.scene import Instance, Mesh

TRIANGLES = 160  # of a tile, about
FEWEST = 480  # triangles of a mesh that is worth cutting


def ground_meshes(instances: Sequence[Instance]) -> set[str]:
    """Return the meshes that are ground wherever they are used."""
    others = {instance.mesh for instance in instances if instance.category != "ground"}
    return {instance.mesh for instance in instances} - others


def tiled(
    meshes: Mapping[str, Mesh], instances: Sequence[Instance]
) -> tuple[dict[str, Mesh], tuple[Instance, ...], set[str]]:
    """Return meshes and instances with large grounds cut up, and the names of all that is ground."""
    grounds = ground_meshes(instances)
    cut = {name: _tiles(meshes[name]) for name in sorted(grounds & set(meshes)) if len(meshes[name].triangles) > FEWEST}
    kept = {name: mesh for name, mesh in meshes.items() if name not in cut}
    placed = []
    for instance in instances:
        pieces = cut.get(instance.mesh)
        names = [instance.mesh] if pieces is None else [_name(instance.mesh, k) for k in range(len(pieces))]
        placed += [replace(instance, mesh=name) for name in names]
    for name, pieces in cut.items():
        kept |= {_name(name, k): piece for k, piece in enumerate(pieces)}
    return kept, tuple(placed), ground_meshes(placed)


def _name(mesh: str, tile: int) -> str:
    return f"{mesh} tile {tile}"


def _tiles(mesh: Mesh) -> list[Mesh]:
    """Cut a mesh along a square grid, seen from above."""
    side = max(1, round(float(np.sqrt(len(mesh.triangles) / TRIANGLES))))
    middles = mesh.positions_m[mesh.triangles].mean(axis=1)[:, :2]
    low, span = middles.min(axis=0), np.ptp(middles, axis=0) + 1e-3
    cells = ((middles - low) / span * side).astype(np.int64) @ np.array([side, 1])
    return [compact(replace(mesh, triangles=mesh.triangles[cells == cell])) for cell in np.unique(cells)]
