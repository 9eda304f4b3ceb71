"""How settings are checked, value by value.

A settings class is a frozen dataclass whose annotations say what each field may be, ``Annotated[int, Range(1, 9)]``;
:func:`check_fields` in its ``__post_init__`` holds it to them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from liquid_nav.errors import ConfigError


@dataclass(frozen=True)
class Range:
    """Lowest and highest value of a number; NaN and infinity are in no range."""

    low: float
    high: float = math.inf

    def __contains__(self, value: float) -> bool:
        return math.isfinite(value) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low} or more" if math.isinf(self.high) else f"{self.low} to {self.high}"


@dataclass(frozen=True)
class OneOf:
    """The texts that may be chosen from."""

    names: tuple[str, ...]

    def __contains__(self, value: str) -> bool:
        return value in self.names

    def __str__(self) -> str:
        *others, last = map(repr, self.names)
        return f"{', '.join(others)} or {last}" if others else last


Seed = Annotated[int, Range(0, 2**32 - 1)]


def kinds_of(settings: type) -> dict[str, Any]:
    """Return what each field of a settings class may be: its annotation."""
    hints = get_type_hints(settings, include_extras=True)
    return {item.name: hints[item.name] for item in fields(settings)}


def check_fields(settings: object) -> None:
    """Hold a frozen settings object to its annotations, see :func:`fit`.

    Raises:
        ConfigError: for the first field that does not fit.
    """
    for name, kind in kinds_of(type(settings)).items():
        object.__setattr__(settings, name, fit(name, getattr(settings, name), kind))


def fit(name: str, value: Any, kind: Any) -> Any:
    """Return a value as its annotation wants it: a list becomes a tuple, 1 where any number may stand 1.0.

    Args:
        name: of the setting.
        value: as a file or a caller gave it.
        kind: bool, int, float or str, plain or annotated with a :class:`Range` or :class:`OneOf`; or a tuple or dict of
            these. Tuples are not empty.

    Raises:
        ConfigError: when it does not fit; names the setting, the value and what may stand there.
    """
    if get_origin(kind) is dict and isinstance(value, dict):
        return {key: fit(f"{name} of {key}", part, get_args(kind)[1]) for key, part in value.items()}
    try:
        return _fitting(value, kind)
    except (ValueError, OverflowError):
        is_or_are = "are" if get_origin(kind) is tuple and name.endswith("s") else "is"
        seen = list(value) if isinstance(value, tuple) else value
        raise ConfigError(f"{name} {is_or_are} {seen!r}: use {_wanted(kind)}") from None


def _fitting(value: Any, kind: Any) -> Any:
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if not isinstance(value, list | tuple) or not value:
            raise ValueError
        kinds = kinds[:1] * len(value) if kinds[-1] is ... else kinds
        return tuple(_fitting(part, one) for part, one in zip(value, kinds, strict=True))
    plain, *limits = get_args(kind) or (kind,)
    wide = {int: Integral, float: Real}.get(plain, plain)
    if get_origin(kind) is dict or not isinstance(value, wide) or isinstance(value, bool) is not (plain is bool):
        raise ValueError
    if any(value not in limit for limit in limits) or (plain is float and not math.isfinite(value)):
        raise ValueError
    return plain(value)


def _wanted(kind: Any) -> str:
    if get_origin(kind) is tuple:
        first, *others = get_args(kind)
        count = "1 or more" if others[-1:] == [...] else str(1 + len(others))
        return f"a list of {count}, each {_wanted(first)}"
    if get_origin(kind) is dict:
        return f"names, each with {_wanted(get_args(kind)[1])}"
    plain, *limits = get_args(kind) or (kind,)
    if plain is str and limits:
        return str(limits[0])
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return ", ".join([*map(str, limits), words[plain]])
