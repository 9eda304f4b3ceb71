"""What a world is made of: meshes, instances of them, colliders, light and places to start.

A generator of :mod:`sim_worlds.catalogue` turns a seed into a :class:`Setting`; the renderer draws its scene
and the physics collides with it. Nothing here knows either of them.
World frame ENU, metres, radians.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Float3 = tuple[float, float, float]
Options = dict[str, str | float | int | bool]
"""How a scene was made, for the record."""

CATEGORIES = (
    "sky",
    "ground",
    "tree",
    "undergrowth",
    "rock",
    "building",
    "car",
    "person",
    "furniture",
    "decoy",
    "target",
    "vehicle",
    "water",
)
"""What a pixel can show; an image of categories holds indices into this tuple."""


def category_index(name: str) -> int:
    """Return the index of a category in :data:`CATEGORIES`."""
    return CATEGORIES.index(name)


@dataclass(frozen=True)
class Mesh:
    """Triangles with everything the renderer needs, one entry per vertex.

    Attributes:
        positions_m: float32 (vertices, 3).
        normals: float32 (vertices, 3), unit length.
        uvs: float32 (vertices, 2); textures repeat.
        colours: float32 (vertices, 3) in 0..1, multiplied with the texture.
        layers: int32 (vertices,), index into ``textures.LAYERS``.
        triangles: int32 (triangles, 3).
        double_sided: foliage cards and the like are drawn from both sides.
    """

    positions_m: NDArray[np.float32]
    normals: NDArray[np.float32]
    uvs: NDArray[np.float32]
    colours: NDArray[np.float32]
    layers: NDArray[np.int32]
    triangles: NDArray[np.int32]
    double_sided: bool = False


@dataclass(frozen=True)
class Instance:
    """A mesh placed in the world for good: it never moves and belongs to the static shadow map."""

    mesh: str
    position_enu_m: Float3
    yaw_rad: float = 0.0
    scale: Float3 = (1.0, 1.0, 1.0)
    tint: Float3 = (1.0, 1.0, 1.0)
    category: str = "furniture"


@dataclass(frozen=True)
class DynamicInstance:
    """A mesh whose pose may change with every frame (a limb, a backpack, a car, a vehicle).

    Attributes:
        mesh: name of a mesh in ``Scene.meshes``.
        pose: float (4, 4) matrix, mesh to world.
        tint: multiplies the mesh's colours.
        category: one of :data:`CATEGORIES`; ``"target"`` for the backpack alone.
        shadow_size_m: width and height of the upright shadow it casts about its origin, None for none.
    """

    mesh: str
    pose: NDArray[np.float64]
    tint: Float3 = (1.0, 1.0, 1.0)
    category: str = "furniture"
    shadow_size_m: tuple[float, float] | None = None


@dataclass(frozen=True)
class Collider:
    """A solid that the vehicle must not touch, axis up.

    Attributes:
        shape: ``cylinder`` (size = radius, radius, half height), ``box`` (size = half extents) or
            ``sphere`` (size = radius three times).
        centre_enu_m: centre of the solid.
        size_m: see ``shape``.
        yaw_rad: rotation of a box about the vertical.
        label: what it is, for reports (``"pine trunk"``, ``"lamp"``).
    """

    shape: Literal["cylinder", "box", "sphere"]
    centre_enu_m: Float3
    size_m: Float3
    yaw_rad: float = 0.0
    label: str = "obstacle"


@dataclass(frozen=True)
class Ground:
    """Uneven ground: heights on a square grid over [-half_size, half_size]^2.

    Attributes:
        half_size_m: half the side of the square that the grid covers, its outermost points on the border.
        heights_m: float32 (points, points), first index along x; bilinear between the points.
    """

    half_size_m: float
    heights_m: NDArray[np.float32]

    @property
    def spacing_m(self) -> float:
        """Distance between neighbouring points of the grid."""
        return 2.0 * self.half_size_m / (len(self.heights_m) - 1)

    def height_m(self, x_m: float, y_m: float) -> float:
        """Return the height at a point; beyond the border, that of the nearest point on it."""
        last = len(self.heights_m) - 1
        x, y = ((min(max(value, -self.half_size_m), self.half_size_m) + self.half_size_m) for value in (x_m, y_m))
        x, y = x / self.spacing_m, y / self.spacing_m
        i, j = min(int(x), last - 1), min(int(y), last - 1)
        u, v = x - i, y - j
        grid = self.heights_m
        low = (1 - u) * float(grid[i, j]) + u * float(grid[i + 1, j])
        high = (1 - u) * float(grid[i, j + 1]) + u * float(grid[i + 1, j + 1])
        return (1 - v) * low + v * high


@dataclass(frozen=True)
class Atmosphere:
    """Light, sky and air. Colours are linear RGB in 0..1 (may exceed 1 for the sun).

    Attributes:
        sun_azimuth_rad: direction towards the sun, counter-clockwise from east.
        sun_elevation_rad: height of the sun over the horizon.
        fog_density_per_m: exponential fog; 0.01 leaves 37% of the contrast at 100 m.
        cloudiness: share of the sky that clouds cover.
        wind_m_s: mean speed of the wind in the leaves: 2 a breeze, 10 a storm; 0 keeps them still.
    """

    sun_azimuth_rad: float = 0.8
    sun_elevation_rad: float = 0.9
    sun_colour: Float3 = (1.0, 0.95, 0.85)
    ambient_colour: Float3 = (0.45, 0.5, 0.58)
    zenith_colour: Float3 = (0.25, 0.45, 0.8)
    horizon_colour: Float3 = (0.75, 0.82, 0.9)
    fog_density_per_m: float = 0.004
    cloudiness: float = 0.3
    wind_m_s: float = 2.0


@dataclass(frozen=True)
class Start:
    """A pose in which a flight may begin."""

    position_enu_m: Float3
    yaw_rad: float


@dataclass(frozen=True)
class Scene:
    """A whole world, made from a seed.

    Attributes:
        name: one of :data:`sim_worlds.catalogue.WORLDS`.
        seed: the seed it was made from.
        half_size_m: the world is the square [-half_size, half_size]^2; leaving it is a collision.
        ceiling_m: leaving upwards is a collision too.
        meshes: everything that instances and dynamic instances name.
        instances: static content, the ground included.
        colliders: static solids; the ground is always solid.
        atmosphere: light and air.
        ground: uneven ground; None for the plane z = 0.
        options: how it was made (season, density, ...), for the record.
    """

    name: str
    seed: int
    half_size_m: float
    ceiling_m: float
    meshes: dict[str, Mesh]
    instances: tuple[Instance, ...]
    colliders: tuple[Collider, ...]
    atmosphere: Atmosphere
    options: Options = field(default_factory=dict)
    ground: Ground | None = None

    def ground_height_m(self, x_m: float, y_m: float) -> float:
        """Return the height of the ground at a point."""
        return 0.0 if self.ground is None else self.ground.height_m(x_m, y_m)


@dataclass(frozen=True)
class CameraView:
    """A pinhole camera in the world.

    Attributes:
        position_enu_m: (3,).
        forward, up: unit vectors (3,), orthogonal.
        width_px, height_px: image size.
        horizontal_fov_rad: full angle across the width.
        time_s: moment of the picture; leaves move in the wind with it.
    """

    position_enu_m: NDArray[np.float64]
    forward: NDArray[np.float64]
    up: NDArray[np.float64]
    width_px: int = 256
    height_px: int = 144
    horizontal_fov_rad: float = 1.396
    time_s: float = 0.0


@dataclass(frozen=True)
class RenderedImage:
    """What a renderer returns.

    Attributes:
        rgb: uint8 (height, width, 3).
        categories: uint8 (height, width), indices into :data:`CATEGORIES`. For tools and training, never for a policy.
        depth_m: float32 (height, width), distance along the viewing axis, infinite in the sky; None unless asked for.
    """

    rgb: NDArray[np.uint8]
    categories: NDArray[np.uint8]
    depth_m: NDArray[np.float32] | None = None

    @property
    def target_mask(self) -> NDArray[np.bool_]:
        """Bool (height, width), True where the target is visible."""
        return np.asarray(self.categories == category_index("target"))


class Renderer(Protocol):
    """Draws a scene. ``load`` once per world, ``render`` per frame."""

    name: str

    def load(self, scene: Scene) -> None:
        """Take over a scene's meshes, instances and light; replaces the scene before."""

    def render(
        self, view: CameraView, dynamic: Sequence[DynamicInstance] = (), *, depth: bool = False
    ) -> RenderedImage:
        """Draw one image, with its depths when they are asked for."""

    def close(self) -> None:
        """Free what the renderer holds. Calling it twice is harmless."""


