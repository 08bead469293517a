"""What every store keeps of feedback."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.contract.test_store import add

from burnish.errors import NotFound
from burnish.storage.feedback import FeedbackEvent, FeedbackFilter
from burnish.storage.ids import Ids
from burnish.storage.run import TechniqueTotal
from burnish.storage.store import Store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
IDS = Ids()


def said(**given: Any) -> FeedbackEvent:
    usual: dict[str, Any] = {"id": IDS(), "kind": "score", "created_at": NOW}
    return FeedbackEvent(**{**usual, **given})


async def test_events_come_back_as_they_were_the_newest_first(store: Store) -> None:
    mail = await add(store, "mail")
    first = said(
        kind="stars",
        value=4.0,
        rating=0.75,
        success=True,
        latency_ms=12.5,
        comment="short\nenough",
        prompt_id=mail.id,
        prompt="mail",
        run_id=IDS(),
        model="fake:echo",
        intent="summarization",
        techniques=("few_shot",),
        who="ann",
    )
    second = said(kind="copied", who="bob", created_at=NOW + timedelta(hours=1), learn=False)
    await store.feedback.add(first)
    await store.feedback.add(second)
    page = store.feedback.page
    assert await page(FeedbackFilter(), 10) == [second, first]
    assert await page(FeedbackFilter(), 1, second.id) == [first]
    for where in (
        FeedbackFilter(prompt="mail"),
        FeedbackFilter(kind="stars", who="ann"),
        FeedbackFilter(run_id=first.run_id),
        FeedbackFilter(until=NOW + timedelta(minutes=1)),
        FeedbackFilter(learn=True),
    ):
        assert await page(where, 10) == [first], where
    assert await page(FeedbackFilter(since=NOW + timedelta(minutes=1)), 10) == [second]


async def test_what_it_counts_for_is_written_with_it(store: Store) -> None:
    mail = await add(store, "mail")
    made = {"prompt_id": mail.id, "intent": "coding", "techniques": ("few_shot", "cot")}
    await store.feedback.add(said(rating=1.0, **made))
    await store.feedback.add(said(rating=0.25, **made))
    await store.feedback.add(said(rating=0.75, learn=False, **made))
    await store.feedback.add(said(kind="comment", comment="hm", **made))
    found = await store.prompts.by_id(mail.id)
    assert found is not None
    assert found.rating == pytest.approx(2 / 3)
    counts: dict[str, Any] = {"uses": 0, "successes": 1, "score_sum": 1.25, "score_n": 2}
    assert await store.techniques.totals(intent="coding") == [
        TechniqueTotal(technique=each, intent="coding", **counts) for each in ("cot", "few_shot")
    ]
    assert {each.day for each in await store.techniques.days()} == {date(2026, 1, 2)}


async def test_what_is_not_there_is_not_rated(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.feedback.add(said(rating=1.0, prompt_id=IDS()))
    assert await store.feedback.page(FeedbackFilter(), 10) == []
    gone = await add(store, "gone")
    await store.prompts.delete(gone.id, NOW)
    await store.feedback.add(said(rating=1.0, prompt_id=gone.id))
    found = await store.prompts.by_id(gone.id)
    assert found is not None
    assert found.rating is None
