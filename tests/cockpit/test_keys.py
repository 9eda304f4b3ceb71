"""Keys of a terminal as a stick."""

from __future__ import annotations

import pytest

from liquid_nav.cockpit.keys import KEPT_S, KeyStick


def test_a_key_deflects_until_it_is_no_longer_repeated() -> None:
    stick = KeyStick(share=0.5)
    assert stick.read(0.0) is None
    assert stick.press("w", 0.0)
    assert stick.read(0.1) == (0.5, 0.0, 0.0, 0.0)
    stick.press("w", 0.5)
    assert stick.read(0.5 + KEPT_S - 0.01) == (0.5, 0.0, 0.0, 0.0)
    assert stick.read(0.5 + KEPT_S) is None


@pytest.mark.parametrize(
    ("key", "deflection"), [("S", (-1, 0, 0, 0)), ("A", (0, 1, 0, 0)), ("F", (0, 0, -1, 0)), ("Q", (0, 0, 0, 1))]
)
def test_a_capital_deflects_fully(key: str, deflection: tuple[float, ...]) -> None:
    stick = KeyStick()
    stick.press(key, 0.0)
    assert stick.read(0.1) == deflection


def test_axes_go_together_and_one_key_replaces_its_opposite() -> None:
    stick = KeyStick(share=1.0)
    for key in "wqe":
        stick.press(key, 0.0)
    assert stick.read(0.1) == (1.0, 0.0, 0.0, -1.0)


def test_letting_go_is_immediate_and_other_keys_are_none_of_its_business() -> None:
    stick = KeyStick()
    stick.press("w", 0.0)
    stick.let_go()
    assert stick.read(0.01) is None
    assert not stick.press("x", 0.0)
