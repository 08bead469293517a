"""Evaluations and their results."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from burnish.errors import Conflict
from burnish.storage.evaluation import Evaluation, Numbered
from burnish.storage.example import ScorerSpec
from burnish.storage.result import UNFIT, Result, Score
from burnish.storage.store import Store

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def evaluation(number: int = 1, **fields: Any) -> Evaluation:
    given: dict[str, Any] = {
        "id": f"01970000-0000-7000-8000-{number:012d}",
        "prompts": ("mail/late@3", "mail/late@4"),
        "models": ("fake:a",),
        "dataset": "parcels@2",
        "tags": ("hard",),
        "examples": 3,
        "repeats": 2,
        "scorers": (ScorerSpec(name="contains", value="sorry", parameters={"case": False}),),
        "parameters": {"temperature": 0.0},
        "max_cost_usd": 0.5,
        "created_at": AT,
    }
    return Evaluation(**(given | fields))


def result(example: str, **fields: Any) -> Result:
    given: dict[str, Any] = {
        "prompt": "mail/late@3",
        "model": "fake:a",
        "example": example,
        "output": "Sorry, it is late. 迟到了",
        "scores": (Score(metric="contains", value=1.0, passed=True, details={"found": ["x"]}),),
        "score": 1.0,
        "passed": True,
        "latency_ms": 12.5,
        "tags": ("hard",),
    }
    return Result(**(given | fields))


async def told(store: Store, evaluation_id: str) -> list[Result]:
    return [each async for each in store.evaluations.results(evaluation_id)]


async def test_an_evaluation_is_kept_as_it_was_asked(store: Store) -> None:
    one, two = evaluation(1), evaluation(2, prompts=("other@1",), dataset="else@1")
    for each in (one, two):
        await store.evaluations.add(each)
    assert await store.evaluations.by_prefix(one.id, 5) == [one]
    assert await store.evaluations.page(9) == [two, one]
    assert await store.evaluations.page(9, prompt="mail/late") == [one]
    assert await store.evaluations.page(9, prompt="mail") == []
    assert await store.evaluations.page(9, dataset="else") == [two]
    assert await store.evaluations.page(9, before=two.id) == [one]
    with pytest.raises(Conflict):
        await store.evaluations.add(one)
    await store.evaluations.end(one.id, "cost", AT)
    (ended,) = await store.evaluations.by_prefix(one.id, 1)
    assert ended == structs.replace(one, stop="cost", ended_at=AT)


async def test_results_come_in_the_order_of_cells_and_the_last_of_a_cell_counts(
    store: Store,
) -> None:
    asked = evaluation()
    await store.evaluations.add(asked)
    some = [Numbered(cell, result(f"e{cell}", repeat=cell % 2)) for cell in (7, 2, 1100, 0)]
    await store.evaluations.put(asked.id, some)
    again = result("e2", error="no answer", output="", scores=(), score=None, passed=None)
    await store.evaluations.put(asked.id, [Numbered(2, again)])
    await store.evaluations.put(asked.id, [])
    assert await store.evaluations.cells(asked.id) == [0, 2, 7, 1100]
    found = await told(store, asked.id)
    assert [each.example for each in found] == ["e0", "e2", "e7", "e1100"]
    assert (found[0], found[1]) == (result("e0"), again)


async def test_more_results_than_a_page_come_all(store: Store) -> None:
    asked = evaluation()
    await store.evaluations.add(asked)
    await store.evaluations.put(asked.id, [Numbered(n, result(f"e{n}")) for n in range(1203)])
    assert [each.example for each in await told(store, asked.id)] == [f"e{n}" for n in range(1203)]


async def test_what_failed_is_forgotten_when_it_begins_again(store: Store) -> None:
    asked = evaluation()
    await store.evaluations.add(asked)
    bad = result("e1", error="no answer", score=None, passed=None)
    await store.evaluations.put(asked.id, [Numbered(0, result("e0")), Numbered(1, bad)])
    await store.evaluations.end(asked.id, "failed", AT)
    assert await store.evaluations.begin_again(asked.id) == 1
    assert await store.evaluations.by_prefix(asked.id, 1) == [asked]
    assert await store.evaluations.cells(asked.id) == [0]


async def test_what_is_scored_without_counting_is_not_asked_for_again(store: Store) -> None:
    asked = evaluation()
    await store.evaluations.add(asked)
    alone = Score(metric="length", value=1.0, passed=True, weight=0.0)
    untold = Score(metric="judge", value=None, passed=False, error="no answer")
    some = [
        Numbered(0, result("e0", scores=(alone,), score=None, passed=None)),
        Numbered(1, result("e1", scores=(alone, untold), score=None, passed=None)),
        Numbered(2, result("e2", scores=(), score=None, passed=None)),
    ]
    await store.evaluations.put(asked.id, some)
    assert await store.evaluations.begin_again(asked.id) == 1
    assert await store.evaluations.cells(asked.id) == [0, 2]


async def test_a_deleted_evaluation_takes_its_results_with_it(store: Store) -> None:
    asked = evaluation()
    await store.evaluations.add(asked)
    await store.evaluations.put(asked.id, [Numbered(0, result("e0"))])
    await store.evaluations.delete(asked.id)
    assert await store.evaluations.by_prefix(asked.id, 1) == []
    assert await told(store, asked.id) == []


async def test_results_are_counted_by_prompt_and_model(store: Store) -> None:
    asked = evaluation()
    await store.evaluations.add(asked)
    bad: dict[str, Any] = {"output": "", "scores": (), "score": None, "passed": None}
    given = [
        result("e0", cost_usd=0.25),
        result("e1", cost_usd=0.5, score=0.5, passed=False),
        result("e2", cost_usd=9.0, cached=True),
        result("e3", error="rate_limited: slow down", **bad),
        result("e4", error=f"variable_error: {UNFIT}: topic", **bad),
        result("e5"),
        result("e0", prompt="mail/late@4", passed=None, score=None),
    ]
    await store.evaluations.put(asked.id, [Numbered(n, each) for n, each in enumerate(given)])
    three, four = sorted(await store.evaluations.counts(asked.id), key=lambda each: each.prompt)
    assert (three.prompt, three.model, three.results) == ("mail/late@3", "fake:a", 6)
    assert (three.asked, three.failed, three.judged, three.passed) == (4, 2, 4, 3)
    assert (three.scored, three.score, three.cost_usd, three.unpriced) == (4, 3.5, 0.75, 1)
    assert (four.results, four.judged, four.scored, four.score) == (1, 0, 0, 0.0)
    assert await store.evaluations.counts("01970000-0000-7000-8000-000000000009") == []
