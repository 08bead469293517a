"""One attempt at an optimisation: the search with real models, and what comes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.models.model import ModelRequest
from burnish.models.question import Question
from burnish.optimizers.admission import Rules
from burnish.optimizers.ask import DEMONSTRATE
from burnish.optimizers.bench import Answer, PromptBench, Write, Written, words_of
from burnish.optimizers.book import Book
from burnish.optimizers.budget import Budget, Ledger
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.drive import play
from burnish.optimizers.log import StoredLog
from burnish.optimizers.operators.operator import Context
from burnish.optimizers.parts import afforded, divided
from burnish.optimizers.problem import Problem
from burnish.optimizers.settle import course
from burnish.optimizers.shingles import Shingles
from burnish.optimizers.showing import FORMS
from burnish.optimizers.stops import (
    Stop,
    after_rounds,
    after_seconds,
    at_target,
    unchanged,
    within_cost,
)
from burnish.optimizers.united import Edits
from burnish.optimizers.varied import own_values
from burnish.platform.preparing import prepared
from burnish.prompts.config import read_config
from burnish.shapes import convert
from burnish.storage.evaluation import Evaluation

if TYPE_CHECKING:
    from burnish.evals.answering import Answering
    from burnish.evals.prepared import Prepared
    from burnish.library.prompts import AsyncPrompts
    from burnish.models.budget import Budget as Money
    from burnish.optimizers.goals import Goal
    from burnish.optimizers.operators.asked import Question as Asked
    from burnish.optimizers.optimizer import Optimizer
    from burnish.optimizers.parts import Parts
    from burnish.platform.live import Live
    from burnish.prompts.prompt import PromptVersion
    from burnish.storage.example import Example
    from burnish.storage.optimization import Optimization
    from burnish.storage.result import Result
    from burnish.storage.store import Store

# Candidates may be longer than the original: a gain has to be shown in any case.
_LONGEST = 3.0
_WARMTH = 0.7


class Searched(msgspec.Struct, frozen=True):
    """Where a search ended."""

    problem: Problem
    parts: Parts
    examples: Sequence[Example]


class Searching:
    def __init__(
        self,
        live: Live,
        prompts: AsyncPrompts,
        store: Store,
        *,
        optimization: Optimization,
        version: PromptVersion,
        examples: Sequence[Example],
        context: Context,
        calls_each: int,
        goal: Goal,
    ) -> None:
        self._live = live
        self._prompts = prompts
        self._store = store
        self._of = optimization
        self._original = Candidate(messages=version.messages, parameters={})
        self._examples = examples
        self._context = context
        self._calls_each = calls_each
        self._goal = goal
        self._prepared: dict[str, Prepared] = {}

    async def search(
        self,
        optimizer: Optimizer,
        answering: Answering,
        money: Money,
        told: Callable[[Problem], Awaitable[None]],
        *,
        used_s: float = 0.0,
    ) -> Searched:
        """Goes on where the log ends. `used_s` is what earlier attempts have worked."""
        of = self._of
        budget = convert(of.budget, Budget)
        each = (self._calls_each, self._goal.answers_each)
        parts = afforded(divided(self._examples, of.seed), budget, *each)
        book = Book(self._goal.own)
        book.add(self._original)
        edits = Edits(book, self._context, self._original)
        ledger = Ledger(budget, calls_each=self._calls_each, answers_each=self._goal.answers_each)
        bench = self._bench(book, ledger, edits, answering, money)
        problem = self._problem(book, ledger, edits, bench, parts)
        searching = course(problem, optimizer, parts.test, final=parts.final)
        async with await StoredLog.load(self._store.optimizations, of) as log:
            await play(
                searching,
                problem,
                bench,
                log,
                stops=_stops(of, budget, used_s),
                told=lambda: told(problem),
            )
        return Searched(problem, parts, self._examples)

    def _problem(
        self, book: Book, ledger: Ledger, edits: Edits, bench: PromptBench, parts: Parts
    ) -> Problem:
        of, goal = self._of, self._goal
        words: dict[int, frozenset[str]] = {n: words_of(self._examples[n]) for n in parts.train}
        names = [each.name for each in self._context.techniques]
        return Problem(
            original=self._original.id,
            train=parts.train,
            validation=parts.validation,
            book=book,
            ledger=ledger,
            seed=of.seed,
            target=of.settings.get("target"),
            paid=bench.paid & goal.paid,
            free=bench.free & goal.free,
            goal=goal,
            edits=edits.keys,
            words=lambda n: words.get(n, frozenset()),
            arms=_arms(bench, names),
            vary=self._context.vary,
            beliefs=convert(of.settings.get("beliefs", {}), dict[str, tuple[float, float]]),
            notes=list(of.settings.get("notes", ())),
        )

    def _bench(
        self, book: Book, ledger: Ledger, edits: Edits, answering: Answering, money: Money
    ) -> PromptBench:
        of = self._of
        return PromptBench(
            book=book,
            ledger=ledger,
            examples=self._examples,
            rules=Rules(
                original=self._original.messages,
                forbidden=Shingles(self._examples),
                longest=_LONGEST,
            ),
            context=self._context,
            edits=edits,
            answer=self._answer(answering),
            write=self._write(money) if of.writer else None,
            concurrency=of.concurrency,
            goal=self._goal,
            seed=of.seed,
        )

    def _answer(self, answering: Answering) -> Answer:
        async def answer(candidate: Candidate, example: Example, repeat: int) -> Result:
            return await answering.answered(
                await self._asked(candidate), self._of.model, example, repeat
            )

        return answer

    async def _asked(self, candidate: Candidate) -> Prepared:
        known = self._prepared.get(candidate.id)
        if known is None:
            parameters = {**self._of.parameters, **candidate.parameters}
            known = self._prepared[candidate.id] = await prepared(
                self._prompts, self._of.prompt, parameters, candidate.messages
            )
        return known

    def _write(self, money: Money) -> Write:
        async def write(question: Asked, number: int) -> Written:
            answer = await self._live.calls.complete(
                Question(
                    model=self._of.writer,
                    messages=question,
                    # The number makes each question another one: one that is asked again after a
                    # kill is the same, and is answered from the cache.
                    parameters=ModelRequest(
                        model="", messages=(), temperature=_WARMTH, sample=number
                    ),
                    budget=money,
                    kind="optimization",
                    trace_id=self._of.id,
                )
            )
            return Written(answer.text, answer.cost_usd)

        return write


def varying(changes: Context, of: Optimization, version: PromptVersion) -> Context:
    """With what the model's parameters are, and may be instead."""
    vary = convert(of.settings.get("vary", {}), dict[str, tuple[int | float, ...]])
    known = own_values(vary, read_config(version.config), of.parameters)
    others = {name: tuple(v for v in vary[name] if v != known.get(name)) for name in vary}
    return msgspec.structs.replace(changes, vary=others, usual=known)


