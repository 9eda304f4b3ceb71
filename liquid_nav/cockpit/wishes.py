"""What a page may send: JSON texts, read into values that are known to be good."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from liquid_nav.cockpit.vehicle import DATA_ORDERS, FLIGHT_ORDERS, WORLD_ORDERS
from liquid_nav.errors import LiquidNavError

LONGEST_TEXT = 4096
LONGEST_NOTE = 500
ORDERS = (*FLIGHT_ORDERS, *DATA_ORDERS, *WORLD_ORDERS)


class WishError(LiquidNavError):
    """A page has sent something that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life of a page that has the focus.

    Attributes:
        stick: forward, left, up and turn left, each -1..1; None when the pilot does not fly.
        sent: the page's own time, which it gets back.
    """

    stick: tuple[float, float, float, float] | None
    sent: float


@dataclass(frozen=True, slots=True)
class Order:
    """A button; ``number`` comes back with the answer."""

    name: str
    number: int
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A remark for the recording."""

    text: str


@dataclass(frozen=True, slots=True)
class Focus:
    """The page has lost the focus."""


@dataclass(frozen=True, slots=True)
class Take:
    """The page wants the controls that another page has."""


@dataclass(frozen=True, slots=True)
class Release:
    """The page gives the controls back and lets the vehicle fly on."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The page has drawn an image, or with ``state`` taken a state."""

    number: int
    state: bool


Wish = Beat | Order | Note | Focus | Take | Release | Seen


def read_wish(text: str) -> Wish:
    """Read a page's message.

    Raises:
        WishError: when it is not a known message with good values.
    """
    if len(text) > LONGEST_TEXT:
        raise WishError(f"a message of {len(text)} characters came: send at most {LONGEST_TEXT}")
    try:
        values = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise WishError(f"a message is not JSON ({type(error).__name__}): send an object") from error
    if not isinstance(values, dict):
        raise WishError(f"a message is a {type(values).__name__}: send an object")
    kind = values.get("kind")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise WishError(f"kind is {kind!r}: use one of {', '.join(_READERS)}")
    return reader(values)


def _beat(values: dict[str, Any]) -> Beat:
    stick = values.get("stick")
    if stick is not None:
        if not isinstance(stick, list) or len(stick) != 4:
            raise WishError(f"stick is {stick!r}: send four numbers or null")
        forward, left, up, turn = (_number("stick", part, -1.0, 1.0) for part in stick)
        stick = (forward, left, up, turn)
    return Beat(stick, _number("sent", values.get("sent", 0), 0.0, 1e15))


def _order(values: dict[str, Any]) -> Order:
    name = values.get("name")
    if name not in ORDERS:
        raise WishError(f"order is {name!r}: use one of {', '.join(ORDERS)}")
    number = int(_number("number", values.get("number", 0), 0, 2**53))
    return Order(name, number, values.get("confirmed") is True)


def _note(values: dict[str, Any]) -> Note:
    text = values.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_NOTE:
        raise WishError(f"a note must be a text of 1 to {LONGEST_NOTE} characters")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise WishError("a note holds half a character: send whole ones")
    return Note(" ".join(text.split()))


def _seen(values: dict[str, Any]) -> Seen:
    return Seen(int(_number("number", values.get("number"), 0, 2**53)), values.get("state") is True)


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:  # NaN is refused too
        raise WishError(f"{name} is {value!r}: send a number from {low:g} to {high:g}")
    return float(value)


_READERS: dict[str, Callable[[dict[str, Any]], Wish]] = {
    "beat": _beat,
    "order": _order,
    "note": _note,
    "focus": lambda values: Focus(),
    "take": lambda values: Take(),
    "release": lambda values: Release(),
    "seen": _seen,
}
