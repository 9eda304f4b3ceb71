"""Which images a policy looks at, the time between them as it is told it, and when it begins anew."""

from __future__ import annotations

import math
from typing import NamedTuple

FIRST_ELAPSED_S = 0.05
NEAREST_S = 0.024  # policies are taught with 50 ms and more; see "60 Hz before" in docs/training.md
LONGEST_GAP_S = 2.0


class Tick(NamedTuple):
    """What an image's capture time says.

    Attributes:
        elapsed_s: since the image that was looked at before; :data:`FIRST_ELAPSED_S` where none counts.
        anew: no image before this one counts, and what the policy remembers of them must be forgotten.
    """

    elapsed_s: float
    anew: bool


class ImageClock:
    """Tells by capture times how long ago a policy saw its last image; make a new one for each flight.

    An image less than :data:`NEAREST_S` after the last one that was looked at is left out, as is one of the same
    moment: a camera of 60 Hz shows the policy every second image, one of 120 Hz every third.

    A policy begins anew with the first image, with one older than the last (another flight, or a clock that was set
    back), with one after a gap of more than :data:`LONGEST_GAP_S` (a camera that came back), and with a stamp that is
    not finite. The next image counts from the latest one that was not left out.
    """

    def __init__(self) -> None:
        self._last_s = math.nan

    def advance(self, stamp_s: float) -> Tick | None:
        """Take the capture time of the next image; None when the policy shall not look at it."""
        elapsed_s = stamp_s - self._last_s
        if 0.0 <= elapsed_s < NEAREST_S:
            return None
        self._last_s = stamp_s
        if NEAREST_S <= elapsed_s <= LONGEST_GAP_S:  # NaN compares as false
            return Tick(elapsed_s, anew=False)
        return Tick(FIRST_ELAPSED_S, anew=True)
