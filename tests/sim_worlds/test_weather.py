"""Light and air suit season, hour and sky, and repeat with the generator."""

from __future__ import annotations

import numpy as np
import pytest

from liquid_nav.errors import WorldError
from sim_worlds.weather import SEASONS, SKIES, STRONGEST_WIND_M_S, draw_atmosphere


@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize("sky", SKIES)
def test_same_generator_gives_the_same_air(season: str, sky: str) -> None:
    first = draw_atmosphere(np.random.default_rng(5), season, sky=sky)
    assert first == draw_atmosphere(np.random.default_rng(5), season, sky=sky)


def test_winds_differ_and_stay_within_bounds() -> None:
    winds = [draw_atmosphere(np.random.default_rng(seed)).wind_m_s for seed in range(60)]
    assert 0.0 <= min(winds) < 1.5 and 4.0 < max(winds) <= STRONGEST_WIND_M_S


def test_dusk_is_dim_and_never_black() -> None:
    noon = draw_atmosphere(np.random.default_rng(3), hour=13.0, sky="clear")
    dusk = draw_atmosphere(np.random.default_rng(3), hour=21.0, sky="clear")
    assert 0.1 < dusk.ambient_colour[1] / noon.ambient_colour[1] < 0.5
    assert dusk.sun_elevation_rad < 0.1 < noon.sun_elevation_rad


def test_fog_hides_more_than_a_clear_sky() -> None:
    clear = draw_atmosphere(np.random.default_rng(3), sky="clear")
    assert draw_atmosphere(np.random.default_rng(3), sky="fog").fog_density_per_m > 5.0 * clear.fog_density_per_m


@pytest.mark.parametrize("options", [{"season": "monsoon"}, {"sky": "purple"}, {"hour": 3.0}])
def test_what_does_not_exist_is_refused_with_its_value(options: dict) -> None:
    with pytest.raises(WorldError, match=str(next(iter(options.values())))):
        draw_atmosphere(np.random.default_rng(1), **options)
