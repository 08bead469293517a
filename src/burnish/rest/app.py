"""The platform as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from http import HTTPStatus
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp

from burnish.errors import BurnishError
from burnish.platform import AsyncPlatform
from burnish.principal import acting
from burnish.rest.answers import JSON, answer, validated
from burnish.rest.audited import audited
from burnish.rest.begun import BEGINNING
from burnish.rest.blamed import pointer_of
from burnish.rest.door import Door, TooLarge
from burnish.rest.entry import Entry, Unasked
from burnish.rest.events import EVENTS_PATH, FOLLOW, STREAM, generated, job_events
from burnish.rest.health import Health
from burnish.rest.hot import Hot, noted
from burnish.rest.limits import Limits, limits_of
from burnish.rest.metrics import Metrics
from burnish.rest.once import once
from burnish.rest.operation import Operation
from burnish.rest.operations import OPERATIONS
from burnish.rest.operations.aliases import ALIASES
from burnish.rest.origins import Origins
from burnish.rest.paths import pattern
from burnish.rest.problems import of_error, problem, waiting
from burnish.rest.projects import Projects
from burnish.rest.request import Refused, arguments
from burnish.rest.signature import Takes, signature_of
from burnish.security.buckets import OwnBuckets
from burnish.security.projects import central_only
from burnish.settings.server_groups import ServerSettings

ROOT, SHORT = "/api/v1", "/api"
_PACKED_FROM = 2_000
_SIGNED = ("author", "by")
Endpoint = Callable[[Request], Awaitable[Response]]


def build(
    platform: AsyncPlatform,
    *,
    names: Sequence[str] = (),
    origins: Sequence[str] = (),
    max_bytes: int,
    work: bool = False,
    asks: ServerSettings | None = None,
) -> ASGIApp:
    """The application of one platform, which it closes when it ends. It may be asked under this
    machine's own names and these. A body may have so many bytes. With `work` it runs queued jobs,
    too. With `asks` it wants a key, bounds what each may ask as these settings have it, and is
    asked under any name. Pages of `origins` may ask beside those of its own."""
    health = Health(platform)
    metrics = Metrics(platform)

    projects = Projects(platform, _working if work else _idle)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncGenerator[None]:
        async with platform:
            await health.begin()
            async with metrics.kept(), projects.opened():
                yield
            health.end()

    routes = [
        *health.routes(),
        metrics.route(),
        *_streams(projects),
        _document(),
        *_operations(projects),
    ]
    packed = Middleware(GZipMiddleware, minimum_size=_PACKED_FROM, compresslevel=5)
    app = Starlette(routes=routes, lifespan=life, middleware=[packed])
    _add_handlers(app, platform)
    limits = None if asks is None else limits_of(platform, asks)
    door = Door(
        Unasked(app, platform)
        if asks is None or limits is None
        else Entry(app, platform, asks, limits),
        platform,
        names=names if asks is None else None,
        max_bytes=max_bytes,
        metrics=metrics,
        origins=Origins(origins),
    )
    return _hot(door, projects, metrics, limits)


def _add_handlers(app: Starlette, platform: AsyncPlatform) -> None:
    app.add_exception_handler(HTTPException, _not_served)
    app.add_exception_handler(TooLarge, _too_large)
    app.add_exception_handler(ClientDisconnect, _broken_off)
    app.add_exception_handler(Exception, _unforeseen(platform))


def _hot(door: Door, projects: Projects, metrics: Metrics, limits: Limits | None) -> ASGIApp:
    if limits is None:
        return Hot(door, projects, metrics, buckets=None)
    if not isinstance(limits.buckets, OwnBuckets):
        # What all processes share has to be asked for each time.
        return door
    return Hot(door, projects, metrics, buckets=limits.buckets, refusals=limits.refusals)


@asynccontextmanager
async def _idle(_: AsyncPlatform) -> AsyncGenerator[None]:
    """Workers of their own run the jobs."""
    yield


@asynccontextmanager
async def _working(platform: AsyncPlatform) -> AsyncGenerator[None]:
    """What still runs at the end is put back, and another worker goes on with it."""
    task = asyncio.create_task(_work(platform))
    await platform.webhooks.begin(platform.settings.webhooks.every_s)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _work(platform: AsyncPlatform) -> None:
    try:
        await platform.jobs.work()
    except BurnishError as error:
        platform.log(logging.ERROR, "jobs are no longer run", error=str(error))


def _operations(projects: Projects) -> list[Route]:
    served = [(f"{ROOT}{pattern(each.path)}", each) for each in OPERATIONS]
    served += [(f"{SHORT}{pattern(each.path)}", each) for each in ALIASES]
    served.sort(key=_reach)
    return [
        Route(path, endpoint(each, projects), methods=[each.method], name=each.name)
        for path, each in served
    ]


def _reach(served: tuple[str, Operation]) -> tuple[bool, int]:
    """What a path ends with, a name that has slashes of its own may end with, too: the routes that
    would take most come last."""
    path, _ = served
    return path.endswith("}"), -path.count("/")


def endpoint(operation: Operation, projects: Projects) -> Endpoint:
    """Types are looked up when it is called for the first time: most servers never need them
    all."""

    @cache
    def takes() -> Takes:
        return signature_of(operation, type(projects.main))

    note = noted(operation)

    async def serve(request: Request) -> Response:
        platform = projects.main if operation.is_central else await projects.here()
        given = signed(operation, await arguments(request, operation, takes()))
        request.scope["given"] = given
        done = await audited(platform, operation, given, lambda: _done(operation, platform, given))
        note(request.scope, given, done)
        told = answer(done, operation.status)
        return validated(request, told) if operation.method == "GET" else told

    kept = serve if operation.has_secret else once(projects, serve)
    return reported(permitted(operation, kept))


def permitted(operation: Operation, serve: Endpoint) -> Endpoint:
    """Asks for the right before anything is read."""

    async def served(request: Request) -> Response:
        request.scope["operation"] = operation
        if not operation.is_open:
            acting().check(operation.right, f"{request.method} {request.scope['path']}")
            if operation.is_central and operation.right == "admin":
                _check_place(operation)
        return await serve(request)

    return served


def _check_place(operation: Operation) -> None:
    """Who has all rights in a project has none of the server's. Raises NotPermitted."""
    if operation.group != "keys" and "{project}" not in operation.path:
        central_only(acting(), operation.call)


