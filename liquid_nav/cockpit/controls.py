"""Who has the controls: at most one page, and only while it is there."""

from __future__ import annotations

Client = object


class Controls:
    """The controls of one vehicle. It reads no clock: every call brings the time.

    Args:
        loss_s: silence after which a page is lost.
    """

    def __init__(self, loss_s: float) -> None:
        self._loss_s = loss_s
        self._holder: Client | None = None
        self._heard_s = float("-inf")

    @property
    def free(self) -> bool:
        """True when nobody has the controls."""
        return self._holder is None

    @property
    def holder(self) -> Client | None:
        """The page that has the controls."""
        return self._holder

    def holds(self, client: Client) -> bool:
        """Return whether a page has the controls."""
        return self._holder is client

    def take(self, client: Client, now_s: float) -> bool:
        """Give free controls to a page; return whether it has them now."""
        if self._holder is None:
            self._holder = client
        if self._holder is client:
            self._heard_s = now_s
        return self._holder is client

    def hear(self, client: Client, now_s: float) -> None:
        """Take a sign of life of a page."""
        if self._holder is client:
            self._heard_s = now_s

    def release(self, client: Client) -> bool:
        """Free the controls if this page has them; return whether it had."""
        held = self._holder is client
        if held:
            self._holder = None
        return held

    def overdue(self, now_s: float) -> Client | None:
        """Return the page that has the controls and has been silent for too long."""
        return self._holder if self._holder is not None and now_s - self._heard_s > self._loss_s else None
