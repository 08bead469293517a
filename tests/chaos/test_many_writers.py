"""Processes that write at once, and processes that are killed while they write."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import IO

import msgspec
import pytest

import burnish
from burnish.library import Library
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import PromptFilter

# A child finds the package under test wherever it runs.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
WORKER = Path(__file__).with_name("worker.py")
Done = list[tuple[str, str | int]]


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(WORKER), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


def stream(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@pytest.mark.slow
@pytest.mark.spec("DB-01")
async def test_nothing_is_lost_among_eight_writers(tmp_path: Path) -> None:
    path = tmp_path / "b.sqlite"
    store = await open_sqlite(path)
    library = Library(store)
    await library.create("counted", "start", description="0")
    workers = [start("count", path, 200) for _ in range(8)]
    ends = await asyncio.gather(*(asyncio.to_thread(w.communicate) for w in workers))
    assert [(stderr, w.returncode) for (_, stderr), w in zip(ends, workers, strict=True)] == [
        ("", 0)
    ] * 8
    library.reload()
    fetched = await library.get("counted")
    assert fetched.prompt.usage_count == 1600
    assert fetched.prompt.description == "1600"
    newest = await library.history("counted", limit=1000)
    history = (*newest, *await library.history("counted", limit=1000, before=602))
    assert [e.version.revision for e in history] == list(range(1601, 0, -1))
    assert len({e.version.text for e in history}) == 1601
    # Each was written on top of the one before it.
    assert [e.version.parents[0] for e in history[:-1]] == [e.version.id for e in history[1:]]
    await store.close()


# A round of the worker has eight kinds of write: each is the one under way in some case.
@pytest.mark.spec("PER-11")
@pytest.mark.parametrize("lines", [1, 10, 19, 28, 37, 46, 55, 64])
async def test_a_killed_writer_leaves_all_that_it_was_told_is_written(
    tmp_path: Path, lines: int
) -> None:
    path = tmp_path / "b.sqlite"
    await (await open_sqlite(path)).close()
    workers = [start("write", path, f"w{n}") for n in range(2)]
    told = await asyncio.gather(*(asyncio.to_thread(_kill_after, w, lines) for w in workers))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    for n, done in enumerate(told):
        assert len(done) >= lines
        await _check(path, f"w{n}", done)


def _kill_after(worker: subprocess.Popen[str], lines: int) -> Done:
    """What the worker had said when it was killed, in the middle of whatever it was doing."""
    output = stream(worker.stdout)
    said = [output.readline() for _ in range(lines)]
    worker.kill()
    said += output.readlines()
    errors = stream(worker.stderr).read()
    worker.wait()
    output.close()
    stream(worker.stderr).close()
    assert errors == ""
    whole = [line for line in said if line.endswith("\n")]
    return [msgspec.json.decode(line, type=tuple[str, str | int]) for line in whole]


async def _check(path: Path, who: str, done: Done) -> None:
    store = await open_sqlite(path)
    library = Library(store)
    last = dict(done)
    counted = (await library.get(f"{who}/counted@latest")).prompt
    assert counted.latest_revision >= int(last.get("revised", 1))
    assert counted.usage_count >= int(last.get("used", 0))
    assert "rated" not in last or counted.rating == 1.0
    labels = {label.name: label.revision for label in await library.labels(counted.name)}
    assert labels.get("production", 0) >= int(last.get("labelled", 0))
    assert labels.get("production", 0) <= labels["latest"]
    for kind, what in done:
        if kind == "created":
            assert (await library.get(str(what))).version.text == "x" * 2000
        elif kind == "many":
            assert await store.prompts.count(PromptFilter(prefix=f"{what}/")) == 5
        elif kind == "runs":
            assert await store.runs.by_id(str(what)) is not None
    totals = [t.uses for t in await store.techniques.totals(intent="i") if t.technique == who]
    assert sum(totals) >= int(last.get("technique", 0))
    # The store goes on where it was left.
    saved = await library.update(counted.name, "after the crash")
    assert saved.version.revision == counted.latest_revision + 1
    await store.close()
