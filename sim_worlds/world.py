"""A world to fly in: scene, target, physics, vehicle and camera on one simulated clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from liquid_nav.frames import quaternion_to_matrix
from liquid_nav.types import CameraFrame, Odometry, VelocityCommand
from sim_worlds.aviary import AviaryPhysics
from sim_worlds.camera import Camera, CameraConfig
from sim_worlds.catalogue import make_setting
from sim_worlds.conditions import FlightConditions
from sim_worlds.estimator import StateEstimator
from sim_worlds.mesh_tools import pose
from sim_worlds.physics import RATE_HZ, Physics, VehiclePhysics
from sim_worlds.render import make_renderer
from sim_worlds.render.projection import look_at
from sim_worlds.scene import (
    Actor,
    CameraView,
    Collider,
    DynamicInstance,
    RenderedImage,
    Renderer,
    Setting,
    Start,
    Target,
)
from sim_worlds.vehicle import load_quadrotor

MIN_SIGHT_POINTS = 2
CHASE_BEHIND_M, CHASE_ABOVE_M = 3.0, 1.3
ACTOR_TICKS = 4  # what moves by itself does so 60 times a second, and as often the state is estimated
BACKENDS: dict[str, Callable[..., VehiclePhysics]] = {"bullet": Physics, "aviary": AviaryPhysics}
ESTIMATE_STREAM = 2  # tells the seeds of estimate and wind apart


class World:
    """One flight's world. Close it when done.

    Args:
        setting: from a generator.
        renderer: draws the scene; owned by the world unless ``owns_renderer`` is False.
        camera: the vehicle's camera.
        conditions: wind, load and errors of the estimate.
        backend: whose dynamics the vehicle has, one of :data:`BACKENDS`.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        renderer: Renderer,
        camera: CameraConfig | None = None,
        conditions: FlightConditions | None = None,
        owns_renderer: bool = True,
        backend: str = "bullet",
    ) -> None:
        if backend not in BACKENDS:
            raise WorldError(f"backend is {backend!r}: use one of {', '.join(BACKENDS)}")
        self._backend = BACKENDS[backend]
        self.scene = setting.scene
        self.target = setting.target
        self.start = setting.start
        self.actors = setting.actors
        self._moving: tuple[Target | Actor, ...] = (self.target, *self.actors)
        self.collision: str | None = None
        self.conditions = conditions or FlightConditions()
        self.camera = Camera(camera or CameraConfig(), setting.scene.seed)
        self.target_mask: NDArray[np.bool_] = np.zeros(self.render_size[::-1], dtype=bool)
        self._quadrotor = load_quadrotor()
        self._camera_offset = np.array(self._quadrotor.camera_offset_flu_m)
        self._physics = self._make_physics()
        self._estimator = self._make_estimator()
        self._renderer = renderer
        self._owns_renderer = owns_renderer
        self._debt_ticks = 0.0
        self._actor_ticks = 0
        renderer.load(setting.scene)

    @property
    def render_size(self) -> tuple[int, int]:
        """(width, height) of the camera image in pixels."""
        return self.camera.config.width_px, self.camera.config.height_px

    @property
    def horizontal_fov_rad(self) -> float:
        """Full angle of view across the width of the image."""
        return self.camera.config.horizontal_fov_rad

    @property
    def time_s(self) -> float:
        """Simulated seconds since the start."""
        return self._physics.time_s

    @property
    def odometry(self) -> Odometry:
        """True state of the vehicle."""
        return self._physics.odometry

    @property
    def estimate(self) -> Odometry:
        """State as the flight stack knows it: late and noisy under such conditions, else the true one."""
        return self.odometry if self._estimator is None else self._estimator.estimate

    @property
    def target_distance_m(self) -> float:
        """Distance from the vehicle to the centre of the backpack."""
        return float(np.linalg.norm(self.target.position_enu_m - self.odometry.position_enu_m))

    def step(self, command: VelocityCommand, duration_s: float) -> None:
        """Fly a command for a while; stops early at a collision, which stays in :attr:`collision`.

        Raises:
            WorldError: when the command is not finite or the duration not positive.
        """
        if not command.is_finite:
            raise WorldError(f"command is {command}: every component must be finite")
        if not 0.0 < duration_s <= 10.0:
            raise WorldError(f"duration_s is {duration_s}: step more than 0 and at most 10 seconds at a time")
        self._debt_ticks += duration_s * RATE_HZ
        while self._debt_ticks >= 0.5 and self.collision is None:
            self._debt_ticks -= 1.0
            if self._actor_ticks % ACTOR_TICKS == 0:
                self._move_actors(ACTOR_TICKS / RATE_HZ, np.array(self._physics.position_enu_m))
            self._actor_ticks += 1
            self.collision = self._physics.tick(command) or self._left_world()
            if self._estimator is not None and self._actor_ticks % ACTOR_TICKS == 0:
                self._estimator.observe(self.odometry)

    def restart_at(self, start: Start) -> None:
        """Begin again from another pose; the target goes on where it is."""
        self._physics.close()
        self.start, self.collision, self._debt_ticks, self._actor_ticks = start, None, 0.0, 0
        self._physics = self._make_physics()
        self._estimator = self._make_estimator()
        self.camera = Camera(self.camera.config, self.scene.seed)

    def camera_frame(self) -> CameraFrame:
        """Take a picture with the vehicle's camera; its target mask stays in :attr:`target_mask`."""
        image = self.render()
        self.target_mask = image.target_mask
        return CameraFrame(image.rgb, self.time_s)

    def received_frame(self) -> CameraFrame | None:
        """Take a picture and return what reaches the policy now: nothing when frames are lost or late."""
        self.camera.send(self.camera_frame())
        return self.camera.receive(self.time_s)

    def render(self, *, depth: bool = False, odometry: Odometry | None = None) -> RenderedImage:
        """Return the camera's image with categories, and depths when asked for. For tools, never for a policy.

        Args:
            depth: ask for depths.
            odometry: a recorded state to look from instead of the vehicle's own.
        """
        state = odometry or self.odometry
        drawn = self._renderer.render(self.camera_view(odometry), self.dynamic_instances(), depth=depth)
        return self.camera.develop(drawn, self.time_s, state.angular_velocity_flu_rad_s)

    def camera_view(self, odometry: Odometry | None = None) -> CameraView:
        """Return where the vehicle's camera is and looks, now or in a recorded state; it tilts with the body."""
        if odometry is None:
            position, body_to_world = self.odometry.position_enu_m, self._physics.body_to_world
        else:
            position, body_to_world = odometry.position_enu_m, quaternion_to_matrix(odometry.attitude_xyzw)
        return self.camera.view(position, body_to_world, self._camera_offset, self.time_s)

    def chase_image(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        """Draw the vehicle from behind and above, uint8 (height, width, 3)."""
        yaw = self.odometry.yaw_rad
        ahead = np.array([np.cos(yaw), np.sin(yaw), 0.0])
        position = self.odometry.position_enu_m
        eye = position - CHASE_BEHIND_M * ahead + np.array([0.0, 0.0, CHASE_ABOVE_M])
        view = look_at(eye, position + 2.0 * ahead, width_px=width_px, height_px=height_px)
        return self._renderer.render(view, [*self.dynamic_instances(), self.vehicle_instance()]).rgb

    def vehicle_instance(self) -> DynamicInstance:
        """The vehicle as something to draw."""
        matrix = pose(self.odometry.position_enu_m, self._physics.body_to_world)
        return DynamicInstance("vehicle", matrix, category="vehicle", shadow_size_m=(0.3, 0.1))

    def target_pixel(self) -> tuple[float, float] | None:
        """Return where the backpack's centre falls in the image (column, row), None when behind the camera."""
        return self.camera.project(self.camera_view(), self.target.position_enu_m)

    def target_in_view(self) -> bool:
        """True when the backpack lies within the image and nothing solid hides it."""
        pixel = self.target_pixel()
        width, height = self.render_size
        if pixel is None or not (0.0 <= pixel[0] < width and 0.0 <= pixel[1] < height):
            return False
        eye = self.camera_view().position_enu_m
        return self._physics.solids.in_sight(eye, self.target.sight_points_enu_m, "backpack") >= MIN_SIGHT_POINTS

    def replay(self, duration_s: float, vehicle_enu_m: NDArray[np.float64]) -> None:
        """Move on what moves by itself while the vehicle is where a recording says; for films, without physics."""
        self._move_actors(duration_s, vehicle_enu_m)

    def obstacle_ranges_m(
        self, angles_rad: NDArray[np.float64], reach_m: float, odometry: Odometry | None = None
    ) -> NDArray[np.float32]:
        """Return free distances (rays,) at the vehicle's height, ``angles_rad`` counter-clockwise from its nose.

        Measured now, or in a recorded state.
        """
        state = odometry or self.odometry
        bearings = state.yaw_rad + angles_rad
        directions = np.column_stack([np.cos(bearings), np.sin(bearings), np.zeros(len(bearings))])
        return self._physics.solids.ranges_m(state.position_enu_m, directions, reach_m)

    def close(self) -> None:
        """Free physics and renderer. Calling it twice is harmless."""
        self._physics.close()
        if self._owns_renderer:
            self._renderer.close()

    def _make_physics(self) -> VehiclePhysics:
        return self._backend(self.scene, self.start, self._quadrotor, self._moving_colliders(), self.conditions)

    def _make_estimator(self) -> StateEstimator | None:
        if self.conditions.estimate_is_exact:
            return None
        rng = np.random.default_rng([self.scene.seed, self.conditions.seed, ESTIMATE_STREAM])
        estimator = StateEstimator(self.conditions, rng)
        estimator.observe(self.odometry)
        return estimator

    def dynamic_instances(self) -> list[DynamicInstance]:
        """Everything that moves but the vehicle."""
        return [instance for each in self._moving for instance in each.dynamic_instances()]

    def _moving_colliders(self) -> list[Collider]:
        return [solid for each in self._moving for solid in each.colliders()]

    def _move_actors(self, duration_s: float, vehicle_enu_m: NDArray[np.float64]) -> None:
        self.target.advance(duration_s)
        others = np.stack([self.target.position_enu_m, vehicle_enu_m])
        for actor in self.actors:
            actor.advance(duration_s, others)
        self._physics.solids.move(self._moving_colliders())

    def _left_world(self) -> str | None:
        x, y, z = self._physics.position_enu_m
        if max(abs(x), abs(y)) > self.scene.half_size_m or z > self.scene.ceiling_m:
            return "edge of the world"
        return None


def make_world(
    name: str,
    seed: int,
    *,
    renderer: str | Renderer = "auto",
    camera: CameraConfig | None = None,
    conditions: FlightConditions | None = None,
    backend: str = "bullet",
    **options: Any,
) -> World:
    """Build a world by name.

    Args:
        name: one of :data:`sim_worlds.catalogue.WORLDS`.
        seed: 0 or more; the same seed gives the same world and the same walk.
        renderer: a name for :func:`make_renderer`, or a renderer to use without owning it.
        camera, conditions, backend: see :class:`World`.
        options: of the world, such as ``season`` or ``hour``; see :func:`sim_worlds.catalogue.world_options`.

    Raises:
        WorldError: for an unknown name or option, or values out of range.
        RenderError: when the renderer cannot be started.
    """
    setting = make_setting(name, seed, **options)
    owned = isinstance(renderer, str)
    drawing = make_renderer(renderer) if isinstance(renderer, str) else renderer
    return World(
        setting, renderer=drawing, camera=camera, conditions=conditions, owns_renderer=owned, backend=backend
    )
