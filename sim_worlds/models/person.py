"""People of all sizes made of ellipsoids and limbs, with clothes, hair, hats and bags. They face +x, feet on z = 0."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim_worlds.mesh_tools import WHITE, box, merge, rotation, transformed
from sim_worlds.models.gait import HEIGHT_M, PARTS, SHANK_M, THIGH_M, UPPER_ARM_M, walking_poses
from sim_worlds.models.kit import Kit
from sim_worlds.scene import DynamicInstance, Float3, Mesh

BODY_RADIUS_M = 0.25
GIRTH_STEP = 0.05
BACKPACK_OVER_HIP_M: Float3 = (-0.27, 0.0, 0.29)
JACKET_PARTS = ("torso", "upper_arm", "forearm")
COVERED = tuple(part in JACKET_PARTS for part in PARTS)
WHITES = (WHITE,) * len(PARTS)
SKINS: tuple[Float3, ...] = ((0.90, 0.72, 0.60), (0.80, 0.60, 0.46), (0.62, 0.44, 0.33), (0.42, 0.29, 0.22))
HAIRS: tuple[Float3, ...] = (
    (0.20, 0.14, 0.10),
    (0.42, 0.30, 0.18),
    (0.10, 0.09, 0.09),
    (0.72, 0.70, 0.68),
    (0.66, 0.52, 0.30),
    (0.45, 0.22, 0.12),
)
TROUSERS: tuple[Float3, ...] = (
    (0.18, 0.22, 0.34),
    (0.22, 0.21, 0.20),
    (0.55, 0.48, 0.38),
    (0.36, 0.38, 0.40),
    (0.30, 0.36, 0.46),
    (0.34, 0.30, 0.24),
)
Hair = Literal["short", "long", "bun", "bald"]
Hat = Literal["cap", "brim", "wool", ""]
Bag = Literal["rucksack", "shoulder", "hand", ""]


@dataclass(frozen=True)
class Look:
    """What somebody looks like; colours are display-referred RGB.

    Attributes:
        size: height as a share of 1.75 m.
        girth: width of the trunk, 1 for average.
        skirt: a skirt or long coat over bare or stockinged legs.
    """

    size: float
    girth: float
    jacket: Float3
    trousers: Float3
    shoes: Float3
    hair: Float3
    skin: Float3
    hair_style: Hair
    hat: Hat
    hat_colour: Float3
    bag: Bag
    bag_colour: Float3
    skirt: bool


def any_colour(rng: np.random.Generator, *, red: bool) -> Float3:
    """Draw a colour of cloth, muted or strong; without ``red`` not one that could be the backpack's."""
    hue = float(rng.uniform(0.0, 1.0) if red else rng.uniform(0.09, 0.88))
    strong = bool(rng.random() < 0.45)
    saturation, value = (rng.uniform(0.45, 0.85), rng.uniform(0.35, 0.85)) if strong else (0.18, rng.uniform(0.12, 0.9))
    r, g, b = colorsys.hsv_to_rgb(hue, float(saturation), float(value))
    return r, g, b


def draw_look(rng: np.random.Generator, *, child: bool | None = None, bag: Bag | None = None) -> Look:
    """Draw a woman, man or child. No jacket and no bag is as red as the backpack; hats and skirts may be."""
    young = bool(rng.random() < 0.15) if child is None else child
    woman = bool(rng.random() < 0.5)
    size = float(rng.uniform(0.66, 0.80) if young else rng.uniform(0.90, 0.99) if woman else rng.uniform(0.97, 1.08))
    styles: tuple[Hair, ...] = ("long", "bun", "short") if woman else ("short", "short", "bald")
    hats: tuple[Hat, ...] = ("cap", "brim", "wool", "", "", "")
    bags: tuple[Bag, ...] = ("rucksack", "shoulder", "hand", "", "")
    skirt = bool(woman and rng.random() < 0.4)
    drawn_bag = bags[int(rng.integers(len(bags)))]
    plain = TROUSERS[int(rng.integers(len(TROUSERS)))]
    shade = float(rng.uniform(0.1, 0.5))
    return Look(
        size=size,
        girth=round(float(rng.uniform(0.9, 1.15)) / GIRTH_STEP) * GIRTH_STEP,
        jacket=any_colour(rng, red=False),
        trousers=any_colour(rng, red=True) if skirt or rng.random() < 0.1 else plain,
        shoes=(shade, 0.9 * shade, 0.85 * shade),
        hair=HAIRS[int(rng.integers(len(HAIRS)))],
        skin=SKINS[int(rng.integers(len(SKINS)))],
        hair_style=styles[int(rng.integers(len(styles)))],
        hat=hats[int(rng.integers(len(hats)))],
        hat_colour=any_colour(rng, red=True),
        bag=drawn_bag if bag is None else bag,
        bag_colour=any_colour(rng, red=False),
        skirt=skirt,
    )


