"""What is scheduled is done by a worker when its time comes: copies, room on the disk, retention."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import COMMAND, Run

import burnish
from burnish.storage.run import Run as StoredRun

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}


@contextmanager
def working() -> Generator[None]:
    """A worker in a process of its own."""
    own = {name: os.environ[name] for name in ("BURNISH_HOME", "HOME")}
    process = subprocess.Popen(
        [*COMMAND, "worker"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | own,
    )
    try:
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


@contextmanager
def writing(p: burnish.Platform) -> Generator[None]:
    """Prompts that are made meanwhile, one after the other."""
    ended = threading.Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            p.prompts.create(f"p{number}", f"text {number} {'x' * 2_000}")
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def pass_the_time(database: Path) -> None:
    """As if the minute of each schedule had come."""
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        connection.execute("UPDATE schedules SET next_at = '2026-01-01T00:00:00.000000+00:00'")
        connection.commit()


def until_done(p: burnish.Platform, count: int) -> None:
    while [job.state for job in p.jobs.list()].count("done") < count:
        assert not p.jobs.list(state="failed")
        time.sleep(0.05)


def counts(path: Path) -> tuple[int, int, int]:
    """Prompts, versions, and rows that are searched; of a consistent copy they agree."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        told = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("prompts", "prompt_versions", "search_docs")
        ]
    return told[0], told[1], told[2]


@pytest.mark.spec("DB-05")
def test_scheduled_copies_are_consistent_during_writes_and_the_newest_are_kept(
    run: Run, p: burnish.Platform, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    database = tmp_path / "home" / "burnish.sqlite"
    given = (f"--set=to={copies}", "--set=keep=2")
    assert run("schedule", "add", "often", "backup", "0 3 1 1 *", *given).code == 0
    with working(), writing(p):
        for number in range(1, 5):
            pass_the_time(database)
            until_done(p, number)
    made = [job.result for job in reversed(p.jobs.list(kind="backup"))]
    left = sorted(copies.glob("*.sqlite"))
    assert len(made) == 4
    assert left == sorted(Path(each["path"]) for each in made[-2:])
    assert sum(len(each["dropped"]) for each in made) == 2
    for path in left:
        prompts, versions, searched = counts(path)
        assert prompts == versions == searched > 0


@pytest.mark.spec("DB-05")
def test_a_scheduled_vacuum_gives_room_back(run: Run, p: burnish.Platform, tmp_path: Path) -> None:
    database = tmp_path / "home" / "burnish.sqlite"
    assert run("schedule", "add", "weekly", "vacuum", "@weekly").code == 0
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE ballast AS SELECT zeroblob(1000000) AS content")
        connection.execute("DROP TABLE ballast")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert run("worker", "--once").code == 0  # it is not due
    assert p.jobs.list() == []
    assert database.stat().st_size > 1_000_000
    pass_the_time(database)
    assert run("worker", "--once").code == 0
    (job,) = p.jobs.list()
    assert (job.kind, job.subject, job.state) == ("vacuum", "weekly", "done")
    assert database.stat().st_size < 1_000_000
    assert run("worker", "--once").code == 0
    assert len(p.jobs.list()) == 1


@pytest.mark.spec("MET-16")
def test_scheduled_retention_removes_old_runs_and_nothing_else(
    run: Run, p: burnish.Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    p.prompts.create("a", "text")
    p.prompts.set_label("a", "production", 1)
    version = p.prompts.get("a").version
    for days in (0, 10, 31, 400):
        at = now - timedelta(days=days)
        p.record_run(StoredRun(id=p.new_id(), kind="agent", model="m:x", created_at=at))
    p.prompts.record_rating(version.id, 0.8)
    p.flush()
    moves = p.prompts.label_log("a")
    told = run("stats", "--days", "0").out
    rated = json.loads(run("prompts", "show", "a", "--json").out)
    monkeypatch.setenv("BURNISH_RUNS__RETENTION_DAYS", "30")
    assert run("schedule", "add", "tidy", "retention", "0 4 * * *").code == 0
    pass_the_time(tmp_path / "home" / "burnish.sqlite")
    assert run("worker", "--once").code == 0
    (job,) = p.jobs.list()
    assert (job.subject, job.state, job.result["forgotten"]) == ("tidy", "done", 2)
    assert p.runs.count() == 2
    # What they added up to, who moved a label, and what a prompt was rated stay.
    assert run("stats", "--days", "0").out == told
    assert p.prompts.label_log("a") == moves
    assert json.loads(run("prompts", "show", "a", "--json").out) == rated
