"""What the vehicle can hit, as PyBullet bodies: ground, colliders that stand and colliders that move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from sim_worlds.bullet import pybullet
from sim_worlds.scene import Collider, Ground, Scene

GROUND_LABEL = "ground"
SHAPES = {"box": pybullet.GEOM_BOX, "cylinder": pybullet.GEOM_CYLINDER, "sphere": pybullet.GEOM_SPHERE}
GROUP = 16  # PyBullet takes no more shapes in one body
STRIP_M = 12.0


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
        for group in _neighbours(scene.colliders):
            self._add_group(group)
        self._moving = [self._add_moving(collider) for collider in moving]

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
        heights = _refined(ground.heights_m)
        spacing = 0.5 * ground.spacing_m
        shape = pybullet.createCollisionShape(
            pybullet.GEOM_HEIGHTFIELD,
            meshScale=[spacing, spacing, 1.0],
            heightfieldTextureScaling=1.0,
            # PyBullet runs along x first; ours runs along y first.
            heightfieldData=heights.T.ravel().tolist(),
            numHeightfieldRows=len(heights),
            numHeightfieldColumns=len(heights),
            physicsClientId=self._client,
        )
        # PyBullet puts the middle between the lowest and the highest point in the body's origin.
        middle = 0.5 * (lowest + float(ground.heights_m.max()))
        self._add_body(shape, GROUND_LABEL, (0.0, 0.0, middle))

    def _add_group(self, group: Sequence[Collider]) -> None:
        """Add colliders of one label as one body: PyBullet pays for each body at each step."""
        shape = pybullet.createCollisionShapeArray(
            shapeTypes=[SHAPES[collider.shape] for collider in group],
            halfExtents=[list(collider.size_m) for collider in group],
            radii=[collider.size_m[0] for collider in group],
            lengths=[2.0 * collider.size_m[2] for collider in group],
            collisionFramePositions=[list(collider.centre_enu_m) for collider in group],
            collisionFrameOrientations=[list(_turn_xyzw(collider)) for collider in group],
            physicsClientId=self._client,
        )
        self._add_body(shape, group[0].label)

    def _add_moving(self, collider: Collider) -> int:
        shape = pybullet.createCollisionShape(
            SHAPES[collider.shape],
            halfExtents=collider.size_m,
            radius=collider.size_m[0],
            height=2.0 * collider.size_m[2],
            physicsClientId=self._client,
        )
        return self._add_body(shape, collider.label, collider.centre_enu_m, _turn_xyzw(collider))

    def _add_body(
        self,
        shape: int,
        label: str,
        position_enu_m: Sequence[float] = (0.0, 0.0, 0.0),
        turn_xyzw: Sequence[float] = (0.0, 0.0, 0.0, 1.0),
    ) -> int:
        """Add a plain rigid body, which costs less at each step than PyBullet's usual one that may have joints."""
        body: int = pybullet.createMultiBody(
            0.0,
            shape,
            basePosition=position_enu_m,
            baseOrientation=turn_xyzw,
            useMaximalCoordinates=1,
            physicsClientId=self._client,
        )
        self._labels[body] = label
        return body


def _refined(heights_m: NDArray[np.float32]) -> NDArray[np.float32]:
    """Halve the spacing of a grid, bilinearly: PyBullet splits squares into triangles, which bend less when small."""
    count = 2 * len(heights_m) - 1
    fine = np.empty((count, count), dtype=np.float32)
    fine[::2, ::2] = heights_m
    fine[1::2, ::2] = 0.5 * (heights_m[1:] + heights_m[:-1])
    fine[:, 1::2] = 0.5 * (fine[:, 2::2] + fine[:, :-1:2])
    return fine


def _neighbours(colliders: Sequence[Collider]) -> list[list[Collider]]:
    """Group colliders of one label that stand near each other, at most :data:`GROUP` together."""

    def place(collider: Collider) -> tuple[str, int, float]:
        x, y, _ = collider.centre_enu_m
        return collider.label, math.floor(x / STRIP_M), y

    groups: list[list[Collider]] = []
    for _, strip in groupby(sorted(colliders, key=place), key=lambda collider: place(collider)[:2]):
        ordered = list(strip)
        groups += [ordered[first : first + GROUP] for first in range(0, len(ordered), GROUP)]
    return groups


def _turn_xyzw(collider: Collider) -> tuple[float, float, float, float]:
    return 0.0, 0.0, math.sin(0.5 * collider.yaw_rad), math.cos(0.5 * collider.yaw_rad)
