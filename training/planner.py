"""Shortest safe ways through a world of known obstacles, at one flying height.

A grid over the world holds the clearance of every cell; Dijkstra's distances from the goal, dearer where
obstacles are near, give a field that leads there from anywhere. The expert descends it, so a vehicle
that was pushed off its way is not lost.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from sim_worlds.scene import Collider

CELL_M = 0.25
HARD_CLEARANCE_M = 0.4
SOFT_CLEARANCE_M = 1.4
SOFT_COST = 5.0
STRAIGHT_CLEARANCE_M = 0.8
SMOOTHED_CELLS = 1.0
SAMPLED_M = 0.125
ANGLES_RAD = np.arange(72) * np.pi / 36.0
DIRECTIONS = np.column_stack([np.cos(ANGLES_RAD), np.sin(ANGLES_RAD)])
PREFERS_FAR = 0.05  # per metre, among ways that are as cheap
STEPS = ((1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (2, -1), (1, 2), (1, -2))  # to eight neighbours alone, ways bend


class WayField:
    """Distances to a goal over a grid of clearances.

    Args:
        colliders: solids to keep away from.
        half_size_m: the grid covers [-half_size, half_size]^2.
        flying_heights_m: solids that end below or start above this band are ignored.
        goal_enu_m: (2,) point to reach a ring around.
        goal_radius_m: radius of that ring.
    """

    def __init__(
        self,
        colliders: Sequence[Collider],
        half_size_m: float,
        goal_enu_m: NDArray[np.float64],
        goal_radius_m: float,
        flying_heights_m: tuple[float, float] = (0.7, 3.0),
    ) -> None:
        self.half_size_m = half_size_m
        self.cells = int(2 * half_size_m / CELL_M)
        solid = _occupancy(colliders, half_size_m, self.cells, flying_heights_m)
        self.clearance_m = distance_transform_edt(~solid) * CELL_M
        lack = np.clip((SOFT_CLEARANCE_M - self.clearance_m) / SOFT_CLEARANCE_M, 0.0, 1.0)
        self._cost = 1.0 + SOFT_COST * lack**2 + 1000.0 * (self.clearance_m < HARD_CLEARANCE_M)
        self._widening = np.stack(np.gradient(gaussian_filter(self.clearance_m, SMOOTHED_CELLS), CELL_M), axis=2)
        self.distance_m = self._distances(goal_enu_m, goal_radius_m)

    def _distances(self, goal: NDArray[np.float64], radius_m: float) -> NDArray[np.float64]:
        centres = (np.arange(self.cells) + 0.5) * CELL_M - self.half_size_m
        from_goal = np.hypot(centres[:, None] - goal[0], centres[None, :] - goal[1])
        ring = np.abs(from_goal - radius_m) < CELL_M
        ring &= self.clearance_m > 2.0 * HARD_CLEARANCE_M
        for x, y in np.argwhere(ring):
            spot = np.array([centres[x], centres[y]])
            inner = spot + (goal - spot) * (1.0 - 0.5 / radius_m)
            ring[x, y] = self.segment_clearance(spot, inner) > CELL_M
        if not ring.any():
            ring = np.abs(from_goal - radius_m) < 2 * CELL_M
        graph = self._graph()
        distances = dijkstra(graph, indices=np.flatnonzero(ring.ravel()), min_only=True)
        return np.asarray(distances, dtype=float).reshape(self.cells, self.cells)

    def _graph(self) -> coo_matrix:
        cells = self.cells
        index = np.arange(cells * cells).reshape(cells, cells)
        cost = self._cost
        rows, columns, weights = [], [], []
        for dx, dy in STEPS:
            xs, ys = slice(0, cells - dx), slice(max(0, -dy), cells - max(0, dy))
            xt, yt = slice(dx, cells), slice(max(0, dy), cells - max(0, -dy))
            step = CELL_M * float(np.hypot(dx, dy)) * 0.5 * (cost[xs, ys] + cost[xt, yt])
            rows += [index[xs, ys].ravel(), index[xt, yt].ravel()]
            columns += [index[xt, yt].ravel(), index[xs, ys].ravel()]
            weights += [step.ravel(), step.ravel()]
        size = cells * cells
        data = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
        return coo_matrix(data, shape=(size, size)).tocsr()

    def cell(self, point: NDArray[np.float64]) -> tuple[int, int]:
        """Return the grid indices of a point (2,), clamped to the grid."""
        x, y = ((point[:2] + self.half_size_m) / CELL_M).astype(int).clip(0, self.cells - 1)
        return int(x), int(y)

    def clearance_at_m(self, point: NDArray[np.float64]) -> float:
        """Distance from a point (2,) to the nearest solid."""
        return float(self.clearance_m[self.cell(point)])

    def aside_m(self, point: NDArray[np.float64], room_m: float) -> NDArray[np.float64]:
        """Return which way, (2,), there is more room near a point (2,), as long as what it lacks of ``room_m``."""
        lacking_m = max(0.0, room_m - self.clearance_at_m(point))
        return np.asarray(self._widening[self.cell(point)] * lacking_m)

    def segment_clearance(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
        """Smallest clearance on the straight way between two points (2,)."""
        count = max(2, int(np.hypot(*(end - start)) / (0.5 * CELL_M)))
        points = start + np.linspace(0.0, 1.0, count)[:, None] * (end - start)
        cells = ((points + self.half_size_m) / CELL_M).astype(int).clip(0, self.cells - 1)
        return float(self.clearance_m[cells[:, 0], cells[:, 1]].min())

    def free_m(self, start: NDArray[np.float64], end: NDArray[np.float64], room_m: float) -> float:
        """How far one gets from ``start`` straight to ``end``, (2,) each, before a solid is nearer than ``room_m``."""
        length = float(np.hypot(*(end - start)))
        along = np.arange(0.0, length, 0.5 * CELL_M)
        points = start + along[:, None] * (end - start) / max(length, 1e-9)
        cells = ((points + self.half_size_m) / CELL_M).astype(int).clip(0, self.cells - 1)
        blocked = np.flatnonzero(self.clearance_m[cells[:, 0], cells[:, 1]] < room_m)
        return float(along[blocked[0]]) if len(blocked) else length

    def look_ahead(self, point: NDArray[np.float64], reach_m: float) -> NDArray[np.float64]:
        """Return the point within ``reach_m`` of ``point``, (2,) both, that the cheapest way leads to straight."""
        wanted_m = min(STRAIGHT_CLEARANCE_M, 0.8 * self.clearance_at_m(point))
        lengths = np.arange(1, int(reach_m / SAMPLED_M) + 1) * SAMPLED_M
        points = point + lengths[:, None] * DIRECTIONS[:, None, :]  # (directions, lengths, 2)
        places = ((points + self.half_size_m) / CELL_M).clip(0.0, self.cells - 1.0)
        x, y = places.astype(int).transpose(2, 0, 1)
        free = np.minimum.accumulate(self.clearance_m[x, y], axis=1) >= wanted_m
        if not free.any():
            return point.copy()
        so_far = np.cumsum(self._cost[x, y], axis=1) * SAMPLED_M
        total = so_far + self._between_cells(places) - PREFERS_FAR * lengths
        best = np.unravel_index(int(np.where(free, total, np.inf).argmin()), free.shape)
        return np.asarray(points[best])

    def _between_cells(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distances left, (...), at places (..., 2) in cells, from the centres of the four cells around."""
        low = (places - 0.5).clip(0.0, self.cells - 1.001)
        x, y = low.astype(int).transpose(2, 0, 1)
        across, along = (low[..., axis] - floor for axis, floor in ((0, x), (1, y)))
        near, far = (
            (1.0 - along) * self.distance_m[x + step, y] + along * self.distance_m[x + step, y + 1] for step in (0, 1)
        )
        return np.asarray((1.0 - across) * near + across * far)


