"""What a city is collected in: meshes, instances and solids, and who gets painted in which colour."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import WHITE
from sim_worlds.models.backpack import backpack_mesh, hook_mesh
from sim_worlds.models.car import car_meshes, car_size_m
from sim_worlds.models.furniture import furniture_meshes
from sim_worlds.models.house import awning_mesh
from sim_worlds.models.nature import broadleaf
from sim_worlds.models.person import nothing_mesh
from sim_worlds.models.square import square_meshes
from sim_worlds.models.vehicle import vehicle_meshes
from sim_worlds.route import Path
from sim_worlds.scene import CATEGORIES, Collider, Float3, Instance, Mesh

ROUTE_CLEARANCE_M = 1.1
TRUNK_RADIUS_M = (0.22, 0.13)
RED_SHARE = 0.6
REDS: tuple[Float3, ...] = ((0.80, 0.08, 0.08), (0.86, 0.14, 0.10), (0.66, 0.05, 0.08), (0.90, 0.10, 0.18))
PAINTS: tuple[Float3, ...] = (
    (0.22, 0.40, 0.30),
    (0.24, 0.26, 0.28),
    (0.20, 0.34, 0.55),
    (0.86, 0.70, 0.20),
    (0.78, 0.74, 0.66),
    (0.52, 0.54, 0.55),
)
CLOTHS: tuple[Float3, ...] = (
    (0.95, 0.92, 0.82),
    (0.35, 0.58, 0.42),
    (0.30, 0.46, 0.70),
    (0.95, 0.80, 0.35),
    (0.60, 0.56, 0.66),
)


class CityBuilder:
    """Collects meshes, instances and solids of one city.

    Args:
        rng: draws everything.
        half_size_m: the city covers [-half_size, half_size]^2.
        season: of its trees and roofs.
        corridor: ways to keep clear of whatever is placed.
        decoy_rng: draws what is painted red; None for no decoys. A generator of its own, so that a city with
            decoys differs from the one without in colours alone.

    Attributes:
        seated: solids of people on seats, apart: what keeps away from their seats does from them.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        half_size_m: float,
        season: str,
        corridor: tuple[Path, ...],
        decoy_rng: np.random.Generator | None,
    ) -> None:
        self.rng = rng
        self.half_size_m = half_size_m
        self.season = season
        self.decoy_rng = decoy_rng
        self._corridor = corridor
        self.instances: list[Instance] = []
        self.colliders: list[Collider] = []
        self.seated: list[Collider] = []
        growth = np.random.default_rng(int(rng.integers(2**32)))  # its own, so that seasons change no places
        self.meshes: dict[str, Mesh] = {
            **furniture_meshes(),
            **square_meshes(),
            **car_meshes(),
            **vehicle_meshes(),
            "awning": awning_mesh(),
            "backpack": backpack_mesh(),
            "hook": hook_mesh(),
            "nothing": nothing_mesh(),
            "tree_0": broadleaf(growth, season, "bark_oak"),
            "tree_1": broadleaf(growth, season, "bark_birch"),
        }

    def keep_clear(self, way: Path) -> None:
        """Keep another way clear of whatever is placed from now on."""
        self._corridor = (*self._corridor, way)

    def is_clear(self, x: float, y: float, radius_m: float = 0.0) -> bool:
        """True when a thing of this radius leaves the walk and those who follow it enough room."""
        return all(path.distance_to((x, y)) >= ROUTE_CLEARANCE_M + radius_m for path in self._corridor)

    def paint(
        self, palette: tuple[Float3, ...], category: str, rng: np.random.Generator | None = None
    ) -> tuple[Float3, str]:
        """Draw a colour and a category for something painted: often red, and a decoy, where there are decoys."""
        drawn = palette[int((rng or self.rng).integers(len(palette)))]
        if self.decoy_rng is None or self.decoy_rng.random() >= RED_SHARE:
            return drawn, category
        return REDS[int(self.decoy_rng.integers(len(REDS)))], "decoy"

    def put(
        self,
        mesh: str,
        x: float,
        y: float,
        yaw: float = 0.0,
        *,
        tint: Float3 = WHITE,
        category: str = "furniture",
        size: float = 1.0,
        z: float = 0.0,
    ) -> None:
        """Draw a thing without a solid."""
        self.instances.append(Instance(mesh, (x, y, z), yaw, (size, size, size), tint, category))

    def place(
        self,
        mesh: str,
        x: float,
        y: float,
        yaw: float,
        label: str,
        radius_m: float,
        half_height_m: float,
        *,
        palette: tuple[Float3, ...] | None = None,
        size: float = 1.0,
    ) -> None:
        """Put a thing on the ground with an upright cylinder as its solid; painted when it has a palette."""
        category = label if label in CATEGORIES else "furniture"
        tint = WHITE
        if palette is not None:
            tint, category = self.paint(palette, category)
        self.put(mesh, x, y, yaw, tint=tint, category=category, size=size)
        if mesh == "planter":  # a red tub has a green bush
            self.put("planter_bush", x, y, yaw, category="undergrowth", size=size)
        radius = radius_m * size
        self.colliders.append(Collider("cylinder", (x, y, half_height_m), (radius, radius, half_height_m), label=label))

    def solid(self, x: float, y: float, z: float, half_size_m: Float3, yaw: float, label: str) -> None:
        """Add a box as a solid."""
        self.colliders.append(Collider("box", (x, y, z), half_size_m, yaw, label))

    def tree(self, x: float, y: float, *, size: float | None = None) -> None:
        """Plant a tree."""
        kind = int(self.rng.integers(2))
        drawn = float(self.rng.uniform(0.65, 0.95)) if size is None else size
        yaw = float(self.rng.uniform(0.0, 2.0 * np.pi))
        self.place(f"tree_{kind}", x, y, yaw, "tree", TRUNK_RADIUS_M[kind], 3.0, size=drawn)

    def parked_car(self, kind: str, x: float, y: float, yaw: float, palette: tuple[Float3, ...]) -> None:
        """Park a car with a solid for its body and, where it has one, its cabin."""
        tint, category = self.paint(palette, "car")
        self.put(kind, x, y, yaw, tint=tint, category=category)
        self.put(f"{kind}_trim", x, y, yaw, category="car")
        self.colliders += car_colliders(kind, x, y, yaw)


def car_colliders(kind: str, x: float, y: float, yaw: float) -> list[Collider]:
    """Two boxes for a car: all of it up to the belt, and what is above."""
    length, width, height = car_size_m(kind)
    tall = height > 1.8
    belt = height - 0.3 if tall else 0.92
    half = 0.5 * length if tall else 0.27 * length
    back = 0.0 if tall else -0.09 * length
    cabin = (x + back * float(np.cos(yaw)), y + back * float(np.sin(yaw)), 0.5 * (belt + height))
    return [
        Collider("box", (x, y, 0.5 * belt), (0.5 * length, 0.5 * width, 0.5 * belt), yaw, "car"),
        Collider("box", cabin, (half, 0.45 * width, 0.5 * (height - belt)), yaw, "car"),
    ]
