"""Plays a search: does what it asks for, writes down what came of it, and goes on after a kill.

What a search asks for follows from what it was told, so that one which is played again from the
beginning with what was written down arrives where it was, and nothing is paid twice."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from msgspec import Struct, structs

from burnish.errors import Conflict
from burnish.optimizers.ask import Ask, Drafts, Measure, Measured, Pair, Propose
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.problem import Problem, Search
from burnish.optimizers.stops import Stop

Tell = Callable[[], Awaitable[None]]
_TELL_S = 1.0
USED_UP = "the budget is used up"


class Drafted(Struct, frozen=True, kw_only=True):
    """What came of one Propose: candidates, and why others are turned down. `calls` of models were
    paid for it, with `cost_usd` as far as prices are known, which of `unpriced` they are not.
    `asked` is a hash of the question, where that was kept."""

    candidates: tuple[Candidate, ...] = ()
    rejected: tuple[str, ...] = ()
    calls: int = 0
    cost_usd: float | None = 0.0
    unpriced: int = 0
    asked: str = ""


class Bench(Protocol):
    """Does what has an effect. `measure` keeps each score as it comes; what it gives is the reason
    for which the rest have none (no money is left), empty where all have one."""

    def measure(
        self, pairs: Sequence[Pair], keep: Callable[[Pair, Measured], None]
    ) -> Awaitable[str]: ...

    def propose(self, ask: Propose) -> Awaitable[Drafted]: ...


class Log(Protocol):
    """What is written down of a search. `score` and `note` take it at once and write it within
    milliseconds, `drafts` may do so too where it follows upon another; the others have written all
    when they return. `note` is for what was made without a model: made again it is the same. `end`
    is why nothing more is searched from a step on. `room` waits while too much is not written."""

    def known(self, pair: Pair) -> Measured | None: ...
    def drafted(self, step: int) -> Drafted | None: ...
    def ended(self, step: int) -> str: ...
    def score(self, pair: Pair, measured: Measured) -> None: ...
    def note(self, step: int, drafted: Drafted) -> None: ...
    def drafts(self, step: int, drafted: Drafted) -> Awaitable[None]: ...
    def end(self, step: int, why: str) -> Awaitable[None]: ...
    def flush(self) -> Awaitable[None]: ...
    def room(self) -> Awaitable[None]: ...


class Unwritten:
    """A log of a search that nobody will go on with: what it is told is in the book alone."""

    def known(self, pair: Pair) -> Measured | None: ...
    def drafted(self, step: int) -> Drafted | None: ...
    def ended(self, step: int) -> str:
        del step
        return ""

    def score(self, pair: Pair, measured: Measured) -> None: ...
    def note(self, step: int, drafted: Drafted) -> None: ...
    async def drafts(self, step: int, drafted: Drafted) -> None: ...
    async def end(self, step: int, why: str) -> None: ...
    async def flush(self) -> None: ...
    async def room(self) -> None: ...


class Play:
    """A search by ask and tell."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self.step = 0
        self.ask: Ask | None = None
        self._send(None)

    def tell(self, drafts: Drafts | None = None) -> None:
        """Once the scores that it asked for are in the book, or with the drafts."""
        self.step += 1
        self._send(drafts)

    def _send(self, drafts: Drafts | None) -> None:
        try:
            self.ask = self._search.send(drafts)
        except StopIteration:
            self.ask = None


async def play(
    search: Search,
    problem: Problem,
    bench: Bench,
    log: Log,
    *,
    stops: Sequence[Stop] = (),
    told: Tell | None = None,
) -> None:
    """Until the search ends. Raises what the bench and the log raise; what is written by then is
    there for the next time."""
    playing = Play(search)
    while (ask := playing.ask) is not None:
        is_new = await _answer(playing, ask, problem, bench, log, told=told)
        await _stop(playing, problem, log, stops, is_new=is_new)
        if is_new and told is not None:
            await told()
    await log.flush()


