"""The file: how it is opened, and what is said when it cannot be used."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

import burnish
from burnish.errors import StoreError
from burnish.prompts.prompt import Message, Prompt
from burnish.storage import sqlite as sqlite_store
from burnish.storage.migrations import HEAD
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Draft, PromptFilter

NOW = datetime(2026, 5, 4, tzinfo=UTC)
# A child finds the package under test wherever it runs.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}


async def add(path: Path, name: str) -> None:
    store = await open_sqlite(path)
    prompt = Prompt(id=name, name=name, created_at=NOW, updated_at=NOW)
    messages = (Message("user", "x"),)
    await store.prompts.add(
        prompt, Draft(id=name, messages=messages, content_hash="", created_at=NOW)
    )
    await store.close()


async def names(path: Path) -> list[str]:
    store = await open_sqlite(path)
    found = [p.name for p in await store.prompts.page(PromptFilter(), "name", 100)]
    await store.close()
    return found


@pytest.mark.spec("DB-01")
async def test_the_first_start_creates_folder_file_and_schema(tmp_path: Path) -> None:
    path = tmp_path / "new folder %41?#" / "b.sqlite"
    await add(path, "one")
    assert await names(path) == ["one"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]


async def test_connections_follow_the_rules(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "b.sqlite")
    pragmas = {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 30000, "foreign_keys": 1}
    for connecting in (store.database.reading, store.database.writing):
        async with connecting() as connection:
            for pragma, value in pragmas.items():
                assert await connection.scalar(text(f"PRAGMA {pragma}")) == value
    await store.close()


async def test_a_writer_holds_the_lock_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "b.sqlite"
    store = await open_sqlite(path)
    with closing(sqlite3.connect(path, timeout=0)) as other:
        async with store.database.writing():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            # Readers go on.
            assert await store.prompts.by_name("x") is None
        other.execute("BEGIN IMMEDIATE")
    await store.close()


async def test_a_file_put_back_without_wal_gets_it_again(tmp_path: Path) -> None:
    path, copy = tmp_path / "b.sqlite", tmp_path / "copy.sqlite"
    await add(path, "one")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"VACUUM INTO '{copy}'")
    assert await names(copy) == ["one"]
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


_OPEN = """
import asyncio, sys
from pathlib import Path
from burnish.storage.sqlite import open_sqlite
sys.stdin.read(1)
async def main():
    store = await open_sqlite(Path(sys.argv[1]))
    await store.prompts.by_name("x")
    await store.close()
asyncio.run(main())
print("alembic" in sys.modules)
"""


@pytest.mark.spec("DB-01")
def test_several_processes_may_start_at_once_on_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "b.sqlite"
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _OPEN, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        for _ in range(6)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    ended = [(*process.communicate(timeout=60), process.returncode) for process in started]
    assert [(stderr, code) for _, stderr, code in ended] == [("", 0)] * 6


async def test_a_current_file_opens_without_alembic(tmp_path: Path) -> None:
    path = tmp_path / "b.sqlite"
    await add(path, "one")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", _OPEN, str(path)],
        input="x",
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT,
    )
    assert done.stdout == "False\n"


def _not_a_database(folder: Path) -> Path:
    path = folder / "notes.txt"
    path.write_text("This is a text, and longer than the header of a database. " * 20)
    return path


def _newer(folder: Path) -> Path:
    path = folder / "b.sqlite"
    asyncio.run(add(path, "one"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    return path


def _of_another_program(folder: Path) -> Path:
    path = folder / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (id)")
    return path


def _folder(folder: Path) -> Path:
    return folder


def _under_a_file(folder: Path) -> Path:
    (folder / "file").write_text("x")
    return folder / "file" / "b.sqlite"


@pytest.mark.parametrize(
    ("make", "what", "hint"),
    [
        (_not_a_database, "not a database", "name another file"),
        (_newer, "newer Burnish", "upgrade"),
        (_of_another_program, "another program's database", "file of Burnish's own"),
        (_folder, "unable to open", "check that its folder exists"),
        (_under_a_file, "cannot be used", "a file stands where a folder should be"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_do(
    tmp_path: Path, make: Callable[[Path], Path], what: str, hint: str
) -> None:
    path = make(tmp_path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=what) as caught:
        asyncio.run(open_sqlite(path))
    assert hint in caught.value.hint
    assert str(path) in str(caught.value)
    assert before is None or path.read_bytes() == before


_READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from burnish.errors import StoreError
from burnish.storage.sqlite import open_sqlite
async def warm_up():
    await (await open_sqlite(Path(sys.argv[2]))).close()
# Nobody may not read the packages, so all of them are imported before.
asyncio.run(warm_up())
if os.geteuid() == 0:
    os.setuid(65534)
try:
    asyncio.run(open_sqlite(Path(sys.argv[1])))
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="folders have no such permissions here")
@pytest.mark.parametrize("name", ["new.sqlite", "old.sqlite", "folder/new.sqlite"])
def test_a_read_only_folder_says_what_to_do(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, name: str
) -> None:
    folder = tmp_path_factory.mktemp("read only")
    asyncio.run(add(folder / "old.sqlite", "one"))
    for parent in (folder.parent.parent, folder.parent):
        parent.chmod(0o755)
    (folder / "old.sqlite").chmod(0o444)
    folder.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _READ_ONLY, str(folder / name), str(tmp_path / "w")],
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT,
    )
    folder.chmod(0o755)
    assert "cannot be used" in done.stdout
    assert "write" in done.stdout.partition(";")[2]
    assert len(done.stdout.splitlines()) == 1


async def test_damage_found_while_working_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "b.sqlite"
    await add(path, "one")
    query = "SELECT rootpage FROM sqlite_master WHERE name = 'prompts'"
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(query).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    store = await open_sqlite(path)
    with pytest.raises(StoreError, match="cannot be used") as caught:
        await store.prompts.page(PromptFilter(), "name", 10)
    assert "restore a backup" in caught.value.hint
    assert not caught.value.retryable
    await store.close()


async def test_a_file_that_others_hold_may_be_free_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.sqlite"
    await add(path, "one")
    # Others are waited for half a minute.
    monkeypatch.setattr(sqlite_store, "_PRAGMAS", "PRAGMA busy_timeout=20;")
    store = await open_sqlite(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked") as caught:
            await store.datasets.remove("none", NOW)
    assert caught.value.retryable
    await store.close()
