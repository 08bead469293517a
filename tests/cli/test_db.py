"""burnish db: copies of a database in use, room given back, tables brought up to date."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Run

import burnish
from burnish.errors import Conflict, StoreError, UsageError
from burnish.platform.schedule import Schedule
from burnish.settings.load import load
from burnish.storage.migrations.upgrade import upgrade_sqlite
from burnish.storage.sqlite import open_sqlite


def tables(path: Path) -> tuple[int, int, int]:
    """Prompts, versions, and rows that are searched; of a consistent copy they agree."""
    with closing(sqlite3.connect(path)) as connection:
        count = "SELECT (SELECT count(*) FROM prompts), (SELECT count(*) FROM prompt_versions)"
        return connection.execute(f"{count}, (SELECT count(*) FROM search_docs)").fetchone()


@pytest.mark.spec("DB-05")
async def test_a_copy_made_while_others_write_is_of_one_moment(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p, burnish.open_async(str(tmp_path)) as other:
        await p.prompts.create("first", "text")
        stop = asyncio.Event()
        written = 0

        async def write() -> None:
            nonlocal written
            while not stop.is_set():
                await other.prompts.create(f"p{written}", f"text {written} {'x' * 2_000}")
                written += 1

        writer = asyncio.create_task(write())
        copies: list[Path] = []
        # However seldom the writer comes to its turn, more is written than there were copies.
        while len(copies) < 8 or written <= 8:
            made = await p.db.backup(tmp_path / "copies" / f"{len(copies):03}.sqlite")
            copies.append(Path(made.path))
        stop.set()
        await writer
    counts = [tables(path) for path in copies]
    assert all(prompts == versions == searched for prompts, versions, searched in counts)
    assert counts == sorted(counts)
    assert counts[-1][0] > counts[0][0]
    assert sorted(path.name for path in copies[0].parent.iterdir()) == [
        f"{number:03}.sqlite" for number in range(len(copies))
    ]


def test_a_copy_is_a_database_of_its_own_for_the_owner_alone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("prompts", "create", "ops/greet", "Hello {{ who }}")
    made = json.loads(run("db", "backup", "--json").out)
    path = Path(made["path"])
    assert path.parent == tmp_path / "home" / "backups"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made["size_bytes"] == path.stat().st_size
    monkeypatch.setenv("BURNISH_DATABASE_URL", f"sqlite:///{path}")
    assert "Hello {{ who }}" in run("prompts", "show", "ops/greet").out


def test_old_copies_go_and_nothing_else(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "mine.sqlite").write_text("not named by the command")
    paths = [run("db", "backup", str(folder), "--keep", "2").out.strip() for _ in range(4)]
    assert sorted(map(str, folder.iterdir())) == sorted([*paths[2:], str(folder / "mine.sqlite")])


def test_what_is_there_is_never_written_over(run: Run, tmp_path: Path) -> None:
    taken = tmp_path / "taken.sqlite"
    taken.write_text("mine")
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "nowhere")
    for path in (taken, tmp_path / "link.sqlite"):
        done = run("db", "backup", str(path))
        assert done.code == 4
        assert "is there already" in done.err
    assert taken.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(("to", "keep"), [(None, 0), (None, -1), ("new.sqlite", 3)])
def test_copies_to_keep_are_counted_in_folders_from_one(
    tmp_path: Path, to: str | None, keep: int
) -> None:
    with burnish.open(str(tmp_path)) as p, pytest.raises(UsageError, match="cannot be kept"):
        p.db.backup(to and tmp_path / to, keep=keep)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with burnish.open(str(tmp_path)) as p, pytest.raises(StoreError, match="file"):
        p.db.backup(tmp_path / "file" / "copy.sqlite")
    with burnish.open(str(tmp_path)) as p, pytest.raises(Conflict):
        p.db.backup(tmp_path / "burnish.sqlite")


def test_a_damaged_database_gives_no_copy(run: Run, tmp_path: Path) -> None:
    for n in range(40):
        run("prompts", "create", f"p{n}", "text " * 400)
    path = tmp_path / "home" / "burnish.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[20 * 4096 : 40 * 4096] = b"\xff" * (20 * 4096)
    path.write_bytes(content)
    done = run("db", "backup", str(tmp_path / "copy.sqlite"))
    assert done.code == 1
    assert "damaged" in done.err or "malformed" in done.err
    assert not list(tmp_path.glob("*copy.sqlite*"))


def test_vacuum_gives_room_back(run: Run, tmp_path: Path) -> None:
    run("prompts", "create", "keep", "this one stays")
    path = tmp_path / "home" / "burnish.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE ballast AS SELECT zeroblob(1000000) AS content")
        connection.execute("DROP TABLE ballast")
    done = json.loads(run("db", "vacuum", "--json").out)
    assert done["before_bytes"] - done["after_bytes"] > 900_000
    assert path.stat().st_size == done["after_bytes"]
    assert "this one stays" in run("prompts", "show", "keep").out
    assert "keep" in run("search", "stays").out


def test_migrate_says_what_it_did(run: Run, tmp_path: Path) -> None:
    assert "made new, now at revision" in run("db", "migrate").out
    assert "nothing to do" in run("db", "migrate").out
    path = tmp_path / "home" / "burnish.sqlite"
    for file in path.parent.glob("burnish.sqlite*"):
        file.unlink()
    upgrade_sqlite(path, 5, "0001")
    assert "from revision 0001, now at revision" in run("db", "migrate").out


def copies(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "backups").glob("*.sqlite"))


def let_pass(path: Path, task: str, hours: float) -> None:
    """As if the task had been done so much earlier."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # Reading first and writing later fails where somebody wrote in between.
        connection.execute("BEGIN IMMEDIATE")
        (until,) = connection.execute(
            "SELECT until FROM search_leases WHERE task = ?", (task,)
        ).fetchone()
        earlier = datetime.fromisoformat(until) - timedelta(hours=hours)
        connection.execute(
            "UPDATE search_leases SET until = ? WHERE task = ?",
            (earlier.isoformat(timespec="microseconds"), task),
        )
        connection.execute("COMMIT")


