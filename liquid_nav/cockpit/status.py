"""What other nodes tell of themselves as JSON, made fit for a page."""

from __future__ import annotations

import json
import math
from typing import Any


def read_status(text: str) -> dict[str, Any] | None:
    """Return the values of a status, None when the text is no JSON object; what is no finite number becomes None."""
    try:
        values = json.loads(text, parse_float=_finite, parse_constant=lambda name: None)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None
