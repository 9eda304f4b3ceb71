"""Settings check themselves."""

from __future__ import annotations

import math

import pytest

from liquid_nav.errors import ConfigError
from liquid_nav.flight.config import SETTINGS, FlightConfig


@pytest.mark.parametrize("name", SETTINGS)
def test_values_out_of_range_are_refused_with_the_range(name: str) -> None:
    low, high, text = SETTINGS[name]
    assert text
    for value in (low - 1, high + 1, math.nan, "fast", True, None):
        with pytest.raises(ConfigError, match=rf"{name} is .*: use a number from"):
            FlightConfig.from_dict({name: value})


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="flight has no setting 'speed'"):
        FlightConfig.from_dict({"speed": 1.0})


@pytest.mark.parametrize(
    "values",
    [
        {"ramp_after_s": 0.6},
        {"hold_after_s": 2.0, "land_after_s": 1.0},
        {"estimate_timeout_s": 2.0, "blind_land_after_s": 1.0},
        {"mode_timeout_s": 6.0},
        {"battery_critical_percent": 30.0},
    ],
)
def test_limits_that_contradict_each_other_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="use a value below"):
        FlightConfig.from_dict(values)
