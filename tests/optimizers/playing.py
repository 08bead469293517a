"""A search on a bench that answers by arithmetic, and may be killed on the way."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from burnish.optimizers.ask import Ask, Drafts, Measured, Pair, Propose
from burnish.optimizers.book import Book
from burnish.optimizers.budget import Budget, Ledger
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.drive import Drafted, Log, play
from burnish.optimizers.log import StoredLog
from burnish.optimizers.problem import Problem, Search
from burnish.optimizers.stops import after_rounds
from burnish.prompts.prompt import Message
from burnish.storage.optimization import Optimization
from burnish.storage.sqlite import open_sqlite

EXAMPLES, CALLS, ROUNDS = 12, 150, 10
FIRST = Candidate(messages=(Message("user", "Answer {{ question }}"),))
STORED = Optimization(
    id="01970000-0000-7000-8000-000000000001",
    prompt="quiz@1",
    version_id="01970000-0000-7000-8000-000000000002",
    algorithm="own",
    dataset="questions@1",
    model="fake:a",
    created_at=datetime(2026, 1, 2, tzinfo=UTC),
)


class KilledError(Exception):
    pass


class Arithmetic:
    """A bench that counts what it is asked. With `kill` it raises at that many actions."""

    def __init__(self, kill: int | None = None, tell: Callable[[str], None] | None = None) -> None:
        self.pairs: list[Pair] = []
        self.proposals: list[Propose] = []
        self._left = kill
        self._tell = tell

    async def measure(self, pairs: Sequence[Pair], keep: Callable[[Pair, Measured], None]) -> str:
        for pair in pairs:
            await self._act(f"{pair.candidate} {pair.example} {pair.repeat}")
            self.pairs.append(pair)
            keep(pair, measured(pair))
        return ""

    async def propose(self, ask: Propose) -> Drafted:
        await self._act(f"propose {ask.parents[0]}")
        self.proposals.append(ask)
        made = tuple(
            Candidate(
                messages=(Message("user", f"{_mark(ask, number)} {{{{ question }}}}"),),
                parents=ask.parents,
                operator=ask.operator,
                why=f"{len(ask.examples)} failures",
            )
            for number in range(ask.count)
        )
        return Drafted(candidates=made, rejected=("too long",), calls=1, cost_usd=0.01)

    async def _act(self, what: str) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise KilledError
        if self._tell is None:
            await asyncio.sleep(0)
        else:
            self._tell(what)
            # Several scores wait together, and somebody outside has the time to kill it.
            await asyncio.sleep(0.06 if len(self.pairs) % 4 == 0 else 0)


def measured(pair: Pair) -> Measured:
    share = int(_mark(pair), 16) % 1000 / 1000
    if share < 0.05:
        return Measured(value=None, cost_usd=None, unpriced=1, error="no answer")
    output = f"answer {share} " * (800 if share > 0.95 else 1)
    return Measured(
        value=share,
        cost_usd=0.001,
        paid_usd=0.002,
        input_tokens=7,
        output_tokens=3,
        output=output,
        notes="said",
    )


def searched(problem: Problem) -> Search:
    """What it asks for next hangs on the scores, and on chance."""
    yield from problem.measure([problem.original], problem.validation)
    while problem.left:
        problem.rounds += 1
        chance = problem.random("round", problem.rounds)
        best = sorted(problem.book.candidates, key=lambda c: -problem.standing(c)[0])[:3]
        parent = chance.choice(best)
        failing = problem.book.failing(parent, problem.train, below=0.5)[:3]
        made = yield from problem.propose("reflect", (parent,), examples=failing, count=2)
        for each in made:
            some = chance.sample(list(problem.validation), 5)
            yield from problem.measure([each], some)
            yield from problem.measure([each], some[:1], repeat=1)
        problem.lead(max(problem.book.candidates, key=problem.standing))


def noted(search: Search, asks: list[Ask]) -> Search:
    drafts: Drafts | None = None
    while True:
        try:
            ask = search.send(drafts)
        except StopIteration:
            return
        asks.append(ask)
        drafts = yield ask


async def played(
    bench: Arithmetic, log: Log, rounds: int = ROUNDS, seed: int = 0
) -> tuple[list[Ask], Problem]:
    """What was asked, and where it ended."""
    book = Book()
    book.add(FIRST)
    numbers = range(EXAMPLES)
    problem = Problem(
        original=FIRST.id,
        train=numbers,
        validation=numbers,
        book=book,
        ledger=Ledger(Budget(metric_calls=CALLS)),
        seed=seed,
        paid=frozenset({"reflect"}),
    )
    asks: list[Ask] = []
    await play(noted(searched(problem), asks), problem, bench, log, stops=[after_rounds(rounds)])
    return asks, problem


async def go_on(path: Path, bench: Arithmetic) -> tuple[list[Ask], Problem]:
    """With the log in the store at `path`."""
    store = await open_sqlite(path)
    try:
        found = await store.optimizations.by_prefix(STORED.id, 1)
        if not found:
            await store.optimizations.add(STORED)
        stored = found[0] if found else STORED
        async with await StoredLog.load(store.optimizations, stored) as log:
            return await played(bench, log)
    finally:
        await store.close()


def _mark(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=6).hexdigest()


def main() -> None:
    """A process that tells each action in a file before it does it."""
    with Path(sys.argv[2]).open("a", encoding="utf-8", buffering=1) as told:
        bench = Arithmetic(tell=lambda what: print(what, file=told))
        asyncio.run(go_on(Path(sys.argv[1]), bench))


if __name__ == "__main__":
    main()