def as_evaluation(of: Optimization) -> Evaluation:
    """What decides how an answer is asked for and scored."""
    return Evaluation(
        id=of.id,
        prompts=(of.prompt,),
        models=(of.model,),
        dataset=of.dataset,
        scorers=of.scorers,
        parameters=of.parameters,
        concurrency=of.concurrency,
        fresh=of.fresh,
        created_at=of.created_at,
    )


def _stops(of: Optimization, budget: Budget, used_s: float) -> list[Stop]:
    given: dict[str, Any] = of.settings
    found: list[Stop] = []
    if given.get("target") is not None:
        found.append(at_target(given["target"]))
    if given.get("rounds") is not None:
        found.append(after_rounds(given["rounds"]))
    if given.get("unchanged") is not None:
        found.append(unchanged(given["unchanged"]))
    if budget.seconds is not None:
        found.append(after_seconds(budget.seconds, used_s))
    if budget.cost_usd is not None:
        found.append(within_cost(budget.cost_usd))
    return found


def _arms(bench: PromptBench, techniques: Sequence[str]) -> tuple[str, ...]:
    """Ways to change a prompt, those that add a technique by its name, those that show examples by
    their form."""
    plain = sorted((bench.paid | bench.free) - {"unite", DEMONSTRATE, "add"})
    forms = (f"{DEMONSTRATE}:{form}" for form in FORMS)
    return (*plain, *forms, *(f"add:{name}" for name in techniques))
