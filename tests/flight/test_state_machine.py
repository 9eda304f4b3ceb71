"""Only an engaged vehicle follows; whatever else happens, it stands still, lands or is somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_nav.flight.state_machine import (
    ACTIONS,
    IN_COMMAND,
    Event,
    FlightError,
    FlightState,
    FlightStateMachine,
    mermaid,
    transitions,
)
from liquid_nav.types import VelocityCommand

WISH = VelocityCommand(1.0, 0.5, 0.2, 0.3)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "flight.md"
EXPECTED = """
disconnected connected preflight
preflight checks_passed ready
preflight other_mode external
ready checks_failed preflight
ready other_mode external
ready arm() arming
arming arming_refused preflight
arming armed armed
arming failed fault
arming other_mode external
arming disarm() arming
armed takeoff() takeoff
armed disarm() armed
armed other_mode external
armed motors_off disarmed
takeoff height_reached hold
takeoff hold() hold
takeoff land() landing
takeoff must_land landing
takeoff other_mode external
takeoff failed fault
takeoff motors_off disarmed
hold engage() engaged
hold hold() hold
hold land() landing
hold must_land landing
hold other_mode external
hold motors_off disarmed
engaged hold() hold
engaged land() landing
engaged input_lost hold
engaged must_land landing
engaged other_mode external
engaged motors_off disarmed
landing land() landing
landing hold() landing
landing disarm() landing
landing control_confirmed hold
landing other_mode external
landing motors_off disarmed
external hold() external
external control_confirmed hold
external motors_off disarmed
fault land() landing
fault hold() fault
fault must_land landing
fault disarm() fault
fault control_confirmed hold
fault other_mode external
fault motors_off disarmed
disarmed mode_left preflight
"""
ROWS = [tuple(line.split()) for line in EXPECTED.split("\n") if line]
ROWS += [(state.value, "link_lost", "disconnected") for state in FlightState if state.value != "disconnected"]


def _do(machine: FlightStateMachine, label: str) -> bool:
    if label.endswith("()"):
        try:
            machine.request(label[:-2])
        except FlightError:
            return False
        return True
    return machine.observe(Event(label.replace("_", " ")))


@pytest.mark.parametrize(("before", "label", "after"), ROWS)
def test_each_transition_leads_where_it_should(before: str, label: str, after: str) -> None:
    machine = FlightStateMachine(FlightState(before))
    assert _do(machine, label)
    assert machine.state is FlightState(after)


def test_there_are_no_other_transitions() -> None:
    known = {(before.value, label.replace(" ", "_"), after.value) for before, after, label in transitions()}
    assert known == set(ROWS)


@pytest.mark.parametrize("state", FlightState)
def test_whatever_is_not_in_the_table_changes_nothing(state: FlightState) -> None:
    labels = [f"{action}()" for action in ACTIONS] + [event.value.replace(" ", "_") for event in Event]
    for label in labels:
        if (state.value, label) not in {(before, name) for before, name, _ in ROWS}:
            machine = FlightStateMachine(state)
            assert not _do(machine, label)
            assert machine.state is state


@pytest.mark.parametrize("state", [state for state in FlightState if state is not FlightState.ENGAGED])
def test_nobody_but_an_engaged_vehicle_gets_the_wish(state: FlightState) -> None:
    command = FlightStateMachine(state).command(WISH)
    assert (command.forward_m_s, command.left_m_s, command.yaw_rate_rad_s) == (0.0, 0.0, 0.0)
    assert (command.up_m_s < 0.0) is (state is FlightState.LANDING)


def test_an_engaged_vehicle_gets_the_wish_unchanged() -> None:
    assert FlightStateMachine(FlightState.ENGAGED).command(WISH) == WISH


@pytest.mark.parametrize("action", ["engage", "takeoff", "land", "hold"])
def test_what_is_refused_says_when_it_is_possible(action: str) -> None:
    machine = FlightStateMachine()
    with pytest.raises(FlightError, match=r"disconnected.*possible in"):
        machine.request(action)
    assert machine.state is FlightState.DISCONNECTED


def test_unknown_actions_are_refused() -> None:
    with pytest.raises(FlightError, match="loop"):
        FlightStateMachine().request("loop")


@given(st.lists(st.one_of(st.sampled_from(ACTIONS).map("{}()".format), st.sampled_from(Event).map(lambda e: e.value))))
def test_whatever_happens_engaged_comes_from_hold_by_request_alone(labels: list[str]) -> None:
    machine = FlightStateMachine()
    for label in labels:
        before = machine.state
        _do(machine, label)
        if machine.state is FlightState.ENGAGED and before is not FlightState.ENGAGED:
            assert (before, label) == (FlightState.HOLD, "engage()")


@pytest.mark.parametrize("state", IN_COMMAND)
def test_another_mode_always_wins(state: FlightState) -> None:
    machine = FlightStateMachine(state)
    assert machine.observe(Event.TAKEN_OVER)
    assert machine.state is FlightState.EXTERNAL


def test_the_diagram_of_the_page_is_that_of_the_table() -> None:
    assert f"```mermaid\n{mermaid()}```" in DOCS.read_text(), "put the output of mermaid() there"
