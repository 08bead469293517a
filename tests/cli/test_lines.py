"""prompts branch, merge, revert, copy, blame, graph, archive, tidy, approve."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pexpect
import pytest
from tests.cli.conftest import COMMAND, Run

TEXT = "Write a note.\nBe brief.\nUse plain words.\n"


@pytest.fixture
def branched(run: Run) -> Run:
    run("prompts", "create", "note", TEXT)
    run("prompts", "branch", "note", "try")
    return run


def change(run: Run, old: str, new: str, *options: str) -> None:
    done = run("prompts", "edit", "note", TEXT.replace(old, new), *options)
    assert done.code == 0, done.err


@pytest.mark.spec("VER-04")
def test_branches_edited_by_two_processes_merge(branched: Run, spawn: Run) -> None:
    edits = [
        ("prompts", "edit", "note", TEXT.replace("brief", "kind"), "--branch", "try"),
        ("prompts", "edit", "note", TEXT.replace("plain", "short")),
    ]
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(spawn, *edit) for edit in edits]
        assert {each.result().code for each in done} == {0}
    listed = branched("prompts", "branch", "note").out.splitlines()
    assert sorted(line.split("\t")[0] for line in listed) == ["main", "try"]
    merged = spawn("prompts", "merge", "note", "try")
    assert (merged.code, merged.out) == (0, "note@4 has what try brought\n")
    assert branched("prompts", "show", "note").out == "Write a note.\nBe kind.\nUse short words.\n"
    assert branched("prompts", "merge", "note", "try").out == "note@4 has it already\n"


@pytest.mark.spec("VER-04")
def test_the_same_line_conflicts_and_is_resolved(branched: Run) -> None:
    change(branched, "brief", "kind", "--branch", "try")
    change(branched, "brief", "exact")
    shown = branched("prompts", "merge", "note", "try", "--dry-run")
    assert shown.code == 4
    assert "conflict 1: message 1 (user), line 2" in shown.err
    done = branched("prompts", "merge", "note", "try")
    assert done.code == 4
    for line in (
        "base:   Be brief.",
        "ours:   Be exact.",
        "theirs: Be kind.",
        "1 conflict to resolve",
    ):
        assert line in done.err
    assert branched("prompts", "merge", "note", "try", "--take", "1=mine").code == 2
    assert branched("prompts", "merge", "note", "try", "--take", "ours").code == 2
    assert branched("prompts", "merge", "note", "try", "--take", "7=ours").code == 2
    assert branched("prompts", "merge", "note", "try", "--ours", "--theirs").code == 2
    merged = branched("prompts", "merge", "note", "try", "--take", "1:=Be kind, be exact.")
    assert merged.code == 0, merged.err
    assert "Be kind, be exact.\nUse" in branched("prompts", "show", "note").out


def test_one_side_may_hold_for_all_conflicts(branched: Run) -> None:
    change(branched, "brief", "kind", "--branch", "try")
    change(branched, "brief", "exact")
    assert branched("prompts", "merge", "note", "try", "--theirs").code == 0
    assert "Be kind." in branched("prompts", "show", "note").out


@pytest.fixture
def screen(branched: Run) -> Iterator[Any]:
    change(branched, "brief", "kind", "--branch", "try")
    change(branched, "brief", "exact")
    shown = cast("Any", pexpect).spawn(
        COMMAND[0],
        [*COMMAND[1:], "prompts", "merge", "note", "try"],
        encoding="utf-8",
        dimensions=(30, 80),
        timeout=30,
    )
    yield shown
    shown.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("answers", "code", "line"),
    [
        (("x", "th"), 0, "Be kind."),
        (("write", "Be both."), 0, "Be both."),
        (("quit",), 4, "Be exact."),
    ],
)
def test_a_person_is_asked(
    screen: Any, run: Run, answers: tuple[str, ...], code: int, line: str
) -> None:
    screen.expect("Conflict 1 of 1: message 1")
    for answer in answers:
        screen.expect(["or quit", "the text:"])
        screen.sendline(answer)
    screen.expect(pexpect.EOF)
    screen.wait()
    assert screen.exitstatus == code
    assert line in run("prompts", "show", "note").out


def test_a_change_is_taken_back(run: Run) -> None:
    run("prompts", "create", "note", TEXT)
    change(run, "brief", "rude")
    done = run("prompts", "revert", "note", "2")
    assert (done.code, done.out) == (0, "note@3 is without the change of revision 2\n")
    assert run("prompts", "show", "note").out.startswith(TEXT)
    assert run("prompts", "revert", "note", "1").code == 2


def test_lines_and_versions_tell_where_they_come_from(branched: Run) -> None:
    change(branched, "brief", "kind", "--branch", "try")
    branched("prompts", "merge", "note", "try")
    branched("prompts", "copy", "note@1", "other")
    blamed = branched("prompts", "blame", "note").out.splitlines()
    assert [line.split("\t")[0] for line in blamed] == ["1", "2", "1"]
    rows = [line.split("\t") for line in branched("prompts", "graph", "note").out.splitlines()]
    assert [row[:3] for row in rows] == [
        ["note@3", "", "revises note@1; merges note@2"],
        ["note@2", "try", "branches off note@1"],
        ["note@1", "", "is the first; other@1 is a copy of it"],
    ]


@pytest.mark.spec("LIB-19")
def test_a_prompt_is_shown_with_its_parents_and_children(run: Run) -> None:
    run("prompts", "create", "note", TEXT)
    run("prompts", "copy", "note", "other")
    shown = run("prompts", "show", "other", "--graph").out
    assert "other@1\t\tis a copy of note@1" in shown
    edges = json.loads(run("prompts", "show", "note", "--graph", "--json").out)["edges"]
    assert [edge["kind"] for edge in edges] == ["derived"]


def test_old_versions_are_put_away(run: Run) -> None:
    run("prompts", "create", "note", TEXT)
    change(run, "brief", "kind")
    assert run("prompts", "archive", "note", "1").out == "note: 1 archived\n"
    assert run("prompts", "history", "note").out.splitlines()[1].endswith("\tarchived")
    assert run("prompts", "archive", "note", "2").code == 4
    assert run("prompts", "archive", "note", "1", "--undo").out == "note: 1 out of the archive\n"


@pytest.mark.spec("LIB-15")
def test_unused_prompts_are_listed_and_taken_out_on_request(run: Run) -> None:
    run("prompts", "create", "note", TEXT)
    assert run("prompts", "tidy").out == ""
    listed = run("prompts", "tidy", "--days", "0.0000001")
    assert (listed.code, listed.out.split("\t")[:2]) == (0, ["note", "never"])
    assert run("prompts", "tidy", "--days", "0.0000001", "--archive").code == 2
    assert run("prompts", "show", "note").code == 0
    assert run("prompts", "tidy", "--days", "0.0000001", "--archive", "--yes").code == 0
    assert run("prompts", "show", "note").code == 3
    assert run("prompts", "restore", "note").code == 0


@pytest.mark.spec("VER-08")
def test_a_protected_label_needs_two_people(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_LIBRARY__PROTECTED_LABELS", "production")
    monkeypatch.setenv("BURNISH_AUTHOR", "ann")
    run("prompts", "create", "note", TEXT)
    refused = run("prompts", "label", "note", "production", "1")
    assert (refused.code, "--ask" in refused.err) == (6, True)
    asked = run("prompts", "label", "note", "production", "1", "--ask", "-m", "it won")
    request = asked.out.split()[-1]
    assert run("prompts", "approve").out.split("\t") == [
        request,
        "note@production",
        "- → 1",
        "ann",
        "it won\n",
    ]
    assert run("prompts", "approve", request).code == 6
    monkeypatch.setenv("BURNISH_AUTHOR", "bob")
    done = run("prompts", "approve", request)
    assert (done.code, done.out) == (0, "production is now revision 1\n")
    assert run("prompts", "approve").out == ""


def test_a_tag_does_not_move(run: Run) -> None:
    run("prompts", "create", "note", TEXT)
    change(run, "brief", "kind")
    assert run("prompts", "label", "note", "v1.0", "1", "--tag").code == 0
    assert run("prompts", "label", "note", "v1.0", "2").code == 4
    assert "v1.0 (tag)\t1" in run("prompts", "label", "note").out
