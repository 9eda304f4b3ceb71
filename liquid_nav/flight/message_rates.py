"""Keeps messages coming as often as they are wanted, whatever the autopilot was set to send."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

WINDOW_S = 3.0
LEAST_SHARE = 0.5  # a line that loses 40% is no reason to ask; an autopilot at its own 4 Hz instead of 30 is


class MessageRates:
    """Asks for each message at once, and again whenever it has come too seldom or not at all for a while.

    An autopilot may stream at rates of its own when it is met, take on another ground station's, or start again.

    Args:
        wanted_hz: by message id.
        ask: is given a message id and its rate in Hz.
    """

    def __init__(self, wanted_hz: Mapping[int, float], ask: Callable[[int, float], object]) -> None:
        self._wanted_hz, self._ask = dict(wanted_hz), ask
        self._counts: Counter[int] = Counter()
        self._since_s = dict.fromkeys(self._wanted_hz, float("-inf"))

    def heard(self, message_id: int) -> None:
        """A message has come."""
        self._counts[message_id] += 1

    def step(self, now_s: float) -> None:
        """Look at the messages whose time is up, and ask where too few have come."""
        for message_id, rate_hz in self._wanted_hz.items():
            window_s = now_s - self._since_s[message_id]
            if window_s < WINDOW_S:
                continue
            if self._counts[message_id] < LEAST_SHARE * rate_hz * window_s:
                self._ask(message_id, rate_hz)
            self._since_s[message_id], self._counts[message_id] = now_s, 0
