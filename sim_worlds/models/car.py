"""Cars of several kinds, facing +x, origin on the ground below their middle. Metres.

Every kind is two meshes: ``{kind}`` is the painted body, pale, to be tinted; ``{kind}_trim`` the glass,
wheels, lights and the dark ground below, which keep their colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from sim_worlds.mesh_tools import rotation
from sim_worlds.models.kit import Kit
from sim_worlds.scene import Float3, Mesh

TYRE: Float3 = (0.09, 0.09, 0.10)
HUB: Float3 = (0.62, 0.63, 0.65)
HEADLIGHT: Float3 = (0.98, 0.97, 0.90)
TAIL_LIGHT: Float3 = (0.50, 0.05, 0.06)
PLATE: Float3 = (0.92, 0.92, 0.86)
DARK: Float3 = (0.10, 0.10, 0.11)
COLOURS: tuple[Float3, ...] = (
    (0.86, 0.87, 0.88),
    (0.20, 0.22, 0.25),
    (0.16, 0.30, 0.56),
    (0.55, 0.58, 0.60),
    (0.30, 0.44, 0.36),
    (0.92, 0.89, 0.80),
    (0.12, 0.13, 0.14),
    (0.45, 0.62, 0.72),
    (0.82, 0.66, 0.22),
    (0.42, 0.32, 0.26),
)
"""Everyday colours of cars; none is as red as the backpack."""


@dataclass(frozen=True)
class CarKind:
    """Shape of a kind of car.

    Attributes:
        half_length_m, half_width_m, height_m: outer size.
        belt_m: height below which it is as wide as given.
        cabin_m: from and to along x, for its upper solid.
        body, glass: contours for :meth:`sim_worlds.models.kit.Kit.shell`.
        roof: contour of the painted roof over the glass.
        axles_m: places of the axles along x.
        wheel_m: radius of the wheels.
        pillars_m: places of the posts between side windows, foot and top along x.
    """

    half_length_m: float
    half_width_m: float
    height_m: float
    belt_m: float
    cabin_m: tuple[float, float]
    body: tuple[Float3, ...]
    glass: tuple[Float3, ...]
    roof: tuple[Float3, ...]
    axles_m: tuple[float, ...]
    wheel_m: float
    pillars_m: tuple[tuple[float, float], ...]


def _body(nose: float, hood: float, cowl: float, belt: float, tail: float, width: float) -> tuple[Float3, ...]:
    """Contour of a lower body: bumper, bonnet up to the cowl, belt line, rounded tail."""
    return (
        (nose - 0.12, 0.24, 0.92 * width),
        (nose, 0.40, 0.96 * width),
        (nose - 0.02, 0.56, 0.97 * width),
        (nose - 0.14, hood - 0.06, 0.94 * width),
        (nose - 0.42, hood, 0.95 * width),
        (cowl, belt - 0.02, 0.96 * width),
        (0.0, belt, 0.97 * width),
        (tail + 0.30, belt - 0.02, 0.95 * width),
        (tail + 0.06, belt - 0.12, 0.94 * width),
        (tail, 0.55, 0.97 * width),
        (tail + 0.02, 0.40, 0.96 * width),
        (tail + 0.14, 0.24, 0.92 * width),
    )


def _cabin(
    cowl: float, front: float, back: float, rear: float, belt: float, top: float, width: float
) -> tuple[tuple[Float3, ...], tuple[Float3, ...]]:
    """Contours of the glass and of the roof on it: windscreen from cowl to front, rear window from back to rear."""
    glass = ((cowl, belt - 0.03, 0.90 * width), (front, top - 0.02, 0.72 * width), (back, top - 0.02, 0.72 * width))
    roof = (
        (front + 0.10, top - 0.09, 0.75 * width),
        (front - 0.10, top - 0.005, 0.72 * width),
        (0.5 * (front + back), top + 0.03, 0.72 * width),
        (back + 0.10, top - 0.005, 0.72 * width),
        (back - 0.08, top - 0.09, 0.75 * width),
    )
    return (*glass, (rear, belt - 0.03, 0.90 * width)), roof


def _kind(
    length: float,
    width: float,
    top: float,
    belt: float,
    hood: float,
    cabin: tuple[float, float, float, float],
    pillars: tuple[tuple[float, float], ...],
    wheel: float = 0.32,
) -> CarKind:
    half, half_width = 0.5 * length, 0.5 * width
    cowl, front, back, rear = cabin
    glass, roof = _cabin(cowl, front, back, rear, belt, top, half_width)
    body = _body(half, hood, cowl, belt, -half, half_width)
    axles = (half - 0.82, -half + 0.80)
    return CarKind(
        half, half_width, top, belt, (rear + 0.2, cowl - 0.3), body, glass, roof, axles, wheel, pillars
    )


KINDS: dict[str, CarKind] = {
    "sedan": _kind(4.5, 1.78, 1.42, 0.90, 0.76, (0.95, 0.25, -0.95, -1.62), ((-0.28, -0.32),)),
    "hatchback": _kind(3.9, 1.72, 1.48, 0.92, 0.80, (0.95, 0.35, -1.35, -1.85), ((-0.25, -0.28), (-1.2, -1.15))),
    "estate": _kind(4.6, 1.80, 1.56, 0.98, 0.90, (1.05, 0.40, -1.85, -2.18), ((-0.2, -0.24), (-1.25, -1.25)), 0.35),
}
VAN_SIZE_M = (5.0, 1.9, 2.15)
TRUCK_SIZE_M = (6.4, 2.0, 2.9)
BUS_SIZE_M = (9.0, 2.3, 3.0)


def car_size_m(kind: str) -> Float3:
    """Length, width and height of a kind of car."""
    boxes = {"van": VAN_SIZE_M, "truck": TRUCK_SIZE_M, "bus": BUS_SIZE_M}
    if kind in boxes:
        return boxes[kind]
    shape = KINDS[kind]
    return 2.0 * shape.half_length_m, 2.0 * shape.half_width_m, shape.height_m


@cache
def car_meshes() -> dict[str, Mesh]:
    """Return body and trim of every kind."""
    meshes: dict[str, Mesh] = {}
    for name, kind in KINDS.items():
        meshes[name], meshes[f"{name}_trim"] = _passenger_car(kind)
    meshes["van"], meshes["van_trim"] = _van()
    meshes["truck"], meshes["truck_trim"] = _truck()
    meshes["bus"], meshes["bus_trim"] = _bus()
    return meshes


def _passenger_car(kind: CarKind) -> tuple[Mesh, Mesh]:
    paint, trim = Kit(), Kit()
    paint.shell(kind.body, "paint")
    paint.shell(kind.roof, "paint")
    trim.shell(kind.glass, "car_glass")
    _pillars(paint, kind)
    half, width = kind.half_length_m, kind.half_width_m
    _wheels(trim, kind.axles_m, width, kind.wheel_m)
    _lights(trim, half, 0.62, 0.66 * width, 0.36)
    trim.box((0.06, 1.2 * width, 0.12), (half - 0.01, 0.0, 0.40), "white", DARK)
    for side in (-1.0, 1.0):
        foot = kind.glass[0]
        paint.box((0.12, 0.22, 0.13), (foot[0] - 0.35, side * (width + 0.06), kind.belt_m + 0.08), "paint")
        trim.box((0.16, 0.03, 0.03), (-0.05, side * (0.97 * width + 0.01), 0.78), "metal", HUB)
    _shade(trim, half, width)
    return paint.mesh(), trim.mesh()


def _pillars(kit: Kit, kind: CarKind) -> None:
    """Painted posts at the ends of the glass and between the side windows."""
    low, high = kind.belt_m - 0.03, kind.height_m - 0.03
    foot_y, top_y = 0.905 * kind.half_width_m, 0.725 * kind.half_width_m
    ends = ((kind.glass[0][0], kind.glass[1][0], 0.10), (kind.glass[3][0], kind.glass[2][0], 0.14))
    posts = [*ends, *((foot, top, 0.07) for foot, top in kind.pillars_m)]
    for foot, top, wide in posts:
        w = 0.5 * wide
        corners = [(foot - w, -foot_y, low), (foot + w, -foot_y, low), (top + w, -top_y, high), (top - w, -top_y, high)]
        kit.panel(corners, "paint", (0.85, 0.85, 0.85))
        kit.panel([(x, -y, z) for x, y, z in (corners[1], corners[0], corners[3], corners[2])], "paint", (0.85,) * 3)


def _wheels(kit: Kit, axles: tuple[float, ...], half_width: float, radius: float) -> None:
    lie = rotation(roll_rad=0.5 * np.pi)
    for x in axles:
        for side in (-1.0, 1.0):
            turn = lie if side < 0 else rotation(roll_rad=-0.5 * np.pi)
            arch, tyre = side * (half_width - 0.16), side * (half_width - 0.2)
            kit.disc(radius + 0.07, 0.155, (x, arch, radius), "white", DARK, sides=10, turn=turn)
            kit.tube(radius, 0.215, (x, tyre, radius), "white", TYRE, sides=12, turn=turn)
            kit.disc(0.58 * radius, 0.228, (x, tyre, radius), "metal", HUB, sides=8, turn=turn)


def _lights(kit: Kit, half: float, z: float, y: float, width: float) -> None:
    for side in (-1.0, 1.0):
        kit.box((0.10, width, 0.13), (half - 0.04, side * y, z), "white", HEADLIGHT)
        kit.box((0.10, 0.9 * width, 0.15), (-half + 0.03, side * y, z + 0.08), "white", TAIL_LIGHT)
    for end in (-1.0, 1.0):
        kit.box((0.04, 0.5, 0.11), (end * (half + 0.005), 0.0, 0.47), "white", PLATE)


def _shade(kit: Kit, half: float, width: float) -> None:
    """The dark ground below a car, where no light gets."""
    z, x, y = 0.03, half - 0.1, width - 0.02
    kit.panel([(-x, -y, z), (x, -y, z), (x, y, z), (-x, y, z)], "white", (0.07, 0.07, 0.08))
    kit.box((2.0 * x, 1.6 * y, 0.14), (0.0, 0.0, 0.27), "white", (0.07, 0.07, 0.08))


def _windscreen(
    kit: Kit, foot_x: float, top_x: float, half_widths: tuple[float, float], heights: tuple[float, float]
) -> None:
    (wide, narrow), (low, high) = half_widths, heights
    corners = [(foot_x, -wide, low), (foot_x, wide, low), (top_x, narrow, high), (top_x, -narrow, high)]
    kit.panel(corners, "car_glass")


def _side_window(
    kit: Kit, places: tuple[float, float, float], sides: tuple[float, float], heights: tuple[float, float]
) -> None:
    """A window from ``places[0]`` forward to ``places[1]`` at its foot and ``places[2]`` at its top."""
    (rear, foot, top), (y, upper_y), (low, high) = places, sides, heights
    corners = [(rear, y, low), (foot, y, low), (top, upper_y, high), (rear, upper_y, high)]
    kit.panel(corners if y < 0 else [corners[1], corners[0], corners[3], corners[2]], "car_glass")


def _van() -> tuple[Mesh, Mesh]:
    """A delivery van: short nose, high box, windows in front alone."""
    length, width, height = VAN_SIZE_M
    half, side = 0.5 * length, 0.5 * width
    paint, trim = Kit(), Kit()
    contour: list[Float3] = [
        (half - 0.1, 0.28, 0.93 * side),
        (half, 0.5, 0.96 * side),
        (half - 0.08, 0.86, 0.96 * side),
        (half - 0.75, 1.12, 0.96 * side),
        (half - 1.35, height - 0.12, 0.86 * side),
        (half - 1.7, height, 0.84 * side),
        (-half + 0.2, height, 0.86 * side),
        (-half, height - 0.2, 0.88 * side),
        (-half - 0.02, 0.5, 0.96 * side),
        (-half + 0.1, 0.28, 0.94 * side),
    ]
    paint.shell(contour, "paint")
    _windscreen(trim, half - 0.73, half - 1.30, (0.8, 0.72), (1.16, 2.02))
    for sign in (-1.0, 1.0):
        y = sign * (0.965 * side)
        _side_window(trim, (half - 2.0, half - 1.0, half - 1.4), (y, 0.93 * y), (1.15, 1.8))
        trim.box((length - 1.2, 0.03, 0.10), (-0.2, sign * (0.97 * side), 0.62), "white", DARK)
        trim.box((0.14, 0.2, 0.3), (half - 1.15, sign * (side + 0.08), 1.3), "white", DARK)
    rear = -half - 0.03
    trim.panel([(rear, 0.7, 1.2), (rear, -0.7, 1.2), (rear, -0.62, 1.75), (rear, 0.62, 1.75)], "car_glass")
    _wheels(trim, (half - 0.95, -half + 1.0), side, 0.34)
    _lights(trim, half, 0.78, 0.7 * side, 0.28)
    _shade(trim, half, side)
    return paint.mesh(), trim.mesh()


def _truck() -> tuple[Mesh, Mesh]:
    """A lorry: painted cab, pale box behind."""
    length, width, height = TRUCK_SIZE_M
    half, side = 0.5 * length, 0.5 * width
    paint, trim = Kit(), Kit()
    cab: list[Float3] = [
        (half - 0.05, 0.4, 0.95 * side),
        (half, 0.6, 0.95 * side),
        (half - 0.02, 1.25, 0.95 * side),
        (half - 0.3, 2.15, 0.88 * side),
        (half - 0.6, 2.3, 0.86 * side),
        (half - 1.7, 2.3, 0.88 * side),
        (half - 1.75, 0.4, 0.95 * side),
    ]
    paint.shell(cab, "paint")
    trim.box((length - 1.9, width, height - 0.8), (-0.95, 0.0, 0.8 + 0.5 * (height - 0.8)), "paint", (0.88, 0.88, 0.86))
    trim.box((length - 1.9, width + 0.02, 0.12), (-0.95, 0.0, 0.84), "white", DARK)
    trim.box((length - 0.5, 0.8 * width, 0.2), (-0.2, 0.0, 0.62), "white", DARK)
    _windscreen(trim, half - 0.015, half - 0.275, (0.85, 0.78), (1.3, 2.1))
    for sign in (-1.0, 1.0):
        y = sign * (0.955 * side)
        _side_window(trim, (half - 1.3, half - 0.3, half - 0.45), (y, 0.94 * y), (1.35, 2.05))
    _wheels(trim, (half - 0.9, -half + 1.2), side, 0.45)
    _lights(trim, half, 0.75, 0.75 * side, 0.28)
    _shade(trim, half, side)
    return paint.mesh(), trim.mesh()


def _bus() -> tuple[Mesh, Mesh]:
    """A town bus: a band of windows all round, doors on its right."""
    length, width, height = BUS_SIZE_M
    half, side = 0.5 * length, 0.5 * width
    paint, trim = Kit(), Kit()
    contour: list[Float3] = [
        (half - 0.05, 0.3, 0.97 * side),
        (half, 0.6, side),
        (half - 0.02, 1.1, side),
        (half - 0.2, height - 0.15, 0.96 * side),
        (half - 0.45, height, 0.93 * side),
        (-half + 0.3, height, 0.93 * side),
        (-half, height - 0.2, 0.96 * side),
        (-half, 0.5, side),
        (-half + 0.1, 0.3, 0.97 * side),
    ]
    paint.shell(contour, "paint")
    for sign in (-1.0, 1.0):
        for index in range(6):
            centre = half - 1.2 - 1.32 * index
            trim.box((1.22, 0.06, 1.0), (centre, sign * 0.975 * side, 1.85), "car_glass")
    for centre in (half - 1.2, -0.1):
        trim.box((1.1, 0.06, 2.0), (centre, -0.985 * side, 1.35), "car_glass", (0.8, 0.85, 0.9))
        trim.box((0.05, 0.08, 2.0), (centre, -0.985 * side, 1.35), "white", DARK)
    _windscreen(trim, half - 0.01, half - 0.12, (1.0, 0.95), (1.05, 2.4))
    trim.box((0.08, 1.3, 0.25), (half - 0.16, 0.0, 2.65), "white", (0.15, 0.13, 0.08))
    trim.box((0.04, 1.7, 0.8), (-half - 0.005, 0.0, 2.0), "car_glass")
    _wheels(trim, (half - 1.9, -half + 1.8), side, 0.45)
    _lights(trim, half, 0.7, 0.75 * side, 0.3)
    _shade(trim, half, side)
    return paint.mesh(), trim.mesh()