def draw_clothes(rng: np.random.Generator) -> Look:
    """Draw an adult of 1.75 m in trousers, without hat or bag, to be dressed further."""
    look = draw_look(rng, child=False, bag="")
    plain = TROUSERS[int(rng.integers(len(TROUSERS)))]
    return replace(look, size=1.0, girth=1.0, hat="", hair_style="short", skirt=False, trousers=plain)


def person_meshes(prefix: str, look: Look) -> dict[str, Mesh]:
    """Return the parts of a person, ``{prefix}_{part}`` for the names in :data:`sim_worlds.models.gait.PARTS`.

    All are as of somebody of 1.75 m: ``look.size`` is for :func:`people_instances`, so that the renderer can share
    what it worked out for one person with all others who have the same hair, hat, bag or girth.
    """
    legs = look.skin if look.skirt else look.trousers
    cloth = "skin" if look.skirt else "cloth"
    shank, foot, forearm = Kit(), Kit(), Kit()
    _limb(shank, 0.058, 0.040, SHANK_M, cloth, legs)
    foot.ball((0.135, 0.048, 0.05), (0.05, 0.0, -0.035), "cloth", look.shoes, rings=4, sides=8)
    foot.box((0.22, 0.08, 0.03), (0.05, 0.0, -0.065), "cloth", look.shoes)
    _limb(forearm, 0.046, 0.036, 0.24, "cloth", look.jacket)
    forearm.ball((0.035, 0.028, 0.06), (0.01, 0.0, -0.27), "skin", look.skin, rings=4, sides=6)
    thigh, upper_arm = Kit(), Kit()
    _limb(thigh, 0.088, 0.062, THIGH_M, cloth, legs)
    _limb(upper_arm, 0.056, 0.048, UPPER_ARM_M, "cloth", look.jacket)
    upper_arm.ball((0.065, 0.065, 0.065), (0.0, 0.0, 0.0), "cloth", look.jacket, rings=4, sides=7)
    kits = {
        "torso": _torso(look),
        "head": _head(look),
        "thigh": thigh,
        "shank": shank,
        "foot": foot,
        "upper_arm": upper_arm,
        "forearm": forearm,
    }
    return {f"{prefix}_{part}": kit.mesh() for part, kit in kits.items()}


def posed_mesh(look: Look, poses: NDArray[np.float64]) -> tuple[Mesh, Mesh]:
    """Return somebody in a pose (12, 4, 4) as two meshes: the jacket, and all the rest."""
    meshes = person_meshes("x", look)
    jacket: list[Mesh] = []
    rest: list[Mesh] = []
    for part, matrix in zip(PARTS, poses, strict=True):
        (jacket if part in JACKET_PARTS else rest).append(transformed(meshes[f"x_{part}"], matrix))
    return _sized(merge(jacket), look.size), _sized(merge(rest), look.size)


def standing_person_mesh(look: Look, rng: np.random.Generator) -> Mesh:
    """Return somebody who stands, as one mesh."""
    return merge(posed_mesh(look, walking_poses(float(rng.uniform(0, 6.28)), 0.15)))


def person_instances(
    prefix: str, ground_pose: NDArray[np.float64], poses: NDArray[np.float64]
) -> list[DynamicInstance]:
    """Return what to draw for somebody of 1.75 m at ``ground_pose`` (4, 4) whose parts have ``poses`` (12, 4, 4)."""
    return people_instances((prefix,), ground_pose[None], poses[None], np.ones(1), ("person",))


