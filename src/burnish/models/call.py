"""The one way to a model: cached, limited, retried, failing over, priced and recorded."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache as cache_of
from functools import partial
from typing import Any, Protocol

import msgspec

from burnish.errors import (
    AllModelsFailed,
    BurnishError,
    ConnectionLost,
    ModelFailed,
    ModelTimeout,
    OutputRejected,
    UsageError,
)
from burnish.masking import without_secrets
from burnish.models.adapter import Emit
from burnish.models.attempts import CANCELLED, Attempts
from burnish.models.flight import SingleFlight
from burnish.models.hiding import Hiding, ShownPieces, shown
from burnish.models.model import Usage
from burnish.models.question import (
    Answer,
    CallEvent,
    Piece,
    Question,
    Work,
    parameters_of,
    storable,
)
from burnish.models.registry import Registry
from burnish.shapes import decode
from burnish.storage.run import Run


class Cache(Protocol):
    """Where answers are remembered."""

    def get(self, key: str) -> bytes | None: ...
    def put(self, key: str, value: bytes, ttl_s: float) -> None: ...


class Journal(Protocol):
    """Where runs are written. `room` waits while too many are still unwritten."""

    def record(self, run: Run) -> None: ...
    def room(self) -> Awaitable[None]: ...


class Caller:
    """Every call of a platform goes through one of these."""

    def __init__(
        self,
        registry: Registry,
        attempts: Attempts,
        *,
        new_id: Callable[[], str],
        who: Callable[[], str],
        journal: Callable[[], Awaitable[Journal]],
        cache: Cache | None = None,
        ttl_s: float = 3600.0,
        fallbacks: Sequence[str] = (),
        observers: Sequence[Callable[[CallEvent], None]] = (),
        report: Callable[[str], None] = lambda _: None,
        hiding: Hiding | None = None,
    ) -> None:
        self._registry = registry
        self._attempts = attempts
        self._new_id = new_id
        # Asked once: the system looks a login up in a file.
        self._who = cache_of(who)
        self._journal = journal
        self._cache = cache
        self._ttl_s = ttl_s
        self._fallbacks = tuple(fallbacks)
        self._observers = tuple(observers)
        self._report = report
        self._hiding = hiding or Hiding((), (), lambda _: True)
        self._flights: SingleFlight[Answer] = SingleFlight()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def complete(self, question: Question) -> Answer:
        """The whole answer.

        Raises ModelFailed (or AllModelsFailed where there were fallbacks), BudgetExceeded,
        OutputRejected when each answer broke a rule, and UsageError for an unknown model name.
        """
        question = await self._hiding.asked(question, self._names(question))
        return shown(question, await self._answer(question, None))

    async def stream(self, question: Question) -> AsyncGenerator[Piece]:
        """The answer in pieces as they come. Raises as `complete` does; closing the generator
        stops the call."""
        question = await self._hiding.asked(question, self._names(question))
        told = ShownPieces(question)
        pieces: asyncio.Queue[Piece | None] = asyncio.Queue()
        task = asyncio.ensure_future(self._answer(question, pieces.put_nowait))
        task.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                for each in told.of(piece):
                    yield each
            answer = await task
            for each in told.rest():
                yield each
            yield Piece(answer=shown(question, answer))
        finally:
            task.cancel()
            # Whoever left early no longer asks how it ended.
            with suppress(asyncio.CancelledError, BurnishError):
                await task

    async def close(self) -> None:
        """Stops the calls under way; each is recorded as cancelled."""
        self._closing = True
        tasks = self._under_way - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, question: Question, emit: Emit | None) -> Answer:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            return await self._answered(question, emit)
        except asyncio.CancelledError:
            if self._closing and task.uncancel() == 0:
                raise UsageError("the platform was closed meanwhile", hint="open another") from None
            raise
        finally:
            self._under_way.discard(task)

    async def _answered(self, question: Question, emit: Emit | None) -> Answer:
        journal = await self._journal()
        await journal.room()
        key = self._key(question)
        run_id = question.run_id or self._new_id()
        began = time.perf_counter()
        self._observe(CallEvent(kind="begin", run_id=run_id, model=question.model))
        found = None if question.fresh else self._remembered(key, question)
        if found is None and (emit is not None or question.fresh):
            return await self._ask(question, run_id, key, emit, journal)
        if found is None:
            found, is_own = await self._together(question, run_id, key, journal)
            if is_own:
                return found
        answer = _shared(found, run_id, (time.perf_counter() - began) * 1000)
        if emit is not None:
            emit(Piece(answer.text))
        self._finish(journal, question, answer)
        return answer

    async def _together(
        self, question: Question, run_id: str, key: str, journal: Journal
    ) -> tuple[Answer, bool]:
        """The answer, and whether this question's own call gave it. Only questions with the same
        check and budget share a call, so what ends it concerns all of them."""
        call = partial(self._ask, question, run_id, key, None, journal)
        shared = _flight(key, question)
        is_first = shared not in self._flights
        try:
            return await self._flights.do(shared, call)
        except BurnishError as error:
            if not is_first:
                work = Work(question=question, run_id=run_id, began=time.perf_counter())
                self._record_failure(journal, work, question.model, error, run_id)
            raise

    async def _ask(
        self, question: Question, run_id: str, key: str, emit: Emit | None, journal: Journal
    ) -> Answer:
        """Tries the models in their order."""
        causes: list[ModelFailed] = []
        names = self._names(question)
        work = Work(question=question, run_id=run_id, began=time.perf_counter())
        for name in names:
            if name != names[0] and (kept := self._kept_of(name, question)):
                answer = _shared(kept, run_id, (time.perf_counter() - work.began) * 1000)
                self._finish(journal, question, answer)
                return answer
            try:
                answer = await self._tried(work, name, emit, journal)
            except ModelFailed as error:
                causes.append(error)
                is_last = name == names[-1]
                failed_id = run_id if is_last else self._new_id()
                self._record_failure(journal, work, name, error, failed_id)
                work = _next(work)
                if emit is not None and not is_last:
                    emit(Piece(restart=f"{name} failed: {error.what}"))
            else:
                self._finish(journal, question, answer)
                # A stand-in's answer is not what was asked for once the first is back.
                own = key if name == names[0] else self._key_of((name,), question)
                self._remember(own, question, answer)
                return answer
        if len(causes) == 1:
            raise causes[0]
        raise AllModelsFailed(
            "every model failed: "
            + "; ".join(f"{name}: {e.what}" for name, e in zip(names, causes, strict=True)),
            causes=tuple(causes),
            hint="see burnish models check",
        )

    async def _tried(self, work: Work, name: str, emit: Emit | None, journal: Journal) -> Answer:
        try:
            return await self._attempts.run(work, name, emit, self._observe)
        except ModelFailed:
            raise
        except BurnishError as error:
            self._record_failure(journal, work, name, error, work.run_id)
            raise
        except asyncio.CancelledError:
            if work.requests:  # the provider has it, and may bill it
                self._record_failure(journal, work, name, None, work.run_id)
            raise

    def _remember(self, key: str, question: Question, answer: Answer) -> None:
        kept = self._hiding.to_keep(question, answer) if self._cache is not None else None
        if self._cache is not None and kept is not None:
            self._cache.put(key, msgspec.json.encode(kept), self._ttl_s)

    def _remembered(self, key: str, question: Question) -> Answer | None:
        stored = self._cache.get(key) if self._cache is not None else None
        if stored is None:
            return None
        try:
            answer = self._hiding.remembered(question, decode(stored, Answer))
        except msgspec.DecodeError:  # written by another version: as good as none
            return None
        refused = question.check is not None and question.check(answer.text)
        return None if refused else answer

    def _key(self, question: Question) -> str:
        """Over the whole request, the models that may answer, and where they are."""
        return self._key_of(self._names(question), question)

    def _names(self, question: Question) -> tuple[str, ...]:
        """The models that may answer, in their order."""
        usual = () if question.alone else self._fallbacks
        return tuple(dict.fromkeys((question.model, *(question.fallbacks or usual))))

    def _kept_of(self, name: str, question: Question) -> Answer | None:
        """What a stand-in answered before."""
        if question.fresh:
            return None
        return self._remembered(self._key_of((name,), question), question)

    def _key_of(self, names: tuple[str, ...], question: Question) -> str:
        places = [self._registry.address(name) for name in names]
        try:
            body = msgspec.json.encode([names, places, question.request("")], order="deterministic")
        except UnicodeEncodeError:
            raise UsageError(
                "a message holds half of a surrogate pair, which is no character",
                hint="remove it and try again",
            ) from None
        return hashlib.sha256(body).hexdigest()

    def _finish(self, journal: Journal, question: Question, answer: Answer) -> None:
        self._observe(
            CallEvent(
                kind="end",
                run_id=answer.run_id,
                model=answer.model,
                latency_ms=answer.latency_ms,
                usage=answer.usage,
                cost_usd=answer.cost_usd,
                cached=answer.cached,
            )
        )
        used = Usage() if answer.cached else answer.usage
        journal.record(
            self._run(
                question,
                answer.run_id,
                model=answer.model,
                output=shown(question, answer).text,
                input_tokens=used.input_tokens or 0,
                output_tokens=used.output_tokens or 0,
                cached_tokens=used.cached_tokens,
                estimated=answer.estimated,
                cost_usd=answer.cost_usd,
                latency_ms=answer.latency_ms,
                requests=answer.requests,
                retries=answer.retries,
                cached=answer.cached,
                valid=None if question.check is None else True,
                attempts=answer.attempts,
            )
        )

    def _record_failure(
        self, journal: Journal, work: Work, name: str, error: BurnishError | None, run_id: str
    ) -> None:
        """Without an error the call was cancelled."""
        what = CANCELLED if error is None else storable(error.what)
        self._observe(CallEvent(kind="end", run_id=run_id, model=name, error=what))
        journal.record(
            self._run(
                work.question,
                run_id,
                model=name,
                error=what if error is None else f"{error.code}: {what}",
                input_tokens=work.input_tokens,
                output_tokens=work.output_tokens,
                cached_tokens=work.cached_tokens,
                estimated=work.estimated,
                cost_usd=self._cost_of_failure(work, name, error),
                latency_ms=(time.perf_counter() - work.began) * 1000,
                requests=work.requests,
                retries=work.retries,
                valid=False if isinstance(error, OutputRejected) else None,
                attempts=tuple(work.attempts),
            )
        )

    def _cost_of_failure(self, work: Work, name: str, error: BurnishError | None) -> float | None:
        """Unknown where a provider may have worked on what nobody got."""
        unheard = error is None or isinstance(error, ModelTimeout | ConnectionLost)
        if not unheard or not work.requests:
            return work.cost_usd
        return 0.0 if self._registry.preset(self._registry.parse(name)[0]).local else None

    def _run(self, question: Question, run_id: str, **result: object) -> Run:
        return Run(
            id=run_id,
            kind=question.kind,
            version_id=question.version_id,
            prompt=question.prompt,
            parameters=parameters_of(question),
            input=question.messages if question.hidden is None else question.hidden.messages,
            parent_id=question.parent_id,
            phase=question.phase,
            trace_id=question.trace_id,
            who=self._who(),
            created_at=datetime.now(UTC),
            **result,  # pyright: ignore[reportArgumentType]
        )

    def _observe(self, event: CallEvent) -> None:
        for observer in self._observers:
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001
                # Somebody else's code beside the call; the call goes on, and the log says so.
                self._report(f"{type(error).__name__}: {without_secrets(str(error))[:200]}")


def _flight(key: str, question: Question) -> Hashable:
    check: Any = getattr(question.check, "__self__", question.check)
    try:
        hash(check)
    except TypeError:
        check = id(check)
    budget = question.budget
    return key, check, id(budget) if budget is not None and budget.is_bounded else None


def _shared(answer: Answer, run_id: str, latency_ms: float) -> Answer:
    """The same answer for somebody who made no call of their own, and pays for none."""
    return msgspec.structs.replace(
        answer,
        run_id=run_id,
        cached=True,
        requests=0,
        retries=0,
        cost_usd=0.0,
        first_cost_usd=answer.cost_usd,
        latency_ms=latency_ms,
        attempts=(),
    )


def _next(work: Work) -> Work:
    """What goes on to the next model: its run lists the attempts before it."""
    return Work(
        question=work.question,
        run_id=work.run_id,
        began=time.perf_counter(),
        attempts=list(work.attempts),
    )
