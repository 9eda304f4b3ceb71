"""A model with what is solid of it, ready to be put into any world."""

from __future__ import annotations

from dataclasses import dataclass

from sim_worlds.scene import Collider, Float3, Mesh


@dataclass(frozen=True)
class Thing:
    """Something to put down, about its own origin on the ground.

    Attributes:
        mesh: what is drawn.
        category: one of :data:`sim_worlds.scene.CATEGORIES`.
        solids: what is solid of it, in its own frame.
    """

    mesh: Mesh
    category: str
    solids: tuple[Collider, ...] = ()


def upright(radius_m: float, height_m: float, label: str) -> Collider:
    """Return a cylinder that stands on the ground."""
    return Collider("cylinder", (0.0, 0.0, 0.5 * height_m), (radius_m, radius_m, 0.5 * height_m), label=label)


def block(size_m: Float3, label: str, centre_m: tuple[float, float] = (0.0, 0.0), base_m: float = 0.0) -> Collider:
    """Return a box of full ``size_m`` whose underside is ``base_m`` over the ground."""
    x, y, z = (0.5 * value for value in size_m)
    return Collider("box", (centre_m[0], centre_m[1], base_m + z), (x, y, z), label=label)
