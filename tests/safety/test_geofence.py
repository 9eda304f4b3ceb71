"""Fences of any shape."""

import math

import pytest

from liquid_nav.safety import SafetyConfig, SafetyFilter
from liquid_nav.safety.geofence import circle_corners, contains, fence_sides, square_corners
from liquid_nav.types import VelocityCommand
from tests.safety.test_filter import fly, odometry

L_SHAPE = ((0.0, 0.0), (20.0, 0.0), (20.0, 8.0), (8.0, 8.0), (8.0, 20.0), (0.0, 20.0))


@pytest.mark.parametrize("turn", [1, -1])
def test_a_notch_is_outside_whichever_way_the_corners_are_listed(turn):
    corners = L_SHAPE[::turn]
    assert contains(corners, 4.0, 16.0) and contains(corners, 16.0, 4.0)
    assert not contains(corners, 14.0, 14.0) and not contains(corners, -1.0, 4.0)


def test_inside_every_edge_limits_the_way_to_its_nearest_point():
    sides = fence_sides(square_corners((0.0, 0.0), 10.0), 7.0, 0.0)
    east = next(side for side in sides if side.towards == pytest.approx((1.0, 0.0)))
    assert east.distance_m == pytest.approx(3.0)
    assert sorted(side.distance_m for side in sides) == pytest.approx([3.0, 10.0, 10.0, 17.0])


def test_outside_only_the_way_farther_out_is_shut():
    (side,) = fence_sides(square_corners((0.0, 0.0), 10.0), 12.0, 0.0)
    assert side.towards == pytest.approx((1.0, 0.0)) and side.distance_m == pytest.approx(-2.0)


def test_a_round_fence_lies_inside_its_circle():
    corners = circle_corners((3.0, 4.0), 20.0)
    assert all(math.dist(corner, (3.0, 4.0)) <= 20.0 + 1e-9 for corner in corners)
    nearest = min(side.distance_m for side in fence_sides(corners, 3.0, 4.0))
    assert 20.0 * 0.997 < nearest <= 20.0


def test_a_vehicle_in_one_arm_may_not_cut_through_the_notch():
    safety = SafetyFilter(SafetyConfig(geofence_polygon_enu_m=L_SHAPE))
    verdict = fly(safety, VelocityCommand(forward_m_s=2.0), where=lambda now: odometry(now, (6.9, 15.0, 3.0)))
    assert verdict.rule == "geofence" and verdict.command.forward_m_s < 0.2
    along = fly(safety, VelocityCommand(left_m_s=-2.0), 4.0, where=lambda now: odometry(now, (4.0, 12.0, 3.0)))
    assert along.command.left_m_s == pytest.approx(-2.0)


def test_a_vehicle_outside_may_come_back_and_go_no_farther():
    safety = SafetyFilter(SafetyConfig(geofence_radius_m=10.0))
    outside = lambda now: odometry(now, (12.0, 0.0, 3.0))  # noqa: E731
    assert fly(safety, VelocityCommand(-1.0), where=outside).command.forward_m_s == pytest.approx(-1.0)
    verdict = fly(safety, VelocityCommand(1.0), 4.0, where=outside)
    assert verdict.rule == "geofence" and "2.0 m outside" in verdict.reason
    assert verdict.command.forward_m_s == pytest.approx(0.0, abs=1e-9)
