"""Who is out in a city's streets: draws passers-by, cars and cyclists, and the lanes they keep to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim_worlds.actors import StreetLife
from sim_worlds.city_builder import PAINTS, CityBuilder
from sim_worlds.city_people import redressed, wears_red
from sim_worlds.city_plan import (
    CYCLE_LANE_M,
    LANE_M,
    PASSING_LINES_M,
    ROADS_M,
    SPACING_M,
    along_junction_m,
)
from sim_worlds.models.car import COLOURS
from sim_worlds.models.person import draw_look, person_meshes
from sim_worlds.passers import Passers
from sim_worlds.route import Path, Tracks, rounded_loop
from sim_worlds.traffic import CYCLIST, RoadUser, Traffic

PEOPLE, CARS, CYCLISTS = 9, 5, 2
CHILDREN_EVERY = 5
CAR_SHARES = {"sedan": 0.32, "hatchback": 0.3, "estate": 0.2, "van": 0.12, "bus": 0.06}
FAR_FROM_START_M, CAR_FROM_START_M = 6.0, 16.0
NEAR_ROUTE_M = 16.0
PERSON_APART_M, CAR_APART_M = 2.0, 11.0
TRIES = 30
RIGHT_RADIUS_M, LEFT_RADIUS_M, FOOT_RADIUS_M = 4.0, 6.5, 1.0
Points = NDArray[np.float64]
Corner = tuple[float, float]


@dataclass(frozen=True)
class Loop:
    """A closed way round one or more blocks.

    Attributes:
        points: (points, 2).
        left: it runs counter-clockwise, so that the blocks are to the left.
    """

    points: Points
    left: bool


def loops_round_blocks(offset_m: float, radius_m: float, *, left: bool) -> list[Loop]:
    """Return loops round every inner block, every pair of them and all four.

    Args:
        offset_m: distance from the centre lines of the roads around; towards the blocks when positive.
        radius_m: of the corners.
        left: counter-clockwise.
    """
    low, middle, high = ROADS_M
    spans = ((low, middle), (middle, high), (low, high))
    loops = []
    for x0, x1 in spans:
        for y0, y1 in spans:
            a, b, c, d = x0 + offset_m, x1 - offset_m, y0 + offset_m, y1 - offset_m
            corners: list[Corner] = [(a, c), (b, c), (b, d), (a, d)]
            loops.append(Loop(rounded_loop(corners if left else corners[::-1], radius_m), left))
    return loops


def lanes(offset_m: float) -> list[Loop]:
    """Return closed lanes for traffic that keeps to the right, ``offset_m`` beside the centre lines."""
    right = loops_round_blocks(offset_m, RIGHT_RADIUS_M, left=False)
    return right + loops_round_blocks(-offset_m, LEFT_RADIUS_M, left=True)


def add_street_life(
    city: CityBuilder,
    rng: np.random.Generator,
    crowd: float,
    path: Path,
    start_enu_m: Points,
    columns: list[tuple[float, float]],
    ridden: Loop | None,
) -> StreetLife:
    """Draw who is out; add their meshes to the city.

    Args:
        city: gets the meshes.
        rng: draws numbers, ways, looks and paces.
        crowd: scales how many there are, 0 to 3.
        path: of the target; people walk near it.
        start_enu_m: (2,) where target and vehicle start; nobody is close to it.
        columns: what stands in the way of people.
        ridden: the lane of a target on the road; nobody else uses it.
    """
    passers = _passers(city, rng, round(PEOPLE * crowd), path, start_enu_m, columns)
    traffic = _traffic(city, rng, round(CARS * crowd), round(CYCLISTS * crowd), start_enu_m, ridden)
    return StreetLife(passers, traffic, target_rides=ridden is not None)


def _passers(
    city: CityBuilder,
    rng: np.random.Generator,
    count: int,
    path: Path,
    start: Points,
    columns: list[tuple[float, float]],
) -> Passers:
    loops: list[Loop] = []
    lines: list[float] = []
    for line, left in zip(PASSING_LINES_M, (True, False), strict=True):
        for loop in loops_round_blocks(line, FOOT_RADIUS_M, left=left)[:-1]:  # not round all four blocks
            if not _touches(loop.points, columns):
                loops.append(loop)
                lines.append(line)
    if not loops:
        count, loops, lines = 0, [loops_round_blocks(PASSING_LINES_M[0], FOOT_RADIUS_M, left=True)[0]], [0.0]
    tracks = Tracks([loop.points for loop in loops])
    track, along, taken = [], [], np.empty((0, 2))
    for _ in range(count):
        for _ in range(TRIES):
            which, share = int(rng.integers(len(loops))), float(rng.random())
            place = share * tracks.lengths_m[which]
            spot = tracks.at(np.array([which]), np.array([place]))[0][0]
            on_road = min(along_junction_m(float(spot[0])), along_junction_m(float(spot[1]))) < 7.0
            apart = len(taken) == 0 or np.hypot(*(taken - spot).T).min() > PERSON_APART_M
            away = np.hypot(*(spot - start)) > FAR_FROM_START_M and path.distance_to(spot) < NEAR_ROUTE_M
            if apart and away and not on_road:
                track.append(which)
                along.append(place)
                taken = np.vstack([taken, spot])
                break
    prefixes, sizes, red = [], [], []
    for index in range(len(track)):
        look = redressed(city, draw_look(rng, child=index % CHILDREN_EVERY == CHILDREN_EVERY - 1), index)
        city.meshes |= person_meshes(f"passer_{index}", look)
        prefixes.append(f"passer_{index}")
        sizes.append(look.size)
        red.append(wears_red(city, index))
    chosen = np.array(track, dtype=np.int64)
    inward = np.array([1.0 if loops[which].left else -1.0 for which in track])
    line_m = np.array([lines[which] for which in track])
    cruise = rng.uniform(0.8, 1.5, len(track))
    return Passers(tracks, chosen, np.array(along), inward, line_m, cruise, prefixes, sizes, red)


def _touches(points: Points, columns: list[tuple[float, float]]) -> bool:
    return any(np.hypot(*(points - column).T).min() < 1.3 for column in columns)


def _traffic(
    city: CityBuilder, rng: np.random.Generator, cars: int, cyclists: int, start: Points, ridden: Loop | None
) -> Traffic:
    wide, narrow = lanes(LANE_M), lanes(CYCLE_LANE_M)
    if ridden is not None:
        wide = [lane for lane in wide if not _share(lane, ridden)]
        narrow = [lane for lane in narrow if not _share(lane, ridden)]
    loops = [*wide, *narrow]
    tracks = Tracks([loop.points for loop in loops])
    users: list[RoadUser] = []
    track, along, taken = [], [], np.empty((0, 2))
    for index in range(cars + cyclists):
        kind = str(rng.choice(list(CAR_SHARES), p=list(CAR_SHARES.values()))) if index < cars else CYCLIST
        first, last = (0, len(wide)) if index < cars else (len(wide), len(loops))
        for _ in range(TRIES if last > first else 0):
            which = int(rng.integers(first, last))
            place = float(rng.random()) * tracks.lengths_m[which]
            spot = tracks.at(np.array([which]), np.array([place]))[0][0]
            in_street = max(along_junction_m(float(spot[0])), along_junction_m(float(spot[1]))) > 15.0
            apart = len(taken) == 0 or np.hypot(*(taken - spot).T).min() > CAR_APART_M
            if apart and in_street and np.hypot(*(spot - start)) > CAR_FROM_START_M:
                users.append(_user(city, rng, kind, index))
                track.append(which)
                along.append(place)
                taken = np.vstack([taken, spot])
                break
    fast = [rng.uniform(4.0, 6.5) if user.kind != CYCLIST else rng.uniform(2.8, 4.2) for user in users]
    return Traffic(tracks, users, np.array(track, dtype=np.int64), np.array(along), np.array(fast))


def _user(city: CityBuilder, rng: np.random.Generator, kind: str, index: int) -> RoadUser:
    if kind != CYCLIST:
        return RoadUser(kind, *city.paint(COLOURS, "car", rng))
    prefix = f"cyclist_{index}"
    city.meshes |= person_meshes(prefix, draw_look(rng, child=False))
    return RoadUser(kind, *city.paint(PAINTS, "furniture", rng), prefix)


def _share(lane: Loop, ridden: Loop) -> bool:
    """True when two lanes run together somewhere."""
    some, others = lane.points[::6], ridden.points[::3]
    ways, other_ways = np.diff(some, axis=0), np.diff(others, axis=0)
    near = np.linalg.norm(some[:-1, None] - others[:-1], axis=2) < 1.2
    along = (ways[:, None] * other_ways).sum(axis=2) > 0.5 * np.linalg.norm(ways, axis=1)[:, None] * np.linalg.norm(
        other_ways, axis=1
    )
    return bool((near & along).any())


def middle_of_a_street(tracks: Tracks, rng: np.random.Generator) -> float:
    """Draw a place on the first of some tracks with a straight 8 m behind and ahead."""
    for _ in range(100):
        along = float(rng.random() * tracks.lengths_m[0])
        _, headings = tracks.at(np.zeros(3, dtype=np.int64), along + np.array([-8.0, 0.0, 8.0]))
        straight = min(float(headings[0] @ headings[1]), float(headings[1] @ headings[2])) > 0.999
        if straight and _in_street(tracks, along):
            return along
    return along


def _in_street(tracks: Tracks, along: float) -> bool:
    spot = tracks.at(np.zeros(1, dtype=np.int64), np.array([along]))[0][0]
    return max(along_junction_m(float(spot[0])), along_junction_m(float(spot[1]))) > 0.5 * SPACING_M - 9.0
