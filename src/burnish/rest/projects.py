"""The platforms of a server: its own, and one for each project."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from starlette.datastructures import Headers
from starlette.types import Scope

from burnish.platform import AsyncPlatform
from burnish.principal import acting

HEADER = "burnish-project"
Working = Callable[[AsyncPlatform], AbstractAsyncContextManager[None]]


class Projects:
    """Each is opened when it is first asked for, and works from then on as the server's own does:
    `working` says how. At its begin the server opens those that there are, for their queued jobs
    and webhooks wait for nobody to ask."""

    def __init__(self, main: AsyncPlatform, working: Working) -> None:
        self.main = main
        self._working = working
        self._open: dict[str, AsyncPlatform] = {}
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        async with self._stack:
            await self._stack.enter_async_context(self._working(self.main))
            for project in await self.main.projects.list():
                await self.of(project.name)
            yield

    async def here(self) -> AsyncPlatform:
        """Where whoever acts does what they do."""
        return await self.of(acting().project)

    async def of(self, name: str) -> AsyncPlatform:
        if not name:
            return self.main
        found = self._open.get(name)
        if found is not None:
            return found
        async with self._opening:
            if name not in self._open:
                platform = self.main.of_project(name)
                await self._stack.enter_async_context(platform)
                await platform.db.migrate()
                await self._stack.enter_async_context(self._working(platform))
                self._open[name] = platform
            return self._open[name]

    def at_once(self, name: str) -> AsyncPlatform | None:
        """One that is open."""
        return self._open.get(name) if name else self.main


def asked_for(scope: Scope) -> str:
    """The project that a request names."""
    return Headers(scope=scope).get(HEADER, "").strip()
