"""Procedural textures: one tileable 128 x 128 RGBA picture per material, made from a seed."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from sim_worlds.materials import foliage, nature, sites, street
from sim_worlds.materials.painting import SIZE_PX, Painter

_PAINTERS: dict[str, Painter] = {**street.PAINTERS, **nature.PAINTERS, **sites.PAINTERS}
LAYERS = tuple(_PAINTERS)
LEAFY = foliage.LEAFY
"""Materials of cut-out foliage: they move in the wind, let light through and may be thinned out far away."""


def layer(name: str) -> int:
    """Return the index of a material in the texture array."""
    return LAYERS.index(name)


def build_texture_array(seed: int, used: Collection[int] | None = None) -> NDArray[np.uint8]:
    """Return all textures, uint8 (layers, 128, 128, 4); those that are not ``used`` stay blank."""
    pictures = np.zeros((len(LAYERS), SIZE_PX, SIZE_PX, 4), dtype=np.uint8)
    for index, name in enumerate(LAYERS):
        if used is None or index in used:
            painted = _PAINTERS[name](np.random.default_rng([seed, index]))
            pictures[index] = (np.clip(painted, 0.0, 1.0) * 255.0).astype(np.uint8)
    return pictures
