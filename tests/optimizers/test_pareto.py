"""Which candidates are worth a look beside the best."""

from __future__ import annotations

import pytest
from tests.optimizers.small_world import candidate, problem

from burnish.optimizers.ask import Measured, Pair
from burnish.optimizers.budget import Budget
from burnish.optimizers.pareto import front


def shown(**answers: Measured) -> list[str]:
    """The lines of those in the front, where the original and the prompt that leads, `a`, score 0
    and 1 in 100 ms with 100 tokens."""
    found = problem(Budget(calls=200))
    told = {"": answered(0.0)}
    told |= {"a": answered(1.0), **answers}
    names: dict[str, str] = {}
    for lines, measured in told.items():
        one = candidate(lines)
        names[one.id] = lines
        found.book.add(one)
        for example in found.validation[:10]:
            found.book.record(Pair(one.id, example), measured)
    found.lead(next(name for name, lines in names.items() if lines == "a"))
    return [names[each.candidate] for each in front(found)]


def answered(
    score: float, *, latency_ms: float = 100.0, tokens: int = 100, cost_usd: float = 0.01
) -> Measured:
    return Measured(value=score, latency_ms=latency_ms, input_tokens=tokens, cost_usd=cost_usd)


def test_less_than_anybody_would_choose_by_keeps_no_row() -> None:
    assert shown(b=answered(1.0, latency_ms=99.99)) == ["a", ""]
    assert shown(b=answered(0.9, latency_ms=96.0, tokens=97)) == ["a", ""]
    # A millisecond is nothing, however fast both are.
    quick = {"b": answered(0.5, latency_ms=0.01), "c": answered(0.4, latency_ms=0.001)}
    assert shown(**quick) == ["a", "b", ""]


@pytest.mark.spec("OPT-05")
def test_what_saves_something_or_scores_more_keeps_its_row() -> None:
    assert shown(b=answered(0.9, latency_ms=90.0)) == ["a", "b", ""]
    assert shown(b=answered(0.9, tokens=90)) == ["a", "b", ""]
    cheap = {"b": answered(0.9, cost_usd=0.005), "c": answered(0.8, cost_usd=0.006)}
    assert shown(**cheap) == ["a", "b", ""]
    assert shown(b=answered(1.0, tokens=90), c=answered(0.9, tokens=89)) == ["a", "b", ""]


@pytest.mark.spec("OPT-05")
def test_a_shorter_prompt_keeps_its_row_beside_a_longer_one_that_scores_more() -> None:
    long = {"bcdefghijk": answered(0.5, latency_ms=50.0)}
    assert shown(**long, l=answered(0.4, latency_ms=50.0)) == ["a", "bcdefghijk", "l", ""]
    assert shown(b=answered(0.5, latency_ms=50.0), l=answered(0.4, latency_ms=50.0)) == [
        "a",
        "b",
        "",
    ]
