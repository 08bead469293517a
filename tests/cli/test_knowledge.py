"""knowledge add, list, show, search, remove, refresh; generate --context knowledge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pexpect
import pytest
from tests.cli.conftest import COMMAND, Run
from tests.cli.test_terminal import screen

HANDBOOK = """# Handbook

## Late parcels

A parcel is late after five working days. Offer a voucher of 5 EUR.

## Opening hours

Monday to Friday, 9 to 17.
"""
IDEA = "write a polite e-mail to a customer whose parcel is late"


@pytest.fixture(autouse=True)
def hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SEARCH__EMBEDDER", "hashed")


@pytest.fixture
def filled(run: Run, tmp_path: Path) -> Run:
    (tmp_path / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    assert run("knowledge", "add", "handbook.md", "--tag", "shop").code == 0
    return run


@pytest.mark.spec("SEA-07")
def test_what_is_added_is_found_by_generate_as_context_with_its_source_named(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    added = run("knowledge", "add", "handbook.md", "--tag", "shop")
    assert (added.code, added.out, added.err) == (0, "new\thandbook.md\t2 pieces\n", "")
    found = run("knowledge", "search", "voucher", "--mode", "text")
    assert found.out.startswith("handbook.md, lines 1-5\t1.000\t")
    for word in ("knowledge", "knowledge:shop"):
        made = run("generate", IDEA, "--context", word, "--name", "mail/late")
        assert made.code == 0
        assert '<source name="handbook.md, lines 1-5" heading="Handbook Late parcels">' in made.out
        assert "Offer a voucher of 5 EUR." in made.out
        assert "name the source of each statement" in made.out
        assert "Opening hours" not in made.out
    told = json.loads(run("generate", IDEA, "--context", "knowledge", "--json").out)
    assert [source["cite"] for source in told["sources"]] == ["handbook.md, lines 1-5"]
    stored = json.loads(run("prompts", "show", "mail/late", "--json").out)
    assert stored["version"]["metadata"]["sources"][0]["document"] == "handbook.md"


def test_a_file_called_knowledge_is_named_with_its_folder(filled: Run, tmp_path: Path) -> None:
    (tmp_path / "knowledge").write_text("Order 17 is Ann's.", encoding="utf-8")
    made = filled("generate", IDEA, "--context", "./knowledge", "--context", "knowledge")
    assert "Order 17 is Ann's." in made.out
    assert "Offer a voucher" in made.out
    enhanced = filled("enhance", IDEA, "--context", "knowledge:shop")
    assert "Offer a voucher" in enhanced.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("generate", IDEA, "--context", "knowledge:"), "knowledge: names no tag"),
        (("generate", IDEA, "--context", "a", "--context", "b"), "a cannot be read"),
        (("generate", IDEA, "--context", "knowledge", "--context", "knowledge:x"), "two tags"),
        (("analyze", IDEA, "--context", "knowledge"), "knowledge does not change"),
        (("knowledge", "add", "-"), "no name; give one with --name"),
        (("knowledge", "remove"), "no document is named"),
        (("knowledge", "search", ""), "the query is empty"),
        (("knowledge", "search", "x", "--mode", "magic"), 'Invalid value "magic"'),
    ],
)
def test_bad_options_are_usage_errors(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize(
    "arguments",
    [("show", "handbok.md"), ("remove", "handbok.md"), ("refresh", "handbok.md")],
    ids=lambda each: each[0],
)
def test_what_is_not_there_is_not_found(filled: Run, arguments: tuple[str, ...]) -> None:
    done = filled("knowledge", *arguments)
    assert done.code == 3
    assert "there is no document 'handbok.md'; did you mean 'handbook.md'?" in done.err
    assert filled("knowledge", "add", "nothing.md").code == 3


def test_nothing_that_fits_is_said(filled: Run) -> None:
    done = filled("generate", "plan a birthday party for a six year old", "--context", "knowledge")
    assert done.code == 0
    assert "nothing in your knowledge fits the idea" in done.err


def test_standard_input_list_show_refresh_and_remove(
    filled: Run, spawn: Run, tmp_path: Path
) -> None:
    piped = spawn(
        "knowledge", "add", "-", "--name", "notes.md", stdin="# Door\n\nThe code is 17.\n"
    )
    assert piped.out == "new\tnotes.md\t1 piece\n"
    listed = [line.split("\t")[:4] for line in filled("knowledge", "list").out.splitlines()]
    assert listed == [["handbook.md", "markdown", "2", "shop"], ["notes.md", "markdown", "1", ""]]
    assert [
        d["name"] for d in json.loads(filled("knowledge", "list", "--tag", "shop", "--json").out)
    ] == ["handbook.md"]
    assert filled("knowledge", "show", "notes.md").out == "# Door\n\nThe code is 17.\n"
    shown = json.loads(filled("knowledge", "show", "handbook.md", "--json").out)
    assert [chunk["heading"] for chunk in shown["chunks"]] == [
        "Handbook > Late parcels",
        "Handbook > Opening hours",
    ]
    assert filled("knowledge", "refresh").out == "unchanged\thandbook.md\t2 pieces\n"
    (tmp_path / "handbook.md").unlink()
    gone = filled("knowledge", "refresh")
    assert gone.out == "vanished\thandbook.md\t2 pieces\n"
    assert "burnish knowledge remove takes it out here too" in gone.err
    assert (
        filled("knowledge", "remove", "handbook.md", "notes.md").out
        == "removed\thandbook.md\nremoved\tnotes.md\n"
    )
    assert filled("knowledge", "list").out == ""


def test_left_out_files_are_named_and_the_code_is_0(run: Run, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("text", encoding="utf-8")
    (tmp_path / "docs" / "b.txt").write_bytes(b"\0\1\2")
    done = run("knowledge", "add", "docs")
    assert (done.code, done.out) == (0, "new\tdocs/a.md\t1 piece\n")
    assert "left out docs/b.txt: it is binary" in done.err
    told = json.loads(run("knowledge", "add", "docs", "--json").out)
    assert told["left_out"][0]["name"] == "docs/b.txt"


def test_on_a_terminal_hits_have_their_heading_and_snippet(filled: Run) -> None:
    child: Any = cast("Any", pexpect).spawn(
        COMMAND[0], [*COMMAND[1:], "knowledge", "search", "voucher"], encoding="utf-8", timeout=60
    )
    child.expect(pexpect.EOF)
    shown = str(child.before)
    assert "handbook.md, lines 1-5" in shown
    assert "Late parcels" in shown
    assert "voucher" in shown


def test_several_files_are_taken_in_at_once(run: Run, tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(f"# {name}\n\nText of {name}.", encoding="utf-8")
    done = run("knowledge", "add", "a.md", "b.md", "--tag", "two")
    assert (done.code, done.out) == (0, "new\ta.md\t1 piece\nnew\tb.md\t1 piece\n")
    missing = run("knowledge", "add", "a.md", "nowhere.md")
    assert (missing.code, "nowhere.md" in missing.err) == (3, True)
    (tmp_path / "c.md").write_text("Text of c.", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    partly = run("knowledge", "add", "picture.png", "c.md")
    assert (partly.code, partly.out) == (1, "new\tc.md\t1 piece\n")
    assert "left out picture.png" in partly.err
    named = run("knowledge", "add", "a.md", "b.md", "--name", "x.md")
    assert (named.code, "one name" in named.err) == (2, True)
    assert run("knowledge", "add").code == 2


def test_an_empty_base_and_a_wrong_tag_are_told(run: Run, tmp_path: Path) -> None:
    assert "Your knowledge is empty" in screen("knowledge", "search", "rent")
    assert "Your knowledge is empty" in screen("knowledge", "search", "rent", "--tag", "x")
    (tmp_path / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    run("knowledge", "add", "handbook.md", "--tag", "house")
    assert "No document meets the filters" in screen("knowledge", "search", "rent", "--tag", "x")
    made = run("generate", IDEA, "--context", "knowledge:hous", "--name", "mail/late")
    assert (made.code, "mean 'house'" in made.err, made.out) == (3, True, "")
    assert run("prompts", "list").out == ""
