"""What tests of things in forests ask for: the solids of some kinds, and the straight way to the backpack."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
from numpy.typing import NDArray

from sim_worlds.scene import Collider, Setting


def solids_of(setting: Setting, kinds: Container[str]) -> list[Collider]:
    """Return the solids with one of some labels."""
    return [solid for solid in setting.scene.colliders if solid.label in kinds]


def straight_way(setting: Setting) -> NDArray[np.float64]:
    """Return a hundred points (100, 2) from the start to the backpack."""
    start, pack = np.array(setting.start.position_enu_m[:2]), setting.target.position_enu_m[:2]
    return np.asarray(start + np.linspace(0.0, 1.0, 100)[:, None] * (pack - start))
