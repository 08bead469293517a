"""Functions as scorers that do what no scorer should."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest
from tests.evals.scorers.conftest import answered

import burnish
from burnish.evals.registry import Scorers
from burnish.evals.scored import Answered
from burnish.storage.example import Example
from burnish.storage.result import Score


def finds_none(output: str) -> bool:
    return next(found for found in (False,) if found)


def exits(output: str) -> bool:
    sys.exit(3)


def interrupts(output: str) -> bool:
    raise KeyboardInterrupt


def cancels(output: str) -> bool:
    raise asyncio.CancelledError


async def exits_later(output: str) -> bool:
    sys.exit(3)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (finds_none, "raises StopIteration"),
        (exits, "raises SystemExit: 3"),
        (interrupts, "raises KeyboardInterrupt"),
        (cancels, "raises CancelledError"),
        (exits_later, "raises SystemExit: 3"),
    ],
)
async def test_what_ends_more_than_a_function_ends_one_score(
    scorers: Scorers, function: Callable[[str], Any], says: str
) -> None:
    found = await scorers.take(function).score(answered("x"))
    assert (found.value, found.error) == (None, says)


async def test_an_async_scorer_that_is_cancelled_inside_cancels_nobody(scorers: Scorers) -> None:
    async def gives_up(output: str) -> bool:
        inner = asyncio.create_task(asyncio.sleep(60))
        inner.cancel()
        await inner
        return True

    found = await scorers.take(gives_up).score(answered("x"))
    assert found.error == "was cancelled by something inside it"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"value": "0.5"}, "the type str"),
        ({"reason": None}, "whose reason is of the type NoneType"),
        ({"error": 3}, "whose error is of the type int"),
        ({"details": None}, "whose details is of the type NoneType"),
    ],
)
async def test_a_score_of_wrong_types_is_an_error_of_its_own(
    scorers: Scorers, fields: dict[str, Any], says: str
) -> None:
    def gives(output: str) -> Score:
        whole: dict[str, Any] = {"metric": "x", "value": 0.5, "passed": True, **fields}
        return Score(**whole)

    found = await scorers.take(gives).score(answered("x"))
    assert found.value is None
    assert says in found.error


async def test_details_that_hold_themselves_are_an_error(scorers: Scorers) -> None:
    def gives(output: str) -> Score:
        details: dict[str, Any] = {}
        details["again"] = details
        return Score(metric="x", value=1.0, passed=True, details=details)

    assert "RecursionError" in (await scorers.take(gives).score(answered("x"))).error


async def test_a_number_as_text_is_no_score(scorers: Scorers) -> None:
    def gives(output: str) -> str:
        return "0.9"

    assert "the type str" in (await scorers.take(gives).score(answered("x"))).error


async def test_an_error_that_quotes_a_long_answer_is_cut(scorers: Scorers) -> None:
    def raises(output: str) -> bool:
        raise ValueError(output)

    def explains(output: str) -> Score:
        return Score(metric="x", value=1.0, passed=True, reason=output)

    for function in (raises, explains):
        found = await scorers.take(function).score(answered("x" * 1_000_000))
        assert 1_000 < len(found.error or found.reason) < 3_000


async def test_what_a_function_changes_reaches_no_other_answer(scorers: Scorers) -> None:
    def takes(
        output: str,
        *,
        expected: list[str],
        inputs: dict[str, Any],
        metadata: dict[str, Any],
        example: Example,
        answered: Answered,
    ) -> bool:
        expected.clear()
        inputs.pop("q")
        metadata["seen"] = True
        example.inputs["p"] = 1
        answered.example.inputs["r"] = 1
        return True

    example = Example(id="1", inputs={"q": "?"}, expected=["a"], metadata={"m": 1})
    found = await scorers.take(takes).score(Answered(example=example, output="x"))
    assert found.passed, found.error
    assert example == Example(id="1", inputs={"q": "?"}, expected=["a"], metadata={"m": 1})


async def test_a_timeout_inside_a_scorer_is_told_as_it_is(scorers: Scorers) -> None:
    def waits(output: str) -> bool:
        raise TimeoutError("the dictionary did not answer")

    found = await scorers.take(waits).score(answered("x"))
    assert found.error == "TimeoutError: the dictionary did not answer"


def test_an_evaluation_ends_though_a_scorer_cancels_its_own_work() -> None:
    class Plugin:
        @staticmethod
        def models() -> list[burnish.Fake]:
            return [burnish.Fake()]

    async def gives_up(output: str) -> bool:
        raise asyncio.CancelledError

    with burnish.open(plugins=[Plugin]) as p:
        p.prompts.create("say", "Say {{ word }}.")
        rows = [{"id": str(n), "inputs": {"word": str(n)}} for n in range(12)]
        done = p.evaluate("say", rows, models="fake:a", scorers=[gives_up], concurrency=2)
    (column,) = done.report.columns
    assert (column.answered, column.score.n) == (12, 0)
