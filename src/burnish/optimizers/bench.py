"""What a search of prompts really does: asks the model that answers, and makes candidates."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any, NamedTuple

from burnish.errors import BudgetExceeded, BurnishError, Unavailable
from burnish.evals.meter import at_most_again, cost_of_failed
from burnish.evals.report.words import counted
from burnish.optimizers.admission import Rules
from burnish.optimizers.ask import DEMONSTRATE, NO_CHANGE, NO_WRITER, TURNS, Measured, Pair, Propose
from burnish.optimizers.asking.record import Record
from burnish.optimizers.book import Book
from burnish.optimizers.budget import Ledger
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.demonstrations import shown, shown_as_turns, too_long
from burnish.optimizers.drive import Drafted
from burnish.optimizers.goals.goal import Goal
from burnish.optimizers.log import kept
from burnish.optimizers.operators.asked import ASKED, AskedOperator, Evidence, Question
from burnish.optimizers.operators.offline import OPERATORS
from burnish.optimizers.operators.operator import Context
from burnish.optimizers.operators.parameters import VARY, with_value
from burnish.optimizers.operators.techniques import with_technique
from burnish.optimizers.turns import Demonstration
from burnish.optimizers.united import Edits
from burnish.storage.example import Example
from burnish.storage.result import Result

UNITE = "unite"
_PASSED = 1.0
# Codes of errors that concern no example and no prompt. After so many in a row, tries of the calls'
# own not counted, the model is away.
_AWAY = (
    "rate_limited",
    "connection_lost",
    "model_timeout",
    "server_fault",
    "circuit_open",
    "key_refused",
)
# Those of answers that may have been paid for though nobody got them.
_UNHEARD = ("model_timeout", "connection_lost", "all_models_failed")
_MOST_IN_A_ROW = 9
_MOST_AGAIN = 5
Answer = Callable[[Candidate, Example, int], Awaitable[Result]]


class Written(NamedTuple):
    """A model's answer, and what it cost; None where its price is unknown."""

    text: str
    cost_usd: float | None


Write = Callable[[Question, int], Awaitable[Written]]


