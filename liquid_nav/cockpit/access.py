"""Who may look and who may command: one secret token per start, kept by the browser as a cookie."""

from __future__ import annotations

import hmac
import secrets
from enum import Enum

from aiohttp import web


class Role(Enum):
    """What a page may do."""

    PILOT = "pilot"
    VIEWER = "viewer"
    NOBODY = "nobody"


class Access:
    """Decides by the cookie; the page hands its token in once, in the address it was opened with.

    Args:
        port: part of the cookie's name, as cookies do not tell ports apart; a random part for 0, which is any port.
        look: whether those without the token may look.
        token: of the pilot, a new one when None.
    """

    def __init__(self, port: int, *, look: bool, token: str | None = None) -> None:
        self.token = token or secrets.token_urlsafe(12)
        self._look = look
        self._cookie = f"liquid_nav_cockpit_{port or secrets.token_hex(4)}"

    def knows(self, token: str) -> bool:
        """Return whether a token is the right one, in the same time whatever it is."""
        return hmac.compare_digest(token.encode(errors="surrogatepass"), self.token.encode())

    def remember(self, response: web.StreamResponse) -> None:
        """Give the browser the cookie; scripts and other sites do not get it."""
        response.set_cookie(self._cookie, self.token, httponly=True, samesite="Strict", path="/")

    def role(self, request: web.Request) -> Role:
        """Return what the sender of a request may do."""
        if self.knows(request.cookies.get(self._cookie, "")):
            return Role.PILOT
        return Role.VIEWER if self._look else Role.NOBODY


def same_site(request: web.Request) -> bool:
    """Return whether a request comes from the cockpit's own page: another site's page must not open a socket."""
    origin = request.headers.get("Origin")
    return origin is None or origin.split("://", 1)[-1] == request.host
