"""A world to fly in: scene, target, physics, vehicle and camera on one simulated clock."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import WorldError
from liquid_nav.types import CameraFrame, Odometry, VelocityCommand
from sim_worlds.city import make_city
from sim_worlds.forest import SEASONS, make_forest
from sim_worlds.mesh_tools import pose
from sim_worlds.physics import RATE_HZ, Physics
from sim_worlds.render import make_renderer
from sim_worlds.render.camera import look_at, projection_matrix, view_from_pose, view_matrix
from sim_worlds.scene import CameraView, DynamicInstance, Renderer, Scene, Start, Target
from sim_worlds.vehicle import load_quadrotor

WORLDS = ("forest", "city")
MIN_SIGHT_POINTS = 2
CHASE_BEHIND_M, CHASE_ABOVE_M = 3.0, 1.3


class World:
    """One flight's world. Close it when done.

    Args:
        scene, target, start: from a generator.
        renderer: draws the scene; owned by the world unless ``owns_renderer`` is False.
        render_size: (width, height) in pixels.
        horizontal_fov_rad: of the vehicle's camera.
    """

    def __init__(
        self,
        scene: Scene,
        target: Target,
        start: Start,
        *,
        renderer: Renderer,
        render_size: tuple[int, int] = (256, 144),
        horizontal_fov_rad: float = 1.396,
        owns_renderer: bool = True,
    ) -> None:
        self.scene = scene
        self.target = target
        self.start = start
        self.render_size = render_size
        self.horizontal_fov_rad = horizontal_fov_rad
        self.collision: str | None = None
        self.target_mask: NDArray[np.bool_] = np.zeros(render_size[::-1], dtype=bool)
        self._quadrotor = load_quadrotor()
        self._camera_offset = np.array(self._quadrotor.camera_offset_flu_m)
        self._physics = Physics(scene, start, self._quadrotor, target.colliders())
        self._renderer = renderer
        self._owns_renderer = owns_renderer
        self._debt_ticks = 0.0
        renderer.load(scene)

    @property
    def time_s(self) -> float:
        """Simulated seconds since the start."""
        return self._physics.time_s

    @property
    def odometry(self) -> Odometry:
        """True state of the vehicle."""
        return self._physics.odometry

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
            self.target.advance(1.0 / RATE_HZ)
            self._physics.move_solids(self.target.colliders())
            self.collision = self._physics.tick(command) or self._left_world()

    def restart_at(self, start: Start) -> None:
        """Begin again from another pose; the target goes on where it is."""
        self._physics.close()
        self.start, self.collision, self._debt_ticks = start, None, 0.0
        self._physics = Physics(self.scene, start, self._quadrotor, self.target.colliders())

    def camera_frame(self) -> CameraFrame:
        """Take a picture with the vehicle's camera; its target mask stays in :attr:`target_mask`."""
        image = self._renderer.render(self.camera_view(), self.target.dynamic_instances())
        self.target_mask = image.target_mask
        return CameraFrame(image.rgb, self.time_s)

    def camera_view(self) -> CameraView:
        """Return where the vehicle's camera is and looks; it is fixed to the body and tilts with it."""
        width, height = self.render_size
        return view_from_pose(
            self.odometry.position_enu_m,
            self._physics.body_to_world,
            width_px=width,
            height_px=height,
            horizontal_fov_rad=self.horizontal_fov_rad,
            offset_flu_m=self._camera_offset,
        )

    def chase_image(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        """Draw the vehicle from behind and above, uint8 (height, width, 3)."""
        yaw = self.odometry.yaw_rad
        ahead = np.array([np.cos(yaw), np.sin(yaw), 0.0])
        position = self.odometry.position_enu_m
        eye = position - CHASE_BEHIND_M * ahead + np.array([0.0, 0.0, CHASE_ABOVE_M])
        view = look_at(eye, position + 2.0 * ahead, width_px=width_px, height_px=height_px)
        return self._renderer.render(view, [*self.target.dynamic_instances(), self.vehicle_instance()]).rgb

    def vehicle_instance(self) -> DynamicInstance:
        """The vehicle as something to draw."""
        matrix = pose(self.odometry.position_enu_m, self._physics.body_to_world)
        return DynamicInstance("vehicle", matrix, shadow_size_m=(0.3, 0.1))

    def target_pixel(self) -> tuple[float, float] | None:
        """Return where the backpack's centre falls in the image (column, row), None when behind the camera."""
        view = self.camera_view()
        clip = projection_matrix(view) @ view_matrix(view) @ np.append(self.target.position_enu_m, 1.0)
        if clip[3] <= 0.05:
            return None
        x, y = clip[:2] / clip[3]
        return float(0.5 * (x + 1.0) * view.width_px), float(0.5 * (1.0 - y) * view.height_px)

    def target_in_view(self) -> bool:
        """True when the backpack lies within the image and nothing solid hides it."""
        pixel = self.target_pixel()
        width, height = self.render_size
        if pixel is None or not (0.0 <= pixel[0] < width and 0.0 <= pixel[1] < height):
            return False
        eye = self.camera_view().position_enu_m
        return self._physics.in_sight(eye, self.target.sight_points_enu_m, "backpack") >= MIN_SIGHT_POINTS

    def close(self) -> None:
        """Free physics and renderer. Calling it twice is harmless."""
        self._physics.close()
        if self._owns_renderer:
            self._renderer.close()

    def _left_world(self) -> str | None:
        x, y, z = self.odometry.position_enu_m
        if max(abs(x), abs(y)) > self.scene.half_size_m or z > self.scene.ceiling_m:
            return "edge of the world"
        return None


def make_world(
    name: str,
    seed: int,
    *,
    season: str = "summer",
    still: bool = False,
    renderer: str | Renderer = "auto",
    render_size: tuple[int, int] = (256, 144),
    distance_m: float | None = None,
    density_per_m2: float | None = None,
    decoys: bool = False,
    occluders: bool = False,
) -> World:
    """Build a world by name.

    Args:
        name: ``"forest"`` or ``"city"``.
        seed: 0 or more; the same seed gives the same world and the same walk.
        season: of a forest.
        still: in a city, the backpack hangs on a lamp instead of walking.
        renderer: a name for :func:`make_renderer`, or a renderer to use without owning it.
        render_size: (width, height) of the camera image in pixels.
        distance_m, density_per_m2: of a forest, drawn from the seed when None.
        decoys, occluders: of a city, see :func:`sim_worlds.city.make_city`.

    Raises:
        WorldError: for an unknown name or values out of range.
        RenderError: when the renderer cannot be started.
    """
    if name not in WORLDS:
        raise WorldError(f"world is {name!r}: use one of {', '.join(WORLDS)}")
    if seed < 0:
        raise WorldError(f"seed is {seed}: use 0 or more")
    if season not in SEASONS:
        raise WorldError(f"season is {season!r}: use one of {', '.join(SEASONS)}")
    if not all(16 <= value <= 4096 for value in render_size):
        raise WorldError(f"render_size is {render_size}: use 16 to 4096 pixels each way")
    scene: Scene
    target: Target
    if name == "forest":
        scene, target, start = make_forest(seed, season=season, distance_m=distance_m, density_per_m2=density_per_m2)
    else:
        scene, target, start = make_city(seed, still=still, decoys=decoys, occluders=occluders)
    owned = isinstance(renderer, str)
    drawing = make_renderer(renderer) if isinstance(renderer, str) else renderer
    return World(scene, target, start, renderer=drawing, render_size=render_size, owns_renderer=owned)
