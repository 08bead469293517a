"""What is told while it happens: server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from burnish.errors import BurnishError
from burnish.generation.event import GenerationEvent
from burnish.rest.operation import Operation
from burnish.rest.paths import plain
from burnish.rest.problems import of_error
from burnish.rest.projects import Projects
from burnish.rest.request import arguments
from burnish.rest.signature import signature_of
from burnish.storage.job import Job

Told = GenerationEvent | Job
EVENT_STREAM = "text/event-stream"
# A comment, which is no event.
ALIVE, ALIVE_S = b": still here\n\n", 10.0
EVENTS_PATH = "/jobs/{job_id}/events"
STREAM = Operation(
    call="generate_stream",
    method="POST",
    path="/generate/stream",
    right="write",
    example={"idea": "summarise support tickets for the weekly report"},
)
FOLLOW = Operation(call="jobs.watch", method="GET", path=EVENTS_PATH, right="read")


def generated(projects: Projects) -> Callable[[Request], Awaitable[Response]]:
    """A generation, phase by phase; the last event has the whole."""

    async def serve(request: Request) -> Response:
        platform = await projects.here()
        takes = signature_of(STREAM, type(platform))
        given = await arguments(request, STREAM, takes)
        return await _events(platform.generate_stream(**given), request.scope["request_id"])

    return serve


def job_events(projects: Projects) -> Callable[[Request], Awaitable[Response]]:
    """A job whenever it has gone on, until it has ended."""

    async def serve(request: Request) -> Response:
        platform = await projects.here()
        job = await platform.jobs.get(plain(request.path_params["job_id"]))
        return await _events(platform.jobs.watch(job.id), request.scope["request_id"])

    return serve


async def _events(source: AsyncGenerator[Told], request_id: str) -> Response:
    """What goes wrong before the first event is answered as anywhere else."""
    first = await anext(source)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    written = _written(first, source, request_id)
    return StreamingResponse(written, media_type=EVENT_STREAM, headers=headers)


async def _written(
    first: Told, source: AsyncGenerator[Told], request_id: str
) -> AsyncGenerator[bytes]:
    try:
        yield _told(first)
        async for each in _alive(source):
            yield ALIVE if each is None else _told(each)
    except BurnishError as error:
        # The status is sent already: the last event has what would have been the answer.
        yield _event("problem", bytes(of_error(error, request_id).body))
    finally:
        await source.aclose()


async def _alive(source: AsyncGenerator[Told]) -> AsyncGenerator[Told | None]:
    """None where nothing happens for long: who listens knows that somebody is there, and what
    stands between does not take the connection for dead."""
    following = asyncio.ensure_future(anext(source, None))
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=ALIVE_S)
            if not done:
                yield None
                continue
            each = following.result()
            if each is None:
                return
            yield each
            following = asyncio.ensure_future(anext(source, None))
    finally:
        following.cancel()
        await asyncio.wait({following})


def _told(each: Told) -> bytes:
    kind = "job" if isinstance(each, Job) else each.kind
    return _event(kind, msgspec.json.encode(each))


def _event(kind: str, data: bytes) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"
