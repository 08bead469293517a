"""The platform of a server, with the same surface as one that is opened here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from burnish import shapes
from burnish._sync import LoopThread, blocking
from burnish.errors import NotFound, StoreError, UsageError
from burnish.platform import AsyncPlatform
from burnish.rest.begun import BegunEvaluation, BegunOptimization
from burnish.rest.events import EVENTS_PATH, STREAM
from burnish.rest.faults import raised
from burnish.rest.files import texts_at
from burnish.rest.operations import OPERATIONS
from burnish.rest.paths import filled
from burnish.rest.remote import Ask, ask, operation_of, read
from burnish.rest.wire import Wire
from burnish.storage.job import Job
from burnish.sync_platform import Platform

if TYPE_CHECKING:
    from burnish.evals.registry import Scorers
    from burnish.evals.room import Evaluated
    from burnish.generation.event import GenerationEvent
    from burnish.generation.persona import Persona
    from burnish.library.files.take_out import Exported
    from burnish.library.template_files import ImportReport
    from burnish.optimizers.room import ShownOptimization
    from burnish.techniques import Catalog

_TIMEOUT_S = 120.0


class _Room:
    """What stands behind a name of the platform."""

    # The cache of versions that the sync face reads without a call.
    fresh: Mapping[str, Mapping[str | None, Any]] = {}

    def __init__(self, wire: Wire, call: str) -> None:
        self._wire = wire
        self._call = call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return _operation(self._wire, f"{self._call}.{name}")

    def get_cached(self, *_: object) -> None:
        """Nothing of a server is kept here."""


class _Jobs(_Room):
    async def watch(self, job_id: str) -> AsyncGenerator[Job]:
        path = filled(EVENTS_PATH, {"job_id": job_id})
        async for kind, data in self._wire.stream(Ask(method="GET", path=path)):
            if kind == "problem":
                raise raised(500, data)
            if kind == "job":
                yield shapes.decode(data, Job)

    async def wait(self, job_id: str) -> Job:
        job = None
        async for job in self.watch(job_id):  # noqa: B007 - the last one is the result
            pass
        if job is None:
            raise NotFound(f"no job has the id {job_id!r}", subject=job_id)
        return job


def _operation(wire: Wire, call: str) -> Callable[..., Any]:
    operation_of(call)

    async def asked(*args: Any, **kwargs: Any) -> Any:
        return read(call, await wire.send(ask(call, args, kwargs)))

    return asked


class _Asking:
    """Every method of the platform that a server has an operation for."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rooms: dict[str, _Room] = {}

    def __getattr__(self, name: str) -> Any:
        if name in _ROOMS:
            kind = _Jobs if name == "jobs" else _Room
            return self._rooms.setdefault(name, kind(self._wire, name))
        if name in _AT_ONCE:
            raise UsageError(
                f"{name} waits for nothing, and a server has to be waited for",
                hint="use burnish.Client, or the route of that name",
            )
        return _operation(self._wire, name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._wire.close()

    async def flush(self) -> None:
        """Nothing waits here: all was handed to the server by its call."""

    async def generate_stream(self, *args: Any, **kwargs: Any) -> AsyncGenerator[GenerationEvent]:
        from burnish.generation.event import GenerationEvent

        async for kind, data in self._wire.stream(ask(STREAM.call, args, kwargs)):
            if kind == "problem":
                raise raised(500, data)
            yield shapes.decode(data, GenerationEvent)

    async def evaluate(self, *args: Any, **kwargs: Any) -> Evaluated:
        begun: BegunEvaluation = await _operation(self._wire, "evaluate")(*args, **kwargs)
        await self._ended(begun.job)
        return await self.evaluations.report(begun.evaluation.id)

    async def optimize(self, *args: Any, **kwargs: Any) -> ShownOptimization:
        begun: BegunOptimization = await _operation(self._wire, "optimize")(*args, **kwargs)
        await self._ended(begun.job)
        return await self.optimizations.show(begun.optimization.id)

    async def import_(self, path: str | Path, **options: Any) -> ImportReport:
        files = await asyncio.to_thread(texts_at, Path(path))
        return await _operation(self._wire, "import_")(files, **options)

    async def export_(self, target: str | Path | None = None, **options: Any) -> Exported:
        from burnish.library.files.take_out import refuse_several, usual_format, write_files

        replace = options.pop("replace", False)
        asked = {**options, "format": options.get("format") or usual_format(target)}
        made: Exported = await _operation(self._wire, "export_")(**asked)
        if not options.get("format"):
            refuse_several(made, target)
        if target is not None:
            await asyncio.to_thread(write_files, made.files, Path(target), replace=replace)
        return made

    async def _ended(self, job: Job) -> None:
        """Raises what the job failed of."""
        done: Job = await self.jobs.wait(job.id)
        if done.state == "failed":
            raise StoreError(done.error or f"the job {job.id} failed", subject=job.id)
        if done.state == "cancelled":
            raise UsageError(f"the job {job.id} was cancelled", hint="begin it anew")


# What waits for nothing where the library is has no coroutines there, so it cannot have them here.
_AT_ONCE = frozenset({"catalog", "scorers", "personas"})
_ROOMS = frozenset(
    {room for each in OPERATIONS for room, dot, _ in [each.call.partition(".")] if dot} - _AT_ONCE
)

if TYPE_CHECKING:

    class AsyncClient(AsyncPlatform):
        def __init__(self, url: str, key: str = "", *, timeout_s: float = _TIMEOUT_S) -> None: ...

else:

    class AsyncClient(_Asking):
        """`burnish.open_async()` of a server: `async with burnish.AsyncClient(url, key) as p: …`.

        What only works where the data is (paths of files, functions) raises UsageError.
        """

        def __init__(self, url: str, key: str = "", *, timeout_s: float = _TIMEOUT_S) -> None:
            super().__init__(Wire(url, key, timeout_s))


class Client(Platform):
    """`burnish.open()` of a server: the same methods, asked over HTTP.

    `key` is an API key where the server wants one. What only works where the data is (paths of
    files, functions) raises UsageError, an address where no server answers Unavailable.
    """

    analyze = blocking(AsyncPlatform.analyze)
    redact = blocking(AsyncPlatform.redact)

    def __init__(self, url: str, key: str = "", *, timeout_s: float = _TIMEOUT_S) -> None:
        wire = Wire(url, key, timeout_s)
        self._wire = wire
        super().__init__(cast("AsyncPlatform", _Asking(wire)), LoopThread())

    @property
    def catalog(self) -> Catalog:
        """All techniques of the server: list, get."""
        return cast("Catalog", _AtOnce(self._wire, "catalog", self._loop))

    @property
    def scorers(self) -> Scorers:
        """All scorers of the server: list, describe."""
        return cast("Scorers", _AtOnce(self._wire, "scorers", self._loop))

    @property
    def personas(self) -> dict[str, Persona]:
        """All personas of the server by name."""
        return self._loop.run(_operation(self._wire, "personas")())


class _AtOnce:
    """A room whose methods wait for nothing where the library is: here they wait themselves."""

    def __init__(self, wire: Wire, call: str, loop: LoopThread) -> None:
        self._wire = wire
        self._call = call
        self._loop = loop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        asked = _operation(self._wire, f"{self._call}.{name}")
        return lambda *args, **kwargs: self._loop.run(asked(*args, **kwargs))
