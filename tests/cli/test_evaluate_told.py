"""evaluate: what a report says of answers that could not be scored, failed or never came."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.test_compose import SCHEMAS, valid
from tests.cli.test_terminal import screen

BROKEN = """
def broken(output, inputs):
    if inputs["text"] in ("item 3", "item 5"):
        raise ValueError("no idea of " + inputs["text"])
    return True
"""
SAID = "The scorer broken failed on 2 of 8 answers"


@pytest.fixture
def broken(run: Run, tmp_path: Path) -> tuple[str, ...]:
    """An evaluation of eight answers, two of which a scorer raises for."""
    run("prompts", "create", "say", "Say: {{ text }}")
    rows = "".join(f"item {n},item {n}\n" for n in range(1, 9))
    (tmp_path / "rows.csv").write_text("text,expected\n" + rows)
    (tmp_path / "own.py").write_text(BROKEN)
    asked = ("evaluate", "say", "--data", "rows.csv", "--models", "fake:echo")
    return (*asked, "--scorer", "contains", "--scorer", "python:own.py:broken")


def test_a_scorer_that_raises_is_named_with_how_often_and_why(
    run: Run, tmp_path: Path, broken: tuple[str, ...]
) -> None:
    files = [tmp_path / f"report.{ending}" for ending in ("html", "md", "json")]
    options = [part for path in files for part in ("--report", str(path))]
    done = run(*broken, *options)
    assert done.code == 0, done.err
    said = f"{SAID}, which so have no score: ValueError: no idea of item 3"
    page, text, data = (path.read_text(encoding="utf-8") for path in files)
    assert said in page
    assert f"**{said}**" in text
    assert said in " ".join(screen("evaluations", "show", "0").split())
    report = json.loads(data)["report"]
    assert report["unscored"] == [
        {"metric": "broken", "answers": 2, "of": 8, "error": "ValueError: no idea of item 3",
         "counts": True},
    ]  # fmt: skip
    (column,) = report["columns"]
    assert (column["answered"], column["score"]["n"], column["score"]["unscored"]) == (8, 6, 2)


def test_answers_are_counted_as_answers(run: Run, tmp_path: Path) -> None:
    run("prompts", "create", "say", "Say: {{ text }}")
    (tmp_path / "rows.csv").write_text("text,expected,tags\none,1,t\ntwo,two,t\n")
    asked = ("evaluate", "say", "--data", "rows.csv", "--models", "fake:echo", "--repeats", "3")
    text = run(*asked, "--scorer", "contains").out
    assert "Worst 1 row of 3 wrong answers" in text
    assert "| tag |  | answers | score |" in text
    assert "failing row" not in text


@pytest.mark.usefixtures("server")
def test_what_was_never_to_be_asked_is_not_missing(run: Run, tmp_path: Path) -> None:
    prompts = ("mail/say", "mail/tell")
    for prompt in prompts:
        run("prompts", "create", prompt, prompt + ": {{ text }}")
    rows = [
        {"text": f"item {n}", "expected": "x", "metadata": {"only": [[prompts[n % 2], "*"]]}}
        for n in range(20)
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = run(
        *("evaluate", *prompts, "--data", "rows.jsonl", "--model", "openai:gpt-4o-mini", "--json"),
        *("--max-tokens", "8", "--max-cost", "0.00003", "--concurrency", "1"),
    )
    told = json.loads(done.out)
    assert told["evaluation"]["stop"] == "cost", done.err
    columns = told["report"]["columns"]
    assert [column["results"] + column["missing"] for column in columns] == [10, 10]
    assert all(0 < column["results"] < 10 for column in columns)


def test_all_that_is_told_as_json_has_a_published_schema(
    run: Run, broken: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    asked = ("--models", "openai:gpt-5-mini")
    plan = valid("evaluate-plan", run(*broken, *asked, "--dry-run", "--json").out)
    assert list(plan["unready"]) == ["openai:gpt-5-mini"]
    published = json.loads((SCHEMAS / "evaluate-plan.json").read_text("utf-8"))
    assert set(plan) <= set(published["$defs"]["Plan"]["properties"])
    told = valid("evaluate", run(*broken, "--json", "--min-score", "0.5").out)
    assert told["verdict"]["passed"]
    (listed,) = valid("evaluations-list", run("evaluations", "list", "--json").out)
    assert listed["id"] == told["evaluation"]["id"]
    for line in run("evaluations", "results", listed["id"]).out.splitlines():
        valid("evaluations-results", line)
