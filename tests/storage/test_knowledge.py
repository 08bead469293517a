"""The index of knowledge that SQLite keeps is never out of step."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.contract.test_store_knowledge import chunk, document

from burnish.storage.sqlite import open_sqlite


async def test_whatever_changes_the_index_is_the_one_that_would_be_built_anew(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.sqlite"
    store = await open_sqlite(path)
    chance = random.Random(5)
    documents = [document(f"{n}.md") for n in range(4)]
    for step in range(80):
        each = chance.choice(documents)
        if step % 5 == 4:
            await store.knowledge.remove([each.id])
        else:
            words = chance.choices(("alpha", "beta", "gamma", "漢字"), k=chance.randint(0, 6))
            await store.knowledge.put(each, [chunk(word, f"H{step % 2}") for word in words])
    kept = _index(path)
    await store.knowledge.index.rebuild()
    await store.close()
    assert _index(path) == kept
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO knowledge_fts (knowledge_fts) VALUES ('integrity-check')")
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = connection.execute("SELECT count(*) FROM knowledge_chunks").fetchone()[0]
    assert rows <= 24


def _index(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT term, doc, cnt FROM knowledge_words ORDER BY term"
        ).fetchall()
