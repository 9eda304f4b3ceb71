"""Putting things into a world without closing the ways through it: solids in plan, free lines, walks, targets.

Everything here is seen from above: a footprint is a row (7,) ``x, y, cos yaw, sin yaw, half x, half y, radius``,
the rectangle of a box or the circle of what is round. What begins above :data:`OVERHEAD_M` bars no way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from sim_worlds.mesh_tools import WHITE
from sim_worlds.models.thing import Thing
from sim_worlds.route import Path, Point
from sim_worlds.scene import Collider, Float3, Ground, Instance, Mesh, Start
from sim_worlds.targets import HangingBackpack
from sim_worlds.walker import WalkingPerson

OVERHEAD_M = 2.9
SAMPLE_M = 0.25
SIGHT_CLEARANCE_M = 0.75
WALK_CLEARANCE_M = 1.25
NEAREST_M, FARTHEST_M = 3.0, 30.0
DRAWN_DISTANCES_M = (5.0, 20.0)

Points = NDArray[np.float64]


def gaps_m(points: Points, solids: Iterable[Collider]) -> Points:
    """Return the distances (points,) from points (points, 2) to the nearest solid in plan; negative inside circles."""
    rows = [_footprint(solid) for solid in solids if solid.centre_enu_m[2] - solid.size_m[2] < OVERHEAD_M]
    return _gaps(points, np.array(rows).reshape(-1, 7))


def samples(corners: Sequence[Point] | Points) -> Points:
    """Return points (n, 2) at most 0.25 m apart along a polyline."""
    path = Path([(float(x), float(y)) for x, y in corners])
    count = max(2, int(path.length_m / SAMPLE_M) + 1)
    return np.array([path.at(along) for along in np.linspace(0.0, path.length_m, count)])


class Yard:
    """Collects the meshes, instances and solids of a world."""

    def __init__(self) -> None:
        self.meshes: dict[str, Mesh] = {}
        self.instances: list[Instance] = []
        self.colliders: list[Collider] = []
        self._things: dict[str, Thing] = {}
        self._rows: list[Points] = []
        self._clear = np.zeros((0, 3))

    def add_kind(self, name: str, thing: Thing) -> None:
        """Make a thing known under a name, which its mesh takes too."""
        self._things[name] = thing
        self.meshes[name] = thing.mesh

    def keep_clear(self, points: Points, clearance_m: float) -> None:
        """Let nothing that is put later come nearer to points (n, 2)."""
        self._clear = np.concatenate([self._clear, np.column_stack([points, np.full(len(points), clearance_m)])])

    def put(
        self,
        name: str,
        x: float,
        y: float,
        yaw: float = 0.0,
        *,
        z: float = 0.0,
        size: float = 1.0,
        tint: Float3 = WHITE,
        category: str | None = None,
    ) -> None:
        """Put a thing down, whatever is in the way."""
        thing = self._things[name]
        place = Instance(name, (x, y, z), yaw, (size, size, size), tint, category or thing.category)
        self.instances.append(place)
        solids = [_placed(solid, x, y, z, yaw, size) for solid in thing.solids]
        self.colliders += solids
        self._rows += [_footprint(solid) for solid in solids if _bars(solid)]

    def settle(self, ground: Ground) -> None:
        """Let down or lift all that was put onto uneven ground, each thing and its solids by the height at its foot."""
        solids = iter(self.colliders)
        settled: list[Collider] = []
        for index, item in enumerate(self.instances):
            up = ground.height_m(*item.position_enu_m[:2])
            self.instances[index] = replace(item, position_enu_m=_lifted(item.position_enu_m, up))
            own = islice(solids, len(self._things[item.mesh].solids))
            settled += [replace(solid, centre_enu_m=_lifted(solid.centre_enu_m, up)) for solid in own]
        self.colliders = settled

    def fits(self, name: str, x: float, y: float, yaw: float = 0.0, *, size: float = 1.0, apart_m: float = 0.5) -> bool:
        """True when a thing would leave all ways clear and keep ``apart_m`` from the solids already there."""
        solids = [_placed(solid, x, y, 0.0, yaw, size) for solid in self._things[name].solids]
        rows = np.array([_footprint(solid) for solid in solids]).reshape(-1, 7)
        if len(self._clear) and len(rows) and (_gaps(self._clear[:, :2], rows) < self._clear[:, 2]).any():
            return False
        reach = max((float(np.hypot(s[0] - x, s[1] - y) + np.hypot(s[4], s[5]) + s[6]) for s in rows), default=0.2)
        return bool(_gaps(np.array([[x, y]]), np.array(self._rows).reshape(-1, 7))[0] > reach + apart_m)

    def scatter(
        self,
        rng: np.random.Generator,
        names: Sequence[str],
        count: int,
        half_m: tuple[float, float],
        *,
        sizes: tuple[float, float] = (1.0, 1.0),
        tries: int = 6,
        square: bool = False,
    ) -> None:
        """Put up to ``count`` things anywhere in [-half, half] where they fit; ``square`` ones at right angles."""
        for _ in range(count):
            name = names[int(rng.integers(len(names)))]
            size = float(rng.uniform(*sizes))
            yaw = float(rng.integers(4)) * 0.5 * np.pi if square else float(rng.uniform(0.0, 2.0 * np.pi))
            for x, y in rng.uniform(-1.0, 1.0, (tries, 2)) * np.array(half_m):
                if self.fits(name, float(x), float(y), yaw, size=size):
                    self.put(name, float(x), float(y), yaw, size=size)
                    break


def check_distance(distance_m: float | None, still: bool) -> None:
    """Refuse distances that no world of this kind offers.

    Raises:
        WorldError: naming the value and what to use.
    """
    if distance_m is None:
        return
    if not still:
        raise WorldError(f"distance_m is {distance_m} with still=False: leave it out, walks start 2.5 to 4.5 m behind")
    if not NEAREST_M <= distance_m <= FARTHEST_M:
        raise WorldError(f"distance_m is {distance_m}: use {NEAREST_M:.0f} to {FARTHEST_M:.0f} m")


def draw_still_distance(rng: np.random.Generator, distance_m: float | None) -> float:
    """Return the distance asked for, or one drawn from 5..20 m."""
    drawn = float(rng.uniform(*DRAWN_DISTANCES_M))
    return drawn if distance_m is None else distance_m


def draw_sight_line(
    rng: np.random.Generator,
    distance_m: float,
    half_m: tuple[float, float],
    solids: Sequence[Collider],
    *,
    clearance_m: float = 1.2,
) -> tuple[Points, Points]:
    """Draw a start and a place for the backpack, (2,) each, with a free line between them.

    Args:
        rng: draws them.
        distance_m: from one to the other.
        half_m: both lie within [-half, half] in x and y.
        solids: what the line keeps ``clearance_m`` away from.

    Raises:
        WorldError: when no line is that long and free.
    """
    rows = np.array([_footprint(solid) for solid in solids if _bars(solid)]).reshape(-1, 7)
    half = np.array(half_m)
    for attempt in range(900):
        spot = rng.uniform(-1.0, 1.0, 2) * half
        turn = float(rng.uniform(0.0, 2.0 * np.pi))
        if attempt % 2:  # aisles and streets run along the axes
            turn = round(turn / (0.5 * np.pi)) * 0.5 * np.pi + float(rng.uniform(-0.04, 0.04))
        start = spot + distance_m * np.array([np.cos(turn), np.sin(turn)])
        if (np.abs(start) > half).any():
            continue
        if not len(rows) or (_gaps(samples([tuple(start), tuple(spot)]), rows) > clearance_m).all():
            return start, spot
    raise WorldError(f"distance_m is {distance_m:.1f}: no free line of that length was found, use a shorter one")


def hang_backpack(
    rng: np.random.Generator, start: Points, spot: Points, offset_m: float, tint: Float3
) -> tuple[HangingBackpack, Start, Points, float]:
    """Hang a backpack at ``spot`` on a post that stands ``offset_m`` behind it.

    Returns:
        The target, a start that has it in view, the foot of the post (2,) and the direction its front faces.
    """
    facing = float(np.arctan2(*(start - spot)[::-1])) + float(rng.uniform(-0.7, 0.7))
    post = spot - offset_m * np.array([np.cos(facing), np.sin(facing)])
    height = float(rng.uniform(1.0, 1.8))
    turn = facing + float(rng.choice([0.0, np.pi])) + float(rng.uniform(-0.3, 0.3))
    target = HangingBackpack((float(spot[0]), float(spot[1]), height), turn, tint)
    towards = float(np.arctan2(*(spot - start)[::-1]))
    start_z = float(np.clip(height + rng.uniform(-0.5, 0.8), 1.0, 2.3))
    begin = Start((float(start[0]), float(start[1]), start_z), towards + float(rng.uniform(-0.5, 0.5)))
    return target, begin, post, facing


def walk_with_backpack(rng: np.random.Generator, path: Path, tint: Float3) -> tuple[WalkingPerson, Start]:
    """Let a person set out on a path with the backpack, and start 2.5 to 4.5 m behind."""
    person = WalkingPerson(path, rng, tint=tint)
    ahead = np.array([np.cos(person.heading_rad), np.sin(person.heading_rad)])
    spot = person.position_enu_m[:2] - float(rng.uniform(2.5, 4.5)) * ahead
    yaw = person.heading_rad + float(rng.uniform(-0.3, 0.3))
    return person, Start((float(spot[0]), float(spot[1]), float(rng.uniform(1.2, 2.0))), yaw)


def with_run_up(path: Path) -> Points:
    """Return points (n, 2) of a walk and of the 5 m before it, where the vehicle starts."""
    way = path.points[1] - path.points[0]
    behind = path.points[0] - 5.0 * way / np.hypot(*way)
    return samples(np.concatenate([behind[None], path.points]))


def draw_tint(rng: np.random.Generator) -> Float3:
    """Draw how the backpack's red varies."""
    shade = float(rng.uniform(0.85, 1.15))
    return shade, shade * float(rng.uniform(0.8, 1.3)), shade * float(rng.uniform(0.8, 1.3))


