"""What other nodes tell of themselves becomes values that a page can take, or nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_nav.cockpit.status import read_status


@given(st.text(max_size=200))
def test_any_text_is_read_or_nothing(text: str) -> None:
    json.dumps(read_status(text), allow_nan=False)


@pytest.mark.parametrize("text", ["", "{", "[1]", "7", "null", "[" * 100_000])
def test_what_is_no_object_is_nothing(text: str) -> None:
    assert read_status(text) is None


def test_what_is_no_finite_number_becomes_none() -> None:
    values = read_status('{"seed": 1, "time_s": NaN, "bytes": [Infinity, -Infinity, 1e999, 2.5]}')
    assert values == {"seed": 1, "time_s": None, "bytes": [None, None, None, 2.5]}
