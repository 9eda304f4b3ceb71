"""Frozen settings from mappings that people write: unknown keys are refused, wrong types too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from liquid_nav.errors import WorldError

T = TypeVar("T")


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
