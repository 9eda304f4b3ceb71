"""Every mesh of the woods for one season."""

from __future__ import annotations

import numpy as np

from sim_worlds.models import deadwood, trees, undergrowth
from sim_worlds.models.trees import broadleaf
from sim_worlds.scene import Mesh

__all__ = ["VARIANTS", "broadleaf", "forest_meshes"]
VARIANTS = 2
"""Meshes of each kind, ``pine_0``, ``pine_1``, ..."""


def forest_meshes(rng: np.random.Generator, season: str) -> dict[str, Mesh]:
    """Return the meshes of trees, undergrowth, stones and dead wood, ``VARIANTS`` of each kind."""
    meshes: dict[str, Mesh] = {}
    for k in range(VARIANTS):
        meshes[f"pine_{k}"] = trees.pine(rng, season)
        meshes[f"spruce_{k}"] = trees.spruce(rng, season)
        meshes[f"birch_{k}"] = broadleaf(rng, season, "bark_birch")
        meshes[f"oak_{k}"] = broadleaf(rng, season, "bark_oak")
        meshes[f"beech_{k}"] = broadleaf(rng, season, "bark_beech")
        meshes[f"sapling_{k}"] = trees.sapling(rng, season)
        meshes[f"young spruce_{k}"] = trees.young_spruce(rng, season)
        meshes[f"dead tree_{k}"] = trees.snag(rng)
        meshes[f"fern_{k}"] = undergrowth.fern(rng, season)
        meshes[f"bush_{k}"] = undergrowth.bush(rng, season)
        meshes[f"grass_{k}"] = undergrowth.grass(rng, season)
        meshes[f"sprig_{k}"] = undergrowth.sprig(rng, season)
        meshes[f"flowers_{k}"] = undergrowth.flowers(rng, season)
        meshes[f"mushrooms_{k}"] = undergrowth.mushrooms(rng)
        meshes[f"stone_{k}"] = deadwood.stone(rng, season)
        meshes[f"block_{k}"] = deadwood.block(rng, season)
        meshes[f"log_{k}"] = deadwood.log(rng, season)
        meshes[f"stump_{k}"] = deadwood.stump(rng, season)
        meshes[f"wood pile_{k}"] = deadwood.wood_pile(rng, season)
    return meshes
