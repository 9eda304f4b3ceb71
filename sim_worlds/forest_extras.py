"""What is put into a forest that has grown already; random numbers of its own, so that all else stays as without it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim_worlds.scene import Collider, Float3, Instance, Mesh


class Extras:
    """Collects meshes, instances and colliders to add to a scene.

    Args:
        rng: of these things alone.
        season: that they are drawn in.
        standing: solids that were put up before.
    """

    name = "extra"
    """Begins the names of its meshes."""

    def __init__(self, rng: np.random.Generator, season: str, standing: Sequence[Collider] = ()) -> None:
        self._rng = rng
        self._season = season
        self._standing = standing
        self.meshes: dict[str, Mesh] = {}
        self.instances: list[Instance] = []
        self.colliders: list[Collider] = []

    def put(self, mesh: Mesh, category: str, solid: Collider, scale: Float3 = (1.0, 1.0, 1.0)) -> None:
        """Put a mesh where a solid stands."""
        name = f"{self.name}_{len(self.instances)}"
        x, y, z = solid.centre_enu_m
        self.meshes[name] = mesh
        self.instances.append(Instance(name, (x, y, z - solid.size_m[2]), solid.yaw_rad, scale, category=category))
        self.colliders.append(solid)

    def stands_clear(self, solid: Collider, gap_m: float, *, own: bool = True) -> bool:
        """True when a solid keeps a gap to all that were put up before, its own kind left out when ``own`` is False."""
        spot, reach = np.array(solid.centre_enu_m[:2]), float(np.hypot(*solid.size_m[:2]))
        return all(
            np.hypot(*(np.array(other.centre_enu_m[:2]) - spot)) >= reach + np.hypot(*other.size_m[:2]) + gap_m
            for other in (*self._standing, *(self.colliders if own else ()))
        )
