"""The server in a thread of its own, for programs whose main thread belongs to something else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

from liquid_nav.cockpit.server import Cockpit

START_S = 10.0
STOP_S = 5.0


class BackgroundCockpit:
    """Runs a cockpit beside the caller.

    Args:
        make: makes the cockpit; called in the server's thread.

    Attributes:
        address: with the pilot's token.

    Raises:
        ConfigError: when it cannot listen.
    """

    def __init__(self, make: Callable[[asyncio.AbstractEventLoop], Cockpit]) -> None:
        started: Future[str] = Future()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(make, started), name="cockpit", daemon=True)
        self._thread.start()
        self.address = started.result(START_S)

    def post(self, work: Callable[..., object], *arguments: object) -> None:
        """Call something in the server's thread, soon and in order; dropped when the server has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work, *arguments)

    def close(self) -> None:
        """End the server and its thread."""
        self.post(self._end.set)
        self._thread.join(STOP_S)

    def _run(self, make: Callable[[asyncio.AbstractEventLoop], Cockpit], started: Future[str]) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve(make, started))
        finally:
            self._loop.close()

    async def _serve(self, make: Callable[[asyncio.AbstractEventLoop], Cockpit], started: Future[str]) -> None:
        try:
            cockpit = make(self._loop)
            started.set_result(await cockpit.start())
        except Exception as error:  # the starter is the one who can tell the user
            started.set_exception(error)
            return
        await self._end.wait()
        await cockpit.stop()
