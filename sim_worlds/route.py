"""Ways for people on foot: a graph of pavement corners and a smooth walk along it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]


class Pavements:
    """Corners of crossings joined along the pavements and across the roads.

    Args:
        road_centres_m: coordinates of the roads' centre lines, the same in x and y.
        offset_m: distance of the walking line from a centre line.
    """

    def __init__(self, road_centres_m: tuple[float, ...], offset_m: float) -> None:
        lines = sorted(centre + side * offset_m for centre in road_centres_m for side in (-1.0, 1.0))
        self.lines = lines
        self.nodes: list[Point] = [(x, y) for x in lines for y in lines]

    def neighbours(self, node: Point) -> list[Point]:
        """Return the corners next to a corner, along a pavement or across a road."""
        x, y = (self.lines.index(value) for value in node)
        last = len(self.lines) - 1
        around = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
        return [(self.lines[i], self.lines[j]) for i, j in around if 0 <= i <= last and 0 <= j <= last]

    def draw_route(self, rng: np.random.Generator, length_m: float) -> list[Point]:
        """Draw a walk of at least ``length_m`` that never turns back on itself."""
        inner = [node for node in self.nodes if len(self.neighbours(node)) == 4]
        node = inner[int(rng.integers(len(inner)))]
        route, walked = [node], 0.0
        while walked < length_m:
            choices = [other for other in self.neighbours(node) if len(route) < 2 or other != route[-2]]
            following = choices[int(rng.integers(len(choices)))]
            walked += abs(following[0] - node[0]) + abs(following[1] - node[1])
            route.append(following)
            node = following
        return route


class Path:
    """A polyline walked by arc length; stands still at its end."""

    def __init__(self, points: list[Point]) -> None:
        self.points: NDArray[np.float64] = np.array(points, dtype=float)
        lengths = np.hypot(*np.diff(self.points, axis=0).T)
        self._reached = np.concatenate([[0.0], np.cumsum(lengths)])

    @property
    def length_m(self) -> float:
        """Length of the whole path."""
        return float(self._reached[-1])

    def at(self, along_m: float) -> NDArray[np.float64]:
        """Return the point (2,) after ``along_m`` of the path."""
        along = min(max(along_m, 0.0), self.length_m)
        return np.array([np.interp(along, self._reached, self.points[:, axis]) for axis in (0, 1)])

    def distance_to(self, point: NDArray[np.float64] | Point) -> float:
        """Return the smallest distance from a point (2,) to the path."""
        start, end = self.points[:-1], self.points[1:]
        way = end - start
        along = ((np.asarray(point) - start) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-9)
        nearest = start + np.clip(along, 0.0, 1.0)[:, None] * way
        return float(np.hypot(*(nearest - np.asarray(point)).T).min())
