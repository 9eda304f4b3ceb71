"""Rigid-body physics in PyBullet: the quadrotor's forces, solids and contacts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from liquid_nav.frames import quaternion_to_matrix
from liquid_nav.types import Odometry, VelocityCommand
from sim_worlds.bullet import pybullet
from sim_worlds.conditions import FlightConditions
from sim_worlds.scene import Collider, Float3, Scene, Start
from sim_worlds.solids import Solids
from sim_worlds.vehicle import GRAVITY_M_S2, Quadrotor, VehicleState, VelocityController, rotor_wrench
from sim_worlds.wind import DrydenWind

RATE_HZ = 240
TICK_S = 1.0 / RATE_HZ
LOWEST_HEIGHT_M = 0.05  # the ground effect grows no further below
WIND_STREAM = 1  # tells the seeds of wind and estimate apart


class VehiclePhysics(Protocol):
    """A vehicle that flies velocity commands among solids, tick by tick."""

    solids: Solids

    @property
    def time_s(self) -> float:
        """Simulated time since the start."""

    @property
    def position_enu_m(self) -> Float3:
        """Where the vehicle is."""

    @property
    def odometry(self) -> Odometry:
        """True state of the vehicle."""

    @property
    def body_to_world(self) -> NDArray[np.float64]:
        """(3, 3) attitude of the vehicle."""

    def tick(self, command: VelocityCommand) -> str | None:
        """Advance by :data:`TICK_S`; return what the vehicle touches, or None."""

    def close(self) -> None:
        """Free everything. Calling it twice is harmless."""


class KnownVehicle:
    """What a :class:`VehiclePhysics` says of its vehicle, from the state that it notes after each tick."""

    _state: VehicleState

    def __init__(self) -> None:
        self._ticks = 0
        self._odometry: Odometry | None = None

    @property
    def time_s(self) -> float:
        """Simulated time since the start."""
        return self._ticks * TICK_S

    @property
    def position_enu_m(self) -> Float3:
        """Where the vehicle is."""
        return self._state.position_enu_m

    @property
    def odometry(self) -> Odometry:
        """True state of the vehicle; made when somebody asks, since most ticks need none."""
        if self._odometry is None:
            self._odometry = self._state.odometry(self.time_s)
        return self._odometry

    @property
    def body_to_world(self) -> NDArray[np.float64]:
        """(3, 3) attitude of the vehicle."""
        return quaternion_to_matrix(self._state.attitude_xyzw)

    def _note(self, state: VehicleState) -> None:
        self._state = state
        self._odometry = None


class Physics(KnownVehicle):
    """One PyBullet world with a quadrotor in it; a :class:`VehiclePhysics`.

    Args:
        scene: its static colliders and the ground are built.
        start: pose of the quadrotor.
        quadrotor: its constants.
        moving: solids that move.
        conditions: wind and load.
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
        self._client = pybullet.connect(pybullet.DIRECT)
        client = self._client
        pybullet.setGravity(0.0, 0.0, -GRAVITY_M_S2, physicsClientId=client)
        pybullet.setTimeStep(TICK_S, physicsClientId=client)
        self._scene = scene
        self.solids = Solids(client, scene, moving)
        self._quadrotor = loaded_quadrotor(quadrotor, conditions)
        self._vehicle = self._add_vehicle(start)
        self._controller = VelocityController(quadrotor, trim_up_m_s2(conditions))
        self._speeds_rpm = [self._quadrotor.hover_speed_rpm] * 4
        self._blend = TICK_S / (TICK_S + quadrotor.motor_time_constant_s)
        self._wind = make_wind(scene, conditions)
        self._air_enu_m_s: Float3 = (0.0, 0.0, 0.0)
        self._read_state()

    def tick(self, command: VelocityCommand) -> str | None:
        """Advance by :data:`TICK_S`; return what the vehicle touches, or None."""
        wanted = self._controller.rotor_speeds_rpm(command, self._state, TICK_S)
        blend = self._blend
        self._speeds_rpm = [old + blend * (new - old) for old, new in zip(self._speeds_rpm, wanted, strict=True)]
        self._apply_forces()
        pybullet.stepSimulation(physicsClientId=self._client)
        self._ticks += 1
        self._read_state()
        for contact in pybullet.getContactPoints(bodyA=self._vehicle, physicsClientId=self._client):
            return self.solids.label(contact[2])
        return None

    def close(self) -> None:
        """Free the PyBullet world. Calling it twice is harmless."""
        if self._client >= 0:
            pybullet.disconnect(physicsClientId=self._client)
            self._client = -1

    def _add_vehicle(self, start: Start) -> int:
        quad, client = self._quadrotor, self._client
        shape = pybullet.createCollisionShape(
            pybullet.GEOM_CYLINDER,
            radius=quad.collision_radius_m,
            height=2.0 * quad.collision_half_height_m,
            physicsClientId=client,
        )
        body: int = pybullet.createMultiBody(
            quad.mass_kg,
            shape,
            basePosition=start.position_enu_m,
            baseOrientation=(0.0, 0.0, math.sin(0.5 * start.yaw_rad), math.cos(0.5 * start.yaw_rad)),
            physicsClientId=client,
        )
        pybullet.changeDynamics(
            body,
            -1,
            localInertiaDiagonal=quad.inertia_kg_m2,
            linearDamping=0.0,
            angularDamping=0.0,
            activationState=pybullet.ACTIVATION_STATE_DISABLE_SLEEPING,
            physicsClientId=client,
        )
        return body

    def _apply_forces(self) -> None:
        position, velocity = self._state.position_enu_m, self._state.velocity_enu_m_s
        height = position[2] - self._scene.ground_height_m(position[0], position[1])
        if self._wind is not None:
            self._air_enu_m_s = self._wind.velocity_enu_m_s(height, math.dist(velocity, self._air_enu_m_s), TICK_S)
        a, b, c, d, e, f, g, h, i = self._rotation
        x, y, z = (own - air for own, air in zip(velocity, self._air_enu_m_s, strict=True))
        through_air = (a * x + d * y + g * z, b * x + e * y + h * z, c * x + f * y + i * z)
        force, torque = rotor_wrench(
            self._quadrotor, self._speeds_rpm, max(height, LOWEST_HEIGHT_M), through_air
        )
        client = self._client
        pybullet.applyExternalForce(
            self._vehicle, -1, self._to_world(force), position, pybullet.WORLD_FRAME, physicsClientId=client
        )
        pybullet.applyExternalTorque(
            self._vehicle, -1, self._to_world(torque), pybullet.WORLD_FRAME, physicsClientId=client
        )

    def _to_world(self, vector: Float3) -> Float3:
        a, b, c, d, e, f, g, h, i = self._rotation
        x, y, z = vector
        return a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z

    def _read_state(self) -> None:
        position, attitude = pybullet.getBasePositionAndOrientation(self._vehicle, physicsClientId=self._client)
        velocity, (p, q, r) = pybullet.getBaseVelocity(self._vehicle, physicsClientId=self._client)
        self._rotation = _rotation(*attitude)
        a, b, c, d, e, f, g, h, i = self._rotation
        rates = (a * p + d * q + g * r, b * p + e * q + h * r, c * p + f * q + i * r)
        self._note(VehicleState(position, velocity, attitude, rates))