class PromptBench:
    """`answer` has a candidate answer an example, `write` (None: there is no such model) puts a
    question to the one that writes; the number tells questions apart that are worded alike."""

    def __init__(
        self,
        *,
        book: Book,
        ledger: Ledger,
        examples: Sequence[Example],
        rules: Rules,
        context: Context,
        edits: Edits,
        answer: Answer,
        write: Write | None,
        concurrency: int,
        goal: Goal,
        seed: int = 0,
    ) -> None:
        self._book = book
        self._goal = goal
        self._ledger = ledger
        self._examples = examples
        self._rules = rules
        self._context = context
        self._edits = edits
        self._answer = answer
        self._write = write
        self._concurrency = concurrency
        self._seed = seed
        self._in_a_row = 0

    @property
    def paid(self) -> frozenset[str]:
        return frozenset(ASKED) if self._write is not None else frozenset()

    @property
    def free(self) -> frozenset[str]:
        every = frozenset((*OPERATORS, UNITE, DEMONSTRATE))
        return every if self._context.vary else every - {VARY}

    async def measure(self, pairs: Sequence[Pair], keep: Callable[[Pair, Measured], None]) -> str:
        """As many at once as it may."""
        left = iter(pairs)
        dear: list[str] = []
        failed: dict[Pair, Measured] = {}

        async def serve() -> None:
            for pair in left:
                if dear:
                    return
                try:
                    found = await self._measured(pair)
                except BudgetExceeded as error:
                    dear.append(str(error))
                    return
                if self._is_away(found):
                    failed[pair] = found
                else:
                    failed.pop(pair, None)
                    keep(pair, found)

        await self._at_once(serve, len(pairs))
        # What failed while others were answered may have been an accident.
        left = iter(tuple(failed))
        await self._at_once(serve, len(failed))
        if failed and self._in_a_row >= _MOST_AGAIN:
            raise self._away(failed.popitem()[1])
        for pair, found in () if dear else failed.items():
            keep(pair, found)
        return dear[0] if dear else ""

    def _is_away(self, found: Measured) -> bool:
        """Whether it is a fault of the model's that another try may mend. Raises Unavailable after
        too many in a row."""
        if not found.error.startswith(_AWAY):
            self._in_a_row = 0
            return False
        self._in_a_row += 1
        if self._in_a_row >= _MOST_IN_A_ROW:
            raise self._away(found)
        return True

    def _away(self, found: Measured) -> Unavailable:
        """What is not written down is asked again by who goes on."""
        return Unavailable(
            f"the model failed {self._in_a_row} times in a row: {found.error}",
            hint="what is there stays; go on with burnish optimize --resume when it is back",
        )

    async def _at_once(self, serve: Callable[[], Coroutine[Any, Any, None]], most: int) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._concurrency, most)):
                    group.create_task(serve())
        except* BurnishError as several:
            raise _first(several) from None

    async def propose(self, ask: Propose) -> Drafted:
        parents = [self._book.candidates[each] for each in ask.parents]
        if ask.operator in ASKED:
            return await self._asked(ASKED[ask.operator], ask, parents)
        made = self._made(ask, parents)
        if made is None:
            return Drafted(rejected=(NO_CHANGE,))
        fault = self._rules.rejects(made)
        return Drafted(rejected=(fault,)) if fault else Drafted(candidates=(made,))

    async def _measured(self, pair: Pair) -> Measured:
        candidate = self._book.candidates[pair.candidate]
        with at_most_again(self._ledger.again_each):
            result = await self._answer(candidate, self._examples[pair.example], pair.repeat)
        notes = "; ".join(_notes(result))
        unscored = "" if result.error or result.score is not None else f"metric: {notes or 'none'}"
        return Measured(
            value=None if result.score is None else min(1.0, max(0.0, result.score)),
            cost_usd=_cost(result),
            latency_ms=result.latency_ms,
            input_tokens=result.input_tokens,
            output_tokens=result.output_tokens,
            calls=1 + result.judge_calls,
            error=result.error or unscored,
            output=kept(result.output),
            notes=kept(notes),
            run_id=result.run_id,
            paid_usd=sum(each or 0.0 for each in _paid(result)),
            unpriced=int(None in _paid(result)),
        )

    def _made(self, ask: Propose, parents: Sequence[Candidate]) -> Candidate | None:
        if ask.operator == UNITE:
            return self._edits.united(ask.options["edits"])
        if ask.operator == DEMONSTRATE:
            return self._demonstrated(parents[0], ask)
        if name := ask.options.get("parameter"):
            return with_value(self._context, parents[0], str(name), ask.options["value"])
        if technique := ask.options.get("technique"):
            return self._with(parents[0], str(technique))
        draw = random.Random(  # noqa: S311 - the same again for a seed
            repr((self._seed, ask.operator, ask.parents, ask.options, len(self._book.candidates)))
        )
        return OPERATORS[ask.operator](self._context, parents, draw)

    def _with(self, parent: Candidate, name: str) -> Candidate | None:
        technique = next((t for t in self._context.techniques if t.name == name), None)
        if technique is None or name in parent.techniques:
            return None
        messages = with_technique(self._context, parent.messages, technique)
        if messages is None:
            return None
        return Candidate(
            messages=messages,
            parameters=parent.parameters,
            demonstrations=parent.demonstrations,
            techniques=(*parent.techniques, name),
            parents=(parent.id,),
            operator="add",
            why=f"adds the technique {name}",
        )

    def _demonstrated(self, parent: Candidate, ask: Propose) -> Candidate | None:
        examples = [self._examples[n] for n in ask.examples]
        pairs = [Demonstration(each.inputs, each.expected) for each in examples]
        turns = ask.options.get("form") == TURNS
        messages = (shown_as_turns if turns else shown)(parent.messages, pairs)
        if messages is None or messages == parent.messages:
            return None
        return Candidate(
            messages=messages,
            parameters=parent.parameters,
            demonstrations=tuple(each.id for each in examples),
            techniques=parent.techniques,
            parents=(parent.id,),
            operator=DEMONSTRATE,
            why=f"shows {counted(len(examples), 'example')}{' as turns' if turns else ''}",
        )

    async def _asked(
        self, operator: AskedOperator, ask: Propose, parents: Sequence[Candidate]
    ) -> Drafted:
        if self._write is None:
            return Drafted(rejected=(NO_WRITER,))
        question = operator.ask(parents, self._evidence(ask))
        if isinstance(question, str):
            return Drafted(rejected=(question,))
        candidates: list[Candidate] = []
        rejected: list[str] = []
        costs: list[float | None] = []
        for number in range(ask.count):
            try:
                # Counted from what is written down: asked again after a kill it is the same one.
                written = await self._write(question, self._ledger.proposals + number + 1)
            except BudgetExceeded as error:
                rejected.append(error.what)
                break
            except BurnishError as error:
                costs.append(cost_of_failed(error))
                rejected.append(f"the model that writes failed: {error.what}")
                continue
            costs.append(written.cost_usd)
            made = operator.read(self._context, parents, written.text)
            fault = made if isinstance(made, str) else self._rules.rejects(made)
            if fault or isinstance(made, str):
                rejected.append(fault)
            else:
                candidates.append(made)
        return Drafted(
            candidates=tuple(candidates),
            rejected=tuple(rejected),
            calls=len(costs),
            cost_usd=sum(each or 0.0 for each in costs),
            unpriced=costs.count(None),
        )

    def _evidence(self, ask: Propose) -> Evidence:
        """What the first parent answered to the examples that it failed, and to one that it did
        right."""
        values = self._book.values(ask.parents[0])
        passed = next((n for n, value in values.items() if value >= _PASSED), None)
        return Evidence(
            records=tuple(self._record(ask.parents[0], n) for n in ask.examples if n in values),
            passed=None if passed is None else self._record(ask.parents[0], passed),
        )

    def _record(self, candidate: str, number: int) -> Record:
        example, answers = self._examples[number], self._book.answers(candidate, number)
        told = (answers[0].notes or answers[0].error, self._goal.remark(number, answers))
        return Record(
            inputs=example.inputs,
            output=answers[0].output,
            expected=example.expected,
            score=answers[0].value,
            notes="; ".join(each for each in told if each),
        )


def words_of(example: Example) -> frozenset[str]:
    """Of one that can be shown in a prompt; none of one that is too long or has no answer."""
    if example.expected is None or too_long(Demonstration(example.inputs, example.expected)):
        return frozenset()
    text = " ".join(str(value) for value in example.inputs.values())
    return frozenset(text.casefold().split()) or frozenset({""})


def _cost(result: Result) -> float | None:
    """Of such an answer, also where it was remembered; None where it is not known."""
    nothing = result.error and not result.error.startswith(_UNHEARD)
    return 0.0 if nothing else result.cost_usd


def _paid(result: Result) -> tuple[float | None, float | None]:
    """For this answer, and for what was said of it; None where it is not known."""
    return 0.0 if result.cached else _cost(result), result.judge_cost_usd


def _notes(result: Result) -> Iterator[str]:
    for each in result.scores:
        if told := each.error or each.reason:
            yield f"{each.metric}: {told}"


def _first(several: BaseExceptionGroup[BurnishError]) -> BurnishError:
    found = several.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
