"""Season, hour and sky of a world: where the sun stands, how bright and what colour light and air are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from liquid_nav.errors import WorldError
from sim_worlds.scene import Atmosphere, Float3

SEASONS = ("summer", "autumn", "winter", "spring")
SKIES = ("clear", "cloudy", "overcast", "fog")
EARLIEST_HOUR, LATEST_HOUR = 5.0, 21.0
NOON_HOUR = 12.5
# Height of the sun at noon (rad) and hours from noon to sunset at about 50 degrees north.
SUN_PATHS = {"summer": (1.08, 8.0), "spring": (0.80, 6.5), "autumn": (0.70, 6.0), "winter": (0.34, 4.4)}
LOWEST_SUN_RAD = 0.06
WIND_GAMMA = (2.0, 1.4)  # shape and scale (m/s) of the wind's speed: 2.8 m/s in the mean, seldom above 8
STRONGEST_WIND_M_S = 10.0
SKY_SHARES = (0.35, 0.3, 0.25, 0.1)


def draw_atmosphere(
    rng: np.random.Generator, season: str = "summer", *, hour: float | None = None, sky: str | None = None
) -> Atmosphere:
    """Return light and air that suit a season.

    Args:
        rng: draws what is not given, and how strong it is.
        season: one of :data:`SEASONS`.
        hour: local solar time, 5 to 21; drawn from the hours of daylight when None. After sunset it is dusk.
        sky: one of :data:`SKIES`; drawn when None.

    Raises:
        WorldError: for an unknown season or sky, or an hour out of range.
    """
    check_weather(season, hour, sky)
    peak, half_day = SUN_PATHS[season]
    drawn_hour = NOON_HOUR + float(rng.uniform(-0.92, 0.92)) * half_day
    drawn_sky = str(rng.choice(SKIES, p=SKY_SHARES))
    strength = float(rng.uniform(0.0, 1.0))
    north = float(rng.uniform(0.0, 2.0 * np.pi))
    wind = float(rng.gamma(*WIND_GAMMA))
    when = drawn_hour if hour is None else hour
    air = _atmosphere(peak, half_day, when, sky or drawn_sky, strength, north)
    return replace(air, wind_m_s=min(wind, STRONGEST_WIND_M_S))


def check_weather(season: str, hour: float | None, sky: str | None) -> None:
    """Refuse what :func:`draw_atmosphere` does not know.

    Raises:
        WorldError: naming the value and what to use.
    """
    if season not in SEASONS:
        raise WorldError(f"season is {season!r}: use one of {', '.join(SEASONS)}")
    if sky is not None and sky not in SKIES:
        raise WorldError(f"sky is {sky!r}: use one of {', '.join(SKIES)}")
    if hour is not None and not EARLIEST_HOUR <= hour <= LATEST_HOUR:
        raise WorldError(f"hour is {hour}: use {EARLIEST_HOUR:.0f} to {LATEST_HOUR:.0f}, the hours with some light")


def _atmosphere(peak: float, half_day: float, hour: float, sky: str, strength: float, north: float) -> Atmosphere:
    height = np.sin(0.5 * np.pi * (1.0 - abs(hour - NOON_HOUR) / half_day))  # negative after sunset
    elevation = max(LOWEST_SUN_RAD, peak * float(height))
    day = float(np.clip((height + 0.14) / 0.42, 0.23, 1.0))
    warm = float(np.clip((0.5 - elevation) / 0.4, 0.0, 1.0))
    grey = {"clear": 0.0, "cloudy": 0.35, "overcast": 1.0, "fog": 0.85}[sky]
    sun = (1.05 + 0.3 * strength) * (1.0 - 0.85 * grey) * day
    ambient = (0.52 + 0.22 * strength) * (1.0 + 0.45 * grey) * day
    horizon_clear = np.array([0.66 + 0.22 * warm, 0.70 - 0.04 * warm, 0.76 - 0.28 * warm])
    zenith_clear = np.array([0.16 + 0.06 * warm, 0.32, 0.66 - 0.1 * warm])
    overcast = np.array([0.66, 0.69, 0.73])
    horizon = day * ((1.0 - grey) * horizon_clear + grey * overcast * (0.8 + 0.3 * strength))
    zenith = day * ((1.0 - grey) * zenith_clear + grey * overcast * 0.85)
    fog = {"clear": 0.001, "cloudy": 0.003, "overcast": 0.006, "fog": 0.03}[sky] * (0.7 + 1.1 * strength)
    return Atmosphere(
        sun_azimuth_rad=(north - (hour - NOON_HOUR) * np.pi / 12.0) % (2.0 * np.pi),
        sun_elevation_rad=elevation,
        sun_colour=(sun, sun * (0.95 - 0.3 * warm), sun * (0.86 - 0.5 * warm)),
        ambient_colour=(ambient * (0.92 + 0.08 * warm), ambient, ambient * (1.1 - 0.12 * warm)),
        zenith_colour=_triple(zenith),
        horizon_colour=_triple(horizon),
        fog_density_per_m=float(fog),
        cloudiness={"clear": 0.12, "cloudy": 0.6, "overcast": 0.95, "fog": 0.9}[sky],
    )


def _triple(values: np.ndarray) -> Float3:
    return float(values[0]), float(values[1]), float(values[2])
