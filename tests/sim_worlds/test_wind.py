"""The wind is Dryden's: its variance, its memory, its mean; and it is the seed's alone."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from liquid_nav.errors import WorldError
from sim_worlds.conditions import CONDITIONS, RANGES, FlightConditions, named_conditions
from sim_worlds.config import from_mapping
from sim_worlds.wind import DrydenWind, intensities, length_scales_m, mean_wind_share

HEIGHT_M, AIRSPEED_M_S, TICK_S = 3.0, 6.0, 0.1
EAST = {"wind_direction_rad": 0.0}


def _trace(conditions: FlightConditions, seconds: float, seed: int = 4, height_m: float = HEIGHT_M) -> np.ndarray:
    wind = DrydenWind(conditions, np.random.default_rng(seed))
    count = round(seconds / TICK_S)
    return np.array([wind.velocity_enu_m_s(height_m, AIRSPEED_M_S, TICK_S) for _ in range(count)])


def _correlation(values: np.ndarray, lag_s: float) -> float:
    lag = round(lag_s / TICK_S)
    centred = values - values.mean()
    return float(np.mean(centred[lag:] * centred[:-lag]) / np.mean(centred**2))


@pytest.mark.parametrize("height_m", [3.0, 30.0])
def test_gusts_are_as_strong_as_the_model_says(height_m: float) -> None:
    trace = _trace(FlightConditions(gust_m_s=2.0, **EAST), 6_000.0, height_m=height_m)
    level, upward = intensities(height_m)
    assert trace.mean(axis=0) == pytest.approx([0.0, 0.0, 0.0], abs=0.3)
    assert trace.std(axis=0) == pytest.approx([2.0 * level, 2.0 * level, 2.0 * upward], rel=0.1)


def test_the_gust_of_the_conditions_is_the_deviation_along_the_wind_at_three_metres() -> None:
    assert intensities(3.0)[0] == pytest.approx(1.0)


def test_gusts_last_as_long_as_their_length_takes_at_the_airspeed() -> None:
    trace = _trace(FlightConditions(gust_m_s=2.0, **EAST), 6_000.0)
    horizontal_s, vertical_s = (length / AIRSPEED_M_S for length in length_scales_m(HEIGHT_M))
    # Along the wind exp(-t / T); across and up exp(-t / T) (1 - t / 2 T), the transforms of Dryden's spectra.
    assert _correlation(trace[:, 0], horizontal_s) == pytest.approx(math.exp(-1.0), abs=0.06)
    assert _correlation(trace[:, 1], horizontal_s) == pytest.approx(0.5 * math.exp(-1.0), abs=0.06)
    assert _correlation(trace[:, 2], vertical_s) == pytest.approx(0.5 * math.exp(-1.0), abs=0.06)


def test_length_scales_are_those_of_the_specification_at_ten_feet() -> None:
    horizontal_m, vertical_m = length_scales_m(10.0 * 0.3048)
    assert horizontal_m / 0.3048 == pytest.approx(10.0 / (0.177 + 0.00823) ** 1.2)
    assert vertical_m / 0.3048 == pytest.approx(10.0)


def test_the_mean_wind_blows_where_it_should_and_grows_with_height() -> None:
    wind = DrydenWind(FlightConditions(wind_m_s=5.0, wind_direction_rad=math.pi / 2), np.random.default_rng(1))
    assert wind.velocity_enu_m_s(3.0, 1.0, TICK_S) == pytest.approx((0.0, 5.0, 0.0), abs=1e-12)
    assert 0.6 < mean_wind_share(1.0) < 1.0 < mean_wind_share(10.0) < 1.4


def test_the_time_step_does_not_change_how_strong_gusts_are() -> None:
    conditions = FlightConditions(gust_m_s=2.0, **EAST)
    wind = DrydenWind(conditions, np.random.default_rng(2))
    fine = np.array([wind.velocity_enu_m_s(HEIGHT_M, AIRSPEED_M_S, 2.0) for _ in range(4000)])
    assert fine.std(axis=0)[:2] == pytest.approx([2.0, 2.0], rel=0.08)


def test_the_same_seed_gives_the_same_wind_and_another_one_another() -> None:
    conditions = FlightConditions(wind_m_s=3.0, gust_m_s=1.0)
    assert np.array_equal(_trace(conditions, 20.0), _trace(conditions, 20.0))
    assert not np.allclose(_trace(conditions, 20.0), _trace(conditions, 20.0, seed=5))


def test_there_is_no_wind_unless_asked_for() -> None:
    assert not FlightConditions().has_wind
    assert np.array_equal(_trace(FlightConditions(), 1.0), np.zeros((10, 3)))


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_are_found_by_name(name: str) -> None:
    assert named_conditions(name) is CONDITIONS[name]


def test_calm_is_everything_off() -> None:
    assert named_conditions("calm") == FlightConditions()


def test_an_unknown_name_of_conditions_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WorldError, match=r"'storm'.*calm, breeze"):
        named_conditions("storm")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mass_scale", 0.4),
        ("thrust_scale", 1.6),
        ("wind_m_s", 16.0),
        ("gust_m_s", -1.0),
        ("estimate_latency_s", 0.6),
        ("yaw_noise_rad", float("nan")),
        ("seed", -1),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_value(name: str, value: float) -> None:
    with pytest.raises(WorldError, match=f"{value:g}"):
        FlightConditions(**{name: value})


@pytest.mark.parametrize("value", [None, "3", True, float("inf"), 10**400])
@pytest.mark.parametrize("name", RANGES)
def test_a_value_that_is_no_number_is_refused_with_what_is_allowed(name: str, value: Any) -> None:
    low, high = RANGES[name]
    if value is None and name == "wind_direction_rad":
        assert FlightConditions(wind_direction_rad=None).wind_direction_rad is None
        return
    with pytest.raises(WorldError, match=re.escape(f"{name} is {value!r}: use {low:g} to {high:g}")):
        from_mapping(FlightConditions, {name: value})


@pytest.mark.parametrize("seed", [1.5, None, "3", True, float("nan"), -1])
def test_a_seed_that_is_none_is_refused(seed: Any) -> None:
    with pytest.raises(WorldError, match=f"seed of the conditions is {seed!r}: use a whole number, 0 or more"):
        from_mapping(FlightConditions, {"seed": seed, "gust_m_s": 1})


def test_numbers_of_numpy_are_as_good() -> None:
    given = FlightConditions(seed=np.int64(3), gust_m_s=np.float32(0.5), mass_scale=1)
    assert given == FlightConditions(seed=3, gust_m_s=0.5)


def test_a_load_that_the_rotors_can_hardly_lift_is_refused() -> None:
    with pytest.raises(WorldError, match="ratio"):
        FlightConditions(mass_scale=1.5, thrust_scale=0.6)