async def _answer(
    playing: Play, ask: Ask, problem: Problem, bench: Bench, log: Log, *, told: Tell | None
) -> bool:
    """Whether anything was done that was not written down before."""
    if isinstance(ask, Measure):
        is_new = await _measure(ask, problem, bench, log, told)
        playing.tell()
        return is_new
    found, asked = log.drafted(playing.step), _question(ask)
    is_new = found is None
    if found is None:
        found = structs.replace(await _drafted(ask, problem, bench), asked=asked)
        if ask.operator in problem.paid:
            await log.drafts(playing.step, found)
        else:
            log.note(playing.step, found)
    elif found.asked not in ("", asked):
        raise Conflict(
            f"the search takes another way at step {playing.step} than the one that is kept",
            hint="go on with the release of Burnish that began it, or begin a new optimisation",
        )
    playing.tell(_taken(found, problem))
    return is_new


async def _measure(
    ask: Measure, problem: Problem, bench: Bench, log: Log, told: Tell | None
) -> bool:
    book, ledger = problem.book, problem.ledger
    wanted = _answers(ask.pairs, problem)
    found = {pair: known for pair in wanted if (known := log.known(pair)) is not None}
    missing = [pair for pair in wanted if pair not in found]

    def keep(pair: Pair, measured: Measured) -> None:
        log.score(pair, measured)
        found[pair] = measured
        ledger.came += 1
        ledger.came_calls += measured.calls

    if missing:
        ledger.allow_again(len(wanted))
        async with _telling(told):
            why = await bench.measure(missing, keep)
        if why:
            ledger.halt(why)
        await log.room()
    ledger.came = ledger.came_calls = 0
    # Not in the order in which answers came: that would be another one the next time.
    for pair in wanted:
        if pair in found:
            book.record(pair, found[pair])
            ledger.measured(found[pair].calls, found[pair].paid_usd, found[pair].unpriced)
    return bool(missing)


@asynccontextmanager
async def _telling(told: Tell | None) -> AsyncGenerator[None]:
    """Tells now and then how far it is: the answers of slow models take minutes."""

    async def tell(told: Tell) -> None:
        while True:
            await asyncio.sleep(_TELL_S)
            await told()

    if told is None:
        yield
        return
    telling = asyncio.create_task(tell(told))
    try:
        yield
    finally:
        telling.cancel()
        # Waited for, not awaited: whoever cancels the search must not be taken for this.
        await asyncio.wait({telling})
    # Only here: what went wrong while measuring is what is raised.
    if not telling.cancelled():
        telling.result()


def _answers(pairs: Sequence[Pair], problem: Problem) -> list[Pair]:
    """Those that are asked for, as far as the budget goes; each measurement as a whole."""
    each, book = problem.ledger.answers_each, problem.book
    if each == 1:
        return [pair for pair in dict.fromkeys(pairs) if pair not in book][: problem.left]
    whole = [
        [Pair(name, example, repeat * each + n) for n in range(each)]
        for name, example, repeat in dict.fromkeys(pairs)
    ]
    missing = [answers for answers in whole if any(pair not in book for pair in answers)]
    return [pair for answers in missing[: problem.left] for pair in answers if pair not in book]


async def _drafted(ask: Propose, problem: Problem, bench: Bench) -> Drafted:
    if ask.operator in problem.paid and problem.proposals_left < ask.count:
        return Drafted(rejected=(USED_UP,))
    return await bench.propose(ask)


def _question(ask: Propose) -> str:
    whole = repr((ask.operator, ask.parents, ask.examples, ask.count, ask.options))
    return hashlib.blake2b(whole.encode(), digest_size=12).hexdigest()


def _taken(found: Drafted, problem: Problem) -> Drafts:
    problem.ledger.proposed(found.calls, found.cost_usd, found.unpriced)
    problem.turned_down.update(each for each in found.rejected if each != USED_UP)
    for each in found.candidates:
        problem.book.add(each)
    made = dict.fromkeys(each.id for each in found.candidates)
    return Drafts(made=tuple(made), rejected=found.rejected)


async def _stop(
    playing: Play, problem: Problem, log: Log, stops: Sequence[Stop], *, is_new: bool
) -> None:
    """By the reason that was written down, or by one that holds now: time does not come again."""
    ledger = problem.ledger
    if ledger.ended or ledger.is_settling:
        return
    why = log.ended(playing.step)
    if not why and is_new:
        why = next((why for stop in stops if (why := stop(problem))), "")
        if why:
            await log.end(playing.step, why)
    ledger.ended = why
