"""A model that judges answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from burnish.errors import BudgetExceeded, BurnishError, UsageError
from burnish.evals import judge_answers, judge_asks
from burnish.evals.meter import may_ask_again
from burnish.evals.scorers.tools import Ask
from burnish.models.model import ModelRequest
from burnish.models.question import Question
from burnish.prompts.prompt import Message

_MOST_CHARS = 60_000
_MAX_TOKENS = 1_000

Winner = Literal["first", "second", "tie"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is what was asked for: a score of 1 to 5, yes or no, a letter; None where the judge
    gave nothing usable, and then `error` says so; `reached` tells whether it answered at all.
    `all` holds each of several repeats."""

    value: Any = None
    reason: str = ""
    error: str = ""
    reached: bool = True
    all: tuple[Any, ...] = ()


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Asked in both orders. Without the same `winner` twice it is a tie and not `consistent`.
    `said` is the place that each order's verdict named."""

    winner: Winner = "tie"
    consistent: bool = True
    reason: str = ""
    error: str = ""
    said: tuple[str, ...] = ()


class Judge:
    """Asks `model` through `ask` at temperature 0, for its reason before its verdict.

    An answer that holds no verdict is asked for once more; then it is an error, never a guess, as
    is a model that fails. Only BudgetExceeded is raised.
    `repeats` asks several times at temperature 1 and takes the mean of the scores. It is off:
    at temperature 0 repeats say the same again, and at others their mean hardly agrees better
    with people than the first answer, at several times the price.
    """

    def __init__(self, ask: Ask, model: str, *, repeats: int = 1) -> None:
        if not model:
            raise UsageError("no model is named that judges", hint="name one: openai:gpt-5-mini")
        if not 1 <= repeats <= 20:
            raise UsageError(f"a judge cannot be asked {repeats} times", hint="use 1 to 20")
        self._ask = ask
        self._model = model
        self._repeats = repeats

    @property
    def model(self) -> str:
        return self._model

    async def grade(
        self,
        task: str,
        output: str,
        criteria: str,
        *,
        reference: str = "",
        anchors: Sequence[str] = judge_asks.ANCHORS,
    ) -> Verdict:
        """A score of 1 to 5 by a rubric. `anchors` say what each of the five means."""
        if len(anchors) != 5:
            raise UsageError("a scale has five anchors", hint="say what each of 1 to 5 means")
        asked = judge_asks.grading(criteria, _material(task, output, reference), anchors)
        verdicts = [await self._verdict(asked, judge_answers.score, n) for n in self._samples]
        usable = [each for each in verdicts if not each.error]
        if not usable:
            return verdicts[0]
        scores = tuple(each.value for each in usable)
        return Verdict(value=sum(scores) / len(scores), reason=usable[0].reason, all=scores)

    async def meets(
        self, task: str, output: str, criterion: str, *, reference: str = ""
    ) -> Verdict:
        """Yes or no; of several repeats what most say."""
        asked = judge_asks.yes_or_no(criterion, _material(task, output, reference))
        return await self._most_said(asked, judge_answers.met)

    async def consistent_with(self, task: str, output: str, reference: str) -> Verdict:
        """How the facts of an answer stand to those of a reference: a letter from A to E."""
        asked = judge_asks.factual(_material(task, output, reference))
        return await self._most_said(asked, judge_answers.choice)

    async def compare(self, task: str, one: str, other: str, criteria: str) -> Comparison:
        """Which of two answers is better, asked in both orders."""
        said: list[str] = []
        reasons: list[str] = []
        for first, second in ((one, other), (other, one)):
            material = {"task": task, "first": first, "second": second}
            asked = judge_asks.comparing(criteria, material)
            verdict = await self._most_said(asked, judge_answers.better)
            if verdict.error:
                return Comparison(consistent=False, error=verdict.error)
            said.append(verdict.value)
            reasons.append(verdict.reason)
        turned = {"first": "second", "second": "first", "tie": "tie"}[said[1]]
        agreed = said[0] == turned
        winner: Any = said[0] if agreed else "tie"
        reason = reasons[0] if agreed else "the verdict changes with the order of the answers"
        return Comparison(winner=winner, consistent=agreed, reason=reason, said=tuple(said))

    async def best(self, task: str, outputs: Sequence[str], criteria: str) -> int:
        """The place of the best of several answers; each is compared with the best so far, and
        must win in both orders. Raises UsageError without answers, and where the judge gives no
        verdict."""
        if not outputs:
            raise UsageError("there is no answer to choose from", hint="give at least one")
        leader = 0
        for place in range(1, len(outputs)):
            found = await self.compare(task, outputs[leader], outputs[place], criteria)
            if found.error:
                raise UsageError(f"the judge gave no verdict: {found.error}", hint="use another")
            leader = place if found.winner == "second" else leader
        return leader

    @property
    def _samples(self) -> range:
        return range(self._repeats)

    async def _most_said(
        self, asked: tuple[Message, ...], read: Callable[[str, str], judge_answers.Read]
    ) -> Verdict:
        verdicts = [await self._verdict(asked, read, n) for n in self._samples]
        usable = [each for each in verdicts if not each.error]
        if not usable:
            return verdicts[0]
        said = [each.value for each in usable]
        most = max(usable, key=lambda each: said.count(each.value))
        return msgspec.structs.replace(most, all=tuple(said))

    async def _verdict(
        self,
        asked: tuple[Message, ...],
        read: Callable[[str, str], judge_answers.Read],
        sample: int,
    ) -> Verdict:
        size = sum(len(message.content) for message in asked)
        if size > _MOST_CHARS:
            return Verdict(error=f"too long to judge: {size:,} of at most {_MOST_CHARS:,} signs")
        try:
            text = await self._said(asked, sample)
            value, reason, problem = read(text, asked[-1].content)
            if problem and may_ask_again():
                again = judge_asks.mended(asked, text, problem)
                text = await self._said(again, sample)
                value, reason, problem = read(text, asked[-1].content)
        except BudgetExceeded:
            raise
        except BurnishError as error:
            return Verdict(error=f"the judge {self._model} failed: {error.what}", reached=False)
        if problem:
            return Verdict(error=f"the judge {self._model} gave no verdict: {problem}")
        return Verdict(value=value, reason=reason, all=(value,))

    async def _said(self, messages: tuple[Message, ...], sample: int) -> str:
        answer = await self._ask(
            Question(
                model=self._model,
                messages=messages,
                parameters=ModelRequest(
                    model="",
                    messages=(),
                    temperature=0.0 if self._repeats == 1 else 1.0,
                    max_tokens=_MAX_TOKENS,
                    sample=sample,
                ),
                kind="judge",
            )
        )
        return answer.text


def _material(task: str, output: str, reference: str) -> dict[str, str]:
    return {"task": task, "reference": reference, "answer": output or "(the answer is empty)"}
