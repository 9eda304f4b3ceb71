"""What people leave in woods: crates, posts, covered heaps, trailers, tractors, and frames that timber dries in.

With ``reds``, half of them are red. Metres, origin on the ground.
"""

from __future__ import annotations

import numpy as np

from sim_worlds.mesh_tools import box, cylinder, merge, pose, rotation, transformed
from sim_worlds.scene import Float3, Mesh

WOODS: tuple[Float3, ...] = ((1.0, 1.0, 1.0), (0.72, 0.66, 0.58), (0.55, 0.62, 0.5), (0.9, 0.8, 0.62))
COVERS: tuple[Float3, ...] = ((0.16, 0.34, 0.2), (0.18, 0.3, 0.52), (0.42, 0.43, 0.44), (0.62, 0.55, 0.36))
PAINTS: tuple[Float3, ...] = ((0.24, 0.4, 0.26), (0.3, 0.34, 0.38), (0.78, 0.76, 0.7), (0.8, 0.62, 0.16))
REDS: tuple[Float3, ...] = ((0.82, 0.08, 0.08), (0.62, 0.09, 0.12), (0.9, 0.22, 0.14))
RED_SHARE = 0.5
POLES = ("bark_spruce", "bark_birch", "metal", "concrete")
WHEEL_RADIUS_M = 0.3
RUBBER: Float3 = (0.06, 0.06, 0.07)


def _one_of(rng: np.random.Generator, tones: tuple[Float3, ...], *, reds: bool = False) -> Float3:
    tones = REDS if reds and rng.random() < RED_SHARE else tones
    return tones[int(rng.integers(len(tones)))]


def crates(rng: np.random.Generator, half_m: Float3, *, reds: bool) -> Mesh:
    """Crates on each other that fill a box of half sizes ``half_m``."""
    count = max(1, round(half_m[2] / 0.45))
    height = 2.0 * half_m[2] / count
    parts = []
    for level in range(count):
        size = (2.0 * half_m[0] * (1.0 - 0.05 * level), 2.0 * half_m[1] * (1.0 - 0.05 * level), 0.94 * height)
        material = ("planks", "pallet_wood", "plywood")[int(rng.integers(3))]
        crate = box(size, material=material, colour=_one_of(rng, WOODS, reds=reds))
        turn = rotation(yaw_rad=float(rng.uniform(-0.04, 0.04)))
        parts.append(transformed(crate, pose((0.0, 0.0, (level + 0.5) * height), turn)))
    return merge(parts)


def post(rng: np.random.Generator, half_m: Float3, *, reds: bool) -> Mesh:
    """A pole, or a fat pillar, of radius ``half_m[0]``."""
    material, tone = POLES[int(rng.integers(len(POLES)))], (1.0, 1.0, 1.0)
    if reds and rng.random() < RED_SHARE:
        material, tone = "paint", _one_of(rng, REDS)
    return cylinder(half_m[0], 2.0 * half_m[2], material=material, colour=tone, sides=10)


def covered_heap(rng: np.random.Generator, half_m: Float3, *, reds: bool) -> Mesh:
    """Something square under a tarpaulin that fills a box of half sizes ``half_m``."""
    colour, parts = _one_of(rng, COVERS, reds=reds), []
    for share, bottom, top in ((1.0, 0.0, 0.7), (0.86, 0.7, 0.9), (0.6, 0.9, 1.0)):
        height = 2.0 * half_m[2] * (top - bottom)
        size = (2.0 * half_m[0] * share, 2.0 * half_m[1] * share, height)
        middle = 2.0 * half_m[2] * bottom + 0.5 * height
        parts.append(box(size, material="cloth", colour=colour, centre=(0.0, 0.0, middle)))
    return merge(parts)


def trailer(rng: np.random.Generator, half_m: Float3, *, reds: bool) -> Mesh:
    """A closed trailer on two wheels that fills a box of half sizes ``half_m``."""
    length, width, height = (2.0 * value for value in half_m)
    body = box(
        (length, 0.86 * width, height - WHEEL_RADIUS_M),
        material=("corrugated", "planks", "paint")[int(rng.integers(3))],
        colour=_one_of(rng, PAINTS, reds=reds),
        centre=(0.0, 0.0, 0.5 * (height + WHEEL_RADIUS_M)),
    )
    return merge([body, *_wheels(WHEEL_RADIUS_M, 0.0, 0.42 * width, 0.07 * width)])


