"""A person with a gamepad, scripted: sees the screen a quarter of a second late, with imperfect eyes, thumbs and
attention.

It is given what a person reads off the live image: where the backpack is in it and how large, and roughly how far
away the trunks are that can be seen. It has no map, no state of the vehicle and no expert.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from liquid_nav.types import VelocityCommand
from sim_worlds.world import World

BACKPACK_M = 0.55  # height of a backpack, which a person knows
LEAST_PX = 3  # a smaller spot is not noticed
EYE_RAYS = 48
EYES_REACH_M = 8.0
LEVELS = 127  # of a stick
STAND_OFF_M = 2.0
CORRIDOR_M = 0.75
WIDE = 16.0 / 9.0  # width of an image by its height
CAREFUL_M = 3.2
JUDGEMENT = 0.15  # relative error of distances judged at one moment
BEFORE = 0.8  # what is nearer than this share of the backpack's distance is seen to stand before it


@dataclass(frozen=True)
class Glimpse:
    """What the screen shows at one moment.

    Attributes:
        time_s: when the image was taken.
        across, up: where the backpack is, -1 to 1 from left to right and from bottom to top; None when not seen.
        height_px: of the backpack, in an image ``image_px`` high.
        image_px: height of the image.
        trunks_m: (rays,) how far what can be seen is away, from the right edge to the left edge of the image.
    """

    time_s: float
    across: float | None
    up: float
    height_px: float
    image_px: int
    trunks_m: NDArray[np.float64]


@dataclass(frozen=True)
class Person:
    """What a person is like; one is drawn for each flight.

    Attributes:
        reaction_s: from the image to the thumb.
        size_bias: factor of judged distances.
        shake: noise of a thumb, in shares of full deflection.
        deadband: deflections below it do nothing.
        thumb_per_s: fastest change of a stick, in full deflections.
        lapses_per_s, lapse_s: how often and how long the eyes are elsewhere.
        speed_m_s, yaw_rate_rad_s: at full deflection.
    """

    reaction_s: float = 0.25
    size_bias: float = 1.0
    shake: float = 0.05
    deadband: float = 0.08
    thumb_per_s: float = 5.0
    lapses_per_s: float = 0.08
    lapse_s: float = 0.5
    speed_m_s: float = 1.8
    yaw_rate_rad_s: float = 1.0

    @property
    def answer_s(self) -> float:
        """From an image to the middle of the answer: the reaction, and half of a thumb's full way."""
        return self.reaction_s + 0.5 / self.thumb_per_s


def draw_person(rng: np.random.Generator) -> Person:
    """Draw somebody."""
    return Person(
        reaction_s=float(rng.uniform(0.2, 0.3)),
        size_bias=float(rng.uniform(0.88, 1.12)),
        shake=float(rng.uniform(0.03, 0.08)),
        lapses_per_s=float(rng.uniform(0.04, 0.12)),
        speed_m_s=float(rng.uniform(1.5, 2.0)),
    )


def glimpse_of(world: World) -> Glimpse:
    """Return what a person sees in the image that was just taken."""
    mask = world.target_mask
    height, width = mask.shape
    half = 0.5 * world.horizontal_fov_rad
    trunks = world.obstacle_ranges_m(np.linspace(-half, half, EYE_RAYS), EYES_REACH_M).astype(float)
    rows, columns = np.nonzero(mask)
    if len(rows) < LEAST_PX**2:
        return Glimpse(world.time_s, None, 0.0, 0.0, height, trunks)
    across = 2.0 * (columns.min() + columns.max() + 1) / 2.0 / width - 1.0
    up = 1.0 - 2.0 * (rows.min() + rows.max() + 1) / 2.0 / height
    return Glimpse(world.time_s, float(across), float(up), float(np.ptp(rows) + 1), height, trunks)