def loaded_quadrotor(quadrotor: Quadrotor, conditions: FlightConditions) -> Quadrotor:
    """Return the quadrotor that really flies: its load and the strength of its rotors changed."""
    load, strength = conditions.mass_scale, conditions.thrust_scale
    ix, iy, iz = quadrotor.inertia_kg_m2
    return replace(
        quadrotor,
        mass_kg=load * quadrotor.mass_kg,
        inertia_kg_m2=(load * ix, load * iy, load * iz),
        thrust_coefficient=strength * quadrotor.thrust_coefficient,
        torque_coefficient=strength * quadrotor.torque_coefficient,
    )


def trim_up_m_s2(conditions: FlightConditions) -> float:
    """Return what hovering with that load takes, as accelerations of the unloaded vehicle beyond gravity."""
    return GRAVITY_M_S2 * (conditions.mass_scale / conditions.thrust_scale - 1.0)


def make_wind(scene: Scene, conditions: FlightConditions) -> DrydenWind | None:
    """Return the wind of a flight, None in calm air."""
    if not conditions.has_wind:
        return None
    return DrydenWind(conditions, np.random.default_rng([scene.seed, conditions.seed, WIND_STREAM]))


def _rotation(x: float, y: float, z: float, w: float) -> tuple[float, ...]:
    """Return the rotation matrix of a unit quaternion row by row, nine numbers."""
    return (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