@pytest.mark.spec("DB-05")
def test_copies_are_made_when_they_are_due(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    run("prompts", "create", "a", "text")
    assert not (home / "backups").exists()
    monkeypatch.setenv("BURNISH_STORAGE__BACKUP_EVERY_H", "24")
    monkeypatch.setenv("BURNISH_STORAGE__BACKUP_KEEP", "2")
    run("prompts", "list")
    first = copies(home)
    assert len(first) == 1
    run("prompts", "list")
    let_pass(home / "burnish.sqlite", "backup", 23)
    run("prompts", "list")
    assert copies(home) == first
    for _ in range(3):
        let_pass(home / "burnish.sqlite", "backup", 25)
        run("prompts", "list")
    assert len(copies(home)) == 2


@pytest.mark.spec("DB-05")
def test_room_is_given_back_when_that_is_due(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "home" / "burnish.sqlite"
    run("prompts", "create", "a", "text")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE ballast AS SELECT zeroblob(1000000) AS content")
        connection.execute("DROP TABLE ballast")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size > 1_000_000
    monkeypatch.setenv("BURNISH_STORAGE__VACUUM_EVERY_H", "168")
    run("prompts", "list")
    assert path.stat().st_size < 1_000_000


async def test_a_long_running_process_keeps_to_the_times_and_two_make_one_copy(
    tmp_path: Path,
) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await p.prompts.create("a", "text")
    store = await open_sqlite(tmp_path / "burnish.sqlite")
    settings = load({"home": str(tmp_path), "storage.backup_every_h": 1.0}).settings
    ids = iter(f"holder {n}" for n in range(1000))
    both = [Schedule(settings, lambda: next(ids), print, look_s=0.02) for _ in range(2)]
    for each in both:
        each.start(store)
    await until(lambda: len(copies(tmp_path)) == 1)
    await asyncio.sleep(0.1)
    assert len(copies(tmp_path)) == 1
    # Beside the loop: one that waits here for a lock would keep its holder from ever letting go.
    await asyncio.to_thread(let_pass, tmp_path / "burnish.sqlite", "backup", 2)
    await until(lambda: len(copies(tmp_path)) == 2)
    for each in both:
        await each.close()
    await store.close()


async def test_a_copy_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await p.prompts.create("a", "text")
    (tmp_path / "backups").write_text("no folder")
    store = await open_sqlite(tmp_path / "burnish.sqlite")
    settings = load({"home": str(tmp_path), "storage.backup_every_h": 24.0}).settings
    ids = iter(f"holder {n}" for n in range(1000))
    told: list[str] = []

    def tell(event: str, reason: str) -> None:
        told.append(f"{event}: {reason}")

    schedule = Schedule(settings, lambda: next(ids), tell, look_s=0.02)
    schedule.start(store)
    await until(lambda: bool(told))
    assert "backup that is due" in told[0]
    (tmp_path / "backups").unlink()
    await asyncio.to_thread(let_pass, tmp_path / "burnish.sqlite", "backup", 1.1)
    await until(lambda: len(copies(tmp_path)) == 1)
    await schedule.close()
    await store.close()
    assert len(told) == 1


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def test_copies_of_another_database_in_the_folder_stay(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [run("db", "backup", "--keep", "1").out.strip() for _ in range(2)]
    monkeypatch.setenv("BURNISH_DATABASE_URL", f"sqlite:///{tmp_path / 'other.sqlite'}")
    other = [run("db", "backup", "--keep", "1").out.strip() for _ in range(2)]
    assert len({Path(path).parent for path in (*first, *other)}) == 1
    assert [Path(path).exists() for path in (*first, *other)] == [False, True, False, True]


def test_a_place_without_room_is_no_fault_of_the_database(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = run("db", "backup", str(tmp_path / "file" / "copy.sqlite"))
    assert (done.code, done.err.startswith("burnish: the copy ")) == (1, True)
    assert "database is as it was" in done.err
