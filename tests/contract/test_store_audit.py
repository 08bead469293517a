"""What every store keeps of the audit log."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from msgspec import structs

from burnish.storage.audit import FIRST, AuditEntry, AuditFilter, Someone, hash_of
from burnish.storage.ids import Ids
from burnish.storage.store import Store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
IDS = Ids()


def entry(action: str = "test", n: int = 0) -> AuditEntry:
    at = NOW + timedelta(minutes=n)
    return AuditEntry(id=IDS(), at=at, who=f"w{n % 2}", kind="local", action=action, after={"n": n})


async def test_writers_at_once_make_one_chain(store: Store) -> None:
    await asyncio.gather(*(store.audit.add(entry(n=n)) for n in range(30)))
    rows = await store.audit.rows(0, 100)
    assert [each.number for each in rows] == list(range(1, 31))
    assert [each.previous for each in rows] == [FIRST, *(each.hash for each in rows[:-1])]
    assert all(each.hash == hash_of(each) for each in rows)
    assert await store.audit.rows(28, 1) == [rows[28]]


async def test_entries_are_found_by_who_what_and_when(store: Store) -> None:
    ann, bob = [Someone(kind="person", id=each, name=f"{each}@b.c") for each in ("ann", "bob")]
    references = [await store.audit.reference(each) for each in (ann, bob)]
    assert [await store.audit.reference(each) for each in (ann, bob)] == references
    done = [
        await store.audit.add(
            structs.replace(
                entry(f"{'prompts' if n < 2 else 'keys'}.x", n),
                who=references[n % 2],
                subject=f"@{references[0]}" if n == 3 else "a thing",
            )
        )
        for n in range(4)
    ]
    page = store.audit.page
    assert await page(AuditFilter(), 3) == done[:0:-1]
    assert await page(AuditFilter(), 3, before=2) == [done[0]]
    assert await page(AuditFilter(action="prompts."), 9) == [done[1], done[0]]
    assert await page(AuditFilter(action="keys.x", who="bob@b.c"), 9) == [done[3]]
    assert await page(AuditFilter(who_id="ann"), 9) == [done[2], done[0]]
    assert await page(AuditFilter(subject="ann@b.c"), 9) == [done[3]]
    assert await page(AuditFilter(subject="a thing", who="bob@b.c"), 9) == [done[1]]
    assert await page(AuditFilter(action="keys"), 9) == []
    since = NOW + timedelta(minutes=1)
    assert await page(AuditFilter(since=since, until=since + timedelta(minutes=1)), 9) == [done[1]]
    assert await store.audit.names(references) == {
        references[0]: "ann@b.c",
        references[1]: "bob@b.c",
    }
    await store.audit.erase("ann", "ann@b.c")
    assert await store.audit.names(references) == {references[1]: "bob@b.c"}
    assert await page(AuditFilter(who_id="ann"), 9) == []
    assert len(await page(AuditFilter(), 9)) == 4
