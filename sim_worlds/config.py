"""Frozen settings from what people write: unknown keys are refused, wrong types too; and what is a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from liquid_nav.errors import WorldError

T = TypeVar("T")


def is_number(value: object) -> bool:
    """True for a finite real number, of Python or of numpy; switches are none."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return real and bool(-math.inf < value < math.inf)  # type: ignore[operator]


def is_whole(value: object) -> bool:
    """True for a whole number, of Python or of numpy; switches are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def from_mapping(kind: type[T], values: Mapping[str, Any]) -> T:
    """Make a settings dataclass from a mapping.

    Raises:
        WorldError: naming the key or value that does not fit.
    """
    names = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise WorldError(f"{kind.__name__} has no {unknown[0]!r}: use {', '.join(names)}")
    try:
        return kind(**values)
    except TypeError as error:
        raise WorldError(f"{kind.__name__} cannot be made from {dict(values)}: {error}") from error
