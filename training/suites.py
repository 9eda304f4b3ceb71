"""Suites of conditions that policies are compared under."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from liquid_nav.errors import ConfigError


@dataclass(frozen=True)
class Condition:
    """Where and how a policy is flown.

    Attributes:
        name: in results.
        world: one of :data:`sim_worlds.catalogue.WORLDS`.
        options: for :func:`sim_worlds.world.make_world`.
        variants: more options, one set for each flight, in turn by its seed.
        camera: see :func:`sim_worlds.camera.named_camera`.
        conditions: see :func:`sim_worlds.conditions.named_conditions`.
        camera_hz: pictures per second.
        follow_s: length of a follow mission.
    """

    name: str
    world: str
    options: dict[str, Any]
    variants: tuple[dict[str, Any], ...] = ()
    camera: str = "clean"
    conditions: str = "calm"
    camera_hz: float = 20.0
    follow_s: float = 60.0

    def options_of(self, seed: int) -> dict[str, Any]:
        """Return the options of the world of one flight."""
        return {**self.options, **self.variants[seed % len(self.variants)]} if self.variants else self.options


SUMMER = {"season": "summer"}
LIGHTS = ({"hour": 6.5}, {"hour": 19.5}, {"sky": "overcast"}, {"sky": "fog"})
RANGES = tuple({"distance_m": float(distance)} for distance in range(20, 41, 5))
SITES = ("snowfield", "warehouse", "construction")
STRESS_CAMERAS = {
    **{f"noise-{sigma}": f"noise-{sigma}" for sigma in (15, 30, 45, 60)},
    **{f"brightness+{percent}": f"brighter-{percent}" for percent in (10, 20, 30, 40)},
    **{f"brightness-{percent}": f"darker-{percent}" for percent in (10, 20, 30, 40)},
    **{f"contrast-{factor}": f"contrast-{factor}" for factor in ("0.75", "1.25", "1.75", "2.25")},
    **{f"saturation-{factor}": f"saturation-{factor}" for factor in ("0.5", "1.5", "2.5", "3.25")},
}

FOREST = (
    Condition("forest-unseen", "forest", SUMMER),
    Condition("forest-autumn", "forest", {"season": "autumn"}),
    Condition("forest-winter", "forest", {"season": "winter"}),
    Condition("forest-spring", "forest", {"season": "spring"}),
    Condition("forest-light", "forest", SUMMER, LIGHTS),
    Condition("forest-range", "forest", {**SUMMER, "density_per_m2": 0.02, "sky": "cloudy"}, RANGES),
    Condition("forest-decoys", "forest", {**SUMMER, "decoys": True}),
)
CITY = (
    Condition("city-still", "city", {"still": True}),
    Condition("city-walking", "city", {}),
    Condition("city-decoys", "city", {"decoys": True}),
    Condition("city-occlusion", "city", {"occluders": True}),
    Condition("city-cyclist", "city", {"target": "cyclist"}),
    Condition("city-car", "city", {"target": "car"}),
    Condition("city-crowd", "city", {"crowd": 2.0}),
)
SITE = tuple(
    Condition(f"{site}-{manner}", site, {"still": manner == "still"})
    for manner in ("still", "walking")
    for site in SITES
)
STRESS = tuple(
    Condition(f"stress-{name}", "forest", SUMMER, camera=camera) for name, camera in STRESS_CAMERAS.items()
)
TIME = (
    *(Condition(f"rate-{rate}", "city", {}, camera_hz=float(rate)) for rate in (5, 10, 30, 60)),
    Condition("drop-30", "city", {}, camera="lossy-link"),
    Condition("jitter", "city", {}, camera="late-link"),
)
AIR = (
    Condition("wind-gusts", "city", {}, conditions="gusts"),
    Condition("mass-heavy", "city", {}, conditions="heavy"),
    Condition("mass-light", "city", {}, conditions="light"),
)
CONDITIONS = {condition.name: condition for condition in (*FOREST, *CITY, *SITE, *STRESS, *TIME, *AIR)}


def _names(conditions: Iterable[Condition]) -> tuple[str, ...]:
    return tuple(condition.name for condition in conditions)


SUITES: dict[str, tuple[str, ...]] = {
    "smoke": ("forest-unseen", "city-walking"),
    "forest": _names(FOREST),
    "city": _names(CITY),
    "sites": _names(SITE),
    "stress": _names(STRESS),
    "time": _names(TIME),
    "air": _names(AIR),
    "worlds": _names((*FOREST, *CITY, *SITE)),
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
    return [replace(each, follow_s=SMOKE_FOLLOW_S) for each in chosen] if suite == "smoke" else chosen
