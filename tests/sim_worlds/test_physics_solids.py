"""Every solid stands where its collider says, under its own label, whatever PyBullet body it is part of."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from liquid_nav.types import VelocityCommand
from sim_worlds.catalogue import make_setting
from sim_worlds.physics import Physics
from sim_worlds.scene import Collider, Start
from sim_worlds.vehicle import load_quadrotor
from tests.fakes import empty_scene

FAR_START = Start((-20.0, -20.0, 5.0), 0.0)


def _physics(static: list[Collider], moving: list[Collider], start: Start = FAR_START) -> Physics:
    scene = replace(empty_scene(), colliders=tuple(static))
    return Physics(scene, start, load_quadrotor(), moving)


def _range_m(physics: Physics, eye: tuple[float, float, float], bearing_rad: float) -> float:
    direction = np.array([[math.cos(bearing_rad), math.sin(bearing_rad), 0.0]])
    return float(physics.solids.ranges_m(np.array(eye), direction, 30.0)[0])


def test_a_ray_meets_each_shape_at_its_surface() -> None:
    shapes = [
        Collider("cylinder", (5.0, 0.0, 2.0), (0.5, 0.5, 2.0)),
        Collider("box", (0.0, 5.0, 2.0), (1.0, 0.25, 2.0)),
        Collider("sphere", (-5.0, 0.0, 1.0), (0.75, 0.75, 0.75)),
        Collider("box", (0.0, -5.0, 2.0), (1.0, 0.25, 2.0), yaw_rad=math.pi / 2),
    ]
    for physics in (_physics(shapes, []), _physics([], shapes)):
        met = [_range_m(physics, (0.0, 0.0, 1.0), turn * math.pi / 2) for turn in range(4)]
        assert met == pytest.approx([4.5, 4.75, 4.25, 4.0], abs=0.01)


def test_all_trunks_of_a_forest_stand_in_their_places() -> None:
    scene = make_setting("forest", 3).scene
    physics = Physics(scene, Start((0.0, 0.0, 30.0), 0.0), load_quadrotor(), [])
    for collider in scene.colliders:
        x, y, z = collider.centre_enu_m
        eye = np.array([x, y, z + collider.size_m[2] + 0.5])
        assert physics.solids.ranges_m(eye, np.array([[0.0, 0.0, -1.0]]), 5.0)[0] == pytest.approx(0.5, abs=0.02)
    physics.close()


def test_solids_of_many_labels_keep_their_own() -> None:
    trees = [Collider("cylinder", (3.0 + i, 2.0, 2.0), (0.2, 0.2, 2.0), label="tree") for i in range(20)]
    lamp = Collider("box", (3.0, 0.0, 2.0), (0.2, 0.2, 2.0), label="lamp")
    physics = _physics([*trees, lamp], [], Start((0.0, 0.0, 1.0), 0.0))
    eye, behind = np.array([0.0, 0.0, 1.0]), np.array([[6.0, 0.0, 1.0]])
    assert physics.solids.in_sight(eye, behind, "tree") == 0
    assert physics.solids.in_sight(eye, behind, "lamp") == 1
    touched = None
    while touched is None and physics.time_s < 5.0:
        touched = physics.tick(VelocityCommand(forward_m_s=1.5))
    assert touched == "lamp"


def test_a_solid_that_moves_into_the_vehicle_is_touched() -> None:
    car = Collider("box", (8.0, 0.0, 1.0), (1.0, 1.0, 1.0), label="car")
    physics = _physics([], [car], Start((0.0, 0.0, 1.0), 0.0))
    assert physics.tick(VelocityCommand()) is None
    physics.solids.move([replace(car, centre_enu_m=(0.9, 0.0, 1.0))])
    assert _range_m(physics, (-3.0, 0.6, 1.0), 0.0) == pytest.approx(2.9, abs=0.01)
    assert physics.tick(VelocityCommand()) == "car"
