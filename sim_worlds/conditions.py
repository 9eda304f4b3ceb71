"""What a flight has to cope with: wind, a heavier or weaker vehicle, a state estimate that errs and lags."""

from __future__ import annotations

from dataclasses import dataclass

from liquid_nav.errors import WorldError


@dataclass(frozen=True)
class FlightConditions:
    """Everything off by default; every value is checked.

    Attributes:
        seed: of gusts, noise and drift.
        mass_scale: the vehicle's mass and inertia relative to the model.
        thrust_scale: its rotors' thrust relative to the model.
    """

    seed: int = 0
    mass_scale: float = 1.0
    thrust_scale: float = 1.0

    def __post_init__(self) -> None:
        for name in ("mass_scale", "thrust_scale"):
            if not 0.5 <= getattr(self, name) <= 1.5:
                raise WorldError(f"{name} is {getattr(self, name)}: use 0.5 to 1.5")
