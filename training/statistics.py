"""Intervals for success rates."""

from __future__ import annotations

import math

Z_95 = 1.959964


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the Wilson 95% interval of a rate (Wilson, JASA 1927); (0, 1) without trials."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials: use 0 <= successes <= trials")
    if trials == 0:
        return 0.0, 1.0
    rate, square = successes / trials, Z_95**2
    middle = (rate + square / (2 * trials)) / (1 + square / trials)
    half = Z_95 / (1 + square / trials) * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials**2))
    # Rounding must not push the rate itself out of its interval.
    return max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half))
