"""What holds for any input: finite, limited, gentle, inside the fence."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_nav.frames import level_flu_to_enu
from liquid_nav.safety import SafetyConfig, SafetyFilter
from liquid_nav.safety.geofence import contains
from liquid_nav.types import Odometry, VelocityCommand
from tests.fakes import level_attitude

U_SHAPE = ((-9.0, -5.0), (9.0, -5.0), (9.0, 12.0), (4.0, 12.0), (4.0, 3.0), (-4.0, 3.0), (-4.0, 12.0), (-9.0, 12.0))

ANY = st.floats(allow_nan=True, allow_infinity=True)
SPEED = st.one_of(st.floats(-6, 6), st.sampled_from([-2.5, 0.0, 2.5, 1.0]), ANY)
COMMAND = st.builds(VelocityCommand, SPEED, SPEED, SPEED, SPEED)
PLACE = st.tuples(*[st.one_of(st.floats(-25, 25), ANY)] * 3)
MOMENT = st.tuples(
    st.one_of(st.floats(1e-4, 0.2), st.sampled_from([0.0, 0.02, 0.05, 3.0]), st.floats(-1.0, 30.0)),
    st.one_of(st.none(), COMMAND),
    st.one_of(st.none(), st.tuples(PLACE, PLACE, st.tuples(*[st.one_of(st.floats(-1, 1), ANY)] * 4))),
    st.one_of(st.just(0.0), ANY),
)
CONFIGS = st.sampled_from(
    [
        SafetyConfig(geofence_half_size_m=20.0),
        SafetyConfig(max_forward_speed_m_s=1.0, max_jerk_m_s3=3.0, geofence_half_size_m=None),
        SafetyConfig(geofence_polygon_enu_m=((-20.0, -1.0), (20.0, 0.0), (-20.0, 1.0)), max_jerk_m_s3=1000.0),
    ]
)


def assert_within(command, config):
    values = (command.forward_m_s, command.left_m_s, command.up_m_s, command.yaw_rate_rad_s)
    assert all(map(math.isfinite, values))
    assert abs(command.forward_m_s) <= config.max_forward_speed_m_s + 1e-7
    assert math.hypot(command.forward_m_s, command.left_m_s) <= config.max_horizontal_speed_m_s + 1e-7
    assert -config.max_down_m_s - 1e-7 <= command.up_m_s <= config.max_up_m_s + 1e-7
    assert abs(command.yaw_rate_rad_s) <= config.max_yaw_rate_rad_s + 1e-7


@settings(max_examples=150, deadline=None)
@given(CONFIGS, st.lists(MOMENT, max_size=40))
def test_output_is_finite_limited_and_gentle_for_any_input(config, moments):
    safety, now, before, acceleration = SafetyFilter(config), 0.0, None, np.zeros(3)
    for elapsed, command, place, delay in moments:
        now += elapsed
        if place is not None:
            with np.errstate(all="ignore"):
                safety.update_odometry(Odometry(now - delay, *map(np.array, place)), now)
        if command is not None:
            safety.update_command(command, now - delay, now)
        verdict = safety.evaluate(now)
        flown = verdict.command
        assert_within(flown, config)
        assert verdict.reason
        velocity = np.array([flown.forward_m_s, flown.left_m_s, flown.up_m_s])
        if before is not None:
            step = min(elapsed, config.longest_step_s)
            if step < 1e-6:
                assert np.array_equal(velocity, before[0])
                assert flown.yaw_rate_rad_s == before[1]
            else:
                now_changing = (velocity - before[0]) / step
                assert np.abs(now_changing).max() <= config.max_acceleration_m_s2 + 1e-4
                jerk = np.abs(now_changing - acceleration).max()
                assert jerk <= config.max_jerk_m_s3 * step + 1e-4
                turn = abs(flown.yaw_rate_rad_s - before[1])
                assert turn <= config.max_yaw_acceleration_rad_s2 * step + 1e-9
                acceleration = now_changing
        before = (velocity, flown.yaw_rate_rad_s)


@settings(max_examples=50, deadline=None)
@given(st.floats(-5, 11.0), st.floats(0.05, 1.0), st.floats(-3, 3))
def test_a_hovering_vehicle_can_always_climb(height, up, yaw):
    safety = SafetyFilter(SafetyConfig())
    for index in range(80):
        now = index * 0.05
        place = Odometry(now, np.array([0, 0, height]), attitude_xyzw=level_attitude(yaw))
        safety.update_odometry(place, now)
        safety.update_command(VelocityCommand(up_m_s=up), now, now)
        verdict = safety.evaluate(now)
    assert verdict.command.up_m_s > min(up, 0.3) - 1e-9


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(
        [
            SafetyConfig(geofence_half_size_m=6.0, ceiling_m=6.0),
            SafetyConfig(geofence_polygon_enu_m=((-9.0, -6.0), (10.0, -6.0), (0.0, 11.0)), ceiling_m=6.0),
            SafetyConfig(geofence_radius_m=6.0, ceiling_m=6.0),
            SafetyConfig(geofence_polygon_enu_m=U_SHAPE, ceiling_m=6.0),
            SafetyConfig(geofence_polygon_enu_m=U_SHAPE[::-1], ceiling_m=6.0),
        ]
    ),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.1, 0.3]),
    st.sampled_from([0.5, 8.0]),
    st.sampled_from([0.02, 0.05]),
)
def test_a_lagging_point_mass_never_leaves_the_fence(config, seed, lag_s, hold_s, step_s):
    rng = np.random.default_rng(seed)
    safety, position, velocity, yaw = SafetyFilter(config), np.array([0.0, 0.0, 3.0]), np.zeros(3), 0.0
    wanted = VelocityCommand()
    for index in range(round(25.0 / step_s)):
        now = index * step_s
        if index % round(hold_s / step_s) == 0:
            wanted = VelocityCommand.from_array(rng.normal(0, 3, 4))
        safety.update_odometry(Odometry(now, position, velocity, level_attitude(yaw)), now)
        safety.update_command(wanted, now, now)
        flown = safety.evaluate(now).command
        for _ in range(2):
            short = step_s / 2
            aim = level_flu_to_enu([flown.forward_m_s, flown.left_m_s, flown.up_m_s], yaw)
            velocity = velocity + (aim - velocity) * (1.0 - math.exp(-short / lag_s))
            position = position + velocity * short
            yaw += flown.yaw_rate_rad_s * short
        assert contains(config.fence_enu_m, position[0], position[1])
        assert config.floor_m - 0.05 < position[2] < config.ceiling_m + 0.05


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.03, 0.05, 0.1]))
def test_from_any_motion_a_steady_command_is_reached_and_kept(seed, step_s):
    rng = np.random.default_rng(seed)
    safety, config, now = SafetyFilter(), SafetyConfig(), 0.0
    for _ in range(10):
        command = VelocityCommand.from_array(rng.normal(0, 2, 4))
        for _ in range(int(rng.integers(1, 6))):
            now += step_s
            safety.update_odometry(Odometry(now, np.array([0.0, 0.0, 5.0])), now)
            safety.update_command(command, now, now)
            assert_within(safety.evaluate(now).command, config)
    wanted = VelocityCommand(*(float(v) for v in rng.uniform(-0.7, 0.9, 4)))
    for _ in range(round(3.0 / step_s)):
        now += step_s
        safety.update_odometry(Odometry(now, np.array([0.0, 0.0, 5.0])), now)
        safety.update_command(wanted, now, now)
        verdict = safety.evaluate(now)
    assert (verdict.rule, verdict.command) == ("none", wanted)
