"""All worlds by name, and the options that each of them takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import numpy as np

from liquid_nav.errors import WorldError
from sim_worlds.city import make_city
from sim_worlds.config import is_number, is_whole
from sim_worlds.construction import make_construction
from sim_worlds.forest import make_forest
from sim_worlds.scene import Setting
from sim_worlds.snowfield import make_snowfield
from sim_worlds.warehouse import make_warehouse

GENERATORS: dict[str, Callable[..., Setting]] = {
    "forest": make_forest,
    "city": make_city,
    "snowfield": make_snowfield,
    "warehouse": make_warehouse,
    "construction": make_construction,
}
WORLDS = tuple(GENERATORS)
LARGEST_SEED = 2_147_483_647


def world_options(name: str) -> tuple[str, ...]:
    """Return the names of the options of a world.

    Raises:
        WorldError: for an unknown world.
    """
    return tuple(key for key in inspect.signature(_generator(name)).parameters if key != "seed")


def make_setting(name: str, seed: int, **options: Any) -> Setting:
    """Build a world's scene, target and start; no physics, no renderer.

    Args:
        name: one of :data:`WORLDS`.
        seed: the same seed, options and version give the same world.
        options: of that world's generator, see :func:`world_options`.

    Raises:
        WorldError: for an unknown world, seed or option, or a value of the wrong kind or out of range.
    """
    check_world(name, seed, options)
    return _generator(name)(seed, **options)


def check_world(name: str, seed: int, options: dict[str, Any]) -> None:
    """Raise :class:`WorldError` where :func:`make_setting` would for a name, a seed or the kind of a value."""
    generator = _generator(name)
    if not is_whole(seed) or not 0 <= seed <= LARGEST_SEED:
        raise WorldError(f"seed is {seed!r}: use a whole number from 0 to {LARGEST_SEED}")
    unknown = sorted(set(options) - set(world_options(name)))
    if unknown:
        raise WorldError(f"{name} has no option {unknown[0]!r}: use {', '.join(world_options(name))}")
    kinds = get_type_hints(generator)
    for key, value in options.items():
        _check_kind(key, value, kinds[key])


def _check_kind(key: str, value: Any, annotation: Any) -> None:
    """Refuse switches and numbers that are none; names are for the generators to know."""
    kinds = get_args(annotation) or (annotation,)
    if value is None and type(None) in kinds:
        return
    if bool in kinds and not isinstance(value, bool | np.bool_):
        raise WorldError(f"{key} is {value!r}: use true or false")
    if float in kinds and not is_number(value):
        raise WorldError(f"{key} is {value!r}: use a number")


def _generator(name: str) -> Callable[..., Setting]:
    if name not in GENERATORS:
        raise WorldError(f"world is {name!r}: use one of {', '.join(WORLDS)}")
    return GENERATORS[name]
