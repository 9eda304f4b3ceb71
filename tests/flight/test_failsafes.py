"""The table of failures of docs/flight.md, row by row: what happens and how fast."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from liquid_nav.flight.state_machine import FlightError, FlightState
from liquid_nav.types import VelocityCommand
from tests.flight.bench import FAKES, FORWARD, Bench

S = FlightState
DOCS = Path(__file__).resolve().parents[2] / "docs" / "flight.md"
Cause = Callable[[Bench], object]


def _set(**values: object) -> Cause:
    def cause(bench: Bench) -> None:
        for name, value in values.items():
            setattr(bench.fake, name, value)

    return cause


def _commands(command: VelocityCommand | None) -> Cause:
    def cause(bench: Bench) -> None:
        bench.commands = lambda: command

    return cause


@dataclass(frozen=True)
class Failure:
    """Something that goes wrong while the vehicle is engaged at 2 m/s.

    Attributes:
        event: in words.
        cause: makes it happen.
        reactions: states and the seconds within which they are reached, counted from the event.
        notice: what the operator reads.
    """

    event: str
    cause: Cause
    reactions: tuple[tuple[FlightState, float], ...]
    notice: str


FAILURES = (
    Failure(
        "no more commands (policy, camera or safety filter dead)", _commands(None),
        ((S.HOLD, 0.6), (S.LANDING, 5.1)), "the last command is",
    ),
    Failure(
        "NaN, infinite or absurd command", _commands(VelocityCommand(math.nan)),
        ((S.HOLD, 0.1), (S.LANDING, 5.1)), "the command holds nan",
    ),
    Failure("no more odometry", _set(no_position=True), ((S.HOLD, 0.4), (S.LANDING, 2.1)), "the last estimate is"),
    Failure(
        "the autopilot's heartbeat ends", _set(no_heartbeat=True),
        ((S.HOLD, 2.6), (S.DISCONNECTED, 5.1)), "no heartbeat for",
    ),
    Failure(
        "the link is dead both ways", _set(silent=True),
        ((S.HOLD, 0.4), (S.LANDING, 2.1), (S.DISCONNECTED, 5.1)), "the last estimate is",
    ),
    Failure("battery low (25%)", _set(battery_percent=25), ((S.HOLD, 0.6),), "the battery is at 25%"),
    Failure("battery critical (15%)", _set(battery_percent=15), ((S.LANDING, 0.6),), "the battery is at 15%"),
    Failure("the autopilot's clock jumps ahead", _set(clock_offset_s=30.0), ((S.HOLD, 0.1),), "clock has jumped"),
    Failure("the autopilot's clock jumps back", _set(clock_offset_s=-30.0), ((S.HOLD, 0.1),), "clock has jumped"),
    Failure(
        "pilot or ground station changes the mode", lambda bench: bench.fake.switch(next(iter(_foreign(bench)))),
        ((S.EXTERNAL, 1.05),), "the vehicle went to",
    ),
    Failure("the motors are stopped by others", lambda bench: bench.fake.stop_motors(), ((S.DISARMED, 1.05),), "off"),
)  # fmt: skip


def _foreign(bench: Bench) -> list[str]:
    return [mode for mode in bench.fake.modes if mode in ("AUTO.RTL", "RTL")]


def row(failure: Failure) -> str:
    """The line of the table."""
    reactions = ", then ".join(f"{state.value} within {limit_s:g} s" for state, limit_s in failure.reactions)
    return f"| {failure.event} | {reactions} |"


@pytest.mark.parametrize("kind", sorted(FAKES))
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.event)
def test_each_failure_has_its_reaction_in_time(make_bench: Callable[..., Bench], kind: str, failure: Failure) -> None:
    bench = make_bench(FAKES[kind]())
    bench.fly_to_engaged()
    bench.run(2.0)
    start_s = bench.now_s
    failure.cause(bench)
    for state, limit_s in failure.reactions:
        bench.reach(state, 20.0)
        assert bench.now_s - start_s <= limit_s + 1e-6
    assert bench.said(failure.notice)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.event)
def test_each_failure_stands_in_the_page(failure: Failure) -> None:
    assert row(failure) in DOCS.read_text()


def test_nothing_is_sent_once_the_link_is_lost_and_a_vehicle_that_comes_back_armed_is_not_ours(bench: Bench) -> None:
    bench.fly_to_engaged()
    bench.run(1.0)
    bench.fake.silent = True
    bench.reach(S.DISCONNECTED)
    unsent = bench.controller.health(bench.now_s)["sent"]
    bench.run(3.0)
    assert bench.controller.health(bench.now_s)["sent"] - unsent <= 4  # our own heartbeats alone
    bench.fake.silent = False
    bench.reach(S.EXTERNAL)
    bench.run(2.0)
    assert bench.state is S.EXTERNAL
    bench.request("hold")
    bench.reach(S.HOLD, 6.0)


def test_a_bad_line_of_40_percent_loss_and_200_ms_never_leaves_the_vehicle_flying_on(bench: Bench) -> None:
    bench.fly_to_engaged()
    bench.run(2.0)
    bench.fake.loss, bench.fake.delay_s = 0.4, 0.2
    bench.run(30.0)
    bench.commands = lambda: None
    bench.until(lambda: bench.state in (S.DISARMED, S.PREFLIGHT, S.READY, S.DISCONNECTED, S.HOLD), 60.0)
    assert not any(abs(value) > 2.1 for _, m in bench.fake.setpoints for value in (m.vx, m.vy, m.vz))
    bench.until(lambda: float(abs(bench.fake.velocity_ned_m_s[:2]).max()) < 0.2, 10.0)


def test_a_low_battery_keeps_a_vehicle_from_being_engaged(bench: Bench) -> None:
    bench.fly_to_hold()
    bench.commands = lambda: FORWARD
    bench.fake.battery_percent = 20
    bench.run(1.0)
    with pytest.raises(FlightError, match="the battery is at 20%: land"):
        bench.request("engage")


def test_an_estimate_that_ends_during_take_off_lands(bench: Bench) -> None:
    bench.reach(S.READY)
    bench.request("arm")
    bench.reach(S.ARMED)
    bench.request("takeoff")
    bench.run(1.5)
    bench.fake.no_position = True
    bench.reach(S.LANDING, 2.2)


def test_an_autopilot_that_starts_again_on_the_ground_is_checked_again(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(FAKES["px4"]())
    bench.reach(S.READY)
    bench.fake.silent = True
    bench.reach(S.DISCONNECTED)
    bench.fake.parameters["COM_OBL_RC_ACT"] = (0, 6)
    bench.fake.silent = False
    bench.reach(S.PREFLIGHT)
    bench.run(3.0)
    assert bench.state is S.PREFLIGHT
