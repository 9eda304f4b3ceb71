import math

import pytest

from liquid_nav.errors import ConfigError
from liquid_nav.safety import SafetyConfig
from liquid_nav.safety.config import SETTINGS


def test_defaults_are_accepted_and_fence_has_four_sides():
    assert len(SafetyConfig().fence_enu_m) == 4


def test_unknown_key_is_refused_by_name():
    with pytest.raises(ConfigError, match="max_sped"):
        SafetyConfig.from_dict({"max_sped": 3})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_forward_speed_m_s", -1),
        ("max_up_m_s", math.nan),
        ("max_jerk_m_s3", "fast"),
        ("command_timeout_s", True),
        ("floor_m", 20.0),
        ("hold_after_s", 100.0),
        ("brake_acceleration_m_s2", 9.0),
        ("land_speed_m_s", 1.5),
        ("geofence_half_size_m", 0.0),
        ("geofence_centre_enu_m", [1.0]),
        ("geofence_polygon_enu_m", [[0, 0], [1, 0]]),
        ("geofence_polygon_enu_m", "square"),
        ("geofence_polygon_enu_m", 5),
        ("geofence_polygon_enu_m", [[0, 0], [10, 0], [4, 0], [4, 10]]),
        ("geofence_polygon_enu_m", [[0, 0], [10, 0], [10, 10], [5, 0], [0, 10]]),
        ("geofence_radius_m", 0.0),
        ("obstacle_stop_m", 3.0),
        ("battery_critical_percent", 30.0),
        ("geofence_polygon_enu_m", [[0, 0], [10, 10], [10, 0], [0, 10]]),
        ("geofence_polygon_enu_m", [[0, 0], [10, 0], [10, 10], [0, 0]]),
        ("geofence_polygon_enu_m", [[0, 0], [10, 0], [10, math.nan]]),
    ],
)
def test_bad_value_is_refused_with_its_name(name, value):
    with pytest.raises(ConfigError, match=name):
        SafetyConfig.from_dict({name: value})


def test_a_circle_and_a_polygon_together_are_refused():
    with pytest.raises(ConfigError, match="leave one out"):
        SafetyConfig(geofence_radius_m=5.0, geofence_polygon_enu_m=((0, 0), (1, 0), (0, 1)))


def test_every_number_is_described_and_in_its_range():
    config = SafetyConfig()
    for name, setting in SETTINGS.items():
        value = getattr(config, name)
        assert setting.text and (value is None or setting.low <= value <= setting.high)


def test_no_fence_when_none_is_wanted():
    assert SafetyConfig.from_dict({"geofence_half_size_m": None}).fence_enu_m == ()
