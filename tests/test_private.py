"""What Burnish makes for a person's prompts is that person's alone; what is there stays as it is."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

import burnish


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_data_folder_and_what_is_in_it_are_private(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    with burnish.open(str(home)) as p:
        p.prompts.create("a", "text")
        found = {path.name: mode(path) for path in home.iterdir() if path.is_file()}
    assert {"burnish.sqlite", "burnish.sqlite-wal", "burnish.sqlite-shm"} <= found.keys()
    assert set(found.values()) == {0o600}
    assert {mode(home), mode(home.parent)} == {0o700}


def test_what_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    home = tmp_path / "team"
    home.mkdir(mode=0o755)
    (home / "burnish.sqlite").touch(mode=0o644)
    with burnish.open(str(home)) as p:
        p.prompts.create("a", "text")
        assert p.prompts.get("a").version.text == "text"
    assert (mode(home), mode(home / "burnish.sqlite")) == (0o755, 0o644)


def test_remembered_answers_are_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    model = burnish.Fake(lambda _: "answer")

    class Plugin:
        @staticmethod
        def models() -> list[burnish.Fake]:
            return [model]

    with burnish.open(str(home), plugins=[Plugin]) as p:
        p.prompts.create("a", "text")
        assert p.complete("a", model="fake:echo").text == "answer"
    assert mode(home / "cache.sqlite") == 0o600
