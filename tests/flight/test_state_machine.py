"""Only an engaged vehicle follows; whatever else happens, it stands still or lands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_nav.flight.state_machine import ACTIONS, FlightError, FlightState, FlightStateMachine
from liquid_nav.types import VelocityCommand

WISH = VelocityCommand(1.0, 0.5, 0.2, 0.3)


def test_the_way_from_the_ground_to_the_policy_and_back() -> None:
    machine = FlightStateMachine()
    seen = [machine.request(action).value for action in ("arm", "takeoff", "engage", "hold", "engage", "land", "hold")]
    assert seen == ["armed", "hold", "engaged", "hold", "engaged", "landing", "hold"]


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
    with pytest.raises(FlightError, match=r"disarmed.*possible in"):
        machine.request(action)
    assert machine.state is FlightState.DISARMED


def test_unknown_actions_are_refused() -> None:
    with pytest.raises(FlightError, match="loop"):
        FlightStateMachine().request("loop")


@given(st.lists(st.sampled_from(ACTIONS), max_size=30))
def test_a_vehicle_is_never_engaged_without_having_held(actions: list[str]) -> None:
    machine, before = FlightStateMachine(), FlightState.DISARMED
    for action in actions:
        try:
            machine.request(action)
        except FlightError:
            continue
        if machine.state is FlightState.ENGAGED:
            assert before is FlightState.HOLD
        before = machine.state
