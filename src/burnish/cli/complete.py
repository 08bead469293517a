"""prompts run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, note, out, out_json, platform, waiting
from burnish.cli.compose import MaxCost
from burnish.cli.money import cost_of
from burnish.cli.prompts import Reference, values_of

if TYPE_CHECKING:
    from burnish import Answer


def run(
    reference: Reference,
    /,
    *,
    var: Annotated[
        list[str] | None,
        Parameter(help="name=value, name=@file or name=- (standard input); repeatable."),
    ] = None,
    vars: Annotated[Path | None, Parameter(help="A JSON file with values.")] = None,  # noqa: A002
    model: Annotated[str, Parameter(help="Model to ask; see burnish models.")] = "",
    temperature: Annotated[float | None, Parameter(help="How freely it words things.")] = None,
    max_tokens: Annotated[int | None, Parameter(help="Longest answer, tokens.")] = None,
    max_cost: MaxCost = None,
    fresh: Annotated[
        bool, Parameter(negative="", help="Ask even where the answer is remembered.")
    ] = False,
    common: Common = NONE,
) -> None:
    """Fill in the variables, ask a model and print its answer."""
    with platform(common) as p:
        version = p.prompts.expand(reference).version
        values = values_of(version.variables, var or [], vars)
        with waiting("asking"):
            answer = p.complete(
                reference,
                values,
                model=model,
                temperature=temperature,
                max_tokens=max_tokens,
                max_cost_usd=max_cost,
                fresh=fresh,
            )
    if common.json:
        out_json(answer)
        return
    out(answer.text)
    note(_remark(answer))


def _remark(answer: Answer) -> str:
    cost = cost_of(answer.cost_usd)
    tokens = f"{answer.usage.input_tokens} + {answer.usage.output_tokens} tokens"
    how = "remembered" if answer.cached else f"{answer.latency_ms / 1000:.1f} s, {tokens}, {cost}"
    return f"{answer.model}: {how}; run {answer.run_id}"