def people_instances(
    prefixes: Sequence[str],
    ground_poses: NDArray[np.float64],
    poses: NDArray[np.float64],
    sizes: NDArray[np.float64],
    jacket_categories: Sequence[str],
) -> list[DynamicInstance]:
    """Return what to draw for several people, in the order given.

    Args:
        prefixes: of their meshes.
        ground_poses: (people, 4, 4), person to world.
        poses: (people, 12, 4, 4) of their parts relative to somebody of 1.75 m.
        sizes: (people,) heights as shares of 1.75 m.
        jacket_categories: of what their jackets cover.
    """
    scaled = poses.copy()
    scaled[:, :, :3] *= sizes[:, None, None, None]
    placed = ground_poses[:, None] @ scaled
    middles = ground_poses.copy()
    middles[:, :3, 3] += 0.5 * HEIGHT_M * sizes[:, None] * ground_poses[:, :3, 2]
    drawn: list[DynamicInstance] = []
    rows = zip(prefixes, placed, middles, sizes.tolist(), jacket_categories, strict=True)
    for prefix, matrices, middle, size, jacket in rows:
        categories = [jacket if covered else "person" for covered in COVERED]
        drawn += map(DynamicInstance, part_names(prefix), matrices, WHITES, categories)
        drawn.append(DynamicInstance("nothing", middle, shadow_size_m=(0.5, size * HEIGHT_M)))
    return drawn


@cache
def part_names(prefix: str) -> tuple[str, ...]:
    """Return the meshes of a person's parts in the order of :data:`sim_worlds.models.gait.PARTS`."""
    return tuple(f"{prefix}_{part}" for part in PARTS)


def nothing_mesh() -> Mesh:
    """A mesh without area: stands for a shadow alone."""
    return box((1e-4, 1e-4, 1e-4), material="white")


def _darker(colour: Float3) -> Float3:
    return 0.5 * colour[0], 0.5 * colour[1], 0.5 * colour[2]


def _sized(mesh: Mesh, size: float) -> Mesh:
    mesh.positions_m[:] *= np.float32(size)
    return mesh


def _limb(kit: Kit, top: float, bottom: float, length: float, material: str, colour: Float3) -> None:
    """A limb that hangs down from its joint at the origin, closed by a ball at the lower joint."""
    kit.tube(bottom, length, (0.0, 0.0, -length), material, colour, top_radius_m=top, sides=7, capped=False)
    kit.ball((bottom, bottom, bottom), (0.0, 0.0, -length), material, colour, rings=3, sides=7)


def _torso(look: Look) -> Kit:
    """Trunk from the hips at the origin to the collar, with a bag."""
    kit, wide = Kit(), look.girth
    sections: Sequence[tuple[float, float, float]] = (  # height, half depth, half width
        (-0.02, 0.105, 0.165 * wide),
        (0.12, 0.105, 0.155 * wide),
        (0.30, 0.120, 0.185),
        (0.42, 0.110, 0.205),
        (0.49, 0.065, 0.120),
        (0.52, 0.050, 0.060),
    )
    if look.skirt:
        kit.tube(0.24, 0.50, (0.0, 0.0, -0.44), "cloth", look.trousers, top_radius_m=0.13, sides=9, capped=False)
    _rings(kit, sections, look.jacket)
    kit.ball((0.12, 0.165 * wide, 0.13), (0.0, 0.0, -0.01), "cloth", look.trousers, rings=4, sides=9)
    kit.box((0.01, 0.025, 0.40), (0.118, 0.0, 0.24), "metal", _darker(look.jacket))
    _bag(kit, look)
    return kit


