"""What the state of the inputs demands of a vehicle in flight."""

from __future__ import annotations

from dataclasses import dataclass

from liquid_nav.flight.config import FlightConfig
from liquid_nav.flight.state_machine import Event

Demand = tuple[Event, str]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Ages in seconds, infinity for what never came; the charge is NaN and ``on_ground`` None when unknown."""

    command_age_s: float
    estimate_age_s: float
    heartbeat_age_s: float
    battery_percent: float
    on_ground: bool | None = None


def demands(inputs: Inputs, config: FlightConfig) -> list[Demand]:
    """Return the events that old inputs and a low battery cause, each with its reason; commands come last."""
    found: list[Demand] = []
    charge = f"the battery is at {inputs.battery_percent:.0f}%"
    estimate = f"the last estimate is {inputs.estimate_age_s:.2f} s old"
    if inputs.battery_percent <= config.battery_critical_percent:
        found.append((Event.UNSAFE, charge))
    elif inputs.battery_percent <= config.battery_low_percent:
        found.append((Event.STALE, charge))
    if inputs.estimate_age_s > config.blind_land_after_s:
        found.append((Event.UNSAFE, estimate))
    elif inputs.estimate_age_s > config.estimate_timeout_s:
        found.append((Event.STALE, estimate))
    if inputs.heartbeat_age_s > config.mode_timeout_s:
        found.append((Event.STALE, f"no heartbeat for {config.mode_timeout_s:g} s"))
    return found


def unfit_to_engage(inputs: Inputs, config: FlightConfig) -> str:
    """Return why a holding vehicle must not follow commands, or nothing."""
    if inputs.on_ground:
        return "the vehicle stands on the ground: land, and take off again"
    if inputs.command_age_s > config.hold_after_s:
        never = inputs.command_age_s == float("inf")
        seen = "none has come" if never else f"the last is {inputs.command_age_s:.1f} s old"
        return f"commands must be fresh and {seen}: start the policy and the safety filter"
    if inputs.estimate_age_s > config.estimate_timeout_s:
        return f"the last estimate is {inputs.estimate_age_s:.1f} s old: wait for it"
    if inputs.battery_percent <= config.battery_low_percent:
        return f"the battery is at {inputs.battery_percent:.0f}%: land"
    return ""
