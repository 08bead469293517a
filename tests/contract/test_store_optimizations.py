"""Optimisations: what was asked for, each answer, and each step of the search."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from burnish.errors import Conflict, NotFound, UsageError
from burnish.storage.example import ScorerSpec
from burnish.storage.optimization import Counts, Found, Optimization, Step
from burnish.storage.store import Store

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OTHER = "01970000-0000-7000-8000-000000000098"


def optimization(number: int = 1, **fields: Any) -> Optimization:
    given: dict[str, Any] = {
        "id": f"01970000-0000-7000-8000-{number:012d}",
        "prompt": "mail/late@3",
        "version_id": "01970000-0000-7000-8000-000000000099",
        "algorithm": "reflective",
        "dataset": "parcels@2",
        "model": "fake:a",
        "writer": "fake:b",
        "scorers": (ScorerSpec(name="contains", value="sorry", parameters={"case": False}),),
        "parameters": {"temperature": 0.0},
        "budget": {"metric_calls": 100, "cost_usd": None},
        "settings": {"validation": [3, 1, 2]},
        "seed": 7,
        "created_at": AT,
    }
    return Optimization(**(given | fields))


def answer(candidate: str, example: int, **fields: Any) -> Found:
    given: dict[str, Any] = {"value": 1.0, "output": "Sorry, it is late. 迟到了", "run_id": "r"}
    return Found(candidate=candidate, example=example, **(given | fields))


def paid(cost_usd: float | None, paid_usd: float) -> dict[str, Any]:
    """What such an answer costs, and what was paid for it and its judges."""
    return {"cost_usd": cost_usd, "paid_usd": paid_usd, "unpriced": int(cost_usd is None)}


async def stored(store: Store) -> Optimization:
    made = optimization()
    await store.optimizations.add(made)
    return made


async def told(store: Store, optimization_id: str) -> list[Found]:
    return [each async for each in store.optimizations.found(optimization_id)]


async def test_an_optimisation_is_kept_as_it_was_asked(store: Store) -> None:
    one, two = optimization(1), optimization(2, prompt="mail@1", dataset="else@1")
    for each in (one, two):
        await store.optimizations.add(each)
    assert await store.optimizations.by_prefix(one.id, 5) == [one]
    assert await store.optimizations.by_prefix("0197", 5) == [one, two]
    assert await store.optimizations.page(9) == [two, one]
    assert await store.optimizations.page(1, before=two.id) == [one]
    with pytest.raises(Conflict):
        await store.optimizations.add(one)


async def test_a_page_is_of_a_whole_name(store: Store) -> None:
    names = ["mail@1", "mail/late@1", "mail/late@12", "mail/later@1", "Mail@1", "mailA@1", "m%l@1"]
    every = [optimization(n, prompt=name, dataset=name) for n, name in enumerate(names)]
    for each in every:
        await store.optimizations.add(each)
    for name, indexes in {"mail": [0], "mail/late": [2, 1], "m%l": [6], "m": []}.items():
        wanted = [every[index] for index in indexes]
        assert await store.optimizations.page(9, prompt=name) == wanted
        assert await store.optimizations.page(9, dataset=name) == wanted


async def test_those_of_a_job_are_known_by_its_id_however_many(store: Store) -> None:
    of_it = [optimization(n, prompt=f"p{n}@1", job_id="j1") for n in range(30)]
    for each in (*of_it, optimization(40, job_id="j2")):
        await store.optimizations.add(each)
    assert await store.optimizations.of_job("j1") == [(e.id, e.prompt) for e in of_it]
    assert await store.optimizations.of_job("j3") == []


async def test_those_that_asked_the_same_are_found_however_many(store: Store) -> None:
    same = [optimization(n, seed=n) for n in range(45)]
    others = [{"prompt": "mail/late@9"}, {"version_id": OTHER}, {"dataset": "parcels@3"}]
    more = [{"model": "fake:other"}, {"goal": "clarity"}]
    for each in same:
        await store.optimizations.add(each)
    for n, fields in enumerate([*others, *more]):
        await store.optimizations.add(optimization(50 + n, **fields))
    assert [each async for each in store.optimizations.alike(optimization(90))] == same[::-1]
    assert [e async for e in store.optimizations.alike(optimization(91, model="none"))] == []


async def test_its_end_is_written_into_it(store: Store) -> None:
    made = await stored(store)
    await store.optimizations.change(made.id, ended_step=12, ended_why="3 rounds brought nothing")
    (now,) = await store.optimizations.by_prefix(made.id, 1)
    assert now == structs.replace(made, ended_step=12, ended_why="3 rounds brought nothing")
    ending: Any = {
        "outcome": "improved",
        "text": "0.50 → 0.75",
        "best": "mail/late@4",
        "report": {"before": 0.5},
        "ended_at": AT + timedelta(minutes=3),
        "job_id": "j",
    }
    await store.optimizations.change(made.id, **ending)
    assert await store.optimizations.page(1) == [structs.replace(now, **ending)]
    with pytest.raises(NotFound):
        await store.optimizations.change(optimization(2).id, text="nobody")


async def test_answers_come_by_candidate_example_and_repeat_and_the_last_counts(
    store: Store,
) -> None:
    made = await stored(store)
    some = [answer("b", 0), answer("a", 10), answer("a", 2, repeat=1), answer("a", 2)]
    await store.optimizations.put(made.id, some)
    failed = answer("a", 2, value=None, cost_usd=None, error="no answer", output="", notes="none")
    await store.optimizations.put(made.id, [failed])
    await store.optimizations.put(made.id, [])
    assert await told(store, made.id) == [failed, some[2], some[1], some[0]]


async def test_more_answers_than_a_page_come_all(store: Store) -> None:
    made = await stored(store)
    pairs = [(f"c{n}", example) for n in range(3) for example in range(401)]
    await store.optimizations.put(made.id, [answer(*pair) for pair in pairs])
    assert [(e.candidate, e.example) for e in await told(store, made.id)] == pairs


async def test_answers_are_kept_all_or_none(store: Store) -> None:
    made = await stored(store)
    with pytest.raises(UsageError, match="NUL"):
        await store.optimizations.put(made.id, [answer("a", 0), answer("a", 1, output="\0")])
    assert await told(store, made.id) == []


async def test_steps_come_in_their_order_and_the_last_of_a_number_counts(store: Store) -> None:
    made = await stored(store)
    steps = [
        Step(step=n, operator="reflect", drafted={"rejected": [f"r{n}"], "n": None}, at=AT)
        for n in (4, 1, 30)
    ]
    for each in steps:
        await store.optimizations.put(made.id, [], [each])
    again = structs.replace(steps[0], operator="unite", drafted={})
    await store.optimizations.put(made.id, [], [again])
    assert await store.optimizations.steps(made.id) == [steps[1], again, steps[2]]


async def test_answers_are_counted(store: Store) -> None:
    made = await stored(store)
    given = [
        answer("a", 0, value=0.5, **paid(0.25, 1.25), calls=2, input_tokens=7, output_tokens=2),
        answer("a", 0, repeat=1, value=1.0, **paid(0.25, 0.0), input_tokens=7, output_tokens=3),
        answer("a", 1, value=0.25, **paid(None, 0.5), input_tokens=5, output_tokens=1),
        answer("b", 0, value=None, cost_usd=0.0, calls=0, error="rate_limited", output=""),
    ]
    await store.optimizations.put(made.id, given)
    a, b = await store.optimizations.standings(made.id)
    assert (a.candidate, a.examples, a.answers, a.failed, a.calls) == ("a", 2, 3, 0, 4)
    assert (a.cost_usd, a.unpriced, a.input_tokens, a.output_tokens) == (0.5, 1, 19, 6)
    # Of the two repeats 0.75; the other example has as much weight as both together.
    assert a.score == 0.5
    assert (b.examples, b.answers, b.failed, b.score) == (1, 1, 1, 0.0)
    assert await store.optimizations.counts(made.id) == Counts(
        candidates=2, answers=4, failed=1, calls=4, cost_usd=1.75, unpriced=1
    )
    assert await store.optimizations.counts(optimization(2).id) == Counts()
    assert await store.optimizations.standings(optimization(2).id) == []


async def test_a_deleted_optimisation_takes_all_of_it_along(store: Store) -> None:
    made, other = await stored(store), optimization(2)
    await store.optimizations.add(other)
    step = Step(step=0, operator="reflect", drafted={}, at=AT)
    for each in (made, other):
        await store.optimizations.put(each.id, [answer("a", 0)])
        await store.optimizations.put(each.id, [], [step])
    await store.optimizations.delete(made.id)
    assert await store.optimizations.page(9) == [other]
    assert (await told(store, made.id), await store.optimizations.steps(made.id)) == ([], [])
    assert (await told(store, other.id), await store.optimizations.steps(other.id)) == (
        [answer("a", 0)],
        [step],
    )
    with pytest.raises(NotFound):
        await store.optimizations.put(made.id, [answer("a", 0)])
    with pytest.raises(NotFound):
        await store.optimizations.put(made.id, [], [step])