def signed(operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
    """Nobody writes another one's name beside what they do."""
    name = acting().name
    if not name or operation.in_query:
        return given
    return {**given, **{each: name for each in _SIGNED if each in given}}


async def _done(operation: Operation, platform: AsyncPlatform, given: dict[str, Any]) -> Any:
    done = await _called(operation, platform, given)
    if operation.is_kept:
        await platform.flush()
    return done


async def _called(operation: Operation, platform: AsyncPlatform, given: dict[str, Any]) -> Any:
    if own := operation.by or BEGINNING.get(operation.call):
        return await own(platform, **given)
    target: Any = platform
    for part in operation.call.split("."):
        target = getattr(target, part)
    done = target(**given) if callable(target) else target
    return await cast("Awaitable[Any]", done) if isinstance(done, Awaitable) else done


def reported(serve: Endpoint) -> Endpoint:
    """What goes wrong as a problem document."""

    async def told(request: Request) -> Response:
        request_id = request.scope["request_id"]
        try:
            return await serve(request)
        except Refused as error:
            errors = [{"pointer": error.pointer, "detail": error.detail}] if error.pointer else []
            return problem(
                error.status,
                error.detail,
                request_id=request_id,
                headers=waiting(error.retry_after_s),
                hint=error.hint,
                errors=errors,
            )
        except BurnishError as error:
            pointer = pointer_of(error, request.scope.get("given", {}))
            return of_error(error, request_id, pointer)

    return told


def _streams(projects: Projects) -> list[Route]:
    return [
        Route(
            f"{ROOT}{STREAM.path}",
            reported(permitted(STREAM, generated(projects))),
            methods=["POST"],
        ),
        Route(
            f"{ROOT}{pattern(EVENTS_PATH)}",
            reported(permitted(FOLLOW, job_events(projects))),
            methods=["GET"],
        ),
    ]


def _document() -> Route:
    @cache
    def document() -> bytes:
        from burnish.rest.openapi import document_bytes

        return document_bytes()

    async def serve(_: Request) -> Response:
        return Response(document(), media_type=JSON)

    return Route("/openapi.json", serve, methods=["GET"])


async def _not_served(request: Request, error: Exception) -> Response:
    """A path that there is not, or a method that it does not take."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(getattr(error, "headers", None) or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = _taken(request)
    detail = f"{request.method} {request.url.path} is not served"
    request_id = request.scope["request_id"]
    return problem(status, detail, request_id=request_id, headers=headers)


def _taken(request: Request) -> str:
    """The methods of every route that has the path: of each, the router knows the first alone."""
    routes = (each for each in request.app.routes if isinstance(each, Route))
    methods = (
        each.methods or () for each in routes if each.matches(request.scope)[0] != Match.NONE
    )
    return ", ".join(sorted({name for each in methods for name in each}))


async def _too_large(request: Request, error: Exception) -> Response:
    return problem(413, str(error), request_id=request.scope["request_id"])


async def _broken_off(request: Request, _: Exception) -> Response:
    """Nobody reads it, but it is logged and counted as what it was."""
    detail = "the request broke off before its body was whole"
    return problem(400, detail, request_id=request.scope["request_id"])


def _unforeseen(platform: AsyncPlatform) -> Callable[[Request, Exception], Awaitable[Response]]:
    """A mistake of ours. The log tells of it, the answer nothing of its inside."""

    async def told(request: Request, error: Exception) -> Response:
        request_id = request.scope["request_id"]
        what = f"{type(error).__name__}: {error}"
        platform.log(logging.ERROR, "failed", request_id, error=what)
        detail = "something went wrong on the server; its log tells more under the request id"
        return problem(500, detail, request_id=request_id)

    return told
