"""What a flight has to cope with: wind, a heavier or weaker vehicle, a state estimate that errs and lags."""

from __future__ import annotations

from dataclasses import dataclass

from liquid_nav.errors import WorldError
from sim_worlds.config import is_number, is_whole

# Lowest and highest value of every setting.
RANGES: dict[str, tuple[float, float]] = {
    "mass_scale": (0.5, 1.5),
    "thrust_scale": (0.5, 1.5),
    "wind_m_s": (0.0, 15.0),
    "wind_direction_rad": (-6.2832, 6.2832),
    "gust_m_s": (0.0, 6.0),
    "position_noise_m": (0.0, 5.0),
    "velocity_noise_m_s": (0.0, 2.0),
    "yaw_noise_rad": (0.0, 1.0),
    "estimate_latency_s": (0.0, 0.5),
}
DRAWN = "wind_direction_rad"  # the one setting that may be None
HEAVIEST = 1.75  # mass_scale / thrust_scale; at 2.25 the rotors only just carry the weight
NOISES = ("position_noise_m", "velocity_noise_m_s", "yaw_noise_rad", "estimate_latency_s")


@dataclass(frozen=True)
class FlightConditions:
    """Everything off by default; every value is checked.

    The controller reckons with the model's mass and thrust whatever the scales say; like an autopilot after
    take-off it only knows what hovering takes.

    Attributes:
        seed: of gusts, noise and drift, with the seed of the world.
        mass_scale: the vehicle's mass and inertia relative to the model, 0.5 to 1.5.
        thrust_scale: thrust and torque of its rotors relative to the model, 0.5 to 1.5.
        wind_m_s: mean horizontal wind 3 m above the ground, 0 to 15.
        wind_direction_rad: where the wind blows to, counter-clockwise from east; drawn from the seed when None.
        gust_m_s: standard deviation of the wind along its mean direction 3 m above the ground, 0 to 6.
        position_noise_m, velocity_noise_m_s, yaw_noise_rad: standard deviation of the estimate's error per axis.
        estimate_latency_s: age of the state that the estimate describes, 0 to 0.5.

    Raises:
        WorldError: for a value that is no number or out of range, or a load that the rotors could hardly lift.
    """

    seed: int = 0
    mass_scale: float = 1.0
    thrust_scale: float = 1.0
    wind_m_s: float = 0.0
    wind_direction_rad: float | None = None
    gust_m_s: float = 0.0
    position_noise_m: float = 0.0
    velocity_noise_m_s: float = 0.0
    yaw_noise_rad: float = 0.0
    estimate_latency_s: float = 0.0

    def __post_init__(self) -> None:
        if not is_whole(self.seed) or self.seed < 0:
            raise WorldError(f"seed of the conditions is {self.seed!r}: use a whole number, 0 or more")
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is None and name == DRAWN:
                continue
            if not is_number(value) or not low <= value <= high:
                left_out = ", or None to have it drawn" if name == DRAWN else ""
                raise WorldError(f"{name} is {value!r}: use {low:g} to {high:g}{left_out}")
        if self.mass_scale > HEAVIEST * self.thrust_scale:
            raise WorldError(
                f"mass_scale {self.mass_scale} with thrust_scale {self.thrust_scale} cannot be flown: "
                f"keep their ratio at most {HEAVIEST:g}"
            )

    @property
    def has_wind(self) -> bool:
        """True when the air moves."""
        return self.wind_m_s > 0.0 or self.gust_m_s > 0.0

    @property
    def estimate_is_exact(self) -> bool:
        """True when the estimate is the true state of now."""
        return all(getattr(self, name) == 0.0 for name in NOISES)


CONDITIONS: dict[str, FlightConditions] = {
    "calm": FlightConditions(),
    "breeze": FlightConditions(wind_m_s=3.0, gust_m_s=0.6),
    "gusts": FlightConditions(wind_m_s=4.0, gust_m_s=2.0),  # single gusts reach 6 m/s and more
    "heavy": FlightConditions(mass_scale=1.3),
    "light": FlightConditions(mass_scale=0.7),
    "weak-motors": FlightConditions(thrust_scale=0.7),
    "strong-motors": FlightConditions(thrust_scale=1.3),
    "noisy-estimate": FlightConditions(
        position_noise_m=0.5, velocity_noise_m_s=0.15, yaw_noise_rad=0.05, estimate_latency_s=0.1
    ),
}


def named_conditions(name: str) -> FlightConditions:
    """Return conditions by name.

    Raises:
        WorldError: for an unknown name.
    """
    if name not in CONDITIONS:
        raise WorldError(f"conditions are {name!r}: use one of {', '.join(CONDITIONS)}")
    return CONDITIONS[name]
