"""Life in the streets: passers-by, cars and cyclists on one clock, giving way to vehicle and target."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim_worlds.passers import Convoy, Passers
from sim_worlds.scene import Collider, DynamicInstance
from sim_worlds.traffic import Traffic

TICK_S = 0.02
DECISION_TICKS = 5
CONVOY_M = 8.0
LEAD_S, LONGEST_LEAD_M = 1.3, 4.0
STANDING_M_S = 0.2
FASTEST_M_S = 4.0
AHEAD_S = (0.8, 1.6)
"""How far ahead traffic foresees people's ways."""


class StreetLife:
    """Implements :class:`sim_worlds.scene.Actor` for everybody in the streets but the target.

    Args:
        passers: people on foot.
        traffic: cars and cyclists.
        target_rides: the target drives on the road; crossings near it are left free.
    """

    def __init__(self, passers: Passers, traffic: Traffic, *, target_rides: bool = False) -> None:
        self.passers, self.traffic = passers, traffic
        self._target_rides = target_rides
        self._debt_s, self._ticks = 0.0, 0
        self._target: NDArray[np.float64] | None = None

    def advance(self, duration_s: float, others_enu_m: NDArray[np.float64]) -> None:
        """Go on by ``duration_s`` in ticks of 20 ms; ``others_enu_m`` (n, 3) are target and vehicle, in this order."""
        others = np.asarray(others_enu_m, dtype=float).reshape(-1, 3)[:, :2]
        velocity = np.zeros(2)
        if len(others):
            if self._target is not None and duration_s > 0.0:
                velocity = (others[0] - self._target) / duration_s
                velocity = velocity * min(1.0, FASTEST_M_S / (float(np.hypot(*velocity)) + 1e-9))
            self._target = others[0].copy()
        self._debt_s += duration_s
        while self._debt_s >= TICK_S - 1e-9:
            self._debt_s -= TICK_S
            if self._ticks % DECISION_TICKS == 0:
                self._decide(others, velocity)
            self._ticks += 1
            self.passers.tick(TICK_S)
            self.traffic.tick(TICK_S)

    def dynamic_instances(self) -> list[DynamicInstance]:
        """Everybody."""
        return [*self.passers.dynamic_instances(), *self.traffic.dynamic_instances()]

    def colliders(self) -> list[Collider]:
        """Everybody's solids, always in the same order."""
        return [*self.passers.colliders(), *self.traffic.colliders()]

    def _decide(self, others: NDArray[np.float64], velocity: NDArray[np.float64]) -> None:
        stands = self.traffic.speeds_m_s < STANDING_M_S
        outline = self.traffic.outline(1.0)
        convoy = _convoy(others, velocity)
        self.passers.decide(convoy, outline[~stands].reshape(-1, 2), outline[stands].reshape(-1, 2))
        feet, paces = self.passers.positions, self.passers.velocities
        people = [others, feet, *(feet + seconds * paces for seconds in AHEAD_S)]
        people += [others[:1] + seconds * velocity for seconds in AHEAD_S]
        if convoy is not None:
            people += [convoy.starts + share * (convoy.ends - convoy.starts) for share in (0.3, 0.6)]
        self.traffic.decide(np.concatenate(people), others if self._target_rides else np.empty((0, 2)))


def _convoy(others: NDArray[np.float64], velocity: NDArray[np.float64]) -> Convoy | None:
    """Lines from the vehicle to the target and on to where it goes; vehicles far away are points of their own."""
    if not len(others):
        return None
    lead = velocity * LEAD_S
    lead = lead * min(1.0, LONGEST_LEAD_M / (float(np.hypot(*lead)) + 1e-9))
    ahead = others[0] + lead
    starts, ends = [others[0]], [ahead]
    for follower in others[1:]:
        near = float(np.hypot(*(follower - others[0]))) < CONVOY_M
        starts.append(follower)
        ends.append(others[0] if near else follower)
    return Convoy(others, ahead, np.array(starts), np.array(ends))