def grid_walk(rng: np.random.Generator, xs: Sequence[float], ys: Sequence[float], length_m: float) -> Path:
    """Draw a walk along the lines of a grid that never turns back on itself.

    It sets out straight on from a node that has a neighbour behind it, so that there is room for the vehicle.
    """
    column, row = int(rng.integers(1, len(xs) - 1)), int(rng.integers(len(ys)))
    step = (int(rng.choice([-1, 1])), 0)
    nodes, walked = [(column, row)], 0.0
    while walked < length_m or len(nodes) < 3:
        ways = [step] if len(nodes) == 1 else [way for way in ((1, 0), (-1, 0), (0, 1), (0, -1)) if way != _back(step)]
        inside = [(c, r) for c, r in ways if 0 <= column + c < len(xs) and 0 <= row + r < len(ys)]
        step = inside[int(rng.integers(len(inside)))]
        walked += abs(xs[column + step[0]] - xs[column]) + abs(ys[row + step[1]] - ys[row])
        column, row = column + step[0], row + step[1]
        nodes.append((column, row))
    return Path([(xs[c], ys[r]) for c, r in nodes])


def meander(
    rng: np.random.Generator,
    begin: Sequence[Point],
    length_m: float,
    half_m: tuple[float, float],
    solids: Sequence[Collider] = (),
) -> Path:
    """Draw a winding walk that goes on from the two points of ``begin`` and keeps 2 m from solids."""
    rows = np.array([_footprint(solid) for solid in solids if _bars(solid)]).reshape(-1, 7)
    points = [np.array(point, dtype=float) for point in begin]
    walked = 0.0
    while walked < length_m:
        heading = float(np.arctan2(*(points[-1] - points[-2])[::-1]))
        for widest in np.linspace(0.9, np.pi, 60):
            turn = heading + float(rng.uniform(-widest, widest))
            stride = float(rng.uniform(6.0, 12.0))
            there = points[-1] + stride * np.array([np.cos(turn), np.sin(turn)])
            inside = bool((np.abs(there) < np.array(half_m)).all())
            if inside and (not len(rows) or (_gaps(samples([tuple(points[-1]), tuple(there)]), rows) > 2.0).all()):
                points.append(there)
                walked += stride
                break
        else:
            break
    return Path([(float(x), float(y)) for x, y in points])


