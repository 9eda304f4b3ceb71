"""What a page sends becomes a good value or an error, never anything else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_nav.cockpit.wishes import Beat, Note, Order, WishError, read_wish

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=8,
)
KINDS = st.sampled_from(["beat", "order", "note", "focus", "take", "release", "seen", "else"])


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_wish(text)
    except WishError as error:
        assert "\n" not in str(error)


@given(KINDS, st.dictionaries(st.sampled_from(["stick", "sent", "name", "number", "text", "confirmed"]), ANYTHING))
def test_any_values_of_a_known_kind_are_read_or_refused(kind: str, values: dict[str, object]) -> None:
    try:
        wish = read_wish(json.dumps({"kind": kind, **values}))
    except WishError:
        return
    if isinstance(wish, Beat) and wish.stick is not None:
        assert all(-1.0 <= part <= 1.0 for part in wish.stick)
    if isinstance(wish, Note):
        assert wish.text.strip()


@pytest.mark.parametrize("stick", [[0, 0, 0], [0, 0, 0, 1.01], [0, 0, 0, True], ["0", 0, 0, 0], 0, [0, 0, 0, None]])
def test_a_stick_that_is_not_four_numbers_within_one_is_refused(stick: object) -> None:
    with pytest.raises(WishError, match="stick"):
        read_wish(json.dumps({"kind": "beat", "stick": stick}))


def test_nan_is_no_deflection() -> None:
    with pytest.raises(WishError, match="stick"):
        read_wish('{"kind": "beat", "stick": [NaN, 0, 0, 0]}')


def test_half_a_character_is_no_note() -> None:
    with pytest.raises(WishError, match="half a character"):
        read_wish('{"kind": "note", "text": "sun \\ud83c"}')
    assert read_wish('{"kind": "note", "text": "sun \\ud83c\\udf1e"}') == Note("sun \U0001f31e")


def test_only_a_plain_yes_confirms() -> None:
    assert read_wish('{"kind": "order", "name": "arm", "confirmed": true}') == Order("arm", 0, True)
    assert read_wish('{"kind": "order", "name": "arm", "confirmed": 1}') == Order("arm", 0, False)
    with pytest.raises(WishError, match="order is 'selfdestruct'"):
        read_wish('{"kind": "order", "name": "selfdestruct"}')