def _rings(kit: Kit, sections: Sequence[tuple[float, float, float]], colour: Float3, sides: int = 10) -> None:
    """A smooth hull through elliptic sections."""
    angles = np.linspace(0.0, 2.0 * np.pi, sides + 1)
    rows = [np.column_stack([d * np.cos(angles), w * np.sin(angles), np.full(sides + 1, z)]) for z, d, w in sections]
    points = np.concatenate(rows)
    around = [np.column_stack([np.cos(angles) / d, np.sin(angles) / w, np.zeros(sides + 1)]) for _, d, w in sections]
    normals = np.concatenate(around)
    normals[-(sides + 1) :, 2] = normals[-2 * (sides + 1) : -(sides + 1), 2] = 8.0
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    index = np.arange(len(points)).reshape(len(sections), sides + 1)
    a, b, c, d = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, 1:].ravel(), index[1:, :-1].ravel()
    triangles = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    uvs = np.column_stack([np.tile(angles / np.pi, len(sections)), points[:, 2] * 2.0])
    kit.add(points, normals, uvs, triangles, "cloth", colour)


def _bag(kit: Kit, look: Look) -> None:
    dark = _darker(look.bag_colour)
    if look.bag == "rucksack":
        kit.ball((0.13, 0.16, 0.23), (-0.20, 0.0, 0.26), "cloth", look.bag_colour, rings=5, sides=9)
        kit.box((0.08, 0.24, 0.18), (-0.29, 0.0, 0.16), "cloth", dark)
        for side in (-1.0, 1.0):
            kit.box((0.02, 0.05, 0.34), (0.122, 0.11 * side, 0.32), "cloth", dark)
    elif look.bag == "shoulder":
        kit.box((0.30, 0.10, 0.24), (-0.02, 0.25, -0.02), "cloth", look.bag_colour)
        turn = rotation(roll_rad=0.55)
        kit.box((0.27, 0.02, 0.66), (0.0, 0.03, 0.24), "cloth", dark, turn=turn)
    elif look.bag == "hand":
        kit.box((0.32, 0.11, 0.30), (0.02, -0.28, -0.28), "paint", look.bag_colour)
        kit.box((0.10, 0.02, 0.12), (0.02, -0.28, -0.08), "cloth", dark)


def _head(look: Look) -> Kit:
    """Neck, head, face, hair and hat about the foot of the neck."""
    kit = Kit()
    z = 0.17
    kit.tube(0.05, 0.12, (0.0, 0.0, -0.03), "skin", look.skin, sides=7, capped=False)
    kit.ball((0.098, 0.080, 0.122), (0.015, 0.0, z), "skin", look.skin, rings=6, sides=10)
    kit.box((0.03, 0.022, 0.045), (0.112, 0.0, z - 0.01), "skin", look.skin)
    for side in (-1.0, 1.0):
        kit.box((0.012, 0.026, 0.014), (0.100, 0.034 * side, z + 0.025), "white", (0.12, 0.10, 0.10))
    if look.hair_style != "bald":
        kit.ball((0.100, 0.090, 0.098), (-0.018, 0.0, z + 0.045), "cloth", look.hair, rings=5, sides=10)
    if look.hair_style == "long":
        kit.ball((0.055, 0.088, 0.19), (-0.075, 0.0, z - 0.10), "cloth", look.hair, rings=5, sides=8)
    elif look.hair_style == "bun":
        kit.ball((0.05, 0.05, 0.05), (-0.12, 0.0, z + 0.07), "cloth", look.hair, rings=4, sides=7)
    if look.hat in ("cap", "wool"):
        kit.ball((0.108, 0.098, 0.095), (-0.006, 0.0, z + 0.07), "cloth", look.hat_colour, rings=5, sides=10)
    if look.hat == "cap":
        kit.box((0.10, 0.13, 0.015), (0.115, 0.0, z + 0.065), "cloth", look.hat_colour)
    elif look.hat == "wool":
        kit.ball((0.035, 0.035, 0.035), (-0.006, 0.0, z + 0.175), "cloth", look.hat_colour, rings=4, sides=6)
    elif look.hat == "brim":
        kit.tube(0.175, 0.015, (0.0, 0.0, z + 0.065), "cloth", look.hat_colour, sides=12)
        kit.tube(0.105, 0.11, (0.0, 0.0, z + 0.07), "cloth", look.hat_colour, top_radius_m=0.09, sides=10)
    return kit
