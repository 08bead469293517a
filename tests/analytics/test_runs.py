"""Runs listed, found, taken out and in, forgotten."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from burnish.analytics.runs import AsyncRuns, RunImport
from burnish.errors import Conflict, NotFound, UsageError
from burnish.prompts.prompt import Message, Prompt
from burnish.storage.ids import Ids
from burnish.storage.run import Attempt, Run, RunFilter
from burnish.storage.sqlite import open_sqlite
from burnish.storage.stats import StatFilter
from burnish.storage.store import Draft, Store

IDS = Ids()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def run(**fields: Any) -> Run:
    base: dict[str, Any] = {"id": IDS(), "kind": "model", "model": "m", "created_at": NOON}
    return Run(**base | fields)


def runs_of(store: Store) -> AsyncRuns:
    async def opener() -> Store:
        return store

    return AsyncRuns(opener)


async def exported(store: Store, where: RunFilter | None = None) -> list[bytes]:
    chunks: list[bytes] = []
    await runs_of(store).export(chunks.append, where)
    return b"".join(chunks).splitlines(keepends=True)


async def test_pages_go_on_where_the_last_one_ended(store: Store) -> None:
    new = [run(created_at=NOON + timedelta(seconds=n)) for n in range(7)]
    await store.runs.add(new)
    runs = runs_of(store)
    found: list[Run] = []
    cursor = None
    for expected in (3, 3, 1):
        page = await runs.page(limit=3, cursor=cursor)
        assert len(page.items) == expected
        found += page.items
        cursor = page.next
    assert cursor is None
    assert found == new[::-1]
    assert await runs.count() == 7
    with pytest.raises(UsageError, match="continues no list"):
        await runs.page(cursor="x")
    with pytest.raises(UsageError, match="not possible"):
        await runs.page(limit=0)


async def test_a_run_is_found_by_its_id_or_a_beginning_that_no_other_has(store: Store) -> None:
    await store.runs.add([run(id="0197-aa"), run(id="0197-ab"), run(id="0198")])
    runs = runs_of(store)
    assert (await runs.get("0197-ab")).id == (await runs.get("0197-ab"[:7])).id == "0197-ab"
    assert (await runs.get("0198"[:4])).id == "0198"
    with pytest.raises(Conflict, match="more than one"):
        await runs.get("0197")
    for unknown in ("02", ""):
        with pytest.raises(NotFound):
            await runs.get(unknown)


@pytest.mark.spec("MET-08")
async def test_what_is_exported_comes_back_whole(store: Store, tmp_path: Path) -> None:
    new = [
        run(
            input=[{"role": "user", "content": f"line\n{n}"}],
            attempts=(Attempt(model="m", error="ServerFault", status=500),),
            valid=True,
            cost_usd=0.1,
            created_at=NOON + timedelta(seconds=n),
        )
        for n in range(1203)
    ]
    await store.runs.add(new)
    lines = await exported(store)
    assert [msgspec.json.decode(line, type=Run) for line in lines] == new
    since = RunFilter(since=NOON + timedelta(seconds=1200))
    assert await exported(store, since) == lines[1200:]
    other = await open_sqlite(tmp_path / "other.sqlite")
    assert await runs_of(other).import_(lines) == RunImport(imported=1203)
    assert await exported(other) == lines
    stats = [await each.runs.stats("model", StatFilter()) for each in (store, other)]
    assert stats[0][0].runs == stats[1][0].runs == 1203
    # A second time nothing changes.
    assert await runs_of(other).import_(lines) == RunImport(present=1203)
    assert (await other.runs.stats("model", StatFilter()))[0].runs == 1203
    await other.close()


@pytest.mark.spec("MET-08")
async def test_a_line_that_holds_no_run_is_skipped_and_counted(store: Store) -> None:
    def line(value: Run) -> bytes:
        return msgspec.json.encode(value) + b"\n"

    naive = line(run()).replace(b'"2026-05-04T12:00:00Z"', b'"2026-05-04T12:00:00"')
    good = [run() for _ in range(4)]
    lines = [
        line(good[0]),
        line(good[1])[:40] + b"\n",
        b"\n",
        line(good[2]),
        b"not json\n",
        b'{"id": "x"}\n',
        b"\xff\xfe\n",
        b"[" * 5000 + b"\n",
        line(run(output="a\0b")),
        naive,
        line(good[0]),
        line(good[3]),
    ]
    done = await runs_of(store).import_(lines)
    assert (done.imported, done.present) == (3, 1)
    assert (done.corrupt, done.corrupt_lines) == (7, (2, 5, 6, 7, 8, 9, 10))
    assert await store.runs.known([each.id for each in good]) == {good[n].id for n in (0, 2, 3)}


async def test_runs_of_versions_that_are_elsewhere_come_in_without_them(store: Store) -> None:
    prompt = Prompt(id=IDS(), name="a", created_at=NOON, updated_at=NOON)
    text = (Message("user", "x"),)
    here = await store.prompts.add(
        prompt, Draft(id=IDS(), messages=text, content_hash="h", created_at=NOON)
    )
    known, unknown = run(version_id=here.id), run(version_id=IDS(), prompt="b")
    done = await runs_of(store).import_([msgspec.json.encode(each) for each in (known, unknown)])
    assert done == RunImport(imported=2, unlinked=1)
    assert await store.runs.by_id(known.id) == known
    assert await store.runs.by_id(unknown.id) == msgspec.structs.replace(unknown, version_id=None)


@pytest.mark.spec("MET-16")
async def test_forgetting(store: Store) -> None:
    await store.runs.add([run(), run(created_at=NOON - timedelta(days=9))])
    runs = runs_of(store)
    assert await runs.forget(NOON - timedelta(days=1)) == 1
    assert await runs.count() == 1
    with pytest.raises(UsageError, match="time zone"):
        await runs.forget(datetime(2026, 1, 1))  # noqa: DTZ001 - the very case
