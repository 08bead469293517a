"""Prompts in use, through the two faces and with real processes and files."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import burnish

COMMAND = (sys.executable, "-c", "from burnish.cli.main import entry; entry()")
PYTHONPATH = {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
LONG_S = 10.0
SERVER = """
import sys, time, burnish
# Longer than it runs: what it tells it has heard of, or read anew for another reason.
with burnish.open(sys.argv[1], cache__label_ttl_s=3600) as p:
    last = ""
    end = time.monotonic() + 120
    while time.monotonic() < end and last != "bye":
        text = p.prompts.get("a", "production").version.text
        if text != last:
            last = text
            print(text, flush=True)
        time.sleep(0.002)
"""


def command(*arguments: str, **environment: str) -> None:
    """The command line, in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=os.environ | PYTHONPATH | environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def serving(home: Path) -> Generator[Callable[[], str]]:
    """A process that asks for a@production over and over, and tells each new text."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVER, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | PYTHONPATH,
    )
    try:

        def told() -> str:
            assert process.stdout is not None
            return process.stdout.readline().strip()

        yield told
    finally:
        process.kill()
        process.communicate()


@pytest.mark.spec("VER-06")
def test_another_process_serves_the_old_text_long_before_the_time_to_live_is_over(
    tmp_path: Path,
) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create("a", "good")
        p.prompts.create("a", "bad")
        p.prompts.set_label("a", "production", 2)
    with serving(tmp_path) as told:
        assert told() == "bad"
        command("prompts", "rollback", "a", "1", BURNISH_HOME=str(tmp_path))
        assert told() == "good"


def test_every_move_of_a_label_is_seen_by_another_process(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create("a", "1")
        for text in ("2", "3", "bye"):
            p.prompts.update("a", text)
        p.prompts.set_label("a", "production", 1)
        with serving(tmp_path) as told:
            assert told() == "1"
            for revision, text in ((2, "2"), (1, "1"), (3, "3"), (4, "bye")):
                p.prompts.set_label("a", "production", revision)
                assert told() == text


FORKS = """
import os, sys, burnish
p = burnish.open(sys.argv[1])
p.prompts.create("a", "one")
p.prompts.get("a")
if os.fork() == 0:
    try:
        p.prompts.get("a")
    except burnish.UsageError as error:
        print(error, flush=True)
        with burnish.open(sys.argv[1]) as mine:
            print(mine.prompts.get("a").version.text, flush=True)
    os._exit(0)
os.wait()
print(p.prompts.get_cached("a").version.text)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
def test_a_forked_process_serves_nothing_that_would_never_change(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS, str(tmp_path)],
        env=os.environ | PYTHONPATH,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    refused, own, parents = done.stdout.splitlines()
    assert "before the process was forked" in refused
    assert (own, parents) == ("one", "one")


def test_a_name_with_a_label_is_the_reference(p: burnish.Platform) -> None:
    p.prompts.create("a", "one")
    p.prompts.update("a", "two")
    p.prompts.set_label("a", "production", 1)
    prompts = p.prompts
    assert prompts.get_cached("a", "production") is None
    found = prompts.get("a", "production")
    assert (found.version.text, found.via) == ("one", "label")
    assert found == prompts.get("a", label="production") == prompts.get("a@production")
    assert prompts.get_cached("a", "production") is found
    assert prompts.get("a", "production") is found
    pinned = prompts.get("a", revision=2)
    assert pinned == prompts.get("a@2")
    assert prompts.get_cached("a", revision=2) is pinned
    assert prompts.get_cached("a") is None
    with pytest.raises(burnish.UsageError, match="at once"):
        prompts.get("a", "production", revision=2)
    with pytest.raises(burnish.UsageError, match="already which version"):
        prompts.get("a@1", "production")