def tractor(rng: np.random.Generator, half_m: Float3, *, reds: bool) -> Mesh:
    """A tractor that fills a box of half sizes ``half_m``, its bonnet along x."""
    length, width, height = (2.0 * value for value in half_m)
    paint = _one_of(rng, PAINTS, reds=reds)
    rear, front = 0.3 * height, 0.19 * height  # radii of the wheels
    parts = [
        box((0.58 * length, 0.52 * width, 0.26 * height), material="paint", colour=paint, centre=(
            0.2 * length, 0.0, 0.43 * height)),
        box((0.42 * length, 0.66 * width, 0.32 * height), material="paint", colour=paint, centre=(
            -0.26 * length, 0.0, 0.4 * height)),
        box((0.36 * length, 0.6 * width, 0.36 * height), material="car_glass", centre=(
            -0.26 * length, 0.0, 0.74 * height)),
        box((0.42 * length, 0.68 * width, 0.08 * height), material="paint", colour=paint, centre=(
            -0.26 * length, 0.0, 0.96 * height)),
        box((0.02 * length, 0.3 * width, 0.08 * height), material="paint", colour=(0.9, 0.88, 0.8), centre=(
            0.49 * length, 0.0, 0.46 * height)),
    ]
    parts += _wheels(rear, -0.5 * length + rear, 0.3 * width, 0.2 * width)
    parts += _wheels(front, 0.5 * length - front, 0.36 * width, 0.14 * width)
    return merge(parts)


def _wheels(radius_m: float, x_m: float, aside_m: float, thick_m: float) -> list[Mesh]:
    """A wheel on either side of the middle, on the ground, from ``aside_m`` outwards."""
    wheel = cylinder(radius_m, thick_m, material="paint", colour=RUBBER, sides=12)
    return [
        transformed(wheel, pose((x_m, side * aside_m, radius_m), rotation(roll_rad=-side * 0.5 * np.pi)))
        for side in (-1.0, 1.0)
    ]


def drying_frame(rng: np.random.Generator, half_m: Float3) -> Mesh:
    """An open frame of posts and beams along x, half filled with boards, logs and crates; one can see through it."""
    length, depth, height = (2.0 * value for value in half_m)
    round_posts, tone = rng.random() < 0.5, _one_of(rng, WOODS + PAINTS)
    thick = float(rng.uniform(0.07, 0.13))
    bays = max(1, round(length / float(rng.uniform(1.1, 2.2))))
    levels = max(2, round(height / float(rng.uniform(0.7, 1.3))))
    filled = float(rng.uniform(0.3, 0.9))
    post = (
        cylinder(0.6 * thick, height, material="bark_birch", sides=6)
        if round_posts
        else box((thick, thick, height), material="planks", colour=tone, centre=(0.0, 0.0, 0.5 * height))
    )
    rows = (-0.5 * (depth - thick), 0.5 * (depth - thick))
    columns = np.linspace(thick - half_m[0], half_m[0] - thick, bays + 1)
    parts = [transformed(post, pose((float(x), y, 0.0))) for x in columns for y in rows]
    for level in range(1, levels + 1):
        z = level * height / levels - 0.06
        parts += [box((length, 0.06, 0.12), material="planks", colour=tone, centre=(0.0, y, z)) for y in rows]
    room = (0.8 * length / bays, 0.85 * depth, 0.85 * height / levels)
    for bay in range(bays):
        for level in range(levels):
            if rng.random() < filled:
                foot = ((bay + 0.5) * length / bays - half_m[0], 0.0, level * height / levels)
                parts.append(transformed(_stored(rng, room), pose(foot)))
    return merge(parts)


def _stored(rng: np.random.Generator, room_m: Float3) -> Mesh:
    """Return boards, a log or a crate in a box (length, depth, height) on z = 0."""
    kind, fill = int(rng.integers(3)), float(rng.uniform(0.4, 1.0))
    if kind == 0:
        size = (room_m[0], room_m[1], 0.6 * fill * room_m[2])
        return box(size, material="planks", colour=_one_of(rng, WOODS), centre=(0.0, 0.0, 0.5 * size[2]))
    if kind == 1:
        radius = 0.5 * fill * min(room_m[1], room_m[2])
        log = cylinder(radius, room_m[0], material=("bark_spruce", "bark_oak")[int(rng.integers(2))], sides=8)
        return transformed(log, pose((-0.5 * room_m[0], 0.0, radius), rotation(pitch_rad=0.5 * np.pi)))
    size = (0.5 * (1.0 + fill) * room_m[0], 0.8 * room_m[1], fill * room_m[2])
    material = ("pallet_wood", "plywood", "cloth", "paint")[int(rng.integers(4))]
    return box(size, material=material, colour=_one_of(rng, WOODS + COVERS + PAINTS), centre=(0.0, 0.0, 0.5 * size[2]))
