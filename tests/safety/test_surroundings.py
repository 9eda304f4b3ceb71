"""Obstacles that a range sensor sees, and other drones."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_nav.safety import SafetyConfig, SafetyFilter
from liquid_nav.safety.surroundings import nearest_echoes
from liquid_nav.types import Odometry, SafetyAction, VelocityCommand
from tests.fakes import level_attitude
from tests.safety.test_filter import odometry

CONFIG = SafetyConfig(obstacle_stop_m=1.0, obstacle_slow_m=3.0, obstacle_slow_speed_m_s=0.5)


def look(safety, command, ranges, now_start=0.0, duration_s=3.0, stop_ranges_s=math.inf):
    """Fly with a scan of ``{bearing: distance}`` at 20 Hz; return the last verdict."""
    verdict = None
    for index in range(round(duration_s / 0.05) + 1):
        now = now_start + index * 0.05
        safety.update_odometry(odometry(now), now)
        if now < stop_ranges_s:
            safety.update_ranges(list(ranges), list(ranges.values()), now, now)
        safety.update_command(command, now, now)
        verdict = safety.evaluate(now)
    return verdict


def test_far_things_do_not_matter():
    assert look(SafetyFilter(CONFIG), VelocityCommand(2.0), {0.0: 30.0}).rule == "none"


def test_in_the_slow_zone_every_way_is_slow():
    verdict = look(SafetyFilter(CONFIG), VelocityCommand(2.0), {math.pi / 2: 2.5})
    assert verdict.rule == "obstacle" and "slow zone" in verdict.reason
    assert verdict.command.forward_m_s == pytest.approx(0.5, abs=1e-6)


def test_in_the_stop_zone_only_the_way_towards_it_is_shut():
    ahead = look(SafetyFilter(CONFIG), VelocityCommand(2.0, 0.3), {0.0: 0.9})
    assert ahead.rule == "obstacle" and "stop zone" in ahead.reason
    assert ahead.command.forward_m_s == pytest.approx(0.0, abs=1e-9)
    assert ahead.command.left_m_s > 0.05
    back = look(SafetyFilter(CONFIG), VelocityCommand(-0.4), {0.0: 0.9})
    assert back.command.forward_m_s == pytest.approx(-0.4, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.floats(3.0, 15.0), st.floats(0.5, 2.5), st.sampled_from([0.1, 0.3]))
def test_a_lagging_vehicle_stops_before_a_wall(wall_m, speed, lag_s):
    safety, x, v = SafetyFilter(CONFIG), 0.0, 0.0
    bearings = [math.radians(angle) for angle in range(-60, 61, 2)]
    for index in range(600):
        now = index * 0.05
        safety.update_odometry(odometry(now, (x, 0.0, 3.0), velocity=(v, 0.0, 0.0)), now)
        safety.update_ranges(bearings, [(wall_m - x) / math.cos(angle) for angle in bearings], now, now)
        safety.update_command(VelocityCommand(speed), now, now)
        v += (safety.evaluate(now).command.forward_m_s - v) * (1.0 - math.exp(-0.05 / lag_s))
        x += v * 0.05
    assert 0.8 <= wall_m - x <= 1.5


def test_a_range_sensor_that_falls_silent_stops_the_vehicle_and_one_that_never_was_does_not():
    verdict = look(SafetyFilter(CONFIG), VelocityCommand(1.0), {0.0: 30.0}, stop_ranges_s=2.0, duration_s=3.5)
    assert (verdict.rule, verdict.action) == ("range_stale", SafetyAction.HOVER)
    assert look(SafetyFilter(CONFIG), VelocityCommand(1.0), {}, stop_ranges_s=-1.0).rule == "none"


def test_ranges_that_measure_nothing_are_left_out_and_too_near_counts_as_touching():
    echoes = nearest_echoes([0.0, 0.5, 1.0, 0.99, 2.0], [math.inf, math.nan, 4.0, 3.0, -math.inf])
    assert sorted(echo.distance_m for echo in echoes) == [0.0, 3.0]


class Drone:
    """A point mass with a filter."""

    def __init__(self, config, position, yaw=0.0):
        self.safety = SafetyFilter(config)
        self.position, self.velocity, self.yaw = np.array(position, dtype=float), np.zeros(3), yaw

    def estimate(self, now):
        return Odometry(now, self.position, self.velocity, level_attitude(self.yaw))

    def fly(self, command, other, now, step_s=0.05, heard=True):
        self.safety.update_odometry(self.estimate(now), now)
        if heard:
            self.safety.update_neighbour("other", other.estimate(now), now)
        self.safety.update_command(command, now, now)
        verdict = self.safety.evaluate(now)
        flown, cos, sin = verdict.command, math.cos(self.yaw), math.sin(self.yaw)
        aim = np.array([
            cos * flown.forward_m_s - sin * flown.left_m_s, sin * flown.forward_m_s + cos * flown.left_m_s, flown.up_m_s
        ])
        self.velocity = self.velocity + (aim - self.velocity) * (1.0 - math.exp(-step_s / 0.2))
        self.position = self.position + self.velocity * step_s
        return verdict


FAR_FENCE = SafetyConfig(separation_m=3.0, geofence_half_size_m=None, ceiling_m=100.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_two_drones_that_want_to_collide_keep_their_distance(seed):
    rng = np.random.default_rng(seed)
    start = [rng.uniform(-8, 8), rng.uniform(-8, 8), rng.uniform(20, 24)]
    one = Drone(FAR_FENCE, start, rng.uniform(-3, 3))
    turn, gap, rules = rng.uniform(-3, 3), rng.uniform(6, 15), set()
    offset = np.array([gap * math.cos(turn), gap * math.sin(turn), 0.5])
    two = Drone(FAR_FENCE, start + offset, rng.uniform(-3, 3))
    for index in range(400):
        now = index * 0.05
        distance = np.linalg.norm(one.position - two.position)
        assert distance > 2.7
        for drone, other in ((one, two), (two, one)):
            way = other.position - drone.position
            east, north = 2.5 * way[:2] / np.linalg.norm(way)
            cos, sin = math.cos(drone.yaw), math.sin(drone.yaw)
            wish = VelocityCommand(cos * east + sin * north, cos * north - sin * east, 0.0, 0.0)
            rules.add(drone.fly(wish, other, now).rule)
    assert "separation" in rules
    assert distance < 4.5


def test_a_drone_gives_way_to_one_that_does_not():
    one, two = Drone(FAR_FENCE, (0.0, 0.0, 20.0)), Drone(FAR_FENCE, (12.0, 0.0, 20.0))
    two.velocity = np.array([-0.8, 0.0, 0.0])
    for index in range(600):
        two.position = two.position + 0.05 * two.velocity
        one.fly(VelocityCommand(), two, index * 0.05)
    assert one.position[0] < -10.0
    assert np.linalg.norm(one.position - two.position) > 2.2


def test_a_drone_that_is_not_heard_any_more_may_be_anywhere_near():
    one, two = Drone(FAR_FENCE, (0.0, 0.0, 20.0)), Drone(FAR_FENCE, (12.0, 0.0, 20.0))
    for index in range(200):
        verdict = one.fly(VelocityCommand(0.3), two, index * 0.05, heard=index < 20)
    assert verdict.rule == "separation"
    assert one.position[0] < 2.5


def test_a_drone_far_away_changes_nothing():
    one, two = Drone(FAR_FENCE, (0.0, 0.0, 20.0)), Drone(FAR_FENCE, (50.0, 0.0, 20.0))
    assert [one.fly(VelocityCommand(1.0), two, k * 0.05).rule for k in range(60)][-1] == "none"


def test_a_neighbour_that_fell_silent_is_not_fled_from_for_ever():
    one, two = Drone(FAR_FENCE, (0.0, 0.0, 20.0)), Drone(FAR_FENCE, (50.0, 0.0, 20.0))
    two.velocity = np.array([-1.0, 0.0, 0.0])
    for index in range(2400):
        one.fly(VelocityCommand(), two, index * 0.05, heard=index < 20)
        two.position = two.position + two.velocity * 0.05
    assert np.abs(one.position - (0.0, 0.0, 20.0)).max() < 1.0
