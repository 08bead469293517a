"""What every store keeps of requests that have a key."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from msgspec import structs

from burnish.storage.requests import KeyedRequest
from burnish.storage.store import Store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def request(key: str = "k", *, who: str = "ann", at: datetime = NOW) -> KeyedRequest:
    return KeyedRequest(who=who, key=key, request_hash="h", begun_at=at)


async def begin(store: Store, one: KeyedRequest) -> KeyedRequest | None:
    """A day is kept what was answered, an hour what was not."""
    return await store.requests.begin(
        one, kept_since=one.begun_at - DAY, unfinished_since=one.begun_at - HOUR
    )


async def test_of_many_that_begin_at_once_one_does(store: Store) -> None:
    begun = await asyncio.gather(*(begin(store, request()) for _ in range(10)))
    assert begun.count(None) == 1
    assert {each.status for each in begun if each} == {None}


async def test_what_was_answered_is_kept_for_its_sender_alone(store: Store) -> None:
    assert await begin(store, request()) is None
    done = structs.replace(request(), status=201, answer=b"{}", media_type="application/json")
    await store.requests.finish(done)
    assert await begin(store, request()) == done
    assert await begin(store, request(who="bob")) is None


async def test_a_key_is_free_again_when_it_is_forgotten_or_old(store: Store) -> None:
    await begin(store, request())
    await store.requests.forget("ann", "k")
    assert await begin(store, request()) is None
    later = NOW + 2 * DAY
    assert await begin(store, request(at=later)) is None
    assert await store.requests.forget_old(later) == 0
    assert await store.requests.forget_old(later + HOUR) == 1


async def test_one_that_was_never_answered_may_be_sent_again_sooner(store: Store) -> None:
    await begin(store, request())
    assert await begin(store, request(at=NOW + HOUR)) is not None
    assert await begin(store, request(at=NOW + 2 * HOUR)) is None
