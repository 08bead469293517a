"""What every store keeps of requests that have a key."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from msgspec import structs

from burnish.storage.requests import KeyedRequest
from burnish.storage.store import Store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def request(key: str = "k", *, who: str = "ann", at: datetime = NOW) -> KeyedRequest:
    return KeyedRequest(who=who, key=key, request_hash="h", begun_at=at)


async def test_of_many_that_begin_at_once_one_does(store: Store) -> None:
    begun = await asyncio.gather(*(store.requests.begin(request(), NOW - DAY) for _ in range(10)))
    assert begun.count(None) == 1
    assert {each.status for each in begun if each} == {None}


async def test_what_was_answered_is_kept_for_its_sender_alone(store: Store) -> None:
    assert await store.requests.begin(request(), NOW - DAY) is None
    done = structs.replace(request(), status=201, answer=b"{}", media_type="application/json")
    await store.requests.finish(done)
    assert await store.requests.begin(request(), NOW - DAY) == done
    assert await store.requests.begin(request(who="bob"), NOW - DAY) is None


async def test_a_key_is_free_again_when_it_is_forgotten_or_old(store: Store) -> None:
    await store.requests.begin(request(), NOW - DAY)
    await store.requests.forget("ann", "k")
    assert await store.requests.begin(request(), NOW - DAY) is None
    later = NOW + 2 * DAY
    assert await store.requests.begin(request(at=later), later - DAY) is None
    await store.requests.begin(request("other", at=NOW), NOW - DAY)
    assert await store.requests.forget_old(later - DAY) == 1
    assert await store.requests.begin(request(at=later), later - DAY) is not None
