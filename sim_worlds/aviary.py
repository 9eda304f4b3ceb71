"""The vehicle's physics by gym-pybullet-drones, where that package is installed: its dynamics, our controller.

Other than in :mod:`sim_worlds.physics` the rotors answer at once, gravity is 9.8 m/s^2, PyBullet's default damping
acts, and the solid that may touch nothing is the Crazyflie's bare frame, half as wide.
"""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from liquid_nav.frames import quaternion_to_matrix
from liquid_nav.types import VelocityCommand
from sim_worlds.bullet import pybullet
from sim_worlds.conditions import FlightConditions
from sim_worlds.physics import RATE_HZ, TICK_S, KnownVehicle, loaded_quadrotor, make_wind, trim_up_m_s2
from sim_worlds.scene import Collider, Float3, Scene, Start
from sim_worlds.solids import Solids
from sim_worlds.vehicle import Quadrotor, VehicleState, VelocityController


class AviaryPhysics(KnownVehicle):
    """A CtrlAviary with one Crazyflie in it; a :class:`~sim_worlds.physics.VehiclePhysics`.

    Args:
        scene: its static colliders and the ground are built.
        start: pose of the quadrotor.
        quadrotor: what the controller believes to fly; the aviary has the same constants in its URDF file.
        moving: solids that move.
        conditions: wind and load.

    Raises:
        WorldError: when gym-pybullet-drones cannot be imported.
    """

    def __init__(
        self,
        scene: Scene,
        start: Start,
        quadrotor: Quadrotor,
        moving: Sequence[Collider],
        conditions: FlightConditions | None = None,
    ) -> None:
        super().__init__()
        conditions = conditions or FlightConditions()
        self._scene = scene
        self._env: Any = _make_aviary(scene, start)
        client = self._env.getPyBulletClient()
        self._vehicle = int(self._env.getDroneIds()[0])
        pybullet.removeBody(self._env.PLANE_ID, physicsClientId=client)  # the solids bring their own ground
        self.solids = Solids(client, scene, moving)
        self._load(loaded_quadrotor(quadrotor, conditions), conditions)
        self._controller = VelocityController(quadrotor, trim_up_m_s2(conditions))
        self._wind = make_wind(scene, conditions)
        self._air_enu_m_s: Float3 = (0.0, 0.0, 0.0)
        if self._wind is not None:
            self._drag_in_still_air, self._env._drag = self._env._drag, self._drag_in_wind
        self._read_state()

    def tick(self, command: VelocityCommand) -> str | None:
        """Advance by one tick; return what the vehicle touches, or None."""
        if self._wind is not None:
            self._let_wind_blow()
        speeds_rpm = self._controller.rotor_speeds_rpm(command, self._state, TICK_S)
        self._env.step(np.array([speeds_rpm]))
        self._ticks += 1
        self._read_state()
        client = self._env.getPyBulletClient()
        for contact in pybullet.getContactPoints(bodyA=self._vehicle, physicsClientId=client):
            return self.solids.label(contact[2])
        return None

    def close(self) -> None:
        """Free the PyBullet world. Calling it twice is harmless."""
        if self._env is not None:
            self._env.close()
            self._env = None

    def _load(self, quadrotor: Quadrotor, conditions: FlightConditions) -> None:
        self._env.KF *= conditions.thrust_scale
        self._env.KM *= conditions.thrust_scale
        pybullet.changeDynamics(
            self._vehicle,
            -1,
            mass=quadrotor.mass_kg,
            localInertiaDiagonal=quadrotor.inertia_kg_m2,
            physicsClientId=self._env.getPyBulletClient(),
        )

    def _let_wind_blow(self) -> None:
        x, y, z = self._state.position_enu_m
        height = z - self._scene.ground_height_m(x, y)
        airspeed = math.dist(self._state.velocity_enu_m_s, self._air_enu_m_s)
        self._air_enu_m_s = self._wind.velocity_enu_m_s(height, airspeed, TICK_S)  # type: ignore[union-attr]

    def _drag_in_wind(self, rpm: NDArray[np.float64], nth_drone: int) -> None:
        """The aviary's drag, on the velocity through the air instead of that over the ground."""
        over_ground = self._env.vel[nth_drone].copy()
        self._env.vel[nth_drone] -= self._air_enu_m_s
        self._drag_in_still_air(rpm, nth_drone)
        self._env.vel[nth_drone] = over_ground

    def _read_state(self) -> None:
        env = self._env
        rates = quaternion_to_matrix(env.quat[0]).T @ env.ang_v[0]
        self._note(
            VehicleState(
                tuple(env.pos[0].tolist()),
                tuple(env.vel[0].tolist()),
                tuple(env.quat[0].tolist()),
                tuple(rates.tolist()),
            )
        )


def _make_aviary(scene: Scene, start: Start) -> Any:
    """Start the package's environment without its messages."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            from gym_pybullet_drones.envs.CtrlAviary import CtrlAviary
            from gym_pybullet_drones.utils.enums import DroneModel, Physics
        except ImportError as error:
            raise WorldError(
                f"the backend 'aviary' needs gym-pybullet-drones ({error}): pip install it from the git repository "
                "utiasDSL/gym-pybullet-drones, with 'setuptools<81' and transforms3d, or use the backend 'bullet'"
            ) from error
        # Its ground effect counts from z = 0, which is the ground only where that is level.
        physics = Physics.PYB_GND_DRAG_DW if scene.ground is None else Physics.PYB_DRAG
        return CtrlAviary(
            drone_model=DroneModel.CF2X,
            initial_xyzs=np.array([start.position_enu_m]),
            initial_rpys=np.array([[0.0, 0.0, start.yaw_rad]]),
            physics=physics,
            pyb_freq=RATE_HZ,
            ctrl_freq=RATE_HZ,
            user_debug_gui=False,
        )
