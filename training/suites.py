"""Suites of conditions that policies are compared under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from liquid_nav.errors import ConfigError


@dataclass(frozen=True)
class Condition:
    """Where and how a policy is flown.

    Attributes:
        name: in results.
        world: ``"forest"`` or ``"city"``.
        options: for :func:`sim_worlds.world.make_world`.
        follow_s: length of a follow mission.
    """

    name: str
    world: str
    options: dict[str, Any]
    follow_s: float = 60.0


CONDITIONS = {
    condition.name: condition
    for condition in (
        Condition("forest-unseen", "forest", {"season": "summer"}),
        Condition("forest-autumn", "forest", {"season": "autumn"}),
        Condition("forest-winter", "forest", {"season": "winter"}),
        Condition("forest-spring", "forest", {"season": "spring"}),
        Condition("forest-range", "forest", {"season": "summer", "distance_m": 26.0, "density_per_m2": 0.02}),
        Condition("city-still", "city", {"still": True}),
        Condition("city-walking", "city", {}),
        Condition("city-decoys", "city", {"decoys": True}),
        Condition("city-occlusion", "city", {"occluders": True}),
    )
}
SUITES: dict[str, tuple[str, ...]] = {
    "smoke": ("forest-unseen", "city-walking"),
    "forest": ("forest-unseen", "forest-autumn", "forest-winter", "forest-spring", "forest-range"),
    "city": ("city-still", "city-walking", "city-decoys", "city-occlusion"),
    "transfer": tuple(CONDITIONS),
}
SMOKE_FOLLOW_S = 5.0


def suite_conditions(suite: str) -> list[Condition]:
    """Return the conditions of a suite, or the one condition of that name.

    Raises:
        ConfigError: for a name that is neither.
    """
    if suite in SUITES:
        chosen = [CONDITIONS[name] for name in SUITES[suite]]
    elif suite in CONDITIONS:
        chosen = [CONDITIONS[suite]]
    else:
        raise ConfigError(f"suite is {suite!r}: use {', '.join(SUITES)} or a condition: {', '.join(CONDITIONS)}")
    if suite == "smoke":
        return [Condition(c.name, c.world, c.options, SMOKE_FOLLOW_S) for c in chosen]
    return chosen
