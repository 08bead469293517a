"""The platform of a server, with the same surface as one that is opened here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from burnish import shapes
from burnish._sync import LoopThread, blocking
from burnish.errors import StoreError, UsageError
from burnish.platform import AsyncPlatform
from burnish.rest.begun import BegunEvaluation, BegunOptimization
from burnish.rest.client_prompts import ClientPrompts
from burnish.rest.events import STREAM
from burnish.rest.faults import raised
from burnish.rest.files import texts_at
from burnish.rest.kept import Kept, kept_at, warn
from burnish.rest.operations import OPERATIONS
from burnish.rest.outbox import Outbox
from burnish.rest.remote import ask
from burnish.rest.rooms import AWAY, Experiments, Jobs, Room, operation, unheard
from burnish.rest.sending import OutboxState, Sending
from burnish.rest.wire import Wire, new_key
from burnish.storage.job import Job
from burnish.sync_platform import Platform

if TYPE_CHECKING:
    from burnish.evals.registry import Scorers
    from burnish.evals.room import Evaluated
    from burnish.generation.event import GenerationEvent
    from burnish.generation.persona import Persona
    from burnish.learning import GivenFeedback
    from burnish.library.files.take_out import Exported
    from burnish.library.template_files import ImportReport
    from burnish.optimizers.room import ShownOptimization
    from burnish.storage.run import Run
    from burnish.techniques import Catalog

_TIMEOUT_S, _TTL_S = 120.0, 60.0
# What is kept on this disk: in the data folder, unless another is given; None keeps nothing.
Folder = str | Path | None
_USUAL = ""


class _Asking:
    """Every method of the platform that a server has an operation for."""

    def __init__(self, wire: Wire, kept: Kept) -> None:
        self._wire = wire
        self._sending = Sending(wire, Outbox(kept.outbox, warn))
        self.prompts = ClientPrompts(
            wire, self._sending, warn, ttl_s=kept.ttl_s, known=kept.last_known
        )
        self.experiments = Experiments(wire, "experiments", self.prompts.changed, self._sending)
        self.jobs = Jobs(wire, "jobs")
        self._rooms: dict[str, Room] = {}

    def __getattr__(self, name: str) -> Any:
        if name in _ROOMS:
            return self._rooms.setdefault(name, Room(self._wire, name, self.prompts.changed))
        if name in _AT_ONCE:
            raise UsageError(
                f"{name} waits for nothing, and a server has to be waited for",
                hint="use burnish.Client, or the route of that name",
            )
        return operation(self._wire, name, self.prompts.changed)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def new_id(self) -> str:
        return new_key()

    async def close(self) -> None:
        self.prompts.close()
        await self._sending.close()
        await self._wire.close()

    async def flush(self) -> None:
        """Returns when the server has heard everything that was said. Raises Unavailable where it
        is away: what waits is kept, and sent when it answers."""
        self.prompts.hand_over()
        await self._sending.flush()

    async def outbox(self) -> OutboxState:
        """What the server has not heard so far."""
        return self._sending.state

    async def feedback(self, target: str, *, learn: bool = True, **said: Any) -> GivenFeedback:
        from burnish.learning import GivenFeedback, Opinion

        opinion = Opinion(**said)
        opinion.check()
        return await self._sending.say(
            "feedback",
            {"target": target, "learn": learn, **said},
            lambda: GivenFeedback(event=unheard(target, opinion, learn=learn), notes=(AWAY,)),
        )

    async def record_run(self, run: Run) -> None:
        self._sending.put("record_run", ask("record_run", (run,), {}))

    async def generate_stream(self, *args: Any, **kwargs: Any) -> AsyncGenerator[GenerationEvent]:
        from burnish.generation.event import GenerationEvent

        async for kind, data in self._wire.stream(ask(STREAM.call, args, kwargs)):
            if kind == "problem":
                raise raised(500, data)
            if kind == "done":
                self.prompts.changed("")
            yield shapes.decode(data, GenerationEvent)

    async def evaluate(self, *args: Any, **kwargs: Any) -> Evaluated:
        begun: BegunEvaluation = await operation(self._wire, "evaluate")(*args, **kwargs)
        await self._ended(begun.job)
        return await self.evaluations.report(begun.evaluation.id)

    async def optimize(self, *args: Any, **kwargs: Any) -> ShownOptimization:
        begun: BegunOptimization = await operation(self._wire, "optimize")(*args, **kwargs)
        await self._ended(begun.job)
        self.prompts.changed("")
        return await self.optimizations.show(begun.optimization.id)

    async def import_(self, path: str | Path, **options: Any) -> ImportReport:
        files = await asyncio.to_thread(texts_at, Path(path))
        changing = operation(self._wire, "import_", self.prompts.changed)
        return await changing(files, **options)

    async def export_(self, target: str | Path | None = None, **options: Any) -> Exported:
        from burnish.library.files.take_out import refuse_several, usual_format, write_files

        replace = options.pop("replace", False)
        asked = {**options, "format": options.get("format") or usual_format(target)}
        made: Exported = await operation(self._wire, "export_")(**asked)
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
        def __init__(
            self,
            url: str,
            key: str = "",
            *,
            timeout_s: float = _TIMEOUT_S,
            project: str = "",
            ttl_s: float = _TTL_S,
            folder: Folder = _USUAL,
        ) -> None: ...

        async def outbox(self) -> OutboxState: ...

else:

    class AsyncClient(_Asking):
        """`burnish.open_async()` of a server: `async with burnish.AsyncClient(url, key) as p: …`.
        The parameters are those of `burnish.Client`."""

        def __init__(
            self,
            url: str,
            key: str = "",
            *,
            timeout_s: float = _TIMEOUT_S,
            project: str = "",
            ttl_s: float = _TTL_S,
            folder: Folder = _USUAL,
        ) -> None:
            wire = Wire(url, key, timeout_s, project)
            super().__init__(wire, kept_at(folder, f"{url} {project}", key, ttl_s))


class Client(Platform):
    """`burnish.open()` of a server: the same methods, asked over HTTP.

    `key` is an API key where the server wants one, `project` one of its projects. Prompts are
    answered from memory, and looked at again after `ttl_s`; while the server is away, as they were
    last known. Runs, feedback and outcomes that it cannot hear are sent when it can. `folder` is
    where both are kept for the next process: in the data folder, unless another is given; None
    keeps nothing.

    What only works where the data is (paths of files, functions) raises UsageError, and what needs
    an answer Unavailable where no server gives one.
    """

    analyze = blocking(AsyncPlatform.analyze)
    redact = blocking(AsyncPlatform.redact)

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        timeout_s: float = _TIMEOUT_S,
        project: str = "",
        ttl_s: float = _TTL_S,
        folder: Folder = _USUAL,
    ) -> None:
        self._wire = Wire(url, key, timeout_s, project)
        self._asking = _Asking(self._wire, kept_at(folder, f"{url} {project}", key, ttl_s))
        super().__init__(cast("AsyncPlatform", self._asking), LoopThread())

    def outbox(self) -> OutboxState:
        """What the server has not heard so far."""
        return self._loop.run(self._asking.outbox())

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
        return self._loop.run(operation(self._wire, "personas")())


class _AtOnce:
    """A room whose methods wait for nothing where the library is: here they wait themselves."""

    def __init__(self, wire: Wire, call: str, loop: LoopThread) -> None:
        self._wire = wire
        self._call = call
        self._loop = loop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        asked = operation(self._wire, f"{self._call}.{name}")
        return lambda *args, **kwargs: self._loop.run(asked(*args, **kwargs))
