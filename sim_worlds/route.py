"""Ways through a city: a graph of pavement corners, a walk along it, and closed tracks for traffic and passers-by."""

from __future__ import annotations

from bisect import bisect_right

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
    """A polyline walked by arc length; stands still at its end.

    Attributes:
        points: (points, 2).
        length_m: of the whole path.
    """

    def __init__(self, points: list[Point]) -> None:
        self.points: NDArray[np.float64] = np.array(points, dtype=float)
        lengths = np.hypot(*np.diff(self.points, axis=0).T)
        reached = np.concatenate([[0.0], np.cumsum(lengths)])
        slopes = np.diff(self.points, axis=0) / np.diff(reached)[:, None]
        self._reached: list[float] = reached.tolist()
        self._legs: list[list[float]] = np.column_stack([self.points[:-1], slopes]).tolist()
        self.length_m = self._reached[-1]

    def at(self, along_m: float) -> NDArray[np.float64]:
        """Return the point (2,) after ``along_m`` of the path."""
        if along_m >= self.length_m:
            return np.array(self.points[-1])
        along = max(along_m, 0.0)
        leg = bisect_right(self._reached, along) - 1
        x, y, slope_x, slope_y = self._legs[leg]
        beyond = along - self._reached[leg]
        return np.array([slope_x * beyond + x, slope_y * beyond + y])

    def distance_to(self, point: NDArray[np.float64] | Point) -> float:
        """Return the smallest distance from a point (2,) to the path."""
        start, end = self.points[:-1], self.points[1:]
        way = end - start
        along = ((np.asarray(point) - start) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-9)
        nearest = start + np.clip(along, 0.0, 1.0)[:, None] * way
        return float(np.hypot(*(nearest - np.asarray(point)).T).min())

    def cut(self, corner_m: float) -> Path:
        """Return the path whose corners are cut off ``corner_m`` before and after, as one who follows flies it."""
        points = [(float(self.points[0][0]), float(self.points[0][1]))]
        for before, corner, after in zip(self.points, self.points[1:], self.points[2:], strict=False):
            for end in (before, after):
                way = end - corner
                length = float(np.hypot(way[0], way[1]))
                spot = corner + way * min(corner_m, 0.5 * length) / length
                points.append((float(spot[0]), float(spot[1])))
        points.append((float(self.points[-1][0]), float(self.points[-1][1])))
        return Path(points)


SAMPLE_M = 0.25


def rounded_loop(corners: list[Point], radius_m: float) -> NDArray[np.float64]:
    """Return a closed rectangle-like loop (points, 2) with round corners, a point every :data:`SAMPLE_M` or less.

    Args:
        corners: in the order of travel, all turns by 90 degrees.
        radius_m: of the corners.
    """
    points: list[NDArray[np.float64]] = []
    count = len(corners)
    for index in range(count):
        before, corner, after = (np.array(corners[(index + step) % count], dtype=float) for step in (-1, 0, 1))
        back, ahead = _unit(before - corner), _unit(after - corner)
        centre = corner + radius_m * (back + ahead)
        turns = np.linspace(0.0, 0.5 * np.pi, max(3, int(np.ceil(1.6 * radius_m / SAMPLE_M))))
        arc = centre - radius_m * (np.cos(turns)[:, None] * ahead + np.sin(turns)[:, None] * back)
        if points:
            points.append(_between(points[-1][-1], arc[0]))
        points.append(arc)
    points.append(_between(points[-1][-1], points[0][0]))
    return np.concatenate(points)


def _between(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points between two points, without these two."""
    count = max(2, int(np.ceil(np.hypot(*(end - start)) / SAMPLE_M)))
    return np.asarray(start + np.linspace(0.0, 1.0, count + 1)[1:-1, None] * (end - start))


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vector / (np.hypot(vector[0], vector[1]) + 1e-12))


class Tracks:
    """Closed tracks, evaluated for many travellers at once.

    Args:
        loops: each (points, 2), the last point joined to the first.
    """

    def __init__(self, loops: list[NDArray[np.float64]]) -> None:
        steps = [np.hypot(*(np.roll(loop, -1, axis=0) - loop).T) for loop in loops]
        self.lengths_m = np.array([step.sum() for step in steps])
        self._counts = np.round(self.lengths_m / SAMPLE_M).astype(int)
        self._starts = np.concatenate([[0], np.cumsum(self._counts)[:-1]])
        tables = [_even(loop, step, int(count)) for loop, step, count in zip(loops, steps, self._counts, strict=True)]
        self.points = np.concatenate(tables)
        following = np.concatenate([np.roll(table, -1, axis=0) for table in tables])
        ways = following - self.points
        self.headings = ways / np.hypot(ways[:, 0], ways[:, 1])[:, None]
        self._ways = ways

    def row(self, track: NDArray[np.int64], along_m: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the rows of the tables for places on tracks, any equal shape."""
        share = (along_m / self.lengths_m[track]) % 1.0
        return np.asarray(self._starts[track] + (share * self._counts[track]).astype(int) % self._counts[track])

    def at(
        self, track: NDArray[np.int64], along_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return points and unit headings, each (..., 2), for places on tracks."""
        places = (along_m / self.lengths_m[track]) % 1.0 * self._counts[track]
        whole = places.astype(int) % self._counts[track]
        rows = self._starts[track] + whole
        return self.points[rows] + (places - np.floor(places))[..., None] * self._ways[rows], self.headings[rows]


def _even(loop: NDArray[np.float64], steps: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Points of a loop at even distances along it."""
    closed = np.concatenate([loop, loop[:1]])
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0.0, reached[-1], count, endpoint=False)
    return np.column_stack([np.interp(wanted, reached, closed[:, axis]) for axis in (0, 1)])
