"""From every released schema to the newest, with rows in it."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from burnish.errors import StoreError
from burnish.storage.migrations import HEAD, REVISIONS
from burnish.storage.migrations.upgrade import configuration, upgrade_sqlite
from burnish.storage.run import RunFilter
from burnish.storage.sqlite import open_sqlite
from burnish.storage.stats import StatFilter
from burnish.storage.store import PromptFilter
from burnish.storage.tables import metadata
from burnish.storage.tables.search import is_described

ROWS = Path(__file__).parent / "released"


def test_the_constants_are_the_real_revisions() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert tuple(s.revision for s in reversed(list(scripts.walk_revisions()))) == REVISIONS
    assert scripts.get_heads() == [HEAD]


def test_the_tables_are_what_the_migrations_make(tmp_path: Path) -> None:
    migrated, described = tmp_path / "migrated.sqlite", tmp_path / "described.sqlite"
    upgrade_sqlite(migrated, timeout_s=5)
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_described}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    # The comparison above sees neither checks nor the conditions of indexes.
    engine = create_engine(f"sqlite:///{described}")
    metadata.create_all(engine)
    engine.dispose()
    assert _statements(migrated) == _statements(described)


@pytest.mark.spec("DB-01")
@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_database_of_each_released_schema_upgrades_with_its_rows(
    tmp_path: Path, revision: str
) -> None:
    path = tmp_path / "old.sqlite"
    await asyncio.to_thread(upgrade_sqlite, path, 5, revision)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((ROWS / f"{revision}.sql").read_text(encoding="utf-8"))
    store = await open_sqlite(path)
    prompts = await store.prompts.page(PromptFilter(tags=("fiction",)), "rating", 10)
    assert [(p.name, p.rating, p.usage_count) for p in prompts] == [("writer/chapter", 0.75, 3)]
    found = await store.versions.find("writer/chapter")
    assert found is not None
    assert (found.version.text, found.version.revision, found.via) == (
        "Write {{ topic }}",
        1,
        "production",
    )
    assert [v.revision for v in await store.versions.history(prompts[0].id, 10)] == [2, 1]
    assert [m.why for m in await store.labels.log(prompts[0].id)] == ["it won"]
    runs = await store.runs.page(RunFilter(version_id=found.version.id), 10)
    assert [(run.output, run.cost_usd) for run in runs] == [("Once upon a time", None)]
    (stat,) = await store.runs.stats("model", StatFilter())
    assert (stat.group, stat.runs, stat.tokens, stat.cost_usd) == ("openai:gpt-5-mini", 1, 16, None)
    assert stat.p95_latency_ms == pytest.approx(812.5, rel=0.01)
    assert [(s.group, s.runs) for s in await store.runs.stats("day", StatFilter())] == [
        ("2026-01-02", 1)
    ]
    assert [t.uses for t in await store.techniques.totals(intent="creative_writing")] == [4]
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert row == (HEAD,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_who_was_let_in_by_others_is_verified_and_who_registered_alone_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.sqlite"
    upgrade_sqlite(path, 5, "0022")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((ROWS / "0022.sql").read_text(encoding="utf-8"))
        connection.execute(
            "INSERT INTO users SELECT 'bob', 'bob@example.com', name, password_hash, role, rights,"
            " tier, preferences, learn, failures, created_at, 'bob@example.com', NULL, NULL, NULL"
            " FROM users"
        )
        connection.commit()
    upgrade_sqlite(path, timeout_s=5)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT email, verified_at = created_at FROM users ORDER BY 1")
        assert rows.fetchall() == [("ann@example.com", 1), ("bob@example.com", None)]


def test_an_upgrade_that_would_orphan_rows_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE parents (id PRIMARY KEY);"
            "CREATE TABLE children (parent_id REFERENCES parents (id));"
            "INSERT INTO children VALUES (1);"
        )
    with pytest.raises(StoreError, match="rows they refer to"):
        upgrade_sqlite(path, timeout_s=5)
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert tables.fetchall() == [("parents",), ("children",)]


def _statements(path: Path) -> dict[str, list[str]]:
    """The words of each statement; the order of constraints is left to chance."""
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"
    with closing(sqlite3.connect(path)) as connection:
        return {
            name: sorted(sql.replace(",", " ").split()) for name, sql in connection.execute(query)
        }