def _occupancy(
    colliders: Sequence[Collider], half_size_m: float, cells: int, heights_m: tuple[float, float]
) -> NDArray[np.bool_]:
    solid = np.zeros((cells, cells), dtype=bool)
    centres = (np.arange(cells) + 0.5) * CELL_M - half_size_m
    for collider in colliders:
        x, y, z = collider.centre_enu_m
        sx, sy, sz = collider.size_m
        if z + sz < heights_m[0] or z - sz > heights_m[1]:
            continue
        reach = float(np.hypot(sx, sy)) + CELL_M
        low = [max(0, int((c - reach + half_size_m) / CELL_M)) for c in (x, y)]
        high = [min(cells, int((c + reach + half_size_m) / CELL_M) + 1) for c in (x, y)]
        dx = centres[low[0] : high[0], None] - x
        dy = centres[None, low[1] : high[1]] - y
        grown = 0.5 * CELL_M  # else a stem thinner than a cell could slip between the cells' centres
        if collider.shape == "box":
            cos, sin = np.cos(collider.yaw_rad), np.sin(collider.yaw_rad)
            inside = (np.abs(cos * dx + sin * dy) <= sx + grown) & (np.abs(-sin * dx + cos * dy) <= sy + grown)
        else:
            inside = np.hypot(dx, dy) <= sx + grown
        solid[low[0] : high[0], low[1] : high[1]] |= inside
    return solid
