"""Rigid-body physics in PyBullet: the quadrotor's forces, solids, contacts and lines of sight."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from liquid_nav.frames import quaternion_to_matrix
from liquid_nav.types import Odometry, VelocityCommand
from sim_worlds.bullet import pybullet
from sim_worlds.conditions import FlightConditions
from sim_worlds.scene import Collider, Scene, Start
from sim_worlds.solids import Solids
from sim_worlds.vehicle import GRAVITY_M_S2, Quadrotor, VelocityController

RATE_HZ = 240
TICK_S = 1.0 / RATE_HZ
RPM_TO_RAD_S = 2.0 * math.pi / 60.0


class Physics:
    """One PyBullet world with a quadrotor in it.

    Args:
        scene: its static colliders and the ground are built.
        start: pose of the quadrotor.
        quadrotor: its constants.
        moving: solids that :meth:`move_solids` places.
        conditions: wind, load and errors of the estimate.
    """

    def __init__(
        self,
        scene: Scene,
        start: Start,
        quadrotor: Quadrotor,
        moving: Sequence[Collider],
        conditions: FlightConditions | None = None,
    ) -> None:
        self._client = pybullet.connect(pybullet.DIRECT)
        self._quadrotor = quadrotor
        client = self._client
        pybullet.setGravity(0.0, 0.0, -GRAVITY_M_S2, physicsClientId=client)
        pybullet.setTimeStep(TICK_S, physicsClientId=client)
        self._scene = scene
        self.solids = Solids(client, scene, moving)
        self._vehicle = self._add_vehicle(start)
        self._controller = VelocityController(quadrotor)
        self._speeds_rpm = [quadrotor.hover_speed_rpm] * 4
        self._ticks = 0
        self.odometry = self._read_odometry()

    @property
    def time_s(self) -> float:
        """Simulated time since the start."""
        return self._ticks * TICK_S

    def tick(self, command: VelocityCommand) -> str | None:
        """Advance by one tick; return what the vehicle touches, or None."""
        wanted = self._controller.rotor_speeds_rpm(command, self.odometry, TICK_S)
        blend = TICK_S / (TICK_S + self._quadrotor.motor_time_constant_s)
        self._speeds_rpm = [old + blend * (new - old) for old, new in zip(self._speeds_rpm, wanted, strict=True)]
        self._apply_forces()
        pybullet.stepSimulation(physicsClientId=self._client)
        self._ticks += 1
        self.odometry = self._read_odometry()
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
        """Rotor thrust with ground effect, rotor drag and reaction torque, after gym-pybullet-drones."""
        quad = self._quadrotor
        lever = quad.arm_m / math.sqrt(2.0)
        squares = [speed * speed for speed in self._speeds_rpm]
        x, y, z = (float(value) for value in self.odometry.position_enu_m)
        height = max(z - self._scene.ground_height_m(x, y), 0.05)
        cushion = 1.0 + quad.ground_effect_coefficient * (quad.propeller_radius_m / (4.0 * height)) ** 2
        forces = [quad.thrust_coefficient * square * cushion for square in squares]
        reactions = [quad.torque_coefficient * square for square in squares]
        torque = (
            lever * (forces[2] + forces[3] - forces[0] - forces[1]),
            lever * (forces[1] + forces[2] - forces[0] - forces[3]),
            reactions[0] + reactions[2] - reactions[1] - reactions[3],
        )
        turning = sum(self._speeds_rpm) * RPM_TO_RAD_S
        velocity = self._rotation.T @ self.odometry.velocity_enu_m_s
        drag = [-c * turning * float(v) for c, v in zip(quad.drag_coefficient, velocity, strict=True)]
        force = self._rotation @ np.array([drag[0], drag[1], drag[2] + sum(forces)])
        world_torque = self._rotation @ np.array(torque)
        client = self._client
        pybullet.applyExternalForce(
            self._vehicle,
            -1,
            force.tolist(),
            self.odometry.position_enu_m.tolist(),
            pybullet.WORLD_FRAME,
            physicsClientId=client,
        )
        pybullet.applyExternalTorque(
            self._vehicle, -1, world_torque.tolist(), pybullet.WORLD_FRAME, physicsClientId=client
        )

    def _read_odometry(self) -> Odometry:
        position, attitude = pybullet.getBasePositionAndOrientation(self._vehicle, physicsClientId=self._client)
        velocity, turning = pybullet.getBaseVelocity(self._vehicle, physicsClientId=self._client)
        self._rotation = quaternion_to_matrix(attitude)
        return Odometry(
            stamp_s=self.time_s,
            position_enu_m=np.array(position),
            velocity_enu_m_s=np.array(velocity),
            attitude_xyzw=np.array(attitude),
            angular_velocity_flu_rad_s=self._rotation.T @ np.array(turning),
        )

    @property
    def body_to_world(self) -> NDArray[np.float64]:
        """(3, 3) attitude of the vehicle."""
        return self._rotation