@dataclass
class GamepadPilot:
    """Flies by glimpses; make a new one for each flight.

    Args:
        person: who flies.
        horizontal_fov_rad: of the camera.
        rng: for everything imperfect.

    Attributes:
        lost_s: how long the backpack has been out of sight.
        distance_m, danger_m: to the backpack and to what is ahead, as it seems.
    """

    person: Person
    horizontal_fov_rad: float
    rng: np.random.Generator
    _seen: deque[Glimpse] = field(default_factory=deque)
    _goal: NDArray[np.float64] = field(default_factory=lambda: np.zeros(4))
    _sticks: NDArray[np.float64] = field(default_factory=lambda: np.zeros(4))
    _shake: NDArray[np.float64] = field(default_factory=lambda: np.zeros(4))
    _side: float = 1.0
    _dodge: float = 0.0
    _blind_until_s: float = 0.0
    _time_s: float = 0.0
    lost_s: float = 0.0
    distance_m: float = EYES_REACH_M
    danger_m: float = EYES_REACH_M

    def see(self, glimpse: Glimpse) -> None:
        """Look at the screen; it is understood after the reaction time."""
        self._seen.append(glimpse)

    def command(self, time_s: float) -> VelocityCommand:
        """Return what the gamepad says now."""
        person, elapsed_s = self.person, max(1e-3, time_s - self._time_s)
        self._time_s = time_s
        if self.rng.random() < person.lapses_per_s * elapsed_s:
            self._blind_until_s = time_s + self.rng.uniform(0.5, 1.5) * person.lapse_s
        understood = None
        while self._seen and self._seen[0].time_s <= time_s - person.reaction_s + 1e-6:
            understood = self._seen.popleft()
        if understood is not None and time_s >= self._blind_until_s:
            self._goal = self._decide(understood, elapsed_s)
        return self._through_thumbs(elapsed_s)

    def _decide(self, glimpse: Glimpse, elapsed_s: float) -> NDArray[np.float64]:
        """Return the sticks wanted, -1 to 1: forward, left, up, turn left."""
        half = 0.5 * self.horizontal_fov_rad
        trunks = glimpse.trunks_m * (1.0 + JUDGEMENT * self.rng.standard_normal())
        if glimpse.across is None:
            self.lost_s += elapsed_s
            self.danger_m, _ = self._ahead(trunks, half, np.ones(len(trunks), dtype=bool))
            return np.array([0.0, 0.0, 0.0, 0.75 * self._side])
        self.lost_s = 0.0
        self._side = -1.0 if glimpse.across > 0.0 else 1.0
        bearing = -float(np.arctan(glimpse.across * np.tan(half)))  # left is positive
        focal_px = 0.5 * glimpse.image_px * WIDE / np.tan(half)
        seen_m = BACKPACK_M * focal_px / glimpse.height_px
        distance = self.person.size_bias * seen_m
        self.distance_m, left_over = distance, distance - STAND_OFF_M
        forward = float(np.clip(0.75 * left_over / self.person.speed_m_s, -0.5, 1.0))
        turn = float(np.clip(1.6 * bearing / self.person.yaw_rate_rad_s, -1.0, 1.0))
        climb = distance * glimpse.up * np.tan(half) / WIDE + 0.1
        up = float(np.clip(0.8 * climb / (0.5 * self.person.speed_m_s), -1.0, 1.0))
        self.danger_m, open_side = self._ahead(trunks, half, glimpse.trunks_m < BEFORE * seen_m)
        dodge = 0.0
        if self.danger_m < CAREFUL_M and left_over > 0.3:
            self._dodge = self._dodge or open_side
            near = 1.0 - self.danger_m / CAREFUL_M
            dodge = self._dodge * min(1.0, 0.25 + 0.9 * near)
            forward = min(forward, float(np.clip((self.danger_m - 0.7) / 2.2, 0.0, 1.0)))
        else:
            self._dodge = 0.0
        if abs(bearing) > 0.45:
            forward = min(forward, 0.2)
        return np.array([forward, dodge, up, turn])

    @staticmethod
    def _ahead(trunks: NDArray[np.float64], half_rad: float, before: NDArray[np.bool_]) -> tuple[float, float]:
        """Return how far the way ahead is free of what stands before the backpack, and the open side: 1 left, -1 right.

        What hides something stands before it, however far both seem: the tree that the backpack hangs on is no
        obstacle.
        """
        angles = np.linspace(-half_rad, half_rad, len(trunks))
        ahead, left = trunks * np.cos(angles), trunks * np.sin(angles)
        blocking = before & (np.abs(left) < CORRIDOR_M) & (ahead < EYES_REACH_M - 0.5)
        if not blocking.any():
            return EYES_REACH_M, 0.0
        nearest = int(np.flatnonzero(blocking)[np.argmin(ahead[blocking])])
        # The nearest thing is passed on the side away from it, unless that side is much fuller.
        away = -1.0 if left[nearest] > 0.0 else 1.0
        room = {1.0: np.minimum(trunks[angles > 0.1], 5.0).mean(), -1.0: np.minimum(trunks[angles < -0.1], 5.0).mean()}
        return float(ahead[nearest]), away if room[away] > 0.6 * room[-away] else -away

    def _through_thumbs(self, elapsed_s: float) -> VelocityCommand:
        person = self.person
        keep = float(np.exp(-elapsed_s / 0.3))
        kick = np.sqrt(1.0 - keep**2) * self.rng.standard_normal(4)
        self._shake = keep * self._shake + person.shake * kick
        most = person.thumb_per_s * elapsed_s
        self._sticks = self._sticks + np.clip(self._goal - self._sticks, -most, most)
        moved = np.clip(self._sticks + self._shake * (np.abs(self._goal) > 0.02), -1.0, 1.0)
        moved = np.round(moved * LEVELS) / LEVELS
        moved = np.where(np.abs(moved) < person.deadband, 0.0, moved)
        full = np.array([person.speed_m_s, person.speed_m_s, 0.5 * person.speed_m_s, person.yaw_rate_rad_s])
        return VelocityCommand.from_array(moved * full)
