"""The file with what was read last: who may read it, what it holds, and when it is left out."""

from __future__ import annotations

import stat
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from burnish.library import last_known
from burnish.library.last_known import LastKnown
from burnish.prompts.prompt import Message, Prompt, PromptVersion
from burnish.prompts.refs import Reference
from burnish.storage.store import Fetched

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NO_PROMPT = (
    b'{"reference": "a", "name": "a", "revision": 1, "read_at": "2026-05-04T12:00:00Z",'
    b' "found": {"prompt": 1}}'
)
Warned = list[tuple[str, str]]


def fetched(name: str, text: str = "one", revision: int = 1) -> Fetched:
    version = PromptVersion(
        id=f"{name} {revision}",
        prompt_id=name,
        revision=revision,
        messages=(Message("user", text),),
        config={"n": [1, 2.5, None, {"deep": "ü"}]},
        content_hash="",
        created_at=NOON,
    )
    prompt = Prompt(id=name, name=name, tags=("x",), created_at=NOON, updated_at=NOON)
    return Fetched(prompt, version, "latest")


def ref(name: str, revision: int | None = None, label: str | None = None) -> Reference:
    return Reference(name=name, revision=revision, label=label)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "known.json"


@pytest.fixture
def warned() -> Warned:
    return []


@pytest.fixture
def opened(path: Path, warned: Warned) -> Callable[[], LastKnown]:
    return lambda: LastKnown(path, lambda event, reason: warned.append((event, reason)))


Opened = Callable[[], LastKnown]


def test_what_was_noted_is_found_by_the_next(opened: Opened, path: Path, warned: Warned) -> None:
    first = opened()
    first.note(ref("a"), fetched("a"))
    first.note(ref("a", label="production"), fetched("a", "two", 2))
    assert first.find(ref("a")) == fetched("a")  # before it is written, too
    first.close()
    second = opened()
    assert second.find(ref("a")) == fetched("a")
    assert second.find(ref("a", label="production")) == fetched("a", "two", 2)
    by_revision = second.find(ref("a", revision=2))
    assert by_revision is not None
    assert (by_revision.version.text, by_revision.via) == ("two", "revision")
    assert second.find(ref("a", revision=3)) is None
    assert second.find(ref("b")) is None
    assert warned == []


@pytest.mark.skipif(sys.platform == "win32", reason="has no such modes")
def test_only_its_owner_may_read_it_and_nothing_else_is_left(opened: Opened, path: Path) -> None:
    known = opened()
    known.note(ref("a"), fetched("a"))
    known.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_it_is_written_by_itself_and_only_for_something_new(path: Path, warned: Warned) -> None:
    known = LastKnown(
        path, lambda event, reason: warned.append((event, reason)), write_after_s=0.01
    )
    known.note(ref("a"), fetched("a"))
    _until(path.exists)
    written = path.stat().st_mtime_ns
    known.note(ref("a"), fetched("a"))
    known.close()
    assert path.stat().st_mtime_ns == written
    later = LastKnown(path, lambda event, reason: warned.append((event, reason)))
    later.note(ref("a"), fetched("a", "two", 2))
    later.close()
    assert path.stat().st_mtime_ns > written


def test_what_several_processes_read_comes_together(opened: Opened) -> None:
    mine, theirs = opened(), opened()
    mine.note(ref("a"), fetched("a"))
    theirs.note(ref("b"), fetched("b"))
    theirs.close()
    mine.close()
    last = opened()
    assert (last.find(ref("a")), last.find(ref("b"))) == (fetched("a"), fetched("b"))


def test_what_is_gone_leaves_it(opened: Opened) -> None:
    first = opened()
    for name in ("a", "ab", "b"):
        first.note(ref(name), fetched(name))
    first.note(ref("a", label="x"), fetched("a"))
    first.note(ref("b", label="x"), fetched("b"))
    first.close()
    second = opened()
    second.gone("a")
    second.forget(ref("b", label="x"))
    for known in (second, opened()):
        assert known.find(ref("a")) is None
        assert known.find(ref("a", label="x")) is None
        assert known.find(ref("b", label="x")) is None
        assert (known.find(ref("ab")), known.find(ref("b"))) == (fetched("ab"), fetched("b"))
        second.close()
    third = opened()
    third.gone("a")
    third.note(ref("a"), fetched("a", "made anew"))
    third.close()
    assert opened().find(ref("a")) == fetched("a", "made anew")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1]",
        b'{"format": 99, "prompts": "whatever"}',
        b'{"format": 1, "prompts": [{"reference": "a"}]}',
        b'{"format": 1, "prompts": [' + NO_PROMPT + b"]}",
    ],
    ids=["empty", "cut", "no text", "a list", "of tomorrow", "a field missing", "no prompt"],
)
def test_a_file_that_cannot_be_used_is_left_out_with_one_warning(
    opened: Opened, path: Path, warned: Warned, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    known = opened()
    assert (known.find(ref("a")), known.find(ref("a"))) == (None, None)
    assert len(warned) == 1
    assert str(path) in warned[0][1]
    known.note(ref("a"), fetched("a"))
    known.close()
    assert opened().find(ref("a")) == fetched("a")


def test_a_file_of_any_size_is_not_read(
    opened: Opened, path: Path, warned: Warned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_known, "MAX_BYTES", 100)
    path.parent.mkdir()
    path.write_bytes(b" " * 201)
    assert opened().find(ref("a")) is None
    assert "larger than it can be" in warned[0][1]


def test_it_holds_the_newest_up_to_a_bound(
    opened: Opened, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_known, "MAX_PROMPTS", 3)
    known = opened()
    for name in "abcde":
        known.note(ref(name), fetched(name))
    known.close()
    assert [opened().find(ref(n)) is not None for n in "abcde"] == [False] * 2 + [True] * 3
    monkeypatch.setattr(last_known, "MAX_BYTES", 5_000)
    known = opened()
    known.note(ref("large"), fetched("large", "x" * 6_000))
    known.note(ref("small"), fetched("small", "x" * 3_000))
    known.close()
    assert path.stat().st_size < 2 * 5_000
    assert opened().find(ref("large")) is None
    assert opened().find(ref("small")) is not None


def test_a_folder_that_cannot_be_written_is_told_once(
    opened: Opened, path: Path, warned: Warned
) -> None:
    path.parent.write_text("a file")
    known = opened()
    for name in "ab":
        known.note(ref(name), fetched(name))
    known.close()
    assert len(warned) == 1
    noted: Warned = []
    quiet = LastKnown(
        path,
        lambda event, reason: warned.append((event, reason)),
        lambda event, reason: noted.append((event, reason)),
    )
    quiet.note(ref("a"), fetched("a"))
    quiet.close()
    assert (len(warned), len(noted)) == (1, 1)


def _until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to be")
