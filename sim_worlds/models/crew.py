"""People of halls, building sites and snowfields: workers in vests and helmets, skiers in bright jackets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim_worlds.mesh_tools import merge
from sim_worlds.models.kit import Kit
from sim_worlds.models.person import draw_clothes, person_meshes, standing_person_mesh
from sim_worlds.models.thing import Thing, upright
from sim_worlds.scene import Float3, Mesh

VESTS: tuple[Float3, ...] = ((0.86, 0.92, 0.16), (0.96, 0.55, 0.10))
HELMETS: tuple[Float3, ...] = ((0.96, 0.80, 0.10), (0.94, 0.94, 0.92), (0.18, 0.36, 0.70))
PARKAS: tuple[Float3, ...] = ((0.16, 0.42, 0.74), (0.20, 0.55, 0.36), (0.92, 0.74, 0.14), (0.22, 0.22, 0.26))
RED: Float3 = (0.78, 0.08, 0.08)
REFLEX: Float3 = (0.93, 0.94, 0.92)


def worker(rng: np.random.Generator, *, helmet: bool, red: bool = False) -> Thing:
    """Somebody who stands, in a vest of signal colour; ``red`` for a red one."""
    vest = RED if red else VESTS[int(rng.integers(len(VESTS)))]
    cap = HELMETS[int(rng.integers(len(HELMETS)))] if helmet else None
    body = standing_person_mesh(replace(draw_clothes(rng), jacket=vest), rng)
    return _standing(merge([body, _vest_mesh(cap)]))


def skier(rng: np.random.Generator, *, red: bool = False) -> Thing:
    """Somebody who stands on skis in a jacket; ``red`` for a red one."""
    parka = RED if red else PARKAS[int(rng.integers(len(PARKAS)))]
    kit = Kit()
    for side in (-0.11, 0.11):
        kit.box((1.7, 0.09, 0.03), (0.15, side, 0.02), "paint", (0.20, 0.30, 0.45))
        kit.tube(0.012, 1.2, (0.25, 3.2 * side, 0.0), "metal", (0.2, 0.2, 0.22), sides=4)
    kit.ball((0.115, 0.105, 0.12), (-0.01, 0.0, 1.69), "paint", (0.18, 0.19, 0.22))
    body = standing_person_mesh(replace(draw_clothes(rng), jacket=parka), rng)
    return _standing(merge([body, kit.mesh()]))


def walker_meshes(rng: np.random.Generator, jackets: tuple[Float3, ...]) -> dict[str, Mesh]:
    """Return the parts of the person who walks with the backpack, in one of some jackets."""
    return person_meshes("walker", replace(draw_clothes(rng), jacket=jackets[int(rng.integers(len(jackets)))]))


def _standing(mesh: Mesh) -> Thing:
    return Thing(mesh, "person", (upright(0.3, 1.76, "bystander"),))


def _vest_mesh(helmet: Float3 | None) -> Mesh:
    """Reflecting bands round the chest, and a helmet."""
    kit = Kit()
    for z, x, y in ((1.12, 0.14, 0.215), (1.28, 0.14, 0.22)):
        kit.ball((x, y, 0.035), (0.0, 0.0, z), "paint", REFLEX, rings=4, sides=10)
    if helmet is not None:
        kit.ball((0.13, 0.115, 0.12), (-0.01, 0.0, 1.69), "paint", helmet, rings=5, sides=9)
        kit.box((0.09, 0.16, 0.02), (0.13, 0.0, 1.68), "paint", helmet)
    return kit.mesh()
