"""Street furniture: lamps, signs, bins, benches, stops, bicycles. Metres, origin on the ground.

Bins, planters, post boxes, hydrants, boards and bicycles are pale where they are painted: their instances tint them.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sim_worlds.mesh_tools import rotation
from sim_worlds.models.kit import Kit
from sim_worlds.scene import Float3, Mesh

IRON: Float3 = (0.22, 0.24, 0.25)
STEEL: Float3 = (0.62, 0.64, 0.66)
WOOD: Float3 = (0.78, 0.60, 0.42)
BLACK: Float3 = (0.11, 0.11, 0.12)


def lamp() -> Mesh:
    """A street lamp of 5 m whose arm points to +x."""
    kit = Kit()
    kit.tube(0.11, 0.7, (0, 0, 0), "metal", IRON, top_radius_m=0.08, sides=7)
    kit.tube(0.07, 5.0, (0, 0, 0), "metal", IRON, top_radius_m=0.05, sides=7)
    kit.box((1.2, 0.07, 0.06), (0.55, 0.0, 4.95), "metal", IRON)
    kit.box((0.6, 0.20, 0.10), (1.0, 0.0, 4.93), "metal", IRON)
    kit.box((0.5, 0.16, 0.05), (1.0, 0.0, 4.87), "white", (0.98, 0.95, 0.85))
    return kit.mesh()


def lantern() -> Mesh:
    """A park lantern of 3.4 m."""
    kit = Kit()
    kit.tube(0.10, 0.5, (0, 0, 0), "metal", IRON, top_radius_m=0.06, sides=7)
    kit.tube(0.045, 2.8, (0, 0, 0), "metal", IRON, sides=6, capped=False)
    kit.tube(0.12, 0.42, (0, 0, 2.8), "white", (0.98, 0.95, 0.85), top_radius_m=0.19, sides=6)
    kit.tube(0.24, 0.2, (0, 0, 3.22), "metal", IRON, top_radius_m=0.02, sides=6)
    return kit.mesh()


def bench() -> Mesh:
    """A bench of 1.6 m along y, its seat towards +x."""
    kit = Kit()
    for x in (-0.13, 0.02, 0.17):
        kit.box((0.12, 1.6, 0.05), (x, 0.0, 0.45), "bark_oak", WOOD)
    for z in (0.62, 0.80):
        kit.box((0.05, 1.6, 0.12), (-0.24, 0.0, z), "bark_oak", WOOD, turn=rotation(pitch_rad=-0.15))
    for y in (-0.65, 0.65):
        kit.box((0.42, 0.06, 0.06), (0.0, y, 0.40), "metal", IRON)
        kit.box((0.06, 0.06, 0.88), (-0.22, y, 0.44), "metal", IRON, turn=rotation(pitch_rad=-0.1))
        kit.box((0.06, 0.06, 0.42), (0.17, y, 0.21), "metal", IRON)
    return kit.mesh()


def litter_bin() -> Mesh:
    """A litter bin of 0.9 m."""
    kit = Kit()
    kit.tube(0.24, 0.72, (0, 0, 0.06), "paint", sides=10, capped=False)
    kit.tube(0.26, 0.06, (0, 0, 0.72), "metal", IRON, sides=10)
    kit.tube(0.20, 0.16, (0, 0, 0.76), "white", BLACK, top_radius_m=0.12, sides=10)
    kit.tube(0.06, 0.08, (0, 0, 0), "metal", IRON, sides=6, capped=False)
    return kit.mesh()


def planter() -> Mesh:
    """A painted tub, 0.5 m high, for :func:`planter_bush`."""
    kit = Kit()
    kit.box((0.8, 0.8, 0.5), (0.0, 0.0, 0.25), "paint")
    kit.box((0.86, 0.86, 0.07), (0.0, 0.0, 0.50), "paint", (0.85, 0.85, 0.85))
    return kit.mesh()


def planter_bush() -> Mesh:
    """The clipped bush of a planter, up to 1.2 m."""
    kit = Kit()
    kit.ball((0.42, 0.42, 0.4), (0.0, 0.0, 0.8), "hedge", (0.9, 1.0, 0.8))
    return kit.mesh()


def parking_sign() -> Mesh:
    """A blue parking sign of 2.4 m facing +x."""
    kit = Kit()
    kit.tube(0.035, 2.4, (0, 0, 0), "metal", STEEL, sides=6)
    kit.box((0.03, 0.5, 0.5), (0.05, 0.0, 2.1), "sign", uv_per_m=2.0)
    return kit.mesh()


def crossing_sign() -> Mesh:
    """A triangular warning sign, yellow with a dark border, 2.5 m, facing +x."""
    kit = Kit()
    kit.tube(0.035, 2.3, (0, 0, 0), "metal", STEEL, sides=6)
    for radius, x, colour in ((0.34, 0.04, BLACK), (0.26, 0.05, (0.95, 0.78, 0.15))):
        turn = rotation(pitch_rad=0.5 * np.pi) @ rotation(yaw_rad=np.pi)
        kit.tube(radius, 0.03, (x, 0.0, 2.1), "white", colour, sides=3, turn=turn)
    return kit.mesh()


def street_sign() -> Mesh:
    """Name plates of two streets on a post of 2.8 m."""
    kit = Kit()
    kit.tube(0.035, 2.8, (0, 0, 0), "metal", STEEL, sides=6)
    kit.box((0.9, 0.03, 0.22), (0.40, 0.0, 2.65), "lettering", (0.75, 0.85, 1.0), uv_per_m=1.0)
    kit.box((0.03, 0.9, 0.22), (0.0, 0.40, 2.40), "lettering", (0.75, 0.85, 1.0), uv_per_m=1.0)
    return kit.mesh()


def traffic_light() -> Mesh:
    """A traffic light of 3.2 m facing +x, with a small one for people on foot."""
    kit = Kit()
    kit.tube(0.06, 3.0, (0, 0, 0), "metal", IRON, sides=7)
    kit.box((0.22, 0.30, 0.90), (0.12, 0.0, 2.75), "white", BLACK)
    kit.box((0.03, 0.42, 1.05), (0.0, 0.0, 2.75), "white", (0.2, 0.2, 0.2))
    lights = ((3.02, (0.25, 0.06, 0.06)), (2.75, (0.30, 0.22, 0.05)), (2.48, (0.25, 0.95, 0.45)))
    for z, colour in lights:
        kit.tube(0.10, 0.04, (0.22, 0.0, z), "white", colour, sides=8, turn=rotation(pitch_rad=0.5 * np.pi))
    kit.box((0.18, 0.2, 0.5), (0.0, 0.16, 1.95), "white", BLACK)
    kit.box((0.08, 0.03, 0.14), (0.0, 0.27, 1.85), "white", (0.25, 0.95, 0.45))
    return kit.mesh()


def bollard() -> Mesh:
    """A bollard of 0.9 m with a white band."""
    kit = Kit()
    kit.tube(0.08, 0.82, (0, 0, 0), "metal", IRON, sides=8, capped=False)
    kit.tube(0.085, 0.1, (0, 0, 0.62), "white", (0.92, 0.92, 0.9), sides=8, capped=False)
    kit.ball((0.09, 0.09, 0.08), (0, 0, 0.83), "metal", IRON, rings=4)
    return kit.mesh()


def hydrant() -> Mesh:
    """A hydrant of 0.75 m."""
    kit = Kit()
    kit.tube(0.16, 0.06, (0, 0, 0), "paint", sides=8)
    kit.tube(0.11, 0.55, (0, 0, 0.05), "paint", sides=8, capped=False)
    kit.ball((0.14, 0.14, 0.13), (0, 0, 0.6), "paint", rings=4)
    for side in (-1.0, 1.0):
        kit.tube(0.06, 0.09, (0, side * 0.09, 0.42), "metal", STEEL, sides=6, turn=rotation(roll_rad=-side * 1.571))
    return kit.mesh()


def post_box() -> Mesh:
    """A post box of 1.3 m with its slot towards +x."""
    kit = Kit()
    kit.box((0.36, 0.46, 0.75), (0.0, 0.0, 0.86), "paint")
    kit.tube(0.18, 0.46, (0.0, -0.23, 1.24), "paint", sides=10, turn=rotation(roll_rad=-0.5 * np.pi))
    kit.box((0.05, 0.34, 0.05), (0.19, 0.0, 1.08), "white", BLACK)
    kit.box((0.02, 0.24, 0.2), (0.19, 0.0, 0.8), "white", (0.95, 0.95, 0.9))
    kit.box((0.1, 0.1, 0.5), (0.0, 0.0, 0.25), "metal", IRON)
    return kit.mesh()


def column() -> Mesh:
    """An advertising column, 3.1 m high."""
    kit = Kit()
    kit.tube(0.52, 0.3, (0, 0, 0), "metal", (0.35, 0.42, 0.38), sides=14)
    kit.tube(0.48, 2.4, (0, 0, 0.3), "poster", sides=14, uv_per_m=0.42)
    kit.tube(0.58, 0.14, (0, 0, 2.7), "metal", (0.35, 0.42, 0.38), sides=14)
    kit.tube(0.5, 0.35, (0, 0, 2.84), "metal", (0.35, 0.42, 0.38), top_radius_m=0.06, sides=14)
    return kit.mesh()


def bus_stop() -> Mesh:
    """A shelter of 3.6 m along y, open towards +x: glass back and sides, roof, seat, bill at one end."""
    kit = Kit()
    for y in (-1.75, 0.0, 1.75):
        kit.box((0.07, 0.07, 2.4), (-0.6, y, 1.2), "metal", IRON)
    for y in (-1.75, 1.75):
        kit.box((0.07, 0.07, 2.4), (0.5, y, 1.2), "metal", IRON)
    kit.box((1.5, 3.9, 0.12), (0.0, 0.0, 2.45), "metal", (0.4, 0.43, 0.45))
    for y in (-0.88, 0.88):
        kit.box((0.03, 1.6, 1.7), (-0.6, y, 1.15), "car_glass", (1.0, 1.1, 1.1))
    kit.box((1.0, 0.10, 1.9), (-0.05, 1.75, 1.15), "poster", uv_per_m=0.52)
    kit.box((0.35, 2.4, 0.06), (-0.35, -0.2, 0.48), "bark_oak", WOOD)
    for y in (-1.1, 0.7):
        kit.box((0.06, 0.06, 0.45), (-0.35, y, 0.23), "metal", IRON)
    kit.tube(0.03, 2.9, (0.75, -1.9, 0), "metal", STEEL, sides=6)
    kit.box((0.05, 0.5, 0.5), (0.75, -1.9, 2.75), "white", (0.95, 0.80, 0.15))
    kit.box((0.06, 0.26, 0.22), (0.75, -1.9, 2.75), "white", (0.10, 0.35, 0.20))
    return kit.mesh()


def bicycle() -> Mesh:
    """A bicycle along +x, its frame to be tinted; wheels of 0.34 m."""
    kit = Kit()
    for x in (-0.52, 0.52):
        wheel(kit, x)
    tubes = (
        ((0.10, 0.28), (-0.22, 0.82)),
        ((0.10, 0.28), (0.40, 0.78)),
        ((-0.20, 0.74), (0.38, 0.78)),
        ((0.10, 0.28), (-0.52, 0.34)),
        ((-0.17, 0.66), (-0.52, 0.34)),
        ((0.52, 0.34), (0.38, 0.92)),
    )
    for start, end in tubes:
        rod(kit, start, end, 0.025, "paint")
    kit.box((0.26, 0.14, 0.06), (-0.25, 0.0, 0.90), "white", BLACK)
    kit.box((0.05, 0.50, 0.04), (0.36, 0.0, 0.98), "white", BLACK)
    kit.box((0.17, 0.03, 0.03), (0.10, 0.10, 0.28), "metal", STEEL)
    return kit.mesh()


def wheel(kit: Kit, x: float, radius: float = 0.34) -> None:
    """Add a spoked wheel as a ring of twelve pieces with a few spokes, in the x-z plane."""
    for angle in np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False):
        spot = (x + radius * float(np.cos(angle)), 0.0, 0.34 + radius * float(np.sin(angle)))
        kit.box((0.045, 0.035, 0.19), spot, "white", BLACK, turn=rotation(pitch_rad=-float(angle)))
    for angle in (0.3, 1.35, 2.4):
        kit.box((0.012, 0.012, 2.0 * radius), (x, 0.0, 0.34), "metal", STEEL, turn=rotation(pitch_rad=angle))


def rod(kit: Kit, start: tuple[float, float], end: tuple[float, float], thick: float, material: str) -> None:
    """Add a rod between two points (x, z) of the plane y = 0."""
    dx, dz = end[0] - start[0], end[1] - start[1]
    middle = (0.5 * (start[0] + end[0]), 0.0, 0.5 * (start[1] + end[1]))
    length = float(np.hypot(dx, dz))
    kit.box((thick, thick, length), middle, material, turn=rotation(pitch_rad=float(np.arctan2(dx, dz))))


def bike_stand() -> Mesh:
    """Three hoops for bicycles, 0.8 m apart along y."""
    kit = Kit()
    for y in (-0.8, 0.0, 0.8):
        for x in (-0.3, 0.3):
            kit.tube(0.03, 0.8, (x, y, 0), "metal", STEEL, sides=5)
        kit.box((0.66, 0.06, 0.06), (0.0, y, 0.8), "metal", STEEL)
    return kit.mesh()


def board() -> Mesh:
    """A board of a shop that stands on the pavement, 1 m, painted, facing +x and -x."""
    kit = Kit()
    for side in (-1.0, 1.0):
        turn = rotation(pitch_rad=-0.22 * side)
        kit.box((0.04, 0.62, 1.0), (0.13 * side, 0.0, 0.5), "paint", turn=turn)
        kit.box((0.04, 0.5, 0.62), (0.15 * side, 0.0, 0.55), "lettering", (0.95, 0.93, 0.85), turn=turn, uv_per_m=1.7)
    return kit.mesh()


@cache
def furniture_meshes() -> dict[str, Mesh]:
    """Return all street furniture by name."""
    return {
        "lamp": lamp(),
        "lantern": lantern(),
        "bench": bench(),
        "bin": litter_bin(),
        "planter": planter(),
        "planter_bush": planter_bush(),
        "parking_sign": parking_sign(),
        "crossing_sign": crossing_sign(),
        "street_sign": street_sign(),
        "traffic_light": traffic_light(),
        "bollard": bollard(),
        "hydrant": hydrant(),
        "post_box": post_box(),
        "column": column(),
        "bus_stop": bus_stop(),
        "bicycle": bicycle(),
        "bike_stand": bike_stand(),
        "board": board(),
    }
