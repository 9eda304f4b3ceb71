"""What walking and riding targets share: somebody who moves by himself, in ticks, with the backpack."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from sim_worlds.models.backpack import sight_points
from sim_worlds.scene import Collider, DynamicInstance, Float3

TICK_S = 0.02
PACK_SIZE_M: Float3 = (0.18, 0.18, 0.24)


class Carrier(ABC):
    """The common part of a :class:`sim_worlds.scene.Target` that moves; needs the mesh ``backpack`` in the scene.

    Args:
        tint: multiplies the backpack's colours.
    """

    def __init__(self, tint: Float3) -> None:
        self._tint = tint
        self._debt_s = 0.0
        self._pack: NDArray[np.float64] | None = None

    @property
    @abstractmethod
    def speed_m_s(self) -> float:
        """Speed now."""

    @property
    @abstractmethod
    def heading_rad(self) -> float:
        """Direction of travel, counter-clockwise from east."""

    @property
    def position_enu_m(self) -> NDArray[np.float64]:
        """(3,) centre of the backpack."""
        return self.pack_pose[:3, 3].copy()

    @property
    def velocity_enu_m_s(self) -> NDArray[np.float64]:
        """(3,) velocity."""
        return self.speed_m_s * np.array([np.cos(self.heading_rad), np.sin(self.heading_rad), 0.0])

    @property
    def moves(self) -> bool:
        """True: it goes on."""
        return True

    @property
    def sight_points_enu_m(self) -> NDArray[np.float64]:
        """(points, 3) spots on the backpack's surface."""
        return sight_points(self.pack_pose)

    @property
    def pack_pose(self) -> NDArray[np.float64]:
        """(4, 4), backpack to world; worked out once a tick."""
        if self._pack is None:
            self._pack = self._carried_pose()
        return self._pack

    def advance(self, duration_s: float) -> None:
        """Go on by ``duration_s``, in ticks of 20 ms so that any step size gives the same way."""
        self._debt_s += duration_s
        while self._debt_s >= TICK_S - 1e-9:
            self._debt_s -= TICK_S
            self._tick()
            self._pack = None

    def pack_instance(self) -> DynamicInstance:
        """The backpack, to be drawn."""
        return DynamicInstance("backpack", self.pack_pose, self._tint, category="target")

    def pack_collider(self) -> Collider:
        """The backpack as a solid."""
        x, y, z = self.pack_pose[:3, 3].tolist()
        return Collider("cylinder", (x, y, z), PACK_SIZE_M, label="backpack")

    @abstractmethod
    def _tick(self) -> None:
        """Go on by one tick."""

    @abstractmethod
    def _carried_pose(self) -> NDArray[np.float64]:
        """Where the backpack is now, (4, 4)."""
