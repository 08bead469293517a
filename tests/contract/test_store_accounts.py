"""What every store keeps of people, their sessions and their tokens."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from burnish.errors import Conflict
from burnish.storage.account import OneTime, Session, User
from burnish.storage.ids import Ids
from burnish.storage.store import Store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
IDS = Ids()


def user(email: str = "ann@example.com") -> User:
    return User(id=IDS(), email=email, rights=("publish",), preferences={"a": [1]}, created_at=NOW)


async def signed_in(store: Store, ann: User, refresh_hash: str) -> Session:
    session = Session(id=IDS(), user_id=ann.id, created_at=NOW, ends_at=NOW + DAY)
    await store.sessions.begin(session, refresh_hash)
    return session


async def test_people_come_back_as_they_were(store: Store) -> None:
    ann, bob = user(), user("bob@example.com")
    await store.users.add(bob, "")
    await store.users.add(ann, "hash")
    assert await store.users.by_id(ann.id) == ann
    assert await store.users.by_email(ann.email) == (ann, "hash")
    assert await store.users.by_email("none") is None
    assert await store.users.all() == [ann, bob]
    with pytest.raises(Conflict, match=r"ann@example\.com"):
        await store.users.add(user(), "other")
    changed = await store.users.change(ann.id, {"role": "admin", "password_hash": "new"})
    assert changed is not None
    assert changed.role == "admin"
    assert await store.users.by_email(ann.email) == (changed, "new")
    assert await store.users.change(IDS(), {"role": "admin"}) is None


async def test_wrong_passwords_are_counted_until_a_right_one(store: Store) -> None:
    ann = user()
    await store.users.add(ann, "")
    counts = await asyncio.gather(*(store.users.failed(ann.id) for _ in range(5)))
    assert sorted(counts) == [1, 2, 3, 4, 5]
    await store.users.succeeded(ann.id, NOW)
    found = await store.users.by_id(ann.id)
    assert found is not None
    assert found.seen_at == NOW
    assert await store.users.failed(ann.id) == 1


async def test_of_many_rotations_at_once_one_wins_and_the_session_ends(store: Store) -> None:
    ann = user()
    await store.users.add(ann, "")
    session = await signed_in(store, ann, "r0")
    assert await store.sessions.rotate("none", "x", NOW) == ("unknown", None)
    assert (await store.sessions.rotate("r0", "r1", NOW))[0] == "rotated"
    many = [store.sessions.rotate("r1", f"s{n}", NOW) for n in range(8)]
    told = [how for how, _ in await asyncio.gather(*many)]
    assert told.count("rotated") == 1
    assert "reused" in told
    found = await store.sessions.found(session.id)
    assert found is not None
    assert found[0].ended_at == NOW
    assert found[1] == ann
    for n in range(8):
        assert (await store.sessions.rotate(f"s{n}", f"t{n}", NOW))[0] == "unknown"


async def test_a_session_ends_by_itself_or_for_a_reason(store: Store) -> None:
    ann = user()
    await store.users.add(ann, "")
    one, two = [await signed_in(store, ann, name) for name in ("a", "b")]
    assert (await store.sessions.rotate("a", "c", NOW + DAY))[0] == "unknown"
    assert await store.sessions.end_all(ann.id, "why", NOW, but=two.id) == 1
    ended, left = await store.sessions.end(one.id, "again", NOW + DAY), two
    assert ended is not None
    assert (ended.why, ended.ended_at) == ("why", NOW)
    assert await store.sessions.of(ann.id) == [left, ended]
    assert await store.sessions.by_refresh("b") == left
    assert await store.sessions.end(IDS(), "x", NOW) is None


async def test_a_token_is_used_once_for_what_it_is_for(store: Store) -> None:
    once = OneTime(purpose="reset", email="a@b.c", created_at=NOW, ends_at=NOW + DAY)
    await store.users.allow("h", once)
    assert await store.users.use("h", "invite", NOW) is None
    assert await store.users.use("h", "reset", NOW + DAY) is None
    assert await store.users.allowed("h", "reset", NOW) == once
    used = await asyncio.gather(*(store.users.use("h", "reset", NOW) for _ in range(4)))
    assert [each for each in used if each] == [once]
    assert await store.users.allowed("h", "reset", NOW) is None


async def test_nothing_of_who_is_removed_stays(store: Store) -> None:
    ann, bob = user(), user("bob@example.com")
    for each in (ann, bob):
        await store.users.add(each, "")
        await signed_in(store, each, each.email)
        once = OneTime(purpose="reset", email=each.email, created_at=NOW, ends_at=NOW + DAY)
        await store.users.allow(f"once {each.email}", once)
    await store.users.remove(ann.id)
    assert await store.users.all() == [bob]
    assert await store.sessions.by_refresh(ann.email) is None
    assert await store.users.allowed(f"once {ann.email}", "reset", NOW) is None
    assert await store.sessions.by_refresh(bob.email) is not None
    assert await store.users.allowed(f"once {bob.email}", "reset", NOW) is not None


async def test_so_many_tokens_of_an_address_are_made_and_no_more(store: Store) -> None:
    once = OneTime(purpose="verify", email="a@b.c", created_at=NOW, ends_at=NOW + DAY)
    since = NOW - timedelta(hours=1)
    await store.users.allow("invited", structs.replace(once, purpose="invite"))
    made = await asyncio.gather(
        *(store.users.allow_some(f"h{n}", once, 3, since) for n in range(6))
    )
    assert sum(made) == 3
    kept = [await store.users.allowed(f"h{n}", "verify", NOW) is not None for n in range(6)]
    assert kept == made
    other = structs.replace(once, email="other@b.c")
    assert await store.users.allow_some("other", other, 3, since)
    assert not await store.users.allow_some("late", once, 3, since)
    assert await store.users.allow_some("later", once, 3, NOW)
