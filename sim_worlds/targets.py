"""Targets that stay: a red backpack that hangs on a tree or a lamp."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim_worlds.mesh_tools import pose, rotation
from sim_worlds.models.backpack import sight_points
from sim_worlds.scene import Collider, DynamicInstance, Float3


class HangingBackpack:
    """Implements :class:`sim_worlds.scene.Target`; needs the meshes ``backpack`` and ``hook`` in the scene."""

    def __init__(self, position_enu_m: Float3, yaw_rad: float, tint: Float3 = (1.0, 1.0, 1.0)) -> None:
        self._pose = pose(position_enu_m, rotation(yaw_rad))
        self._tint = tint

    @property
    def position_enu_m(self) -> NDArray[np.float64]:
        """(3,) centre of the backpack."""
        return self._pose[:3, 3]

    @property
    def velocity_enu_m_s(self) -> NDArray[np.float64]:
        """(3,) always zero."""
        return np.zeros(3)

    @property
    def moves(self) -> bool:
        """False: it hangs."""
        return False

    @property
    def sight_points_enu_m(self) -> NDArray[np.float64]:
        """(points, 3) spots on the backpack's surface."""
        return sight_points(self._pose)

    def advance(self, duration_s: float) -> None:
        """Nothing moves."""

    def dynamic_instances(self) -> list[DynamicInstance]:
        """The backpack and its rope."""
        return [
            DynamicInstance("backpack", self._pose, self._tint, category="target", shadow_size_m=(0.4, 0.5)),
            DynamicInstance("hook", self._pose),
        ]

    def colliders(self) -> list[Collider]:
        """The backpack itself is solid."""
        x, y, z = (float(value) for value in self._pose[:3, 3])
        return [Collider("cylinder", (x, y, z), (0.2, 0.2, 0.24), label="backpack")]
