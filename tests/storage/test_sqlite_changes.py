"""How changes in a SQLite file are noticed: when it looks, what it misses, when it ends."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import burnish
from burnish.storage.changes import Changed
from burnish.storage.sqlite import open_sqlite
from burnish.storage.sqlite_changes import FileChanges

NAME = "burnish-changes"


class Ear:
    def __init__(self) -> None:
        self.listens = True
        self.heard: list[Sequence[Changed] | None] = []
        self.losses = 0

    def hear(self, changes: Sequence[Changed] | None) -> None:
        self.heard.append(changes)

    def lose(self) -> None:
        self.losses += 1


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")


async def new_file(tmp_path: Path) -> Path:
    path = tmp_path / "b.sqlite"
    await (await open_sqlite(path)).close()
    return path


def write(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(sql)


def note(seq: int, kind: str = "prompt") -> str:
    return f"INSERT INTO prompt_changes (seq, name, kind) VALUES ({seq}, 'n', '{kind}');"


async def test_a_gap_means_that_anything_may_have_changed(tmp_path: Path) -> None:
    path, ear = await new_file(tmp_path), Ear()
    changes = FileChanges(path)
    assert await changes.follow(ear)
    for sql in (
        f"BEGIN; {note(1)} {note(2)} DELETE FROM prompt_changes WHERE seq = 1; COMMIT",
        "DELETE FROM prompt_changes",  # as after a backup was put back
        note(1, "of-tomorrow"),
    ):
        ear.heard.clear()
        write(path, sql)
        await until(lambda: ear.heard == [None])
    ear.heard.clear()
    write(path, note(2))
    await until(lambda: ear.heard == [[Changed(name="n", kind="prompt")]])
    await changes.close()


async def test_only_the_last_ten_thousand_are_kept(tmp_path: Path) -> None:
    path = await new_file(tmp_path)
    write(path, f"BEGIN; {''.join(map(note, range(1, 10_051)))} COMMIT")
    with closing(sqlite3.connect(path)) as connection:
        bounds = connection.execute("SELECT min(seq), max(seq) FROM prompt_changes").fetchone()
    assert bounds == (51, 10_050)


async def test_a_file_that_cannot_be_used_is_told_and_tried_again(tmp_path: Path) -> None:
    ear = Ear()
    missing_path = tmp_path / "none.sqlite"
    missing = FileChanges(missing_path)
    assert not await missing.follow(ear)
    assert not missing.is_told
    assert not missing_path.exists()

    path = await new_file(tmp_path)
    changes = FileChanges(path)
    assert await changes.follow(ear)
    write(path, "ALTER TABLE prompt_changes RENAME TO away")
    await until(lambda: ear.losses == 1)
    assert not changes.is_told
    assert not await changes.follow(ear)
    write(path, "ALTER TABLE away RENAME TO prompt_changes")
    assert await changes.follow(ear)
    write(path, note(1))
    await until(lambda: ear.heard == [[Changed(name="n", kind="prompt")]])
    await changes.close()
    assert not await changes.follow(ear)


def looks() -> int:
    return sum(thread.name == NAME for thread in threading.enumerate())


def test_looking_begins_with_the_first_prompt_and_ends_with_the_platform(tmp_path: Path) -> None:
    before = looks()
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create("a", "one")
        p.prompts.list()
        assert looks() == before
        p.prompts.get("a")
        p.prompts.get("a")
        assert looks() == before + 1
    assert looks() == before


def test_a_program_that_closes_nothing_ends_by_itself(tmp_path: Path) -> None:
    code = (
        "import sys, burnish\n"
        "p = burnish.open(sys.argv[1])\n"
        "p.prompts.create('a', 'one')\n"
        "print(p.prompts.get('a').version.text)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PYTHONPATH": str(Path(burnish.__file__).parents[1])},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\n", "")
