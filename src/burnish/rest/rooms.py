"""The rooms of a server's platform, as a client enters them."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from burnish import shapes
from burnish.errors import NotFound
from burnish.rest.events import EVENTS_PATH
from burnish.rest.faults import raised
from burnish.rest.paths import filled
from burnish.rest.remote import Ask, ask, operation_of, read, takes_of
from burnish.rest.sending import Sending
from burnish.rest.wire import Wire
from burnish.storage.job import Job

if TYPE_CHECKING:
    from burnish.experiments.recording import ManyRecorded, Recorded
    from burnish.learning import Opinion
    from burnish.storage.feedback import FeedbackEvent

AWAY = "the server is away, and hears it later"
# They change nothing that is kept here.
_READING = frozenset({"read", "run"})
Changed = Callable[[str, bool], None]


def operation(wire: Wire, call: str, changed: Changed | None = None) -> Callable[..., Any]:
    """The call as a coroutine. `changed` is told the name of the prompt that it changes, empty
    for any, and whether it is gone."""
    served = operation_of(call)
    tells = changed is not None and served.method != "GET" and served.right not in _READING

    async def asked(*args: Any, **kwargs: Any) -> Any:
        answer = read(call, await wire.send(ask(call, args, kwargs)))
        if changed is not None and (tells or "save" in kwargs):
            changed(_named(call, args, kwargs), call == "prompts.delete")
        return answer

    return asked


def _named(call: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """The prompt that it is about."""
    if not call.startswith("prompts."):
        return ""
    bound = inspect.signature(takes_of(call).method).bind(None, *args, **kwargs).arguments
    return str(bound.get("name") or "")


def unheard(target: str, opinion: Opinion, *, learn: bool) -> FeedbackEvent:
    """What is known of it here: it has no id so far."""
    from burnish.storage.feedback import FeedbackEvent

    return FeedbackEvent(
        id="",
        kind=opinion.kind,
        value=opinion.value,
        rating=opinion.rating,
        success=opinion.success,
        latency_ms=opinion.latency_ms,
        comment=opinion.comment.strip(),
        prompt=target,
        learn=learn,
        created_at=datetime.now(UTC),
    )


class Room:
    """What stands behind a name of the platform."""

    def __init__(self, wire: Wire, call: str, changed: Changed | None = None) -> None:
        self._wire = wire
        self._call = call
        self._changed = changed

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return operation(self._wire, f"{self._call}.{name}", self._changed)


class Jobs(Room):
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


class Experiments(Room):
    """Outcomes wait for nobody."""

    def __init__(self, wire: Wire, call: str, changed: Changed, sending: Sending) -> None:
        super().__init__(wire, call, changed)
        self._sending = sending

    async def record(self, name: str = "", **outcome: Any) -> Recorded:
        from burnish.experiments.recording import Recorded

        def instead() -> Recorded:
            unit, metric = str(outcome.get("unit", "")), str(outcome.get("metric", ""))
            return Recorded(experiment=name, unit=unit, metric=metric, state="waiting", note=AWAY)

        now = outcome.get("at") or datetime.now(UTC).isoformat()
        return await self._sending.say(
            "experiments.record", {"name": name, **outcome}, instead, at=now
        )

    async def record_many(self, rows: Any, **options: Any) -> ManyRecorded:
        from burnish.experiments.recording import ManyRecorded

        given = rows if isinstance(rows, str) or hasattr(rows, "open") else list(rows)
        return await self._sending.say(
            "experiments.record_many",
            {"rows": given, **options},
            lambda: ManyRecorded(waiting=len(given), notes=(AWAY,)),
        )
