"""Passers-by who walk round the blocks and give way to vehicle, target, each other and cars. Computed all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim_worlds.city_plan import BLOCK_CENTRES_M, ROADS_M, SPACING_M
from sim_worlds.mesh_tools import ground_poses
from sim_worlds.models.gait import BRISK_M_S, HEIGHT_M, STRIDE_M, swing_of, walking_poses
from sim_worlds.models.person import BODY_RADIUS_M, people_instances
from sim_worlds.route import Tracks
from sim_worlds.scene import Collider, DynamicInstance

AHEAD_M = np.array([0.3, 0.65, 1.0, 1.35, 1.7])
CONVOY_GAP_M, PERSON_GAP_M = 1.3, 0.62
CAR_GAP_M, STANDING_CAR_GAP_M = 1.6, 1.25
PATIENCE, SQUEEZING_GAP_M = 15, 0.42
"""After so many decisions of waiting people squeeze past each other, the first in line first."""
ACCELERATION_M_S2, BRAKING_M_S2 = 0.9, 3.5
ASIDE_M_S = 0.5
ASIDE_WITHIN_M, BACK_BEYOND_M = 4.0, 5.0
DEEPEST_M, CORNER_DEEPEST_M, CORNER_M = 8.45, 8.85, 4.5
"""Farthest from the road's centre line that somebody steps aside: less between corners, where things stand at walls."""

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Convoy:
    """The target and the vehicle that follows it; nobody steps between them.

    Attributes:
        points: (points, 2) target and vehicle.
        ahead: (2,) where the target will be shortly.
        starts, ends: (segments, 2) lines that nobody may come close to.
    """

    points: Points
    ahead: Points
    starts: Points
    ends: Points


