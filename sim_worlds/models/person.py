"""A walking person of 1.75 m made of boxes, cylinders and spheres, with a gait. Faces +x, feet on z = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim_worlds.mesh_tools import box, cylinder, merge, moved, pose, rotation, sphere, transformed
from sim_worlds.scene import DynamicInstance, Float3, Mesh

HEIGHT_M = 1.75
HIP_M = 0.92
THIGH_M = 0.45
SHOULDER_M = 1.42
UPPER_ARM_M = 0.28
STRIDE_M = 1.4
BACKPACK_OFFSET_M = (-0.25, 0.0, 1.22)
BODY_RADIUS_M = 0.25


@dataclass(frozen=True)
class Clothes:
    """Colours of a person, display-referred RGB."""

    jacket: Float3
    trousers: Float3
    shoes: Float3
    hair: Float3
    skin: Float3


def draw_clothes(rng: np.random.Generator) -> Clothes:
    """Draw everyday colours; no jacket is as red as the backpack."""
    jackets: tuple[Float3, ...] = (
        (0.20, 0.27, 0.42),
        (0.24, 0.36, 0.28),
        (0.62, 0.58, 0.48),
        (0.28, 0.28, 0.30),
        (0.75, 0.75, 0.73),
        (0.55, 0.47, 0.20),
        (0.36, 0.52, 0.62),
    )
    trousers: tuple[Float3, ...] = ((0.18, 0.21, 0.30), (0.22, 0.21, 0.20), (0.50, 0.44, 0.35), (0.34, 0.36, 0.38))
    skins: tuple[Float3, ...] = ((0.90, 0.72, 0.60), (0.72, 0.52, 0.40), (0.48, 0.33, 0.25))
    hairs: tuple[Float3, ...] = ((0.20, 0.14, 0.10), (0.42, 0.30, 0.18), (0.12, 0.11, 0.11), (0.70, 0.68, 0.66))
    return Clothes(
        jacket=jackets[int(rng.integers(len(jackets)))],
        trousers=trousers[int(rng.integers(len(trousers)))],
        shoes=(0.18, 0.17, 0.17),
        hair=hairs[int(rng.integers(len(hairs)))],
        skin=skins[int(rng.integers(len(skins)))],
    )


def person_meshes(prefix: str, clothes: Clothes) -> dict[str, Mesh]:
    """Return the parts of a person: ``{prefix}_torso``, ``_thigh``, ``_shank``, ``_upper_arm``, ``_forearm``."""
    chest = sphere((0.14, 0.22, 0.34), material="cloth", colour=clothes.jacket, rings=6, sides=10)
    hips = sphere((0.13, 0.18, 0.16), material="cloth", colour=clothes.trousers, rings=5, sides=10)
    head = sphere((0.10, 0.085, 0.12), material="skin", colour=clothes.skin, rings=6, sides=9)
    hair = sphere((0.105, 0.095, 0.10), material="cloth", colour=clothes.hair, rings=5, sides=9)
    neck = cylinder(0.05, 0.12, material="skin", colour=clothes.skin, sides=7)
    torso = merge(
        [
            moved(chest, (0.0, 0.0, 1.22)),
            moved(hips, (0.0, 0.0, 0.95)),
            moved(neck, (0.0, 0.0, 1.46)),
            moved(head, (0.01, 0.0, 1.63)),
            moved(hair, (-0.025, 0.0, 1.665)),
        ]
    )
    return {
        f"{prefix}_torso": torso,
        f"{prefix}_thigh": _limb(0.085, 0.065, THIGH_M, "cloth", clothes.trousers),
        f"{prefix}_shank": merge(
            [
                _limb(0.06, 0.045, 0.42, "cloth", clothes.trousers),
                box((0.26, 0.09, 0.08), material="cloth", colour=clothes.shoes, centre=(0.05, 0.0, -0.43)),
            ]
        ),
        f"{prefix}_upper_arm": _limb(0.055, 0.048, UPPER_ARM_M, "cloth", clothes.jacket),
        f"{prefix}_forearm": merge(
            [
                _limb(0.045, 0.038, 0.25, "cloth", clothes.jacket),
                moved(sphere(0.045, material="skin", colour=clothes.skin, rings=4, sides=6), (0.0, 0.0, -0.28)),
            ]
        ),
    }


def _limb(top: float, bottom: float, length: float, material: str, colour: Float3) -> Mesh:
    """A limb hanging down from its joint at the origin."""
    mesh = cylinder(bottom, length, top_radius_m=top, material=material, colour=colour, sides=7)
    return moved(mesh, (0.0, 0.0, -length))


def gait_parts(phase_rad: float, swing: float) -> list[tuple[str, NDArray[np.float64]]]:
    """Return (part, pose relative to the person (4, 4)) at a moment of the gait.

    Args:
        phase_rad: 0..2 pi over two steps.
        swing: 0 standing, 1 walking briskly.
    """
    parts: list[tuple[str, NDArray[np.float64]]] = []
    bob = 0.02 * swing * float(np.cos(2.0 * phase_rad))
    parts.append(("torso", pose((0.0, 0.0, bob), rotation(pitch_rad=0.05 * swing))))
    for side, offset in ((1.0, 0.0), (-1.0, np.pi)):
        angle = phase_rad + offset
        hip = -0.48 * swing * float(np.sin(angle))
        knee = 0.75 * swing * max(0.0, float(np.cos(angle)))
        thigh = pose((0.0, 0.10 * side, HIP_M + bob), rotation(pitch_rad=hip))
        shank = thigh @ pose((0.0, 0.0, -THIGH_M), rotation(pitch_rad=knee))
        shoulder = 0.5 * swing * float(np.sin(angle))
        arm = pose((0.0, 0.25 * side, SHOULDER_M + bob), rotation(pitch_rad=shoulder))
        forearm = arm @ pose((0.0, 0.0, -UPPER_ARM_M), rotation(pitch_rad=-0.25 - 0.3 * swing))
        parts += [("thigh", thigh), ("shank", shank), ("upper_arm", arm), ("forearm", forearm)]
    return parts


def standing_person_mesh(clothes: Clothes, rng: np.random.Generator) -> Mesh:
    """A person who stands, as one static mesh."""
    meshes = person_meshes("x", clothes)
    parts = gait_parts(float(rng.uniform(0, 6.28)), float(rng.uniform(0.1, 0.35)))
    return merge([transformed(meshes[f"x_{part}"], matrix) for part, matrix in parts])


def person_instances(
    prefix: str, ground_pose: NDArray[np.float64], phase_rad: float, swing: float
) -> list[DynamicInstance]:
    """Return what to draw for a person standing at ``ground_pose`` (4, 4)."""
    parts = gait_parts(phase_rad, swing)
    drawn = [DynamicInstance(f"{prefix}_{part}", ground_pose @ matrix, category="person") for part, matrix in parts]
    shadow_pose = ground_pose @ pose((0.0, 0.0, 0.5 * HEIGHT_M))
    drawn.append(DynamicInstance("nothing", shadow_pose, shadow_size_m=(0.5, HEIGHT_M)))
    return drawn


def nothing_mesh() -> Mesh:
    """A mesh without area: stands for a shadow alone."""
    return box((1e-4, 1e-4, 1e-4), material="white")
