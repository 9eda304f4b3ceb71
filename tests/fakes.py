"""Stand-ins that behave: a world without walls for missions, a pilot for pipelines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liquid_nav.perception.source import Shot
from liquid_nav.types import Odometry
from sim_worlds.scene import Atmosphere, Scene, Setting, Start
from sim_worlds.targets import HangingBackpack
from sim_worlds.world import World


def level_attitude(yaw_rad: float) -> NDArray[np.float64]:
    """Return the quaternion (4,), w last, of a vehicle that is level and heads so, counter-clockwise from east."""
    return np.array([0.0, 0.0, np.sin(yaw_rad / 2.0), np.cos(yaw_rad / 2.0)])


def empty_scene(half_size_m: float = 30.0) -> Scene:
    """A scene with nothing in it but what targets and vehicles need."""
    from sim_worlds.models.backpack import backpack_mesh, hook_mesh
    from sim_worlds.models.vehicle import vehicle_meshes

    meshes = {"backpack": backpack_mesh(), "hook": hook_mesh(), **vehicle_meshes()}
    return Scene("empty", 0, half_size_m, 15.0, meshes, (), (), Atmosphere(), {"still": True})


def empty_world(start: Start, backpack_enu_m: tuple[float, float, float]) -> World:
    """A real world with real physics, a backpack in the air and nothing else; images stay black."""
    from sim_worlds.render.blind import BlindRenderer

    return World(Setting(empty_scene(), HangingBackpack(backpack_enu_m, 0.0), start), renderer=BlindRenderer())


class ScriptedCamera:
    """A live source that answers each read with the next of what it is given, then with None."""

    live = True

    def __init__(self, answers: list[Shot | None]) -> None:
        self._answers, self.closed = iter(answers), False

    def read(self, max_width_px: int) -> Shot | None:
        return next(self._answers, None)

    def status(self) -> str:
        return "scripted"

    def close(self) -> None:
        self.closed = True


@dataclass
class ScriptedWorld:
    """What a mission looks at, set by the test.

    Attributes:
        distance_m: to the backpack, straight ahead.
        speed_m_s: of the vehicle.
        in_view: whether the backpack is seen.
        column_share, row_share: where in the image it is, 0 left or top, 1 right or bottom.
    """

    distance_m: float = 10.0
    speed_m_s: float = 0.0
    in_view: bool = True
    column_share: float = 0.5
    row_share: float = 0.5
    time_s: float = 0.0
    collision: str | None = None
    render_size: tuple[int, int] = (256, 144)

    @property
    def target_distance_m(self) -> float:
        return self.distance_m

    @property
    def odometry(self) -> Odometry:
        return Odometry(self.time_s, np.zeros(3), np.array([self.speed_m_s, 0.0, 0.0]))

    def target_in_view(self) -> bool:
        return self.in_view

    def target_pixel(self) -> tuple[float, float]:
        return self.column_share * self.render_size[0], self.row_share * self.render_size[1]
