"""What an evaluation will cost, before anything is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from burnish.errors import BurnishError
from burnish.evals.only import is_asked
from burnish.evals.prepared import Prepared, rendered
from burnish.intents.tokens import estimate_tokens
from burnish.models.model import Usage
from burnish.prompts.prompt import Message
from burnish.prompts.render import Renderer
from burnish.storage.evaluation import Evaluation
from burnish.storage.example import Example

# Chat formats wrap each message in a few tokens.
_A_MESSAGE = 4
# Of an answer that nothing is known of; what is expected tells more, where there is any.
_USUAL_ANSWER = 150.0


Price = Callable[[str, Usage], float | None]
"""In US dollars, by a model's full name; None where it is not known."""
UsualTokens = Callable[[str, str], Awaitable[float | None]]
"""How many tokens a version's answers by a model have had; None where it was never asked."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Of all calls together, when none is remembered and none repeated. `cost_usd` leaves out the
    models in `unpriced`, and is None where no model has a known price. `basis` says what the length
    of answers was taken from: `runs`, `expected` or `usual`."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    unpriced: tuple[str, ...] = ()
    basis: str = "usual"


async def estimated(
    evaluation: Evaluation,
    prompts: Sequence[Prepared],
    sample: Sequence[Example],
    *,
    renderer: Renderer,
    price: Price,
    usual: UsualTokens,
) -> Estimate:
    calls = tokens_in = tokens_out = cost = 0.0
    unpriced: dict[str, None] = {}
    bases: set[str] = set()
    for prepared in prompts:
        for model in evaluation.models:
            for_it = [each for each in sample if is_asked(each, prepared.name, model)]
            if not for_it:
                continue
            each = evaluation.examples * evaluation.repeats * len(for_it) / len(sample)
            mean_in = await _mean_input(prepared, for_it, renderer)
            mean_out, basis = await _mean_output(prepared, model, for_it, usual)
            bases.add(basis)
            usage = Usage(input_tokens=round(mean_in), output_tokens=round(mean_out))
            one = price(model, usage)
            if one is None:
                unpriced[model] = None
            calls += each
            cost += each * (one or 0.0)
            tokens_in += each * mean_in
            tokens_out += each * mean_out
    return Estimate(
        calls=round(calls),
        input_tokens=round(tokens_in),
        output_tokens=round(tokens_out),
        cost_usd=None if len(unpriced) == len(evaluation.models) else cost,
        unpriced=tuple(unpriced),
        basis="/".join(sorted(bases)),
    )


async def _mean_input(prepared: Prepared, sample: Sequence[Example], renderer: Renderer) -> float:
    sizes: list[int] = []
    for example in sample:
        try:
            messages = await rendered(prepared, example.inputs, renderer)
        except BurnishError:
            continue  # its result will say so; it costs nothing
        sizes.append(_tokens(messages))
    return sum(sizes) / len(sizes) if sizes else 0.0


async def _mean_output(
    prepared: Prepared, model: str, sample: Sequence[Example], usual: UsualTokens
) -> tuple[float, str]:
    most = prepared.parameters.max_tokens or float("inf")
    known = await usual(prepared.version_id, model)
    if known is not None:
        return min(known, most), "runs"
    texts = [each.expected for each in sample if isinstance(each.expected, str)]
    if texts:
        return min(sum(map(estimate_tokens, texts)) / len(texts), most), "expected"
    return min(_USUAL_ANSWER, most), "usual"


def _tokens(messages: Sequence[Message]) -> int:
    return sum(estimate_tokens(message.content) + _A_MESSAGE for message in messages)
