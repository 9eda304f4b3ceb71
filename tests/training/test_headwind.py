"""A wind that pushes back for seconds on end: who flies by distance stays at one, as behind somebody who walks."""

from __future__ import annotations

import numpy as np
import pytest

from liquid_nav.errors import ConfigError
from liquid_nav.types import VelocityCommand
from training.disturbance import WIND_M_S, Headwind
from training.settings import CollectSettings

PERIOD_S = 0.05


def _blown(seconds: float, damping: float = 1.0, *, oblique: bool = False) -> np.ndarray:
    """Return what a wind makes of a command straight ahead, (steps, 4)."""
    wind, command = Headwind(np.random.default_rng(0), oblique=oblique), VelocityCommand(2.0, 0.3, -0.1, 0.5)
    return np.array([wind.apply(command, PERIOD_S, damping).as_array() for _ in range(round(seconds / PERIOD_S))])


def test_a_headwind_slows_the_way_ahead_alone() -> None:
    flown = _blown(120.0)
    assert np.allclose(flown[:, 1:], [0.3, -0.1, 0.5])
    lost = 2.0 - flown[:, 0]
    assert lost.min() >= 0.0 and WIND_M_S[0] < lost.max() <= WIND_M_S[1]
    assert np.abs(np.diff(lost)).max() < 0.15, "it rises and falls"


def test_an_oblique_wind_pushes_back_and_half_the_time_aside() -> None:
    flown = _blown(600.0, oblique=True)
    assert np.allclose(flown[:, 2:], [-0.1, 0.5])
    back, left = 2.0 - flown[:, 0], flown[:, 1] - 0.3
    assert back.min() >= 0.0 and WIND_M_S[0] < np.hypot(back, left).max() <= WIND_M_S[1]
    assert left.min() < -0.5 and left.max() > 0.5 and 0.2 < (np.abs(left) > 0.05).mean() < 0.7
    assert np.abs(np.diff(back)).max() < 0.15, "it rises and falls"


def test_where_something_is_near_it_does_not_blow() -> None:
    assert np.allclose(_blown(20.0, damping=0.0)[:, 0], 2.0)


def test_who_flies_by_distance_stays_at_one_for_seconds() -> None:
    wind, distance_m, kept = Headwind(np.random.default_rng(3)), 6.0, []
    for _ in range(2400):
        flown = wind.apply(VelocityCommand(0.8 * (distance_m - 2.0)), PERIOD_S)
        distance_m -= flown.forward_m_s * PERIOD_S
        kept.append((flown.forward_m_s, distance_m))
    speeds, distances = np.array(kept).T
    waiting = (np.abs(speeds) < 0.05) & (distances > 2.5)
    assert waiting.mean() > 0.4 and distances.max() <= 6.0


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"headwind_share is 1\.5"):
        CollectSettings(headwind_share=1.5)
