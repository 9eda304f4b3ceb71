"""What is put into a forest that has grown already; random numbers of its own, so that all else stays as without it."""

from __future__ import annotations

import numpy as np

from sim_worlds.scene import Collider, Instance, Mesh


class Extras:
    """Collects meshes, instances and colliders to add to a scene.

    Args:
        rng: of these things alone.
        season: that they are drawn in.
    """

    def __init__(self, rng: np.random.Generator, season: str) -> None:
        self._rng = rng
        self._season = season
        self.meshes: dict[str, Mesh] = {}
        self.instances: list[Instance] = []
        self.colliders: list[Collider] = []
