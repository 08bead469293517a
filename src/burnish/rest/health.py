"""Whether the server lives, and whether it is ready to work."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from burnish.errors import BurnishError
from burnish.platform import AsyncPlatform
from burnish.rest.answers import answer
from burnish.rest.problems import problem


class Health:
    """Ready once the store is open, which brings its tables up to date, and until it ends."""

    def __init__(self, platform: AsyncPlatform) -> None:
        self._platform = platform
        self._why = "the server is starting"

    async def begin(self) -> None:
        try:
            await self._platform.db.migrate()
            await self._platform.answered.forget_old()
            await self._platform.buckets().forget()
        except BurnishError as error:
            self._why = str(error)
        else:
            self._why = ""

    def end(self) -> None:
        self._why = "the server is stopping"

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self._live, methods=["GET"]),
            Route("/readyz", self._ready, methods=["GET"]),
        ]

    async def _live(self, _: Request) -> Response:
        return answer({"status": "live"}, 200)

    async def _ready(self, request: Request) -> Response:
        if self._why:
            return problem(503, self._why, request_id=request.scope["request_id"])
        return answer({"status": "ready"}, 200)
