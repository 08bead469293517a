"""A database that is not where it was: nothing takes an empty one for it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Run

import burnish


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database on a disk of its own, with a prompt that was read from there."""
    path = tmp_path / "disk" / "team.sqlite"
    path.parent.mkdir()
    with opened(path) as p:
        p.prompts.create("a", "one")
        p.prompts.get("a")
    return path


def opened(path: Path) -> burnish.Platform:
    return burnish.open(storage__database_url=url_of(path))


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def take_away(path: Path) -> dict[Path, Path]:
    moved = {each: each.with_name(f"away-{each.name}") for each in path.parent.iterdir()}
    for here, there in moved.items():
        here.rename(there)
    return moved


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds() and time.monotonic() < end:
        threading.Event().wait(0.05)
    assert holds()


def test_no_folder_is_made_for_a_database_on_a_disk_that_is_not_there(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mnt" / "team.sqlite"
    monkeypatch.setenv("BURNISH_DATABASE_URL", url_of(path))
    done = run("prompts", "list")
    assert done.code == 1
    assert f"there is no folder {path.parent}" in done.err
    assert "mount the disk" in done.err
    assert "Traceback" not in done.err
    assert not path.parent.exists()
    path.parent.mkdir()
    assert run("prompts", "list").code == 0


def test_folders_inside_of_the_data_folder_are_made(tmp_path: Path) -> None:
    path = tmp_path / "home" / "stores" / "team.sqlite"
    with opened(path) as p:
        assert p.prompts.create("a", "one").version.revision == 1


def test_a_database_that_is_gone_is_not_taken_for_an_empty_one(
    file: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_DATABASE_URL", url_of(file))
    take_away(file)
    (known,) = (tmp_path / "home" / "last-known").iterdir()
    for command in (("prompts", "list"), ("db", "migrate"), ("prompts", "create", "b", "two")):
        done = run(*command)
        assert done.code == 1
        assert f"{file} is gone" in done.err
        assert f"delete {known}" in done.err
    checks = json.loads(run("doctor", "--json").out)
    (told,) = [each for each in checks if each["what"] == "database"]
    assert not told["ok"]
    assert "is gone" in told["found"]
    assert not file.exists()
    with opened(file) as p:
        found = p.prompts.get("a")
        assert (found.version.text, found.stale) == ("one", True)

    known.unlink()
    assert run("prompts", "list").code == 0
    assert file.exists()


def test_a_database_that_is_moved_away_under_a_process_is_away_for_it(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "burnish"), opened(file) as p:
        assert not p.prompts.get("a").stale
        moved = take_away(file)
        eventually(lambda: p.prompts.get("a").stale)
        with pytest.raises(burnish.StoreError):
            p.prompts.create("b", "lost")
        with pytest.raises(burnish.StoreError):
            p.prompts.list()
        assert not file.exists()
        told = [each.getMessage() for each in caplog.records if "is away" in each.getMessage()]
        assert len(told) == 1

        for here, there in moved.items():
            if there.exists():
                there.rename(here)
        eventually(lambda: not p.prompts.get("a").stale)
        p.prompts.update("a", "two")
        assert p.prompts.get("a").version.text == "two"
