"""Feedback: taken in, kept, and counted where it says something."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from burnish.errors import BurnishError, Conflict, NotFound, UsageError
from burnish.learning.opinion import Opinion
from burnish.principal import acting
from burnish.prompts.prompt import Prompt, PromptVersion
from burnish.storage.feedback import FeedbackEvent, FeedbackFilter
from burnish.storage.run import Run
from burnish.storage.store import Fetched, Store

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# A beginning of an id. A prompt may have such a name, too: runs are looked for first.
_PART_OF_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f-]{0,27})?", re.IGNORECASE)
_MOST = 1_000

# Records an outcome of the run's unit: the run, a metric and its value. Tells the experiments.
Record = Callable[[str, str, float], Awaitable[list[str]]]


class GivenFeedback(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept; the `experiments` in which it is an outcome; and notes, such as that one of
    them takes no outcomes any more."""

    event: FeedbackEvent
    experiments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class FeedbackPage(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[FeedbackEvent, ...]
    next: str | None = None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is spoken of, as far as it is known."""

    run: Run | None = None
    prompt: Prompt | None = None
    version: PromptVersion | None = None


class AsyncFeedback:
    """`get` reads what a reference means; `open_store` gives the store with every run in it."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        get: Callable[[str], Awaitable[Fetched]],
        record: Record,
        *,
        who: Callable[[], str],
        new_id: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_store = open_store
        self._get = get
        self._record = record
        self._who = who
        self._new_id = new_id
        self._now = now

    async def give(self, target: str, opinion: Opinion, *, learn: bool = True) -> GivenFeedback:
        opinion.check()
        store = await self._open_store()
        of = await self._target(store, target.strip())
        event = self._event(of, opinion, learn=learn)
        await store.feedback.add(event)
        if of.run is None:
            return GivenFeedback(event=event)
        names, notes = await self._outcomes(of.run.id, event)
        return GivenFeedback(event=event, experiments=names, notes=notes)

    async def page(
        self, target: str, where: FeedbackFilter, limit: int, cursor: str | None
    ) -> FeedbackPage:
        if not 1 <= limit <= _MOST:
            raise UsageError(f"a page of {limit} is not possible", hint=f"ask for 1 to {_MOST}")
        if cursor is not None and not _ID.fullmatch(cursor):
            raise UsageError(f"{cursor[:40]!r} is no cursor", hint="give the `next` of a page")
        store = await self._open_store()
        if target:
            where = _of(await self._target(store, target.strip()), where)
        items = await store.feedback.page(where, limit + 1, cursor)
        more = len(items) > limit
        del items[limit:]
        return FeedbackPage(items=tuple(items), next=items[-1].id if more else None)

    async def _target(self, store: Store, given: str) -> Target:
        if not given:
            raise UsageError("nothing is named", hint="name a run, a version or a prompt")
        if _ID.fullmatch(given):
            return await self._by_id(store, given.lower())
        if _PART_OF_ID.fullmatch(given):
            near = await store.runs.by_prefix(given.lower(), 2)
            if len(near) > 1:
                raise Conflict(
                    f"more than one run has an id that begins with {given!r}",
                    hint="give more of it",
                    subject=given,
                )
            if near:
                return await self._of_run(store, near[0])
        found = await self._get(given)
        return Target(prompt=found.prompt, version=found.version)

    async def _by_id(self, store: Store, given: str) -> Target:
        if run := await store.runs.by_id(given):
            return await self._of_run(store, run)
        if version := await store.versions.by_id(given):
            return Target(version=version, prompt=await store.prompts.by_id(version.prompt_id))
        if prompt := await store.prompts.by_id(given):
            return Target(prompt=prompt)
        raise NotFound(
            f"no run, version or prompt has the id {given!r}",
            hint="see burnish runs list",
            subject=given,
        )

    async def _of_run(self, store: Store, run: Run) -> Target:
        if run.version_id is None:
            named = await store.prompts.by_name(run.prompt) if run.prompt else None
            return Target(run=run, prompt=named)
        version = await store.versions.by_id(run.version_id)
        prompt = version and await store.prompts.by_id(version.prompt_id)
        return Target(run=run, version=version, prompt=prompt)

    def _event(self, of: Target, opinion: Opinion, *, learn: bool) -> FeedbackEvent:
        intent, techniques = _made_with(of.version)
        return FeedbackEvent(
            id=self._new_id(),
            kind=opinion.kind,
            value=opinion.value,
            rating=opinion.rating,
            success=opinion.success,
            latency_ms=opinion.latency_ms,
            comment=opinion.comment.strip(),
            prompt_id=of.prompt.id if of.prompt else None,
            prompt=of.prompt.name if of.prompt else "",
            version_id=of.version.id if of.version else None,
            revision=of.version.revision if of.version else None,
            run_id=of.run.id if of.run else None,
            model=of.run.model if of.run else "",
            intent=intent,
            techniques=techniques,
            who=self._who(),
            learn=learn and acting().learn,
            created_at=self._now(),
        )

    async def _outcomes(
        self, run_id: str, event: FeedbackEvent
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Said once, it need not be sent to an experiment again. The event is kept in any case, so
        what an experiment refuses is noted beside it."""
        if event.rating is None:
            return (), ()
        metric = "thumb" if event.kind == "thumb" else "score"
        try:
            return tuple(await self._record(run_id, metric, event.rating)), ()
        except BurnishError as error:
            return (), (f"no outcome of an experiment: {error.what}",)


def _made_with(version: PromptVersion | None) -> tuple[str, tuple[str, ...]]:
    """The intent and the techniques of a version that was generated. Anybody may write metadata."""
    known: dict[str, Any] = version.metadata if version else {}
    intent, given = known.get("intent"), known.get("techniques")
    if not isinstance(intent, str) or not isinstance(given, list):
        return "", ()
    named = [_name(each) for each in cast("list[object]", given)]
    return intent, tuple(dict.fromkeys(filter(None, named)))


def _name(technique: object) -> str:
    found = cast("dict[str, object]", technique).get("name") if isinstance(technique, dict) else ""
    return found if isinstance(found, str) else ""


def _of(target: Target, where: FeedbackFilter) -> FeedbackFilter:
    if target.run is not None:
        return msgspec.structs.replace(where, run_id=target.run.id)
    name = target.prompt.name if target.prompt else ""
    return msgspec.structs.replace(where, prompt=name)
