"""What the vehicle can hit, as PyBullet bodies: ground, colliders that stand and colliders that move."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim_worlds.bullet import pybullet
from sim_worlds.scene import Collider, Ground, Scene

GROUND_LABEL = "ground"


class Solids:
    """The solids of a scene in one PyBullet world.

    Args:
        client: the PyBullet world to build them in.
        scene: its static colliders and the ground.
        moving: colliders that :meth:`move` places.
    """

    def __init__(self, client: int, scene: Scene, moving: Sequence[Collider]) -> None:
        self._client = client
        self._labels: dict[int, str] = {}
        self._add_ground(scene.ground)
        for collider in scene.colliders:
            self._add(collider)
        self._moving = [self._add(collider) for collider in moving]

    def label(self, body: int) -> str:
        """Return what a body is, for reports."""
        return self._labels.get(body, "obstacle")

    def move(self, moving: Sequence[Collider]) -> None:
        """Put the moving colliders, given in the order of the constructor, in their places."""
        for body, collider in zip(self._moving, moving, strict=True):
            pybullet.resetBasePositionAndOrientation(
                body, collider.centre_enu_m, _turn_xyzw(collider), physicsClientId=self._client
            )

    def in_sight(self, eye_enu_m: NDArray[np.float64], points_enu_m: NDArray[np.float64], label: str) -> int:
        """Count the points that no solid hides from the eye; solids called ``label`` hide nothing."""
        count = len(points_enu_m)
        hits = pybullet.rayTestBatch(
            [eye_enu_m.tolist()] * count, points_enu_m.tolist(), physicsClientId=self._client
        )
        hidden = sum(1 for hit in hits if self._labels.get(hit[0], label) != label)
        return count - hidden

    def ranges_m(
        self, eye_enu_m: NDArray[np.float64], directions: NDArray[np.float64], reach_m: float
    ) -> NDArray[np.float32]:
        """Return free distances (rays,) from a point along unit directions (rays, 3), at most ``reach_m``."""
        ends = eye_enu_m + reach_m * directions
        hits = pybullet.rayTestBatch(
            [eye_enu_m.tolist()] * len(ends), ends.tolist(), physicsClientId=self._client
        )
        shares = [hit[2] if hit[0] in self._labels else 1.0 for hit in hits]
        return np.array(shares, dtype=np.float32) * np.float32(reach_m)

    def _add_ground(self, ground: Ground | None) -> None:
        """Add a plane, and on uneven ground the heights over it; beyond their border the plane remains."""
        plane = pybullet.createCollisionShape(pybullet.GEOM_PLANE, physicsClientId=self._client)
        lowest = 0.0 if ground is None else float(ground.heights_m.min())
        self._add_body(plane, GROUND_LABEL, (0.0, 0.0, lowest))
        if ground is None:
            return
        points = len(ground.heights_m)
        shape = pybullet.createCollisionShape(
            pybullet.GEOM_HEIGHTFIELD,
            meshScale=[ground.spacing_m, ground.spacing_m, 1.0],
            heightfieldTextureScaling=1.0,
            # PyBullet runs along x first; ours runs along y first.
            heightfieldData=ground.heights_m.T.ravel().tolist(),
            numHeightfieldRows=points,
            numHeightfieldColumns=points,
            physicsClientId=self._client,
        )
        # PyBullet puts the middle between the lowest and the highest point in the body's origin.
        middle = 0.5 * (lowest + float(ground.heights_m.max()))
        self._add_body(shape, GROUND_LABEL, (0.0, 0.0, middle))

    def _add(self, collider: Collider) -> int:
        sx, sy, sz = collider.size_m
        client = self._client
        if collider.shape == "box":
            shape = pybullet.createCollisionShape(
                pybullet.GEOM_BOX, halfExtents=[sx, sy, sz], physicsClientId=client
            )
        elif collider.shape == "cylinder":
            shape = pybullet.createCollisionShape(
                pybullet.GEOM_CYLINDER, radius=sx, height=2.0 * sz, physicsClientId=client
            )
        else:
            shape = pybullet.createCollisionShape(pybullet.GEOM_SPHERE, radius=sx, physicsClientId=client)
        return self._add_body(shape, collider.label, collider.centre_enu_m, _turn_xyzw(collider))

    def _add_body(
        self,
        shape: int,
        label: str,
        position_enu_m: Sequence[float],
        turn_xyzw: Sequence[float] = (0.0, 0.0, 0.0, 1.0),
    ) -> int:
        body: int = pybullet.createMultiBody(
            0.0, shape, basePosition=position_enu_m, baseOrientation=turn_xyzw, physicsClientId=self._client
        )
        self._labels[body] = label
        return body


def _turn_xyzw(collider: Collider) -> tuple[float, float, float, float]:
    return 0.0, 0.0, math.sin(0.5 * collider.yaw_rad), math.cos(0.5 * collider.yaw_rad)
