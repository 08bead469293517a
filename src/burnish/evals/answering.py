"""One answer to one example, scored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from burnish.errors import BudgetExceeded, BurnishError, VariableError
from burnish.evals import meter
from burnish.evals.prepared import Prepared, rendered
from burnish.evals.scored import Answered, Scorer
from burnish.evals.till import Till
from burnish.models.question import Answer, storable
from burnish.prompts.prompt import Message
from burnish.prompts.render import Renderer
from burnish.storage.example import Example, ScorerSpec
from burnish.storage.result import UNFIT, Result, Score


class Ask(Protocol):
    """Sends one question. Raises what a call raises, BudgetExceeded among it."""

    def __call__(
        self, prepared: Prepared, model: str, messages: tuple[Message, ...], repeat: int
    ) -> Awaitable[Answer]: ...


class Answering:
    """Asks, and scores by all of `scorers` and by the example's own."""

    def __init__(
        self,
        scorers: Sequence[ScorerSpec],
        *,
        renderer: Renderer,
        ask: Ask,
        scorer: Callable[[ScorerSpec], Scorer],
        till: Till,
    ) -> None:
        self._specs = tuple(scorers)
        self._renderer = renderer
        self._ask = ask
        self._make = scorer
        self._till = till
        self._scorers: dict[bytes, Scorer] = {}

    async def answered(
        self, prepared: Prepared, model: str, example: Example, repeat: int
    ) -> Result:
        """A call that fails is a result with an error. Raises BudgetExceeded."""
        blank = Result(
            prompt=prepared.reference,
            model=model,
            example=example.id,
            repeat=repeat,
            tags=example.tags,
        )
        try:
            messages = await rendered(prepared, example.inputs, self._renderer)
            answer = await self._till.afforded(lambda: self._ask(prepared, model, messages, repeat))
        except BudgetExceeded:
            raise
        except VariableError as error:
            return _failed(blank, f"{error.code}: {UNFIT}: {error.what}")
        except BurnishError as error:
            return _failed(blank, f"{error.code}: {error.what}")
        return await self._scored(blank, example, messages, answer)

    async def _scored(
        self, blank: Result, example: Example, messages: tuple[Message, ...], answer: Answer
    ) -> Result:
        output = storable(answer.text)
        tokens = answer.usage
        # Of the call that first gave the answer: what it tells must not depend on the cache.
        cost_usd = answer.first_cost_usd if answer.cached else answer.cost_usd
        latency_ms = answer.latency_ms if answer.model_ms is None else answer.model_ms
        answered = Answered(
            example=example,
            output=output,
            messages=messages,
            model=blank.model,
            cost_usd=cost_usd,
            latency_ms=latency_ms,
            input_tokens=tokens.input_tokens or 0,
            output_tokens=tokens.output_tokens or 0,
        )
        specs = (*self._specs, *example.scorers)
        with meter.running() as judged:
            scores = tuple([await self._score(spec, answered) for spec in specs])
        return msgspec.structs.replace(
            blank,
            run_id=answer.run_id,
            output=output,
            scores=scores,
            score=mean_of(scores),
            passed=passed(scores),
            latency_ms=latency_ms,
            input_tokens=answered.input_tokens,
            output_tokens=answered.output_tokens,
            cost_usd=cost_usd,
            cached=answer.cached,
            judge_calls=judged.calls,
            judge_cost_usd=judged.cost_usd,
        )

    async def _score(self, spec: ScorerSpec, answered: Answered) -> Score:
        return await self._scorer(spec).score(answered)

    def _scorer(self, spec: ScorerSpec) -> Scorer:
        """Made once for all examples that score in the same way."""
        key = msgspec.json.encode(spec)
        found = self._scorers.get(key)
        if found is None:
            found = self._scorers[key] = self._make(spec)
        return found


def mean_of(scores: Sequence[Score]) -> float | None:
    """By their weights; None where one that counts could not be told, or none counts."""
    counting = [(score.value, score.weight) for score in scores if score.weight]
    told = [(value, weight) for value, weight in counting if value is not None]
    if not told or len(told) < len(counting):
        return None
    return sum(value * weight for value, weight in told) / sum(weight for _, weight in told)


def passed(scores: Sequence[Score]) -> bool | None:
    """Whether each that counts has passed; None where none counts or one could not be told."""
    counting = [score for score in scores if score.weight]
    if not counting or any(score.value is None for score in counting):
        return None
    return all(score.passed for score in counting)


def _failed(blank: Result, error: str) -> Result:
    return msgspec.structs.replace(blank, error=storable(error))
