import math

import pytest

from liquid_nav.errors import ConfigError
from liquid_nav.safety import SafetyConfig


def test_defaults_are_accepted_and_fence_has_four_sides():
    assert len(SafetyConfig().fence_planes) == 4


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
        ("geofence_polygon_enu_m", [[0, 0], [10, 0], [2, 2], [0, 10]]),
        ("geofence_polygon_enu_m", [[0, 0], [10, 10], [10, 0], [0, 10]]),
        ("geofence_polygon_enu_m", [[0, 0], [10, 0], [10, 10], [0, 0]]),
        ("geofence_polygon_enu_m", [[0, 0], [10, 0], [10, math.nan]]),
    ],
)
def test_bad_value_is_refused_with_its_name(name, value):
    with pytest.raises(ConfigError, match=name):
        SafetyConfig.from_dict({name: value})


@pytest.mark.parametrize("turn", [1, -1])
def test_polygon_sides_face_outwards_whichever_way_it_is_listed(turn):
    corners = [[0, 0], [10, 0], [10, 6], [5, 9], [0, 6]][::turn]
    config = SafetyConfig.from_dict({"geofence_polygon_enu_m": corners})
    assert all(offset - east * 5 - north * 4 > 0 for east, north, offset in config.fence_planes)
    assert any(offset - east * 12 - north * 4 < 0 for east, north, offset in config.fence_planes)


def test_no_fence_when_none_is_wanted():
    assert SafetyConfig.from_dict({"geofence_half_size_m": None}).fence_planes == ()
