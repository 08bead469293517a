"""optimize --where: prompts that are weak, each on the examples that showed it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

ROWS = "text,expected\n" + "".join(f"item {n},Say: item {n}\n" for n in range(40))


@pytest.fixture
def evaluated(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(ROWS)
    for name, text in (("mail/good", "Say: {{ text }}"), ("mail/bad", "Tell: {{ text }}")):
        run("prompts", "create", name, text)
        assert run("evaluate", name, "--data", "rows.csv", "--models", "fake:echo").code == 0


def test_weak_prompts_are_listed_before_anything_is_spent(run: Run, evaluated: None) -> None:
    done = run("optimize", "--where", "score < 0.6", "--dry-run")
    assert (done.code, done.out) == (0, "mail/bad@1\t-\t0.00\trows\n")
    told = json.loads(run("optimize", "--where", "score < 0.6", "--dry-run", "--json").out)
    assert [(each["name"], each["score"], each["n"]) for each in told] == [("mail/bad", 0.0, 40)]


def test_each_weak_prompt_is_optimised_on_the_examples_of_its_last_evaluation(
    run: Run, evaluated: None
) -> None:
    run("prompts", "create", "mail/new", "Tell me: {{ text }}")
    asked = ("optimize", "--where", "score < 0.6", "--writer", "offline", "--budget", "120")
    done = run(*asked)
    assert done.code == 0, done.err
    (line,) = done.out.splitlines()
    assert line.split("\t")[1:3] == ["mail/bad@1", "kept"]
    (found,) = json.loads(run("optimizations", "list", "--json").out)
    assert (found["prompt"], found["dataset"]) == ("mail/bad@1", "rows@1")
    # Nobody has rated a prompt, and what is not known is not weak.
    none = run("optimize", "--where", "rating < 0.6")
    assert (none.code, none.out) == (0, "")


def test_one_that_cannot_be_measured_keeps_none_from_its_turn(run: Run, evaluated: None) -> None:
    run("prompts", "create", "mail/a", "Tell me: {{ text }}")
    asked = ("optimize", "--where", "category = mail", "--writer", "offline", "--budget", "120")
    done = run(*asked, "--model", "fake:echo")
    assert done.code == 1
    assert "mail/a: nothing to measure with" in done.err
    assert sorted(line.split("\t")[1] for line in done.out.splitlines()) == [
        "mail/bad@1",
        "mail/good@1",
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("mail/bad",), "a prompt and --where are given"),
        (("--resume", "0"), "leave one of them out"),
        (("--report", "x.md"), "writes no report"),
    ],
)
def test_what_does_not_go_with_where_is_said(
    run: Run, evaluated: None, more: tuple[str, ...], told: str
) -> None:
    done = run("optimize", "--where", "score < 0.6", *more)
    assert (done.code, told in done.err) == (2, True), done.err
    assert run("optimize", "--where", "stars < 3").code == 2
