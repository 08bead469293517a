"""The index that SQLite keeps: filled by the upgrade, never out of step, read through indexes."""

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.contract.test_store import NOON, add, draft, move
from tests.contract.test_store_search import found, put

from burnish.errors import Conflict, NotFound, UsageError
from burnish.prompts.prompt import Prompt
from burnish.storage.index import SearchFilter
from burnish.storage.migrations.upgrade import upgrade_sqlite
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Edit, Store

ROWS = Path(__file__).parent / "released"


async def test_the_upgrade_indexes_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    await asyncio.to_thread(upgrade_sqlite, path, 5, "0003")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((ROWS / "0003.sql").read_text(encoding="utf-8"))
    store = await open_sqlite(path)
    where = SearchFilter(category="writing", tags=("fiction", "long"), label="production")
    assert await found(store, "topic", where) == ["writer/chapter"]
    assert await store.search.count(SearchFilter()) == 1
    await store.close()


async def test_the_index_is_never_out_of_step(tmp_path: Path) -> None:
    """Whatever is done in whatever order, the index is the one that would be built anew."""
    store = await open_sqlite(tmp_path / "a.sqlite")
    chance = random.Random(5)
    prompts: list[Prompt] = [await add(store, f"p{n}") for n in range(4)]
    for step in range(150):
        prompt = chance.choice(prompts)
        try:
            await _one_change(store, prompt, step, chance)
        except (Conflict, NotFound):
            continue
    kept = _index(tmp_path / "a.sqlite")
    await store.search.rebuild()
    await store.close()
    assert _index(tmp_path / "a.sqlite") == kept
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        connection.execute("INSERT INTO search_fts (search_fts) VALUES ('integrity-check')")


async def _one_change(store: Store, prompt: Prompt, step: int, chance: random.Random) -> None:
    word = chance.choice(("alpha", "beta", "gamma"))
    kind = step % 6
    if kind == 0:
        await store.versions.add(prompt.id, draft(f"{word} {step}"))
    elif kind == 1:
        await store.prompts.edit(prompt.id, Edit(description=word, tags=(word,)), NOON)
    elif kind == 2:
        await store.labels.change(prompt.id, move("production", chance.choice((1, 2, None))))
    elif kind == 3:
        await store.versions.archive(prompt.id, [1, 2], chance.choice((NOON, None)))
    elif kind == 4:
        await store.prompts.delete(prompt.id, NOON)
    else:
        await store.prompts.restore(prompt.id, prompt.name, NOON)


def _index(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        words = connection.execute("SELECT term, doc, cnt FROM search_words ORDER BY term")
        docs = connection.execute(
            "SELECT prompt_id, version_id, name, tags, facets FROM search_docs ORDER BY doc"
        )
        return [*words.fetchall(), *docs.fetchall()]


async def test_a_write_that_fails_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "a.sqlite")
    new = await put(store, "note", "alpha")
    with pytest.raises(NotFound):
        await store.versions.add(new.id, draft("beta"), label=move("x", 1, request="none"))
    assert await found(store, "beta") == []
    assert await found(store, "alpha") == ["note"]
    await store.close()


def test_changing_a_prompt_reads_no_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    upgrade_sqlite(path, 5)
    with closing(sqlite3.connect(path)) as connection:
        query = "EXPLAIN QUERY PLAN SELECT * FROM search_current WHERE prompt_id = 'x'"
        steps = [row[3] for row in connection.execute(query)]
    assert steps
    assert not [step for step in steps if step.startswith("SCAN") and "VIRTUAL" not in step]


async def test_a_text_that_no_database_can_keep_is_refused(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "a.sqlite")
    with pytest.raises(UsageError, match="surrogate"):
        await store.search.holders(["\ud800"], SearchFilter(), 1)
    await store.close()
