"""What an evaluation will cost, before anything is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from burnish.errors import BurnishError
from burnish.evals.answer_length import answer_length
from burnish.evals.only import is_asked
from burnish.evals.prepared import Prepared, rendered
from burnish.intents.tokens import estimate_tokens
from burnish.models.model import Usage
from burnish.prompts.prompt import Message
from burnish.prompts.render import Renderer
from burnish.storage.evaluation import Evaluation
from burnish.storage.example import Example, ScorerSpec

# Chat formats wrap each message in a few tokens, and begin the answer with some.
_A_MESSAGE = 4
_A_REPLY = 3
# Of a judge beside what it reads of the task and the answer, and a verdict with its reason.
_JUDGE_IN = 260
_JUDGE_OUT = 60


Price = Callable[[str, Usage], float | None]
"""In US dollars, by a model's full name; None where it is not known."""
UsualTokens = Callable[[str, str], Awaitable[float | None]]
"""How many tokens a version's answers by a model (empty: by any) have had; None where it was never
asked."""


Judges = Callable[[Sequence[ScorerSpec]], Mapping[str, float]]
"""How many questions about one answer scorers put to each model that judges, by its full name."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Of all `calls` that answer, and of `judge_calls`, when none is remembered and none repeated.
    Tokens are those of answers. `cost_usd` is of both, leaves out the models in `unpriced`, and is
    None where no model has a known price. `basis` says what the length of answers was taken from:
    `runs` of the version, what is `expected`, what the prompt has `asked for`, or a `guess`."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    unpriced: tuple[str, ...] = ()
    basis: str = "guess"
    judge_calls: int = 0


async def estimated(
    evaluation: Evaluation,
    prompts: Sequence[Prepared],
    sample: Sequence[Example],
    *,
    renderer: Renderer,
    price: Price,
    usual: UsualTokens,
    judges: Judges,
) -> Estimate:
    sums = _Sums()
    for prepared in prompts:
        for model in evaluation.models:
            for_it = [each for each in sample if is_asked(each, prepared.name, model)]
            seen = await _rendered(prepared, for_it, renderer)
            if not seen:
                continue
            calls = evaluation.examples * evaluation.repeats * len(seen) / len(sample)
            mean_in = sum(_tokens(one.messages) for one in seen) / len(seen)
            mean_out, basis = await _mean_output(prepared, model, seen, evaluation.scorers, usual)
            sums.bases |= {*basis.split("/")}
            sums.add(model, calls, mean_in, mean_out, _priced(price, model, mean_in, mean_out))
            asked = _judged(judges, evaluation.scorers, for_it)
            for judge, times in asked.items():
                one = _priced(price, judge, _JUDGE_IN + mean_in + mean_out, _JUDGE_OUT)
                sums.judge(judge, calls * times, one)
    return Estimate(
        calls=round(sums.calls),
        input_tokens=round(sums.tokens_in),
        output_tokens=round(sums.tokens_out),
        cost_usd=None if not sums.priced else sums.cost,
        unpriced=tuple(sums.unpriced),
        basis="/".join(sorted(sums.bases)) or "guess",
        judge_calls=round(sums.judge_calls),
    )


@dataclass
class _Sums:
    calls: float = 0.0
    tokens_in: float = 0.0
    tokens_out: float = 0.0
    judge_calls: float = 0.0
    cost: float = 0.0
    priced: bool = False
    unpriced: dict[str, None] = field(default_factory=dict[str, None])
    bases: set[str] = field(default_factory=set[str])

    def add(
        self, model: str, calls: float, mean_in: float, mean_out: float, one: float | None
    ) -> None:
        self.calls += calls
        self.tokens_in += calls * mean_in
        self.tokens_out += calls * mean_out
        self._pay(model, calls, one)

    def judge(self, model: str, calls: float, one: float | None) -> None:
        self.judge_calls += calls
        self._pay(model, calls, one)

    def _pay(self, model: str, calls: float, one: float | None) -> None:
        self.priced |= one is not None
        if one is None:
            self.unpriced[model] = None
        self.cost += calls * (one or 0.0)


def _judged(
    judges: Judges, scorers: Sequence[ScorerSpec], seen: Sequence[Example]
) -> dict[str, float]:
    """How many questions an example's answer puts to each judge, in the mean."""
    found = dict(judges(scorers))
    for example in seen:
        for judge, times in judges(example.scorers).items():
            found[judge] = found.get(judge, 0.0) + times / len(seen)
    return found


def _priced(price: Price, model: str, mean_in: float, mean_out: float) -> float | None:
    """Of a call with so many tokens. Those of short answers are no whole number on average, and
    rounding them would be an error of a half."""
    whole = int(mean_out)
    low, high = (
        price(model, Usage(input_tokens=round(mean_in), output_tokens=each))
        for each in (whole, whole + 1)
    )
    return None if low is None or high is None else low + (high - low) * (mean_out - whole)


class _Seen(NamedTuple):
    """What one example is, rendered."""

    example: Example
    messages: tuple[Message, ...]


async def _rendered(
    prepared: Prepared, sample: Sequence[Example], renderer: Renderer
) -> list[_Seen]:
    found: list[_Seen] = []
    for example in sample:
        try:
            found.append(_Seen(example, await rendered(prepared, example.inputs, renderer)))
        except BurnishError:
            continue  # its result will say so; it costs nothing
    return found


async def _mean_output(
    prepared: Prepared,
    model: str,
    seen: Sequence[_Seen],
    scorers: Sequence[ScorerSpec],
    usual: UsualTokens,
) -> tuple[float, str]:
    most = prepared.parameters.max_tokens or float("inf")
    for asked in (model, ""):
        known = await usual(prepared.version_id, asked)
        if known is not None:
            return min(known, most), "runs"
    lengths = [answer_length(each.messages, each.example, scorers) for each in seen]
    total = sum(min(each.tokens, most) for each in lengths)
    bases: set[str] = {each.basis for each in lengths}
    return total / len(seen), "/".join(sorted(bases))


def _tokens(messages: Sequence[Message]) -> int:
    return _A_REPLY + sum(estimate_tokens(each.content) + _A_MESSAGE for each in messages)
