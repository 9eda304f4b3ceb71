"""Targets that stay: a red backpack that hangs on something or lies on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim_worlds.mesh_tools import pose, rotation
from sim_worlds.models.backpack import DEPTH_M, HEIGHT_M, sight_points
from sim_worlds.scene import Collider, DynamicInstance, Float3


class StillBackpack:
    """Implements :class:`sim_worlds.scene.Target`; needs the mesh ``backpack`` in the scene.

    Args:
        pose_matrix: (4, 4), backpack to world.
        solid: what the vehicle must not touch.
        tint: multiplies its colours.
    """

    def __init__(self, pose_matrix: NDArray[np.float64], solid: Collider, tint: Float3) -> None:
        self._pose = pose_matrix
        self._solid = solid
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
        """False: it stays."""
        return False

    @property
    def sight_points_enu_m(self) -> NDArray[np.float64]:
        """(points, 3) spots on the backpack's surface."""
        return sight_points(self._pose)

    def advance(self, duration_s: float) -> None:
        """Nothing moves."""

    def dynamic_instances(self) -> list[DynamicInstance]:
        """The backpack."""
        return [DynamicInstance("backpack", self._pose, self._tint, category="target", shadow_size_m=(0.4, 0.5))]

    def colliders(self) -> list[Collider]:
        """The backpack itself is solid."""
        return [self._solid]


class HangingBackpack(StillBackpack):
    """A backpack on a rope; needs the mesh ``hook`` in the scene too.

    Args:
        position_enu_m: its centre.
        yaw_rad: where its front looks.
        tint: multiplies its colours.
        outward_rad: bearing from what it hangs on; that of its front when None.
    """

    def __init__(
        self,
        position_enu_m: Float3,
        yaw_rad: float,
        tint: Float3 = (1.0, 1.0, 1.0),
        *,
        outward_rad: float | None = None,
    ) -> None:
        solid = Collider("cylinder", position_enu_m, (0.2, 0.2, 0.24), label="backpack")
        super().__init__(pose(position_enu_m, rotation(yaw_rad)), solid, tint)
        self._rope = pose(position_enu_m, rotation(yaw_rad if outward_rad is None else outward_rad))

    def dynamic_instances(self) -> list[DynamicInstance]:
        """The backpack and its rope."""
        return [*super().dynamic_instances(), DynamicInstance("hook", self._rope)]


class LyingBackpack(StillBackpack):
    """A backpack that was put down on something.

    Args:
        position_enu_m: its centre, ``HALF_THICK_M`` or ``HALF_TALL_M`` above what it is on.
        yaw_rad: where its front looks, or its head when it lies flat.
        tint: multiplies its colours.
        flat: True when it lies on its back, False when it stands.
    """

    HALF_THICK_M = 0.5 * DEPTH_M + 0.02
    HALF_TALL_M = 0.5 * HEIGHT_M

    def __init__(
        self, position_enu_m: Float3, yaw_rad: float, tint: Float3 = (1.0, 1.0, 1.0), *, flat: bool = True
    ) -> None:
        turn = rotation(yaw_rad) @ rotation(pitch_rad=-0.5 * np.pi) if flat else rotation(yaw_rad)
        size: Float3 = (0.26, 0.26, 0.14) if flat else (0.2, 0.2, 0.24)
        super().__init__(pose(position_enu_m, turn), Collider("cylinder", position_enu_m, size, label="backpack"), tint)
