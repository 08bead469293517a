"""`-`: standard input where a command reads one, a plain word or a clear refusal elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    "command",
    [
        ["db", "backup", "-"],
        ["packs", "build", "x", "--all", "--to", "-"],
        ["packs", "build", "x", "--all", "--sign", "-"],
        ["packs", "keygen", "-"],
        ["batch", "ideas.txt", "--output", "-"],
        ["sync", "-"],
    ],
)
def test_a_place_for_a_file_refuses_it_in_words(
    spawn: Run, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "ideas.txt").write_text("an idea\n", encoding="utf-8")
    done = spawn(*command)
    assert done.code == 2, done.err
    assert done.err.startswith("burnish: - ")
    assert "./-" in done.err
    assert "\\x00" not in done.err


def test_a_name_may_be_a_hyphen(spawn: Run) -> None:
    gone = spawn("knowledge", "remove", "-")
    assert (gone.code, "there is no document '-'" in gone.err) == (3, True)
    more = spawn("version", "-")
    assert (more.code, "takes: -;" in more.err) == (2, True), more.err


def test_values_come_from_standard_input(spawn: Run) -> None:
    spawn("prompts", "create", "hi", "Hi {{ name }}")
    filled = spawn("prompts", "render", "hi", "--vars", "-", stdin='{"name": "Ada"}')
    assert (filled.code, filled.out) == (0, "Hi Ada\n")
    empty = spawn("prompts", "render", "hi", "--vars", "-")
    assert (empty.code, empty.err.startswith("burnish: standard input holds no JSON")) == (2, True)


@pytest.mark.parametrize("form", ["burnish", "burnish-yaml", "csv", "markdown", "prompty"])
def test_a_file_goes_out_and_comes_in_through_a_pipe(spawn: Run, tmp_path: Path, form: str) -> None:
    spawn("prompts", "create", "mail/late", "Tell {{ name }} it is late.")
    printed = spawn("export", "-", "--format", form)
    assert (printed.code, printed.out) == (0, spawn("export", "--format", form).out)
    other = str(tmp_path / "other")
    named = ["--format", form] if form in ("csv", "prompty") else []
    brought = spawn("import", "-", *named, "--home", other, "--json", stdin=printed.out)
    assert brought.code == 0, brought.err
    (name,) = [each["name"] for each in json.loads(brought.out)["files"]]
    shown = spawn("prompts", "show", name, "--home", other)
    assert shown.out == "Tell {{ name }} it is late.\n"
    assert (name, form) in (("mail/late", form), ("standard-input", "prompty"))


@pytest.mark.parametrize(
    ("given", "says"),
    [("", "standard input is empty"), ("just words\n", "name it with --format")],
)
def test_what_tells_nothing_is_not_guessed(spawn: Run, given: str, says: str) -> None:
    done = spawn("import", "-", stdin=given)
    assert (done.code, says in done.err) == (2, True), done.err