class Actor(Protocol):
    """Something that moves by itself: a car, a passer-by."""

    def advance(self, duration_s: float, others_enu_m: NDArray[np.float64]) -> None:
        """Move on by ``duration_s``; do not run into the points (n, 3) where vehicle and target are."""

    def dynamic_instances(self) -> list[DynamicInstance]:
        """What to draw now."""

    def colliders(self) -> list[Collider]:
        """Its solids in today's place, always as many and in the same order."""


class Target(Protocol):
    """The thing to fly to: a backpack on a tree, a person who carries one.

    ``position_enu_m`` is the centre of the backpack, whatever carries it.
    """

    @property
    def position_enu_m(self) -> NDArray[np.float64]:
        """(3,) centre of the backpack."""

    @property
    def velocity_enu_m_s(self) -> NDArray[np.float64]:
        """(3,) velocity of the backpack."""

    @property
    def moves(self) -> bool:
        """True for a target to follow, False for one that stays."""

    @property
    def sight_points_enu_m(self) -> NDArray[np.float64]:
        """(points, 3) spots on the backpack's surface that decide whether it can be seen."""

    def advance(self, duration_s: float) -> None:
        """Move on by ``duration_s``."""

    def dynamic_instances(self) -> list[DynamicInstance]:
        """What to draw now; the backpack itself has the category ``"target"``."""

    def colliders(self) -> list[Collider]:
        """Solids that move with the target, in today's place (a body; not the backpack itself)."""


@dataclass(frozen=True)
class Setting:
    """What a generator makes of a seed: the scene and what happens in it.

    Attributes:
        scene: all that stands still.
        target: the backpack and whoever carries it.
        start: where the flight begins.
        actors: everything else that moves.
    """

    scene: Scene
    target: Target
    start: Start
    actors: tuple[Actor, ...] = ()
