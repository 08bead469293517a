"""What a person sees in a terminal: texts as they are, within its width."""

from __future__ import annotations

import os
import re
from typing import Any, cast

import pexpect
import pytest

from .conftest import COMMAND, Run

ODD = "[bold]Hi[/bold] {{ n }} [/] :warning: [link=http://x]y[/link] \x1b[31mred\x07"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def screen(*arguments: str, columns: int = 80) -> str:
    """What one command writes to a terminal, without our own colours."""
    child = cast("Any", pexpect).spawn(
        COMMAND[0],
        [*COMMAND[1:], *arguments],
        timeout=60,
        encoding="utf-8",
        dimensions=(100, columns),
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
    )
    child.expect(pexpect.EOF)
    child.close()
    return COLOURS.sub("", cast("str", child.before)).replace("\r\n", "\n")


@pytest.mark.spec("SEC-03")
def test_markup_and_escapes_in_texts_are_shown_and_do_nothing(run: Run) -> None:
    name = "team/[red]x[/red]"
    assert run("prompts", "create", name, ODD, "--category", "[dim]c").code == 0
    safe = ODD.replace("\x1b", r"\x1b").replace("\x07", r"\x07")
    shown = screen("prompts", "show", name, columns=120)
    assert safe in shown
    assert "[dim]c" in shown
    assert name in screen("prompts", "list", columns=120)
    rendered = screen("prompts", "render", name, "--var", "n=[i]\x1b[2J", columns=120)
    assert safe.replace("{{ n }}", r"[i]\x1b[2J") in rendered
    for command in (["prompts", "show", name + "\x1b[2J"], ["techniques", "\x1b[2J"]):
        assert "\x1b" not in screen(*command)
    # A program that reads the output gets the text itself.
    assert run("prompts", "show", name).out == ODD + "\n"


@pytest.mark.parametrize("columns", [60, 80])
def test_lines_keep_to_the_width(run: Run, columns: int) -> None:
    idea = "plan a 3 day trip to lisbon with kids, vegetarian, 600 euro"
    for _ in range(2):
        assert run("generate", idea, "--name", "trips/lisbon").code == 0
    for command in (
        ["analyze", idea],
        ["prompts", "show", "trips/lisbon"],
        ["prompts", "list"],
        ["prompts", "history", "trips/lisbon"],
        ["prompts", "label", "trips/lisbon"],
        ["techniques"],
        ["generate", idea, "--explain"],
    ):
        lines = screen(*command, columns=columns).split("\n")
        too_long = [line for line in lines if len(line.rstrip()) > columns]
        # The command to copy is left in one piece.
        assert [line for line in too_long if not line.startswith("  burnish ")] == [], command


def test_history_and_labels_are_tables_with_headings(run: Run) -> None:
    run("prompts", "create", "a", "one", "-m", "first try")
    run("prompts", "create", "a", "two")
    run("prompts", "label", "a", "production", "1", "-m", "safe")
    history = screen("prompts", "history", "a").split("\n")
    assert history[0].split() == ["rev", "when", "who", "hash", "why", "labels"]
    assert "first try" in history[2]
    assert "production" in history[2]
    assert "- → 1" in screen("prompts", "label", "a", "--log")
    assert run("prompts", "label", "a", "production", "1", "--remove").code == 2


def test_a_pasted_text_is_one_idea(run: Run) -> None:
    child = cast("Any", pexpect).spawn(
        COMMAND[0], COMMAND[1:], timeout=60, encoding="utf-8", dimensions=(100, 80)
    )
    child.expect("What should the prompt do")
    child.send("summarize this letter\nDear Bob,\n1\nq\nbye for now\n")
    child.expect("bye for now\r\n(?s:.*)Next")
    assert "Dear Bob," in child.before + child.after
    child.sendline("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_output_that_cannot_show_a_letter_shows_its_escape(spawn: Run) -> None:
    done = spawn("enhance", "Sage h\u00f6flich ab, bitte kurz", PYTHONIOENCODING="ascii")
    assert done.code == 0, done.err
    assert "h\\xf6flich" in done.out