class Passers:
    """Everybody who walks about.

    Args:
        tracks: loops round the blocks.
        track: (people,) which of them each person walks.
        along_m: (people,) where on it.
        inward: (people,) +1 when the houses are to the left, -1 to the right.
        line_m: (people,) distance of the track from the road's centre line.
        cruise_m_s: (people,) usual speed.
        prefixes, sizes, red: of the meshes of each person, and who wears a red jacket as a decoy.
    """

    def __init__(
        self,
        tracks: Tracks,
        track: NDArray[np.int64],
        along_m: Points,
        inward: Points,
        line_m: Points,
        cruise_m_s: Points,
        prefixes: list[str],
        sizes: list[float],
        red: list[bool],
    ) -> None:
        self._tracks, self._track, self._along = tracks, track, along_m.copy()
        self._inward, self._line, self._cruise = inward, line_m, cruise_m_s
        self._prefixes, self._sizes = prefixes, np.array(sizes)
        self._jackets = ["decoy" if each else "person" for each in red]
        count = len(track)
        self._speed = cruise_m_s.copy()
        self._wanted = cruise_m_s.copy()
        self._waited = np.zeros(count, dtype=int)
        self._shift = np.zeros(count)
        self._wanted_shift = np.zeros(count)
        self._phase = 2.0 * np.pi * ((along_m / STRIDE_M) % 1.0)
        self.positions, self.headings = self._spots(self._along, self._shift)

    @property
    def velocities(self) -> Points:
        """(people, 2) velocities."""
        return self._speed[:, None] * self.headings

    def decide(self, convoy: Convoy | None, cars: Points, standing_cars: Points) -> None:
        """Choose everybody's speed and whether to step aside.

        Args:
            convoy: target and vehicle.
            cars: (points, 2) spots that cars take or are about to take.
            standing_cars: (points, 2) spots of cars that stand; people pass close by them.
        """
        if not len(self._track):
            return
        ahead, _ = self._spots(self._along[:, None] + AHEAD_M, self._shift[:, None])  # (people, 5, 2)
        blocked = self._blocked(ahead, cars, CAR_GAP_M) | self._blocked(ahead, standing_cars, STANDING_CAR_GAP_M)
        others = np.linalg.norm(ahead[:, :, None] - self.positions, axis=3)  # (people, 5, people)
        now = np.linalg.norm(self.positions[:, None] - self.positions, axis=2)
        waited = self._waited > PATIENCE * (1 + np.arange(len(now)) % 3)
        gap = np.where(waited, SQUEEZING_GAP_M, PERSON_GAP_M)[:, None, None]
        nearer = (others < gap) & (others < now[:, None] - 0.02)
        nearer[np.arange(len(now)), :, np.arange(len(now))] = False
        blocked |= nearer.any(axis=(1, 2))
        if convoy is not None:
            near = segment_distances(self.positions, convoy)
            coming = segment_distances(ahead, convoy)
            blocked |= ((coming < CONVOY_GAP_M) & (coming < near[:, None] - 0.02)).any(axis=1)
            self._step_aside(convoy, near)
        self._waited = np.where(blocked, self._waited + 1, np.maximum(self._waited - 2, 0))
        self._wanted = np.where(blocked, 0.0, self._cruise)

    def tick(self, tick_s: float) -> None:
        """Move everybody on."""
        change = np.clip(self._wanted - self._speed, -BRAKING_M_S2 * tick_s, ACCELERATION_M_S2 * tick_s)
        self._speed = np.maximum(self._speed + change, 0.0)
        self._along = self._along + self._speed * tick_s
        aside = np.clip(self._wanted_shift - self._shift, -ASIDE_M_S * tick_s, ASIDE_M_S * tick_s)
        self._shift = self._shift + aside
        pace = self._speed + 0.6 * np.abs(aside) / tick_s
        stride = 0.45 + (STRIDE_M - 0.45) * np.minimum(pace / BRISK_M_S, 1.3)
        self._phase = (self._phase + 2.0 * np.pi * pace / stride * tick_s) % (2.0 * np.pi)
        self.positions, self.headings = self._spots(self._along, self._shift)

    def dynamic_instances(self) -> list[DynamicInstance]:
        """Everybody's parts."""
        if not self._prefixes:
            return []
        swings = [swing_of(speed) for speed in self._speed.tolist()]
        poses = np.stack([walking_poses(*each) for each in zip(self._phase.tolist(), swings, strict=True)])
        yaws = np.arctan2(self.headings[:, 1], self.headings[:, 0])
        return people_instances(self._prefixes, ground_poses(self.positions, yaws), poses, self._sizes, self._jackets)

    def colliders(self) -> list[Collider]:
        """A cylinder for everybody."""
        solids = []
        for (x, y), size in zip(self.positions.tolist(), self._sizes.tolist(), strict=True):
            half = 0.5 * HEIGHT_M * size
            radius = BODY_RADIUS_M * min(size, 1.0)
            solids.append(Collider("cylinder", (x, y, half), (radius, radius, half), label="passer-by"))
        return solids

    def _spots(self, along: Points, shift: Points) -> tuple[Points, Points]:
        track = self._track if along.ndim == 1 else self._track[:, None]
        inward = self._inward if along.ndim == 1 else self._inward[:, None]
        points, headings = self._tracks.at(np.broadcast_to(track, along.shape), along)
        left = np.stack([-headings[..., 1], headings[..., 0]], axis=-1)
        return points + (inward * shift)[..., None] * left, headings

    def _blocked(self, ahead: Points, points: Points, gap: float) -> NDArray[np.bool_]:
        if not len(points):
            return np.zeros(len(ahead), dtype=bool)
        coming = np.linalg.norm(ahead[:, :, None] - points, axis=3)
        now = np.linalg.norm(self.positions[:, None] - points, axis=2)
        return np.asarray(((coming < gap) & (coming < now[:, None] - 0.02)).any(axis=(1, 2)))

    def _step_aside(self, convoy: Convoy, near: Points) -> None:
        """Towards the wall while the convoy is close, unless it is on that side."""
        left = np.column_stack([-self.headings[:, 1], self.headings[:, 0]])
        wallward = self._inward[:, None] * left
        offsets = convoy.points - self.positions[:, None]  # (people, points, 2)
        distances = np.linalg.norm(offsets, axis=2)
        on_that_side = ((offsets * wallward[:, None]).sum(axis=2) > 0.2) & (distances < 2.0)
        deepest = np.where(self._near_corner(), CORNER_DEEPEST_M, DEEPEST_M)
        room = np.where(self._on_road(), 0.0, np.maximum(deepest - self._line, 0.0))
        aside = (near < ASIDE_WITHIN_M) & ~on_that_side.any(axis=1)
        wanted = np.where(aside, room, np.where(near > BACK_BEYOND_M, 0.0, np.minimum(self._shift, room)))
        spots, _ = self._spots(self._along, wanted)
        between = np.linalg.norm(spots[:, None] - self.positions, axis=2) + 9.0 * np.eye(len(spots))
        barred = on_that_side.any(axis=1) | (between.min(axis=1) < PERSON_GAP_M + 0.2)
        self._wanted_shift = np.where(barred, self._shift, wanted)

    def _near_corner(self) -> NDArray[np.bool_]:
        from_centre = np.abs(self.positions[:, :, None] - np.array(BLOCK_CENTRES_M)).min(axis=2)
        return np.asarray((from_centre > 0.5 * SPACING_M - DEEPEST_M - CORNER_M).all(axis=1))

    def _on_road(self) -> NDArray[np.bool_]:
        from_road = np.abs(self.positions[:, :, None] - np.array(ROADS_M)).min(axis=2)
        return np.asarray((from_road < 7.0).any(axis=1))


def segment_distances(points: Points, convoy: Convoy) -> Points:
    """Return the distance of each point (..., 2) to the nearest line of the convoy."""
    ways = convoy.ends - convoy.starts
    offsets = points[..., None, :] - convoy.starts
    share = np.clip((offsets * ways).sum(axis=-1) / np.maximum((ways**2).sum(axis=-1), 1e-9), 0.0, 1.0)
    return np.asarray(np.linalg.norm(offsets - share[..., None] * ways, axis=-1).min(axis=-1))