async def test_the_async_face_does_the_same(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        await p.prompts.create("a", "one")
        await p.prompts.set_label("a", "production", 1)
        found = await p.prompts.get("a", "production")
        assert await p.prompts.get("a", label="production") is found
        assert p.prompts.get_cached("a", "production") is found
        assert (await p.prompts.get("b", fallback=lambda: "Hi {{ x }}")).via == "fallback"
        shown = await p.prompts.render("b", {"x": "Ann"}, fallback="Hi {{ x }}")
        assert (shown.user, shown.via) == ("Hi Ann", "fallback")
        with pytest.raises(burnish.UsageError, match="at once"):
            await p.prompts.get("a", "production", revision=1)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk of its own with a store on it, and a prompt that was read from there."""
    disk = tmp_path / "disk"
    with opened(disk) as p:
        p.prompts.create("a", "one of {{ x }}")
        p.prompts.set_label("a", "production", 1)
        p.prompts.get("a", "production")
    return disk


def opened(disk: Path, **settings: Any) -> burnish.Platform:
    if not disk.exists():
        disk.mkdir()
    url = f"sqlite:///{disk / 'team.sqlite'}"
    return burnish.open(storage__database_url=url, **settings)


def take_away(disk: Path) -> Path:
    away = disk.with_name("away")
    disk.rename(away)
    disk.write_text("nothing is mounted here")
    return away


def test_a_process_that_begins_while_the_store_is_away_serves_what_was_last_known(
    disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = take_away(disk)
    with caplog.at_level(logging.WARNING), opened(disk) as p:
        for _ in range(5):
            found = p.prompts.get("a", "production")
            assert (found.version.text, found.stale) == ("one of {{ x }}", True)
        assert p.prompts.render("a@production", {"x": "two"}).user == "one of two"
        assert p.prompts.get("a@1").stale
        with pytest.raises(burnish.StoreError):
            p.prompts.get("b")
        assert p.prompts.get("b", fallback="Hi").version.text == "Hi"
        told = [record.getMessage() for record in caplog.records if record.name == "burnish"]
        assert len([line for line in told if "the store is away" in line]) == 1

        disk.unlink()
        away.rename(disk)
        end = time.monotonic() + 60
        while p.prompts.get("a", "production").stale and time.monotonic() < end:
            threading.Event().wait(0.05)
        found = p.prompts.get("a", "production")
        assert (found.version.text, found.stale) == ("one of {{ x }}", False)
        p.prompts.update("a", "new")
        assert p.prompts.get("a", "latest").version.text == "new"


def test_a_function_with_a_stored_prompt_answers_while_the_store_is_away(disk: Path) -> None:
    take_away(disk)
    with opened(disk) as p:

        @burnish.prompted("a@production", p)
        def ask(filled: burnish.Filled) -> str:
            return f"answer to {filled}"

        assert str(ask(x="two")) == "answer to one of two"


def test_a_store_that_another_program_holds_does_not_hold_its_readers(disk: Path) -> None:
    with closing(sqlite3.connect(disk / "team.sqlite", isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode=EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        with opened(disk) as p:
            found = p.prompts.get("a", "production")
            assert (found.version.text, found.stale) == ("one of {{ x }}", True)
            holder.execute("COMMIT")
            holder.close()
            end = time.monotonic() + 60
            while p.prompts.get("a", "production").stale and time.monotonic() < end:
                threading.Event().wait(0.05)
            assert not p.prompts.get("a", "production").stale


def test_stores_of_one_relative_address_are_not_taken_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        with burnish.open(storage__database_url="sqlite:///team.sqlite") as p:
            p.prompts.create("a", folder)
            p.prompts.get("a")
        Path("team.sqlite").write_text("no database any more" * 100)
    for folder in ("one", "two"):
        monkeypatch.chdir(tmp_path / folder)
        with burnish.open(storage__database_url="sqlite:///team.sqlite") as p:
            found = p.prompts.get("a")
            assert (found.version.text, found.stale) == (folder, True)


def test_without_last_known_nothing_is_kept_on_disk(disk: Path, tmp_path: Path) -> None:
    kept = tmp_path / "home" / "last-known"
    assert len(list(kept.iterdir())) == 1
    other = tmp_path / "other"
    with opened(other, cache__last_known=False) as p:
        p.prompts.create("a", "one")
        p.prompts.get("a")
    assert len(list(kept.iterdir())) == 1
    take_away(other)
    with (
        opened(other, cache__last_known=False) as p,
        pytest.raises(burnish.StoreError),
    ):
        p.prompts.get("a")


def test_a_deleted_prompt_is_not_kept_on_disk(disk: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{disk / 'team.sqlite'}"
    command("prompts", "delete", "a", BURNISH_DATABASE_URL=url)
    (file,) = (tmp_path / "home" / "last-known").iterdir()
    assert "one of" not in file.read_text()
    take_away(disk)
    with opened(disk) as p, pytest.raises(burnish.StoreError):
        p.prompts.get("a", "production")


def test_a_prompt_that_another_deletes_is_forgotten_by_who_uses_it(
    disk: Path, tmp_path: Path
) -> None:
    with opened(disk) as p, opened(disk, home=str(tmp_path / "elsewhere")) as other:
        assert not p.prompts.get("a").stale
        other.prompts.delete("a")
        end = time.monotonic() + LONG_S
        while p.prompts.get_cached("a") and time.monotonic() < end:
            threading.Event().wait(0.01)
        with pytest.raises(burnish.NotFound):
            p.prompts.get("a")
    (file,) = (tmp_path / "home" / "last-known").iterdir()
    assert "one of" not in file.read_text()
