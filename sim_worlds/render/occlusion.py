"""What houses hide: instances wholly behind a solid box need not be drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim_worlds.render.projection import spheres_in_view
from sim_worlds.scene import Collider

OPAQUE = ("house",)  # labels of boxes that are drawn as closed walls from the ground to the top
MOST = 16  # of the nearest that are tried
SLACK_M = 0.1  # a box hides as if it were so much smaller all around
NEAREST_M = 0.4  # a camera that is closer to a wall, or behind it, may see through it
FAR_M = 1e6

Boxes = NDArray[np.float64]  # (boxes, 5): low x, high x, low y, high y, top


class Walls:
    """The opaque boxes of a scene, on flat ground.

    Args:
        colliders: of the scene; boxes labelled as one of ``OPAQUE`` that stand on the ground, square to the axes, hide.
    """

    def __init__(self, colliders: Sequence[Collider]) -> None:
        standing = [each for each in colliders if each.shape == "box" and each.label in OPAQUE and each.yaw_rad == 0.0]
        centres = np.array([each.centre_enu_m for each in standing]).reshape(-1, 3)
        halves = np.array([each.size_m for each in standing]).reshape(-1, 3)
        low, high = centres - halves, centres + halves
        boxes = np.column_stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1], high[:, 2]])
        boxes = boxes[low[:, 2] <= SLACK_M]
        rows = _united(boxes, along=0)
        boxes = np.concatenate([boxes, rows, _united(boxes, along=1), _united(rows, along=1)])
        self._boxes = boxes + SLACK_M * np.array([1.0, -1.0, 1.0, -1.0, -1.0])
        size = np.column_stack([np.ptp(boxes[:, :2], axis=1), np.ptp(boxes[:, 2:4], axis=1), boxes[:, 4]])
        self._radii_m = 0.5 * np.linalg.norm(size, axis=1)
        self._centres_m = np.column_stack(
            [boxes[:, :2].mean(axis=1), boxes[:, 2:4].mean(axis=1), 0.5 * boxes[:, 4]]
        ).reshape(-1, 3)

    def shadows(self, clip_from_world: NDArray[np.float64], eye_m: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return planes (boxes, 10, 4) whose insides hold what the nearest boxes in view hide from the eye."""
        reach = np.linalg.norm(self._centres_m - eye_m, axis=1) - self._radii_m
        useful = np.flatnonzero(spheres_in_view(clip_from_world, self._centres_m, self._radii_m))
        low_x, high_x, low_y, high_y, top = self._boxes[useful].T
        x, y, z = eye_m
        before = np.max([low_x - x, x - high_x, low_y - y, y - high_y], axis=0)
        useful = useful[(before > NEAREST_M) & (top > z + SLACK_M)]
        if not len(useful):
            return np.zeros((0, 10, 4), np.float32)
        nearest = useful[np.argsort(reach[useful], kind="stable")[:MOST]]
        return _planes(self._boxes[nearest], eye_m)


def hidden(
    shadows: NDArray[np.float32], centres_m: NDArray[np.floating], radii_m: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Return bool (spheres,), True for those that lie wholly in one of the shadows."""
    depths = shadows[:, :, :3].reshape(-1, 3) @ centres_m.T + shadows[:, :, 3].reshape(-1, 1)
    least = depths.reshape(*shadows.shape[:2], len(radii_m)).min(axis=1)
    return np.asarray(least.max(axis=0) > radii_m)


def _united(boxes: Boxes, along: int) -> Boxes:
    """Return what neighbours that touch along an axis hide together: as low as the lower of them."""
    mine, other = slice(2 * along, 2 * along + 2), slice(2 - 2 * along, 4 - 2 * along)
    found = [
        np.concatenate([np.stack([np.minimum(a, b), np.maximum(a, b)])[[0, 1, 0, 1], [0, 1, 2, 3]], [min(a[4], b[4])]])
        for a in boxes
        for b in boxes
        if abs(a[mine][1] - b[mine][0]) < SLACK_M and np.abs(a[other] - b[other]).max() < SLACK_M
    ]
    return np.array(found).reshape(-1, 5)


def _planes(boxes: Boxes, eye_m: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return for every box two planes past its sides, and four behind and four under the tops of its faces in view."""
    normals = np.array([[0.0, -1.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    corners = boxes[:, [[0, 2], [1, 2], [1, 3], [0, 3]]] - eye_m[:2]  # (boxes, 4, 2), counter-clockwise from above
    away = -(corners * normals).sum(axis=2)  # the eye's distance in front of every face
    facing = away > 0.0
    made = np.zeros((len(boxes), 10, 4))
    each = np.arange(len(boxes))
    first = corners[each, (facing & ~np.roll(facing, 1, axis=1)).argmax(axis=1)]
    last = corners[each, ((facing & ~np.roll(facing, -1, axis=1)).argmax(axis=1) + 1) % 4]
    made[:, 0, :2] = np.column_stack([first[:, 1], -first[:, 0]]) / np.linalg.norm(first, axis=1, keepdims=True)
    made[:, 1, :2] = np.column_stack([-last[:, 1], last[:, 0]]) / np.linalg.norm(last, axis=1, keepdims=True)
    made[:, 2:6, :2] = -normals
    made[:, 2:6, 3] = -away
    steep = (boxes[:, 4:] - eye_m[2]) / np.where(facing, away, 1.0)
    made[:, 6:, :2] = -normals * steep[:, :, None]
    made[:, 6:, 2] = -1.0
    made[:, 6:] /= np.sqrt(1.0 + steep**2)[:, :, None]
    made[:, 2:][np.tile(~facing, 2)] = (0.0, 0.0, 0.0, FAR_M)
    made[:, :, 3] -= made[:, :, :3] @ eye_m
    return made.astype(np.float32)
