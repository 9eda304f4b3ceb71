"""The cockpit's web server: pages look at a board and command a vehicle."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path

from aiohttp import WSMsgType, web

from liquid_nav import __version__
from liquid_nav.cockpit.access import Access, Role, same_site
from liquid_nav.cockpit.board import Board
from liquid_nav.cockpit.config import CockpitConfig
from liquid_nav.cockpit.connection import Connection
from liquid_nav.cockpit.controls import Controls
from liquid_nav.cockpit.episode_routes import EpisodeRoutes
from liquid_nav.cockpit.pilot import Pilot
from liquid_nav.cockpit.vehicle import Vehicle
from liquid_nav.cockpit.wishes import WishError, read_wish
from liquid_nav.errors import ConfigError

PAGE = Path(__file__).parent / "page"
WATCH_S = 0.03
REFUSED = 4401
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # the address of this machine for one that stands for all
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Cockpit:
    """Serves the page.

    Args:
        config: where and for whom.
        vehicle: that is commanded.
        board: what is shown; the caller keeps it fresh and calls :meth:`wake`.
        token: of the pilot, a new one when None.
    """

    def __init__(
        self, config: CockpitConfig, vehicle: Vehicle, board: Board, *, token: str | None = None
    ) -> None:
        self.config, self.board = config, board
        self.access = Access(config.port, look=config.look, token=token)
        self.controls = Controls(config.loss_s)
        self.pilot = Pilot(config, vehicle, board, self.controls)
        self._connections: set[Connection] = set()
        self._runner: web.AppRunner | None = None
        self._watcher: asyncio.Task[None] | None = None

    def application(self) -> web.Application:
        """Return the routes, without a socket."""
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_get("/socket", self._socket)
        app.router.add_static("/page", PAGE)
        if self.config.episodes is not None:
            EpisodeRoutes(self.config.episodes, self.access).add_to(app)
        app.on_response_prepare.append(_add_headers)
        app.on_startup.append(self._on_startup)
        app.on_shutdown.append(self._on_shutdown)
        return app

    async def start(self) -> str:
        """Listen; return the address for the pilot, with its token.

        Raises:
            ConfigError: when the port is taken or the host is not this machine's.
        """
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.config.host, self.config.port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(
                f"{self.config.host}:{self.config.port} cannot be listened on ({error.strerror}): choose another port"
            ) from error
        host, port = self._runner.addresses[0][:2]
        host = LOOPBACK.get(host, host)
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/?token={self.access.token}"

    async def stop(self) -> None:
        """Close every page."""
        if self._runner is not None:
            await self._runner.cleanup()

    def wake(self) -> None:
        """Say that the board has something that should not wait."""
        for connection in self._connections:
            connection.wake()

    async def _on_startup(self, app: web.Application) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _on_shutdown(self, app: web.Application) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        for connection in list(self._connections):
            await connection.socket.close(message=b"the cockpit ends")
        await self.pilot.finish()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            self.pilot.watch(time.monotonic())

    async def _page(self, request: web.Request) -> web.StreamResponse:
        token = request.query.get("token")
        if token is None:
            return web.FileResponse(PAGE / "index.html")
        forward = web.HTTPSeeOther("/")  # the token does not stay in the address and the history
        if self.access.knows(token):
            self.access.remember(forward)
        raise forward

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not same_site(request):
            raise web.HTTPForbidden(text="only the cockpit's own page may connect\n")
        socket = web.WebSocketResponse(heartbeat=5.0, max_msg_size=16384)
        await socket.prepare(request)
        role = self.access.role(request)
        if role is Role.NOBODY:
            await socket.close(code=REFUSED, message=b"open the address with the token that the cockpit has printed")
            return socket
        connection = Connection(socket, role, self.board)
        connection.answer(
            kind="hello",
            role=role.value,
            software=__version__,
            limits=[self.config.max_speed_m_s, self.config.max_yaw_rate_rad_s],
        )
        self._connections.add(connection)
        sender = asyncio.create_task(self._send(connection))
        try:
            await self._listen(connection)
        finally:
            self._connections.discard(connection)
            self.pilot.lose(connection, "the page that had the controls is gone")
            sender.cancel()
            with suppress(asyncio.CancelledError):
                await sender
        return socket

    async def _send(self, connection: Connection) -> None:
        """Send until the page is gone; a page that nothing can be sent to must not fly blind."""
        try:
            await connection.send_all(lambda: self.pilot.controls_of(connection))
        except Exception as error:
            self.board.tell(f"a page was closed: nothing can be sent to it ({type(error).__name__}: {error})", "bad")
        await connection.socket.close(message=b"the cockpit cannot send")

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            now_s = time.monotonic()
            try:
                wish = read_wish(message.data)
            except WishError as error:
                connection.answer(kind="refused", text=str(error))
                if connection.mistake(now_s):
                    await connection.socket.close(message=b"too many messages that cannot be understood")
                    return
                continue
            try:
                self.pilot.take(connection, wish, now_s)
            except WishError as error:
                connection.answer(kind="refused", text=str(error))


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache")
