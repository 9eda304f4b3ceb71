"""Things that stand in a street: buildings, cars, lamps, benches, bins, signs. Metres, origin on the ground."""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import box, cylinder, merge, moved, pose, rotation, sphere, transformed
from sim_worlds.scene import Float3, Mesh

FACADES = ("facade_brick", "facade_plaster", "facade_glass")
FACADE_TINTS: tuple[Float3, ...] = (
    (1.0, 1.0, 1.0),
    (1.0, 0.93, 0.82),
    (0.88, 0.93, 1.0),
    (1.0, 0.86, 0.74),
    (0.80, 0.80, 0.84),
    (0.95, 1.0, 0.88),
)
CAR_COLOURS: tuple[Float3, ...] = (
    (0.80, 0.81, 0.83),
    (0.22, 0.24, 0.27),
    (0.18, 0.30, 0.52),
    (0.55, 0.57, 0.58),
    (0.35, 0.18, 0.17),
    (0.28, 0.42, 0.36),
    (0.88, 0.86, 0.80),
)
SHOP_HEIGHT_M = 3.6


def building(rng: np.random.Generator, width_m: float, depth_m: float, height_m: float) -> Mesh:
    """A house of the given size about the origin: façades with windows, a cornice, a roof, often shops."""
    facade = FACADES[int(rng.integers(len(FACADES)))]
    tint = FACADE_TINTS[int(rng.integers(len(FACADE_TINTS)))]
    shops = rng.random() < 0.6
    bottom = SHOP_HEIGHT_M if shops else 0.0
    parts = [
        box(
            (width_m, depth_m, height_m - bottom),
            material=facade,
            colour=tint,
            uv_per_m=1.0 / 7.0,
            centre=(0.0, 0.0, 0.5 * (height_m + bottom)),
        ),
        box(
            (width_m + 0.4, depth_m + 0.4, 0.35),
            material="roof",
            colour=(0.85, 0.84, 0.82),
            centre=(0.0, 0.0, height_m),
        ),
    ]
    if shops:
        shop = box(
            (width_m, depth_m, SHOP_HEIGHT_M), material="shop_front", uv_per_m=1.0, centre=(0, 0, 0.5 * SHOP_HEIGHT_M)
        )
        sides = shop.uvs[:16]
        sides[:, 0] /= 6.0
        sides[:, 1] /= SHOP_HEIGHT_M
        parts.append(shop)
        parts.append(
            box((width_m + 0.15, depth_m + 0.15, 0.2), material="metal", colour=tint, centre=(0, 0, SHOP_HEIGHT_M))
        )
    return merge(parts)


def car(colour: Float3) -> Mesh:
    """A parked car, 4.2 m long, facing +x."""
    glass: Float3 = (0.25, 0.30, 0.34)
    parts = [
        box((4.2, 1.7, 0.55), material="metal", colour=colour, centre=(0.0, 0.0, 0.58)),
        box((2.2, 1.5, 0.5), material="facade_glass", colour=glass, centre=(-0.2, 0.0, 1.08)),
        box((1.9, 1.52, 0.08), material="metal", colour=colour, centre=(-0.2, 0.0, 1.36)),
        box((0.05, 1.3, 0.14), material="white", colour=(0.9, 0.9, 0.8), centre=(2.1, 0.0, 0.62)),
        box((0.05, 1.4, 0.10), material="white", colour=(0.45, 0.10, 0.10), centre=(-2.1, 0.0, 0.66)),
    ]
    for x in (-1.3, 1.3):
        for y in (-0.72, 0.72):
            wheel = cylinder(0.33, 0.22, material="cloth", colour=(0.12, 0.12, 0.12), sides=10)
            turn = rotation(roll_rad=0.5 * np.pi)
            parts.append(transformed(wheel, pose((x, y + 0.11, 0.33), turn)))
    return merge(parts)


def lamp() -> Mesh:
    """A street lamp of 5 m whose arm points to +x."""
    grey: Float3 = (0.32, 0.34, 0.35)
    return merge(
        [
            cylinder(0.07, 5.0, top_radius_m=0.05, material="metal", colour=grey, sides=7),
            box((1.2, 0.07, 0.06), material="metal", colour=grey, centre=(0.55, 0.0, 4.95)),
            box((0.5, 0.16, 0.08), material="white", colour=(0.95, 0.93, 0.85), centre=(1.0, 0.0, 4.9)),
        ]
    )


def bench() -> Mesh:
    """A bench of 1.6 m along y, its seat towards +x."""
    wood: Float3 = (0.75, 0.58, 0.40)
    return merge(
        [
            box((0.45, 1.6, 0.06), material="bark_oak", colour=wood, centre=(0.0, 0.0, 0.45)),
            box((0.06, 1.6, 0.4), material="bark_oak", colour=wood, centre=(-0.22, 0.0, 0.7)),
            box((0.4, 0.06, 0.45), material="metal", colour=(0.3, 0.3, 0.3), centre=(0.0, -0.7, 0.22)),
            box((0.4, 0.06, 0.45), material="metal", colour=(0.3, 0.3, 0.3), centre=(0.0, 0.7, 0.22)),
        ]
    )


def bin_mesh() -> Mesh:
    """A litter bin of 0.9 m."""
    return merge(
        [
            cylinder(0.24, 0.8, material="metal", colour=(0.24, 0.38, 0.30), sides=9),
            moved(cylinder(0.27, 0.1, material="metal", colour=(0.2, 0.2, 0.2), sides=9), (0.0, 0.0, 0.8)),
        ]
    )


def sign() -> Mesh:
    """A parking sign of 2.4 m facing +x."""
    return merge(
        [
            cylinder(0.035, 2.4, material="metal", colour=(0.6, 0.6, 0.6), sides=6),
            box((0.03, 0.5, 0.5), material="sign", uv_per_m=2.0, centre=(0.05, 0.0, 2.1)),
        ]
    )


def planter() -> Mesh:
    """A concrete tub with a clipped bush, 1.2 m high."""
    return merge(
        [
            box((0.8, 0.8, 0.5), material="pavement", colour=(0.9, 0.88, 0.85), centre=(0.0, 0.0, 0.25)),
            moved(sphere((0.42, 0.42, 0.4), material="grass_park", colour=(0.8, 0.95, 0.7)), (0.0, 0.0, 0.8)),
        ]
    )


def column() -> Mesh:
    """An advertising column, 2.8 m high."""
    return merge(
        [
            cylinder(0.45, 2.6, material="shop_front", sides=14, uv_per_m=0.7),
            moved(cylinder(0.5, 0.2, material="metal", colour=(0.3, 0.4, 0.35), sides=14), (0.0, 0.0, 2.6)),
        ]
    )


def street_meshes() -> dict[str, Mesh]:
    """Return the furniture of a street; cars are ``car_0`` .. ``car_{len(CAR_COLOURS) - 1}``."""
    cars = {f"car_{index}": car(colour) for index, colour in enumerate(CAR_COLOURS)}
    return {
        **cars,
        "lamp": lamp(),
        "bench": bench(),
        "bin": bin_mesh(),
        "sign": sign(),
        "planter": planter(),
        "column": column(),
    }