def draw_run_up(
    rng: np.random.Generator, half_m: tuple[float, float], solids: Sequence[Collider] = ()
) -> list[Point]:
    """Draw the first stretch of a walk, 8 m long, with free ground 5 m before it."""
    inner = (half_m[0] - 2.0, half_m[1] - 2.0)
    start, end = draw_sight_line(rng, 13.0, inner, solids, clearance_m=2.0)
    begin = start + (end - start) * (5.0 / 13.0)
    return [(float(begin[0]), float(begin[1])), (float(end[0]), float(end[1]))]


def _back(step: tuple[int, int]) -> tuple[int, int]:
    return -step[0], -step[1]


def _bars(solid: Collider) -> bool:
    return solid.centre_enu_m[2] - solid.size_m[2] < OVERHEAD_M


def _footprint(solid: Collider) -> Points:
    x, y, _ = solid.centre_enu_m
    if solid.shape == "box":
        return np.array([x, y, np.cos(solid.yaw_rad), np.sin(solid.yaw_rad), solid.size_m[0], solid.size_m[1], 0.0])
    return np.array([x, y, 1.0, 0.0, 0.0, 0.0, solid.size_m[0]])


def _gaps(points: Points, rows: Points) -> Points:
    if not len(rows):
        return np.full(len(points), np.inf)
    away = points[:, None, :] - rows[None, :, :2]
    cos, sin = rows[:, 2], rows[:, 3]
    along = np.abs(cos * away[..., 0] + sin * away[..., 1]) - rows[:, 4]
    across = np.abs(-sin * away[..., 0] + cos * away[..., 1]) - rows[:, 5]
    return np.asarray((np.hypot(np.maximum(along, 0.0), np.maximum(across, 0.0)) - rows[:, 6]).min(axis=1))


def _lifted(place: Float3, up_m: float) -> Float3:
    x, y, z = place
    return x, y, z + up_m


def _placed(solid: Collider, x: float, y: float, z: float, yaw: float, size: float) -> Collider:
    """Return a thing's own solid where the thing stands."""
    a, b, c = (size * value for value in solid.centre_enu_m)
    cos, sin = float(np.cos(yaw)), float(np.sin(yaw))
    half = solid.size_m
    return replace(
        solid,
        centre_enu_m=(x + cos * a - sin * b, y + sin * a + cos * b, z + c),
        size_m=(size * half[0], size * half[1], size * half[2]),
        yaw_rad=solid.yaw_rad + yaw,
    )
