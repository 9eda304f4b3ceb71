"""A stick made of keys, for terminals, which tell when a key is pressed and repeated but not when it is let go."""

from __future__ import annotations

KEYS: dict[str, tuple[int, float]] = {
    "w": (0, 1.0), "s": (0, -1.0), "a": (1, 1.0), "d": (1, -1.0),
    "r": (2, 1.0), "f": (2, -1.0), "q": (3, 1.0), "e": (3, -1.0),
}  # fmt: skip
"""Axis (forward, left, up, turn left) and direction of each key."""
KEPT_S = 0.6  # a terminal repeats a held key after half a second at the latest


class KeyStick:
    """Deflection by keys. It reads no clock: every call brings the time.

    Args:
        share: deflection of a pressed key, 0..1.
    """

    def __init__(self, share: float = 0.7) -> None:
        self._share = share
        self._until_s = [float("-inf")] * 4
        self._values = [0.0] * 4

    def press(self, key: str, now_s: float) -> bool:
        """Take a key; return whether it is one of the stick's."""
        found = KEYS.get(key.lower())
        if found is None:
            return False
        axis, direction = found
        self._values[axis] = direction * (1.0 if key.isupper() else self._share)
        self._until_s[axis] = now_s + KEPT_S
        return True

    def let_go(self) -> None:
        """Return to the middle at once."""
        self._until_s = [float("-inf")] * 4

    def read(self, now_s: float) -> tuple[float, float, float, float] | None:
        """Return forward, left, up and turn left, each -1..1; None when no key is pressed."""
        pressed = [now_s < until_s for until_s in self._until_s]
        if not any(pressed):
            return None
        forward, left, up, turn = (
            value if held else 0.0 for value, held in zip(self._values, pressed, strict=True)
        )
        return forward, left, up, turn
