"""The named queries use an index, on a library large enough that it matters."""

import asyncio
import sqlite3
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from burnish.prompts.prompt import Message, Prompt
from burnish.storage.ids import Ids
from burnish.storage.sql.queries import HOT
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Draft, Entry

NOW = datetime(2026, 5, 4, tzinfo=UTC)


async def _fill(path: Path) -> None:
    ids, messages = Ids(), (Message("user", "x"),)
    store = await open_sqlite(path)
    await store.prompts.add_many(
        [
            Entry(
                Prompt(
                    id=ids(), name=f"n{n}", category=f"c{n % 9}", created_at=NOW, updated_at=NOW
                ),
                (Draft(id=ids(), messages=messages, content_hash="", created_at=NOW),),
            )
            for n in range(500)
        ]
    )
    await store.close()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Generator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("queries") / "b.sqlite"
    asyncio.run(_fill(path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ANALYZE")
        yield connection


def test_there_are_at_least_ten() -> None:
    assert len(HOT) >= 10


@pytest.mark.spec("DB-04")
@pytest.mark.parametrize("name", HOT)
def test_a_hot_query_uses_an_index(library: sqlite3.Connection, name: str) -> None:
    query = HOT[name].compile(dialect=sqlite.dialect(paramstyle="named"))
    values = {k: "x" if v is None else v for k, v in query.params.items()}
    plan = library.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
    steps = [row[3] for row in plan]
    reads = [step for step in steps if step.startswith(("SEARCH", "SCAN"))]
    assert reads
    assert all("INDEX" in step for step in reads), steps
    # Groups of techniques are few and sorted in memory; pages come sorted out of the index.
    sorts = [step for step in steps if "TEMP B-TREE" in step]
    assert not sorts or name == "technique totals of an intent", steps
