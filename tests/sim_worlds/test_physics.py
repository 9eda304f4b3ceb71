"""The quadrotor flies what it is told, and touching anything is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from liquid_nav.errors import ConfigError, WorldError
from liquid_nav.types import VelocityCommand
from sim_worlds.scene import Start
from sim_worlds.vehicle import load_quadrotor
from tests.fakes import empty_world

UP_HIGH = Start((0.0, 0.0, 5.0), 0.7)


def _fly(command: VelocityCommand, seconds: float, start: Start = UP_HIGH):
    world = empty_world(start, (20.0, 20.0, 2.0))
    for _ in range(round(seconds / 0.05)):
        world.step(command, 0.05)
    return world


def test_hovers_on_the_spot() -> None:
    world = _fly(VelocityCommand(), 5.0)
    assert np.allclose(world.odometry.position_enu_m, UP_HIGH.position_enu_m, atol=0.05)
    assert world.odometry.yaw_rad == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize(
    "command",
    [
        VelocityCommand(forward_m_s=1.5),
        VelocityCommand(forward_m_s=-1.0),
        VelocityCommand(left_m_s=1.0),
        VelocityCommand(up_m_s=0.8),
        VelocityCommand(up_m_s=-0.6),
    ],
)
def test_reaches_the_commanded_velocity_in_the_level_body_frame(command: VelocityCommand) -> None:
    world = _fly(command, 4.0)
    yaw = world.odometry.yaw_rad
    vx, vy, vz = world.odometry.velocity_enu_m_s
    body = np.array([np.cos(yaw) * vx + np.sin(yaw) * vy, -np.sin(yaw) * vx + np.cos(yaw) * vy, vz])
    assert np.allclose(body, command.as_array()[:3], atol=0.15)


@pytest.mark.parametrize("rate", [1.0, -0.6])
def test_turns_at_the_commanded_rate(rate: float) -> None:
    world = _fly(VelocityCommand(yaw_rate_rad_s=rate), 2.0)
    assert world.odometry.angular_velocity_flu_rad_s[2] == pytest.approx(rate, abs=0.05)


def test_touching_the_ground_is_a_collision() -> None:
    world = _fly(VelocityCommand(up_m_s=-1.0), 4.0, Start((0.0, 0.0, 1.0), 0.0))
    assert world.collision == "ground"


def test_leaving_the_world_is_a_collision() -> None:
    world = _fly(VelocityCommand(forward_m_s=2.0), 3.0, Start((28.0, 0.0, 3.0), 0.0))
    assert world.collision == "edge of the world"


def test_touching_the_backpack_is_a_collision() -> None:
    world = empty_world(Start((0.0, 0.0, 2.0), 0.0), (2.0, 0.0, 2.0))
    for _ in range(60):
        world.step(VelocityCommand(forward_m_s=1.5), 0.05)
    assert world.collision == "backpack"


def test_step_size_does_not_change_the_flight() -> None:
    command = VelocityCommand(forward_m_s=1.0, yaw_rate_rad_s=0.4)
    coarse, fine = empty_world(UP_HIGH, (20, 20, 2)), empty_world(UP_HIGH, (20, 20, 2))
    for _ in range(40):
        coarse.step(command, 0.05)
    for _ in range(80):
        fine.step(command, 0.025)
    assert np.allclose(coarse.odometry.position_enu_m, fine.odometry.position_enu_m, atol=1e-9)


def test_a_command_that_is_not_finite_is_refused() -> None:
    world = empty_world(UP_HIGH, (20, 20, 2))
    with pytest.raises(WorldError, match="nan"):
        world.step(VelocityCommand(forward_m_s=float("nan")), 0.05)


def test_rotors_carry_the_weight() -> None:
    quad = load_quadrotor()
    assert 4 * quad.thrust_coefficient * quad.hover_speed_rpm**2 == pytest.approx(quad.mass_kg * 9.81)
    assert quad.max_speed_rpm > quad.hover_speed_rpm


def test_a_quadrotor_file_with_an_unknown_key_is_refused(tmp_path) -> None:
    file = tmp_path / "quad.toml"
    file.write_text('wings = 2\n[controller]\n')
    with pytest.raises(ConfigError, match=r"quad\.toml"):
        load_quadrotor(file)
