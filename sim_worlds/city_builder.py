"""Streets, houses, furniture and people of a city, laid out on a grid of roads."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim_worlds.mesh_tools import quad
from sim_worlds.models.backpack import backpack_mesh, hook_mesh
from sim_worlds.models.city import CAR_COLOURS, building, street_meshes
from sim_worlds.models.nature import broadleaf
from sim_worlds.models.person import draw_clothes, nothing_mesh, person_meshes, standing_person_mesh
from sim_worlds.models.vehicle import vehicle_meshes
from sim_worlds.route import Path
from sim_worlds.scene import CATEGORIES, Collider, Float3, Instance, Mesh

ROADS_M = (-40.0, 0.0, 40.0)
HALF_ROAD_M = 4.0
PAVEMENT_M = 4.0
WALKING_LINE_M = 5.8
KERB_LINE_M = 4.45
WALL_M = HALF_ROAD_M + PAVEMENT_M
ROUTE_CLEARANCE_M = 1.1
BYSTANDERS = 4
COLUMN_FROM_BEND_M = 1.5
WHITE: Float3 = (1.0, 1.0, 1.0)
RED: Float3 = (0.78, 0.08, 0.08)
RED_TINT: Float3 = (1.6, 0.18, 0.18)
REPAINTED = ("bin", "planter", "bench")


class CityBuilder:
    """Collects meshes, instances and solids of one city.

    Args:
        rng: draws everything.
        half_size_m: the city covers [-half_size, half_size]^2.
        decoy_rng: draws what is painted red; None for no decoys.
    """

    def __init__(
        self, rng: np.random.Generator, half_size_m: float, decoy_rng: np.random.Generator | None
    ) -> None:
        self.rng = rng
        # A generator of their own, so that a city with decoys differs from the one without in colours alone.
        self._decoy_rng = decoy_rng
        self.half_size_m = half_size_m
        self.instances: list[Instance] = []
        self.colliders: list[Collider] = []
        self.meshes: dict[str, Mesh] = {
            **street_meshes(),
            **vehicle_meshes(),
            **person_meshes("walker", draw_clothes(rng)),
            "backpack": backpack_mesh(),
            "hook": hook_mesh(),
            "nothing": nothing_mesh(),
            "tree_0": broadleaf(rng, "summer", "bark_oak"),
            "tree_1": broadleaf(rng, "summer", "bark_birch"),
        }
        for index in range(BYSTANDERS):
            clothes = draw_clothes(rng)
            if decoy_rng is not None and index % 2 == 0:
                clothes = replace(clothes, jacket=RED)
            self.meshes[f"bystander_{index}"] = standing_person_mesh(clothes, rng)

    def place(
        self,
        mesh: str,
        x: float,
        y: float,
        yaw: float,
        label: str,
        radius: float,
        half_height: float,
        size: float = 1.0,
    ) -> None:
        """Put a thing on the ground with an upright cylinder as its solid."""
        tint = self._tint() if mesh in REPAINTED else WHITE
        category = "person" if label == "bystander" else label if label in CATEGORIES else "furniture"
        self.instances.append(Instance(mesh, (x, y, 0.0), yaw, (size, size, size), tint, category))
        self.colliders.append(
            Collider("cylinder", (x, y, half_height), (radius * size, radius * size, half_height), label=label)
        )

    def add_ground(self) -> None:
        """Asphalt everywhere, pavements on top of it, road markings."""
        reach = self.half_size_m + 60.0
        self._slab("asphalt", -reach, -reach, reach, reach, 0.0, 4.0)
        spans = self._spans()
        for x0, x1 in spans:
            for y0, y1 in spans:
                self._slab("pavement", x0 - PAVEMENT_M, y0 - PAVEMENT_M, x1 + PAVEMENT_M, y1 + PAVEMENT_M, 0.02, 2.0)
        for centre in ROADS_M:
            for along in np.arange(-self.half_size_m + 3.0, self.half_size_m - 3.0, 6.0):
                if min(abs(along - crossing) for crossing in ROADS_M) < WALL_M:
                    continue
                low, high = float(along), float(along) + 2.5
                self._slab("white", centre - 0.07, low, centre + 0.07, high, 0.015, 1.0, (0.8, 0.8, 0.78))
                self._slab("white", low, centre - 0.07, high, centre + 0.07, 0.015, 1.0, (0.8, 0.8, 0.78))
            for crossing in ROADS_M:
                self._zebra(centre, crossing)

    def add_blocks(self) -> None:
        """Fill the land between the pavements with houses, and one block with a park."""
        spans = self._spans()
        inner = [(i, j) for i in (1, 2) for j in (1, 2)]
        park = inner[int(self.rng.integers(len(inner)))] if self.rng.random() < 0.7 else None
        for i, (x0, x1) in enumerate(spans):
            for j, (y0, y1) in enumerate(spans):
                if (i, j) == park:
                    self._park(x0, x1, y0, y1)
                else:
                    self._houses(x0, x1, y0, y1)
        self._backdrop()

    def add_street_furniture(self, path: Path) -> None:
        """Lamps, trees, bins, signs and benches along the kerb, parked cars, people who stand."""
        for centre in ROADS_M:
            for side in (-1.0, 1.0):
                for along in np.arange(-self.half_size_m + 4.0, self.half_size_m - 3.0, 8.0):
                    for swap in (False, True):
                        self._kerb_thing(centre + side * KERB_LINE_M, float(along), side, swap, path)
                        self._parked_car(centre + side * 2.9, float(along) + 3.0, side, swap)
        for _ in range(26):
            self._bystander(path)

    def add_columns(self, path: Path) -> None:
        """Put an advertising column inside every bend of the walk."""
        for before, bend, after in zip(path.points, path.points[1:], path.points[2:], strict=False):
            inward = _unit(before - bend) + _unit(after - bend)
            if np.hypot(*inward) > 0.5:
                x, y = bend + COLUMN_FROM_BEND_M * _unit(inward)
                self.place("column", float(x), float(y), 0.0, "column", 0.45, 1.4)

    def _tint(self) -> Float3:
        """Return the colour by which a thing is repainted: often red where there are decoys, white else."""
        if self._decoy_rng is None or self._decoy_rng.random() < 0.4:
            return WHITE
        return RED_TINT

    def _spans(self) -> list[tuple[float, float]]:
        """Building land between the pavements, along one axis."""
        edges = [-self.half_size_m - PAVEMENT_M - HALF_ROAD_M, *ROADS_M, self.half_size_m + PAVEMENT_M + HALF_ROAD_M]
        return [(low + WALL_M, high - WALL_M) for low, high in pairwise(edges)]

    def _slab(
        self,
        material: str,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        z: float,
        tile_m: float,
        colour: Float3 = (1.0, 1.0, 1.0),
    ) -> None:
        name = f"slab_{len(self.meshes)}"
        uv = ((x1 - x0) / tile_m, (y1 - y0) / tile_m)
        corners = [(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)]
        self.meshes[name] = quad(corners, material=material, colour=colour, uv_size=uv)
        self.instances.append(Instance(name, (0.0, 0.0, 0.0), category="ground"))

    def _zebra(self, x: float, y: float) -> None:
        if "zebra" not in self.meshes:
            corners = [(-0.25, -1.3, 0.015), (0.25, -1.3, 0.015), (0.25, 1.3, 0.015), (-0.25, 1.3, 0.015)]
            self.meshes["zebra"] = quad(corners, material="white", colour=(0.85, 0.85, 0.83))
        for stripe in np.arange(-3.2, 3.3, 0.95):
            for offset in (-WALKING_LINE_M, WALKING_LINE_M):
                self.instances.append(Instance("zebra", (x + float(stripe), y + offset, 0.0), category="ground"))
                turned = Instance("zebra", (x + offset, y + float(stripe), 0.0), 0.5 * np.pi, category="ground")
                self.instances.append(turned)

    def _houses(self, x0: float, x1: float, y0: float, y1: float) -> None:
        columns = 2 if x1 - x0 > 16.0 else 1
        rows = 2 if y1 - y0 > 16.0 else 1
        cut_x = [x0, *([x0 + (x1 - x0) * float(self.rng.uniform(0.4, 0.6))] if columns == 2 else []), x1]
        for left, right in pairwise(cut_x):
            cut_y = [y0, *([y0 + (y1 - y0) * float(self.rng.uniform(0.4, 0.6))] if rows == 2 else []), y1]
            for low, high in pairwise(cut_y):
                self._house(0.5 * (left + right), 0.5 * (low + high), right - left, high - low)

    def _house(self, x: float, y: float, width: float, depth: float) -> None:
        height = float(self.rng.choice([7.0, 10.5, 14.0, 17.5, 21.0], p=[0.15, 0.3, 0.3, 0.15, 0.1]))
        name = f"house_{len(self.meshes)}"
        self.meshes[name] = building(self.rng, width, depth, height)
        self.instances.append(Instance(name, (x, y, 0.0), category="building"))
        half = (0.5 * width, 0.5 * depth, 0.5 * height)
        self.colliders.append(Collider("box", (x, y, 0.5 * height), half, label="house"))

    def _backdrop(self) -> None:
        """Houses beyond the edge close the view along the streets."""
        reach = self.half_size_m + 22.0
        for centre in ROADS_M:
            for x, y in ((centre, reach), (centre, -reach), (reach, centre), (-reach, centre)):
                self._house(x, y, 26.0, 26.0)

    def _park(self, x0: float, x1: float, y0: float, y1: float) -> None:
        self._slab("grass_park", x0, y0, x1, y1, 0.04, 3.0)
        for _ in range(9):
            x, y = float(self.rng.uniform(x0 + 2, x1 - 2)), float(self.rng.uniform(y0 + 2, y1 - 2))
            self._tree(x, y)
        for _ in range(4):
            x, y = float(self.rng.uniform(x0 + 2, x1 - 2)), float(self.rng.uniform(y0 + 2, y1 - 2))
            self.place("bench", x, y, float(self.rng.uniform(0, 6.28)), "bench", 0.7, 0.45)

    def _tree(self, x: float, y: float) -> None:
        size = float(self.rng.uniform(0.65, 0.95))
        kind = int(self.rng.integers(2))
        self.place(
            f"tree_{kind}", x, y, float(self.rng.uniform(0, 6.28)), "tree", (0.22, 0.13)[kind], 3.0, size=size
        )

    def _kerb_thing(self, across: float, along: float, side: float, swap: bool, path: Path) -> None:
        if min(abs(along - crossing) for crossing in ROADS_M) < WALL_M + 0.8:
            return
        x, y = (along, across) if swap else (across, along)
        if path.distance_to((x, y)) < ROUTE_CLEARANCE_M:
            return
        towards_road = (-0.5 * np.pi * side) if swap else (np.pi if side > 0 else 0.0)
        draw = float(self.rng.random())
        if draw < 0.30:
            self.place("lamp", x, y, towards_road, "lamp", 0.08, 2.5)
        elif draw < 0.55:
            self._tree(x, y)
        elif draw < 0.65:
            self.place("bin", x, y, 0.0, "bin", 0.27, 0.45)
        elif draw < 0.75:
            self.place("sign", x, y, towards_road + float(self.rng.choice([-0.5, 0.5])) * np.pi, "sign", 0.25, 1.2)
        elif draw < 0.85:
            self.place("planter", x, y, 0.0, "planter", 0.5, 0.6)

    def _parked_car(self, across: float, along: float, side: float, swap: bool) -> None:
        if min(abs(along - crossing) for crossing in ROADS_M) < WALL_M + 3.2 or self.rng.random() < 0.55:
            return
        x, y = (along, across) if swap else (across, along)
        yaw = (0.0 if swap else 0.5 * np.pi) + (np.pi if side > 0 else 0.0)
        mesh = f"car_{int(self.rng.integers(len(CAR_COLOURS)))}"
        self.instances.append(Instance(mesh, (x, y, 0.0), yaw, tint=self._tint(), category="car"))
        self.colliders.append(Collider("box", (x, y, 0.43), (2.1, 0.85, 0.43), yaw, label="car"))
        cabin = (x - 0.2 * np.cos(yaw), y - 0.2 * np.sin(yaw), 1.1)
        centre = (float(cabin[0]), float(cabin[1]), 1.1)
        self.colliders.append(Collider("box", centre, (1.1, 0.75, 0.3), yaw, label="car"))

    def _bystander(self, path: Path) -> None:
        centre = float(self.rng.choice(ROADS_M))
        across = centre + float(self.rng.choice([-1.0, 1.0])) * float(self.rng.uniform(7.1, 7.6))
        along = float(self.rng.uniform(-self.half_size_m + 3.0, self.half_size_m - 3.0))
        x, y = (across, along) if self.rng.random() < 0.5 else (along, across)
        if min(abs(along - crossing) for crossing in ROADS_M) < WALL_M + 0.5:
            return
        if path.distance_to((x, y)) < ROUTE_CLEARANCE_M:
            return
        index = int(self.rng.integers(BYSTANDERS))
        self.place(f"bystander_{index}", x, y, float(self.rng.uniform(0, 6.28)), "bystander", 0.28, 0.88)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vector / (np.hypot(*vector) + 1e-9))
