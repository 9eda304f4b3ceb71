"""Addresses under which the page finds the recorded episodes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from liquid_nav.cockpit.access import Access, Role
from liquid_nav.cockpit.library import Library
from liquid_nav.errors import LiquidNavError

T = TypeVar("T")
KEEP = {"Cache-Control": "private, max-age=3600"}  # its address tells a changed file from the one before


class EpisodeRoutes:
    """Serves list, thumbnails, timelines and images to those who may look.

    Args:
        folder: of the recordings.
        access: says who may look.
    """

    def __init__(self, folder: Path, access: Access) -> None:
        self._library = Library(folder)
        self._access = access
        self._one_timeline = asyncio.Semaphore(1)  # several at once would take the processor from the pilot's commands

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/episodes", self._list)
        app.router.add_get("/episodes/{name}/thumbnail", self._thumbnail)
        app.router.add_get("/episodes/{name}/timeline", self._timeline)
        app.router.add_get(r"/episodes/{name}/images/{index:\d{1,7}}", self._image)

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response(await self._read(request, self._library.entries))

    async def _thumbnail(self, request: web.Request) -> web.Response:
        jpeg = await self._read(request, lambda: self._library.thumbnail(request.match_info["name"]))
        return web.Response(body=jpeg, content_type="image/jpeg", headers=KEEP)

    async def _timeline(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        async with self._one_timeline:
            text = await self._read(request, lambda: self._library.replay(name).timeline_json)
        response = web.Response(body=text, content_type="application/json")
        response.enable_compression()  # aiohttp does it in a thread
        return response

    async def _image(self, request: web.Request) -> web.Response:
        name, index = request.match_info["name"], int(request.match_info["index"])
        jpeg = await self._read(request, lambda: self._library.replay(name).image(index))
        return web.Response(body=jpeg, content_type="image/jpeg")

    async def _read(self, request: web.Request, work: Callable[[], T]) -> T:
        """Work in a thread, so that reading files does not keep pilots waiting."""
        if self._access.role(request) is Role.NOBODY:
            raise web.HTTPForbidden(text="open the address with the token that the cockpit has printed\n")
        try:
            return await asyncio.to_thread(work)
        except LiquidNavError as error:
            raise web.HTTPNotFound(text=f"{error}\n") from error
